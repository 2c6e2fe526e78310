//! Whatever mix of IDs, handles and keys a file has: it is loaded, loaded again, looked at, claimed, judged by a list and told in receipts as
//! it was.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use proptest::prelude::*;

use super::{LoadForecaster, LoadRow, LoadSummary, Reloaded, RowPlace};
use crate::domain::{
    AccountId, Action, BootId, Horizons, Moment, Outcome, Platform, PlatformUser, Target, TargetKey, TaskState, Tick,
    Wall,
};
use crate::store::{
    Claim, DrainLock, DrainScope, Job, Looked, NewJob, PickOrder, QueueKind, Reach, RowOutcome, RowQuery, Store,
    StoreError, TaskFilter, Turn, WorklistTick,
};
use crate::store::{Drain, LoadedFrom};

const NOW: Moment = Moment { tick: Tick(1_000_000), wall: Wall(1_700_000_000_000) };

fn target() -> impl Strategy<Value = Target> {
    let key = prop_oneof![
        "[0-9A-HJKMNP-TV-Z]{26}",
        "[A-Za-z0-9_-]{11}",
        "did:plc:[a-z2-7]{24}",
        "at://did:plc:[a-z2-7]{4}/app\\.bsky\\.graph\\.follow/3k[a-z2-7]{2}",
        "https://[a-z]{3}\\.example/(users|@)[a-z]{1,3}\\?a=[,\"'é&]{0,3}",
        "@[a-z]{2}@[a-z]{3}\\.example",
        "[0-9]{20,24}",
        "[0-9]{1,3}(e[0-9]|\\.0|,5)",
        "[ -~]{1,6}",
        "[\\[\\]{}:\",\\\\]{1,5}",
        "[é漢🙂ß]{1,4}",
    ];
    let text = prop_oneof![3 => "0{0,2}[1-9][0-9]{0,2}".boxed(), 2 => "[0-9]{18,19}".boxed(), 2 => "@[a-d_]{1,2}".boxed(), 6 => key.boxed()];
    text.prop_filter_map("no target", |text| text.parse().ok())
}

fn row(line: u64, account: AccountId, target: &Target) -> LoadRow {
    let place = RowPlace::Task { action: Action::Unfollow, account, target: target.clone(), spared: None };
    LoadRow { line, place, record: None }
}

/// The only cell of a row, as receipts tell it.
fn cell(row: &RowOutcome) -> String {
    match &row.record {
        None => row.target.as_ref().unwrap().to_string(),
        Some(record) => {
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(record.as_bytes());
            let cells: Vec<String> = reader.records().next().unwrap().unwrap().iter().map(str::to_owned).collect();
            assert_eq!(cells.len(), 1, "{record}");
            cells[0].clone()
        }
    }
}

struct Bench {
    folder: tempfile::TempDir,
    store: Store,
    account: AccountId,
}

