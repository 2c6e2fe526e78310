//! `explain --json`: the histories of a target, as one object.

use serde::Serialize;

use crate::app::{record_note, restored_by};
use crate::domain::{Action, Target, Wall};
use crate::store::{AttemptView, NameLookup, TaskHistory};

/// The object.
#[derive(Debug, Serialize)]
pub(super) struct ExplainJson<'a> {
    target: String,
    tasks: Vec<TaskJson<'a>>,
}

#[derive(Debug, Serialize)]
struct TaskJson<'a> {
    job: &'a str,
    round: u32,
    line: u64,
    /// Its row is no longer in the file.
    vanished: bool,
    action: Action,
    account: &'a str,
    outcome: &'static str,
    reason: Option<&'a str>,
    /// The job that has restored it since.
    restored_by: Option<&'a str>,
    /// What its row says, where that is not what was queued: a bit of one of them has flipped.
    damaged: Option<&'a str>,
    lookup: Option<LookupJson<'a>>,
    records: Vec<RecordJson<'a>>,
    attempts: Vec<AttemptJson<'a>>,
}

/// What is known of the name that the row has instead of an ID.
#[derive(Debug, Serialize)]
struct LookupJson<'a> {
    name: Option<&'a str>,
    found_at: Option<String>,
    next_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct RecordJson<'a> {
    path: &'a str,
    note: &'static str,
}

#[derive(Debug, Serialize)]
struct AttemptJson<'a> {
    sent_at: String,
    /// Null while it is in flight.
    ended_at: Option<String>,
    http_status: Option<u16>,
    finding: Option<&'a str>,
    reason: Option<&'a str>,
    /// What the platform said.
    detail: Option<&'a str>,
}

impl<'a> ExplainJson<'a> {
    /// All that is told of a target.
    pub(super) fn new(target: &Target, histories: &'a [TaskHistory]) -> ExplainJson<'a> {
        let tasks = histories.iter().map(|history| task(history, histories)).collect();
        ExplainJson { target: target.to_string(), tasks }
    }
}

fn task<'a>(history: &'a TaskHistory, all: &'a [TaskHistory]) -> TaskJson<'a> {
    let lookup = history.lookup.as_ref().map(|lookup| match lookup {
        NameLookup::Found { name, at } => LookupJson { name: Some(name), found_at: Some(at.rfc3339()), next_at: None },
        NameLookup::Awaited { next_at } => {
            LookupJson { name: None, found_at: None, next_at: next_at.map(Wall::rfc3339) }
        }
    });
    let records = history.records.iter();
    TaskJson {
        job: &history.job,
        round: history.round,
        line: history.line,
        vanished: history.vanished,
        action: history.action,
        account: &history.account,
        outcome: history.outcome.name(),
        reason: history.reason.as_deref(),
        restored_by: restored_by(history, all),
        damaged: history.damaged.as_deref(),
        lookup,
        records: records.map(|record| RecordJson { path: &record.path, note: record_note(history, record) }).collect(),
        attempts: history.attempts.iter().map(attempt).collect(),
    }
}

fn attempt(attempt: &AttemptView) -> AttemptJson<'_> {
    AttemptJson {
        sent_at: attempt.reserved_at.rfc3339(),
        ended_at: attempt.ended_at.map(Wall::rfc3339),
        http_status: attempt.http_status,
        finding: attempt.finding.as_deref(),
        reason: attempt.reason.as_deref(),
        detail: attempt.detail.as_deref().filter(|detail| !detail.is_empty()),
    }
}
