//! Loading again, the way nightly runs work: the file is compared with what is in the queue, and only the difference is
//! written. New rows get in line, vanished ones are cancelled, returned ones come back; whatever is settled stays settled.
//!
//! Rows that are as they were have been matched in passing ([`super::align`]); what follows is about the rest. It is sorted and
//! compared in temporary tables beside the queue; the changes follow in batches, each of them true by itself; the last small
//! step makes the new tasks visible and remembers the content.

use sqlx::Connection;

use super::align::{Alignment, CREATE_ALIGNMENT, Run, runs_json};
use super::columns::numbers;
use super::drill;
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
    /// Tasks in line again: cancelled ones whose rows came back, and spared ones that nothing spares any more.
    pub restored: u64,
    /// Rows that repeat an earlier one.
    pub duplicates: u64,
    /// Rows that cannot be used.
    pub rejected: u64,
    /// Tasks that were in line or are new, and are spared now.
    pub kept: u64,
}

impl Store {
    /// Begins to load a job's file again. Rows gather beside the queue until [`Loader::apply`].
    ///
    /// # Errors
    /// [`StoreError::LoadedMeanwhile`] where the job is no longer as it was seen; the database cannot be written.
    pub async fn begin_reload(&mut self, job: &Job, content_hash: &str, now: Wall) -> Result<Loader<'_>, StoreError> {
        let lock = LoadLock::wait(&self.path).await?;
        self.sync_each_commit(true).await?;
        self.refuse_loaded_meanwhile(&job.name, Some(job)).await?;
        self.sweep_unfinished_loads().await?;
        let path = self.path.clone();
        let sort = |error| StoreError::from_sqlx(&path, error);
        let mut tx = self.connection.begin_with("begin immediate").await.map_err(&sort)?;
        let (load, first_id) = insert_load(&mut tx, job.round.0, content_hash, now).await.map_err(&sort)?;
        tx.commit().await.map_err(&sort)?;
        let mut loader = Loader::new(self, lock, job.round, load, first_id, now, None);
        for sql in ["drop table if exists temp.incoming", CREATE_INCOMING].iter().chain(&CREATE_ALIGNMENT) {
            loader.run(sql, &[]).await?;
        }
        let (ordered,): (i64,) = loader.one(RUNS_ARE_WHOLE, &[job.round.0, job.load]).await?;
        loader.alignment = Some(Alignment::begin(loader.store, job.round, (ordered != 0).then_some(job.load)).await?);
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
        if let Some(alignment) = &mut self.alignment {
            alignment.finish(self.store).await?;
        }
        self.compare().await?;
        let (vanished,): (i64,) = self.one(COUNT_VANISHED_PENDING, &[]).await?;
        let (pending,): (i64,) = self.one("select pending from round where id = ?1", &[self.round.0]).await?;
        if !allow_shrink && vanished * 2 > pending {
            self.abandon().await?;
            return Ok(Reloaded::Shrinks { vanished: vanished as u64, pending: pending as u64 });
        }
        // Each batch is true by itself, so after a power failure the first few of them are what a crash leaves; the last commit's
        // sync takes all of them to the disk.
        self.store.sync_each_commit(false).await?;
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
        for sql in [FILL_SORTED_INCOMING, FILL_MATCHED, FILL_FRESH, FILL_REPEATED] {
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
        self.in_batches(total, &[COUNT_CANCELLED, CANCEL_VANISHED], &[round, now]).await?;
        let (after,): (i64,) = self.one("select cancelled from round where id = ?1", &[round]).await?;
        Ok((after - before) as u64)
    }

    /// Brings back what returned and what nothing spares any more, spares what a rule now does, and takes over new cells.
    async fn update_matched(&mut self) -> Result<(u64, u64), StoreError> {
        let (total,): (i64,) = self.one("select coalesce(max(rowid), 0) from temp.changed", &[]).await?;
        let (round, now) = (self.round.0, self.now.0);
        let counts = "select cancelled, kept from round where id = ?1";
        let freed_sql = "select count(*) from temp.changed c join task on task.id = c.task_id
                           join temp.incoming i on i.id = c.incoming_id where task.state = 8 and i.spared is null";
        let (freed,): (i64,) = self.one(freed_sql, &[]).await?;
        let (cancelled, kept): (i64, i64) = self.one(counts, &[round]).await?;
        if total > 0 {
            self.begin().await?;
            self.run("update round set torn = 1 where id = ?1", &[round]).await?;
        }
        let steps =
            [COUNT_RESTORED, COUNT_FREED, COUNT_SPARED, RESTORE, FREE, SPARE, RETURN, DROP_CELLS, REPLACE_CELLS];
        self.in_batches(total, &steps, &[round, now]).await?;
        let (cancelled_now, kept_now): (i64, i64) = self.one(counts, &[round]).await?;
        Ok(((cancelled - cancelled_now + freed) as u64, (kept_now - kept + freed) as u64))
    }

