//! Loading again, the way nightly runs work: the file is compared with what is in the queue, and only the difference is
//! written. New rows get in line, vanished ones are cancelled, returned ones come back; whatever is settled stays settled.
//!
//! Steps 1 to 3 work in temporary tables beside the queue; the changes follow in batches, each of them true by itself; the
//! last small step makes the new tasks visible and remembers the content.

use sqlx::Connection;

use super::error::StoreError;
use super::job::Job;
use super::load::{Loader, ROWS_PER_TRANSACTION, insert_load};
use super::lock::LoadLock;
use super::open::Store;
use crate::domain::Wall;

/// What a reload did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reloaded {
    /// It was applied.
    Applied(ReloadSummary),
    /// It would have cancelled more than half of the rows in line; nothing was changed.
    Shrinks {
        /// So many would have been cancelled.
        vanished: u64,
        /// Of so many in line.
        pending: u64,
    },
}

/// What a reload changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReloadSummary {
    /// Rows read.
    pub rows: u64,
    /// Tasks that are new in line.
    pub added: u64,
    /// Tasks in line whose rows have vanished: cancelled.
    pub cancelled: u64,
    /// Cancelled tasks whose rows came back: in line again.
    pub restored: u64,
    /// Rows that repeat an earlier one.
    pub duplicates: u64,
    /// Rows that cannot be used.
    pub rejected: u64,
    /// Tasks in line that a keep list now spares.
    pub kept: u64,
}

impl Store {
    /// Begins to load a job's file again. Rows gather beside the queue until [`Loader::apply`].
    ///
    /// # Errors
    /// [`StoreError::LoadedMeanwhile`] where the job is no longer as it was seen; the database cannot be written.
    pub async fn begin_reload(&mut self, job: &Job, content_hash: &str, now: Wall) -> Result<Loader<'_>, StoreError> {
        let lock = LoadLock::wait(&self.path).await?;
        self.refuse_loaded_meanwhile(&job.name, Some(job)).await?;
        self.sweep_unfinished_loads().await?;
        let path = self.path.clone();
        let sort = |error| StoreError::from_sqlx(&path, error);
        let mut tx = self.connection.begin_with("begin immediate").await.map_err(&sort)?;
        let (load, first_id) = insert_load(&mut tx, job.round.0, content_hash, now).await.map_err(&sort)?;
        tx.commit().await.map_err(&sort)?;
        let mut loader = Loader::new(self, lock, job.round, load, first_id, now, true);
        for sql in ["drop table if exists temp.incoming", CREATE_INCOMING] {
            loader.run(sql, &[]).await?;
        }
        Ok(loader)
    }

    /// Removes what loads left that never finished. Whoever holds the load lock knows that nobody is at work on them.
    pub(super) async fn sweep_unfinished_loads(&mut self) -> Result<(), StoreError> {
        let path = self.path.clone();
        let sort = |error| StoreError::from_sqlx(&path, error);
        let unfinished: Vec<(i64, i64)> =
            sqlx::query_as("select id, first_task_id from load where finished_at is null order by id desc")
                .fetch_all(&mut self.connection)
                .await
                .map_err(&sort)?;
        for (load, first) in unfinished {
            loop {
                let mut tx = self.connection.begin_with("begin immediate").await.map_err(&sort)?;
                let mut swept = 0;
                for sql in SWEEP_TASKS {
                    let done = sqlx::query(sql).bind(first).bind(ROWS_PER_TRANSACTION / 5).execute(&mut *tx).await;
                    swept = done.map_err(&sort)?.rows_affected();
                }
                tx.commit().await.map_err(&sort)?;
                if swept == 0 {
                    break;
                }
            }
            let mut tx = self.connection.begin_with("begin immediate").await.map_err(&sort)?;
            for sql in SWEEP_LOAD {
                sqlx::query(sql).bind(load).execute(&mut *tx).await.map_err(&sort)?;
            }
            tx.commit().await.map_err(&sort)?;
        }
        Ok(())
    }
}

