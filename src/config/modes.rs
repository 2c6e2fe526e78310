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

crate::domain::with_all! {
    /// How a run shows that it moves.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum ProgressMode {
        /// A bar on a terminal, lines elsewhere.
        #[default]
        Auto,
        /// A bar.
        Bar,
        /// A line a minute.
        Plain,
        /// Nothing.
        None,
    }
}

impl ProgressMode {
    /// The word in options and in the config file.
    pub const fn name(self) -> &'static str {
        match self {
            ProgressMode::Auto => "auto",
            ProgressMode::Bar => "bar",
            ProgressMode::Plain => "plain",
            ProgressMode::None => "none",
        }
    }
}
