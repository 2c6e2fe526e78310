//! The model's drains: what a start finds, what a turn writes, what a death leaves.

use std::collections::BTreeSet;

use cleanup::domain::{
    AccountId, AttemptId, CRASHED, CrashCount, Death, Moment, Outcome, TaskId, TaskState, Tick, Transition,
    UNKNOWN_AFTER_CRASH, Wall,
};
use cleanup::store::{Claimed, JobState, Settled};

use super::lie::Lie;
use super::model::{LaneKey, Model, ModelDrain};
use super::model_load::VANISHED;

/// What a start finds, of tasks by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) recovered: u64,
    pub(super) crashed: u64,
    /// Whether each is sent alone.
    pub(super) undecided: Vec<(TaskId, bool)>,
    pub(super) provisional: Vec<(TaskId, Option<String>, bool)>,
    pub(super) aside: Vec<TaskId>,
    pub(super) asked_last: Vec<TaskId>,
    pub(super) taken_over: Tick,
}

/// A task that moves without a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved {
    pub(super) task: usize,
    pub(super) from: TaskState,
    pub(super) by: Transition,
}

impl Model {
    /// The next drain begins. In a file it finds everything, on a server what it finds of accounts comes when it takes them.
    pub(super) fn begin(&mut self, boot: usize, now: Moment, deadline_ms: i64) -> Found {
        self.drains.push(ModelDrain { boot, started: now, answered: false, has_ended: false, clock_checked: false });
        let mut found = self.bury(boot, now, deadline_ms);
        self.held.clear();
        let taken = if self.is_shared { BTreeSet::new() } else { self.all_accounts() };
        self.take(taken, boot, now, &mut found);
        found
    }

    /// The newest drain ends. On a server what it has in flight stands aside at once, in a file when the next one begins.
    pub(super) fn end(&mut self, boot: usize, now: Moment, deadline_ms: i64) {
        self.drains.last_mut().unwrap().has_ended = true;
        if self.is_shared {
            self.bury(boot, now, deadline_ms);
        }
    }

    /// The newest drain looks who has what: nobody else is there, so it takes every account that has something to send.
    pub(super) fn share(&mut self, boot: usize, now: Moment) -> (BTreeSet<AccountId>, Found) {
        let active = self.jobs.iter().flatten().filter(|job| job.state == JobState::Active);
        let tasks = active.filter_map(|job| job.rounds.last()).flat_map(|round| &round.tasks);
        let with_work = tasks.filter(|task| self.is_pending(**task)).map(|task| self.tasks[*task].lane.1);
        let gained: BTreeSet<AccountId> = with_work.filter(|account| !self.held.contains(account)).collect();
        let mut found = Found::default();
        self.take(gained.clone(), boot, now, &mut found);
        (gained, found)
    }

    /// Whether the newest drain works on an account.
    pub(super) fn has(&self, account: AccountId) -> bool {
        !self.is_shared || self.held.contains(&account)
    }

    fn all_accounts(&self) -> BTreeSet<AccountId> {
        self.live().into_iter().map(|task| self.tasks[task].lane.1).collect()
    }

    /// What was in flight with drains that are over stands aside.
    fn bury(&mut self, boot: usize, now: Moment, deadline_ms: i64) -> Found {
        let in_flight: Vec<usize> =
            self.live().into_iter().filter(|task| self.tasks[*task].state == TaskState::Sending).collect();
        let mut found = Found::default();
        for task in &in_flight {
            let drain = &self.drains[self.attempt(*self.tasks[*task].attempts.last().unwrap()).drain];
            let alone = in_flight.len() == 1 || self.lies(Lie::EveryDeathCounts);
            let same_boot = drain.boot == boot && !drain.has_ended || self.lies(Lie::EveryDeathCounts);
            let death = Death { same_boot, answered: drain.answered || self.lies(Lie::EveryDeathCounts), alone };
            let crashes = self.tasks[*task].crashes.after(death);
            let has_failed = crashes.has_failed();
            self.make(*task, if has_failed { Transition::Fail } else { Transition::Postpone }, now.wall);
            let of = &mut self.tasks[*task];
            of.reason = Some(if has_failed { CRASHED } else { UNKNOWN_AFTER_CRASH }.to_owned());
            (of.crashes, of.maybe_applied, of.asked_last) = (crashes, true, false);
            if has_failed {
                found.crashed += 1;
            } else if !self.withdraw_unwanted(*task, now.wall) {
                found.recovered += 1;
            }
        }
        self.close_attempts(boot, now, deadline_ms);
        found
    }

