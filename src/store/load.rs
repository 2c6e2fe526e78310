//! Loading: rows become tasks, in batches, invisible until one small last step.
//!
//! Tasks are appended in the order of the rows, and the key that guards against repeats is filled afterwards in sorted order:
//! both are plain appends to a B-tree, where inserting random IDs into a unique index is not (measured: four times as fast).
//! No write lock is held for longer than one batch.

use std::collections::HashMap;
use std::fmt::Write as _;

use sqlx::Connection;

use super::align::Alignment;
use super::error::StoreError;
use super::job::{Job, NewJob};
use super::lock::LoadLock;
use super::open::Store;
use crate::domain::{AccountId, Action, LaneId, RoundId, Target, TargetId, Wall};

/// Rows in one statement.
const ROWS_PER_STATEMENT: usize = 10_000;
/// Rows in one transaction; about 50 ms of the write lock.
pub(super) const ROWS_PER_TRANSACTION: i64 = 50_000;

/// A row of a job file, as the queue sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadRow {
    /// The physical line where the record begins, header counted, from 1.
    pub line: u64,
    /// What it asks for.
    pub place: RowPlace,
    /// Its cells as one CSV record, where they say more than the target does.
    pub record: Option<String>,
}

/// What a row asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RowPlace {
    /// A task.
    Task {
        /// What to do.
        action: Action,
        /// For whom.
        account: AccountId,
        /// To whom.
        target: Target,
        /// A keep list names the target.
        kept: bool,
    },
    /// Nothing: the row cannot be used.
    Rejected {
        /// Why, in one word.
        reason: String,
    },
}

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
    /// Tasks spared by a keep list.
    pub kept: u64,
}

/// A load in progress. Dropped before [`Loader::finish`], it leaves nothing anybody sees; the next load sweeps it away.
#[derive(Debug)]
pub struct Loader<'s> {
    pub(super) store: &'s mut Store,
    pub(super) _lock: LoadLock,
    pub(super) round: RoundId,
    pub(super) load: i64,
    /// None: new tasks go straight into the queue. Otherwise rows that are as they were are matched in passing, and the rest
    /// gather beside the queue, to be compared with what is there.
    pub(super) alignment: Option<Alignment>,
    pub(super) first_id: i64,
    pub(super) next_id: i64,
    pub(super) rows: u64,
    pub(super) rejected: u64,
    pub(super) now: Wall,
    /// A keep list spares some of its tasks.
    kept: bool,
    lanes: HashMap<(Action, AccountId), LaneId>,
    buffer: Vec<Buffered>,
    uncommitted: i64,
}

#[derive(Debug)]
struct Buffered {
    row: LoadRow,
    lane: Option<LaneId>,
}

impl Store {
    /// Begins to load a job for the first time, or its next round where it is known (`seen`).
    ///
    /// # Errors
    /// [`StoreError::LoadedMeanwhile`] where the job is no longer as it was `seen`; the database cannot be written.
    pub async fn begin_round(
        &mut self,
        job: &NewJob,
        seen: Option<&Job>,
        content_hash: &str,
        columns: Option<&[String]>,
        now: Wall,
    ) -> Result<Loader<'_>, StoreError> {
        let lock = LoadLock::wait(&self.path).await?;
        self.refuse_loaded_meanwhile(&job.name, seen).await?;
        self.sweep_unfinished_loads().await?;
        let path = self.path.clone();
        let sort = |error| StoreError::from_sqlx(&path, error);
        let mut tx = self.connection.begin_with("begin immediate").await.map_err(&sort)?;
        let (job_id,): (i64,) = sqlx::query_as(
            "insert into job (name, path, action, account_id, created_at) values (?1, ?2, ?3, ?4, ?5)
             on conflict (name) do update set state = 'active' returning id",
        )
        .bind(&job.name)
        .bind(job.path.to_string_lossy().as_ref())
        .bind(job.action.map(Action::code))
        .bind(job.account.map(|account| account.0))
        .bind(now.0)
        .fetch_one(&mut *tx)
        .await
        .map_err(&sort)?;
        let columns = columns.map(|names| serde_json::json!(names).to_string());
        let (round,): (i64,) = sqlx::query_as(
            "insert into round (job_id, number, columns)
             select ?1, coalesce(max(number), 0) + 1, ?2 from round where job_id = ?1 returning id",
        )
        .bind(job_id)
        .bind(columns)
        .fetch_one(&mut *tx)
        .await
        .map_err(&sort)?;
        let (load, first_id) = insert_load(&mut tx, round, content_hash, now).await.map_err(&sort)?;
        tx.commit().await.map_err(&sort)?;
        Ok(Loader::new(self, lock, RoundId(round), load, first_id, now, None))
    }
}

