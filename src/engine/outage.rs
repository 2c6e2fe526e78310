//! An outage: an endpoint that gives an account no good answer (5xx, no answer, answers that cannot be read). Pure.
//!
//! In: failed requests of one account and action in the order in which their answers come, and the task of each. Out: whether a failed
//! try counts against its task, and when the next request may leave. What does not belong here: what an answer means (`platform`), how
//! long pauses are (`clock::Backoff::ENDPOINT`), sending.
//!
//! The law: while nobody is served, nothing counts, so an outage fails no task. A failed try counts where the fault can only be the
//! task's: somebody was served after it failed before; or it has failed so before, and so has every task that fails now, and has for an hour.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use crate::domain::{LaneId, Moment, TaskId, Tick, Wall};

/// So many failed requests in a row, and the endpoint pauses. Fewer are chance, and cost the others no time.
pub(super) const FAILURES_TO_PAUSE: u32 = 3;
/// A run without a deadline waits so long for a good answer, and no longer.
pub(super) const GIVE_UP_AFTER: Duration = Duration::from_secs(86_400);

/// An outage can meet only tasks that failed before while others were served: few last longer.
pub(super) const KNOWN_COUNT_AFTER: Duration = Duration::from_secs(3_600);

/// What an endpoint's other answers say about a task that has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Evidence {
    /// Somebody was served after the task's last failed try.
    pub(super) served_since: bool,
    /// Every task that fails now has failed before while others were served, and this has lasted for longer than most outages.
    pub(super) only_known_fail: bool,
    /// So many requests in a row have failed that the endpoint pauses.
    pub(super) is_outage: bool,
}

impl Evidence {
    /// Of an endpoint that works, or has not been asked yet in this run.
    pub(super) fn of_no_outage(served: bool) -> Evidence {
        Evidence { served_since: served, only_known_fail: true, is_outage: false }
    }
}

/// A failed request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure {
    pub(super) task: TaskId,
    /// Failed tries that count against the task, this one judged.
    pub(super) counted: u32,
    pub(super) reserved: Tick,
    pub(super) ended: Moment,
}

/// A task that failed: it is asked for again when somebody has been served, or nobody else is left to ask for. So one that always
/// fails holds nobody up, and what the others come to says whose fault it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct TaskAside {
    pub(super) task: TaskId,
    pub(super) lane: LaneId,
    pub(super) not_before: Tick,
}

/// Whether a request may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// As many as one likes.
    All,
    /// One, to see whether the outage is over.
    Probe,
    /// None before.
    NotBefore(Tick),
    /// None before the answer to the one that has left.
    AfterProbe,
}

/// Failed requests in a row.
#[derive(Clone, Debug)]
pub(super) struct Outage {
    pub(super) since: Wall,
    /// Since when this run has waited for a good answer.
    waiting_from: Tick,
    pub(super) failures: u32,
    pub(super) pauses: u32,
    pub(super) until: Tick,
    pub(super) newcomers: bool,
    probe_out: bool,
    failing: HashSet<TaskId>,
    aside: VecDeque<TaskAside>,
    /// What the last of them came to.
    pub(super) detail: String,
    /// Whether people have been told.
    pub(super) told: bool,
}

impl Outage {
    /// One that begins with a request that failed at `now`.
    pub(super) fn begins(now: Moment) -> Outage {
        Outage {
            since: now.wall,
            waiting_from: now.tick,
            failures: 0,
            pauses: 0,
            until: Tick(i64::MIN),
            newcomers: false,
            probe_out: false,
            failing: HashSet::new(),
            aside: VecDeque::new(),
            detail: String::new(),
            told: false,
        }
    }

    /// What it says about a task that fails `now`. `served`: somebody has been served in this run, which was before it began.
    pub(super) fn evidence(&self, task: TaskId, served: bool, now: Moment) -> Evidence {
        Evidence {
            served_since: served && !self.failing.contains(&task),
            only_known_fail: !self.newcomers && self.lasts(now) >= KNOWN_COUNT_AFTER,
            is_outage: self.is_pausing(),
        }
    }

