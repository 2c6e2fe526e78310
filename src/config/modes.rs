//! Words of the configuration that choose among a few ways, and the bounds of its numbers.

use std::ops::RangeInclusive;

/// How many workers a run may have.
pub(super) const WORKERS: RangeInclusive<u16> = 1..=1024;

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// An object a line.
    Json,
}

crate::domain::with_names! {
    /// How a run shows that it moves.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum ProgressMode {
        /// A bar on a terminal, lines elsewhere.
        #[default]
        Auto => "auto",
        /// A bar.
        Bar => "bar",
        /// A line a minute.
        Plain => "plain",
        /// Nothing.
        None => "none",
    }
}