    fn take(&mut self, accounts: BTreeSet<AccountId>, boot: usize, now: Moment, found: &mut Found) {
        self.wake(&accounts, now.wall);
        self.list_aside(&accounts, found);
        let first = self.drains.iter().find(|drain| drain.boot == boot);
        found.taken_over = first.map(|drain| drain.started.tick).unwrap();
        self.held.extend(accounts);
    }

    /// Requests of whoever died are over now, but for those of another boot: of them nobody can say so.
    fn close_attempts(&mut self, boot: usize, now: Moment, deadline_ms: i64) {
        let ends_in_time = self.lies(Lie::DeathsEndInTime);
        let boots: Vec<usize> = self.drains.iter().map(|drain| drain.boot).collect();
        for attempt in self.attempts.iter_mut().filter(|attempt| attempt.ended_at.is_none()) {
            (attempt.finding, attempt.reason) = (Some("crashed".into()), Some("process_died".into()));
            if boots[attempt.drain] == boot {
                let grace = (attempt.counted_until.0 - attempt.reserved.tick.0 - deadline_ms).max(0);
                attempt.ended_at = Some(now.wall);
                if !ends_in_time {
                    attempt.counted_until = attempt.counted_until.max(Tick(now.tick.0 + grace));
                }
            }
        }
    }

    /// What waits for nothing but its backoff is in line again.
    fn wake(&mut self, accounts: &BTreeSet<AccountId>, now: Wall) {
        for task in self.live() {
            let of = &self.tasks[task];
            let is_in_outage = self.outages.contains_key(&(of.lane.1, of.lane.0));
            let waits = accounts.contains(&of.lane.1)
                && of.state == TaskState::Waiting
                && of.crashes == CrashCount::default()
                && !of.asked_last
                && of.reason.as_deref() != Some(UNKNOWN_AFTER_CRASH);
            if waits && !is_in_outage {
                self.make(task, Transition::Wake, now);
            }
        }
    }

    fn list_aside(&self, accounts: &BTreeSet<AccountId>, found: &mut Found) {
        let mut tasks: Vec<_> = self.live().into_iter().map(|task| &self.tasks[task]).collect();
        tasks.retain(|task| accounts.contains(&task.lane.1));
        let provisional = tasks.iter().filter(|task| task.state == TaskState::Provisional);
        found.provisional =
            provisional.map(|task| (task.id.unwrap(), task.reason.clone(), task.maybe_applied)).collect();
        tasks.sort_by_key(|task| task.attempts.last().copied());
        for task in tasks.into_iter().filter(|task| task.state == TaskState::Waiting) {
            let id = task.id.unwrap();
            let is_undecided =
                task.crashes != CrashCount::default() || task.reason.as_deref() == Some(UNKNOWN_AFTER_CRASH);
            if is_undecided {
                found.undecided.push((id, task.crashes.is_sent_alone()));
            }
            if task.asked_last {
                found.asked_last.push(id);
            }
            if !is_undecided && !task.asked_last {
                found.aside.push(id);
            }
        }
    }

    /// What the newest drain has in flight.
    pub(super) fn in_flight(&self) -> Vec<usize> {
        self.live().into_iter().filter(|task| self.tasks[*task].state == TaskState::Sending).collect()
    }

    /// The transition by which an answer ends a request.
    pub(super) fn transition_to(state: TaskState) -> Transition {
        match state {
            TaskState::Done => Transition::Succeed,
            TaskState::Gone => Transition::FindGone,
            TaskState::Failed => Transition::Fail,
            TaskState::Pending => Transition::Release,
            TaskState::Waiting => Transition::Postpone,
            _ => Transition::MarkAmbiguous,
        }
    }

