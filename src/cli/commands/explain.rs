//! `cleanup explain`: every attempt at a target and what the platform answered.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::explain_json::ExplainJson;

use crate::app::{explain, record_note, restored_by};
use crate::cli::args::ExplainArgs;
use crate::cli::context::Context;
use crate::domain::{Outcome, crash_note, refusal_note};
use crate::error::CommandError;
use crate::store::{AttemptView, NameLookup, TaskHistory};
use crate::text::{escaped, full_text};

/// Tells the history of the target.
///
/// # Errors
/// Exit code 2 where no job has the target; the queue cannot be read.
pub async fn run(context: &Context, args: &ExplainArgs) -> Result<u8, CommandError> {
    let histories = explain(context.deps(), &args.target).await?;
    if args.json {
        context.printer.json(&ExplainJson::new(&args.target, &histories))?;
        return Ok(0);
    }
    let command = |words: &[&str]| context.command(words);
    let tell = |history: &TaskHistory| tell(history, &histories, context.local.zone.get(), &command);
    let told: Vec<String> = histories.iter().map(tell).collect();
    context.printer.data(told.join("\n").trim_end())?;
    Ok(0)
}

/// One task and its attempts, among all that are told of its target.
fn tell(history: &TaskHistory, all: &[TaskHistory], zone: &TimeZone, command: &dyn Fn(&[&str]) -> String) -> String {
    let mut text = String::new();
    let round = if history.round > 1 { format!(", round {}", history.round) } else { String::new() };
    let vanished = if history.vanished { " (its row is no longer in the file)" } else { "" };
    let reason = history.reason.as_ref().map_or_else(String::new, |reason| format!(" ({})", escaped(reason)));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{}{round}, line {}{vanished}", escaped(&history.job), history.line);
    let _ = writeln!(
        text,
        "  {} by account {}: {}{reason}",
        history.action,
        escaped(&history.account),
        history.outcome.name()
    );
    if let Some(job) = restored_by(history, all) {
        let _ = writeln!(text, "  restored since by the job {}", escaped(job));
    }
    if let Some(note) = crash_note(history.state, history.reason.as_deref(), history.crashes) {
        let again = match history.outcome {
            Outcome::Failed => format!("; {} sends it again", command(&["retry", &history.job])),
            _ => String::new(),
        };
        let _ = writeln!(text, "  {note}{again}");
    }
    if let Some(note) = refusal_note(history.state, history.reason.as_deref()) {
        let again = if note.may_be_gone {
            format!(
                "; {} sends it again, and {} after that believes it to be gone",
                command(&["retry", &history.job]),
                command(&["resume", &history.job, "--accept-not-found"])
            )
        } else {
            String::new()
        };
        let _ = writeln!(text, "  {}{again}", note.text);
    }
    if let Some(row) = &history.damaged {
        let _ = writeln!(
            text,
            "  damaged in the queue: its row says {}; {} says what to do",
            escaped(row),
            command(&["doctor"])
        );
    }
    match &history.lookup {
        Some(NameLookup::Found { name, at }) => {
            let at = full_text(*at, zone);
            let _ = writeln!(text, "  its row says {}, which was found to mean this target ({at})", escaped(name));
        }
        Some(NameLookup::Awaited { next_at }) => {
            let next = next_at
                .map_or_else(String::new, |at| format!("; the next lookup can leave at {}", full_text(at, zone)));
            let _ = writeln!(
                text,
                "  whom its name means has not been looked up yet: that is done before anything is sent for it{next}"
            );
        }
        None => {}
    }
    for record in &history.records {
        let _ = writeln!(text, "  record {}: {}", escaped(&record.path), record_note(history, record));
    }
    if history.attempts.is_empty() {
        let _ = writeln!(text, "  nothing was sent for it");
    }
    for (index, attempt) in history.attempts.iter().enumerate() {
        let _ = writeln!(text, "  {}. {}", index + 1, tell_attempt(attempt, zone));
        if let Some(detail) = attempt.detail.as_ref().filter(|detail| !detail.is_empty()) {
            let _ = writeln!(text, "     the platform said: {}", escaped(detail));
        }
    }
    text
}

