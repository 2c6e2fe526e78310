//! What the judge reads: counts of what arrived, and what it did.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{Action, TargetId};

/// Everything a sandbox has counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Per user: by user ID, and for users of v1.1 and AIsa as [`super::KnownUser`] is written (`x-v1:77`).
    pub users: BTreeMap<String, UserLedger>,
    /// Requests whose token named nobody.
    pub unauthenticated: u64,
    /// Whether a bound was reached (users or targets held): from then on new ones are answered with 503.
    pub full: bool,
}

/// What one user's requests came to. A request is one for an action, whatever it was answered: 4xx, 429 and severed
/// connections count.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserLedger {
    /// Requests for actions.
    pub requests: u64,
    /// Requests for `/2/users/me`; they are in no other number here.
    pub lookups: u64,
    /// Requests a window may hold, all actions together.
    pub limit: u32,
    /// The window's length in milliseconds.
    pub window_ms: u64,
    /// Whether requests over the limit are answered with 429.
    pub enforced: bool,
    /// The most requests that arrived in any closed window of that length, all actions together.
    pub max_in_window: u64,
    /// Per action, by its name; actions nobody asked for are left out.
    pub actions: BTreeMap<String, ActionLedger>,
    /// Per list, and `users/by`, what was read; lists nobody asked for are left out. In no other number here.
    #[serde(default)]
    pub reads: BTreeMap<String, ReadLedger>,
    /// Unlikes against their longer window, where there is one.
    pub unlike_day: Option<DayLedger>,
    /// Requests answered 429 because a window was full.
    pub earned_429: u64,
    /// Requests answered 429 by the dice.
    pub injected_429: u64,
    /// Pairs of action and target that have been done.
    pub effects: u64,
    /// Requests that arrived for an effect that had been done already, whatever they were answered.
    pub repeats: u64,
    /// Faults that struck.
    pub faults: FaultCounts,
}

/// Requests for pages of one list, or for lookups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadLedger {
    /// Requests, whatever they were answered.
    pub requests: u64,
    /// Pages handed over whole or cut.
    pub pages: u64,
    /// Requests a window may hold.
    pub limit: u32,
    /// The window's length in milliseconds.
    pub window_ms: u64,
    /// The most that arrived in any closed window of that length.
    pub max_in_window: u64,
    /// Requests answered 429 because the window was full.
    pub earned_429: u64,
    /// Requests answered 429 by the dice.
    pub injected_429: u64,
}

/// One action's requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionLedger {
    /// Requests.
    pub requests: u64,
    /// The most that arrived in any closed window of the user's length.
    pub max_in_window: u64,
}

/// Requests against the longer window of unlikes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayLedger {
    /// Unlikes a window may hold.
    pub limit: u32,
    /// The window's length in milliseconds.
    pub window_ms: u64,
    /// The most unlikes that arrived in any closed window of that length.
    pub max_in_window: u64,
}

/// How often each fault struck one user (429s are counted beside it).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultCounts {
    /// Answers 500, 502, 503, 504.
    pub server_error: u64,
    /// Connections closed before anything happened.
    pub reset: u64,
    /// Connections closed without an answer, after the request was worked on.
    pub lost: u64,
    /// Answers broken off in the middle.
    pub cut: u64,
    /// Answers that came late.
    pub slow: u64,
}

/// What became of one action on one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The action.
    pub action: Action,
    /// The target.
    pub target: TargetId,
    /// How often it was done. More than once is a repeat without consequence: undoing what is undone.
    pub applied: u32,
    /// How often it was asked for, whatever the answer.
    pub requested: u32,
}
