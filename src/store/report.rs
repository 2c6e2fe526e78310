//! Receipts: every row of a round in the order of the file, read as a stream of pages. Rows that have vanished follow.

use super::drain::state_of;
use super::error::StoreError;
use super::job::Job;
use super::open::Store;
use crate::domain::{Outcome, Target, Wall};

/// A row and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRow {
    /// The physical line where the record begins; none where the row is no longer in the file.
    pub line: Option<u64>,
    /// The target; none where the row made no task.
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

/// Rows in one page; memory does not grow with the job.
const PAGE_ROWS: i64 = 5_000;

/// Where a page begins: behind this row of the order the report has.
#[derive(Clone, Copy, Debug)]
enum Cursor {
    Present { line: i64, id: i64 },
    Vanished { id: i64 },
}

type PageRow = (i64, i64, Option<String>, Option<String>, i64, Option<String>, Option<i64>, i64, Option<i64>);

impl Store {
    /// The columns of a round's file; none where it has no header.
    ///
    /// # Errors
    /// The database cannot be read; a round of that number does not exist (then it is none as well).
    pub async fn columns(&mut self, job: &Job, round: u32) -> Result<Option<Vec<String>>, StoreError> {
        let sql = "select columns from round where job_id = ?1 and number = ?2";
        let found: Option<(Option<String>,)> = sqlx::query_as(sql)
            .bind(job.id.0)
            .bind(round)
            .fetch_optional(&mut self.connection)
            .await
            .map_err(|e| self.sort(e))?;
        match found.and_then(|(columns,)| columns) {
            Some(text) => serde_json::from_str(&text).map(Some).map_err(|e| StoreError::impossible(e.to_string())),
            None => Ok(None),
        }
    }

    /// Hands every row of a round of a job to `each`, in the order of the file; false where there is no such round.
    ///
    /// # Errors
    /// The database cannot be read, or `each` failed.
    pub async fn report<E>(
        &mut self,
        job: &Job,
        round: u32,
        mut each: impl FnMut(ReceiptRow) -> Result<(), E>,
    ) -> Result<bool, E>
    where
        E: From<StoreError>,
    {
        let sql = "select round.id, round.in_order, max(load.id) from round join load on load.round_id = round.id
                    where round.job_id = ?1 and round.number = ?2 and load.finished_at is not null group by round.id";
        let found: Option<(i64, i64, i64)> = sqlx::query_as(sql)
            .bind(job.id.0)
            .bind(round)
            .fetch_optional(&mut self.connection)
            .await
            .map_err(|e| self.sort(e))?;
        let Some((round, in_order, load)) = found else { return Ok(false) };
        self.run_report("begin").await?;
        let done = self.report_pages(round, in_order != 0, load, &mut each).await;
        // One snapshot for all pages; nothing was written, so there is nothing to lose in rolling back.
        self.run_report("rollback").await?;
        done.map(|()| true)
    }

    async fn report_pages<E: From<StoreError>>(
        &mut self,
        round: i64,
        in_order: bool,
        load: i64,
        each: &mut impl FnMut(ReceiptRow) -> Result<(), E>,
    ) -> Result<(), E> {
        if !in_order {
            self.run_report("drop table if exists temp.in_line_order").await?;
            let sql = "create temp table in_line_order as
                       select task.line as line, task.id as id from load
                         join task on task.id between load.first_task_id and load.last_task_id
                        where load.round_id = ?1 and load.finished_at is not null and task.vanished = 0
                        order by task.line";
            sqlx::query(sql).bind(round).execute(&mut self.connection).await.map_err(|e| self.sort(e))?;
        }
        let sql = if in_order { PRESENT_BY_ID } else { PRESENT_BY_LINE };
        let mut others = OtherRows::new(load);
        let mut cursor = Cursor::Present { line: 0, id: 0 };
        loop {
            let page = self.page(sql, round, cursor).await?;
            let Some(last) = page.last() else { break };
            cursor = Cursor::Present { line: last.1, id: last.0 };
            for row in page {
                others.before(self, row.1, each).await?;
                each(receipt_of(row, false)?)?;
            }
        }
        others.before(self, i64::MAX, each).await?;
        let mut cursor = Cursor::Vanished { id: 0 };
        loop {
            let page = self.page(VANISHED, round, cursor).await?;
            let Some(last) = page.last() else { break };
            cursor = Cursor::Vanished { id: last.0 };
            for row in page {
                each(receipt_of(row, true)?)?;
            }
        }
        Ok(())
    }