impl Loader<'_> {
    /// Compares the file with the queue and writes the difference, unless it would cancel more than half of what stands in
    /// line and `allow_shrink` is not set: that is more likely a half-written export than a wish.
    ///
    /// # Errors
    /// The database cannot be written. What was written until then is true by itself, and the next load goes on from it.
    pub async fn apply(mut self, allow_shrink: bool) -> Result<Reloaded, StoreError> {
        self.flush().await?;
        self.commit().await?;
        self.compare().await?;
        let (vanished,): (i64,) = self.one(COUNT_VANISHED_PENDING, &[]).await?;
        let (pending,): (i64,) = self.one("select pending from round where id = ?1", &[self.round.0]).await?;
        if !allow_shrink && vanished * 2 > pending {
            self.abandon().await?;
            return Ok(Reloaded::Shrinks { vanished: vanished as u64, pending: pending as u64 });
        }
        let mut summary = ReloadSummary { rows: self.rows, rejected: self.rejected, ..ReloadSummary::default() };
        self.append_fresh().await?;
        summary.added = self.index_fresh().await?;
        summary.cancelled = self.cancel_vanished().await?;
        (summary.restored, summary.kept) = self.update_matched().await?;
        summary.duplicates = self.finish_reload(&mut summary).await?;
        self.checkpoint().await;
        Ok(Reloaded::Applied(summary))
    }

    /// Sorts the incoming rows and matches them with the key: repeats, matches, fresh rows, vanished tasks.
    async fn compare(&mut self) -> Result<(), StoreError> {
        for sql in DROP_COMPARISON.iter().chain(&CREATE_COMPARISON) {
            self.run(sql, &[]).await?;
        }
        for sql in [FILL_SORTED_INCOMING, FILL_REPEATED, FILL_MATCHED, FILL_FRESH] {
            self.run(sql, &[]).await?;
        }
        self.run(FILL_VANISHED, &[self.round.0]).await
    }

    /// Takes the load back; nothing of it is left.
    async fn abandon(&mut self) -> Result<(), StoreError> {
        self.begin().await?;
        for sql in SWEEP_LOAD {
            self.run(sql, &[self.load]).await?;
        }
        self.commit().await
    }

    async fn append_fresh(&mut self) -> Result<(), StoreError> {
        let (total,): (i64,) = self.one("select coalesce(max(rowid), 0) from temp.fresh", &[]).await?;
        let (first, now) = (self.first_id - 1, self.now.0);
        self.in_batches(total, &[APPEND_FRESH, APPEND_FRESH_CELLS], &[first, now]).await?;
        self.next_id = self.first_id + total;
        Ok(())
    }

    async fn index_fresh(&mut self) -> Result<u64, StoreError> {
        self.index_new_tasks().await?;
        let new = [self.first_id, self.next_id - 1];
        let (added,): (i64,) =
            self.one("select count(*) from task where id between ?1 and ?2 and state = 0", &new).await?;
        Ok(added as u64)
    }

    async fn cancel_vanished(&mut self) -> Result<u64, StoreError> {
        let (total,): (i64,) = self.one("select coalesce(max(rowid), 0) from temp.vanished", &[]).await?;
        let (round, now) = (self.round.0, self.now.0);
        let (before,): (i64,) = self.one("select cancelled from round where id = ?1", &[round]).await?;
        self.in_batches(total, &[COUNT_CANCELLED, CANCEL_VANISHED, MARK_VANISHED], &[round, now]).await?;
        let (after,): (i64,) = self.one("select cancelled from round where id = ?1", &[round]).await?;
        Ok((after - before) as u64)
    }

    /// Brings back what returned, spares what a keep list now names, and takes over new line numbers and cells.
    async fn update_matched(&mut self) -> Result<(u64, u64), StoreError> {
        let (total,): (i64,) = self.one("select coalesce(max(rowid), 0) from temp.changed", &[]).await?;
        let (round, now) = (self.round.0, self.now.0);
        let counts = "select cancelled, kept from round where id = ?1";
        let (cancelled, kept): (i64, i64) = self.one(counts, &[round]).await?;
        let steps = [COUNT_RESTORED, COUNT_SPARED, RESTORE, SPARE, RENUMBER, DROP_CELLS, REPLACE_CELLS];
        self.in_batches(total, &steps, &[round, now]).await?;
        let (cancelled_now, kept_now): (i64, i64) = self.one(counts, &[round]).await?;
        Ok(((cancelled - cancelled_now) as u64, (kept_now - kept) as u64))
    }

    async fn finish_reload(&mut self, summary: &mut ReloadSummary) -> Result<u64, StoreError> {
        let (total,): (i64,) = self.one("select coalesce(max(rowid), 0) from temp.repeated", &[]).await?;
        let (load, round) = (self.load, self.round.0);
        self.in_batches(total, &[INSERT_REPEATED], &[load, 0]).await?;
        let (ordered,): (i64,) = self.one(STILL_IN_ORDER, &[self.first_id]).await?;
        let last = self.next_id - 1;
        let (pending, kept): (i64, i64) = self
            .one(
                "select coalesce(sum(state = 0), 0), coalesce(sum(state = 8), 0) from task where id between ?1 and ?2",
                &[self.first_id, last],
            )
            .await?;
        summary.kept += kept as u64;
        self.begin().await?;
        self.run(
            "update round set visible_to = max(visible_to, ?2), rows = ?3, duplicates = ?4, rejected = ?5,
                    pending = pending + ?6, kept = kept + ?7, in_order = in_order and ?8 where id = ?1",
            &[round, last, self.rows as i64, total, self.rejected as i64, pending, kept, ordered],
        )
        .await?;
        self.close_load(last).await?;
        self.commit().await?;
        self.begin().await?;
        self.run(DELETE_OLDER_ROWS, &[round, load]).await?;
        self.commit().await?;
        for sql in DROP_COMPARISON {
            self.run(sql, &[]).await?;
        }
        Ok(total as u64)
    }

    /// Runs statements over a temporary table, a batch of its rows (`rowid > ?1 and rowid <= ?2`) per transaction. All get the
    /// same four numbers; what a statement does not name is not bound.
    async fn in_batches(&mut self, total: i64, steps: &[&'static str], more: &[i64; 2]) -> Result<(), StoreError> {
        const ROWS: i64 = ROWS_PER_TRANSACTION / 2;
        let mut from = 0;
        while from < total {
            self.begin().await?;
            for sql in steps {
                self.run(sql, &[from, from + ROWS, more[0], more[1]]).await?;
            }
            self.commit().await?;
            from += ROWS;
        }
        Ok(())
    }
}