    async fn finish_reload(&mut self, summary: &mut ReloadSummary) -> Result<u64, StoreError> {
        let (total,): (i64,) = self.one("select coalesce(max(rowid), 0) from temp.repeated", &[]).await?;
        let (load, round) = (self.load, self.round.0);
        self.in_batches(total, &[INSERT_REPEATED], &[load, 0]).await?;
        self.write_runs().await?;
        let last = self.next_id - 1;
        let (pending, kept) = self.count_new(0).await?;
        summary.kept += kept as u64;
        self.store.sync_each_commit(true).await?;
        self.begin().await?;
        self.run(
            "update round set visible_to = max(visible_to, ?2), rows = ?3, duplicates = ?4, rejected = ?5,
                    pending = pending + ?6, kept = kept + ?7, torn = 0 where id = ?1",
            &[round, last, self.rows as i64, total, self.rejected as i64, pending, kept],
        )
        .await?;
        self.close_load(last).await?;
        self.commit().await?;
        for sql in DELETE_OLDER {
            while self.change(sql, &[round, load, ROWS_PER_TRANSACTION / 2]).await? > 0 {}
        }
        for sql in DROP_COMPARISON {
            self.run(sql, &[]).await?;
        }
        Ok(total as u64)
    }

    /// Says where the rows of this load stand: those in their old order as the runs they were met in, the rest one by one.
    async fn write_runs(&mut self) -> Result<(), StoreError> {
        self.run(FILL_PLACED, &[self.first_id - 1]).await?;
        let mut open: Option<Run> = None;
        let mut from = 0;
        loop {
            let sql = "select group_concat(line), group_concat(task_id), group_concat(rows), max(rowid)
                         from (select rowid, * from temp.placed where rowid > ?1 order by rowid limit ?2)";
            let (lines, tasks, rows, last): (Option<String>, Option<String>, Option<String>, Option<i64>) =
                self.one(sql, &[from, ROWS_PER_TRANSACTION / 2]).await?;
            let Some(last) = last else { break };
            from = last;
            let places = numbers(lines.as_deref())?.into_iter().zip(numbers(tasks.as_deref())?);
            let mut closed = Vec::new();
            for ((line, task), rows) in places.zip(numbers(rows.as_deref())?) {
                let run = Run { line, task, rows };
                if !open.as_mut().is_some_and(|open| open.extend(run)) {
                    closed.extend(open.replace(run));
                }
            }
            self.insert_json(INSERT_RUNS, &runs_json(&closed), &[self.load]).await?;
        }
        let rest: Vec<Run> = open.into_iter().collect();
        self.insert_json(INSERT_RUNS, &runs_json(&rest), &[self.load]).await
    }

