//! What is noted of a load: that it has begun, and that it is whole.
//!
//! In: a job and the file it is loaded from. Out: a round and a load that nobody sees yet. What does not belong here: rows.

use super::LoadStore;
use crate::domain::{Action, JobId, RoundId, Wall};
use crate::store::db::{Executor, Link, Tx};
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::lock::LoadLock;
use crate::store::queue::{Job, LoadedFrom, NewJob, QueueStore, replace_keep_list, text};

/// A load that has begun. Nobody else loads until it is dropped.
#[derive(Debug)]
pub(super) struct BegunLoad {
    pub(super) lock: LoadLock,
    pub(super) round: RoundId,
    pub(super) load: i64,
    /// Where its tasks begin.
    pub(super) first_id: i64,
    pub(super) now: Wall,
    /// The job that was known before, and what it is from the end of this load on.
    pub(super) renewed: Option<(JobId, NewJob)>,
}

impl LoadStore<'_> {
    /// Notes that a job is loaded for the first time, or its next round where it is known (`seen`).
    pub(super) async fn note_round(
        &mut self,
        job: &NewJob,
        seen: Option<&Job>,
        from: &LoadedFrom,
        columns: Option<&[String]>,
        now: Wall,
    ) -> Result<BegunLoad, StoreError> {
        let lock = self.take_turn(&job.name, seen).await?;
        let mut tx = self.db.begin().await?;
        let job_id = match seen {
            Some(seen) => seen.id.0,
            None => insert_job(&mut tx, job, now).await?,
        };
        let columns = columns.map(|names| serde_json::json!(names).to_string());
        let (round,): (i64,) = tx.fetch_one(INSERT_ROUND, args![job_id, columns]).await?;
        let (load, first_id) = insert_load(&mut tx, round, from, now).await?;
        tx.commit().await?;
        let renewed = seen.map(|seen| (seen.id, job.clone()));
        Ok(BegunLoad { lock, round: RoundId(round), load, first_id, now, renewed })
    }

    /// Notes that a job's file is loaded again.
    pub(super) async fn note_reload(
        &mut self,
        job: &Job,
        from: &LoadedFrom,
        now: Wall,
    ) -> Result<BegunLoad, StoreError> {
        let lock = self.take_turn(&job.name, Some(job)).await?;
        let mut tx = self.db.begin().await?;
        let (load, first_id) = insert_load(&mut tx, job.round.0, from, now).await?;
        tx.commit().await?;
        Ok(BegunLoad { lock, round: job.round, load, first_id, now, renewed: None })
    }

    /// Waits until nobody else loads, and looks again: what was seen before may have been loaded by somebody else since.
    async fn take_turn(&mut self, name: &str, seen: Option<&Job>) -> Result<LoadLock, StoreError> {
        let lock = LoadLock::wait(self.db.place()).await?;
        self.db.sync_each_commit(true).await?;
        let now = QueueStore { db: &mut *self.db }.job(name).await?;
        if now.map(|job| (job.round, job.load)) != seen.map(|job| (job.round, job.load)) {
            return Err(StoreError::LoadedMeanwhile { job: name.to_owned() });
        }
        self.sweep_unfinished_loads().await?;
        Ok(lock)
    }
}

async fn insert_job(tx: &mut Tx<'_>, job: &NewJob, now: Wall) -> Result<i64, StoreError> {
    let args = args![
        &job.name,
        text(&job.path),
        job.action.map(Action::code),
        job.account.map(|account| account.0),
        now.0,
        &job.target_column,
        &job.host,
        job.restores.map(|round| round.0)
    ];
    let (id,): (i64,) = tx.fetch_one(INSERT_JOB, args).await?;
    replace_keep_list(tx, JobId(id), job.keep.as_ref()).await?;
    Ok(id)
}

/// Notes that a load has begun, and where its tasks will begin: behind every range there is, for the last rows of a range may
/// have been repeats, which are no tasks any more.
async fn insert_load(tx: &mut Tx<'_>, round: i64, from: &LoadedFrom, now: Wall) -> Result<(i64, i64), StoreError> {
    tx.fetch_one(INSERT_LOAD, args![round, &from.content_hash, now.0, from.reader]).await
}

/// A job that was known goes on with its new round, whatever a person had said of it, and is where this file is.
pub(super) async fn renew_job<C: Link>(
    db: &mut Executor<C>,
    renewed: Option<(JobId, NewJob)>,
) -> Result<(), StoreError> {
    let Some((id, job)) = renewed else { return Ok(()) };
    db.execute(RENEW_JOB, args![id.0, text(&job.path), job.host, job.target_column]).await?;
    replace_keep_list(db, id, job.keep.as_ref()).await.map(drop)
}

/// Marks the load as finished and tells a drain that there is news. Part of the step that makes it visible.
///
/// # Errors
/// Whoever held the load lock has lost it, and another load has swept this one away: nothing of it may become visible.
pub(super) async fn close_load<C: Link>(
    db: &mut Executor<C>,
    load: i64,
    last: i64,
    now: Wall,
) -> Result<(), StoreError> {
    let sql = "update load set last_task_id = $2, finished_at = $3 where id = $1";
    if db.execute(sql, args![load, last, now.0]).await? == 0 {
        return Err(StoreError::impossible("a load that another one has swept away"));
    }
    db.execute("update queue set generation = generation + 1 where id = 1", args![]).await.map(drop)
}

const INSERT_JOB: &str = "
    insert into job (name, path, action, account_id, created_at, target_column, host, restores_round)
    values ($1, $2, $3, $4, $5, $6, $7, $8) returning id";

const INSERT_ROUND: &str = "
    insert into round (job_id, number, columns)
    select $1, coalesce(max(number), 0) + 1, cast($2 as text) from round where job_id = $1 returning id";

const INSERT_LOAD: Sql = sql!(
    "insert into load (round_id, first_task_id, content_hash, started_at, reader, checked_by)
     select $1, ",
    greatest("coalesce((select max(id) from task), 0)", "coalesce((select max(last_task_id) from load), 0)"),
    " + 1, $2, $3, $4, $4 returning id, first_task_id"
);

const RENEW_JOB: &str = "
    update job set state = 'active', path = $2, host = $3, target_column = coalesce(target_column, $4)
     where id = $1";