const CREATE_INCOMING: &str = "
    create temp table incoming (id integer primary key, lane_id integer not null, line integer not null, target any not null,
                                kept integer not null, record text) strict";

const DROP_COMPARISON: [&str; 6] = [
    "drop table if exists temp.sorted_incoming",
    "drop table if exists temp.repeated",
    "drop table if exists temp.matched",
    "drop table if exists temp.fresh",
    "drop table if exists temp.vanished",
    "drop table if exists temp.changed",
];

const CREATE_COMPARISON: [&str; 6] = [
    "create temp table sorted_incoming (lane_id integer not null, target any not null, id integer not null,
                                        repeats integer not null) strict",
    "create temp table repeated (id integer not null) strict",
    "create temp table matched (task_id integer primary key, incoming_id integer not null) strict",
    "create temp table fresh (incoming_id integer not null) strict",
    "create temp table vanished (task_id integer not null) strict",
    "create temp table changed (task_id integer not null, incoming_id integer not null) strict",
];

const FILL_SORTED_INCOMING: &str = "
    insert into temp.sorted_incoming
    select lane_id, target, id, lane_id is lag(lane_id) over w and target is lag(target) over w
      from temp.incoming window w as (order by lane_id, target, id)";

const FILL_REPEATED: &str = "insert into temp.repeated select id from temp.sorted_incoming where repeats order by id";

const FILL_MATCHED: &str = "
    insert into temp.matched
    select key.task_id, s.id from temp.sorted_incoming s
      join task_key key on key.lane_id = s.lane_id and key.target = s.target
     where not s.repeats order by key.task_id";

const FILL_FRESH: &str = "
    insert into temp.fresh
    select s.id from temp.sorted_incoming s
     where not s.repeats
       and not exists (select 1 from task_key key where key.lane_id = s.lane_id and key.target = s.target)
     order by s.id";

/// Two tables are filled in one pass each over the round's tasks: what vanished, and what changed among what matched.
const FILL_VANISHED: &str = "
    insert into temp.vanished
    select task.id from load join task on task.id between load.first_task_id and load.last_task_id
     where load.round_id = ?1 and load.finished_at is not null
       and (task.vanished = 0 or task.state in (0, 2, 3))
       and not exists (select 1 from temp.matched where matched.task_id = task.id)
     order by task.id;
    insert into temp.changed
    select m.task_id, m.incoming_id from temp.matched m
      join task on task.id = m.task_id
      join temp.incoming i on i.id = m.incoming_id
      left join task_cells c on c.task_id = m.task_id
     where task.line <> i.line or task.vanished = 1 or c.record is not i.record
        or (i.kept = 1 and task.state in (0, 2, 3)) or (task.state = 7 and task.reason = 'row_vanished')
     order by m.task_id";

const COUNT_VANISHED_PENDING: &str = "
    select count(*) from temp.vanished v join task on task.id = v.task_id where task.state in (0, 1, 2, 3)";

const APPEND_FRESH: &str = "
    insert into task (id, lane_id, line, target, state, reason, finished_at)
    select ?3 + f.rowid, i.lane_id, i.line, i.target, case i.kept when 1 then 8 else 0 end,
           case i.kept when 1 then 'keep_list' end, case i.kept when 1 then ?4 end
      from temp.fresh f join temp.incoming i on i.id = f.incoming_id
     where f.rowid > ?1 and f.rowid <= ?2";

const APPEND_FRESH_CELLS: &str = "
    insert into task_cells (task_id, record)
    select ?3 + f.rowid, i.record from temp.fresh f join temp.incoming i on i.id = f.incoming_id
     where f.rowid > ?1 and f.rowid <= ?2 and i.record is not null";

