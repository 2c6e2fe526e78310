//! Whatever a later reading makes of a file's rows, the queue says the same as a model that fits on a page.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{LoadForecast, LoadForecaster, LoadRow, Reloaded, RowPlace};
use crate::domain::{AccountId, Action, Outcome, Platform, Target, TargetId, Wall};
use crate::store::{Job, LoadedFrom, NewJob, QueueKind, RowOutcome, RowQuery, Store, StoreError};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Row {
    Usable,
    Spared,
    Unusable,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    Done,
    Gone,
    Failed,
}

type File = Vec<(u64, Row)>;

/// A file, and what becomes of tasks before the next one is loaded.
type Night = (File, Vec<(u64, End)>);

fn nights() -> impl Strategy<Value = Vec<Night>> {
    let row = prop_oneof![3 => Just(Row::Usable), 1 => Just(Row::Spared), 2 => Just(Row::Unusable)];
    let end = prop_oneof![Just(End::Done), Just(End::Gone), Just(End::Failed)];
    let file = proptest::collection::vec((0_u64..10, row), 1..16);
    let nights = proptest::collection::vec((file, proptest::collection::vec((0_u64..10, end), 0..4)), 1..6);
    // A file without a usable row never comes so far.
    nights.prop_map(|mut nights| {
        nights[0].0.push((0, Row::Usable));
        nights
    })
}

fn load_row(line: u64, number: u64, row: Row, account: AccountId) -> LoadRow {
    let (action, target) = (Action::Unfollow, Target::Id(TargetId::from_i64(1_000 + number as i64).unwrap()));
    let place = match row {
        Row::Usable => RowPlace::Task { action, account, target, spared: None },
        Row::Spared => RowPlace::Task { action, account, target, spared: Some("keep_list") },
        Row::Unusable => RowPlace::Rejected { reason: "rounded_zeros".into(), task: Some((action, account, target)) },
    };
    LoadRow { line, place, record: None }
}

/// The rows of a file one by one, and then the tasks whose rows are not in it any more.
fn expected(model: &mut BTreeMap<u64, Outcome>, file: &File) -> (Vec<Outcome>, Vec<Outcome>) {
    for (number, task) in model.iter_mut() {
        let usable = file.iter().find(|(other, row)| other == number && *row != Row::Unusable).map(|(_, row)| *row);
        let is_there = file.iter().any(|(other, _)| other == number);
        *task = match (*task, usable, is_there) {
            (Outcome::Done | Outcome::Gone, ..) | (Outcome::Failed, Some(_), _) => *task,
            (_, Some(row), _) => {
                if row == Row::Spared {
                    Outcome::Kept
                } else {
                    Outcome::Pending
                }
            }
            (_, None, true) => Outcome::Rejected,
            (Outcome::Pending, None, false) => Outcome::Cancelled,
            (_, None, false) => *task,
        };
    }
    for (number, row) in file.iter().filter(|(_, row)| *row != Row::Unusable) {
        let new = if *row == Row::Spared { Outcome::Kept } else { Outcome::Pending };
        model.entry(*number).or_insert(new);
    }
    let mut met = Vec::new();
    let mut outcome = |(number, row): &(u64, Row)| {
        let can_be_used = |number: u64| file.iter().any(|(other, row)| *other == number && *row != Row::Unusable);
        let is_the_task = model.contains_key(number) && (*row != Row::Unusable || !can_be_used(*number));
        if is_the_task && !met.contains(number) {
            met.push(*number);
            return model[number];
        }
        if *row == Row::Unusable { Outcome::Rejected } else { Outcome::Duplicate }
    };
    let present = file.iter().map(&mut outcome).collect();
    let gone = model.iter().filter(|(number, _)| !file.iter().any(|(other, _)| other == *number));
    (present, gone.map(|(_, task)| *task).collect())
}

async fn receipts(store: &mut Store) -> Vec<RowOutcome> {
    let job = store.queue().job("unfollow").await.unwrap().unwrap();
    let mut rows = Vec::new();
    let push = |row| -> Result<(), StoreError> {
        rows.push(row);
        Ok(())
    };
    assert!(store.read().report(&job, 1, push).await.unwrap());
    rows
}

async fn settle(store: &mut Store, model: &mut BTreeMap<u64, Outcome>, ends: &[(u64, End)]) {
    for (number, end) in ends {
        let Some(task) = model.get_mut(number).filter(|task| **task == Outcome::Pending) else { continue };
        let (state, column) = match end {
            End::Done => (4, "done"),
            End::Gone => (5, "gone"),
            End::Failed => (6, "failed"),
        };
        *task = [Outcome::Done, Outcome::Gone, Outcome::Failed][state - 4];
        let target = 1_000 + number;
        for sql in [
            format!("update task set state = {state}, finished_at = 5 where target = {target}"),
            format!("update round set pending = pending - 1, {column} = {column} + 1"),
        ] {
            store.db.execute(sqlx::AssertSqlSafe(sql), args![]).await.unwrap();
        }
    }
}

/// What loading the file would come to, asked before it is loaded.
async fn foretell(store: &Store, job: Option<&Job>, file: &File, account: AccountId) -> LoadForecast {
    let mut forecaster = match job {
        Some(job) => LoadForecaster::beside(store.place(), job).await.unwrap(),
        None => LoadForecaster::alone(),
    };
    let rows: Vec<LoadRow> =
        file.iter().enumerate().map(|(at, (number, row))| load_row(at as u64 + 2, *number, *row, account)).collect();
    for batch in rows.chunks(3) {
        forecaster.push_all(batch).await.unwrap();
    }
    forecaster.finish().await.unwrap()
}

