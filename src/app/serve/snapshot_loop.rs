//! What of a server's work is the queue's copy of each day.

use std::sync::Arc;
use std::time::Duration;

use super::controls::ServeControls;
use crate::app::signals::Never;
use crate::app::{AppDeps, Notice, take_due_snapshot};

/// How often it looks whether today's copy is there.
const LOOK_EVERY: Duration = Duration::from_secs(600);
/// How long after a copy that could not be made the next one is tried.
const AFTER_TROUBLE: Duration = Duration::from_secs(6 * 3_600);

/// Copies the queue once a day.
pub(super) struct SnapshotLoop<'a> {
    deps: AppDeps<'a>,
    controls: Arc<ServeControls>,
}

impl<'a> SnapshotLoop<'a> {
    pub(super) fn new(deps: AppDeps<'a>, controls: Arc<ServeControls>) -> SnapshotLoop<'a> {
        SnapshotLoop { deps, controls }
    }

    /// Works until it is dropped. Without a copy the server goes on: trouble is told.
    pub(super) async fn work(&self) -> Never {
        loop {
            let settings = self.controls.settings();
            let taken = take_due_snapshot(AppDeps { settings: &settings, ..self.deps }).await;
            let rest = if taken.is_ok() { LOOK_EVERY } else { AFTER_TROUBLE };
            if let Err(error) = taken {
                self.deps.tell(Notice::Failed(&error));
            }
            self.deps.clock.sleep_until(self.deps.clock.now().tick.after(rest)).await;
        }
    }
}