impl Store {
    /// Whoever holds the load lock looks again: what was seen before it may have been loaded by somebody else since.
    pub(super) async fn refuse_loaded_meanwhile(&mut self, name: &str, seen: Option<&Job>) -> Result<(), StoreError> {
        let now = self.job(name).await?;
        if now.map(|job| (job.round, job.load)) == seen.map(|job| (job.round, job.load)) {
            return Ok(());
        }
        Err(StoreError::LoadedMeanwhile { job: name.to_owned() })
    }
}

/// Notes that a load has begun, and where its tasks will begin: behind every range there is, for the last rows of a range may
/// have been repeats, which are no tasks any more.
pub(super) async fn insert_load(
    tx: &mut sqlx::SqliteConnection,
    round: i64,
    content_hash: &str,
    now: Wall,
) -> Result<(i64, i64), sqlx::Error> {
    sqlx::query_as(
        "insert into load (round_id, first_task_id, content_hash, started_at)
         select ?1, max(coalesce((select max(id) from task), 0), coalesce((select max(last_task_id) from load), 0)) + 1,
                ?2, ?3
         returning id, first_task_id",
    )
    .bind(round)
    .bind(content_hash)
    .bind(now.0)
    .fetch_one(tx)
    .await
}

impl<'s> Loader<'s> {
    pub(super) fn new(
        store: &'s mut Store,
        lock: LoadLock,
        round: RoundId,
        load: i64,
        first_id: i64,
        now: Wall,
        alignment: Option<Alignment>,
    ) -> Loader<'s> {
        Loader {
            store,
            _lock: lock,
            round,
            load,
            alignment,
            kept: false,
            first_id,
            next_id: first_id,
            rows: 0,
            rejected: 0,
            now,
            lanes: HashMap::new(),
            buffer: Vec::with_capacity(ROWS_PER_STATEMENT),
            uncommitted: 0,
        }
    }

    /// Takes the next row, in the order of the file.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn push(&mut self, row: LoadRow) -> Result<(), StoreError> {
        self.rows += 1;
        let lane = match &row.place {
            RowPlace::Task { action, account, kept, .. } => {
                self.kept |= *kept;
                let lane = self.lane(*action, *account).await?;
                if let Some(alignment) = &mut self.alignment
                    && alignment.takes(self.store, lane, &row).await?
                {
                    return Ok(());
                }
                Some(lane)
            }
            RowPlace::Rejected { .. } => {
                self.rejected += 1;
                None
            }
        };
        self.buffer.push(Buffered { row, lane });
        if self.buffer.len() == ROWS_PER_STATEMENT { self.flush().await } else { Ok(()) }
    }

    /// Makes the load visible, in one small step, after its repeats have been found.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn finish(mut self) -> Result<LoadSummary, StoreError> {
        self.flush().await?;
        self.commit().await?;
        let duplicates = self.index_new_tasks().await?;
        let last = self.next_id - 1;
        let (pending, kept) = self.count_new(duplicates).await?;
        self.begin().await?;
        let round =
            "update round set visible_to = ?2, rows = ?3, duplicates = ?4, rejected = ?5, pending = ?6, kept = ?7
                      where id = ?1";
        let counts = [self.round.0, last, self.rows as i64, duplicates, self.rejected as i64, pending, kept];
        self.run(round, &counts).await?;
        self.close_load(last).await?;
        self.commit().await?;
        self.checkpoint().await;
        Ok(LoadSummary {
            rows: self.rows,
            added: pending as u64,
            duplicates: duplicates as u64,
            rejected: self.rejected,
            kept: kept as u64,
        })
    }

    /// How many of the load's tasks stand in line, and how many a keep list spares.
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

    /// What a load leaves in the write-ahead log would slow the next start. Passive, because every other kind keeps writers
    /// waiting until all of it is copied.
    pub(super) async fn checkpoint(&mut self) {
        if let Err(error) = sqlx::query("pragma wal_checkpoint(passive)").execute(&mut self.store.connection).await {
            tracing::debug!(%error, "checkpoint after the load");
        }
    }

    /// The line of an action and an account, made where it is new.
    async fn lane(&mut self, action: Action, account: AccountId) -> Result<LaneId, StoreError> {
        if let Some(lane) = self.lanes.get(&(action, account)) {
            return Ok(*lane);
        }
        let key = [self.round.0, action.code(), account.0];
        self.begin().await?;
        self.run("insert into lane (round_id, action, account_id) values (?1, ?2, ?3) on conflict do nothing", &key)
            .await?;
        let (lane,): (i64,) =
            self.one("select id from lane where round_id = ?1 and action = ?2 and account_id = ?3", &key).await?;
        if self.alignment.is_some() {
            self.commit().await?;
        }
        self.lanes.insert((action, account), LaneId(lane));
        Ok(LaneId(lane))
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
        let full = self.uncommitted >= ROWS_PER_TRANSACTION || self.alignment.is_some();
        if full { self.commit().await } else { Ok(()) }
    }

    async fn append(&mut self, tasks: &[&Buffered]) -> Result<(), StoreError> {
        if tasks.is_empty() {
            return Ok(());
        }
        let first = self.next_id;
        match straight_run(tasks) {
            Some((lane, line)) => self.insert_json(APPEND_RUN, &targets(tasks), &[first, lane.0, line as i64]).await?,
            None => {
                let now = self.now.0;
                self.insert_json(APPEND_SCATTERED, &scattered(tasks, false), &[first, now]).await?;
            }
        }
        if tasks.iter().any(|item| item.row.record.is_some()) {
            self.insert_json(INSERT_CELLS, &records(tasks, first), &[]).await?;
        }
        self.next_id += tasks.len() as i64;
        Ok(())
    }

    pub(super) async fn insert_json(
        &mut self,
        sql: &'static str,
        json: &str,
        numbers: &[i64],
    ) -> Result<(), StoreError> {
        let mut query = sqlx::query(sql).bind(json);
        for number in numbers {
            query = query.bind(*number);
        }
        query.execute(&mut self.store.connection).await.map_err(|e| self.store.sort(e))?;
        Ok(())
    }

    /// Opens a transaction where none is open.
    pub(super) async fn begin(&mut self) -> Result<(), StoreError> {
        if self.uncommitted == 0 {
            self.run("begin immediate", &[]).await?;
            self.uncommitted = 1;
        }
        Ok(())
    }

    /// Ends the open transaction.
    pub(super) async fn commit(&mut self) -> Result<(), StoreError> {
        if self.uncommitted > 0 {
            self.run("commit", &[]).await?;
            self.uncommitted = 0;
        }
        Ok(())
    }

    /// Runs a statement with numbers for its parameters, and says how many rows it changed.
    pub(super) async fn change(&mut self, sql: &'static str, numbers: &[i64]) -> Result<i64, StoreError> {
        let mut query = sqlx::query(sql);
        for number in numbers {
            query = query.bind(*number);
        }
        let done = query.execute(&mut self.store.connection).await.map_err(|e| self.store.sort(e))?;
        Ok(i64::try_from(done.rows_affected()).unwrap_or(i64::MAX))
    }

    pub(super) async fn run(&mut self, sql: &'static str, numbers: &[i64]) -> Result<(), StoreError> {
        self.change(sql, numbers).await.map(|_| ())
    }

    pub(super) async fn one<T>(&mut self, sql: &'static str, numbers: &[i64]) -> Result<T, StoreError>
    where
        T: Send + Unpin + for<'r> sqlx::FromRow<'r, sqlx::sqlite::SqliteRow>,
    {
        let mut query = sqlx::query_as(sql);
        for number in numbers {
            query = query.bind(*number);
        }
        query.fetch_one(&mut self.store.connection).await.map_err(|e| self.store.sort(e))
    }

    /// Fills the key with this load's tasks in sorted order, and turns those that repeat an earlier row into duplicates.
    /// Sorting happens outside the write lock, in a temporary table.
    pub(super) async fn index_new_tasks(&mut self) -> Result<i64, StoreError> {
        let (first, last) = (self.first_id, self.next_id - 1);
        for sql in ["drop table if exists temp.sorted", CREATE_SORTED] {
            self.run(sql, &[]).await?;
        }
        // Comparing the lane as well takes half as long again, and nearly every file has one.
        let lane = match self.lanes.values().next() {
            Some(lane) if self.lanes.len() == 1 => lane.0,
            _ => 0,
        };
        let fill = if lane > 0 { FILL_SORTED_ONE_LANE } else { FILL_SORTED };
        self.run(fill, &[first, last]).await?;
        let (total,): (i64,) = self.one("select coalesce(max(rowid), 0) from temp.sorted", &[]).await?;
        let mut inserted = 0;
        let mut from = 0;
        while from < total {
            self.begin().await?;
            inserted += self.change(INSERT_KEYS, &[from, from + ROWS_PER_TRANSACTION, lane]).await?;
            self.commit().await?;
            from += ROWS_PER_TRANSACTION;
        }
        let duplicates = total - inserted;
        if duplicates > 0 {
            self.set_duplicates_aside().await?;
        }
        self.run("drop table temp.sorted", &[]).await?;
        Ok(duplicates)
    }

    /// Repeats stand next to each other in the sorted table.
    async fn set_duplicates_aside(&mut self) -> Result<(), StoreError> {
        for sql in ["drop table if exists temp.repeat", CREATE_REPEAT, FILL_REPEAT] {
            self.run(sql, &[]).await?;
        }
        let (total,): (i64,) = self.one("select coalesce(max(rowid), 0) from temp.repeat", &[]).await?;
        let mut from = 0;
        while from < total {
            let (load, to) = (self.load, from + ROWS_PER_TRANSACTION / 5);
            self.begin().await?;
            self.run(INSERT_DUPLICATES, &[load, from, to]).await?;
            self.run(
                "delete from task_cells where task_id in (select id from temp.repeat where rowid > ?1 and rowid <= ?2)",
                &[from, to],
            )
            .await?;
            self.run(
                "delete from task where id in (select id from temp.repeat where rowid > ?1 and rowid <= ?2)",
                &[from, to],
            )
            .await?;
            self.commit().await?;
            from = to;
        }
        self.run("drop table temp.repeat", &[]).await
    }
}

