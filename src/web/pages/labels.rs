//! The words for states, the same on every page.

use maud::{Markup, html};

use crate::app::Activity;
use crate::app::serve::EngineState;
use crate::domain::Outcome;
use crate::text::escaped;

/// What a command has done, by the word it left in the address. Nothing of the address itself is shown.
pub(super) fn said(word: &str) -> Option<&'static str> {
    Some(match word {
        "paused" => "Paused. Requests in flight are completed; nothing more of this job is sent.",
        "unpaused" => "Resumed.",
        "cancelled" => "Cancelled. Nothing more of it is sent; its receipts stay.",
        "retried" => "Failed rows are queued again.",
        "asked" => "It starts now, or once another schedule has loaded its rows.",
        "asked-already" => "A run of it is in progress or waiting already: nothing was changed.",
        "skipped" => "The next start is skipped.",
        "skipped-already" => "The next start was skipped already.",
        "unskipped" => "That start is no longer skipped.",
        "not-skipped" => "That start is not skipped, or its time has passed: nothing was changed.",
        "rest-skipped" => "The rest of the interrupted run is skipped.",
        "called-off" => "The requested run is cancelled.",
        "never" => "It has no next start: nothing was changed.",
        "schedule-added" => "Added. It runs by itself from its next time on.",
        "schedule-changed" => "Changed.",
        "removed" => "Removed. Its jobs and their receipts stay; a run in progress continues to its end.",
        "restored-already" => "Nothing new was queued: all that can be restored is in this job already.",
        "accepted" => "It continues. What was sent since the snapshot may be sent again.",
        "loaded" => "Queued. Its rows are sent as the rate limit allows.",
        "connected" => "Connected. Choose what to look at.",
        "ticked" => "The ticks are kept.",
        "names" => "The names are kept.",
        "list-removed" => "The list is deleted. Jobs that were made of it stay.",
        "forgotten" => "Forgotten, with its receipts.",
        "by-hand" => "What you have ticked is done.",
        "requeued" => "What came back is queued again.",
        "default" => "The default account is another one now.",
        "was-logged-out" => "It was not logged in.",
        "revoked" => "Logged out: its tokens are revoked at the platform and deleted here.",
        "not-revoked" => {
            "Logged out here. Its token could not be revoked at the platform, and stays valid there until it expires."
        }
        "account-removed" => "Removed.",
        "account-stays" => {
            "It is logged out. Its name stays for now, because jobs or requests that count towards its rate limit are on record."
        }
        "unchanged" => "The file is the same as last time, so nothing new was queued.",
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

/// How a job's state looks.
pub(super) const fn activity_chip(activity: &Activity) -> &'static str {
    match activity {
        Activity::Running | Activity::WaitingSlot { .. } | Activity::ScheduleBegun { .. } => "good",
        Activity::Resting { .. } | Activity::NotRunning { .. } | Activity::Paused => "warn",
        Activity::Unverified | Activity::NeedsYou(_) | Activity::ServerNeedsYou { .. } => "bad",
        Activity::WaitingTurn { .. }
        | Activity::WaitingSchedule(_)
        | Activity::ScheduleInterrupted { .. }
        | Activity::Finished
        | Activity::Cancelled => "",
    }
}

/// The class of an outcome in charts and meters.
pub(super) const fn outcome_class(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "done",
        Outcome::Gone => "gone",
        Outcome::Failed => "failed",
        Outcome::Rejected => "rejected",
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

/// A sentence of the command line as a page shows it: with a capital letter and an end. What is foreign in it is escaped already.
pub(super) fn sentence(said: &str) -> Markup {
    let mut letters = said.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    commands(&format!("{first}{}.", letters.as_str().trim_end_matches('.')))
}

/// Text whose commands stand between backticks: a page sets them apart, and breaks none that fits into a line.
pub(super) fn commands(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code.command { (part) } } @else { (part) }
        }
    }
}

/// Foreign text, with what a browser would obey (marks that turn text around, what cannot be seen) written out.
pub(super) fn foreign(text: &str) -> String {
    escaped(text).into_owned()
}

/// A text inside the query of an address.
pub(in crate::web) fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_hold_any_text() {
        assert_eq!(encoded("a b&c=d/é"), "a%20b%26c%3Dd%2F%C3%A9");
    }
}
