//! Runs of schedules within a server: which may begin beside those that are in progress.
//!
//! In: schedules on record, runs in progress. Out: the next run, and its end. What does not belong here: when it is looked (`serve`).

use std::collections::HashSet;

use super::job_keys;
use super::scheduled_work::{InProcess, settings_of};
use super::server::{ScheduleServer, ServedRun};
use crate::app::Notice;
use crate::app::deps::AppDeps;
use crate::app::request::ScheduledRun;
use crate::app::run::LoadTurn;
use crate::app::signals::Signals;
use crate::config::Overrides;
use crate::error::CommandError;
use crate::schedule::firing::{End, Firing};
use crate::schedule::plan::Schedule;
use crate::schedule::scheduler;
use crate::store::{Store, StoredSchedule};

/// A run that has not ended.
#[derive(Debug)]
pub struct RunInProgress {
    schedule: i64,
    jobs: HashSet<String>,
}

impl RunInProgress {
    /// That of a firing.
    pub fn of(firing: &Firing) -> RunInProgress {
        RunInProgress { schedule: firing.schedule.id, jobs: job_keys(&firing.schedule.request) }
    }

    /// Whether a schedule waits for its end: it is the same, or works on the same jobs.
    fn holds_back(&self, stored: &StoredSchedule) -> bool {
        self.schedule == stored.id || !self.jobs.is_disjoint(&job_keys(&stored.request))
    }
}

impl ScheduleServer {
    /// Whether a schedule's run has the queue to itself. What is wrong with one that cannot be understood is told when it is run.
    fn runs_alone(&self, stored: &StoredSchedule, overrides: &Overrides, deps: AppDeps<'_>) -> bool {
        let Ok(ScheduledRun { run, .. }) = ScheduledRun::from_json(&stored.request) else { return false };
        settings_of(&run.bounds, overrides, deps).is_ok_and(|own| !self.sends_alike(&run, &own))
    }

    /// The schedules that may not begin beside the runs in progress; none: nothing else is due. One that cannot be understood is left to
    /// `cleanup schedule list`.
    ///
    /// # Errors
    /// The queue cannot be read.
    pub async fn held_back(
        &self,
        store: &mut Store,
        runs: &[&RunInProgress],
        overrides: &Overrides,
        deps: AppDeps<'_>,
    ) -> Result<Option<HashSet<i64>>, CommandError> {
        let (due, _) = scheduler::due(store, deps.clock.now().wall).await?;
        if due.is_empty() {
            return Ok(None);
        }
        let (mut held_back, mut may_begin) = (HashSet::new(), false);
        for stored in store.schedules().all().await? {
            let is_due = due.contains(&stored.name);
            let waits = runs.iter().any(|run| run.holds_back(&stored));
            if waits || (is_due && !runs.is_empty() && self.runs_alone(&stored, overrides, deps)) {
                held_back.insert(stored.id);
            } else {
                may_begin |= is_due && Schedule::of(&stored).is_ok();
            }
        }
        Ok(may_begin.then_some(held_back))
    }

    /// Decides what is run next and writes down that it begins; what else was decided is told.
    ///
    /// # Errors
    /// The queue cannot be read or written.
    pub async fn next_firing(
        store: &mut Store,
        held_back: &HashSet<i64>,
        deps: AppDeps<'_>,
    ) -> Result<Option<Firing>, CommandError> {
        let now = deps.clock.now().wall;
        let look = scheduler::look_beside(store, held_back, now).await?;
        look.news.iter().for_each(|news| deps.tell(Notice::Schedule(news, now)));
        Ok(look.firing)
    }

    /// Runs a firing to its end as `cleanup schedule due` does, but that its rows are sent in the drain of the server.
    ///
    /// # Errors
    /// Its end could not be written down: whoever looks next goes on with it.
    pub async fn run(
        self,
        firing: Firing,
        turn: LoadTurn,
        signals: Signals,
        overrides: &Overrides,
        deps: AppDeps<'_>,
    ) -> Result<End, CommandError> {
        let mut store = Store::reopen(deps.settings.db()?).await?;
        let served = Some(ServedRun { server: self, turn });
        let mut work = InProcess { deps, overrides, served, signals, is_attended: false, broken: 0 };
        let end = scheduler::run(&mut store, &**deps.clock, &mut work, &firing).await?;
        store.close().await;
        Ok(end)
    }
}
