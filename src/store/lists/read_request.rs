//! A request that reads: what is asked for it, and how it ended. What does not belong here: whether it may leave (`read_quota`).

use std::time::Duration;

use crate::domain::{AccountId, BootId, Moment, Tick, Wall};

/// The number of a request that reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReadId(pub i64);

/// A window of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadWindow {
    /// Requests it holds.
    pub limit: u32,
    /// How long a slot counts after the latest moment its request can have been counted: the window and its margin.
    pub counts_for: Duration,
    /// Whether it is shared with others.
    pub is_shared: bool,
}

/// What a slot is asked for.
#[derive(Clone, Copy, Debug)]
pub struct ReadAsk<'a> {
    /// Whose.
    pub account: AccountId,
    /// With whom it shares windows: an app, or a host.
    pub app: &'a str,
    /// The endpoint's name; each has windows of its own.
    pub endpoint: &'a str,
    /// Its windows.
    pub windows: &'a [ReadWindow],
    /// This boot.
    pub boot: &'a BootId,
    /// How long a request may take.
    pub deadline: Duration,
    /// How long after that the platform can still count one whose end nobody saw.
    pub grace: Duration,
}

/// How a request that reads ended.
#[derive(Clone, Debug)]
pub struct ReadEnd {
    /// The latest moment the platform can have counted it.
    pub counted_until: Tick,
    /// When it ended.
    pub ended_at: Wall,
    /// The HTTP status, if an answer came.
    pub http_status: Option<u16>,
    /// What the answer meant, in one word.
    pub finding: &'static str,
    /// What the platform said.
    pub detail: String,
    /// Entries it handed over.
    pub resources: u64,
    /// What its headers say is left of the platform's windows, where that is less than our own allow.
    pub left: Vec<ReadLeft>,
}

/// A stored end on this boot's ticks. One of another boot lasts by the wall clock, and never longer than it was long.
pub fn end_here(same_boot: bool, until: Tick, until_at: Wall, length_ms: i64, now: Moment) -> Tick {
    if same_boot {
        return until;
    }
    Tick(now.tick.0.saturating_add(until_at.0.saturating_sub(now.wall.0).clamp(0, length_ms.max(0))))
}

/// So many more requests to an endpoint, until the platform's window ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLeft {
    /// Whether it is the window of 24 hours.
    pub day: bool,
    /// Requests that may follow the one that was answered.
    pub more: u32,
    /// Its end, in this boot's ticks.
    pub until: Tick,
    /// Its end by the wall clock.
    pub until_at: Wall,
    /// How long that is from the answer.
    pub length: Duration,
}