impl Bench {
    async fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
        let users = [("ada".parse().unwrap(), PlatformUser::at_one_address(Platform::XV2, "42".parse().unwrap()))];
        let account = store.accounts().ensure_accounts(&users).await.unwrap()[0];
        Bench { folder, store, account }
    }

    async fn job(&mut self) -> Option<Job> {
        self.store.queue().job("mixed").await.unwrap()
    }

    async fn load(&mut self, targets: &[Target]) -> LoadSummary {
        let new = NewJob {
            name: "mixed".into(),
            path: "/mixed.csv".into(),
            action: Some(Action::Unfollow),
            account: Some(self.account),
            keep: None,
            target_column: None,
            host: None,
            restores: None,
        };
        let from = LoadedFrom::new("first", 1);
        let mut loader = self.store.loading().begin_round(&new, None, &from, None, Wall(1)).await.unwrap();
        for (line, target) in (1..).zip(targets) {
            loader.push(row(line, self.account, target)).await.unwrap();
        }
        loader.finish().await.unwrap()
    }

    /// How many tasks were added and cancelled.
    async fn reload(&mut self, targets: &[Target]) -> (u64, u64) {
        let job = self.job().await.unwrap();
        let from = LoadedFrom::new("second", 1);
        let mut loader = self.store.loading().begin_reload(&job, &from, Wall(2)).await.unwrap();
        for (line, target) in (1..).zip(targets) {
            loader.push(row(line, self.account, target)).await.unwrap();
        }
        match loader.apply(true).await.unwrap() {
            Reloaded::Applied(summary) => (summary.added, summary.cancelled),
            Reloaded::Shrinks { .. } => panic!("it was allowed to shrink"),
        }
    }

    /// Rows of the file in order: each cell is what stood there, and each task's target too; the first of equal ones is the task.
    async fn judge_receipts(&mut self, targets: &[Target]) -> Result<(), TestCaseError> {
        let job = self.job().await.unwrap();
        let mut rows = Vec::new();
        let push = |row: RowOutcome| -> Result<(), StoreError> {
            rows.push(row);
            Ok(())
        };
        prop_assert!(self.store.read().report(&job, 1, push).await.unwrap());
        let mut met = HashSet::new();
        for (row, target) in rows.iter().filter(|row| row.line.is_some()).zip(targets) {
            if met.insert(target) {
                prop_assert_eq!(row.target.as_ref(), Some(target));
                prop_assert_eq!(cell(row), target.to_string());
            } else {
                prop_assert_eq!(row.outcome, Outcome::Duplicate);
                let written = RowOutcome { target: Some(target.clone()), ..row.clone() };
                prop_assert_eq!(cell(&written), target.to_string());
            }
        }
        prop_assert_eq!(rows.iter().filter(|row| row.line.is_some()).count(), targets.len());
        let integrity = self.store.admin().integrity().await.unwrap();
        prop_assert!(integrity.faults.is_empty() && integrity.miscounted.is_empty() && integrity.misplaced.is_empty());
        prop_assert!(self.store.admin().find_damage().await.unwrap().is_empty());
        Ok(())
    }

    /// Each target is found by itself, and by nothing else.
    async fn judge_looks(&mut self, targets: &BTreeSet<Target>) -> Result<(), TestCaseError> {
        let job = self.job().await.unwrap();
        for target in targets {
            prop_assert_eq!(self.store.read().explain(target).await.unwrap().len(), 1, "{}", target);
            let found = self.store.read().rows_of_target(&job, target).await.unwrap().rows;
            prop_assert_eq!(found.iter().map(|row| row.target.clone().unwrap()).collect::<Vec<_>>(), [target.clone()]);
            let task = found[0].task.unwrap();
            let (_, text) = self.store.read().task(job.id, task).await.unwrap().unwrap();
            prop_assert_eq!(text, target.to_string());
        }
        let query = RowQuery { most: 100, ..RowQuery::default() };
        let browsed = self.store.read().rows(&job, &query).await.unwrap().rows;
        let browsed: BTreeSet<Target> = browsed.into_iter().filter_map(|row| row.target).collect();
        prop_assert_eq!(&browsed, targets);
        let wanted = TaskFilter { states: vec![TaskState::Pending], ghosts: false };
        let count = self.store.read().select_tasks(&job, 1, &wanted, PickOrder::File).await.unwrap().unwrap();
        let picked = self.store.read().picked(0, count).await.unwrap();
        self.store.read().end_picking().await.unwrap();
        prop_assert_eq!(&picked.into_iter().map(|task| task.target).collect::<BTreeSet<_>>(), targets);
        Ok(())
    }

    /// A drain is given what the file said; a list says of each whether it is off; a person ticks the rest.
    async fn judge_ends(mut self, targets: &BTreeSet<Target>, listed: usize) -> Result<(), TestCaseError> {
        let job = self.job().await.unwrap();
        let token = self.store.queue().make_worklist(&job, NOW.wall).await.unwrap();
        let path = self.store.place().clone();
        let horizons = Horizons::all(Duration::from_secs(900));
        let lock = DrainLock::take(&path).await.unwrap();
        let (scope, boot) = (DrainScope::default(), BootId("here".into()));
        let begun = Drain::begin(self.store, lock, &scope, NOW, boot, &horizons, 30_000).await;
        let mut drain = begun.unwrap().0;
        let lane = drain.lanes(None).await.unwrap().remove(0);
        let claim = Claim {
            lane: lane.lane,
            account: lane.account,
            action: lane.action,
            count: 100,
            visible_to: lane.visible_to,
            looked_to: None,
            only: None,
            counted_until: NOW.tick,
        };
        let receipt = drain.turn(&Turn { claims: vec![claim], ..Turn::default() }, NOW).await.unwrap();
        prop_assert!(receipt.damaged.is_empty());
        let claimed: BTreeSet<Target> = receipt.claimed.iter().map(|claimed| claimed.target.clone()).collect();
        prop_assert_eq!(&claimed, targets);
        drain.end(NOW, "finished").await.unwrap();

        let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
        let done = "update task set state = 4, reason = null, finished_at = 5 where state = 1";
        store.db.execute(done, args![]).await.unwrap();
        let on_list: Vec<Target> = targets.iter().take(listed).cloned().collect();
        store.lists().begin_listed().await.unwrap();
        store.lists().add_listed(&on_list).await.unwrap();
        let looked = Looked { account: self.account, action: Action::Unfollow, read_at: Wall(6), reach: Reach::Whole };
        store.lists().judge(&job, &looked).await.unwrap();
        let verdicts = store.lists().verdicts(&job).await.unwrap();
        prop_assert_eq!(verdicts.ghosts as usize, on_list.len());
        prop_assert_eq!(verdicts.confirmed as usize, targets.len() - on_list.len());
        let told = store.lists().done_by(self.account, 0, 1_000).await.unwrap();
        let told: BTreeSet<Target> = told.into_iter().map(|(.., target)| target).collect();
        let nameless = targets.iter().filter(|target| !target.to_string().starts_with('@')).cloned();
        prop_assert_eq!(told, nameless.collect::<BTreeSet<_>>());

        let worklist = store.queue().worklist(&token).await.unwrap().unwrap();
        let ticks: Vec<WorklistTick> = receipt
            .claimed
            .iter()
            .zip(1..)
            .map(|(claimed, line)| WorklistTick { task: claimed.task, target: claimed.target.clone(), line })
            .collect();
        let taken = store.queue().take_ticks(&worklist, &ticks, NOW.wall).await.unwrap();
        prop_assert!(taken.foreign_lines.is_empty(), "{:?}", taken);
        drop(self.folder);
        Ok(())
    }
}

