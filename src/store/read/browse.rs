//! Looking through a round's rows: a page at a time, by outcome, reason or text, and what a chart needs. Bounded by rows looked
//! at, never by rows there are: the first page of ten million costs what the first page of fifty does.

use super::ReadStore;
use super::receipts::RowOutcome;
use crate::domain::{Outcome, Target, TaskId, Wall};
use crate::store::codes::state_of;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::queue::Job;

/// The most rows a page has.
pub const MAX_PAGE_ROWS: u32 = 200;
/// Rows looked at in one statement, and statements in one page, where no index leads to the rows asked for.
const SPAN_ROWS: i64 = 100_000;
const MAX_SPANS: u32 = 4;
/// Of rejected rows those without a task come first. From here on a place is one among the others: no file has so many lines.
const TASKS_FROM: i64 = 1 << 48;

/// Which rows of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowQuery<'a> {
    /// Only those with this outcome; none: every task.
    pub outcome: Option<Outcome>,
    /// Only those with this reason.
    pub reason: Option<&'a str>,
    /// Only those whose cells hold this text, upper or lower case.
    pub text: Option<&'a str>,
    /// Behind this place: what [`RowPage::next`] of the page before said. 0 is the beginning.
    pub after: i64,
    /// At most so many, 1 to [`MAX_PAGE_ROWS`].
    pub most: u32,
}

/// Some rows, and where to go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowPage {
    /// The rows, in the order of the file.
    pub rows: Vec<RowOutcome>,
    /// Behind which place the next page begins; none: there is none.
    pub next: Option<i64>,
    /// The page ended because enough rows had been looked at, not because it was full.
    pub cut: bool,
}

type TaskRow = (i64, i64, String, Option<String>, i64, Option<String>, Option<u16>, u32, Option<i64>, bool);

