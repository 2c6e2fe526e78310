//! What a run has used so far, for the ends that the engine cannot tell of: the queue failed under way, or somebody meant it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::MicroUsd;
use crate::engine::{Event, Listener};

/// What a run has used, as far as it is saved: requests and money.
#[derive(Clone, Default)]
pub(super) struct PartialUsage(Arc<Mutex<(u64, MicroUsd)>>);

/// Notes what a run uses, and hands every event on.
pub(super) struct UsageListener {
    usage: PartialUsage,
    next: Box<dyn Listener>,
}

impl PartialUsage {
    /// A listener that notes beside another, and what it notes.
    pub(super) fn beside(next: Box<dyn Listener>) -> (UsageListener, PartialUsage) {
        let usage = PartialUsage::default();
        (UsageListener { usage: usage.clone(), next }, usage)
    }

    /// Requests and money.
    pub(super) fn so_far(&self) -> (u64, MicroUsd) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for UsageListener {
    fn hear(&mut self, event: &Event) {
        if let Event::Progress(progress) = event {
            *self.usage.0.lock().unwrap_or_else(PoisonError::into_inner) = (progress.requests, progress.spent);
        }
        self.next.hear(event);
    }
}
