//! What happened, told after it was saved. Whoever shows or counts things listens; the engine does not know them.

use std::time::Duration;

use super::finish::GroupEnd;
use crate::domain::{AccountId, Action, MicroUsd, Outcome, Reason, RoundId, Target, TargetName, Wall, WindowSpec};

/// Something that happened. Every number in it has been committed.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// The drain has begun.
    Started {
        /// Tasks that were being sent when the process before died: they are sent again after all others of their lanes.
        recovered: u64,
        /// Tasks that failed because each was the only request in flight at three deaths of the process in a row.
        crashed: u64,
    },
    /// The queue's server cannot be reached, or others have taken over what this drain had: nothing is sent until it goes on.
    QueueAway {
        /// What has happened, for people.
        why: String,
    },
    /// The queue is there again, and the drain goes on.
    QueueBack,
    /// This drain has got accounts, or has given some back, where others work on the same queue.
    Shared {
        /// How many it has got.
        gained: usize,
        /// How many it has given back.
        given: usize,
    },
    /// Rows that an older version of the program had queued cannot be used by this one: they are rejected and were not sent.
    HeldBack {
        /// Their job.
        job: String,
        /// Why, in one word.
        reason: String,
        /// How many.
        tasks: u64,
    },
    /// What was sent last is not on record: the write-ahead log of the queue's file is gone.
    LogLost {
        /// No, the queue was restored from a snapshot.
        was_restored: bool,
    },
    /// Nothing more is sent of a job, because its keep list cannot be read.
    Withheld {
        /// Which list, and what happened.
        why: String,
    },
    /// A turn is on disk.
    Committed {
        /// How long its transaction took, by the monotonic clock.
        took: Duration,
    },
    /// A request has ended, and its end is saved.
    Answered {
        /// Whose.
        account: AccountId,
        /// What the answer meant, in one word of a fixed few: `done`, `gone`, `refused`, `limited`, `unanswered` and so on.
        finding: &'static str,
    },
    /// A row has its outcome.
    Settled {
        /// Its round.
        round: RoundId,
        /// Its account.
        account: AccountId,
        /// What was done.
        action: Action,
        /// To whom.
        target: Target,
        /// What became of it.
        outcome: Outcome,
        /// Why.
        reason: Option<Reason>,
    },
    /// A row goes back in line, or stands aside for a while; it is not settled.
    PutBack {
        /// Its account.
        account: AccountId,
        /// Its target.
        target: Target,
        /// Why.
        reason: Reason,
        /// How long it stands aside; none: it is next again.
        wait: Option<Duration>,
    },
    /// Refusals that nobody had been blamed for have turned out to be their rows' fault: these rows have an outcome.
    Decided {
        /// Which: failed, gone, or done by an earlier attempt.
        outcome: Outcome,
        /// How many.
        tasks: u64,
    },
    /// The platform asked an account to wait.
    Held {
        /// Whose hold.
        account: AccountId,
        /// Why: `rate_limit`, `hidden_cap`, `usage_cap`, `spend_cap`.
        reason: &'static str,
        /// Until when.
        until: Wall,
    },
    /// An account needs a person; nothing more is sent in this run for it, or for the one action that the detail names.
    AccountStopped {
        /// Whose.
        account: AccountId,
        /// Why, in one word.
        reason: Reason,
        /// What the platform said.
        detail: String,
    },
    /// Nobody answers; the run goes on trying until its patience ends.
    Unreachable {
        /// For how long there has been no answer.
        since: Duration,
        /// What went wrong last.
        detail: String,
    },
    /// An endpoint gives an account no good answer; it is asked again and again, with pauses that grow.
    Outage {
        /// Whose requests fail.
        account: AccountId,
        /// Which.
        action: Action,
        /// Since when.
        since: Wall,
        /// When it is asked again.
        next_at: Wall,
        /// What the last request came to.
        detail: String,
    },
    /// The endpoint serves the account again.
    OutageEnded {
        /// Whose requests.
        account: AccountId,
        /// Which.
        action: Action,
        /// Since when it had not.
        since: Wall,
    },
    /// It is looked up what names mean under which rows stand in line.
    NamesSought {
        /// Who asks.
        account: AccountId,
        /// What is to be done to whom they mean.
        action: Action,
    },
    /// They have been looked up, or some of them.
    NamesFound {
        /// Who asked.
        account: AccountId,
        /// What is to be done to whom they mean.
        action: Action,
        /// Rows whose names mean somebody.
        found: u64,
        /// Rows that were settled by what their names came to.
        settled: u64,
        /// Names on keep lists of which it is known now what they mean.
        kept: u64,
        /// Requests sent.
        requests: u64,
        /// What they cost.
        spent: MicroUsd,
    },
    /// Names on keep lists that mean nobody who could be told, each with the reason: they spare nobody by an ID.
    KeptNobody {
        /// Who asked.
        account: AccountId,
        /// Which, and why.
        names: Vec<(TargetName, String)>,
    },
    /// No more names can be looked up for now.
    NamesWait {
        /// Whose.
        account: AccountId,
        /// What is to be done to whom they mean.
        action: Action,
        /// Until when.
        until: Wall,
        /// Why, for people.
        why: String,
    },
    /// Records of an account's own are read, to find what the rows of an action delete.
    RecordsSought {
        /// Whose.
        account: AccountId,
        /// What is done with them.
        action: Action,
    },
    /// They have been read.
    RecordsFound {
        /// Whose.
        account: AccountId,
        /// What is done with them.
        action: Action,
        /// How many records the account has, whether a row names them or not.
        entries: u64,
    },
    /// Who reads them waits.
    RecordsWait {
        /// Whose.
        account: AccountId,
        /// What is done with them.
        action: Action,
        /// Until when.
        until: Wall,
        /// Why, for people.
        why: String,
    },
    /// A group of jobs with terms of its own has ended, and nothing of it is out any more; others go on.
    GroupEnded(GroupEnd),
    /// Where things stand; told after each turn.
    Progress(Progress),
}

/// Where a drain stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// Requests of this run.
    pub requests: u64,
    /// What they cost: successful requests are what is billed.
    pub spent: MicroUsd,
    /// Requests of each group with terms of its own, and what they cost.
    pub groups: Vec<(u64, MicroUsd)>,
    /// Requests in flight.
    pub in_flight: usize,
    /// Tasks that are claimed and not settled: those in flight, and those that stand ready to leave.
    pub claimed: usize,
    /// When the next request can leave; none: now, or nothing is left to send.
    pub next_slot_at: Option<Wall>,
    /// The windows of the account that worked last.
    pub windows: Vec<WindowLevel>,
}

/// How full a window is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowLevel {
    /// The window.
    pub spec: WindowSpec,
    /// Slots that count now.
    pub used: u32,
}

/// Who wants to hear of events. Called between turns, so it must not take long.
pub trait Listener: Send {
    /// Something happened.
    fn hear(&mut self, event: &Event);
}

impl<L: Listener + ?Sized> Listener for Box<L> {
    fn hear(&mut self, event: &Event) {
        (**self).hear(event);
    }
}