    /// For how long it lasts, by the clock and as far as this run knows itself: one of them may be less, where a clock was set or a run began.
    fn lasts(&self, now: Moment) -> Duration {
        now.tick.since(self.waiting_from).max(self.since.age(now.wall).unwrap_or_default())
    }

    /// Another request has failed. `pause` says how long a pause is, by its number. True: a pause begins.
    pub(super) fn fail(&mut self, failure: Failure, pause: impl FnOnce(u32) -> Duration) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.newcomers |= failure.counted < 2;
        self.failing.insert(failure.task);
        // What had left before the pause began says nothing about its end.
        if failure.reserved < self.until {
            return false;
        }
        self.probe_out = false;
        if !self.is_pausing() {
            return false;
        }
        self.pauses = self.pauses.saturating_add(1);
        self.until = failure.ended.tick.after(pause(self.pauses));
        true
    }

    /// A request came back unsent, or with an answer that says nothing of the outage: a refusal, a limit. Another may find out.
    pub(super) fn inconclusive(&mut self, reserved: Tick) {
        self.probe_out &= reserved < self.until;
    }

    pub(super) fn is_pausing(&self) -> bool {
        self.failures >= FAILURES_TO_PAUSE
    }

    pub(super) fn admission(&self, now: Tick) -> Admission {
        match () {
            () if !self.is_pausing() => Admission::All,
            () if self.probe_out => Admission::AfterProbe,
            () if now < self.until => Admission::NotBefore(self.until),
            () => Admission::Probe,
        }
    }

    /// A request leaves.
    pub(super) fn sent(&mut self) {
        self.probe_out = self.is_pausing();
    }

    /// Whether this run has waited long enough.
    pub(super) fn is_hopeless(&self, now: Tick) -> bool {
        now.since(self.waiting_from) >= GIVE_UP_AFTER
    }

    /// A task stands aside behind the others that do.
    pub(super) fn put_aside(&mut self, task: TaskAside) {
        self.aside.push_back(task);
    }

    pub(super) fn has_tasks_aside(&self) -> bool {
        !self.aside.is_empty()
    }

    /// The lanes of those who stand aside.
    pub(super) fn lanes_aside(&self) -> impl Iterator<Item = LaneId> {
        self.aside.iter().map(|aside| aside.lane)
    }

    /// Who has stood aside the longest may be asked for again, where nobody else is left to ask for; or when that can be.
    pub(super) fn next_aside(&mut self, now: Tick) -> Result<TaskAside, Option<Tick>> {
        let first = self.aside.front().ok_or(None)?;
        match self.admission(now) {
            Admission::AfterProbe => Err(None),
            Admission::NotBefore(until) => Err(Some(until.max(first.not_before))),
            Admission::All | Admission::Probe if now < first.not_before => Err(Some(first.not_before)),
            Admission::All | Admission::Probe => self.aside.pop_front().ok_or(None),
        }
    }

    /// Everybody who stands aside.
    pub(super) fn take_aside(&mut self) -> VecDeque<TaskAside> {
        std::mem::take(&mut self.aside)
    }

    /// One on record, in a run that begins at `now`: people begin a run when they think it is over, so that it is tried soon.
    pub(super) fn restored(record: Restored, now: Moment) -> Outage {
        let until = record.until.min(now.tick.after(LONGEST_PAUSE_AT_A_START));
        let Restored { since, failures, pauses, newcomers, detail, .. } = record;
        Outage { since, failures, pauses, newcomers, until, detail, ..Outage::begins(now) }
    }
}

/// The longest a run waits at its start for the end of a pause that began before it.
const LONGEST_PAUSE_AT_A_START: Duration = Duration::from_secs(60);

/// An outage on record.
#[derive(Clone, Debug)]
pub(super) struct Restored {
    pub(super) since: Wall,
    pub(super) failures: u32,
    pub(super) pauses: u32,
    pub(super) newcomers: bool,
    /// On this boot's ticks.
    pub(super) until: Tick,
    pub(super) detail: String,
}

#[cfg(test)]
#[path = "outage_law.rs"]
mod law;
