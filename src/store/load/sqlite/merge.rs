//! Rows that are as they were: loading again reads the queue's rows beside the file's, in the order of the last load, and what
//! is the same needs neither sorting nor writing.
//!
//! In: the new file's rows, one by one. Out: for each whether it is an old row unchanged; where those stand now (`temp.run`)
//! and which old rows were not met again (`temp.unmatched`). What belongs to [`super::reload`]: everything that has changed.
//!
//! A row may be matched early or late only within a window of a few pages. Whatever is not found there is left over, and so
//! is every later row with the same target: then the comparison that follows sees all of them and takes the first.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::path::Path;

use tokio::sync::mpsc;

use super::super::load_row::{LoadRow, RowPlace};
use super::super::reload_sizes::ReloadSizes;
use super::existing_rows::{Aside, OldRow, OldRows, PageOfOldRows};
use super::row_runs::{Run, runs_json};
use crate::domain::{LaneId, RoundId, Target};
use crate::store::db::Db;
use crate::store::error::StoreError;

/// Pages in which a row is looked for.
const MAX_PAGES: usize = 3;

/// The comparison in passing.
#[derive(Debug)]
pub(super) struct Alignment {
    sizes: ReloadSizes,
    /// The queue's rows, read on a connection and a thread of their own while the rows before them are compared.
    old_rows: mpsc::Receiver<Result<PageOfOldRows, StoreError>>,
    ended: bool,
    pages: VecDeque<Page>,
    /// The place after the last match, where the next row probably is.
    next: Place,
    left_over: HashSet<u64, BuildHasherDefault<Hashed>>,
    misses_in_a_row: usize,
    given_up: bool,
    run: Option<Run>,
    runs: Vec<Run>,
    /// Old rows that were not met, and whether they are unsettled.
    unmatched: Vec<(i64, bool)>,
    hasher: RandomState,
    seeds: [u64; 2],
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    page: usize,
    row: usize,
}

#[derive(Debug)]
struct Page {
    rows: Vec<OldRow>,
    matched: usize,
    /// Where in the page the row of a key is, once somebody has searched it.
    places: Option<HashMap<u64, usize, BuildHasherDefault<Hashed>>>,
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
    /// Begins to read the round's rows: in the order of the runs of the load `runs_of`, or of their IDs.
    ///
    /// # Errors
    /// The queue cannot be opened a second time.
    pub(super) async fn begin(
        queue: &Path,
        sizes: ReloadSizes,
        round: RoundId,
        runs_of: Option<i64>,
    ) -> Result<Alignment, StoreError> {
        let reading = OldRows::open(queue, round, runs_of, sizes.rows_per_page).await?;
        // One page waits, one is being read, and MAX_PAGES are compared.
        let (sender, old_rows) = mpsc::channel(1);
        reading.hand_over(sender);
        let hasher = RandomState::new();
        Ok(Alignment {
            seeds: [hasher.hash_one(0), hasher.hash_one(1)],
            hasher,
            sizes,
            old_rows,
            ended: false,
            pages: VecDeque::new(),
            next: Place::default(),
            left_over: HashSet::default(),
            misses_in_a_row: 0,
            given_up: false,
            run: None,
            runs: Vec::new(),
            unmatched: Vec::new(),
        })
    }

    /// Whether the row is an old one that is as it was. False: somebody has to compare it.
    pub(super) async fn takes(&mut self, db: &mut Db, lane: LaneId, row: &LoadRow) -> Result<bool, StoreError> {
        let RowPlace::Task { target, spared, .. } = &row.place else { return Ok(false) };
        if self.given_up {
            return Ok(false);
        }
        while self.pages.len() < MAX_PAGES && !self.ended {
            self.fetch().await?;
        }
        let key = self.key(lane.0, target);
        let found = if self.left_over.contains(&key) { None } else { self.find(lane, target, key) };
        let same = found.and_then(|(place, in_order)| {
            let old = self.pages.get_mut(place.page)?.rows.get_mut(place.row)?;
            let same = !old.matched && old.record == row.record && is_same_place(old, *spared);
            old.matched |= same;
            same.then_some((place, in_order, old.id))
        });
        let Some((place, in_order, id)) = same else {
            self.leave(db, key).await?;
            return Ok(false);
        };
        // Whoever had to be searched for is no sign that the order is the old one again.
        self.misses_in_a_row = if in_order { 0 } else { self.sizes.misses_before_search };
        self.next = Place { page: place.page, row: place.row + 1 };
        if self.pages.get(place.page).is_some_and(|page| self.next.row == page.rows.len()) {
            self.next = Place { page: place.page + 1, row: 0 };
        }
        self.note_run(db, Run { line: row.line as i64, task: id, rows: 1 }).await?;
        if let Some(page) = self.pages.get_mut(place.page) {
            page.matched += 1;
        }
        // Once the file has got well into the second page, the first is behind it.
        if self.pages.get(1).is_some_and(|page| page.matched * 2 > page.rows.len()) {
            self.drop_page(db).await?;
        }
        Ok(true)
    }

    /// Ends the comparison: what was not met goes to `temp.unmatched`, where the rest stands to `temp.run`.
    pub(super) async fn finish(&mut self, db: &mut Db) -> Result<(), StoreError> {
        loop {
            while !self.pages.is_empty() {
                self.drop_page(db).await?;
            }
            if self.ended {
                break;
            }
            self.fetch().await?;
        }
        self.runs.extend(self.run.take());
        self.write_runs(db).await?;
        self.write_unmatched(db).await
    }

