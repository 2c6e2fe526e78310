//! From the options of `schedule add` and `edit` to what is run each time. Paths become absolute, for a timer starts elsewhere.

use std::path::{Path, PathBuf};

use crate::app::request::{FilterOptions, ListOnce, ListRequest, NotSet, RunRequest, ScheduledRun};
use crate::cli::args::{ScheduleAddArgs, ScheduleEditArgs};
use crate::domain::{Action, ListKind};
use crate::error::{CommandError, ErrorKind};
use crate::lists::filter::{FilterRules, Take};
use crate::text::escaped;

/// What `schedule add` says is run each time. A list is written to `list_file`.
///
/// # Errors
/// A path that is no text; a list that does not say what is to be done with its entries.
pub(super) fn added(args: &ScheduleAddArgs, list_file: &Path) -> Result<ScheduledRun, CommandError> {
    let run = absolute(args.request())?;
    let Some(kind) = args.list else { return Ok(ScheduledRun { run, list: None }) };
    let list_file = absolute_path(list_file)?;
    let list = ListRequest { output: Some(list_file.clone()), ..read_before(&run, kind) };
    let mut run = RunRequest { files: vec![list_file], ..of_entries(run) };
    if run.rows.action.is_none() {
        run.rows.action = Some(action_of(kind)?);
    }
    run.job.get_or_insert_with(|| args.name.clone());
    Ok(ScheduledRun { run, list: Some(list) })
}

/// What becomes of a schedule's run: what is given replaces what was kept, `without` are the long names of options to be taken out.
///
/// # Errors
/// An option that is to go and is not there; files for a schedule of a list, or the other way round; options that do not go together.
pub(super) fn edited(
    before: &ScheduledRun,
    args: &ScheduleEditArgs,
    without: &[&String],
) -> Result<ScheduledRun, CommandError> {
    let mut run = absolute(args.request())?;
    let mut list = None;
    match &before.list {
        None if args.list.is_some() => {
            return Err(other_source(&args.name, "files, and --list reads a list instead"));
        }
        None => {}
        Some(_) if !args.files.is_empty() => return Err(other_source(&args.name, "a list, and files are given")),
        Some(kept) => {
            list = Some(read_before(&run, args.list.unwrap_or(kept.list)));
            run = of_entries(run);
            if let Some(kind) = args.list.filter(|_| run.rows.action.is_none()) {
                run.rows.action = Some(action_of(kind)?);
            }
        }
    }
    if without.iter().any(|name| *name == "output") && before.list.is_some() {
        let message = format!("the schedule {} writes its list to a file of its own, which stays", escaped(&args.name));
        return Err(CommandError::new(ErrorKind::Usage, message)
            .hint("`cleanup list LIST -o FILE` writes a list to a file of yours"));
    }
    let changed = before.changed(&run, list.as_ref(), without);
    let changed = changed.map_err(|NotSet(option)| not_set(&args.name, &option))?;
    if let Some(why) = changed.contradiction() {
        let message = format!("the options that result do not go together: {why}; nothing was changed");
        return Err(CommandError::new(ErrorKind::Usage, message).hint("take the other option out with --without NAME"));
    }
    Ok(changed)
}

/// The reading of the list, by the options that a run and a list share.
fn read_before(run: &RunRequest, list: ListKind) -> ListRequest {
    ListRequest {
        list,
        account: run.rows.account.clone(),
        platform: run.rows.platform,
        output: None,
        which: run.rows.which.clone(),
        max_requests: run.bounds.max_requests,
        max_spend: run.bounds.max_spend,
        give_up_after: run.bounds.give_up_after,
        once: ListOnce::default(),
    }
}

/// What is asked of the entries of a list is not asked again of the file it becomes, which tells less of them.
fn of_entries(mut run: RunRequest) -> RunRequest {
    let keep = run.rows.which.wanted.keep.take();
    run.rows.which = FilterOptions { wanted: FilterRules { keep, ..FilterRules::default() }, take: Take::default() };
    run
}

/// What takes the entries of a list off it. Deleting posts is never meant by itself.
fn action_of(list: ListKind) -> Result<Action, CommandError> {
    list.undone_by().filter(|action| *action != Action::DeletePost).ok_or_else(|| {
        let hint =
            if list == ListKind::Posts { "add --action delete-post if you mean it" } else { "add --action ACTION" };
        CommandError::new(
            ErrorKind::Usage,
            format!("--list {list} needs --action, which says what to do with its entries"),
        )
        .hint(hint)
    })
}

