//! The queue's rows of a round in the order of its last load, a page at a time, on a connection of their own: while one page is
//! compared, SQLite reads the next.
//!
//! In: a round. Out: pages of its rows. What does not belong here: comparing them ([`super::merge`]).

use std::path::Path;

use tokio::sync::mpsc;

use super::row_runs::Run;
use crate::domain::{RoundId, Target};
use crate::store::columns::{each_target, numbers, parse_each, sparse};
use crate::store::db::Db;
use crate::store::error::StoreError;
use crate::store::open::connect;
use crate::store::row::Row;

/// A row of the queue.
#[derive(Debug)]
pub(super) struct OldRow {
    pub(super) id: i64,
    pub(super) lane: i64,
    pub(super) target: Target,
    pub(super) record: Option<String>,
    /// Nothing final has become of it: it is in line, or being sent.
    pub(super) unsettled: bool,
    /// Why it stands aside.
    pub(super) aside: Option<Aside>,
    /// The file has it still: [`super::merge`] has met it.
    pub(super) matched: bool,
}

/// Why a row stands aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Aside {
    /// The rule that spares it, in one word.
    Kept(String),
    /// It cannot be used.
    Rejected,
}

/// A page of rows as it was read. Telling the rows apart is left to whoever compares them, so that SQLite need not wait for it.
#[derive(Debug)]
pub(super) struct PageOfOldRows {
    ids: Vec<i64>,
    targets: String,
    records: Option<String>,
    /// The lane of the rows of which nothing else is told.
    lane: i64,
    unusual: Vec<Unusual>,
}

impl PageOfOldRows {
    /// The rows.
    ///
    /// # Errors
    /// The database holds what nobody wrote.
    pub(super) fn rows(self) -> Result<Vec<OldRow>, StoreError> {
        let mut unusual = self.unusual.into_iter().peekable();
        let mut records = sparse::<String>(self.records.as_deref())?.into_iter();
        let mut rows = Vec::with_capacity(self.ids.len());
        for (id, target) in self.ids.into_iter().zip(each_target(Some(&self.targets))) {
            let (target, record) = (target?, records.next().flatten());
            let row = match unusual.next_if(|unusual| unusual.id == id) {
                None => OldRow { id, lane: self.lane, target, record, unsettled: true, aside: None, matched: false },
                Some(Unusual { vanished: true, .. }) => continue,
                Some(Unusual { lane, settled, aside, .. }) => {
                    let lane = lane.unwrap_or(self.lane);
                    OldRow { id, lane, target, record, unsettled: !settled, aside, matched: false }
                }
            };
            rows.push(row);
        }
        Ok(rows)
    }
}

/// A reading of the queue's rows.
pub(super) struct OldRows {
    db: Db,
    sql: Statements,
    /// The load whose runs say in which order the rows stood; or the round, where they are read in the order of their IDs.
    of: i64,
    rows_per_page: usize,
    /// What is left of the run in which the last page ended. Where rows are read in the order of their IDs a load is a run, and its
    /// lines are the IDs.
    run: Run,
    /// The lane of the row read last, which is probably the next one's.
    lane: i64,
}

/// A page as SQLite writes it: the targets, what is unusual, the cells, the runs that begin in it, and the sum of the IDs.
type PageTexts = (Option<String>, Option<String>, Option<String>, Option<String>, Option<i64>);

impl OldRows {
    pub(super) async fn open(
        path: &Path,
        round: RoundId,
        runs_of: Option<i64>,
        rows_per_page: usize,
    ) -> Result<OldRows, StoreError> {
        let mut db = connect(path).await?;
        let (has_cells, lane): (bool, i64) = db.fetch_one(HAS_CELLS, args![round.0]).await?;
        let sql = match (runs_of.is_some(), has_cells) {
            (false, true) => BY_ID,
            (false, false) => BY_ID_WITHOUT_CELLS,
            (true, true) => BY_RUN,
            (true, false) => BY_RUN_WITHOUT_CELLS,
        };
        let (of, run) = (runs_of.unwrap_or(round.0), Run { line: 1, task: 1, rows: 0 });
        Ok(OldRows { db, sql, of, rows_per_page, run, lane })
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
        let (targets, unusual, records, begun, sum): PageTexts = self.read(self.sql.page).await?;
        let Some(targets) = targets else { return Ok(None) };
        let rows = targets.bytes().filter(|byte| *byte == b',').count() + 1;
        let ids = self.ids(rows, &numbers(begun.as_deref())?, sum).await?;
        let unusual = parse_each(unusual.as_deref(), b',', Unusual::parse).collect::<Result<Vec<_>, _>>()?;
        let lane = self.lane;
        if let Some(Unusual { id, lane: Some(last), .. }) = unusual.last()
            && ids.last() == Some(id)
        {
            self.lane = *last;
        }
        Ok(Some(PageOfOldRows { ids, targets, records, lane, unusual }))
    }

    /// The IDs of a page. They need not be told one by one: where a run begins says those of all its rows. Their sum tells whether
    /// it is so, for there are gaps where a first load had repeats.
    async fn ids(&mut self, rows: usize, begun: &[i64], sum: Option<i64>) -> Result<Vec<i64>, StoreError> {
        let mut ids = Vec::with_capacity(rows);
        let mut run = self.run;
        let mut begun = begun.chunks_exact(3).map(|run| Run { line: run[0], task: run[1], rows: run[2] });
        while ids.len() < rows {
            if run.rows <= 0 {
                let Some(next) = begun.next() else { break };
                run = next;
            }
            let here = run.rows.min((rows - ids.len()) as i64);
            ids.extend(run.task..run.task + here);
            run.skip(here);
        }
        // A gap raises every ID behind it, so sums are equal where every ID is.
        let last_begun = begun.next_back();
        if last_begun.is_none() && ids.len() == rows && sum == Some(ids.iter().sum()) {
            self.run = run;
            return Ok(ids);
        }
        let (told, line): (Option<String>, Option<i64>) = self.read(self.sql.ids).await?;
        let ids = numbers(told.as_deref())?;
        if let (Some(last), Some(line)) = (ids.last(), line) {
            let run = last_begun.unwrap_or(run);
            self.run = Run { line: line + 1, task: last + 1, rows: (run.task + run.rows - last - 1).max(0) };
        }
        Ok(ids)
    }

