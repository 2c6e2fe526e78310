//! Loading again, the way nightly runs work: the file is compared with what is in the queue, and only the difference is
//! written. New rows get in line, vanished ones are cancelled, returned ones come back; whatever is settled stays settled.
//!
//! Rows that are as they were have been matched in passing ([`super::merge`]); what follows is about the rest. It is sorted and
//! compared in temporary tables beside the queue; the changes follow in batches, each of them true by itself; the last small
//! step makes the new tasks visible and remembers the content.

use super::super::LoadStore;
use super::super::begun_load::{BegunLoad, close_load};
use super::super::reload_sizes::ROWS_PER_TRANSACTION;
use super::super::summary::{ReloadSummary, Reloaded, shrinks};
use super::super::sweep::take_back;
use super::changes::WITHHOLD_NO_MORE;
use super::compare::DROP_COMPARISON;
use super::loader::SqliteLoader;
use super::merge::{Alignment, CREATE_ALIGNMENT};
use super::row_runs::{Run, runs_json};
use crate::store::columns::numbers;
use crate::store::error::StoreError;

impl<'s> SqliteLoader<'s> {
    /// Begins to compare rows with those of the round, as the load before this one, `old_load`, has left them.
    pub(in super::super) async fn of_reload(
        store: LoadStore<'s>,
        begun: BegunLoad,
        old_load: i64,
    ) -> Result<SqliteLoader<'s>, StoreError> {
        let mut loader = SqliteLoader::new(store, begun);
        for sql in ["drop table if exists temp.incoming", CREATE_INCOMING].iter().chain(&CREATE_ALIGNMENT) {
            loader.run(sql, &[]).await?;
        }
        let (ordered,): (i64,) = loader.one(RUNS_ARE_WHOLE, &[loader.round.0, old_load]).await?;
        let runs_of = (ordered != 0).then_some(old_load);
        let file = loader.db.place().local_path();
        let alignment = Alignment::begin(file, loader.sizes, loader.round, runs_of).await?;
        loader.alignment = Some(alignment);
        Ok(loader)
    }
}

impl SqliteLoader<'_> {
    /// Compares the file with the queue and writes the difference. What was written before an error is true by itself, and the next
    /// load goes on from it.
    pub(in super::super) async fn apply(mut self, allow_shrink: bool) -> Result<Reloaded, StoreError> {
        self.flush().await?;
        self.commit().await?;
        if let Some(alignment) = &mut self.alignment {
            alignment.finish(self.db).await?;
        }
        self.compare().await?;
        let (pending,): (i64,) = self.one("select pending from round where id = ?1", &[self.round.0]).await?;
        // Beside a drain some of them have been settled since they were read.
        let vanished = self.vanished_unsettled().await?.min(pending);
        if !allow_shrink && shrinks(vanished as u64, pending as u64) {
            self.begin().await?;
            take_back(self.db, self.load).await?;
            self.commit().await?;
            self.db.sync_each_commit(true).await?;
            return Ok(Reloaded::Shrinks { vanished: vanished as u64, pending: pending as u64 });
        }
        // Each batch is true by itself, so after a power failure the first few of them are what a crash leaves; the last commit's
        // sync takes all of them to the disk.
        self.let_commits_gather().await?;
        let mut summary = ReloadSummary { rows: self.rows, ..ReloadSummary::default() };
        self.append_fresh().await?;
        summary.added = self.index_fresh().await?;
        summary.cancelled = self.cancel_vanished().await?;
        self.update_matched(&mut summary).await?;
        self.finish_reload(&mut summary).await?;
        self.checkpoint().await?;
        Ok(Reloaded::Applied(summary))
    }

    async fn finish_reload(&mut self, summary: &mut ReloadSummary) -> Result<(), StoreError> {
        let (total, unusable): (i64, i64) = self.one(COUNT_WITHOUT_TASK, &[]).await?;
        let (matched,): (i64,) = self.one(COUNT_REJECTED_MATCHED, &[]).await?;
        let (without_task, duplicates) = (self.rejected as i64 + unusable, total - unusable);
        summary.rejected = (without_task + matched) as u64;
        summary.duplicates = duplicates as u64;
        let (load, round) = (self.load, self.round.0);
        self.in_batches(total, &[INSERT_REPEATED], &[load, 0]).await?;
        self.write_runs().await?;
        let last = self.next_id - 1;
        let (pending, kept) = self.count_new(0).await?;
        summary.kept += kept as u64;
        self.db.sync_each_commit(true).await?;
        self.begin().await?;
        self.run(
            "update round set visible_to = max(visible_to, ?2), rows = ?3, duplicates = ?4, rejected = ?5,
                    pending = pending + ?6, kept = kept + ?7, torn = 0 where id = ?1",
            &[round, last, self.rows as i64, duplicates, without_task, pending, kept],
        )
        .await?;
        self.run(WITHHOLD_NO_MORE, &[round]).await?;
        close_load(self.db, self.load, last, self.now).await?;
        self.commit().await?;
        for sql in DELETE_OLDER {
            while self.change(sql, &[round, load, ROWS_PER_TRANSACTION / 2]).await? > 0 {}
        }
        for sql in DROP_COMPARISON {
            self.run(sql, &[]).await?;
        }
        Ok(())
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
}

const CREATE_INCOMING: &str = "
    create temp table incoming (id integer primary key, lane_id integer not null, line integer not null, target any not null,
                                spared text, record text, rejected text) strict";

const COUNT_WITHOUT_TASK: &str = "
    select coalesce(max(r.rowid), 0), coalesce(sum(i.rejected is not null), 0)
      from temp.repeated r join temp.incoming i on i.id = r.id";

const COUNT_REJECTED_MATCHED: &str = "
    select count(*) from temp.matched m
      join temp.incoming i on i.id = m.incoming_id
      join task on task.id = m.task_id
     where i.rejected is not null and task.state = 9";

const INSERT_REPEATED: &str = "
    insert into row_without_task (load_id, line, outcome, reason, task_id, record)
    select ?3, i.line, iif(i.rejected is null, 'duplicate', 'rejected'), coalesce(i.rejected, 'duplicate'),
           iif(i.rejected is null, key.task_id, null), i.record
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
    select ?2, value ->> 0, value ->> 1, value ->> 2 from jsonb_each(?1)";

const DELETE_OLDER: [&str; 2] = [
    "delete from row_without_task
      where (load_id, line) in (select r.load_id, r.line from load join row_without_task r on r.load_id = load.id
                                 where load.round_id = ?1 and load.id < ?2 limit ?3)",
    "delete from row_run
      where (load_id, line) in (select r.load_id, r.line from load join row_run r on r.load_id = load.id
                                 where load.round_id = ?1 and load.id < ?2 limit ?3)",
];
