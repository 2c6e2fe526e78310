//! What a use case tells while it is under way: typed, so that each face finds its own words.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::confirmation::Confirmation;
use super::list::{ListAccess, ListReport, UnfinishedReading};
use super::load::TicksTaken;
use super::loading::Loaded;
use super::named_accounts::Accounts;
use super::preparing::Prepared;
use super::recheck::HeldBack;
use super::row_filter::KeptNames;
use super::run::RunEnd;
use super::schedules::DueEnd;
use crate::domain::{AccountId, Action, MicroUsd, Wall};
use crate::engine::Signal;
use crate::error::CommandError;
use crate::jobfile::DoubtfulIds;
use crate::limits::Pace;
use crate::lists::archive::About;
use crate::schedule::scheduler::ScheduleEvent;
use crate::store::{Job, StoreError};

/// What has happened.
#[derive(Clone, Copy)]
pub enum Notice<'a> {
    /// The queue cannot be read, and an estimate takes accounts for the default platform's.
    AccountsUnknown(&'a CommandError),
    /// A keep list is no file that can be read again, so it counts as it is.
    KeepListReadOnce(&'a Path),
    /// What the names on the keep list are to rows that have an ID alone.
    KeptNames(&'a Prepared, KeptNames),
    /// A file has rows whose IDs may be the names of users.
    DoubtfulIds(&'a Prepared, &'a DoubtfulIds),
    /// A file has rows that name their targets, if it has any.
    Names(&'a Prepared),
    /// A person is asked about this, within these bounds.
    Asking(&'a Confirmation, &'a BoundsOfRun),
    /// A file is loaded; some of its rows may have been rejected.
    Rejected(&'a Prepared, &'a Accounts),
    /// The file of a job is another one now.
    Moved(&'a Job, &'a Prepared),
    /// What loading a file did to its job.
    Loaded(&'a str, &'a Loaded),
    /// A scheduled run that has loaded its files goes on without these, which are not here.
    GoesOnWithout(&'a [PathBuf]),
    /// What became of the ticks of a saved worklist; none: it has no rows.
    TicksTaken(&'a Path, Option<&'a TicksTaken>),
    /// Tasks that an older version queued are rejected now.
    HeldBack(&'a HeldBack),
    /// Why accounts that have work cannot do it.
    Unfit(&'a [String]),
    /// This machine's clock is wrong.
    ClockOff(&'a str),
    /// A signal has come, for the so-manieth time.
    Signal(Signal, usize),
    /// An archive was opened.
    Archive(&'a About),
    /// A list is going to be read.
    Reading(&'a ListAccess),
    /// It was read and written.
    ListWritten(&'a ListReport),
    /// It could not be read to its end.
    ListUnfinished(&'a UnfinishedReading),
    /// A scheduled run's list has no entry left for it.
    NothingListed,
    /// A scheduled run has ended.
    RunEnded(&'a RunEnd),
    /// A scheduled run could not be begun or finished.
    Failed(&'a CommandError),
    /// Something happened to a schedule, at this time.
    Schedule(&'a ScheduleEvent, Wall),
    /// What was due has been worked off.
    Due(&'a DueEnd),
    /// The command that is told of the end of a run has not been told, or should not be.
    NotifyTrouble(&'a str),
    /// What was done could not be written to the audit log.
    NotLogged(&'a str, &'a StoreError),
    /// The last signal has ended the work at once.
    StoppedAtOnce(Stoppable),
}

/// What a signal has stopped at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stoppable {
    /// The sending of rows.
    Sending,
    /// The reading of a list.
    Reading,
}

/// What ends a run before its work is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoundsOfRun {
    /// Requests, at most.
    pub max_requests: Option<u64>,
    /// Money, at most.
    pub max_spend: Option<MicroUsd>,
    /// Nothing is sent after this.
    pub until: Option<Wall>,
}

/// What a run has before it.
#[derive(Clone, Debug, Default)]
pub struct RunPlan {
    /// Tasks of the run's jobs.
    pub total: u64,
    /// Those of them that are settled already.
    pub settled: u64,
    /// Unsettled tasks by account and action.
    pub work: Vec<(AccountId, Action, u64)>,
    /// The accounts' short names.
    pub names: HashMap<AccountId, String>,
    /// How requests are spread.
    pub pace: Pace,
    /// Nothing is sent after this.
    pub until: Option<Wall>,
    /// The run ends after so many requests, or so much money.
    pub is_capped: bool,
}
