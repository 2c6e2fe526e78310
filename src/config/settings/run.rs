//! What a run goes by.

use std::time::Duration;

use super::super::file::ConfigFile;
use super::super::modes::ProgressMode;
use super::super::overrides::Overrides;
use crate::limits::{Pace, Values};

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
        notify: options.notify.clone().or_else(|| run.notify.as_ref().map(|notify| notify.0.0.clone())),
    }
}
