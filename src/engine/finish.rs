//! How a drain, or a group of its jobs, has ended, and why.

use crate::domain::{AccountId, MicroUsd, Reason, Wall};
use crate::store::DamagedTask;

crate::domain::with_names! {
    /// A signal that ends a run.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Signal {
        /// The terminal went away.
        Hangup => "SIGHUP",
        /// Ctrl-C.
        Interrupt => "SIGINT",
        /// Somebody asked it to end.
        Terminate => "SIGTERM",
    }
}

impl Signal {
    /// 128 + the signal's number.
    pub const fn exit_code(self) -> u8 {
        match self {
            Signal::Hangup => 129,
            Signal::Interrupt => 130,
            Signal::Terminate => 143,
        }
    }
}

/// Why a drain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// Nothing is left to do.
    Finished,
    /// `--until` or `--for` has come, or no slot comes before it.
    Deadline,
    /// `--max-requests` is used up.
    Requests,
    /// `--max-spend` is used up.
    Spend,
    /// The platform holds every account that has work for longer than this run lasts.
    Cap,
    /// A signal.
    Interrupted(Signal),
    /// What is left belongs to paused jobs.
    Paused,
    /// What is left belongs to cancelled jobs.
    Cancelled,
    /// Every account that has work needs a person.
    Account,
    /// No answer at all for `--give-up-after`, or no good one for a day.
    Unreachable,
    /// A keep list cannot be read any more; what it does not guard was done, or stopped for less.
    KeepList,
    /// A row at the head of its line is not what the file said.
    Damaged,
}

impl Stopped {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Stopped::Finished => "finished",
            Stopped::Deadline => "deadline",
            Stopped::Requests => "requests",
            Stopped::Spend => "spend",
            Stopped::Cap => "cap",
            Stopped::Interrupted(_) => "interrupted",
            Stopped::Paused => "paused",
            Stopped::Cancelled => "cancelled",
            Stopped::Account => "account",
            Stopped::Unreachable => "unreachable",
            Stopped::KeepList | Stopped::Damaged => "error",
        }
    }
}

/// How a drain ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Finish {
    /// Why, for all jobs that are in no group.
    pub stopped: Stopped,
    /// The groups, in the order in which they were given.
    pub groups: Vec<GroupEnd>,
    /// Requests sent for rows in this run.
    pub requests: u64,
    /// What they cost.
    pub spent: MicroUsd,
    /// Requests that have looked names up, and what they cost.
    pub looked_up: (u64, MicroUsd),
    /// When the next request could leave, where that is known and something is left.
    pub next_slot_at: Option<Wall>,
    /// Accounts that need a person: whose, why in one word, what the platform said.
    pub troubles: Vec<(AccountId, Reason, String)>,
    /// Since when nobody was served, where the run has waited long enough for a good answer.
    pub given_up: Option<Wall>,
    /// Nobody answered because the server's certificate is not accepted: what is wrong with it.
    pub bad_certificate: Option<String>,
    /// What is wrong with keep lists, so that rows they guard were not sent.
    pub withheld: Vec<String>,
    /// Rows that are not what their files said, where those ended it.
    pub damaged: Vec<DamagedTask>,
}

impl Finish {
    /// An end of a run that sent nothing.
    pub const fn unsent(stopped: Stopped) -> Finish {
        Finish {
            stopped,
            groups: Vec::new(),
            requests: 0,
            spent: MicroUsd(0),
            looked_up: (0, MicroUsd(0)),
            next_slot_at: None,
            troubles: Vec::new(),
            given_up: None,
            bad_certificate: None,
            withheld: Vec::new(),
            damaged: Vec::new(),
        }
    }

    /// All requests of the run, lookups of names among them, and what they cost.
    pub fn total(&self) -> (u64, MicroUsd) {
        (self.requests + self.looked_up.0, self.spent.plus(self.looked_up.1))
    }
}

/// How a group of jobs with terms of its own ended.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupEnd {
    /// Its place among the groups that the drain was given.
    pub group: usize,
    /// Why.
    pub stopped: Stopped,
    /// Requests sent of its jobs in this drain.
    pub requests: u64,
    /// What they cost.
    pub spent: MicroUsd,
    /// Requests that looked names up for its jobs, and what they cost.
    pub looked_up: (u64, MicroUsd),
    /// When its next request could leave, where that is known and something is left.
    pub next_slot_at: Option<Wall>,
    /// What is wrong with keep lists, so that rows of its jobs were not sent.
    pub withheld: Vec<String>,
}
