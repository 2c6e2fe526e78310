//! The key that guards against repeats, filled after the tasks in sorted order, and the repeats it finds.
//!
//! In: a load's new tasks. Out: their key, and rows without a task for those that repeat an earlier one. A fresh file's numbers
//! were sorted while its tasks were appended (`sorter`); the rest is sorted by SQLite in a temporary table, outside
//! the write lock.

use std::fmt::Write as _;

use super::super::reload_sizes::{ROWS_PER_STATEMENT, ROWS_PER_TRANSACTION};
use super::super::sorter::{Key, Sorted};
use super::keys::Keys;
use super::loader::SqliteLoader;
use crate::store::error::StoreError;

impl SqliteLoader<'_> {
    /// Fills the key with this load's tasks in sorted order, and turns those that repeat an earlier row into duplicates.
    pub(super) async fn index_new_tasks(&mut self) -> Result<i64, StoreError> {
        for sql in ["drop table if exists temp.found", CREATE_FOUND] {
            self.run(sql, &[]).await?;
        }
        match self.keys.take() {
            Some(Keys { sorter, others }) => {
                let sorted = sorter.sorted().map_err(|error| self.spilling(error))?;
                self.append_keys(sorted).await?;
                if others {
                    self.sort_and_append(true).await?;
                }
            }
            None => self.sort_and_append(false).await?,
        }
        let (repeats,): (i64,) = self.one("select count(*) from temp.found", &[]).await?;
        if repeats > 0 {
            self.set_duplicates_aside().await?;
        }
        self.run("drop table temp.found", &[]).await?;
        Ok(repeats)
    }

    /// Appends keys that come in order, and notes the tasks of those that repeat the one before.
    async fn append_keys(&mut self, mut sorted: Sorted) -> Result<(), StoreError> {
        let mut before = None;
        let mut batch = KeyBatch::read(&mut sorted, &mut before);
        loop {
            let keys = batch.map_err(|error| self.spilling(error))?;
            if keys.rows == 0 {
                return self.commit().await;
            }
            // The queue works on a thread of its own; meanwhile the next keys are merged on this one.
            let reading = async { KeyBatch::read(&mut sorted, &mut before) };
            let (written, next) = tokio::join!(biased; self.write_keys(keys), reading);
            written?;
            batch = next;
        }
    }

    async fn write_keys(&mut self, keys: KeyBatch) -> Result<(), StoreError> {
        self.begin().await?;
        self.insert_json(APPEND_KEYS, &keys.json, &[]).await?;
        self.uncommitted += keys.rows as i64;
        if !keys.repeats.is_empty() {
            let repeats = serde_json::json!(keys.repeats).to_string();
            self.insert_json("insert into temp.found select value from json_each(?1)", &repeats, &[]).await?;
        }
        if self.uncommitted > self.rows_per_transaction() { self.commit().await } else { Ok(()) }
    }

    /// Sorts the tasks in a temporary table, or those alone whose target is no number, and appends their keys.
    async fn sort_and_append(&mut self, texts_only: bool) -> Result<(), StoreError> {
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
        self.run(fill, &[first, last, i64::from(texts_only)]).await?;
        let (total,): (i64,) = self.one("select coalesce(max(rowid), 0) from temp.sorted", &[]).await?;
        let mut inserted = 0;
        let mut from = 0;
        while from < total {
            let to = from + self.rows_per_transaction();
            self.begin().await?;
            inserted += self.change(INSERT_KEYS, &[from, to, lane]).await?;
            self.commit().await?;
            from = to;
        }
        if inserted < total {
            self.run(FIND_REPEATS, &[]).await?;
        }
        self.run("drop table temp.sorted", &[]).await
    }

    pub(super) fn spilling(&self, error: std::io::Error) -> StoreError {
        StoreError::of_io(self.db.place().local_path(), error)
    }

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

const CREATE_SORTED: &str =
    "create temp table sorted (target any not null, id integer not null, lane_id integer) strict";

const FILL_SORTED: &str = "
    insert into temp.sorted select target, id, lane_id from task
     where id between ?1 and ?2 and (not ?3 or typeof(target) = 'text') order by lane_id, target, id";

const FILL_SORTED_ONE_LANE: &str = "
    insert into temp.sorted (target, id) select target, id from task
     where id between ?1 and ?2 and (not ?3 or typeof(target) = 'text') order by target, id";

/// `or rollback`: see `changes`.
const INSERT_KEYS: &str = "
    insert or rollback into task_key (lane_id, target, task_id)
    select coalesce(lane_id, ?3), target, id from temp.sorted where rowid > ?1 and rowid <= ?2 on conflict do nothing";

/// `{lane: {target: task, ...}, ...}`: the name and the value of an object's member are a row of `json_each` as they are, where an
/// array for each row would have to be taken apart.
const APPEND_KEYS: &str = "
    insert or rollback into task_key (lane_id, target, task_id)
    select cast(lane.key as integer), cast(key.key as integer), key.value
      from jsonb_each(?1) lane cross join json_each(lane.value) key";

const CREATE_FOUND: &str = "create temp table found (id integer not null) strict";

/// Repeats stand next to each other in the sorted table.
const FIND_REPEATS: &str = "
    insert into temp.found
    select b.id from temp.sorted a join temp.sorted b on b.rowid = a.rowid + 1
     where a.lane_id is b.lane_id and a.target = b.target";

const CREATE_REPEAT: &str = "create temp table repeat (id integer not null) strict";

const FILL_REPEAT: &str = "insert into temp.repeat select id from temp.found order by id";

const INSERT_DUPLICATES: &str = "
    insert into row_without_task (load_id, line, outcome, reason, task_id, record)
    select ?1, task.line, 'duplicate', 'duplicate', task_key.task_id, task_cells.record
      from temp.repeat r
      join task on task.id = r.id
      join task_key on task_key.lane_id = task.lane_id and task_key.target = task.target
      left join task_cells on task_cells.task_id = task.id
     where r.rowid > ?2 and r.rowid <= ?3";

/// Keys for one statement.
#[derive(Debug, Default)]
struct KeyBatch {
    json: String,
    rows: usize,
    /// Tasks whose key was there already.
    repeats: Vec<i64>,
}

impl KeyBatch {
    /// The next keys; `before` is the one that was read last.
    fn read(sorted: &mut Sorted, before: &mut Option<Key>) -> std::io::Result<KeyBatch> {
        let mut batch = KeyBatch { json: String::with_capacity(ROWS_PER_STATEMENT * 32), ..KeyBatch::default() };
        let mut lane = None;
        while batch.rows < ROWS_PER_STATEMENT
            && let Some(key) = sorted.next()?
        {
            batch.rows += 1;
            if before.is_some_and(|before| (before.lane, before.target) == (key.lane, key.target)) {
                batch.repeats.push(key.task);
                continue;
            }
            *before = Some(key);
            // Writing to a String cannot fail.
            let _ = match lane {
                Some(open) if open == key.lane => write!(batch.json, ",\"{}\":{}", key.target, key.task),
                Some(_) => write!(batch.json, "}},\"{}\":{{\"{}\":{}", key.lane, key.target, key.task),
                None => write!(batch.json, "{{\"{}\":{{\"{}\":{}", key.lane, key.target, key.task),
            };
            lane = Some(key.lane);
        }
        batch.json.push_str(if lane.is_some() { "}}" } else { "{}" });
        Ok(batch)
    }
}