/// The lane and first line of rows that follow each other line by line in one lane: nearly every batch of a plain file.
fn straight_run(tasks: &[&Buffered]) -> Option<(LaneId, u64)> {
    let first = tasks.first()?;
    let straight = tasks.iter().enumerate().all(|(offset, item)| {
        let kept = matches!(item.row.place, RowPlace::Task { kept: true, .. });
        item.lane == first.lane && item.row.line == first.row.line + offset as u64 && !kept
    });
    first.lane.filter(|_| straight).map(|lane| (lane, first.row.line))
}

fn target_of(item: &Buffered) -> Option<(&Target, bool)> {
    match &item.row.place {
        RowPlace::Task { target, kept, .. } => Some((target, *kept)),
        RowPlace::Rejected { .. } => None,
    }
}

/// Writes a target as JSON: a number where that is exact in the database, else text.
pub(super) fn write_target(json: &mut String, target: &Target) {
    let exact = match target {
        Target::Id(id) => TargetId::as_i64(*id),
        Target::Handle(_) => None,
    };
    // Writing to a String cannot fail.
    let _ = match exact {
        Some(number) => write!(json, "{number}"),
        None => write!(json, "\"{target}\""),
    };
}

fn targets(tasks: &[&Buffered]) -> String {
    let mut json = String::with_capacity(tasks.len() * 20 + 2);
    for item in tasks {
        json.push(if json.is_empty() { '[' } else { ',' });
        if let Some((target, _)) = target_of(item) {
            write_target(&mut json, target);
        }
    }
    json.push(']');
    json
}