fn absolute(mut run: RunRequest) -> Result<RunRequest, CommandError> {
    let wanted = &mut run.rows.which.wanted;
    for path in run.files.iter_mut().chain(&mut wanted.keep).chain(&mut wanted.only) {
        *path = absolute_path(path)?;
    }
    Ok(run)
}

fn absolute_path(path: &Path) -> Result<PathBuf, CommandError> {
    let path = std::path::absolute(path).map_err(|error| CommandError::io(path.display(), error))?;
    if path.to_str().is_none() {
        let message = format!("{}: this path is not UTF-8, so a schedule cannot store it", path.display());
        return Err(CommandError::new(ErrorKind::Usage, message).hint("rename the file or its folder"));
    }
    Ok(path)
}

fn other_source(schedule: &str, why: &str) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("{} runs {why}", escaped(schedule)))
        .hint("add another schedule for that, and remove this one")
}

/// An option that is to be taken out, and is not there.
pub(super) fn not_set(schedule: &str, option: &str) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("{} has no --{}", escaped(schedule), escaped(option)))
        .hint("`cleanup schedule list` shows the options it has")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use clap::Parser;

    use super::*;
    use crate::cli::args::{Cli, Command, ScheduleArgs, ScheduleCommand};

    fn request(more: &[&str]) -> Result<ScheduledRun, CommandError> {
        let line = ["cleanup", "schedule", "add", "n", "--cron", "0 2 * * *", "--until", "06:00"];
        match Cli::try_parse_from(line.iter().chain(more)).unwrap().command {
            Command::Schedule(ScheduleArgs { command: ScheduleCommand::Add(args) }) => {
                added(&args, Path::new("/lists/n.csv"))
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_option_is_kept() {
        let words = [
            "--job=a b",
            "--account=work",
            "--action=unlike",
            "--platform=x-v1",
            "--column=-odd",
            "--trust-ids",
            "--strict",
            "--keep=/k.csv",
            "--older-than=1y6mo",
            "--limit=9",
            "--order=oldest",
            "--again",
            "--allow-shrink",
            "--max-requests=7",
            "--max-spend=5.25",
            "--rate=50/15m",
            "--rate=500/24h",
            "--pace=front-load",
            "--workers=3",
            "--give-up-after=90s",
            "--notify=mail -s \"it's done\" me",
            "--",
            "/a/un follow.csv",
        ];
        let request = request(&words).unwrap();
        assert_eq!((request.run_words(), request.list), (words.map(str::to_owned).to_vec(), None));
    }

    #[test]
    fn a_list_is_read_filtered_and_then_run() {
        let line = ["--list=likes", "--older-than=1y", "--keep=k.csv", "--account=work", "--max-spend=5", "--again"];
        let ScheduledRun { run, list } = request(&line).unwrap();
        let list = list.unwrap();
        assert_eq!((list.list, list.output.as_deref()), (ListKind::Likes, Some(Path::new("/lists/n.csv"))));
        assert!(list.which.wanted.older_than.is_some() && list.max_spend.is_some());
        assert!(list.which.wanted.keep.as_ref().is_some_and(|keep| keep.is_absolute()));
        assert_eq!(run.files, [PathBuf::from("/lists/n.csv")]);
        assert_eq!((run.job.as_deref(), run.rows.action), (Some("n"), Some(Action::Unlike)));
        assert!(run.rows.which.wanted.older_than.is_none());
        assert_eq!((run.rows.which.wanted.keep, run.rows.account), (list.which.wanted.keep, list.account));
    }

    #[test]
    fn posts_are_deleted_only_where_somebody_says_so() {
        for list in ["--list=posts", "--list=followers"] {
            assert_eq!(request(&[list]).unwrap_err().kind, ErrorKind::Usage);
        }
        let request = request(&["--list=posts", "--action=delete-post"]).unwrap();
        assert_eq!(request.run.rows.action, Some(Action::DeletePost));
    }

    #[test]
    fn a_file_like_an_option_stays_a_file_and_becomes_absolute() {
        let request = request(&["--", "--yes.csv"]).unwrap();
        assert!(request.run.files[0].is_absolute() && request.run.files[0].ends_with("--yes.csv"));
    }
}