    async fn read<T: Row>(&mut self, sql: &'static str) -> Result<T, StoreError> {
        let behind = self.run.line - 1;
        self.db.fetch_one(sql, args![self.of, behind, self.rows_per_page as i64, self.lane]).await
    }
}

/// What is told of a row that is not as nearly all are: in line, of the lane expected, spared by nothing.
#[derive(Debug)]
struct Unusual {
    id: i64,
    settled: bool,
    /// None: the one expected.
    lane: Option<i64>,
    vanished: bool,
    aside: Option<Aside>,
}

impl Unusual {
    /// `id` for a row that is settled and has nothing else to it, else `id:lane:state:vanished:reason`.
    fn parse(text: &[u8]) -> Option<Unusual> {
        let mut parts = std::str::from_utf8(text).ok()?.splitn(5, ':');
        let id = parts.next()?.parse().ok()?;
        let Some(lane) = parts.next() else {
            return Some(Unusual { id, settled: true, lane: None, vanished: false, aside: None });
        };
        let state: i64 = parts.next()?.parse().ok()?;
        let vanished = parts.next()? == "1";
        let reason = parts.next().unwrap_or_default().to_owned();
        let aside = match state {
            8 => Some(Aside::Kept(reason)),
            9 => Some(Aside::Rejected),
            _ => None,
        };
        Some(Unusual { id, settled: state >= 4, lane: Some(lane.parse().ok()?), vanished, aside })
    }
}

/// A page, and the IDs of one that are not what the runs say, with the last of their lines.
#[derive(Clone, Copy, Debug)]
struct Statements {
    page: &'static str,
    ids: &'static str,
}

/// What is the same for nearly every row is told for the others only: each column that SQLite writes out for every row costs a
/// tenth of the reading. Where no row has cells, which is where a file has one column, nobody looks for any.
macro_rules! old_rows {
    (with_cells, $($order:tt)*) => {
        old_rows!(
            "case when max(record is not null) then json_group_array(record) end",
            ", c.record",
            " left join task_cells c on c.task_id = task.id",
            $($order)*
        )
    };
    (without_cells, $($order:tt)*) => {
        old_rows!("null", "", "", $($order)*)
    };
    ($records:literal, $record:literal, $cells:literal, $first:literal, $run:literal, $line:literal, $from:literal, $rest:literal) => {
        Statements {
            page: concat!(
                "select group_concat(target, '", $crate::store::columns::target_separator!(), "'), group_concat(unusual) filter (where unusual is not null), ",
                $records,
                ", group_concat(run) filter (where run is not null), sum(id)
                   from (select task.id, task.target,
                                iif(state >= 4 or vanished = 1 or lane_id <> ?4,
                                    task.id || iif(state < 8 and vanished = 0 and lane_id = ?4, '',
                                                   ':' || lane_id || ':' || state || ':' || vanished || ':' || iif(state >= 8, coalesce(reason, ''), '')),
                                    null) as unusual,
                                iif(task.id = ", $first, ", ", $run, ", null) as run",
                $record,
                $from,
                $cells,
                $rest,
                " limit ?3)"
            ),
            ids: concat!(
                "select group_concat(id), max(line) from (select task.id, ", $line, " as line", $from, $rest, " limit ?3)"
            ),
        }
    };
}

macro_rules! by_id {
    ($cells:ident) => {
        old_rows!(
            $cells,
            "load.first_task_id",
            "load.first_task_id || ',' || load.first_task_id || ',' || (load.last_task_id - load.first_task_id + 1)",
            "task.id",
            "
       from load cross join task on task.id between max(load.first_task_id, ?2 + 1) and load.last_task_id",
            "
      where load.round_id = ?1 and load.finished_at is not null and load.last_task_id > ?2
      order by load.id, task.id"
        )
    };
}

macro_rules! by_run {
    ($cells:ident) => {
        old_rows!(
            $cells,
            "r.task_id",
            "r.line || ',' || r.task_id || ',' || r.rows",
            "r.line + task.id - r.task_id",
            "
       from row_run r
      cross join task on task.id between r.task_id + max(0, ?2 + 1 - r.line) and r.task_id + r.rows - 1",
            "
      where r.load_id = ?1
        and r.line >= coalesce((select max(line) from row_run before where before.load_id = ?1 and before.line <= ?2), 0)
      order by r.line, task.id"
        )
    };
}

const BY_ID: Statements = by_id!(with_cells);
const BY_ID_WITHOUT_CELLS: Statements = by_id!(without_cells);
const BY_RUN: Statements = by_run!(with_cells);
const BY_RUN_WITHOUT_CELLS: Statements = by_run!(without_cells);

/// Whether a row of the round has cells, and a lane of it.
const HAS_CELLS: &str = "
    select exists (select 1 from load join task_cells c on c.task_id between load.first_task_id and load.last_task_id
                    where load.round_id = ?1),
           coalesce((select min(id) from lane where round_id = ?1), 0)";
