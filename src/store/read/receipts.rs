//! Receipts: every row of a round in the order of the file, read as a stream of pages. Rows that have vanished follow.

use super::ReadStore;
use crate::domain::{Outcome, Target, TaskId, Wall};
use crate::store::admin::AdminStore;
use crate::store::codes::state_of;
use crate::store::columns::{each_number, numbers, sparse, targets};
use crate::store::db::Db;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::queue::Job;

/// A row and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowOutcome {
    /// The physical line where the record begins; none where the row is no longer in the file.
    pub line: Option<u64>,
    /// Its task; none where the row made none.
    pub task: Option<TaskId>,
    /// The target; none where the row made no task, and where it is damaged.
    pub target: Option<Target>,
    /// The row's cells as one CSV record; none where the file has one column and the cell is the target's plain text.
    pub record: Option<String>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub reason: Option<String>,
    /// The HTTP status of the last answer.
    pub http_status: Option<u16>,
    /// Requests sent for it.
    pub attempts: u32,
    /// When it was settled.
    pub finished_at: Option<Wall>,
}

impl RowOutcome {
    /// A row that made no task.
    pub(super) fn without_task(line: i64, outcome: Outcome, reason: String, record: Option<String>) -> RowOutcome {
        let (line, reason) = (u64::try_from(line).ok(), Some(reason));
        let (task, target, http_status, finished_at) = (None, None, None, None);
        RowOutcome { line, task, target, record, outcome, reason, http_status, attempts: 0, finished_at }
    }
}

/// Rows in one page; memory does not grow with the job.
const PAGE_ROWS: i64 = 10_000;

/// A page as the database hands it out: a text for each column, and where the next page begins.
type PageTexts = (
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<String>,
);

/// Which rows, in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// Those of a round's only load: as their tasks were made.
    ById,
    /// Those of a later load: as its runs say.
    ByRun,
    /// Those that are no longer in the file.
    Vanished,
}

/// Where a page begins: behind this line or ID, as its order has it.
#[derive(Clone, Copy, Debug, Default)]
struct Cursor {
    line: i64,
    id: i64,
}

impl ReadStore<'_> {
    /// The columns of a round's file; none where it has no header.
    ///
    /// # Errors
    /// The database cannot be read; a round of that number does not exist (then it is none as well).
    pub async fn columns(&mut self, job: &Job, round: u32) -> Result<Option<Vec<String>>, StoreError> {
        let sql = "select columns from round where job_id = $1 and number = $2";
        let found: Option<(Option<String>,)> = self.db.fetch_optional(sql, args![job.id.0, round]).await?;
        match found.and_then(|(columns,)| columns) {
            Some(text) => serde_json::from_str(&text).map(Some).map_err(|e| StoreError::impossible(e.to_string())),
            None => Ok(None),
        }
    }

    /// Hands every row of a round of a job to `each`, in the order of the file; false where there is no such round.
    ///
    /// # Errors
    /// The database cannot be read, a row is damaged, or `each` failed.
    pub async fn report<E>(
        &mut self,
        job: &Job,
        round: u32,
        mut each: impl FnMut(RowOutcome) -> Result<(), E>,
    ) -> Result<bool, E>
    where
        E: From<StoreError>,
    {
        let Some((round, load, has_runs)) = self.newest_load(job, round).await? else { return Ok(false) };
        self.db.begin_snapshot().await?;
        let whole = AdminStore { db: &mut *self.db }.refuse_damaged(round).await;
        let done = match whole {
            Ok(()) => self.report_pages(round, has_runs, load, &mut each).await,
            Err(error) => Err(error.into()),
        };
        // One snapshot for all pages.
        self.db.end_snapshot().await?;
        done.map(|()| true)
    }

    async fn report_pages<E: From<StoreError>>(
        &mut self,
        round: i64,
        has_runs: bool,
        load: i64,
        each: &mut impl FnMut(RowOutcome) -> Result<(), E>,
    ) -> Result<(), E> {
        let present = if has_runs { (Order::ByRun, load) } else { (Order::ById, round) };
        let mut others = OtherRows::new(load);
        for (order, of) in [present, (Order::Vanished, round)] {
            let mut cursor = Cursor::default();
            while let Some((page, next)) = self.page(order, of, cursor).await? {
                cursor = next;
                for row in page {
                    if let Some(line) = row.line {
                        others.before(self.db, line as i64, each).await?;
                    }
                    each(row)?;
                }
            }
            others.before(self.db, i64::MAX, each).await?;
        }
        Ok(())
    }

    /// The next rows, and where the page after them begins; none at the end.
    async fn page(
        &mut self,
        order: Order,
        of: i64,
        from: Cursor,
    ) -> Result<Option<(Vec<RowOutcome>, Cursor)>, StoreError> {
        let (sql, behind) = match order {
            Order::ById => (PRESENT_BY_ID, from.id),
            Order::ByRun => (PRESENT_BY_RUN, from.line),
            Order::Vanished => (VANISHED, from.id),
        };
        let texts: PageTexts = self.db.fetch_one(sql, args![of, behind, PAGE_ROWS]).await?;
        let (Some(line), Some(id)) = (texts.8, texts.9) else { return Ok(None) };
        Ok(Some((rows_of(&texts, order)?, Cursor { line, id })))
    }
}