/// Rows as `[lane, line, target, kept]`, and their record behind it where they are staged.
fn scattered(tasks: &[&Buffered], with_record: bool) -> String {
    let mut json = String::with_capacity(tasks.len() * 32 + 2);
    json.push('[');
    for item in tasks {
        if json.len() > 1 {
            json.push(',');
        }
        let (Some(lane), Some((target, kept))) = (item.lane, target_of(item)) else { continue };
        let _ = write!(json, "[{lane},{},", item.row.line);
        write_target(&mut json, target);
        let _ = write!(json, ",{}", u8::from(kept));
        if with_record {
            let _ = write!(json, ",{}", serde_json::json!(item.row.record));
        }
        json.push(']');
    }
    json.push(']');
    json
}

fn records(tasks: &[&Buffered], first: i64) -> String {
    let mut json = String::from("[");
    for (offset, item) in tasks.iter().enumerate() {
        if let Some(record) = &item.row.record {
            let comma = if json.len() > 1 { "," } else { "" };
            let _ = write!(json, "{comma}[{},{}]", first + offset as i64, serde_json::json!(record));
        }
    }
    json.push(']');
    json
}

fn rejected(rest: &[&Buffered]) -> String {
    let rows: Vec<_> = rest
        .iter()
        .map(|item| {
            let reason = match &item.row.place {
                RowPlace::Rejected { reason } => reason.as_str(),
                RowPlace::Task { .. } => "",
            };
            serde_json::json!([item.row.line, reason, item.row.record])
        })
        .collect();
    serde_json::Value::Array(rows).to_string()
}