    pub(super) fn settle(&mut self, task: usize, by: &Settled) {
        self.make(task, Model::transition_to(by.state), by.ended_at);
        let of = &mut self.tasks[task];
        of.reason = by.reason.as_ref().map(|reason| reason.to_string());
        (of.http_status, of.transient_failures, of.maybe_applied) =
            (by.http_status, by.transient_failures, by.maybe_applied);
        if by.http_status.is_some() {
            of.crashes = CrashCount::default();
        }
        let (reason, attempt) = (of.reason.clone(), self.attempt_mut(by.attempt));
        (attempt.counted_until, attempt.ended_at, attempt.http_status) =
            (by.counted_until, Some(by.ended_at), by.http_status);
        (attempt.finding, attempt.reason, attempt.detail) =
            (Some(by.finding.to_owned()), reason, Some(by.detail.clone()));
        if self.is_pending(task) {
            self.withdraw_unwanted(task, by.ended_at);
        }
    }

    /// What has come back unsettled is cancelled where nobody wants it any more: whether it is.
    fn withdraw_unwanted(&mut self, task: usize, now: Wall) -> bool {
        let of = &self.tasks[task];
        let (by, reason) = match (of.vanished, of.withheld.clone(), self.round_of(task).0.state) {
            (true, ..) => (Transition::Cancel, VANISHED.to_owned()),
            (false, Some(_), _) if self.lies(Lie::WithheldIsTriedAgain) => return false,
            (false, Some(withheld), _) => withheld,
            (false, None, JobState::Cancelled) => (Transition::Cancel, "job_cancelled".to_owned()),
            _ => return false,
        };
        if self.lies(Lie::WithdrawnIsTriedAgain) {
            return false;
        }
        self.make(task, by, now);
        self.tasks[task].reason = Some(reason);
        true
    }

    /// A task moves if it is where whoever moves it thinks.
    pub(super) fn move_task(&mut self, moved: Moved, reason: Option<&str>, now: Wall) {
        let Moved { task, from, by } = moved;
        let is_late = self.tasks[task].state != from;
        if is_late && !(self.lies(Lie::LateMovesMove) && by.from().contains(&self.tasks[task].state)) {
            return;
        }
        self.make(task, by, now);
        let of = &mut self.tasks[task];
        of.reason = reason.map(str::to_owned).or_else(|| of.reason.take());
        of.asked_last |= of.state == TaskState::Waiting;
    }

    /// Tasks in line in a lane of a round, up to one of them, in the order of the file.
    pub(super) fn in_line(&self, tasks: &[usize], lane: LaneKey, up_to: TaskId) -> Vec<usize> {
        let is_in_line = |task: &usize| {
            let of = &self.tasks[*task];
            of.state == TaskState::Pending && of.lane == lane && of.id.is_some_and(|id| id <= up_to)
        };
        let mut found: Vec<usize> = tasks.iter().copied().filter(is_in_line).collect();
        found.sort_by_key(|task| self.tasks[*task].id);
        found
    }

    /// A slot is on disk for a task.
    pub(super) fn claim(&mut self, task: usize, attempt: AttemptId, counted_until: Tick, now: Moment) {
        self.make(task, Transition::Claim, now.wall);
        self.tasks[task].attempts.push(attempt);
        self.tasks[task].withheld = None;
        let (lane, drain) = (self.tasks[task].lane, self.drains.len() - 1);
        let (ended_at, http_status, finding, reason, detail) = (None, None, None, None, None);
        self.attempts.push(super::model::ModelAttempt {
            id: attempt,
            lane,
            drain,
            reserved: now,
            counted_until,
            ended_at,
            http_status,
            finding,
            reason,
            detail,
        });
        self.attempts.sort_by_key(|attempt| attempt.id);
    }

    /// How a claim tells a task.
    pub(super) fn claimed(&self, task: usize, claimed: &Claimed) -> Claimed {
        let of = &self.tasks[task];
        Claimed {
            task: of.id.unwrap(),
            target: of.target.clone(),
            attempts: of.attempts.len() as u32 + 1,
            transient_failures: of.transient_failures,
            maybe_applied: of.maybe_applied,
            ..claimed.clone()
        }
    }

    /// Tasks that are not settled.
    pub(super) fn is_pending(&self, task: usize) -> bool {
        self.tasks[task].state.outcome() == Outcome::Pending
    }
}
