//! What a pass puts together: the writes of one turn of the queue, and the events that are told once it is on disk.

use super::event::Event;
use crate::domain::{Reason, TaskId, TaskState};
use crate::store::{Move, Turn};

/// A turn that is being put together.
#[derive(Debug, Default)]
pub(super) struct TurnDraft {
    /// What the queue is going to write.
    pub(super) writes: Turn,
    /// Rows that have an outcome: told first.
    settled: Vec<Event>,
    /// Everything else that happened.
    notices: Vec<Event>,
}

impl TurnDraft {
    /// A row has its outcome.
    pub(super) fn tell_settled(&mut self, event: Event) {
        self.settled.push(event);
    }

    /// Something else happened.
    pub(super) fn tell(&mut self, event: Event) {
        self.notices.push(event);
    }

    /// What is to be told, outcomes first.
    pub(super) fn take_events(&mut self) -> impl Iterator<Item = Event> + use<> {
        std::mem::take(&mut self.settled).into_iter().chain(std::mem::take(&mut self.notices))
    }

    /// A task changes its state without an answer of its own.
    pub(super) fn move_task(&mut self, task: TaskId, from: TaskState, to: TaskState, reason: Option<Reason>) {
        self.writes.moves.push(Move { task, from, to, reason });
    }

    /// A task that stood aside is in line again.
    pub(super) fn wake(&mut self, task: TaskId) {
        self.move_task(task, TaskState::Waiting, TaskState::Pending, None);
    }

    /// Whether nothing is claimed yet.
    pub(super) fn claims_nothing(&self) -> bool {
        self.writes.claims.is_empty()
    }
}
