//! A reload's changes, written in batches, each of them true by itself.
//!
//! In: the temporary tables of [`super::compare`]. Out: new tasks in line, vanished ones cancelled, changed ones taken over. What
//! does not belong here: finding them.

use super::super::summary::ReloadSummary;
use super::loader::SqliteLoader;
use crate::store::error::StoreError;
use crate::store::failpoint;
use crate::store::lists::DISTRUST;

impl SqliteLoader<'_> {
    pub(super) async fn append_fresh(&mut self) -> Result<(), StoreError> {
        let (total,): (i64,) = self.one("select coalesce(max(rowid), 0) from temp.fresh", &[]).await?;
        let (first, now) = (self.first_id - 1, self.now.0);
        self.in_batches(total, &[APPEND_FRESH, APPEND_FRESH_CELLS], &[first, now]).await?;
        self.next_id = self.first_id + total;
        Ok(())
    }

    pub(super) async fn index_fresh(&mut self) -> Result<u64, StoreError> {
        self.index_new_tasks().await?;
        let new = [self.first_id, self.next_id - 1];
        let (added,): (i64,) =
            self.one("select count(*) from task where id between ?1 and ?2 and state = 0", &new).await?;
        Ok(added as u64)
    }

    pub(super) async fn cancel_vanished(&mut self) -> Result<u64, StoreError> {
        let (total,): (i64,) = self.one("select coalesce(max(rowid), 0) from temp.vanished", &[]).await?;
        let (round, now) = (self.round.0, self.now.0);
        let rows = self.sizes.rows_per_batch;
        let (mut from, mut cancelled) = (0, 0);
        while from < total {
            let to = total.min(from + rows);
            self.begin().await?;
            let in_line = self.change(CANCEL_VANISHED, &[from, to, now]).await?;
            self.run(COUNT_CANCELLED, &[round, in_line]).await?;
            if in_line < to - from {
                // The others are settled, or being sent.
                self.run(MARK_VANISHED, &[from, to]).await?;
            }
            self.end_batch().await?;
            (from, cancelled) = (to, cancelled + in_line);
        }
        Ok(cancelled as u64)
    }

    /// Rejects what cannot be used any more, brings back what returned, can be used again or is spared by nothing any more, spares what
    /// a rule now does, and takes over new cells.
    pub(super) async fn update_matched(&mut self, summary: &mut ReloadSummary) -> Result<(), StoreError> {
        let (total,): (i64,) = self.one("select coalesce(max(rowid), 0) from temp.changed", &[]).await?;
        let (round, now) = (self.round.0, self.now.0);
        let (restored, held_back, spared): (i64, i64, i64) = self.one(COUNT_CHANGED, &[]).await?;
        if total > 0 {
            self.begin().await?;
            self.run("update round set torn = 1 where id = ?1", &[round]).await?;
            if restored > 0 {
                self.run(DISTRUST, &[]).await?;
            }
        }
        let steps = [
            COUNT_REJECTED,
            REJECT,
            COUNT_READMITTED,
            READMIT,
            COUNT_RESTORED,
            COUNT_FREED,
            COUNT_SPARED,
            RESTORE,
            FREE,
            SPARE,
            WITHHOLD,
            RETURN,
            DROP_CELLS,
            REPLACE_CELLS,
        ];
        self.in_batches(total, &steps, &[round, now]).await?;
        (summary.restored, summary.held_back, summary.kept) = (restored as u64, held_back as u64, spared as u64);
        Ok(())
    }

    /// Runs statements over a temporary table, a batch of its rows (`rowid > ?1 and rowid <= ?2`) per transaction. All get the
    /// same four numbers; what a statement does not name is not bound.
    pub(super) async fn in_batches(
        &mut self,
        total: i64,
        steps: &[&'static str],
        more: &[i64; 2],
    ) -> Result<(), StoreError> {
        let rows = self.sizes.rows_per_batch;
        let mut from = 0;
        while from < total {
            self.begin().await?;
            for sql in steps {
                self.run(sql, &[from, from + rows, more[0], more[1]]).await?;
            }
            self.end_batch().await?;
            from += rows;
        }
        Ok(())
    }

    async fn end_batch(&mut self) -> Result<(), StoreError> {
        failpoint::point("reload-batch");
        self.commit().await?;
        failpoint::point("reload-batch-done");
        Ok(())
    }
}

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

const CANCEL_VANISHED: &str = "
    update or rollback task set vanished = 1, state = 7, reason = 'row_vanished', finished_at = ?3
     where id in (select task_id from temp.vanished where rowid > ?1 and rowid <= ?2) and state in (0, 2, 3)";

const COUNT_CANCELLED: &str = "update round set pending = pending - ?2, cancelled = cancelled + ?2 where id = ?1";

/// A task that is being sent is let finish; it is only marked.
const MARK_VANISHED: &str = "
    update or rollback task set vanished = 1
     where id in (select task_id from temp.vanished where rowid > ?1 and rowid <= ?2) and vanished = 0";

