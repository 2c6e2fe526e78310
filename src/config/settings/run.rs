//! What a run goes by.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::super::file::ConfigFile;
use super::Overrides;
use crate::limits::{Pace, Values};

/// How many workers a run may have.
pub(in crate::config) const WORKERS: RangeInclusive<u16> = 1..=1024;

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

impl ProgressMode {
    /// Every mode.
    pub const ALL: [ProgressMode; 4] = [ProgressMode::Auto, ProgressMode::Bar, ProgressMode::Plain, ProgressMode::None];

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

/// What a run goes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunSettings {
    /// Requests in flight at once, 1 to 1,024.
    pub workers: u16,
    /// How requests are spread over a window.
    pub pace: Pace,
    /// So long without any answer, and a run ends.
    pub give_up_after: Duration,
    /// How it shows that it moves.
    pub progress: ProgressMode,
    /// How long a request may take, from its reservation.
    pub request_deadline: Duration,
    /// A shell command that hears of the end of every run.
    pub notify: Option<String>,
    /// The config file names that command.
    pub is_notify_configured: bool,
}

impl RunSettings {
    const DEFAULT_WORKERS: u16 = 32;
    const DEFAULT_GIVE_UP_AFTER: Duration = Duration::from_secs(600);
}

pub(super) fn run_settings(options: &Overrides, file: &ConfigFile) -> RunSettings {
    let run = &file.run;
    let workers = options.workers.or(run.workers.map(|workers| workers.0));
    let give_up_after = options.give_up_after.or(run.give_up_after.map(|duration| duration.0));
    let (shortest, longest) = Values::DEADLINE_RANGE;
    let deadline = run.request_deadline.map_or(Values::DEADLINE, |deadline| deadline.0);
    RunSettings {
        workers: workers.unwrap_or(RunSettings::DEFAULT_WORKERS),
        pace: options.pace.or(run.pace.map(|pace| pace.0)).unwrap_or_default(),
        give_up_after: give_up_after.unwrap_or(RunSettings::DEFAULT_GIVE_UP_AFTER),
        progress: options.progress.or(run.progress.map(|mode| mode.0)).unwrap_or_default(),
        request_deadline: deadline.clamp(shortest, longest),
        is_notify_configured: options.notify.is_none() && run.notify.is_some(),
        notify: options.notify.clone().or_else(|| run.notify.as_ref().map(|notify| notify.0.0.clone())),
    }
}
