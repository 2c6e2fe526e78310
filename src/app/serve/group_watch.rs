//! What a server hears of the runs of schedules that are worked off in its drain.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Notify;

use crate::domain::MicroUsd;
use crate::engine::{Event, Listener};

/// What has been heard of the groups of a drain.
#[derive(Clone, Debug, Default)]
pub(super) struct GroupWatch {
    used: Arc<Mutex<Vec<(u64, MicroUsd)>>>,
    ended: Arc<Notify>,
}

/// Notes what is heard of groups, and hands every event on.
struct GroupListener {
    watch: GroupWatch,
    next: Box<dyn Listener>,
}

impl GroupWatch {
    /// A listener that notes beside another.
    pub(super) fn beside(&self, next: Box<dyn Listener>) -> Box<dyn Listener> {
        Box::new(GroupListener { watch: self.clone(), next })
    }

    /// Requests and money of each group, as far as they are saved.
    pub(super) fn used(&self) -> Vec<(u64, MicroUsd)> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until a group has ended.
    pub(super) async fn ended(&self) {
        self.ended.notified().await;
    }
}

impl Listener for GroupListener {
    fn hear(&mut self, event: &Event) {
        match event {
            Event::Progress(progress) => {
                self.watch.used.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&progress.groups);
            }
            Event::GroupEnded(_) => self.watch.ended.notify_one(),
            _ => {}
        }
        self.next.hear(event);
    }
}
