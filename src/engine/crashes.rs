//! What a drain does for tasks that were in flight when a process died: they get in line once nothing else of their lane is left, alone
//! where they must, and their next answer decides what became of them.
//!
//! In: the [`CrashQueue`](super::crash_queue::CrashQueue). Out: moves and claims of a turn. What does not belong here: slots and budgets.

use super::dispatcher::{Dispatcher, InFlight};
use super::verdict::Verdict;
use crate::domain::{LaneId, Reason, TaskId, TaskState, Tick, Transition, UNKNOWN_AFTER_CRASH};
use crate::platform::Reply;
use crate::store::{Move, Turn};

impl Dispatcher {
    /// Where nothing else of a lane is left, those that may have company get in line.
    pub(super) fn wake_crashed(&mut self, turn: &mut Turn, now: Tick) {
        for id in self.roster.crashed.lanes() {
            let Some(lane) = self.roster.lanes.get_mut(&id).filter(|lane| !lane.pending) else { continue };
            let account = lane.account;
            if !self.roster.accounts[account].is_open() {
                continue;
            }
            let woken = self.roster.crashed.wake(id);
            lane.pending = !woken.is_empty();
            turn.moves.extend(woken.into_iter().map(in_line));
            if lane.pending {
                self.schedule(account, now.max(self.roster.accounts[account].rest_until));
            }
        }
    }

    /// The lane's next task that must have no company gets in line and is claimed in the same turn.
    pub(super) fn claim_alone(&mut self, lane: LaneId, turn: &mut Turn) -> Option<TaskId> {
        let task = self.roster.crashed.take_alone(lane)?;
        turn.moves.push(in_line(task));
        Some(task)
    }

    /// The account for which the wire was emptied comes first, and others that want it empty come last: between two requests that go
    /// alone everybody has a turn.
    pub(super) fn order_by_company(&self, due: &mut [usize], cleared_for: Option<usize>) {
        if self.roster.crashed.is_empty() {
            return;
        }
        due.sort_by_key(|account| (cleared_for != Some(*account), self.roster.goes_alone(*account), *account));
    }

    /// An answer decides what a crash left open. Without one the task stays undecided, and alone where it must be.
    pub(super) fn note_crashed_end(&mut self, flight: &InFlight, reply: &Reply, verdict: &mut Verdict) {
        let (task, crashed) = (flight.claimed.task, &mut self.roster.crashed);
        crashed.ended(flight.claimed.attempt);
        if reply.http_status.is_some() {
            crashed.decide(task);
        } else if crashed.is_undecided(task) && verdict.state() == TaskState::Pending {
            verdict.reason = Some(Reason::Borrowed(UNKNOWN_AFTER_CRASH));
            if crashed.is_sent_alone(task) {
                verdict.transition = Transition::Postpone;
            }
        }
    }

    /// Whether a task whose backoff has passed must have no company: then it stands behind its lane again.
    pub(super) fn park_crashed(&mut self, task: TaskId, lane: LaneId, now: Tick) -> bool {
        if !self.roster.crashed.is_sent_alone(task) {
            return false;
        }
        self.roster.crashed.put_back(lane, task);
        if let Some(account) = self.roster.lanes.get(&lane).map(|lane| lane.account) {
            self.schedule(account, now.max(self.roster.accounts[account].rest_until));
        }
        true
    }
}

fn in_line(task: TaskId) -> Move {
    Move { task, from: TaskState::Waiting, to: TaskState::Pending, reason: None }
}
