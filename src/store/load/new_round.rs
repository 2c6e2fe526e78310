//! Loading: rows become tasks, in batches, invisible until one small last step.
//!
//! Tasks are appended in the order of the rows, and the key that guards against repeats is filled afterwards in sorted order:
//! both are plain appends to a B-tree, where inserting random IDs into a unique index is not (measured: four times as fast).
//! No write lock is held for longer than one batch.

use super::LoadStore;
use super::batch::{Buffered, records, rejected, scattered, straight_run, targets};
use super::keys::Keys;
use super::load_row::{LoadRow, RowPlace};
use super::loader::{Loader, ROWS_PER_STATEMENT};
use crate::domain::{Action, RoundId, Wall};
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::lock::LoadLock;
use crate::store::queue::{Job, LoadedFrom, NewJob, QueueStore, text};

/// What a load came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadSummary {
    /// Rows read.
    pub rows: u64,
    /// Tasks that are new in line.
    pub added: u64,
    /// Rows that repeat an earlier one.
    pub duplicates: u64,
    /// Rows that cannot be used.
    pub rejected: u64,
    /// Tasks spared by a keep list or another rule.
    pub kept: u64,
}

impl<'s> LoadStore<'s> {
    /// Begins to load a job for the first time, or its next round where it is known (`seen`).
    ///
    /// # Errors
    /// [`StoreError::LoadedMeanwhile`] where the job is no longer as it was `seen`; the database cannot be written.
    pub async fn begin_round(
        mut self,
        job: &NewJob,
        seen: Option<&Job>,
        from: &LoadedFrom,
        columns: Option<&[String]>,
        now: Wall,
    ) -> Result<Loader<'s>, StoreError> {
        let lock = LoadLock::wait(self.db.place()).await?;
        self.db.sync_each_commit(true).await?;
        self.refuse_loaded_meanwhile(&job.name, seen).await?;
        self.sweep_unfinished_loads().await?;
        let mut tx = self.db.begin().await?;
        let job_id = match seen {
            Some(seen) => seen.id.0,
            None => insert_job(&mut tx, job, now).await?,
        };
        let columns = columns.map(|names| serde_json::json!(names).to_string());
        let (round,): (i64,) = tx
            .fetch_one(
                "insert into round (job_id, number, columns)
             select ?1, coalesce(max(number), 0) + 1, ?2 from round where job_id = ?1 returning id",
                args![job_id, columns],
            )
            .await?;
        let (load, first_id) = insert_load(&mut tx, round, from, now).await?;
        tx.commit().await?;
        self.db.sync_each_commit(false).await?;
        let keys = Keys::beside(self.db.place().local_path());
        let mut loader = Loader::new(self, lock, RoundId(round), load, first_id, now, None);
        loader.keys = Some(keys);
        loader.renewed = seen.map(|seen| (seen.id, job.clone()));
        Ok(loader)
    }
}

async fn insert_job(tx: &mut Tx<'_>, job: &NewJob, now: Wall) -> Result<i64, StoreError> {
    let sql =
        "insert into job (name, path, action, account_id, created_at, keep_path, target_column, host, restores_round)
               values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) returning id";
    let args = args![
        &job.name,
        text(&job.path),
        job.action.map(Action::code),
        job.account.map(|account| account.0),
        now.0,
        job.keep.as_deref().map(text),
        &job.target_column,
        &job.host,
        job.restores.map(|round| round.0)
    ];
    let (id,): (i64,) = tx.fetch_one(sql, args).await?;
    Ok(id)
}

impl<'s> LoadStore<'s> {
    /// Whoever holds the load lock looks again: what was seen before it may have been loaded by somebody else since.
    pub(super) async fn refuse_loaded_meanwhile(&mut self, name: &str, seen: Option<&Job>) -> Result<(), StoreError> {
        let now = QueueStore { db: &mut *self.db }.job(name).await?;
        if now.map(|job| (job.round, job.load)) == seen.map(|job| (job.round, job.load)) {
            return Ok(());
        }
        Err(StoreError::LoadedMeanwhile { job: name.to_owned() })
    }
}