/// The rows that made no task, merged in by line.
struct OtherRows {
    load: i64,
    behind: i64,
    page: std::collections::VecDeque<(i64, String, String, Option<String>)>,
    ended: bool,
}

impl OtherRows {
    fn new(load: i64) -> OtherRows {
        OtherRows { load, behind: 0, page: std::collections::VecDeque::new(), ended: false }
    }

    async fn before<E: From<StoreError>>(
        &mut self,
        db: &mut Db,
        line: i64,
        each: &mut impl FnMut(RowOutcome) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            if self.page.is_empty() && !self.ended {
                self.fetch(db).await?;
            }
            match self.page.front() {
                Some(row) if row.0 < line => {}
                _ => return Ok(()),
            }
            if let Some((line, outcome, reason, record)) = self.page.pop_front() {
                let outcome = if outcome == "duplicate" { Outcome::Duplicate } else { Outcome::Rejected };
                each(RowOutcome::without_task(line, outcome, reason, record))?;
            }
        }
    }

    async fn fetch(&mut self, db: &mut Db) -> Result<(), StoreError> {
        let sql = "select r.line, r.outcome, r.reason, coalesce(r.record, cast(task.target as text))
                     from row_without_task r left join task on task.id = r.task_id
                    where r.load_id = $1 and r.line > $2 order by r.line limit $3";
        let rows: Vec<(i64, String, String, Option<String>)> =
            db.fetch_all(sql, args![self.load, self.behind, PAGE_ROWS]).await?;
        self.ended = rows.is_empty();
        self.behind = rows.last().map_or(self.behind, |row| row.0);
        self.page = rows.into();
        Ok(())
    }
}

fn rows_of(texts: &PageTexts, order: Order) -> Result<Vec<RowOutcome>, StoreError> {
    let (lines, found, states, attempts, records, reasons, statuses, finished, _, _, ids) = texts;
    let mut ids = each_number(ids.as_deref());
    let mut records = sparse::<String>(records.as_deref())?.into_iter();
    let mut reasons = sparse::<String>(reasons.as_deref())?.into_iter();
    let mut statuses = sparse::<u16>(statuses.as_deref())?.into_iter();
    let mut finished = sparse::<i64>(finished.as_deref())?.into_iter();
    let columns = numbers(lines.as_deref())?.into_iter().zip(targets(found.as_deref())?);
    let columns = columns.zip(numbers(states.as_deref())?).zip(numbers(attempts.as_deref())?);
    columns
        .map(|(((line, target), state), attempts)| {
            Ok(RowOutcome {
                line: (order != Order::Vanished).then_some(line as u64),
                task: ids.next().transpose()?.map(TaskId),
                target: Some(target),
                record: records.next().flatten(),
                outcome: state_of(state)?.outcome(),
                reason: reasons.next().flatten(),
                http_status: statuses.next().flatten(),
                attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
                finished_at: finished.next().flatten().map(Wall),
            })
        })
        .collect()
}

macro_rules! page_of {
    ($line:literal, $($from:tt)+) => {
        sql!(
            "select ",
            joined("line"),
            ", ",
            joined_targets("target"),
            ", ",
            joined("state"),
            ", ",
            joined("attempts"),
            ", case when count(record) > 0 then ",
            json_column("record"),
            " end, case when count(reason) > 0 then ",
            json_column("reason"),
            " end, case when count(http_status) > 0 then ",
            json_column("http_status"),
            " end, case when count(finished_at) > 0 then ",
            json_column("finished_at"),
            " end, max(line), max(id), ",
            joined("id"),
            " from (select task.id, ",
            $line,
            " as line, task.target, c.record, task.state, task.reason, task.http_status, task.attempts, task.finished_at ",
            $($from)+,
            " limit $3) page"
        )
    };
}

const PRESENT_BY_ID: Sql = page_of!(
    "task.line",
    "from load cross join task left join task_cells c on c.task_id = task.id
      where load.round_id = $1 and load.finished_at is not null and load.last_task_id > $2 and task.id between ",
    greatest("load.first_task_id", "$2 + 1"),
    " and load.last_task_id and task.vanished = 0
      order by load.id, task.id"
);

/// A page may begin in the middle of a run.
const PRESENT_BY_RUN: Sql = page_of!(
    "r.line + task.id - r.task_id",
    "from row_run r cross join task left join task_cells c on c.task_id = task.id
      where r.load_id = $1 and task.id between r.task_id + ",
    greatest("0", "$2 + 1 - r.line"),
    " and r.task_id + r.rows - 1
        and r.line >= coalesce((select max(line) from row_run before where before.load_id = $1 and before.line <= $2), 0)
      order by r.line, task.id"
);

const VANISHED: Sql = page_of!(
    "task.line",
    "from load cross join task",
    indexed_by("task_vanished"),
    " left join task_cells c on c.task_id = task.id
      where load.round_id = $1 and load.finished_at is not null and load.last_task_id > $2 and task.id between ",
    greatest("load.first_task_id", "$2 + 1"),
    " and load.last_task_id and task.vanished = 1
      order by load.id, task.id"
);