    async fn page(&mut self, sql: &'static str, round: i64, cursor: Cursor) -> Result<Vec<PageRow>, StoreError> {
        let behind = match (sql == PRESENT_BY_LINE, cursor) {
            (true, Cursor::Present { line, .. }) => line,
            (_, Cursor::Present { id, .. } | Cursor::Vanished { id }) => id,
        };
        let text: Option<(String,)> = sqlx::query_as(sql)
            .bind(round)
            .bind(behind)
            .bind(PAGE_ROWS)
            .fetch_optional(&mut self.connection)
            .await
            .map_err(|e| self.sort(e))?;
        let text = text.map_or_else(|| "[]".to_owned(), |(text,)| text);
        serde_json::from_str(&text).map_err(|e| StoreError::impossible(e.to_string()))
    }

    async fn run_report(&mut self, sql: &'static str) -> Result<(), StoreError> {
        sqlx::query(sql).execute(&mut self.connection).await.map_err(|e| self.sort(e))?;
        Ok(())
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
        store: &mut Store,
        line: i64,
        each: &mut impl FnMut(ReceiptRow) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            if self.page.is_empty() && !self.ended {
                self.fetch(store).await?;
            }
            match self.page.front() {
                Some(row) if row.0 < line => {}
                _ => return Ok(()),
            }
            if let Some((line, outcome, reason, record)) = self.page.pop_front() {
                let outcome = if outcome == "duplicate" { Outcome::Duplicate } else { Outcome::Rejected };
                let (line, reason) = (Some(line as u64), Some(reason));
                let (target, http_status, finished_at) = (None, None, None);
                each(ReceiptRow { line, target, record, outcome, reason, http_status, attempts: 0, finished_at })?;
            }
        }
    }

    async fn fetch(&mut self, store: &mut Store) -> Result<(), StoreError> {
        let sql = "select r.line, r.outcome, r.reason, coalesce(r.record, cast(task.target as text))
                     from row_without_task r left join task on task.id = r.task_id
                    where r.load_id = ?1 and r.line > ?2 order by r.line limit ?3";
        let rows: Vec<(i64, String, String, Option<String>)> = sqlx::query_as(sql)
            .bind(self.load)
            .bind(self.behind)
            .bind(PAGE_ROWS)
            .fetch_all(&mut store.connection)
            .await
            .map_err(|e| store.sort(e))?;
        self.ended = rows.is_empty();
        self.behind = rows.last().map_or(self.behind, |row| row.0);
        self.page = rows.into();
        Ok(())
    }
}

fn receipt_of(row: PageRow, vanished: bool) -> Result<ReceiptRow, StoreError> {
    let (_, line, target, record, state, reason, http_status, attempts, finished_at) = row;
    let target = target.as_deref().map(str::parse).transpose();
    Ok(ReceiptRow {
        line: (!vanished).then_some(line as u64),
        target: target.map_err(|_| StoreError::impossible("a target that is none"))?,
        record,
        outcome: state_of(state)?.outcome(),
        reason,
        http_status: http_status.and_then(|status| u16::try_from(status).ok()),
        attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        finished_at: finished_at.map(Wall),
    })
}

macro_rules! page_of {
    ($from:literal) => {
        concat!(
            "select json_group_array(json_array(id, line, target, record, state, reason, http_status, attempts, finished_at))
               from (select task.id, task.line, cast(task.target as text) as target, c.record, task.state, task.reason,
                            task.http_status, task.attempts, task.finished_at ",
            $from,
            " limit ?3)"
        )
    };
}

const PRESENT_BY_ID: &str = page_of!(
    "from load join task on task.id between load.first_task_id and load.last_task_id and task.id > ?2
       left join task_cells c on c.task_id = task.id
      where load.round_id = ?1 and load.finished_at is not null and task.vanished = 0
      order by load.id, task.id"
);

const PRESENT_BY_LINE: &str = page_of!(
    "from temp.in_line_order o join task on task.id = o.id
       left join task_cells c on c.task_id = task.id
      where o.rowid > (select coalesce(max(rowid), 0) from temp.in_line_order where line <= ?2 and ?1 is not null)
      order by o.rowid"
);

const VANISHED: &str = page_of!(
    "from load join task on task.id between load.first_task_id and load.last_task_id and task.id > ?2
       left join task_cells c on c.task_id = task.id
      where load.round_id = ?1 and load.finished_at is not null and task.vanished = 1
      order by load.id, task.id"
);