fn tell_attempt(attempt: &AttemptView, zone: &TimeZone) -> String {
    let sent = full_text(attempt.reserved_at, zone);
    let Some(ended_at) = attempt.ended_at else { return format!("{sent}  in flight") };
    let status = attempt.http_status.map_or_else(|| "no answer".to_owned(), |status| format!("HTTP {status}"));
    let millis = ended_at.since(attempt.reserved_at).as_millis();
    let finding = attempt.finding.as_deref().unwrap_or("unknown");
    let reason = attempt.reason.as_ref().map_or_else(String::new, |reason| format!(" ({})", escaped(reason)));
    format!("{sent}  {status} after {millis} ms: {}{reason}", escaped(finding))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Action, CrashCount, Outcome, TaskState, Wall};
    use crate::store::RecordView;

    #[test]
    fn a_history_reads_like_a_log() {
        let attempt = |at: i64, status, finding: &str, detail: &str| AttemptView {
            reserved_at: Wall(at),
            ended_at: Some(Wall(at + 120)),
            http_status: status,
            finding: Some(finding.into()),
            reason: Some("server_error".into()),
            detail: Some(detail.into()),
        };
        let open = AttemptView { ended_at: None, detail: None, ..attempt(86_400_000, None, "", "") };
        let history = TaskHistory {
            job: "night\u{1b}".into(),
            round: 2,
            line: 17,
            action: Action::Unlike,
            account: "ada".into(),
            state: TaskState::Sending,
            outcome: Outcome::Pending,
            reason: None,
            vanished: false,
            crashes: CrashCount::default(),
            damaged: None,
            attempts: vec![
                attempt(0, Some(503), "world", "over \u{202e}capacity"),
                attempt(1_000, None, "unanswered", ""),
                open,
            ],
            records: vec![],
            lookup: None,
        };
        let told_of = |history: &TaskHistory| {
            tell(history, &[], &TimeZone::UTC, &|words| format!("`cleanup {}`", words.join(" ")))
        };
        let told = told_of(&history);
        let expected = "night\\u{1b}, round 2, line 17\n  unlike by account ada: pending\n  \
             1. 1970-01-01 00:00:00 UTC  HTTP 503 after 120 ms: world (server_error)\n     \
             the platform said: over \\u{202e}capacity\n  \
             2. 1970-01-01 00:00:01 UTC  no answer after 120 ms: unanswered (server_error)\n  \
             3. 1970-01-02 00:00:00 UTC  in flight\n";
        assert_eq!(told, expected);
        let record = |key: &str, is_deleted| RecordView { path: format!("follow/{key}"), is_deleted };
        let records = vec![record("1", true), record("2\u{1b}", false)];
        let of_records = told_of(&TaskHistory { records, ..history.clone() });
        assert!(of_records.contains(
            "  record follow/1: deleted\n  record follow/2\\u{1b}: there when the account's records were read\n  1. "
        ));
        // A restore puts records back; the task that it takes back says so, and no other one does.
        let ended = |at: i64| vec![attempt(at, Some(200), "done", "")];
        let undone = TaskHistory { outcome: Outcome::Done, attempts: ended(1_000), ..history.clone() };
        let records = vec![record("1", false)];
        let (job, action) = ("night-restore".to_owned(), Action::Like);
        let restored = TaskHistory { job, action, records, attempts: ended(5_000), ..undone.clone() };
        assert!(told_of(&restored).contains("  record follow/1: there again\n"));
        let already = TaskHistory { attempts: vec![], ..restored.clone() };
        assert!(told_of(&already).contains("  record follow/1: there already\n"));
        let beside = |history: &TaskHistory, other: &TaskHistory| {
            tell(history, &[history.clone(), other.clone()], &TimeZone::UTC, &|_| String::new())
        };
        assert!(beside(&undone, &restored).contains("done\n  restored since by the job night-restore\n"));
        let undone_again = TaskHistory { attempts: ended(9_000), ..undone.clone() };
        let of_another = TaskHistory { account: "bob".into(), ..restored.clone() };
        for (history, other) in [(&undone_again, &restored), (&undone, &of_another), (&restored, &undone)] {
            assert!(!beside(history, other).contains("restored since"));
        }
        let untouched = TaskHistory { attempts: vec![], ..history };
        assert!(told_of(&untouched).ends_with("nothing was sent for it\n"));
        let of_name = |lookup| told_of(&TaskHistory { lookup: Some(lookup), ..untouched.clone() });
        let found = of_name(NameLookup::Found { name: "@ada\u{1b}".into(), at: Wall(0) });
        assert!(
            found.contains("its row says @ada\\u{1b}, which was found to mean this target (1970-01-01 00:00:00 UTC)")
        );
        let awaited = of_name(NameLookup::Awaited { next_at: Some(Wall(1_000)) });
        assert!(awaited.contains("looked up yet") && awaited.contains("can leave at 1970-01-01 00:00:01 UTC"));
        let damaged = TaskHistory { damaged: Some("7\u{1b}".into()), ..untouched.clone() };
        assert!(told_of(&damaged).contains("its row says 7\\u{1b}; `cleanup doctor`"));
        let crashed = |outcome, state, reason: &str, deaths| {
            let reason = Some(reason.to_owned());
            told_of(&TaskHistory { outcome, state, reason, crashes: CrashCount::stored(deaths), ..untouched.clone() })
        };
        let pending = |deaths| crashed(Outcome::Pending, TaskState::Waiting, "unknown_after_crash", deaths);
        assert!(pending(1).contains("nobody saw the answer") && !pending(1).contains("retry"));
        assert!(pending(2).contains("with no other request beside it"));
        let failed = |deaths| crashed(Outcome::Failed, TaskState::Failed, "crashed", deaths);
        assert!(failed(5).contains("three times in a row") && failed(5).contains("cleanup retry night"));
        assert!(failed(3).contains("an older version gave it up") && failed(3).contains("cleanup retry night"));
    }
}
