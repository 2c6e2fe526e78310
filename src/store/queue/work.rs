//! What processes are doing with a queue at this moment, for whoever only looks: which jobs a drain works on, and whether a server is
//! there that takes up queued rows by itself.
//!
//! In: what drains have written down, and the locks. Out: facts. What does not belong here: what follows from them for a job
//! (`app::job_activity`).

use super::QueueStore;
use std::collections::HashSet;
use std::sync::Arc;

use super::server::{ServerAtWork, ServerState};
use crate::domain::{AccountId, JobId, Platform, Wall, WindowSpec};
use crate::store::error::StoreError;
use crate::store::lock::is_held_beside;
use crate::store::lock_name::LockName;
use crate::store::place::QueuePlace;
use crate::store::server_lock::wait_for_releases;

/// What a drain works on, and within which bounds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DrainScope {
    /// These jobs; none: every job that has rows left.
    pub jobs: Option<Vec<JobId>>,
    /// Nothing is sent after this.
    pub sends_until: Option<Wall>,
    /// It ends after so many requests, or so much money, whatever is left then.
    pub is_capped: bool,
    /// Within which windows it sends, of each platform that has accounts; for whoever counts again.
    pub windows: Vec<(Platform, Arc<[WindowSpec]>)>,
}

impl DrainScope {
    /// Whether a job is worked on.
    pub fn covers(&self, job: JobId) -> bool {
        self.jobs.as_ref().is_none_or(|jobs| jobs.contains(&job))
    }

    /// This and another drain, as if they were one.
    fn beside(self, other: DrainScope) -> DrainScope {
        let jobs = self.jobs.zip(other.jobs).map(|(mut jobs, others)| {
            jobs.extend(others);
            jobs.sort_unstable();
            jobs.dedup();
            jobs
        });
        DrainScope {
            jobs,
            sends_until: self.sends_until.into_iter().chain(other.sends_until).min(),
            is_capped: self.is_capped || other.is_capped,
            windows: self.windows,
        }
    }

    /// The jobs as the database has them.
    pub(super) fn jobs_json(&self) -> Option<String> {
        let ids = |jobs: &Vec<JobId>| jobs.iter().map(|job| job.0).collect::<Vec<_>>();
        self.jobs.as_ref().map(|jobs| serde_json::json!(ids(jobs)).to_string())
    }
}

/// What processes are doing with a queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkInProgress {
    /// The drain that is running; none: nothing is being sent.
    pub drain: Option<DrainScope>,
    /// The processes that serve.
    pub servers: Vec<ServerAtWork>,
    /// A process decides on schedules, and in a file's queue runs them: what is on record as begun has not been left behind.
    pub runs_schedules: bool,
}

impl WorkInProgress {
    /// What the servers are doing, as if they were one: where one works, it takes up what is queued, whatever the others do. None: there is
    /// none.
    pub fn server(&self) -> Option<&ServerState> {
        let states = || self.servers.iter().map(|server| &server.state);
        let until = |state: &ServerState| if let ServerState::Rests { until } = state { Some(*until) } else { None };
        let works = states().find(|state| **state == ServerState::Works);
        let rests = || states().filter(|state| until(state).is_some()).min_by_key(|state| until(state));
        works.or_else(rests).or_else(|| states().next())
    }
}

impl QueueStore<'_> {
    /// What processes are doing with the queue now.
    ///
    /// # Errors
    /// The database cannot be read, or a lock's file cannot be opened.
    pub async fn work_in_progress(&mut self) -> Result<WorkInProgress, StoreError> {
        if self.db.is_postgres() {
            return self.work_on_server().await;
        }
        let sql = "select ended_at is null and stopped is null, jobs, sends_until, is_capped
                     from drain order by id desc limit 1";
        let found: Option<(bool, Option<String>, Option<i64>, bool)> = self.db.fetch_optional(sql, args![]).await?;
        let mut work = WorkInProgress {
            drain: None,
            servers: self.servers().await?,
            runs_schedules: is_held_beside(self.db, LockName::Schedule).await?,
        };
        // A drain whose process died has not written down its end.
        if let Some((true, jobs, sends_until, is_capped)) = found
            && is_held_beside(self.db, LockName::Drain).await?
        {
            let (jobs, sends_until) = (jobs_of(jobs.as_deref())?, sends_until.map(Wall));
            work.drain = Some(DrainScope { jobs, sends_until, is_capped, windows: Vec::new() });
        }
        Ok(work)
    }

    /// Of several drains what any of them may do is told of all: each job that one works on, and the strictest bounds.
    async fn work_on_server(&mut self) -> Result<WorkInProgress, StoreError> {
        if let QueuePlace::Server(place) = self.db.place().clone() {
            wait_for_releases(&place).await;
        }
        let rows: Vec<(Option<String>, Option<i64>, bool)> = self.db.fetch_all(ALIVE, args![]).await?;
        let mut all: Option<DrainScope> = None;
        for (jobs, sends_until, is_capped) in rows {
            let next = DrainScope {
                jobs: jobs_of(jobs.as_deref())?,
                sends_until: sends_until.map(Wall),
                is_capped,
                windows: Vec::new(),
            };
            all = Some(match all {
                None => next,
                Some(one) => one.beside(next),
            });
        }
        Ok(WorkInProgress {
            drain: all,
            servers: self.servers().await?,
            runs_schedules: is_held_beside(self.db, LockName::Schedule).await?,
        })
    }

    /// Of the accounts with a trouble those that have sent anything in the newest drain, or in one that is alive beside it. A trouble that another account keeps is of an earlier one: a success or the
    /// next refusal decides about it.
    pub async fn accounts_of_newest_drain(&mut self) -> Result<HashSet<AccountId>, StoreError> {
        let sql = "select account.id from account
                    where account.trouble is not null and (select attempt.drain_id from attempt where attempt.account_id = account.id
                            order by attempt.id desc limit 1) in (select id from drain where id = (select max(id) from drain)
                                                                   or (ended_at is null and alive_until is not null))";
        let rows: Vec<(i64,)> = self.db.fetch_all(sql, args![]).await?;
        Ok(rows.into_iter().map(|(id,)| AccountId(id)).collect())
    }
}

