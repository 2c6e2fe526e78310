//! Rows that are as they were: loading again reads the queue's rows beside the file's, in the order of the last load, and what
//! is the same needs neither sorting nor writing.
//!
//! In: the new file's rows, one by one. Out: for each whether it is an old row unchanged; where those stand now (`temp.run`)
//! and which old rows were not met again (`temp.unmatched`). What belongs to [`super::reload`]: everything that has changed.
//!
//! A row may be matched early or late only within a window of a few pages. Whatever is not found there is left over, and so
//! is every later row with the same target: then the comparison that follows sees all of them and takes the first.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Write as _;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

use super::columns::{numbers, sparse, targets};
use super::error::StoreError;
use super::load::{LoadRow, RowPlace};
use super::open::Store;
use crate::domain::{LaneId, RoundId, Target};

/// Old rows in one page. Debug builds, which are what the tests run, take tiny pages, so that small files cross every border.
const ROWS_PER_PAGE: usize = if cfg!(debug_assertions) { 7 } else { 10_000 };
/// Pages in which a row is looked for.
const MAX_PAGES: usize = 3;
/// With more rows left over, the files have little in common and the rest is compared by sorting.
const MAX_LEFT_OVER: usize = if cfg!(debug_assertions) { 20 } else { 200_000 };

/// The comparison in passing.
#[derive(Debug)]
pub(super) struct Alignment {
    round: RoundId,
    /// The load whose runs say in which order the rows stood; none: in the order of their IDs.
    runs_of: Option<i64>,
    /// Where the next page begins: behind this line, or behind this ID.
    behind: i64,
    ended: bool,
    pages: VecDeque<Page>,
    places: HashMap<u64, Place, BuildHasherDefault<Hashed>>,
    /// The place after the last match, where the next row probably is.
    next: Place,
    left_over: HashSet<u64, BuildHasherDefault<Hashed>>,
    misses_in_a_row: usize,
    given_up: bool,
    run: Option<Run>,
    runs: Vec<Run>,
    unmatched: Vec<i64>,
    hasher: RandomState,
}

/// So many tasks from `task` on stand from `line` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) line: i64,
    pub(super) task: i64,
    pub(super) rows: i64,
}

impl Run {
    /// Takes in what follows without a gap.
    pub(super) fn extend(&mut self, next: Run) -> bool {
        let follows = next.line == self.line + self.rows && next.task == self.task + self.rows;
        if follows {
            self.rows += next.rows;
        }
        follows
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    page: usize,
    row: usize,
}

#[derive(Debug)]
struct Page {
    number: usize,
    rows: Vec<OldRow>,
    matched: usize,
}

#[derive(Debug)]
struct OldRow {
    id: i64,
    lane: i64,
    target: Target,
    key: u64,
    record: Option<String>,
    in_line: bool,
    /// The rule that spares it.
    kept: Option<String>,
    matched: bool,
}

/// Keys are hashes already.
#[derive(Debug, Default)]
struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

impl Alignment {
    pub(super) fn new(round: RoundId, runs_of: Option<i64>) -> Alignment {
        Alignment {
            round,
            runs_of,
            behind: 0,
            ended: false,
            pages: VecDeque::new(),
            places: HashMap::default(),
            next: Place::default(),
            left_over: HashSet::default(),
            misses_in_a_row: 0,
            given_up: false,
            run: None,
            runs: Vec::new(),
            unmatched: Vec::new(),
            hasher: RandomState::new(),
        }
    }

