//! What people tell the model's jobs, what lists say of them, and jobs that are forgotten.

use cleanup::domain::{AttemptId, CrashCount, Outcome, RoundId, Target, TaskState, Transition, Wall};
use cleanup::store::{Forgotten, Taken, VerdictCounts, VerifyResult};

use super::lie::Lie;
use super::model::{LaneKey, Model, ModelVerdict};

impl Model {
    fn tasks_of(&self, job: usize) -> Vec<usize> {
        self.newest(job).map(|round| round.tasks.clone()).unwrap_or_default()
    }

    pub(super) fn cancel(&mut self, job: usize, now: Wall) -> u64 {
        let mut cancelled = 0;
        for task in self.tasks_of(job) {
            if Transition::Cancel.from().contains(&self.tasks[task].state) {
                self.make(task, Transition::Cancel, now);
                self.tasks[task].reason = Some("job_cancelled".to_owned());
                cancelled += 1;
            }
        }
        cancelled
    }

    /// Failed tasks are in line again as if they were new: all, those of a reason, or one. Not those whose rows are in no file any more.
    pub(super) fn retry(&mut self, job: usize, which: impl Fn(usize, Option<&str>) -> bool, now: Wall) -> u64 {
        self.again(job, Transition::Retry, |model, task| which(task, model.tasks[task].reason.as_deref()), now)
    }

    /// Done tasks that a list has again are in line again.
    pub(super) fn reopen(&mut self, job: usize, now: Wall) -> u64 {
        let came_back = |verdict: ModelVerdict| verdict.verdict == VerifyResult::CameBack;
        self.again(job, Transition::Reopen, |model, task| model.verdict(task).is_some_and(came_back), now)
    }

    fn again(&mut self, job: usize, by: Transition, which: impl Fn(&Model, usize) -> bool, now: Wall) -> u64 {
        let mut tasks = self.tasks_of(job);
        let is_in_file = |task: &usize| !self.tasks[*task].vanished;
        tasks.retain(|task| by.from().contains(&self.tasks[*task].state) && is_in_file(task) && which(self, *task));
        for task in &tasks {
            self.make(*task, by, now);
            let of = &mut self.tasks[*task];
            (of.reason, of.http_status, of.transient_failures) = (None, None, 0);
            (of.crashes, of.asked_last) = (CrashCount::default(), false);
        }
        tasks.len() as u64
    }

    /// A later reader cannot use these rows.
    pub(super) fn reject(&mut self, tasks: &[usize], reason: &str, now: Wall) {
        for task in tasks {
            use TaskState::{Failed, Pending, Provisional, Sending, Waiting};
            match self.tasks[*task].state {
                Pending | Waiting | Provisional | Failed => {
                    self.make(*task, Transition::Reject, now);
                    self.tasks[*task].reason = Some(reason.to_owned());
                }
                Sending => self.tasks[*task].withheld = Some((Transition::Reject, reason.to_owned())),
                _ => {}
            }
        }
    }

    /// Ticks of a new worklist, each task at most once.
    pub(super) fn tick(&mut self, tasks: &[usize], now: Wall) -> Taken {
        let mut taken = Taken::default();
        for task in tasks {
            let is_ghost = self.verdict(*task).is_some_and(|verdict| verdict.verdict == VerifyResult::Ghost);
            match self.tasks[*task].state {
                TaskState::Sending => taken.sending += 1,
                TaskState::Done if is_ghost => {
                    taken.ghosts += 1;
                    let of = &mut self.tasks[*task];
                    (of.reason, of.finished_at, of.verdict) = (Some("by_hand".to_owned()), Some(now), None);
                }
                TaskState::Done => taken.already += 1,
                state if Transition::FinishByHand.from().contains(&state) => {
                    taken.done += 1;
                    self.make(*task, Transition::FinishByHand, now);
                    (self.tasks[*task].reason, self.tasks[*task].verdict) = (Some("by_hand".to_owned()), None);
                }
                _ => taken.settled_otherwise += 1,
            }
        }
        taken
    }

    /// A list of an account was read: it has these, and of the rest it says that they are off where it is whole.
    pub(super) fn look(&mut self, job: usize, lane: LaneKey, listed: &[Target], is_whole: bool, read_at: Wall) {
        let Some(round) = self.newest(job).cloned() else { return };
        for task in round.tasks {
            let of = &self.tasks[task];
            let Some(done_at) = of.finished_at.filter(|at| of.state == TaskState::Done && *at < read_at) else {
                continue;
            };
            let (is_listed, old) = (listed.contains(&of.target), self.verdict(task));
            if of.lane != lane || !(is_listed || is_whole) || self.is_restored(task) {
                continue;
            }
            let was_off = old.and_then(|old| old.off_at);
            let verdict = match (is_listed, was_off) {
                (false, _) => VerifyResult::Confirmed,
                (true, Some(_)) => VerifyResult::CameBack,
                (true, None) => VerifyResult::Ghost,
            };
            let off_at = if is_listed { was_off } else { was_off.or(Some(read_at)) };
            self.tasks[task].verdict = Some(ModelVerdict { of: done_at, verdict, read_at, off_at });
        }
    }

    pub(super) fn verdicts(&self, job: usize) -> VerdictCounts {
        let mut counts = VerdictCounts::default();
        let Some(round) = self.newest(job) else { return counts };
        for task in round.tasks.iter().filter(|task| self.tasks[**task].state == TaskState::Done) {
            let verdict = self.verdict(*task).map(|verdict| verdict.verdict);
            *match (self.is_restored(*task), verdict) {
                (true, _) | (_, Some(VerifyResult::Restored)) => &mut counts.restored,
                (_, Some(VerifyResult::Confirmed)) => &mut counts.confirmed,
                (_, Some(VerifyResult::CameBack)) => &mut counts.came_back,
                (_, Some(VerifyResult::Ghost)) => &mut counts.ghosts,
                (_, None) => &mut counts.undecided,
            } += 1;
        }
        counts
    }

    /// Drops a job; requests that were reserved at `keep_from` or later stay, and those whose end nobody has seen.
    pub(super) fn forget(&mut self, job: usize, keep_from: Wall) -> Forgotten {
        let Some(gone) = self.jobs[job].take() else { return Forgotten::default() };
        let tasks: Vec<usize> = gone.rounds.iter().flat_map(|round| round.tasks.clone()).collect();
        let sent: Vec<AttemptId> = tasks.iter().flat_map(|task| self.tasks[*task].attempts.clone()).collect();
        let all = self.attempts.len();
        let forgets_all = self.lies(Lie::SlotsAreForgotten);
        self.attempts.retain(|attempt| {
            let stays = attempt.reserved.wall >= keep_from || attempt.ended_at.is_none();
            !sent.contains(&attempt.id) || stays && !forgets_all
        });
        let attempts = (all - self.attempts.len()) as u64;
        for job in self.jobs.iter_mut().flatten() {
            if job.restores.is_some_and(|round| gone.rounds.iter().any(|of| of.id == round)) {
                job.restores = Some(RoundId(0));
            }
        }
        let (tasks, attempts_kept) = (tasks.len() as u64, sent.len() as u64 - attempts);
        Forgotten { tasks, attempts, attempts_kept, stays_in_log: false }
    }

    /// Nothing of a job is pending, in any of its rounds.
    pub(super) fn is_settled(&self, job: usize) -> bool {
        let Some(job) = &self.jobs[job] else { return false };
        job.rounds
            .iter()
            .flat_map(|round| &round.tasks)
            .all(|task| self.tasks[*task].state.outcome() != Outcome::Pending)
    }
}
