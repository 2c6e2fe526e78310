//! The queue's rows of a round in the order of its last load, a page at a time, on a connection of their own: while one page is
//! compared, SQLite reads the next.
//!
//! In: a round. Out: pages of its rows. What does not belong here: comparing them ([`super::align`]).

use std::path::Path;

use serde::Deserialize;
use sqlx::sqlite::SqliteConnection;
use tokio::sync::mpsc;

use super::columns::{each_number, each_target, numbers, sparse, values};
use super::error::StoreError;
use super::open::connect;
use crate::domain::{RoundId, Target};

/// A row of the queue.
#[derive(Debug)]
pub(super) struct OldRow {
    pub(super) id: i64,
    pub(super) lane: i64,
    pub(super) target: Target,
    pub(super) record: Option<String>,
    /// Nothing final has become of it: it is in line, or being sent.
    pub(super) unsettled: bool,
    /// The rule that spares it.
    pub(super) kept: Option<String>,
    /// The file has it still: [`super::align`] has met it.
    pub(super) matched: bool,
}

pub(super) type PageOfOldRows = Vec<OldRow>;

/// A reading of the queue's rows.
pub(super) struct OldRows {
    connection: SqliteConnection,
    path: std::path::PathBuf,
    sql: &'static str,
    /// The load whose runs say in which order the rows stood; or the round, where they are read in the order of their IDs.
    of: i64,
    rows_per_page: usize,
    /// Where the next page begins: behind this line, or behind this ID.
    behind: i64,
    /// The lane of the row read last, which is probably the next one's.
    lane: i64,
}

impl OldRows {
    pub(super) async fn open(
        path: &Path,
        round: RoundId,
        runs_of: Option<i64>,
        rows_per_page: usize,
    ) -> Result<OldRows, StoreError> {
        let mut connection = connect(path).await?;
        let has_cells = sqlx::query_as(HAS_CELLS).bind(round.0).fetch_one(&mut connection).await;
        let (has_cells,): (bool,) = has_cells.map_err(|error| StoreError::from_sqlx(path, error))?;
        let sql = match (runs_of.is_some(), has_cells) {
            (false, true) => BY_ID,
            (false, false) => BY_ID_WITHOUT_CELLS,
            (true, true) => BY_RUN,
            (true, false) => BY_RUN_WITHOUT_CELLS,
        };
        let of = runs_of.unwrap_or(round.0);
        Ok(OldRows { connection, path: path.to_path_buf(), sql, of, rows_per_page, behind: 0, lane: 0 })
    }

    /// Hands over page after page, until the rows end or nobody wants more. It does so from a thread of its own: the thread that
    /// compares comes by only when it waits, and until then nobody would ask SQLite for the next page.
    pub(super) fn hand_over(self, pages: mpsc::Sender<Result<PageOfOldRows, StoreError>>) {
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || runtime.block_on(self.read_to(pages)));
    }

    async fn read_to(mut self, pages: mpsc::Sender<Result<PageOfOldRows, StoreError>>) {
        while let Some(page) = self.next_page().await.transpose() {
            let failed = page.is_err();
            if pages.send(page).await.is_err() || failed {
                return;
            }
        }
    }

    async fn next_page(&mut self) -> Result<Option<PageOfOldRows>, StoreError> {
        type Text = Option<String>;
        let (ids, found, settled, others, records, last): (Text, Text, Text, Text, Text, Option<i64>) =
            sqlx::query_as(self.sql)
                .bind(self.of)
                .bind(self.behind)
                .bind(self.rows_per_page as i64)
                .bind(self.lane)
                .fetch_one(&mut self.connection)
                .await
                .map_err(|error| StoreError::from_sqlx(&self.path, error))?;
        let Some(last) = last else { return Ok(None) };
        self.behind = last;
        let mut settled = numbers(settled.as_deref())?.into_iter().peekable();
        let others: Vec<Other> = values(others.as_deref().unwrap_or("[]"))?;
        let mut others = others.into_iter().peekable();
        let mut records = sparse::<String>(records.as_deref())?.into_iter();
        let expected = self.lane;
        let mut rows = Vec::with_capacity(self.rows_per_page);
        for (id, target) in each_number(ids.as_deref()).zip(each_target(found.as_deref())) {
            let (id, target) = (id?, target?);
            let (lane, kept) =
                others.next_if(|other| other.0 == id).map_or((expected, None), |Other(_, lane, kept)| (lane, kept));
            self.lane = lane;
            let unsettled = settled.next_if_eq(&id).is_none();
            let record = records.next().flatten();
            rows.push(OldRow { id, lane, target, record, unsettled, kept, matched: false });
        }
        Ok(Some(rows))
    }
}

/// A row of another lane than the one expected, or one that is spared: its ID, its lane, and the rule that spares it.
#[derive(Debug, Deserialize)]
struct Other(i64, i64, Option<String>);

/// What is the same for nearly every row is told for the others only: each column that SQLite writes out for every row costs a
/// tenth of the reading. Where no row has cells, which is where a file has one column, nobody looks for any.
macro_rules! old_rows {
    (with_cells, $last:literal, $from:literal, $rest:literal) => {
        old_rows!(
            "case when max(record is not null) then json_group_array(record) end",
            ", c.record",
            " left join task_cells c on c.task_id = task.id",
            $last,
            $from,
            $rest
        )
    };
    (without_cells, $last:literal, $from:literal, $rest:literal) => {
        old_rows!("null", "", "", $last, $from, $rest)
    };
    ($records:literal, $record:literal, $cells:literal, $last:literal, $from:literal, $rest:literal) => {
        concat!(
            "select group_concat(id), group_concat(target),
                    group_concat(id) filter (where state >= 4),
                    json_group_array(json_array(id, lane_id, iif(state = 8, reason, null)))
                        filter (where lane_id <> ?4 or state = 8), ",
            $records,
            ", max(",
            $last,
            ")
               from (select task.id, task.lane_id, task.target, task.state, task.reason",
            $record,
            $from,
            $cells,
            $rest,
            " limit ?3)"
        )
    };
}

macro_rules! by_id {
    ($cells:ident) => {
        old_rows!(
            $cells,
            "id",
            "
       from load cross join task on task.id between max(load.first_task_id, ?2 + 1) and load.last_task_id",
            "
      where load.round_id = ?1 and load.finished_at is not null and load.last_task_id > ?2 and task.vanished = 0
      order by load.id, task.id"
        )
    };
}

macro_rules! by_run {
    ($cells:ident) => {
        old_rows!(
            $cells,
            "line",
            ", r.line + task.id - r.task_id as line
       from row_run r
      cross join task on task.id between r.task_id + max(0, ?2 + 1 - r.line) and r.task_id + r.rows - 1",
            "
      where r.load_id = ?1
        and r.line >= coalesce((select max(line) from row_run before where before.load_id = ?1 and before.line <= ?2), 0)
        and task.vanished = 0
      order by r.line, task.id"
        )
    };
}

const BY_ID: &str = by_id!(with_cells);
const BY_ID_WITHOUT_CELLS: &str = by_id!(without_cells);
const BY_RUN: &str = by_run!(with_cells);
const BY_RUN_WITHOUT_CELLS: &str = by_run!(without_cells);

/// Whether a row of the round has cells.
const HAS_CELLS: &str = "
    select exists (select 1 from load join task_cells c on c.task_id between load.first_task_id and load.last_task_id
                    where load.round_id = ?1)";