/// Drains on a server that are alive.
const ALIVE: &str = concat!(
    "select jobs, sends_until, is_capped from drain where ended_at is null and alive_until > ",
    server_now!(),
    " order by id"
);

pub(super) fn jobs_of(text: Option<&str>) -> Result<Option<Vec<JobId>>, StoreError> {
    let Some(text) = text else { return Ok(None) };
    let ids: Vec<i64> = serde_json::from_str(text)
        .map_err(|error| StoreError::impossible(format!("a drain's jobs {text:?}: {error}")))?;
    Ok(Some(ids.into_iter().map(JobId).collect()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use super::*;
    use crate::domain::{BootId, Horizons, Moment, Tick};
    use crate::store::{Drain, DrainLock, QueueKind, ServeLock, Store};

    const NOW: Moment = Moment { tick: Tick(1_000_000), wall: Wall(1_700_000_000_000) };

    async fn begin(path: &std::path::Path, scope: &DrainScope) -> Drain {
        let store = Store::open(path, QueueKind::Real).await.unwrap();
        let lock = DrainLock::take(path).await.unwrap();
        let horizons = Horizons::all(Duration::from_secs(900));
        Drain::begin(store, lock, scope, NOW, BootId("here".into()), &horizons, 30_000).await.unwrap().0
    }

    #[tokio::test]
    async fn only_a_drain_whose_process_lives_is_in_progress() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("q.db");
        let mut looks = Store::open(&path, QueueKind::Real).await.unwrap();
        assert_eq!(looks.queue().work_in_progress().await.unwrap(), WorkInProgress::default());
        let scope =
            DrainScope { jobs: Some(vec![JobId(7)]), sends_until: Some(Wall(9)), is_capped: true, windows: Vec::new() };
        let drain = begin(&path, &scope).await;
        let seen = looks.queue().work_in_progress().await.unwrap();
        assert_eq!(seen, WorkInProgress { drain: Some(scope.clone()), ..WorkInProgress::default() });
        assert!(scope.covers(JobId(7)) && !scope.covers(JobId(8)) && DrainScope::default().covers(JobId(8)));
        // Dropped without an end, as when its process is killed.
        drop(drain);
        assert_eq!(looks.queue().work_in_progress().await.unwrap(), WorkInProgress::default());
        let drain = begin(&path, &DrainScope::default()).await;
        assert_eq!(looks.queue().work_in_progress().await.unwrap().drain, Some(DrainScope::default()));
        drain.end(NOW, "finished").await.unwrap();
        assert_eq!(looks.queue().work_in_progress().await.unwrap(), WorkInProgress::default());
    }

    #[tokio::test]
    async fn only_what_an_account_met_in_this_drain_is_of_this_drain() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("q.db");
        let mut looks = Store::open(&path, QueueKind::Real).await.unwrap();
        for sql in [
            "insert into account (id, name, platform, user_id, trouble)
             values (1, 'ada', 'x-v2', '42', 'forbidden'), (2, 'bea', 'x-v2', '43', 'forbidden'), (3, 'cid', 'x-v2', '44', null)",
            "insert into drain (id, boot, started_tick, started_at) values (1, 'here', 0, 0)",
            "insert into attempt (account_id, task_id, drain_id, action, reserved_tick, reserved_at, upper_tick)
             values (1, 1, 1, 1, 0, 0, 0), (2, 1, 1, 1, 0, 0, 0), (3, 1, 1, 1, 0, 0, 0)",
        ] {
            looks.db.execute(sql, args![]).await.unwrap();
        }
        assert_eq!(
            looks.queue().accounts_of_newest_drain().await.unwrap(),
            HashSet::from([AccountId(1), AccountId(2)])
        );
        let drain = begin(&path, &DrainScope::default()).await;
        assert_eq!(looks.queue().accounts_of_newest_drain().await.unwrap(), HashSet::new());
        let sql = "insert into attempt (account_id, task_id, drain_id, action, reserved_tick, reserved_at, upper_tick)
                   values (2, 1, $1, 1, 0, 0, 0)";
        looks.db.execute(sql, args![drain.fence.0]).await.unwrap();
        assert_eq!(looks.queue().accounts_of_newest_drain().await.unwrap(), HashSet::from([AccountId(2)]));
    }

    #[tokio::test]
    async fn a_server_that_rests_works_on_nothing_though_it_holds_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("q.db");
        let mut looks = Store::open(&path, QueueKind::Real).await.unwrap();
        let _serves = ServeLock::try_take(&path).await.unwrap();
        let drain = begin(&path, &DrainScope::default()).await;
        assert!(looks.queue().work_in_progress().await.unwrap().drain.is_some());
        // An error cut the drain off; the server holds the lock still.
        drop(drain);
        let _lock = DrainLock::take(&path).await.unwrap();
        assert!(looks.queue().work_in_progress().await.unwrap().drain.is_some(), "nobody has said otherwise yet");
        looks.queue().set_server_state(&ServerState::Rests { until: Wall(5) }).await.unwrap();
        let rests = looks.queue().work_in_progress().await.unwrap();
        assert_eq!((rests.server(), rests.drain.clone()), (Some(&ServerState::Rests { until: Wall(5) }), None));
    }
}