/// Pending, done, gone, failed, kept, duplicate.
fn told(forecast: &LoadForecast) -> [u64; 6] {
    let to_send = forecast.to_send.iter().map(|(.., tasks)| tasks).sum();
    let kept = forecast.kept.iter().map(|(_, tasks)| tasks).sum();
    [to_send, forecast.done, forecast.gone, forecast.failed, kept, forecast.duplicates]
}

fn count(outcomes: &[Outcome]) -> [u64; 6] {
    [Outcome::Pending, Outcome::Done, Outcome::Gone, Outcome::Failed, Outcome::Kept, Outcome::Duplicate]
        .map(|outcome| outcomes.iter().filter(|other| **other == outcome).count() as u64)
}

/// Whoever looks at rejected rows sees all of them: those in the file, by their lines, and tasks whose rows are gone.
async fn judge_looks(store: &mut Store, lines: Vec<u64>, all: u64) -> Result<(), TestCaseError> {
    let job = store.queue().job("unfollow").await.unwrap().unwrap();
    let rows = store.read().rejected_rows(&job, 1, 100).await.unwrap();
    prop_assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), lines.clone());
    let (mut after, mut browsed) = (0, Vec::new());
    loop {
        let query = RowQuery { outcome: Some(Outcome::Rejected), after, most: 2, ..RowQuery::default() };
        let page = store.read().rows(&job, &query).await.unwrap();
        browsed.extend(page.rows.iter().filter_map(|row| row.line));
        prop_assert!(page.rows.iter().all(|row| row.outcome == Outcome::Rejected && row.reason.is_some()));
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    browsed.sort_unstable();
    prop_assert_eq!(browsed, lines);
    let (reasons, _) = store.read().top_reasons(&job).await.unwrap();
    let counted =
        reasons.iter().filter(|reason| reason.outcome == Outcome::Rejected).map(|reason| reason.rows).sum::<u64>();
    prop_assert_eq!(counted, all);
    Ok(())
}

async fn judge(nights: &[Night]) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
    let account =
        store.accounts().ensure_account(&"ada".parse().unwrap(), Platform::XV2, &"42".parse().unwrap()).await.unwrap();
    let new = NewJob {
        name: "unfollow".into(),
        path: "/unfollow.csv".into(),
        action: Some(Action::Unfollow),
        account: Some(account),
        keep: None,
        target_column: None,
        host: None,
        restores: None,
    };
    let mut model = BTreeMap::new();
    for (file, ends) in nights {
        let from = LoadedFrom::new("hash", 1);
        let seen = store.queue().job("unfollow").await.unwrap();
        let forecast = foretell(&store, seen.as_ref(), file, account).await;
        let mut loader = match &seen {
            None => store.loading().begin_round(&new, None, &from, None, Wall(1)).await.unwrap(),
            Some(job) => store.loading().begin_reload(job, &from, Wall(1)).await.unwrap(),
        };
        for (at, (number, row)) in file.iter().enumerate() {
            loader.push(load_row(at as u64 + 2, *number, *row, account)).await.unwrap();
        }
        let (rejected, cancelled) = match seen {
            None => (loader.finish().await.unwrap().rejected, 0),
            Some(_) => match loader.apply(true).await.unwrap() {
                Reloaded::Applied(summary) => (summary.rejected, summary.cancelled),
                Reloaded::Shrinks { .. } => return Err(TestCaseError::fail("it was allowed to shrink")),
            },
        };
        let (present, vanished) = expected(&mut model, file);
        prop_assert_eq!((told(&forecast), forecast.vanished), (count(&present), cancelled), "{:?}", file);
        let rows = receipts(&mut store).await;
        let found: Vec<Outcome> = rows.iter().map(|row| row.outcome).collect();
        prop_assert_eq!(&found[..present.len()], &present[..], "{:?}", file);
        let sorted = |outcomes: &[Outcome]| {
            let mut names: Vec<_> = outcomes.iter().map(|outcome| outcome.name()).collect();
            names.sort_unstable();
            names
        };
        prop_assert_eq!(sorted(&found[present.len()..]), sorted(&vanished), "{:?}", file);
        prop_assert_eq!(rejected, present.iter().filter(|o| **o == Outcome::Rejected).count() as u64);
        let counts = store.read().status(None).await.unwrap()[0].counts;
        prop_assert_eq!(counts.rows(), found.len() as u64, "outcomes add up: {:?}", counts);
        let rejected = found.iter().filter(|outcome| **outcome == Outcome::Rejected).count() as u64;
        prop_assert_eq!(counts.rejected, rejected);
        prop_assert_eq!(store.admin().integrity().await.unwrap().miscounted, Vec::<String>::new());
        let lines = |at: &[RowOutcome]| -> Vec<u64> {
            let rows = at.iter().filter(|row| row.outcome == Outcome::Rejected);
            rows.map(|row| row.line.unwrap_or_default()).collect()
        };
        judge_looks(&mut store, lines(&rows[..present.len()]), rejected).await?;
        settle(&mut store, &mut model, ends).await;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn rows_that_cannot_be_used_any_more_are_held_back(nights in nights()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(judge(&nights))?;
    }
}