    /// Whether the row is an old one that is as it was. False: somebody has to compare it.
    pub(super) async fn takes(&mut self, store: &mut Store, lane: LaneId, row: &LoadRow) -> Result<bool, StoreError> {
        let RowPlace::Task { target, spared, .. } = &row.place else { return Ok(false) };
        if self.given_up {
            return Ok(false);
        }
        while self.pages.len() < MAX_PAGES && !self.ended {
            self.fetch(store).await?;
        }
        let key = self.hasher.hash_one((lane.0, target));
        let place = if self.left_over.contains(&key) { None } else { self.find(lane, target, key) };
        let same = place.and_then(|place| {
            let old = self.pages.get_mut(place.page)?.rows.get_mut(place.row)?;
            let same_place = match &old.kept {
                Some(rule) => *spared == Some(rule.as_str()),
                None => spared.is_none() || !old.in_line,
            };
            let same = !old.matched && old.record == row.record && same_place;
            old.matched |= same;
            same.then_some((place, old.id))
        });
        let Some((place, id)) = same else {
            self.leave(store, key).await?;
            return Ok(false);
        };
        self.misses_in_a_row = 0;
        self.next = Place { page: place.page, row: place.row + 1 };
        if self.pages.get(place.page).is_some_and(|page| self.next.row == page.rows.len()) {
            self.next = Place { page: place.page + 1, row: 0 };
        }
        self.note_run(store, Run { line: row.line as i64, task: id, rows: 1 }).await?;
        if let Some(page) = self.pages.get_mut(place.page) {
            page.matched += 1;
        }
        // Once the file has got well into the second page, the first is behind it.
        if self.pages.get(1).is_some_and(|page| page.matched * 2 > page.rows.len()) {
            self.drop_page(store).await?;
        }
        Ok(true)
    }

    /// Ends the comparison: what was not met goes to `temp.unmatched`, where the rest stands to `temp.run`.
    pub(super) async fn finish(&mut self, store: &mut Store) -> Result<(), StoreError> {
        loop {
            while !self.pages.is_empty() {
                self.drop_page(store).await?;
            }
            if self.ended {
                break;
            }
            self.fetch(store).await?;
        }
        self.runs.extend(self.run.take());
        self.write_runs(store).await?;
        self.write_unmatched(store).await
    }

    fn find(&self, lane: LaneId, target: &Target, key: u64) -> Option<Place> {
        let is_at = |place: &Place| {
            let row = self.pages.get(place.page).and_then(|page| page.rows.get(place.row));
            row.is_some_and(|row| row.lane == lane.0 && row.target == *target)
        };
        if is_at(&self.next) {
            return Some(self.next);
        }
        let first = self.pages.front()?.number;
        let place = self.places.get(&key)?;
        let place = Place { page: place.page.checked_sub(first)?, row: place.row };
        is_at(&place).then_some(place)
    }

    async fn leave(&mut self, store: &mut Store, key: u64) -> Result<(), StoreError> {
        self.left_over.insert(key);
        self.misses_in_a_row += 1;
        if self.left_over.len() > MAX_LEFT_OVER {
            self.given_up = true;
        } else if self.misses_in_a_row > ROWS_PER_PAGE {
            self.misses_in_a_row = 0;
            self.drop_page(store).await?;
        }
        Ok(())
    }

    async fn note_run(&mut self, store: &mut Store, row: Run) -> Result<(), StoreError> {
        if !self.run.as_mut().is_some_and(|run| run.extend(row)) {
            self.runs.extend(self.run.replace(row));
        }
        if self.runs.len() >= ROWS_PER_PAGE { self.write_runs(store).await } else { Ok(()) }
    }

    async fn fetch(&mut self, store: &mut Store) -> Result<(), StoreError> {
        let sql = if self.runs_of.is_some() { OLD_ROWS_BY_RUN } else { OLD_ROWS_BY_ID };
        let text: (
            Option<String>,
            Option<String>,
            Option<String>,
            Option<String>,
            Option<String>,
            Option<String>,
            Option<i64>,
        ) = sqlx::query_as(sql)
            .bind(self.runs_of.unwrap_or(self.round.0))
            .bind(self.behind)
            .bind(ROWS_PER_PAGE as i64)
            .fetch_one(&mut store.connection)
            .await
            .map_err(|e| store.sort(e))?;
        let (ids, lanes, found, in_line, kept, records, last) = text;
        let Some(last) = last else {
            self.ended = true;
            return Ok(());
        };
        self.behind = last;
        let mut records = sparse::<String>(records.as_deref())?.into_iter();
        let mut kept = sparse::<String>(kept.as_deref())?.into_iter();
        let columns = numbers(ids.as_deref())?.into_iter().zip(numbers(lanes.as_deref())?);
        let columns = columns.zip(targets(found.as_deref())?).zip(numbers(in_line.as_deref())?);
        let number = self.pages.back().map_or(0, |page| page.number + 1);
        let mut rows = Vec::with_capacity(ROWS_PER_PAGE);
        for (index, (((id, lane), target), in_line)) in columns.enumerate() {
            let key = self.hasher.hash_one((lane, &target));
            self.places.insert(key, Place { page: number, row: index });
            let (record, kept, in_line) = (records.next().flatten(), kept.next().flatten(), in_line != 0);
            rows.push(OldRow { id, lane, target, key, record, in_line, kept, matched: false });
        }
        self.pages.push_back(Page { number, rows, matched: 0 });
        Ok(())
    }

