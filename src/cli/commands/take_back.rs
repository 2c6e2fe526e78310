//! `cleanup load` of a saved worklist: its ticks are done, by hand.

use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::{SavedWorklist, Source};
use crate::store::{Store, Taken, Worklist, WorklistTick};
use crate::text::escaped;

/// Sorts files into job files and saved worklists, and reads these. Standard input can only be a job file.
///
/// # Errors
/// A saved worklist cannot be read. What is wrong with a job file is found out later.
pub(super) fn split_saved(files: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<(PathBuf, SavedWorklist)>), CommandError> {
    let (mut jobs, mut saved) = (Vec::new(), Vec::new());
    for file in files {
        match open(file) {
            Some(source) => saved.push((file.clone(), SavedWorklist::read(&source)?)),
            None => jobs.push(file.clone()),
        }
    }
    Ok((jobs, saved))
}

/// The file, if it is a saved worklist. A file that cannot be opened is left to whoever reads job files: one place complains.
fn open(file: &Path) -> Option<Source> {
    if file.as_os_str() == "-" || !file.is_file() {
        return None;
    }
    let source = Source::open(file).ok()?;
    // What is no text is no worklist either.
    SavedWorklist::is_one(&source).unwrap_or(false).then_some(source)
}

/// Whose worklists they are.
///
/// # Errors
/// One of them is not of this queue, or of an earlier round (65): then nothing is taken of any.
pub(super) async fn find(
    store: &mut Store,
    saved: &[(PathBuf, SavedWorklist)],
    context: &Context,
) -> Result<Vec<Option<Worklist>>, CommandError> {
    let mut found = Vec::with_capacity(saved.len());
    for (path, saved) in saved {
        if saved.token.is_empty() {
            found.push(None);
            continue;
        }
        let Some(worklist) = store.queue().worklist(&saved.token).await? else { return Err(foreign(path, context)) };
        if worklist.is_outdated {
            let job = &worklist.job;
            let message = format!(
                "{}: this worklist is of round {} of {job}, which has started over since",
                path.display(),
                worklist.round_number
            );
            let again = context.command(&["report", job, "--worklist", "-o", "by-hand.html"]);
            return Err(CommandError::new(ErrorKind::InputData, message).hint(format!("make a new one: {again}")));
        }
        found.push(Some(worklist));
    }
    Ok(found)
}

/// Where there is no queue yet, no worklist that has rows was made from it.
///
/// # Errors
/// One of them has rows (65).
pub(super) fn refuse_foreign(saved: &[(PathBuf, SavedWorklist)], context: &Context) -> Result<(), CommandError> {
    let with_rows = saved.iter().find(|(_, saved)| !saved.token.is_empty());
    with_rows.map_or(Ok(()), |(path, _)| Err(foreign(path, context)))
}

fn foreign(path: &Path, context: &Context) -> CommandError {
    let message = format!("{}: this worklist was not made from this queue, or its job was forgotten", path.display());
    let hint = if context.settings.is_sandbox() {
        "leave out --sandbox if it is of a real job, or name its queue with --db"
    } else {
        "add --sandbox if it is of a job of the sandbox, or name its queue with --db"
    };
    CommandError::new(ErrorKind::InputData, message).hint(hint)
}

/// Takes the ticks of a saved worklist back, and says what became of them; whether any was refused.
pub(super) async fn take(
    store: &mut Store,
    path: &Path,
    saved: SavedWorklist,
    worklist: Option<&Worklist>,
    context: &Context,
) -> Result<bool, CommandError> {
    let name = escaped(&path.to_string_lossy()).into_owned();
    let Some(worklist) = worklist else {
        context.printer.say(&format!("{name}: this worklist has no rows; nothing was changed"));
        return Ok(false);
    };
    let ticks: Vec<WorklistTick> =
        saved.ticks.into_iter().map(|(task, target, line)| WorklistTick { task, target, line }).collect();
    let taken = store.queue().take_ticks(worklist, &ticks, context.clock.now().wall).await?;
    context.printer.say(&format!("{}: {}", escaped(&worklist.job), told(&taken, saved.unticked)));
    if taken.sending > 0 {
        context.printer.warn(&format!(
            "{} left alone; load {name} again when the run has ended",
            counted(
                taken.sending,
                "ticked row is being sent right now and was",
                "ticked rows are being sent right now and were"
            )
        ));
    }
    let refused = taken.foreign_lines.len() as u64 + saved.unreadable;
    if refused > 0 {
        let lines = taken.foreign_lines.iter().chain(&saved.unreadable_lines).take(10);
        let lines: Vec<String> = lines.map(ToString::to_string).collect();
        context.printer.warn(&format!(
            "{name}: {} not taken, because task and target do not belong together (line {}); load the file as the page saved it",
            counted(refused, "ticked row was", "ticked rows were"),
            lines.join(", ")
        ));
    }
    Ok(refused > 0)
}

fn told(taken: &Taken, unticked: u64) -> String {
    let parts = [
        (taken.done, "done by hand"),
        (taken.ghosts, if taken.ghosts == 1 { "ghost done by hand" } else { "ghosts done by hand" }),
        (taken.already, "done or taken before"),
        (taken.settled_otherwise, "gone, cancelled or kept, left as they are"),
        (unticked, "not ticked"),
    ];
    let parts: Vec<String> = parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if parts.is_empty() { "nothing to take".to_owned() } else { parts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_said() {
        let taken = Taken { done: 3, already: 1, ..Taken::default() };
        assert_eq!(told(&taken, 2), "3 done by hand, 1 done or taken before, 2 not ticked");
        assert_eq!(
            told(&Taken { ghosts: 1, ..taken }, 0),
            "3 done by hand, 1 ghost done by hand, 1 done or taken before"
        );
        assert_eq!(told(&Taken::default(), 0), "nothing to take");
    }
}