    /// Where the row stands: nearly always next, or a little ahead. It is searched for only where the order may be another one: what
    /// is missed here is compared with the key at the end, which takes longer and comes to the same. With it whether it stood next or
    /// ahead.
    fn find(&mut self, lane: LaneId, target: &Target, key: u64) -> Option<(Place, bool)> {
        let is_it = |old: &OldRow| old.lane == lane.0 && old.target == *target;
        let mut at = self.next;
        for _ in 0..self.sizes.rows_ahead {
            let Some(page) = self.pages.get(at.page) else { break };
            match page.rows.get(at.row) {
                Some(old) if is_it(old) => return Some((at, true)),
                Some(_) => at.row += 1,
                None => at = Place { page: at.page + 1, row: 0 },
            }
        }
        if self.misses_in_a_row < self.sizes.misses_before_search {
            return None;
        }
        let mut pages = std::mem::take(&mut self.pages);
        let place = pages.iter_mut().enumerate().find_map(|(page, rows)| {
            let row = *rows.places.get_or_insert_with(|| self.places(&rows.rows)).get(&key)?;
            rows.rows.get(row).is_some_and(is_it).then_some((Place { page, row }, false))
        });
        self.pages = pages;
        place
    }

    fn places(&self, rows: &[OldRow]) -> HashMap<u64, usize, BuildHasherDefault<Hashed>> {
        rows.iter().enumerate().map(|(place, old)| (self.key(old.lane, &old.target), place)).collect()
    }

    async fn leave(&mut self, db: &mut Db, key: u64) -> Result<(), StoreError> {
        self.left_over.insert(key);
        self.misses_in_a_row += 1;
        if self.left_over.len() > self.sizes.max_left_over {
            self.given_up = true;
        } else if self.misses_in_a_row > self.sizes.rows_per_page {
            self.misses_in_a_row = 0;
            self.drop_page(db).await?;
        }
        Ok(())
    }

    async fn note_run(&mut self, db: &mut Db, row: Run) -> Result<(), StoreError> {
        if !self.run.as_mut().is_some_and(|run| run.extend(row)) {
            self.runs.extend(self.run.replace(row));
        }
        if self.runs.len() >= self.sizes.rows_per_page { self.write_runs(db).await } else { Ok(()) }
    }

    /// What a row is looked up by. Two rows with one key cost a comparison more and nothing else; IDs are hashed by one
    /// multiplication under a secret seed.
    fn key(&self, lane: i64, target: &Target) -> u64 {
        match target {
            Target::Id(id) => {
                let place = (lane as u64) << 8 ^ id.digits() as u64;
                let product = u128::from(id.value() ^ self.seeds[0]) * u128::from(place ^ self.seeds[1]);
                product as u64 ^ (product >> 64) as u64
            }
            Target::Handle(handle) => self.hasher.hash_one((lane, handle)),
            Target::Key(key) => self.hasher.hash_one((lane, key)),
        }
    }

    async fn fetch(&mut self) -> Result<(), StoreError> {
        let Some(page) = self.old_rows.recv().await.transpose()? else {
            self.ended = true;
            return Ok(());
        };
        self.pages.push_back(Page { rows: page.rows()?, matched: 0, places: None });
        Ok(())
    }

    async fn drop_page(&mut self, db: &mut Db) -> Result<(), StoreError> {
        let Some(page) = self.pages.pop_front() else { return Ok(()) };
        let unmatched = page.rows.iter().filter(|old| !old.matched);
        self.unmatched.extend(unmatched.map(|old| (old.id, old.unsettled)));
        self.next = Place { page: self.next.page.saturating_sub(1), row: self.next.row };
        if self.unmatched.len() >= self.sizes.rows_per_page { self.write_unmatched(db).await } else { Ok(()) }
    }

    async fn write_runs(&mut self, db: &mut Db) -> Result<(), StoreError> {
        let text = runs_json(&self.runs);
        self.runs.clear();
        write(db, INSERT_RUNS, text).await
    }

    async fn write_unmatched(&mut self, db: &mut Db) -> Result<(), StoreError> {
        let text = serde_json::json!(self.unmatched).to_string();
        self.unmatched.clear();
        write(db, INSERT_UNMATCHED, text).await
    }
}

/// Whether a row that can be used is where the old one was. One that could not be used is compared by what it has come to.
fn is_same_place(old: &OldRow, spared: Option<&str>) -> bool {
    match &old.aside {
        Some(Aside::Kept(rule)) => spared == Some(rule.as_str()),
        Some(Aside::Rejected) => false,
        None => spared.is_none() || !old.unsettled,
    }
}

async fn write(db: &mut Db, sql: &'static str, json: String) -> Result<(), StoreError> {
    db.execute(sql, args![json]).await?;
    Ok(())
}

pub(super) const CREATE_ALIGNMENT: [&str; 4] = [
    "drop table if exists temp.run",
    "drop table if exists temp.unmatched",
    "create temp table run (task_id integer primary key, line integer not null, rows integer not null) strict",
    "create temp table unmatched (task_id integer primary key, unsettled integer not null) strict",
];

const INSERT_RUNS: &str =
    "insert into temp.run (line, task_id, rows) select value ->> 0, value ->> 1, value ->> 2 from jsonb_each(?1)";

const INSERT_UNMATCHED: &str = "
    insert into temp.unmatched (task_id, unsettled) select value ->> 0, value ->> 1 from jsonb_each(?1)";
