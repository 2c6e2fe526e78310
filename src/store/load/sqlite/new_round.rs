//! Loading: rows become tasks, in batches, invisible until one small last step.
//!
//! Tasks are appended in the order of the rows, and the key that guards against repeats is filled afterwards in sorted order:
//! both are plain appends to a B-tree, where inserting random IDs into a unique index is not (measured: four times as fast).
//! No write lock is held for longer than one batch.

use super::super::LoadStore;
use super::super::begun_load::{BegunLoad, close_load, renew_job};
use super::super::load_row::{LoadRow, RowPlace};
use super::super::reload_sizes::ROWS_PER_STATEMENT;
use super::super::summary::LoadSummary;
use super::batch::{Buffered, records, rejected, scattered, straight_run, targets};
use super::keys::Keys;
use super::loader::SqliteLoader;
use crate::store::error::StoreError;

impl<'s> SqliteLoader<'s> {
    /// Begins to append tasks.
    pub(in super::super) async fn of_round(
        store: LoadStore<'s>,
        begun: BegunLoad,
    ) -> Result<SqliteLoader<'s>, StoreError> {
        store.db.sync_each_commit(false).await?;
        let keys = Keys::beside(store.db.place().local_path());
        let mut loader = SqliteLoader::new(store, begun);
        loader.keys = Some(keys);
        Ok(loader)
    }
}

impl SqliteLoader<'_> {
    /// Takes the next rows, in the order of the file.
    pub(in super::super) async fn push_all(&mut self, rows: Vec<LoadRow>) -> Result<(), StoreError> {
        for row in rows {
            self.push(row).await?;
        }
        Ok(())
    }

    /// Takes the next row, in the order of the file.
    pub(in super::super) async fn push(&mut self, mut row: LoadRow) -> Result<(), StoreError> {
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
    pub(in super::super) async fn finish(mut self) -> Result<LoadSummary, StoreError> {
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
        renew_job(self.db, self.renewed.take()).await?;
        close_load(self.db, self.load, last, self.now).await?;
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