async fn judge(first: &[Target], second: &[Target], listed: usize) -> Result<(), TestCaseError> {
    let mut bench = Bench::new().await;
    let rows: Vec<LoadRow> = (1..).zip(first).map(|(line, target)| row(line, bench.account, target)).collect();
    let mut forecaster = LoadForecaster::alone();
    forecaster.push_all(&rows).await.unwrap();
    let forecast = forecaster.finish().await.unwrap();
    let old: BTreeSet<Target> = first.iter().cloned().collect();
    let loaded = bench.load(first).await;
    prop_assert_eq!((loaded.added, loaded.duplicates), (old.len() as u64, (first.len() - old.len()) as u64));
    prop_assert_eq!(forecast.duplicates, loaded.duplicates);
    bench.judge_receipts(first).await?;
    bench.judge_looks(&old).await?;
    prop_assert_eq!(bench.reload(first).await, (0, 0), "nothing has changed");
    bench.judge_receipts(first).await?;
    let new: BTreeSet<Target> = second.iter().cloned().collect();
    let expected = (new.difference(&old).count() as u64, old.difference(&new).count() as u64);
    prop_assert_eq!(bench.reload(second).await, expected);
    bench.judge_receipts(second).await?;
    bench.judge_ends(&new, listed).await
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn any_mix_of_targets_is_loaded_and_told_as_it_was(
        first in proptest::collection::vec(target(), 1..14), more in proptest::collection::vec(target(), 1..6),
        order: u64, listed in 0..8_usize,
    ) {
        // The second file: the first one shuffled, some rows out, some in, and a repeat.
        let mut second: Vec<Target> = first.iter().skip(1).chain(&more).chain(first.last()).cloned().collect();
        fastrand::Rng::with_seed(order).shuffle(&mut second);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(judge(&first, &second, listed))?;
    }
}

/// A key is never taken for a number that it looks like, nor for a handle.
#[tokio::test]
async fn keys_that_look_like_numbers_stay_apart() {
    let texts = ["7", "007", "7.0", "7e0", "+7", "0x7", "00000000000000000007", "@ada", "ada", "@ada@a.example", "Ada"];
    let targets: Vec<Target> = texts.iter().map(|text| text.parse().unwrap()).collect();
    assert_eq!(targets.iter().filter(|target| matches!(target, Target::Key(_))).count(), 8);
    assert_eq!("7e0".parse(), "7e0".parse::<TargetKey>().map(Target::Key).map_err(|_| crate::domain::InvalidTarget));
    let mut bench = Bench::new().await;
    let loaded = bench.load(&targets).await;
    assert_eq!((loaded.added, loaded.duplicates), (texts.len() as u64, 0));
    bench.judge_receipts(&targets).await.unwrap();
    bench.judge_looks(&targets.into_iter().collect()).await.unwrap();
}
