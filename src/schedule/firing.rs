//! One time that a schedule is run: the firing, and how a run of it ended.
//!
//! In: nothing. Out: types. What does not belong here: what is on record of it (the store), deciding.

use super::plan::Schedule;
use super::recurrence::Slot;
use crate::domain::{MicroUsd, Wall};

/// How a firing comes to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Its slot has come.
    Due,
    /// A process before this one died over it, or was stopped.
    Resumed,
    /// Its last try met trouble.
    TriedAgain,
    /// Somebody asked for it.
    AskedFor,
}

/// One time that a schedule is run. It is on record.
#[derive(Clone, Debug)]
pub struct Firing {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub schedule: Schedule,
    /// Its slot.
    pub slot: Slot,
    /// Earlier slots that it makes up for.
    pub missed: u64,
    /// When it began, the first time.
    pub began: Wall,
    /// Nothing is to be sent after this.
    pub ends_by: Option<Wall>,
    /// How it comes to be run.
    pub how: How,
    /// Requests that its earlier runs sent, as far as somebody saw their end.
    pub sent: u64,
    /// What they cost.
    pub spent: MicroUsd,
    /// Tries in a row that met trouble.
    pub transient_failures: u32,
    /// The trouble that was told last.
    pub told: Option<String>,
    /// An earlier run of it has loaded its files.
    pub is_loaded: bool,
}

/// What becomes of a firing after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// It is over.
    Over,
    /// The process had to stop, or another one was draining. Whoever looks next goes on with it.
    GoesOn,
    /// It met trouble that may pass: no answer, the disk, a file that is not there. It is tried again while its hours last.
    TriesAgain,
}

/// How a run of a firing ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The exit code that `cleanup run` would have ended with.
    pub exit_code: u8,
    /// Why it stopped, in the word of `run --json`.
    pub stopped: String,
    /// Requests sent by this run, those that looked names up among them.
    pub requests: u64,
    /// What they cost.
    pub spent: MicroUsd,
    /// Rows that are not settled, where that is known.
    pub left: Option<u64>,
    /// What becomes of the firing.
    pub after: After,
    /// Nothing more is to be run by this process.
    pub is_last: bool,
}

impl Firing {
    /// A firing that begins, without an end.
    pub(super) fn new(id: i64, schedule: Schedule, slot: Slot, began: Wall, how: How) -> Firing {
        let (missed, sent, transient_failures) = (0, 0, 0);
        Firing {
            id,
            schedule,
            slot,
            missed,
            began,
            ends_by: None,
            how,
            sent,
            spent: MicroUsd(0),
            transient_failures,
            told: None,
            is_loaded: false,
        }
    }
}

impl End {
    /// An end of a run that sent nothing.
    pub fn unsent(exit_code: u8, stopped: &str) -> End {
        End {
            exit_code,
            stopped: stopped.to_owned(),
            requests: 0,
            spent: MicroUsd(0),
            left: None,
            after: After::Over,
            is_last: false,
        }
    }

    /// What the run met, in a word by which the same trouble is known again.
    pub fn trouble(&self) -> String {
        format!("{} {}", self.exit_code, self.stopped)
    }
}