/// The columns of a [`TaskRow`]; `$load` is the newest load, whose runs say where rows stand now.
macro_rules! columns {
    ($database:ident $load:literal) => {
        concat!(
            "select task.id,
                    coalesce((select r.line + task.id - r.task_id from row_run r
                               where r.load_id = ",
            $load,
            "                    and task.id between r.task_id and r.task_id + r.rows - 1 limit 1),
                             task.line),
                    cast(task.target as text), c.record, task.state, task.reason, task.http_status, task.attempts,
                    task.finished_at, task.vanished "
        )
    };
}

/// Tasks of a round's finished loads in the order of their IDs. `$1` the round, `$2` behind, `$3` up to, `$4` how many, `$5` the
/// reason, `$6` the text, `$7` the newest load.
macro_rules! tasks {
    ($condition:literal $(, $hint:ident($index:literal))?) => {
        sql!(
            columns!("$7"),
            "from load cross join task",
            $($hint($index),)?
            "  left join task_cells c on c.task_id = task.id
              where load.round_id = $1 and load.finished_at is not null and load.last_task_id > $2
                and task.id between ",
            greatest("load.first_task_id", "$2 + 1"),
            " and ",
            least("load.last_task_id", "$3"),
            " and ",
            $condition,
            " and (cast($5 as text) is null or task.reason = $5) and (cast($6 as text) is null or ",
            holds("coalesce(c.record, cast(task.target as text))", "$6"),
            ") order by load.id, task.id limit $4"
        )
    };
}

const ALL: Sql = tasks!("true");
const UNSETTLED: Sql = tasks!("task.state < 4");
const DONE: Sql = tasks!("task.state = 4");
const GONE: Sql = tasks!("task.state in (5, 6) and task.state = 5", indexed_by("task_troubled"));
const FAILED: Sql = tasks!("task.state in (5, 6) and task.state = 6", indexed_by("task_troubled"));
const CANCELLED: Sql = tasks!("task.state = 7");
const KEPT: Sql = tasks!("task.state = 8");
const REJECTED: Sql = tasks!("task.state = 9", indexed_by("task_rejected"));

const BY_TARGET: Sql = sql!(
    columns!("$4"),
    "from lane
      join task_key key on key.lane_id = lane.id and key.target = $2
      join task on task.id = key.task_id and task.id <= $3
      left join task_cells c on c.task_id = task.id
     where lane.round_id = $1
     order by task.id limit 200"
);

/// The first place at which an unsettled task can stand, so that a page of them does not begin with millions that are done.
const FIRST_UNSETTLED: &str = "
    select min(id) from (
        select (select min(task.id) from task where task.lane_id = lane.id and task.state = 0) as id
          from lane where lane.round_id = $1
        union all select min(task.id) from task where task.state in (2, 3)
        union all select min(attempt.task_id) from attempt where attempt.ended_at is null) place";

const WITHOUT_TASK: Sql = sql!(
    "
    select r.line, coalesce(r.record, cast(task.target as text)), r.reason
      from row_without_task r left join task on task.id = r.task_id
     where r.load_id = $1 and r.line > $2 and r.line <= $3 and r.outcome = $5
       and (cast($6 as text) is null or r.reason = $6) and (cast($7 as text) is null or ",
    holds("coalesce(r.record, cast(task.target as text), '')", "$7"),
    ") order by r.line limit $4"
);

impl ReadStore<'_> {
    /// A page of a job's newest round.
    pub async fn rows(&mut self, job: &Job, query: &RowQuery<'_>) -> Result<RowPage, StoreError> {
        let query = RowQuery { most: query.most.clamp(1, MAX_PAGE_ROWS), ..*query };
        match query.outcome {
            Some(Outcome::Duplicate) => self.rows_without_task(job, &query).await,
            Some(Outcome::Rejected) => self.rejected_rows_of_both_kinds(job, &query).await,
            _ => self.task_rows(job, &query).await,
        }
    }

    /// Rows that made no task, then tasks that were rejected later.
    async fn rejected_rows_of_both_kinds(&mut self, job: &Job, query: &RowQuery<'_>) -> Result<RowPage, StoreError> {
        if query.after < TASKS_FROM {
            let page = self.rows_without_task(job, query).await?;
            if page.next.is_some() || self.rejected_tasks(job).await? == 0 {
                return Ok(page);
            }
            if !page.rows.is_empty() {
                return Ok(RowPage { next: Some(TASKS_FROM), ..page });
            }
        }
        let after = (query.after - TASKS_FROM).max(0);
        let page = self.task_rows(job, &RowQuery { after, ..*query }).await?;
        Ok(RowPage { next: page.next.map(|behind| TASKS_FROM + behind), ..page })
    }

    async fn rejected_tasks(&mut self, job: &Job) -> Result<i64, StoreError> {
        let sql = "select rejected_tasks from round where id = $1";
        let (tasks,): (i64,) = self.db.fetch_one(sql, args![job.round.0]).await?;
        Ok(tasks)
    }

    async fn task_rows(&mut self, job: &Job, query: &RowQuery<'_>) -> Result<RowPage, StoreError> {
        let (sql, indexed) = match query.outcome {
            Some(Outcome::Pending) => (UNSETTLED, false),
            Some(Outcome::Done) => (DONE, false),
            Some(Outcome::Gone) => (GONE, true),
            Some(Outcome::Failed) => (FAILED, true),
            Some(Outcome::Cancelled) => (CANCELLED, false),
            Some(Outcome::Kept) => (KEPT, false),
            Some(Outcome::Rejected) => (REJECTED, true),
            Some(Outcome::Duplicate) | None => (ALL, false),
        };
        let (first, last) = self.task_range(job).await?;
        let mut behind = query.after.max(first - 1);
        if query.outcome == Some(Outcome::Pending) {
            let (found,): (Option<i64>,) = self.db.fetch_one(FIRST_UNSETTLED, args![job.round.0]).await?;
            behind = behind.max(found.map_or(last, |id| id - 1));
        }
        let mut page = RowPage::default();
        // A text is looked for in every row, index or not.
        let spanned = !indexed || query.text.is_some() || query.reason.is_some();
        for _ in 0..MAX_SPANS {
            let to = if spanned { last.min(behind.saturating_add(SPAN_ROWS)) } else { last };
            let left = query.most - page.rows.len() as u32;
            let rows: Vec<TaskRow> = self
                .db
                .fetch_all(sql, args![job.round.0, behind, to, left, query.reason, query.text, job.load])
                .await?;
            let full = rows.len() as u32 == left;
            behind = if full { rows.last().map_or(to, |row| row.0) } else { to };
            page.rows.extend(rows.into_iter().map(row_of).collect::<Result<Vec<_>, _>>()?);
            if full || behind >= last {
                page.next = (behind < last).then_some(behind);
                return Ok(page);
            }
        }
        Ok(RowPage { next: Some(behind), cut: true, ..page })
    }

    /// The tasks of a job's newest round that act on `target`.
    pub async fn rows_of_target(&mut self, job: &Job, target: &Target) -> Result<RowPage, StoreError> {
        let args = args![job.round.0, target, job.visible_to.0, job.load];
        let rows: Vec<TaskRow> = self.db.fetch_all(BY_TARGET, args).await?;
        let rows = rows.into_iter().map(row_of).collect::<Result<Vec<_>, _>>()?;
        Ok(RowPage { rows, next: None, cut: false })
    }

    async fn rows_without_task(&mut self, job: &Job, query: &RowQuery<'_>) -> Result<RowPage, StoreError> {
        let outcome = query.outcome.unwrap_or(Outcome::Rejected);
        let sql = "select coalesce(max(line), 0) from row_without_task where load_id = $1";
        let (last,): (i64,) = self.db.fetch_one(sql, args![job.load]).await?;
        let to = query.after.saturating_add(SPAN_ROWS * i64::from(MAX_SPANS)).min(last);
        let found: Vec<(i64, Option<String>, String)> = self
            .db
            .fetch_all(
                WITHOUT_TASK,
                args![job.load, query.after, to, query.most, outcome.name(), query.reason, query.text],
            )
            .await?;
        let full = found.len() as u32 == query.most;
        let behind = if full { found.last().map_or(to, |row| row.0) } else { to };
        let rows =
            found.into_iter().map(|(line, record, reason)| RowOutcome::without_task(line, outcome, reason, record));
        let rows = rows.collect();
        Ok(RowPage { rows, next: (behind < last).then_some(behind), cut: !full && behind < last })
    }

    /// The first and the last ID of a round's tasks; other rounds' may lie between.
    async fn task_range(&mut self, job: &Job) -> Result<(i64, i64), StoreError> {
        let sql = "select coalesce(min(first_task_id), 1), coalesce(max(last_task_id), 0)
                     from load where round_id = $1 and finished_at is not null";
        self.db.fetch_one(sql, args![job.round.0]).await
    }
}

fn row_of(row: TaskRow) -> Result<RowOutcome, StoreError> {
    let (id, line, target, record, state, reason, http_status, attempts, finished, vanished) = row;
    Ok(RowOutcome {
        task: Some(TaskId(id)),
        line: if vanished { None } else { u64::try_from(line).ok() },
        // A target that is damaged is told by the drain and by `doctor`; here the other rows are shown.
        target: target.parse().ok(),
        record,
        outcome: state_of(state)?.outcome(),
        reason,
        http_status,
        attempts,
        finished_at: finished.map(Wall),
    })
}

#[cfg(test)]
#[path = "browse_tests.rs"]
mod tests;