/// What is about to come back into line, what is about to be taken out of it because its row cannot be used, and what is about to be
/// spared that was not.
const COUNT_CHANGED: &str = "
    select coalesce(sum(i.rejected is null and i.spared is null
                        and (task.state in (8, 9) or (task.state = 7 and task.reason = 'row_vanished'))), 0),
           coalesce(sum(i.rejected is not null and task.state in (0, 2, 3, 6)), 0),
           coalesce(sum(i.spared is not null
                        and (task.state in (0, 2, 3, 9) or (task.state = 7 and task.reason = 'row_vanished'))), 0)
      from temp.changed c join task on task.id = c.task_id join temp.incoming i on i.id = c.incoming_id";

/// A row that cannot be used now, whatever it was: but what is done or gone stays that, and what is being sent is let finish.
const COUNT_REJECTED: &str = "
    update round
       set pending = pending - n.of_line, failed = failed - n.of_failed, cancelled = cancelled - n.of_cancelled,
           kept = kept - n.of_kept, rejected_tasks = rejected_tasks + n.of_line + n.of_failed + n.of_cancelled + n.of_kept
      from (select coalesce(sum(task.state in (0, 2, 3)), 0) as of_line, coalesce(sum(task.state = 6), 0) as of_failed,
                   coalesce(sum(task.state = 7), 0) as of_cancelled, coalesce(sum(task.state = 8), 0) as of_kept
              from temp.changed c
              join task on task.id = c.task_id
              join temp.incoming i on i.id = c.incoming_id
             where c.rowid > ?1 and c.rowid <= ?2 and i.rejected is not null) n
     where round.id = ?3";

const REJECT: &str = "
    update or rollback task set state = 9, reason = i.rejected, finished_at = ?4
      from temp.changed c join temp.incoming i on i.id = c.incoming_id
     where c.rowid > ?1 and c.rowid <= ?2 and task.id = c.task_id and i.rejected is not null
       and task.state in (0, 2, 3, 6, 7, 8, 9)";

/// A row that can be used again.
const COUNT_READMITTED: &str = "
    update round
       set pending = pending + n.n, rejected_tasks = rejected_tasks - n.n
      from (select count(*) as n from temp.changed c
              join task on task.id = c.task_id
              join temp.incoming i on i.id = c.incoming_id
             where c.rowid > ?1 and c.rowid <= ?2 and task.state = 9 and i.rejected is null) n
     where round.id = ?3";

const READMIT: &str = "
    update or rollback task set state = 0, reason = null, http_status = null, finished_at = null, crashes = 0, asked_last = 0
     where id in (select c.task_id from temp.changed c join temp.incoming i on i.id = c.incoming_id
                   where c.rowid > ?1 and c.rowid <= ?2 and i.rejected is null)
       and state = 9";

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

/// As if it were new: whatever crashed while it was in flight before.
const RESTORE: &str = "
    update or rollback task set state = 0, reason = null, finished_at = null, crashes = 0, asked_last = 0
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
    update or rollback task set state = 0, reason = null, finished_at = null, crashes = 0, asked_last = 0
     where id in (select c.task_id from temp.changed c join temp.incoming i on i.id = c.incoming_id
                   where c.rowid > ?1 and c.rowid <= ?2 and i.spared is null)
       and state = 8";

/// A row that another rule spares now says so.
const SPARE: &str = "
    update or rollback task set state = 8, reason = i.spared, finished_at = ?4
      from temp.changed c join temp.incoming i on i.id = c.incoming_id
     where c.rowid > ?1 and c.rowid <= ?2 and task.id = c.task_id and i.spared is not null
       and task.state in (0, 2, 3, 8)";

/// What is being sent is let finish; where that comes to nothing it is not tried again.
const WITHHOLD: &str = "
    update or rollback attempt set withheld_as = iif(i.rejected is null, 8, 9), withheld_for = coalesce(i.rejected, i.spared)
      from temp.changed c join task on task.id = c.task_id join temp.incoming i on i.id = c.incoming_id
     where c.rowid > ?1 and c.rowid <= ?2 and task.state = 1 and attempt.id = task.last_attempt_id
       and (i.rejected is not null or i.spared is not null)";

/// Requests that are out for rows of which this load says nothing of the kind any more, whatever the one before said. `?1` the round.
pub(super) const WITHHOLD_NO_MORE: &str = "
    update or rollback attempt set withheld_as = null, withheld_for = null
     where ended_at is null and withheld_as is not null
       and exists (select 1 from task join lane on lane.id = task.lane_id where task.id = attempt.task_id and lane.round_id = ?1)
       and not exists (select 1 from temp.changed c join temp.incoming i on i.id = c.incoming_id
                        where c.task_id = attempt.task_id and (i.rejected is not null or i.spared is not null))";

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