    /// Runs statements over a temporary table, a batch of its rows (`rowid > ?1 and rowid <= ?2`) per transaction. All get the
    /// same four numbers; what a statement does not name is not bound.
    async fn in_batches(&mut self, total: i64, steps: &[&'static str], more: &[i64; 2]) -> Result<(), StoreError> {
        let rows = self.store.reload_sizes.rows_per_batch;
        let mut from = 0;
        while from < total {
            self.begin().await?;
            for sql in steps {
                self.run(sql, &[from, from + rows, more[0], more[1]]).await?;
            }
            drill::point("reload-batch");
            self.commit().await?;
            drill::point("reload-batch-done");
            from += rows;
        }
        Ok(())
    }
}

const CREATE_INCOMING: &str = "
    create temp table incoming (id integer primary key, lane_id integer not null, line integer not null, target any not null,
                                spared text, record text) strict";

const DROP_COMPARISON: [&str; 7] = [
    "drop table if exists temp.placed",
    "drop table if exists temp.sorted_incoming",
    "drop table if exists temp.repeated",
    "drop table if exists temp.matched",
    "drop table if exists temp.fresh",
    "drop table if exists temp.vanished",
    "drop table if exists temp.changed",
];

const CREATE_COMPARISON: [&str; 7] = [
    "create temp table placed (line integer not null, task_id integer not null, rows integer not null) strict",
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

/// The tasks that leftover rows mean, but for those that stood in the file before and were met in passing.
const FILL_MATCHED: &str = "
    insert into temp.matched
    select key.task_id, s.id from temp.sorted_incoming s
      join task_key key on key.lane_id = s.lane_id and key.target = s.target
     where not s.repeats
       and not coalesce((select key.task_id < run.task_id + run.rows from temp.run
                          where run.task_id <= key.task_id order by run.task_id desc limit 1), 0)
     order by key.task_id";

/// Rows that repeat another leftover one, and those that repeat one met in passing.
const FILL_REPEATED: &str = "
    insert into temp.repeated
    select s.id from temp.sorted_incoming s
     where s.repeats
        or exists (select 1 from task_key key
                    where key.lane_id = s.lane_id and key.target = s.target
                      and not exists (select 1 from temp.matched m where m.task_id = key.task_id))
     order by s.id";

const FILL_FRESH: &str = "
    insert into temp.fresh
    select s.id from temp.sorted_incoming s
     where not s.repeats
       and not exists (select 1 from task_key key where key.lane_id = s.lane_id and key.target = s.target)
     order by s.id";

/// Two tables are filled: what vanished (or had vanished while it was being sent, and came back unsettled), and what changed
/// among what matched.
const FILL_VANISHED: &str = "
    insert into temp.vanished
    select id from (
        select u.task_id as id from temp.unmatched u
        union
        select task.id from load
         cross join task indexed by task_vanished on task.id between load.first_task_id and load.last_task_id
         where load.round_id = ?1 and load.finished_at is not null and task.vanished = 1 and task.state in (0, 2, 3))
     where not exists (select 1 from temp.matched where matched.task_id = id)
     order by id;
    insert into temp.changed
    select m.task_id, m.incoming_id from temp.matched m
      join task on task.id = m.task_id
      join temp.incoming i on i.id = m.incoming_id
      left join task_cells c on c.task_id = m.task_id
     where task.vanished = 1 or c.record is not i.record
        or (i.spared is not null and task.state in (0, 2, 3))
        or (task.state = 8 and i.spared is not task.reason) or (task.state = 7 and task.reason = 'row_vanished')
     order by m.task_id";

const COUNT_VANISHED_PENDING: &str = "
    select count(*) from temp.vanished v join task on task.id = v.task_id where task.state in (0, 1, 2, 3)";

// `or rollback` says that a row that cannot be written ends the whole transaction, which it does here anyway. So SQLite need not copy
// each page before a statement touches it, in case that statement alone has to be taken back.

const APPEND_FRESH: &str = "
    insert or rollback into task (id, lane_id, line, target, state, reason, finished_at)
    select ?3 + f.rowid, i.lane_id, i.line, i.target, iif(i.spared is null, 0, 8), i.spared,
           iif(i.spared is null, null, ?4)
      from temp.fresh f join temp.incoming i on i.id = f.incoming_id
     where f.rowid > ?1 and f.rowid <= ?2";

const APPEND_FRESH_CELLS: &str = "
    insert or rollback into task_cells (task_id, record)
    select ?3 + f.rowid, i.record from temp.fresh f join temp.incoming i on i.id = f.incoming_id
     where f.rowid > ?1 and f.rowid <= ?2 and i.record is not null";

/// Counted before the change, from the same rows and in the same transaction.
const COUNT_CANCELLED: &str = "
    update round
       set pending = pending - n.n, cancelled = cancelled + n.n
      from (select count(*) as n from temp.vanished v join task on task.id = v.task_id
             where v.rowid > ?1 and v.rowid <= ?2 and task.state in (0, 2, 3)) n
     where round.id = ?3";

/// A task that is being sent is let finish; it is only marked.
const CANCEL_VANISHED: &str = "
    update or rollback task
       set vanished = 1, state = iif(state in (0, 2, 3), 7, state),
           reason = iif(state in (0, 2, 3), 'row_vanished', reason),
           finished_at = iif(state in (0, 2, 3), ?4, finished_at)
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
             where c.rowid > ?1 and c.rowid <= ?2 and i.spared is not null
               and (task.state in (0, 2, 3) or (task.state = 7 and task.reason = 'row_vanished'))) n
     where round.id = ?3";

const RESTORE: &str = "
    update or rollback task set state = 0, reason = null, finished_at = null
     where id in (select task_id from temp.changed where rowid > ?1 and rowid <= ?2)
       and state = 7 and reason = 'row_vanished'";

/// What nothing spares any more, among rows that were spared.
const COUNT_FREED: &str = "
    update round
       set pending = pending + n.n, kept = kept - n.n
      from (select count(*) as n from temp.changed c
              join task on task.id = c.task_id
              join temp.incoming i on i.id = c.incoming_id
             where c.rowid > ?1 and c.rowid <= ?2 and task.state = 8 and i.spared is null) n
     where round.id = ?3";

const FREE: &str = "
    update or rollback task set state = 0, reason = null, finished_at = null
     where id in (select c.task_id from temp.changed c join temp.incoming i on i.id = c.incoming_id
                   where c.rowid > ?1 and c.rowid <= ?2 and i.spared is null)
       and state = 8";

/// A row that another rule spares now says so.
const SPARE: &str = "
    update or rollback task set state = 8, reason = i.spared, finished_at = ?4
      from temp.changed c join temp.incoming i on i.id = c.incoming_id
     where c.rowid > ?1 and c.rowid <= ?2 and task.id = c.task_id and i.spared is not null
       and task.state in (0, 2, 3, 8)";

const RETURN: &str = "
    update or rollback task set vanished = 0
     where id in (select task_id from temp.changed where rowid > ?1 and rowid <= ?2) and vanished = 1";

const DROP_CELLS: &str = "
    delete from task_cells
     where task_id in (select task_id from temp.changed where rowid > ?1 and rowid <= ?2)";

const REPLACE_CELLS: &str = "
    insert or rollback into task_cells (task_id, record)
    select c.task_id, i.record from temp.changed c join temp.incoming i on i.id = c.incoming_id
     where c.rowid > ?1 and c.rowid <= ?2 and i.record is not null";

const INSERT_REPEATED: &str = "
    insert into row_without_task (load_id, line, outcome, reason, task_id, record)
    select ?3, i.line, 'duplicate', 'duplicate', key.task_id, i.record
      from temp.repeated r
      join temp.incoming i on i.id = r.id
      left join task_key key on key.lane_id = i.lane_id and key.target = i.target
     where r.rowid > ?1 and r.rowid <= ?2";

const RUNS_ARE_WHOLE: &str = "
    select torn = 0 and exists (select 1 from row_run where load_id = ?2) from round where id = ?1";

const FILL_PLACED: &str = "
    insert into temp.placed
    select line, task_id, rows from temp.run
    union all
    select i.line, m.task_id, 1 from temp.matched m join temp.incoming i on i.id = m.incoming_id
    union all
    select i.line, ?1 + f.rowid, 1 from temp.fresh f join temp.incoming i on i.id = f.incoming_id
     order by 1";

const INSERT_RUNS: &str = "
    insert into row_run (load_id, line, task_id, rows)
    select ?2, value ->> 0, value ->> 1, value ->> 2 from json_each(?1)";

const DELETE_OLDER: [&str; 2] = [
    "delete from row_without_task
      where (load_id, line) in (select r.load_id, r.line from load join row_without_task r on r.load_id = load.id
                                 where load.round_id = ?1 and load.id < ?2 limit ?3)",
    "delete from row_run
      where (load_id, line) in (select r.load_id, r.line from load join row_run r on r.load_id = load.id
                                 where load.round_id = ?1 and load.id < ?2 limit ?3)",
];

const SWEEP_TASKS: [&str; 3] = [
    "delete from task_key where (lane_id, target) in (select lane_id, target from task where id >= ?1 order by id desc limit ?2)
        and task_id >= ?1",
    "delete from task_cells where task_id in (select id from task where id >= ?1 order by id desc limit ?2)",
    "delete from task where id in (select id from task where id >= ?1 order by id desc limit ?2)",
];

const SWEEP_LOAD: [&str; 6] = [
    "delete from row_run where load_id = ?1",
    "delete from row_without_task where load_id = ?1",
    "delete from load where id = ?1",
    "delete from lane where round_id not in (select round_id from load)",
    "delete from round where id not in (select round_id from load)",
    "delete from job where id not in (select job_id from round)",
];
