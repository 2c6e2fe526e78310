//! What of a server's work is a schedule's: whether one is due, running it, and which jobs are left for the rest of the day.

use std::sync::Arc;
use std::time::Duration;

use super::engine::{LOOK_EVERY, ServeEngine};
use super::state::EngineState;
use crate::app::Notice;
use crate::app::schedules::{ScheduleServer, run_due, unscheduled_jobs};
use crate::domain::JobId;
use crate::error::CommandError;
use crate::schedule::plan::Schedule;
use crate::schedule::scheduler;
use crate::store::{DrainLock, Store, StoreError};

/// The shortest time between two looks at what is due.
const FIRE_EVERY: Duration = Duration::from_secs(60);

impl ServeEngine<'_> {
    /// Whether a schedule's slot has come, or somebody wants one run. Nothing is fired again within a minute, so that what stays due (another process works
    /// on it) costs a look a minute; one that cannot be understood is left to `cleanup schedule list`.
    pub(super) async fn is_due(&self, store: &mut Store) -> Result<bool, CommandError> {
        let now = self.deps.clock.now();
        // Somebody who asked for a run, here or in another process, is not kept waiting.
        let is_asked = self.told.has_changed().unwrap_or(false) || Self::asked(store).await? > self.last_asked;
        if now.tick < self.next_fire && !is_asked {
            return Ok(false);
        }
        let (due, _) = scheduler::due(store, now.wall).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let schedules = store.schedules().all().await?;
        let understood = schedules.iter().filter(|stored| Schedule::of(stored).is_ok());
        Ok(understood.into_iter().any(|stored| due.contains(&stored.name)))
    }

    /// Runs what is due as `cleanup schedule due` does, with the lock let go for it. While it sends, the jobs that are worked off at any
    /// hour go on beside it.
    pub(super) async fn fire(&mut self) -> Result<(), CommandError> {
        let mut store = Store::reopen(self.lock_path()).await?;
        self.last_asked = Self::asked(&mut store).await?.max(self.last_asked);
        store.close().await;
        self.lock = None;
        self.controls.set_status(|status| status.fires = true);
        let server = ScheduleServer { tap: Arc::clone(&self.tap), settings: self.controls.settings() };
        let fired = run_due(self.deps, self.overrides, Some(server)).await;
        self.controls.set_status(|status| status.fires = false);
        self.next_fire = self.deps.clock.now().tick.after(FIRE_EVERY);
        match &fired {
            Ok(end) => self.deps.tell(Notice::Due(end)),
            Err(error) => self.deps.tell(Notice::Failed(error)),
        }
        // Somebody else may have been quicker; then this process waits for its turn.
        loop {
            match DrainLock::take(self.lock_path()) {
                Ok(lock) => {
                    self.lock = Some(lock);
                    return Ok(());
                }
                Err(StoreError::Draining { holder, .. }) if self.ending().is_none() => {
                    let who = holder.map_or_else(String::new, |holder| format!(" ({holder})"));
                    let why = format!("Another process drains this queue{who}");
                    let later = self.deps.clock.now().tick.after(LOOK_EVERY);
                    self.say(EngineState::Waiting { until: self.deps.clock.now().wall_at(later), why });
                    self.deps.clock.sleep_until(later).await;
                }
                Err(StoreError::Draining { .. }) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The newest run that somebody asked for and that has not begun, by its number; 0: there is none.
    async fn asked(store: &mut Store) -> Result<i64, CommandError> {
        let running = store.schedules().running_firings().await?.into_iter();
        Ok(running.filter(|firing| firing.runs == 0).map(|firing| firing.id).max().unwrap_or(0))
    }

    /// The schedules there are, by their numbers: with them change the jobs that are worked off at any hour.
    pub(super) async fn schedules_of(store: &mut Store) -> Result<Vec<i64>, CommandError> {
        Ok(store.schedules().all().await?.into_iter().map(|schedule| schedule.id).collect())
    }

    /// The jobs that are worked off at any hour; none: all. Those of schedules have hours of their own.
    pub(super) async fn own_jobs(&self, store: &mut Store) -> Result<Option<Vec<JobId>>, CommandError> {
        Ok(unscheduled_jobs(store).await?)
    }
}
