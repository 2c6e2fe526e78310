//! The words for states, the same on every page.

use crate::cli::escape::escaped;
use crate::domain::Outcome;
use crate::store::JobStatus;
use crate::web::state::EngineState;

/// What a command has done, by the word it left in the address. Nothing of the address itself is shown.
pub(super) fn said(word: &str) -> Option<&'static str> {
    Some(match word {
        "paused" => "Paused. Requests in flight end as they end; nothing more of this job is sent.",
        "unpaused" => "It goes on.",
        "cancelled" => "Cancelled. Nothing more of it is sent; its receipts stay.",
        "retried" => "Failed rows are in line again.",
        "loaded" => "Queued. It is worked off as slots come.",
        "unchanged" => "The file is what was loaded last, so nothing was queued anew.",
        _ => return None,
    })
}

/// The engine's state in a word, and how it looks.
pub(super) fn engine_chip(state: &EngineState) -> (&'static str, &'static str) {
    match state {
        EngineState::Starting => ("", "starting"),
        EngineState::Idle => ("", "nothing to do"),
        EngineState::Working => ("good", "working"),
        EngineState::Waiting { .. } => ("warn", "waiting"),
        EngineState::NeedsPerson { .. } => ("bad", "needs you"),
        EngineState::Stuck { .. } => ("bad", "stuck"),
        EngineState::Stopping => ("", "ending"),
    }
}

/// A job's state in a word, and how it looks.
pub(super) fn job_chip(status: &JobStatus) -> (&'static str, &'static str) {
    match status.state() {
        "pending" => ("good", "in progress"),
        "paused" => ("warn", "paused"),
        "cancelled" => ("", "cancelled"),
        _ => ("", "finished"),
    }
}

/// The class of an outcome in charts and meters.
pub(super) const fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Gone => "gone",
        Outcome::Failed | Outcome::Rejected => "failed",
        Outcome::Cancelled | Outcome::Kept | Outcome::Duplicate => "spared",
        Outcome::Pending => "rest",
    }
}

/// The outcomes there are, in the order they are shown.
pub(super) const OUTCOMES: [Outcome; 8] = [
    Outcome::Pending,
    Outcome::Done,
    Outcome::Gone,
    Outcome::Failed,
    Outcome::Cancelled,
    Outcome::Kept,
    Outcome::Duplicate,
    Outcome::Rejected,
];

/// A reason as people read it: `not_authorized` is `not authorized`.
pub(super) fn reason(code: &str) -> String {
    if code.is_empty() { "no reason given".to_owned() } else { escaped(&code.replace('_', " ")).into_owned() }
}

/// Foreign text, with what a browser would obey (marks that turn text around, what cannot be seen) written out.
pub(super) fn foreign(text: &str) -> String {
    escaped(text).into_owned()
}