/// Notes that a load has begun, and where its tasks will begin: behind every range there is, for the last rows of a range may
/// have been repeats, which are no tasks any more.
pub(super) async fn insert_load(
    tx: &mut Tx<'_>,
    round: i64,
    from: &LoadedFrom,
    now: Wall,
) -> Result<(i64, i64), StoreError> {
    tx.fetch_one(
        "insert into load (round_id, first_task_id, content_hash, started_at, reader, checked_by)
         select ?1, max(coalesce((select max(id) from task), 0), coalesce((select max(last_task_id) from load), 0)) + 1,
                ?2, ?3, ?4, ?4
         returning id, first_task_id",
        args![round, &from.content_hash, now.0, from.reader],
    )
    .await
}

impl Loader<'_> {
    /// Takes the next rows, in the order of the file.
    pub async fn push_all(&mut self, rows: Vec<LoadRow>) -> Result<(), StoreError> {
        for row in rows {
            self.push(row).await?;
        }
        Ok(())
    }

    /// Takes the next row, in the order of the file.
    pub async fn push(&mut self, mut row: LoadRow) -> Result<(), StoreError> {
        self.rows += 1;
        row.quote_key();
        let lane = match &row.place {
            RowPlace::Task { action, account, spared, .. } => {
                self.kept |= spared.is_some();
                Some(self.lane(*action, *account).await?)
            }
            RowPlace::Rejected { task, .. } => self.lane_of_rejected(task.as_ref()).await?,
        };
        if let Some(lane) = lane
            && let Some(alignment) = &mut self.alignment
            && alignment.takes(self.db, lane, &row).await?
        {
            return Ok(());
        }
        // What an unusable row with a lane comes to is known when it has been compared.
        self.rejected += u64::from(lane.is_none());
        self.buffer.push(Buffered { row, lane });
        if self.buffer.len() == ROWS_PER_STATEMENT { self.flush().await } else { Ok(()) }
    }

    /// Makes the load visible, in one small step, after its repeats have been found.
    pub async fn finish(mut self) -> Result<LoadSummary, StoreError> {
        self.flush().await?;
        self.commit().await?;
        let duplicates = self.index_new_tasks().await?;
        let last = self.next_id - 1;
        let (pending, kept) = self.count_new(duplicates).await?;
        // This commit's sync takes all before it to the disk.
        self.db.sync_each_commit(true).await?;
        self.begin().await?;
        let round =
            "update round set visible_to = ?2, rows = ?3, duplicates = ?4, rejected = ?5, pending = ?6, kept = ?7
                      where id = ?1";
        let counts = [self.round.0, last, self.rows as i64, duplicates, self.rejected as i64, pending, kept];
        self.run(round, &counts).await?;
        self.renew_job().await?;
        self.close_load(last).await?;
        self.commit().await?;
        self.checkpoint().await?;
        Ok(LoadSummary {
            rows: self.rows,
            added: pending as u64,
            duplicates: duplicates as u64,
            rejected: self.rejected,
            kept: kept as u64,
        })
    }

    /// A job that was known goes on with its new round, whatever a person had said of it, and is where this file is.
    async fn renew_job(&mut self) -> Result<(), StoreError> {
        let Some((id, job)) = self.renewed.take() else { return Ok(()) };
        let sql = "update job set state = 'active', path = ?2, host = ?3, keep_path = ?4,
                          target_column = coalesce(target_column, ?5) where id = ?1";
        let keep = job.keep.as_deref().map(text);
        self.db.execute(sql, args![id.0, text(&job.path), job.host, keep, job.target_column]).await.map(drop)
    }

    /// How many of the load's tasks stand in line, and how many are spared.
    pub(super) async fn count_new(&mut self, duplicates: i64) -> Result<(i64, i64), StoreError> {
        let new = [self.first_id, self.next_id - 1];
        if !self.kept {
            return Ok((new[1] - new[0] + 1 - duplicates, 0));
        }
        let sql =
            "select coalesce(sum(state = 0), 0), coalesce(sum(state = 8), 0) from task where id between ?1 and ?2";
        self.one(sql, &new).await
    }

    /// Marks the load as finished and tells a drain that there is news. Part of the step that makes it visible.
    pub(super) async fn close_load(&mut self, last: i64) -> Result<(), StoreError> {
        self.run("update load set last_task_id = ?2, finished_at = ?3 where id = ?1", &[self.load, last, self.now.0])
            .await?;
        self.run("update queue set generation = generation + 1 where id = 1", &[]).await
    }

    /// Writes what has gathered.
    pub(super) async fn flush(&mut self) -> Result<(), StoreError> {
        let buffer = std::mem::take(&mut self.buffer);
        let (tasks, rest): (Vec<_>, Vec<_>) = buffer.iter().partition(|item| item.lane.is_some());
        if self.alignment.is_some() {
            self.insert_json(STAGE, &scattered(&tasks, true), &[]).await?;
        } else {
            self.begin().await?;
            self.append(&tasks).await?;
        }
        if !rest.is_empty() {
            let load = self.load;
            self.begin().await?;
            self.insert_json(INSERT_REJECTED, &rejected(&rest), &[load]).await?;
        }
        if self.uncommitted > 0 {
            self.uncommitted += buffer.len() as i64;
        }
        self.buffer = buffer;
        self.buffer.clear();
        // Beside the queue there is nothing to gather in a transaction, and nobody should wait for its lock.
        let full = self.uncommitted >= self.rows_per_transaction() || self.alignment.is_some();
        if full { self.commit().await } else { Ok(()) }
    }

    async fn append(&mut self, tasks: &[&Buffered]) -> Result<(), StoreError> {
        if tasks.is_empty() {
            return Ok(());
        }
        let first = self.next_id;
        let mut keys = self.keys.take();
        // While the queue appends on its thread, the keys are noted and sorted on this one.
        let noting = async { keys.as_mut().map_or(Ok(()), |keys| keys.note(tasks, first)) };
        let (appended, noted) = tokio::join!(biased; self.append_tasks(tasks, first), noting);
        self.keys = keys;
        appended?;
        noted.map_err(|error| self.spilling(error))?;
        if tasks.iter().any(|item| item.row.record.is_some()) {
            self.insert_json(INSERT_CELLS, &records(tasks, first), &[]).await?;
        }
        self.next_id += tasks.len() as i64;
        Ok(())
    }

    async fn append_tasks(&mut self, tasks: &[&Buffered], first: i64) -> Result<(), StoreError> {
        match straight_run(tasks) {
            Some((lane, line)) => self.insert_json(APPEND_RUN, &targets(tasks), &[first, lane.0, line as i64]).await,
            None => {
                let now = self.now.0;
                self.insert_json(APPEND_SCATTERED, &scattered(tasks, false), &[first, now]).await
            }
        }
    }
}

const APPEND_RUN: &str =
    "insert or rollback into task (id, lane_id, line, target) select ?2 + key, ?3, ?4 + key, value from json_each(?1)";

const APPEND_SCATTERED: &str = "
    insert or rollback into task (id, lane_id, line, target, state, reason, finished_at)
    select ?2 + key, value ->> 0, value ->> 1, value ->> 2, iif(value ->> 3 is null, 0, 8), value ->> 3,
           iif(value ->> 3 is null, null, ?3)
      from jsonb_each(?1)";

const INSERT_CELLS: &str =
    "insert into task_cells (task_id, record) select value ->> 0, value ->> 1 from jsonb_each(?1)";

const INSERT_REJECTED: &str = "
    insert into row_without_task (load_id, line, outcome, reason, record)
    select ?2, value ->> 0, 'rejected', value ->> 1, value ->> 2 from jsonb_each(?1)";

const STAGE: &str = "
    insert into temp.incoming (lane_id, line, target, spared, record, rejected)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 from jsonb_each(?1)";
