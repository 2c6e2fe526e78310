//! Runs of schedules within a server: which may begin beside those that are in progress.
//!
//! In: schedules on record, runs in progress. Out: the next run, and its end. What does not belong here: when it is looked (`serve`).

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::job_keys;
use super::recount::recount_interrupted;
use super::scheduled_work::{InProcess, missing_files, settings_of};
use super::server::{ScheduleServer, ServedRun};
use crate::app::Notice;
use crate::app::deps::AppDeps;
use crate::app::request::ScheduledRun;
use crate::app::run::LoadTurn;
use crate::app::signals::Signals;
use crate::config::Overrides;
use crate::domain::{Tick, Wall};
use crate::error::CommandError;
use crate::schedule::firing::{End, Firing};
use crate::schedule::plan::Schedule;
use crate::schedule::scheduler;
use crate::store::{Store, StoredSchedule};

/// How long a schedule whose files are not on this machine is left to processes on others.
const LEFT_FOR: Duration = Duration::from_secs(60);

/// Schedules that are due, and whose files are not on this machine: another that works on the same queue may have them.
#[derive(Debug, Default)]
pub struct LeftToOthers {
    /// Since when each of them, by its name, and which of its slots had been dealt with then.
    since: HashMap<String, (Wall, Tick)>,
}

impl LeftToOthers {
    /// Whether a schedule that is due is left to others now. Where none of them has begun it for a while, it is begun here: somebody has to say what is
    /// missing.
    fn leaves(&mut self, stored: &StoredSchedule, now: Tick) -> bool {
        if !lacks_files(stored) {
            return false;
        }
        let since = self.since.entry(stored.name.clone()).or_insert((stored.settled_to, now));
        // Another slot: somebody has begun the one before.
        if since.0 != stored.settled_to {
            *since = (stored.settled_to, now);
        }
        now < since.1.after(LEFT_FOR)
    }

    /// What is no longer due has been begun by somebody.
    fn forget_but(&mut self, due: &[String]) {
        self.since.retain(|name, _| due.contains(name));
    }
}

/// Whether any file that a schedule reads is not here.
fn lacks_files(stored: &StoredSchedule) -> bool {
    ScheduledRun::from_json(&stored.request).is_ok_and(|request| !missing_files(&request).is_empty())
}

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

    fn of_stored(stored: &StoredSchedule) -> RunInProgress {
        RunInProgress { schedule: stored.id, jobs: job_keys(&stored.request) }
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

    /// The schedules that may not begin beside the runs in progress, here and in other processes, or are left to others for now, which may have
    /// their files; none: nothing else is due. One that cannot be understood is left to `cleanup schedule list`.
    ///
    /// # Errors
    /// The queue cannot be read.
    pub async fn held_back(
        &self,
        store: &mut Store,
        runs: &[&RunInProgress],
        left: &mut LeftToOthers,
        overrides: &Overrides,
        deps: AppDeps<'_>,
    ) -> Result<Option<HashSet<i64>>, CommandError> {
        let now = deps.clock.now();
        let (due, _) = scheduler::due(store, now.wall).await?;
        if due.is_empty() {
            return Ok(None);
        }
        let is_shared = store.place().file().is_none();
        let all = store.schedules().all().await?;
        let begun = store.schedules().running_firings().await?;
        let held = store.schedules().held_firings(&begun).await?;
        let elsewhere = begun.iter().filter(|firing| held.contains(&firing.id)).map(|firing| firing.schedule);
        let elsewhere: HashSet<i64> = elsewhere.collect();
        let elsewhere = all.iter().filter(|stored| elsewhere.contains(&stored.id)).map(RunInProgress::of_stored);
        let elsewhere: Vec<RunInProgress> = elsewhere.collect();
        // A run that has loaded its files can be gone on with anywhere.
        let is_loaded = |of: i64| begun.iter().any(|firing| firing.schedule == of && firing.is_loaded);
        let (mut held_back, mut may_begin) = (HashSet::new(), false);
        left.forget_but(&due);
        for stored in all {
            let is_due = due.contains(&stored.name);
            let waits = runs.iter().copied().chain(&elsewhere).any(|run| run.holds_back(&stored))
                || is_due && is_shared && !is_loaded(stored.id) && left.leaves(&stored, now.tick);
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
        recount_interrupted(store, held_back, deps).await?;
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::app::request::RunRequest;
    use crate::store::{NewSchedule, QueueKind, Store};

    #[tokio::test]
    async fn a_schedule_whose_files_are_elsewhere_is_left_to_others_for_a_minute() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path().join("q.db"), QueueKind::Real).await.unwrap();
        let (here, gone) = (folder.path().join("here.csv"), folder.path().join("gone.csv"));
        std::fs::write(&here, "user_id\n1\n").unwrap();
        let mut schedule = async |name: &str, files: &[&std::path::Path], keep: Option<&std::path::Path>| {
            let mut run = RunRequest::default();
            run.load.files = files.iter().map(|file| file.to_path_buf()).collect();
            run.load.rows.which.wanted.keep = keep.map(std::path::Path::to_path_buf);
            let request = ScheduledRun { run, list: None }.to_json();
            let new = NewSchedule {
                name: name.to_owned(),
                cron: "0 3 * * *".into(),
                zone: "UTC".into(),
                until_time: None,
                for_ms: None,
                jitter_ms: 0,
                jitter_seed: 0,
                request,
            };
            assert!(store.schedules().add_schedule(&new, Wall(0)).await.unwrap());
            store.schedules().all().await.unwrap().into_iter().find(|stored| stored.name == name).unwrap()
        };
        let whole = schedule("whole", &[&here], Some(&here)).await;
        let (lost, half) =
            (schedule("lost", &[&here, &gone], None).await, schedule("half", &[&here], Some(&gone)).await);
        let mut left = LeftToOthers::default();
        let at = |seconds: u64| Tick(0).after(Duration::from_secs(seconds));
        assert!(!left.leaves(&whole, at(0)));
        assert!(left.leaves(&lost, at(0)) && left.leaves(&half, at(30)));
        assert!(left.leaves(&lost, at(59)) && !left.leaves(&lost, at(60)) && left.leaves(&half, at(60)));
        // Somebody has begun it, and it is due again already, or later: it is left to others anew.
        let next = StoredSchedule { settled_to: Wall(lost.settled_to.0 + 60_000), ..lost.clone() };
        assert!(left.leaves(&next, at(70)) && left.leaves(&next, at(129)) && !left.leaves(&next, at(130)));
        left.forget_but(&["half".to_owned()]);
        assert!(left.leaves(&lost, at(200)) && !left.leaves(&half, at(200)));
    }
}
