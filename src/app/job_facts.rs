//! What is known of a job, before it is said what the job is doing (`job_activity`).

use crate::domain::Wall;
use crate::store::{JobState, ServerState};

/// A schedule that a job waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleWait {
    /// Its name.
    pub schedule: String,
    /// When it begins; what has gone by is due now.
    pub until: Wall,
    /// It had begun, and nobody is at it now: its process died or was stopped.
    pub is_interrupted: bool,
}

/// What an account needs a person for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountNeed {
    /// The account's short name.
    pub account: String,
    /// What happened.
    pub message: String,
    /// What to do about it.
    pub remedy: String,
}

/// What is known of a job.
#[derive(Clone, Debug)]
pub struct JobFacts {
    /// What a person last said of it.
    pub state: JobState,
    /// Tasks that are not settled.
    pub pending: u64,
    /// A process works on it.
    pub is_worked_on: bool,
    /// Another run of this queue is in progress.
    pub other_run: Option<OtherRun>,
    /// What the server is doing, which takes up what is queued by itself; none: there is none.
    pub server: Option<ServerState>,
    /// The schedule that runs it, where it has begun.
    pub begun_schedule: Option<String>,
    /// When the next request can leave for an account that needs nobody; none: all that have work need a person.
    pub next_request: Option<Wall>,
    /// The first of its accounts that needs a person.
    pub need: Option<AccountNeed>,
    /// The schedule that loads it.
    pub schedule: Option<ScheduleWait>,
}

/// A drain of other jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OtherRun {
    /// Nothing is sent after this.
    pub until: Option<Wall>,
}
