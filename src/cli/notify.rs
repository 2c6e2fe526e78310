//! `--notify COMMAND`: somebody hears of the end of a run.
//!
//! In: how a run ended. Out: a shell that runs what the person typed, with a JSON object on its stdin and a few variables. What
//! happened is never part of the command line, so nothing in a file or an answer can become a command. What does not belong
//! here: changing how the run ended: a command that fails is a warning and nothing more.

use std::os::fd::AsFd;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::child;
use super::context::Context;
use crate::app::{RunReport, RunSummary, writable_remedy};
use crate::domain::json_text;
use crate::error::{CommandError, ErrorKind};

/// A command that has not ended by then is killed, with all that it started.
const MAX_COMMAND_SECONDS: u64 = 30;

/// What is told.
#[derive(Clone, Debug)]
struct Note {
    event: &'static str,
    exit_code: u8,
    stopped: &'static str,
    schedule: String,
    object: Value,
}

/// The schedule whose run ended.
#[derive(Clone, Copy, Debug)]
pub struct OfSchedule<'a> {
    /// Its name.
    pub name: &'a str,
    /// The run met trouble that may pass, and is tried again. The same trouble again is not told of.
    pub tries_again: bool,
}

/// Tells of the end of a run, where somebody wants to hear of it. A command line that makes no sense and a queue that another
/// process drains are no ends of runs.
pub async fn after(context: &Context, schedule: Option<OfSchedule<'_>>, ended: &Result<RunReport, CommandError>) {
    let Some(command) = &context.settings.run.notify else { return };
    let report = match ended {
        Ok(report) => report.clone(),
        Err(error) if matches!(error.kind, ErrorKind::Usage | ErrorKind::Busy) || error.is_broken_pipe() => return,
        Err(error) => RunReport::of(RunSummary::failed(error)),
    };
    let Some(note) = note(&report, schedule) else { return };
    if let Some(file) = context.settings.writable_config.as_ref().filter(|_| context.settings.run.is_notify_configured)
    {
        context.printer.warn(&format!("{file}, and it names the command of [run] notify; {}", writable_remedy(file)));
    }
    let queue = context.settings.db().ok();
    if let Err(why) = tell(command, &note, queue.map(|path| path.as_path()), MAX_COMMAND_SECONDS).await {
        context.printer.warn(&format!("--notify: {why}"));
    }
}

fn note(report: &RunReport, schedule: Option<OfSchedule<'_>>) -> Option<Note> {
    let summary = report.summary.as_ref()?;
    let event = match (report.code, summary.stopped) {
        (77, _) => "needs_person",
        _ if !report.troubles.is_empty() => "needs_person",
        (_, "finished") => "finished",
        _ => "stopped",
    };
    let troubles: Vec<Value> =
        report.troubles.iter().map(|(account, reason)| json!({ "account": account, "reason": reason })).collect();
    let mut object = serde_json::to_value(summary).ok()?;
    let fields = object.as_object_mut()?;
    fields.shift_insert(0, "event".into(), event.into());
    let name = schedule.map(|schedule| schedule.name);
    fields.shift_insert(1, "schedule".into(), name.into());
    fields.insert("needs_person".into(), troubles.into());
    fields.insert("tries_again".into(), schedule.is_some_and(|schedule| schedule.tries_again).into());
    Some(Note {
        event,
        exit_code: report.code,
        stopped: summary.stopped,
        schedule: name.unwrap_or_default().to_owned(),
        object,
    })
}

async fn tell(command: &str, note: &Note, queue: Option<&Path>, most_seconds: u64) -> Result<(), String> {
    let mut child = start(command, note, queue).map_err(|error| format!("the command does not start: {error}"))?;
    let text = format!("{}\n", json_text(&note.object));
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
fn start(command: &str, note: &Note, queue: Option<&Path>) -> std::io::Result<Child> {
    let mut shell = Command::from(child::command("/bin/sh"));
    shell.arg("-c").arg(command).stdin(Stdio::piped()).process_group(0).kill_on_drop(true);
    shell.stdout(Stdio::from(std::io::stderr().as_fd().try_clone_to_owned()?));
    shell.env("CLEANUP_EVENT", note.event);
    shell.env("CLEANUP_EXIT_CODE", note.exit_code.to_string());
    shell.env("CLEANUP_STOPPED", note.stopped);
    shell.env("CLEANUP_SCHEDULE", &note.schedule);
    if let Some(queue) = queue {
        shell.env("CLEANUP_DB", queue);
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
        let event = |code, stopped: &'static str| note(&report(code, stopped), None).unwrap().event;
        assert_eq!(event(0, "finished"), "finished");
        assert_eq!(event(3, "finished"), "finished");
        assert_eq!(event(4, "deadline"), "stopped");
        assert_eq!(event(77, "account"), "needs_person");
        assert_eq!(event(74, "error"), "stopped");
        let some = RunReport { troubles: vec![("work".into(), "account_locked".into())], ..report(4, "deadline") };
        let note = note(&some, Some(OfSchedule { name: "nightly", tries_again: true })).unwrap();
        assert_eq!(note.event, "needs_person");
        assert_eq!(note.object["needs_person"][0]["account"], "work");
        assert_eq!(note.object["tries_again"], true);
        assert!(note.object.to_string().starts_with(r#"{"event":"needs_person","schedule":"nightly","jobs""#));
        assert!(super::note(&RunReport::declined(), None).is_none());
    }

    #[test]
    fn a_command_that_hangs_is_ended_with_its_children() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let note = note(&report(0, "finished"), None).unwrap();
        let why = runtime.block_on(tell("sleep 600 & sleep 600", &note, None, 1)).unwrap_err();
        assert!(why.contains("longer than 1 s"), "{why}");
        let why = runtime.block_on(tell("exit 9", &note, None, 30)).unwrap_err();
        assert!(why.contains('9'), "{why}");
        runtime.block_on(tell(":", &note, None, 30)).unwrap();
    }
}