const APPEND_RUN: &str =
    "insert into task (id, lane_id, line, target) select ?2 + key, ?3, ?4 + key, value from json_each(?1)";

const APPEND_SCATTERED: &str = "
    insert into task (id, lane_id, line, target, state, reason, finished_at)
    select ?2 + key, value ->> 0, value ->> 1, value ->> 2, case value ->> 3 when 1 then 8 else 0 end,
           case value ->> 3 when 1 then 'keep_list' end,
           case value ->> 3 when 1 then ?3 end
      from json_each(?1)";

const INSERT_CELLS: &str =
    "insert into task_cells (task_id, record) select value ->> 0, value ->> 1 from json_each(?1)";

const INSERT_REJECTED: &str = "
    insert into row_without_task (load_id, line, outcome, reason, record)
    select ?2, value ->> 0, 'rejected', value ->> 1, value ->> 2 from json_each(?1)";

const STAGE: &str = "
    insert into temp.incoming (lane_id, line, target, kept, record)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 from json_each(?1)";

const CREATE_SORTED: &str =
    "create temp table sorted (target any not null, id integer not null, lane_id integer) strict";

const FILL_SORTED: &str = "
    insert into temp.sorted select target, id, lane_id from task where id between ?1 and ?2 order by lane_id, target, id";

const FILL_SORTED_ONE_LANE: &str = "
    insert into temp.sorted (target, id) select target, id from task where id between ?1 and ?2 order by target, id";

const INSERT_KEYS: &str = "
    insert into task_key (lane_id, target, task_id)
    select coalesce(lane_id, ?3), target, id from temp.sorted where rowid > ?1 and rowid <= ?2 on conflict do nothing";

const CREATE_REPEAT: &str = "create temp table repeat (id integer not null) strict";

const FILL_REPEAT: &str = "
    insert into temp.repeat
    select b.id from temp.sorted a join temp.sorted b on b.rowid = a.rowid + 1
     where a.lane_id is b.lane_id and a.target = b.target order by b.id";

const INSERT_DUPLICATES: &str = "
    insert into row_without_task (load_id, line, outcome, reason, task_id, record)
    select ?1, task.line, 'duplicate', 'duplicate', task_key.task_id, task_cells.record
      from temp.repeat r
      join task on task.id = r.id
      join task_key on task_key.lane_id = task.lane_id and task_key.target = task.target
      left join task_cells on task_cells.task_id = task.id
     where r.rowid > ?2 and r.rowid <= ?3";
