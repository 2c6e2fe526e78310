//! Saved worklists, taken back: their ticks are done, by hand.
//!
//! In: files of a request. Out: ticks in the queue, and what became of them. What does not belong here: job files (`job_files`).

use std::path::{Path, PathBuf};

use super::ticks::TicksTaken;
use crate::app::deps::AppDeps;
use crate::app::notice::Notice;
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::{SavedWorklist, Source};
use crate::store::{Store, Worklist, WorklistTick};

/// The saved worklists among the files of a request.
pub(super) struct SavedWorklists {
    files: Vec<(PathBuf, SavedWorklist)>,
}

/// Saved worklists of this queue. A worklist without rows has none.
pub(super) struct KnownWorklists {
    files: Vec<(PathBuf, SavedWorklist, Option<Worklist>)>,
}

impl SavedWorklists {
    /// Sorts files into job files and saved worklists, and reads these. Standard input can only be a job file.
    ///
    /// # Errors
    /// A saved worklist cannot be read. What is wrong with a job file is found out later.
    pub(super) fn split(files: &[PathBuf]) -> Result<(Vec<PathBuf>, SavedWorklists), CommandError> {
        let (mut jobs, mut saved) = (Vec::new(), Vec::new());
        for file in files {
            match open(file) {
                Some(source) => saved.push((file.clone(), SavedWorklist::read(&source)?)),
                None => jobs.push(file.clone()),
            }
        }
        Ok((jobs, SavedWorklists { files: saved }))
    }

    /// Where there is no queue yet, no worklist that has rows was made from it.
    ///
    /// # Errors
    /// One of them has rows (65).
    pub(super) fn refuse_foreign(&self, deps: AppDeps<'_>) -> Result<(), CommandError> {
        let with_rows = self.files.iter().find(|(_, saved)| !saved.token.is_empty());
        with_rows.map_or(Ok(()), |(path, _)| Err(foreign(path, deps)))
    }

    /// Finds out whose worklists they are.
    ///
    /// # Errors
    /// One of them is not of this queue, or of an earlier round (65): then nothing is taken of any.
    pub(super) async fn find(self, store: &mut Store, deps: AppDeps<'_>) -> Result<KnownWorklists, CommandError> {
        let mut files = Vec::with_capacity(self.files.len());
        for (path, saved) in self.files {
            let mut known = None;
            if !saved.token.is_empty() {
                let worklist = store.queue().worklist(&saved.token).await?;
                let worklist = worklist.ok_or_else(|| foreign(&path, deps))?;
                refuse_outdated(&path, &worklist, deps)?;
                known = Some(worklist);
            }
            files.push((path, saved, known));
        }
        Ok(KnownWorklists { files })
    }
}

impl KnownWorklists {
    /// Takes the ticks back, and tells what became of them; whether any was refused.
    pub(super) async fn take(self, store: &mut Store, deps: AppDeps<'_>) -> Result<bool, CommandError> {
        let mut is_refused = false;
        for (path, saved, worklist) in self.files {
            let Some(worklist) = worklist else {
                deps.tell(Notice::TicksTaken(&path, None));
                continue;
            };
            let ticks = saved.ticks.into_iter().map(|(task, target, line)| WorklistTick { task, target, line });
            let ticks: Vec<WorklistTick> = ticks.collect();
            let taken = TicksTaken {
                taken: store.queue().take_ticks(&worklist, &ticks, deps.clock.now().wall).await?,
                job: worklist.job,
                unticked: saved.unticked,
                unreadable: saved.unreadable,
                unreadable_lines: saved.unreadable_lines,
            };
            deps.tell(Notice::TicksTaken(&path, Some(&taken)));
            is_refused |= taken.refused() > 0;
        }
        Ok(is_refused)
    }
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

fn refuse_outdated(path: &Path, worklist: &Worklist, deps: AppDeps<'_>) -> Result<(), CommandError> {
    if !worklist.is_outdated {
        return Ok(());
    }
    let job = &worklist.job;
    let message = format!(
        "{}: this worklist is of round {} of {job}, which has started over since",
        path.display(),
        worklist.round_number
    );
    let again = deps.command(&["report", job, "--worklist", "-o", "by-hand.html"]);
    Err(CommandError::new(ErrorKind::InputData, message).hint(format!("make a new one: {again}")))
}

fn foreign(path: &Path, deps: AppDeps<'_>) -> CommandError {
    let message = format!("{}: this worklist was not made from this queue, or its job was forgotten", path.display());
    let hint = if deps.settings.is_sandbox() {
        "leave out --sandbox if it is of a real job, or name its queue with --db"
    } else {
        "add --sandbox if it is of a job of the sandbox, or name its queue with --db"
    };
    CommandError::new(ErrorKind::InputData, message).hint(hint)
}
