//! What somebody wants of a schedule: to keep one, to change one. Typed, whoever asks.

use super::hours::ScheduleHours;
use crate::app::request::RunRequest;
use crate::domain::ListKind;

/// A schedule that is to be kept.
#[derive(Clone, Debug)]
pub struct AddScheduleRequest {
    /// Its name, which is fit for a file.
    pub name: String,
    /// When it starts.
    pub cron: String,
    /// By whose clock; none: by this machine's.
    pub zone: Option<String>,
    /// Until when it may work.
    pub hours: ScheduleHours,
    /// The list that it reads each time, instead of files.
    pub list: Option<ListKind>,
    /// What it runs. Where it reads a list, its filters are about the list's entries.
    pub run: RunRequest,
}

/// What is to be another about a schedule.
#[derive(Clone, Debug)]
pub struct EditScheduleRequest {
    /// Which.
    pub name: String,
    /// Options that are to go, by their long names.
    pub without: Vec<String>,
    /// When it starts.
    pub cron: Option<String>,
    /// By whose clock.
    pub zone: Option<String>,
    /// Until when it may work: an end takes the place of a length, and the other way round.
    pub hours: ScheduleHours,
    /// Another list, where it reads one.
    pub list: Option<ListKind>,
    /// Options of what it runs.
    pub run: RunRequest,
}