/// Counted before the change, from the same rows and in the same transaction.
const COUNT_CANCELLED: &str = "
    update round
       set pending = pending - n.n, cancelled = cancelled + n.n
      from (select count(*) as n from temp.vanished v join task on task.id = v.task_id
             where v.rowid > ?1 and v.rowid <= ?2 and task.state in (0, 2, 3)) n
     where round.id = ?3";

const CANCEL_VANISHED: &str = "
    update task set state = 7, reason = 'row_vanished', finished_at = ?4
     where id in (select task_id from temp.vanished where rowid > ?1 and rowid <= ?2)
       and state in (0, 2, 3)";

const MARK_VANISHED: &str = "
    update task set vanished = 1
     where id in (select task_id from temp.vanished where rowid > ?1 and rowid <= ?2)";

const COUNT_RESTORED: &str = "
    update round
       set pending = pending + n.n, cancelled = cancelled - n.n
      from (select count(*) as n from temp.changed c
              join task on task.id = c.task_id
             where c.rowid > ?1 and c.rowid <= ?2 and task.state = 7 and task.reason = 'row_vanished') n
     where round.id = ?3";

const COUNT_SPARED: &str = "
    update round
       set pending = pending - n.n, kept = kept + n.n
      from (select count(*) as n from temp.changed c
              join task on task.id = c.task_id
              join temp.incoming i on i.id = c.incoming_id
             where c.rowid > ?1 and c.rowid <= ?2 and i.kept = 1
               and (task.state in (0, 2, 3) or (task.state = 7 and task.reason = 'row_vanished'))) n
     where round.id = ?3";

const RESTORE: &str = "
    update task set state = 0, reason = null, finished_at = null
     where id in (select task_id from temp.changed where rowid > ?1 and rowid <= ?2)
       and state = 7 and reason = 'row_vanished'";

const SPARE: &str = "
    update task set state = 8, reason = 'keep_list', finished_at = ?4
     where id in (select c.task_id from temp.changed c join temp.incoming i on i.id = c.incoming_id
                   where c.rowid > ?1 and c.rowid <= ?2 and i.kept = 1)
       and state in (0, 2, 3)";

const RENUMBER: &str = "
    update task set line = i.line, vanished = 0
      from temp.changed c join temp.incoming i on i.id = c.incoming_id
     where c.rowid > ?1 and c.rowid <= ?2 and task.id = c.task_id";

const DROP_CELLS: &str = "
    delete from task_cells
     where task_id in (select task_id from temp.changed where rowid > ?1 and rowid <= ?2)";

const REPLACE_CELLS: &str = "
    insert into task_cells (task_id, record)
    select c.task_id, i.record from temp.changed c join temp.incoming i on i.id = c.incoming_id
     where c.rowid > ?1 and c.rowid <= ?2 and i.record is not null";

const INSERT_REPEATED: &str = "
    insert into row_without_task (load_id, line, outcome, reason, task_id, record)
    select ?3, i.line, 'duplicate', 'duplicate', key.task_id, i.record
      from temp.repeated r
      join temp.incoming i on i.id = r.id
      left join task_key key on key.lane_id = i.lane_id and key.target = i.target
     where r.rowid > ?1 and r.rowid <= ?2";

/// Whether the order of task IDs is still the order of lines: no matched row moved before another, no fresh row before one.
const STILL_IN_ORDER: &str = "
    select not exists (
        select 1 from (
            select i.line as line, lag(i.line) over (order by m.task_id) as before
              from temp.matched m join temp.incoming i on i.id = m.incoming_id)
         where line < before)
       and coalesce((select max(i.line) from temp.matched m join temp.incoming i on i.id = m.incoming_id), 0)
         < coalesce((select min(line) from task where id >= ?1), 9223372036854775807)";

const DELETE_OLDER_ROWS: &str =
    "delete from row_without_task where load_id in (select id from load where round_id = ?1 and id < ?2)";

const SWEEP_TASKS: [&str; 3] = [
    "delete from task_key where (lane_id, target) in (select lane_id, target from task where id >= ?1 order by id desc limit ?2)
        and task_id >= ?1",
    "delete from task_cells where task_id in (select id from task where id >= ?1 order by id desc limit ?2)",
    "delete from task where id in (select id from task where id >= ?1 order by id desc limit ?2)",
];

const SWEEP_LOAD: [&str; 5] = [
    "delete from row_without_task where load_id = ?1",
    "delete from load where id = ?1",
    "delete from lane where round_id not in (select round_id from load)",
    "delete from round where id not in (select round_id from load)",
    "delete from job where id not in (select job_id from round)",
];
