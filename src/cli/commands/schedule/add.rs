//! `cleanup schedule add`: what is kept, when it runs first, and what has to start it.

use crate::app::schedules::{ScheduleOutlook, add_schedule};
use crate::cli::args::ScheduleAddArgs;
use crate::cli::context::Context;
use crate::error::CommandError;
use crate::schedule::messages::{end_text, moment_text};
use crate::text::escaped;

/// Keeps a schedule.
///
/// # Errors
/// A pattern, a zone, hours or a jitter that make no sense; a name that is taken.
pub(super) async fn run(context: &Context, args: &ScheduleAddArgs) -> Result<u8, CommandError> {
    if let Some(outlook) = add_schedule(context.deps(), &args.request()).await? {
        say_outlook(&outlook, context);
        if outlook.is_served {
            context.printer.say("`cleanup serve` is running and starts it");
            return Ok(0);
        }
    }
    let install = context.command(&["schedule", "install"]);
    context.printer.say(&format!(
        "something has to start it: keep {} running, or let {install} write a systemd timer, or call {} from cron",
        context.command(&["serve"]),
        context.command(&["schedule", "due"])
    ));
    Ok(0)
}

/// When it runs first, and what is not in place yet.
pub(super) fn say_outlook(outlook: &ScheduleOutlook, context: &Context) {
    let ScheduleOutlook { schedule, first, notes, overlaps, .. } = outlook;
    let (printer, name, zone) = (&context.printer, escaped(&schedule.name), schedule.recurrence.zone());
    if let Some((starts, end)) = first {
        let end = end.map_or_else(String::new, |end| format!(", until {} at the latest", end_text(*starts, end, zone)));
        printer.say(&format!("{name} runs first on {}{end}", moment_text(*starts, zone)));
    }
    for note in notes {
        printer.warn(note);
    }
    for other in overlaps {
        printer.warn(&format!(
            "the hours of {name} and {} overlap, and `schedule due` runs one schedule at a time: the other one waits (beside `serve` \
             it does not); to work on both files at once, put them into one schedule",
            escaped(other)
        ));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::path::{Path, PathBuf};

    use clap::Parser;

    use super::*;
    use crate::app::request::ScheduledRun;
    use crate::cli::args::{Cli, Command, ScheduleArgs, ScheduleCommand};
    use crate::domain::{Action, ListKind};
    use crate::error::ErrorKind;

    fn request(more: &[&str]) -> Result<ScheduledRun, CommandError> {
        let line = ["cleanup", "schedule", "add", "n", "--cron", "0 2 * * *", "--until", "06:00"];
        match Cli::try_parse_from(line.iter().chain(more)).unwrap().command {
            Command::Schedule(ScheduleArgs { command: ScheduleCommand::Add(args) }) => {
                args.request().scheduled_run(Path::new("/lists/n.csv"))
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
        assert_eq!(run.load.files, [PathBuf::from("/lists/n.csv")]);
        assert_eq!((run.load.job.as_deref(), run.load.rows.action), (Some("n"), Some(Action::Unlike)));
        assert!(run.load.rows.which.wanted.older_than.is_none());
        assert_eq!((run.load.rows.which.wanted.keep, run.load.rows.account), (list.which.wanted.keep, list.account));
    }

    #[test]
    fn posts_are_deleted_only_where_somebody_says_so() {
        for list in ["--list=posts", "--list=followers"] {
            assert_eq!(request(&[list]).unwrap_err().kind, ErrorKind::Usage);
        }
        let request = request(&["--list=posts", "--action=delete-post"]).unwrap();
        assert_eq!(request.run.load.rows.action, Some(Action::DeletePost));
    }

    #[test]
    fn a_file_like_an_option_stays_a_file_and_becomes_absolute() {
        let request = request(&["--", "--yes.csv"]).unwrap();
        assert!(request.run.load.files[0].is_absolute() && request.run.load.files[0].ends_with("--yes.csv"));
    }
}
