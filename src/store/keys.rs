//! The key that guards against repeats, filled after the tasks in sorted order, and the repeats it finds.
//!
//! In: a load's new tasks. Out: their key, and rows without a task for those that repeat an earlier one. Sorting happens outside
//! the write lock, in a temporary table.

use super::error::StoreError;
use super::load::{Loader, ROWS_PER_TRANSACTION};

impl Loader<'_> {
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
