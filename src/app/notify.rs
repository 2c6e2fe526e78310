//! `--notify COMMAND`: somebody hears of the end of a run.
//!
//! In: how a run ended. Out: a shell that runs what the person typed, with a JSON object on its stdin and a few variables. What
//! happened is never part of the command line, so nothing in a file or an answer can become a command. What does not belong
//! here: changing how the run ended: a command that fails is a warning and nothing more.

use std::os::fd::AsFd;
use std::process::Stdio;
use std::time::Duration;

use serde::Serialize;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::child;
use super::run_report::{AccountTrouble, RunReport, RunSummary};
use crate::config::Settings;
use crate::domain::json_text;
use crate::error::{CommandError, ErrorKind};
use crate::store::QueuePlace;

/// A command that has not ended by then is killed, with all that it started.
const MAX_COMMAND_SECONDS: u64 = 30;

/// What is told.
#[derive(Clone, Debug, Serialize)]
struct Notification<'a> {
    event: &'static str,
    schedule: Option<&'a str>,
    #[serde(flatten)]
    summary: &'a RunSummary,
    needs_person: &'a [AccountTrouble],
    tries_again: bool,
}

/// The schedule whose run ended.
#[derive(Clone, Copy, Debug)]
pub struct OfSchedule<'a> {
    /// Its name.
    pub name: &'a str,
    /// The run met trouble that may pass, and is tried again. The same trouble again is not told of.
    pub tries_again: bool,
}

/// Tells of the end of a run, where somebody wants to hear of it; `warn` hears what may be wrong with that. A command line that makes no
/// sense and a queue that another process drains are no ends of runs.
pub async fn notify(
    settings: &Settings,
    schedule: Option<OfSchedule<'_>>,
    ended: &Result<RunReport, CommandError>,
    warn: impl Fn(&str),
) {
    let Some(command) = &settings.run.notify else { return };
    let report = match ended {
        Ok(report) => report.clone(),
        Err(error) if matches!(error.kind, ErrorKind::Usage | ErrorKind::Busy) || error.is_broken_pipe() => return,
        Err(error) => RunReport::of(RunSummary::failed(error)),
    };
    let Some(note) = Notification::new(&report, schedule) else { return };
    let queue = settings.db().ok();
    if let Err(why) = tell(command, &note, queue, MAX_COMMAND_SECONDS).await {
        warn(&format!("--notify: {why}"));
    }
}

impl Notification<'_> {
    fn new<'a>(report: &'a RunReport, schedule: Option<OfSchedule<'a>>) -> Option<Notification<'a>> {
        let summary = report.summary.as_ref()?;
        let event = match (report.code, summary.stopped) {
            (77, _) => "needs_person",
            _ if !report.troubles.is_empty() => "needs_person",
            (_, "finished") => "finished",
            _ => "stopped",
        };
        Some(Notification {
            event,
            schedule: schedule.map(|schedule| schedule.name),
            summary,
            needs_person: &report.troubles,
            tries_again: schedule.is_some_and(|schedule| schedule.tries_again),
        })
    }
}

async fn tell(
    command: &str,
    note: &Notification<'_>,
    queue: Option<&QueuePlace>,
    most_seconds: u64,
) -> Result<(), String> {
    let mut child = start(command, note, queue).map_err(|error| format!("the command does not start: {error}"))?;
    let text = format!("{}\n", json_text(note));
    let group = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed()));
    let talk = async {
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not care what happened closes its stdin.
            let _ = stdin.write_all(text.as_bytes()).await;
            drop(stdin);
        }
        child.wait().await
    };
    let ended = tokio::time::timeout(Duration::from_secs(most_seconds), talk).await;
    match ended {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("the command ended with {status}")),
        Ok(Err(error)) => Err(format!("the command cannot be waited for: {error}")),
        Err(_) => {
            if let Some(group) = group {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
            let _ = child.wait().await;
            Err(format!("the command took longer than {most_seconds} s and was ended"))
        }
    }
}

/// The command in a shell of its own process group. Of our variables it gets only what says how the run ended and where the queue
/// is. What it prints goes to stderr: stdout is for data.
fn start(command: &str, note: &Notification<'_>, queue: Option<&QueuePlace>) -> std::io::Result<Child> {
    let mut shell = Command::from(child::command("/bin/sh"));
    shell.arg("-c").arg(command).stdin(Stdio::piped()).process_group(0).kill_on_drop(true);
    shell.stdout(Stdio::from(std::io::stderr().as_fd().try_clone_to_owned()?));
    shell.env("CLEANUP_EVENT", note.event);
    shell.env("CLEANUP_EXIT_CODE", note.summary.exit_code.to_string());
    shell.env("CLEANUP_STOPPED", note.summary.stopped);
    shell.env("CLEANUP_SCHEDULE", note.schedule.unwrap_or_default());
    if let Some(queue) = queue {
        shell.env("CLEANUP_DB", queue.public_name());
    }
    shell.spawn()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn report(code: u8, stopped: &'static str) -> RunReport {
        RunReport::of(RunSummary::unsent(stopped, code))
    }

    #[test]
    fn ends_have_three_names() {
        let event = |code, stopped| Notification::new(&report(code, stopped), None).unwrap().event;
        assert_eq!(event(0, "finished"), "finished");
        assert_eq!(event(3, "finished"), "finished");
        assert_eq!(event(4, "deadline"), "stopped");
        assert_eq!(event(77, "account"), "needs_person");
        assert_eq!(event(74, "error"), "stopped");
        let some = RunReport {
            troubles: vec![AccountTrouble { account: "work".into(), reason: "account_locked".into() }],
            ..report(4, "deadline")
        };
        let note = Notification::new(&some, Some(OfSchedule { name: "nightly", tries_again: true })).unwrap();
        let object = serde_json::to_value(&note).unwrap();
        assert_eq!(note.event, "needs_person");
        assert_eq!(object["needs_person"][0]["account"], "work");
        assert_eq!(object["tries_again"], true);
        assert!(json_text(&note).starts_with(r#"{"event":"needs_person","schedule":"nightly","jobs""#));
        assert!(Notification::new(&RunReport::declined(), None).is_none());
    }

    #[test]
    fn a_command_that_hangs_is_ended_with_its_children() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let report = report(0, "finished");
        let note = Notification::new(&report, None).unwrap();
        let why = runtime.block_on(tell("sleep 600 & sleep 600", &note, None, 1)).unwrap_err();
        assert!(why.contains("longer than 1 s"), "{why}");
        let why = runtime.block_on(tell("exit 9", &note, None, 30)).unwrap_err();
        assert!(why.contains('9'), "{why}");
        runtime.block_on(tell(":", &note, None, 30)).unwrap();
    }
}
