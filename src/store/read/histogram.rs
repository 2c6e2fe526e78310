//! A round at a glance: outcomes by reason, the run over time, and the rows that could not be used. Counted from the tasks, in
//! one pass each. In: a job. Out: numbers. What does not belong here: pages.

use super::ReadStore;
use crate::domain::{Action, Outcome, Platform, Wall};
use crate::store::codes::{action_of, platform_of, state_of};
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::queue::Job;

/// So many rows of one outcome and reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReasonCount {
    /// What became of them.
    pub outcome: Outcome,
    /// Why; none where there is nothing to say.
    pub reason: Option<String>,
    /// How many.
    pub rows: u64,
}

/// What was settled by requests in one stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// Confirmed.
    pub done: u64,
    /// The target did not exist.
    pub gone: u64,
    /// Given up.
    pub failed: u64,
}

/// A run over time: equal stretches from `begin` on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    /// When the first stretch begins.
    pub begin: Wall,
    /// How long each is, in milliseconds; 0 where nothing was settled.
    pub stretch_ms: i64,
    /// What was settled in each.
    pub stretches: Vec<Bucket>,
}

/// A row that could not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedRow {
    /// The physical line where the record begins.
    pub line: u64,
    /// Why, in one word.
    pub reason: String,
    /// Its cells as one CSV record.
    pub record: Option<String>,
}

impl ReadStore<'_> {
    /// How many rows of a round have which outcome and reason: by outcome, then the most frequent first.
    pub async fn reasons(&mut self, job: &Job, round: u32) -> Result<Vec<ReasonCount>, StoreError> {
        let Some((round, load, _)) = self.newest_load(job, round).await? else { return Ok(Vec::new()) };
        let rows: Vec<(i64, Option<String>, i64)> = self.db.fetch_all(REASONS, args![round]).await?;
        let mut counts: Vec<ReasonCount> = Vec::with_capacity(rows.len());
        let mut add = |outcome, reason, rows: i64| {
            let rows = u64::try_from(rows).unwrap_or(0);
            match counts.iter_mut().find(|count| count.outcome == outcome && count.reason == reason) {
                Some(count) => count.rows += rows,
                None => counts.push(ReasonCount { outcome, reason, rows }),
            }
        };
        for (state, reason, rows) in rows {
            add(state_of(state)?.outcome(), reason, rows);
        }
        let sql = "select outcome = 'duplicate', reason, count(*) from row_without_task where load_id = $1
                    group by outcome, reason";
        let others: Vec<(bool, String, i64)> = self.db.fetch_all(sql, args![load]).await?;
        for (is_duplicate, reason, rows) in others {
            // Some rejected rows are tasks.
            add(if is_duplicate { Outcome::Duplicate } else { Outcome::Rejected }, Some(reason), rows);
        }
        counts.sort_by_key(|count| (count.outcome.name(), std::cmp::Reverse(count.rows)));
        Ok(counts)
    }

    /// What requests settled over time, in at most `most` stretches of a whole number of `unit_ms`.
    pub async fn timeline(&mut self, job: &Job, round: u32, most: u32, unit_ms: i64) -> Result<Histogram, StoreError> {
        let Some((round, ..)) = self.newest_load(job, round).await? else { return Ok(Histogram::default()) };
        let (first, last): (Option<i64>, Option<i64>) = self.db.fetch_one(SPAN, args![round]).await?;
        let (Some(first), Some(last)) = (first, last) else { return Ok(Histogram::default()) };
        let (unit_ms, most) = (unit_ms.max(1), i64::from(most.max(1)));
        let units = (last - first) / unit_ms + 1;
        let stretch_ms = (units + most - 1) / most * unit_ms;
        let rows: Vec<(i64, i64, i64)> = self.db.fetch_all(STRETCHES, args![round, first, stretch_ms]).await?;
        let mut stretches = vec![Bucket::default(); usize::try_from((last - first) / stretch_ms + 1).unwrap_or(1)];
        for (at, state, count) in rows {
            let Some(stretch) = usize::try_from(at).ok().and_then(|at| stretches.get_mut(at)) else { continue };
            let count = u64::try_from(count).unwrap_or(0);
            match state_of(state)?.outcome() {
                Outcome::Done => stretch.done += count,
                Outcome::Gone => stretch.gone += count,
                _ => stretch.failed += count,
            }
        }
        Ok(Histogram { begin: Wall(first), stretch_ms, stretches })
    }

    /// The actions that a round's tasks ask for, and where.
    pub async fn actions(&mut self, job: &Job, round: u32) -> Result<Vec<(Platform, Action)>, StoreError> {
        let sql = "select distinct account.platform, lane.action from lane join round on round.id = lane.round_id
                     join account on account.id = lane.account_id
                    where round.job_id = $1 and round.number = $2 order by lane.action, account.platform";
        let rows: Vec<(String, i64)> = self.db.fetch_all(sql, args![job.id.0, round]).await?;
        rows.into_iter().map(|(platform, action)| Ok((platform_of(&platform)?, action_of(action)?))).collect()
    }

    /// The first rows of a round's file that could not be used, at most `most`.
    pub async fn rejected_rows(&mut self, job: &Job, round: u32, most: u32) -> Result<Vec<RejectedRow>, StoreError> {
        let Some((round, load, _)) = self.newest_load(job, round).await? else { return Ok(Vec::new()) };
        let rows: Vec<(i64, String, Option<String>)> =
            self.db.fetch_all(REJECTED_ROWS, args![load, most, round]).await?;
        let row = |(line, reason, record)| RejectedRow { line: u64::try_from(line).unwrap_or(0), reason, record };
        Ok(rows.into_iter().map(row).collect())
    }
}

macro_rules! of_round {
    ($select:literal, $rest:literal) => {
        concat!(
            $select,
            " from load cross join task
              where load.round_id = $1 and load.finished_at is not null
                and task.id between load.first_task_id and load.last_task_id ",
            $rest
        )
    };
}

const REASONS: &str = of_round!(
    "select task.state, task.reason, count(*)",
    "group by task.state, task.reason order by task.state, task.reason"
);

/// Rows that made no task, and tasks that were rejected later: as they stand in the file.
const REJECTED_ROWS: Sql = sql!(
    "
    select * from (
        select line, reason, record from row_without_task
         where load_id = $1 and outcome = 'rejected' order by line limit $2) unusable
    union all
    select * from (
        select coalesce((select r.line + task.id - r.task_id from row_run r
                          where r.load_id = $1 and task.id between r.task_id and r.task_id + r.rows - 1 limit 1), task.line) as line,
               coalesce(task.reason, ''), coalesce(c.record, cast(task.target as text))
          from (select rejected_tasks from round where id = $3 and rejected_tasks > 0) counted cross join load cross join task",
    indexed_by("task_rejected"),
    "     left join task_cells c on c.task_id = task.id
         where load.round_id = $3 and load.finished_at is not null
           and task.id between load.first_task_id and load.last_task_id and task.state = 9 and task.vanished = 0
         order by load.id, task.id limit $2) rejected
    order by 1 limit $2"
);

/// What no request settled (kept, cancelled, done by hand) is no part of the run.
const SPAN: &str = of_round!(
    "select min(task.finished_at), max(task.finished_at)",
    "and task.state in (4, 5, 6) and task.reason is distinct from 'by_hand'"
);

const STRETCHES: &str = of_round!(
    "select (task.finished_at - $2) / $3 as stretch, task.state, count(*)",
    "and task.state in (4, 5, 6) and task.reason is distinct from 'by_hand' group by 1, 2"
);
