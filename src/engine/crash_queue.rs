//! Tasks that were in flight when a process died: they are sent after everything else of their lane, and those that were in flight at two
//! deaths are sent alone.
//!
//! In: what a drain found on record, and what becomes of those tasks. Out: which of them are next, and whether the wire has to be empty
//! for one. What does not belong here: who is to blame ([`crate::domain::CrashCount`]), and claiming (`claiming`).

use std::collections::{HashMap, HashSet, VecDeque};

use crate::domain::{AttemptId, LaneId, TaskId};
use crate::store::CrashedTask;

/// The tasks of a drain whose outcome a crash has left open.
#[derive(Debug, Default)]
pub(super) struct CrashQueue {
    lanes: HashMap<LaneId, Parked>,
    /// Those of them that have no answer yet, wherever they are.
    undecided: HashSet<TaskId>,
    /// ... and must have no company.
    sent_alone: HashSet<TaskId>,
    quiet: Quiet,
}

/// Those that stand aside in one lane.
#[derive(Debug, Default)]
struct Parked {
    together: Vec<TaskId>,
    alone: VecDeque<TaskId>,
}

/// Whether everything else keeps off the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Quiet {
    /// Nobody has to be sent alone now.
    #[default]
    No,
    /// This account's task is next, as soon as what is out has come back.
    Clearing(usize),
    /// A task is claimed alone in the turn that is being planned.
    Planned,
    /// It is out.
    Out(AttemptId),
}

impl CrashQueue {
    /// The tasks that a drain found, those that were in flight last behind the others.
    pub(super) fn of(tasks: &[CrashedTask]) -> CrashQueue {
        let mut queue = CrashQueue::default();
        queue.add(tasks);
        queue
    }

    /// The same of tasks that a drain has found later.
    pub(super) fn add(&mut self, tasks: &[CrashedTask]) {
        for crashed in tasks {
            self.undecided.insert(crashed.task);
            if crashed.alone {
                self.sent_alone.insert(crashed.task);
                self.put_back(crashed.lane, crashed.task);
            } else {
                self.lanes.entry(crashed.lane).or_default().together.push(crashed.task);
            }
        }
    }

    /// Another drain works on these lanes.
    pub(super) fn forget(&mut self, lanes: &HashSet<LaneId>) {
        let gone: Vec<Parked> =
            self.lanes.extract_if(|lane, _| lanes.contains(lane)).map(|(_, parked)| parked).collect();
        gone.into_iter()
            .flat_map(|parked| parked.together.into_iter().chain(parked.alone))
            .for_each(|task| self.decide(task));
    }

    /// Whether nobody stands aside.
    pub(super) fn is_empty(&self) -> bool {
        self.lanes.is_empty()
    }

    /// Lanes in which somebody stands aside.
    pub(super) fn lanes(&self) -> Vec<LaneId> {
        self.lanes.keys().copied().collect()
    }

    /// Whether somebody stands aside in a lane.
    pub(super) fn waits_in(&self, lane: LaneId) -> bool {
        self.lanes.contains_key(&lane)
    }

    /// Nothing else of the lane is left: those that may have company get in line.
    pub(super) fn wake(&mut self, lane: LaneId) -> Vec<TaskId> {
        let Some(parked) = self.lanes.get_mut(&lane) else { return Vec::new() };
        let woken = std::mem::take(&mut parked.together);
        self.tidy(lane);
        woken
    }

    /// The lane's next task that is sent alone; the turn that is being planned claims it.
    pub(super) fn take_alone(&mut self, lane: LaneId) -> Option<TaskId> {
        let task = self.lanes.get_mut(&lane)?.alone.pop_front()?;
        self.tidy(lane);
        self.quiet = Quiet::Planned;
        Some(task)
    }

    /// A task that must have no company stands aside again, behind the others of its lane.
    pub(super) fn put_back(&mut self, lane: LaneId, task: TaskId) {
        self.lanes.entry(lane).or_default().alone.push_back(task);
    }

    fn tidy(&mut self, lane: LaneId) {
        if self.lanes.get(&lane).is_some_and(|parked| parked.together.is_empty() && parked.alone.is_empty()) {
            self.lanes.remove(&lane);
        }
    }

    /// Whether a crash has left the task's outcome open.
    pub(super) fn is_undecided(&self, task: TaskId) -> bool {
        self.undecided.contains(&task)
    }

    /// Whether the task must have no company.
    pub(super) fn is_sent_alone(&self, task: TaskId) -> bool {
        self.sent_alone.contains(&task)
    }

    /// The task has an answer.
    pub(super) fn decide(&mut self, task: TaskId) {
        self.undecided.remove(&task);
        self.sent_alone.remove(&task);
    }

    /// A request of this account has to go alone, and others are out.
    pub(super) fn clear_for(&mut self, account: usize) {
        self.quiet = Quiet::Clearing(account);
    }

    /// Whether the turn that is being planned has claimed a task alone.
    pub(super) fn is_planned(&self) -> bool {
        self.quiet == Quiet::Planned
    }

    /// A turn is planned on an empty wire, or nobody needs one: the account for which it was emptied.
    pub(super) fn cleared_for(&mut self) -> Option<usize> {
        let Quiet::Clearing(account) = self.quiet else { return None };
        self.quiet = Quiet::No;
        Some(account)
    }

    /// The planned turn is on disk: the attempt that goes alone, if its task was still there.
    pub(super) fn left(&mut self, attempt: Option<AttemptId>) {
        if self.quiet == Quiet::Planned {
            self.quiet = attempt.map_or(Quiet::No, Quiet::Out);
        }
    }

    /// An attempt has ended.
    pub(super) fn ended(&mut self, attempt: AttemptId) {
        if self.quiet == Quiet::Out(attempt) {
            self.quiet = Quiet::No;
        }
    }

    /// Whether nobody may be claimed now, with so many requests in flight.
    pub(super) fn keeps_the_wire(&self, in_flight: usize) -> bool {
        match self.quiet {
            Quiet::No => false,
            Quiet::Clearing(_) => in_flight > 0,
            Quiet::Planned | Quiet::Out(_) => true,
        }
    }
}

#[cfg(test)]
#[path = "crash_queue_tests.rs"]
mod tests;
