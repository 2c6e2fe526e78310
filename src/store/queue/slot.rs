//! A slot on record, as a limiter and as whoever only looks takes it. What does not belong here: reading slots ([`super::slots`]).

use crate::domain::{AccountId, Action, Moment, Tick};

/// A slot on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptSlot {
    /// Whose.
    pub account: AccountId,
    /// What for.
    pub action: Action,
    /// When it was reserved.
    pub reserved: Moment,
    /// The latest moment at which the platform can have counted the request.
    pub counted_until: Tick,
    /// Whether its end was never seen, and never will be.
    pub open: bool,
    /// Whether it was reserved in this boot.
    pub same_boot: bool,
    /// Whether its drain's wall clock agreed with the platform's.
    pub clock_checked: bool,
}

/// A slot as whoever only looks needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecentSlot {
    /// What for.
    pub action: Action,
    /// The latest moment at which the platform can have counted the request, by the ticks of its boot.
    pub counted_until: Tick,
    /// When it was reserved, where that was in another boot, whose ticks say nothing in this one.
    pub elsewhere: Option<Moment>,
}