    async fn drop_page(&mut self, store: &mut Store) -> Result<(), StoreError> {
        let Some(page) = self.pages.pop_front() else { return Ok(()) };
        for row in page.rows {
            if self.places.get(&row.key).is_some_and(|place| place.page == page.number) {
                self.places.remove(&row.key);
            }
            if !row.matched {
                self.unmatched.push(row.id);
            }
        }
        self.next = Place { page: self.next.page.saturating_sub(1), row: self.next.row };
        if self.unmatched.len() >= ROWS_PER_PAGE { self.write_unmatched(store).await } else { Ok(()) }
    }

    async fn write_runs(&mut self, store: &mut Store) -> Result<(), StoreError> {
        let text = runs_json(&self.runs);
        self.runs.clear();
        write(store, INSERT_RUNS, text).await
    }

    async fn write_unmatched(&mut self, store: &mut Store) -> Result<(), StoreError> {
        let text = serde_json::json!(self.unmatched).to_string();
        self.unmatched.clear();
        write(store, INSERT_UNMATCHED, text).await
    }
}

/// Runs as `[line, task, rows]`.
pub(super) fn runs_json(runs: &[Run]) -> String {
    let mut json = String::with_capacity(runs.len() * 24 + 2);
    json.push('[');
    for run in runs {
        let comma = if json.len() > 1 { "," } else { "" };
        // Writing to a String cannot fail.
        let _ = write!(json, "{comma}[{},{},{}]", run.line, run.task, run.rows);
    }
    json.push(']');
    json
}

async fn write(store: &mut Store, sql: &'static str, json: String) -> Result<(), StoreError> {
    sqlx::query(sql).bind(json).execute(&mut store.connection).await.map_err(|e| store.sort(e))?;
    Ok(())
}

pub(super) const CREATE_ALIGNMENT: [&str; 4] = [
    "drop table if exists temp.run",
    "drop table if exists temp.unmatched",
    "create temp table run (task_id integer primary key, line integer not null, rows integer not null) strict",
    "create temp table unmatched (task_id integer primary key) strict",
];

const INSERT_RUNS: &str =
    "insert into temp.run (line, task_id, rows) select value ->> 0, value ->> 1, value ->> 2 from json_each(?1)";

const INSERT_UNMATCHED: &str = "insert into temp.unmatched (task_id) select value from json_each(?1)";

macro_rules! old_rows {
    ($last:literal, $from:literal) => {
        concat!(
            "select group_concat(id), group_concat(lane_id), group_concat(target), group_concat(in_line),
                    case when max(kept is not null) then json_group_array(kept) end,
                    case when max(record is not null) then json_group_array(record) end, max(",
            $last,
            ") from (select task.id, task.lane_id, task.target, task.state in (0, 2, 3) as in_line,
                          iif(task.state = 8, task.reason, null) as kept, c.record, ",
            $from,
            " limit ?3)"
        )
    };
}

const OLD_ROWS_BY_ID: &str = old_rows!(
    "id",
    "0 as line
       from load cross join task on task.id between max(load.first_task_id, ?2 + 1) and load.last_task_id
       left join task_cells c on c.task_id = task.id
      where load.round_id = ?1 and load.finished_at is not null and load.last_task_id > ?2 and task.vanished = 0
      order by load.id, task.id"
);

const OLD_ROWS_BY_RUN: &str = old_rows!(
    "line",
    "r.line + task.id - r.task_id as line
       from row_run r
      cross join task on task.id between r.task_id + max(0, ?2 + 1 - r.line) and r.task_id + r.rows - 1
       left join task_cells c on c.task_id = task.id
      where r.load_id = ?1
        and r.line >= coalesce((select max(line) from row_run before where before.load_id = ?1 and before.line <= ?2), 0)
        and task.vanished = 0
      order by r.line, task.id"
);
