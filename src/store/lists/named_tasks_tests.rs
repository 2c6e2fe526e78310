#![allow(clippy::unwrap_used)]

use super::*;
use crate::domain::Platform;
use crate::store::{LoadRow, LoadedFrom, NewJob, QueueKind, Reloaded, RowPlace, Store};

struct Bench {
    _folder: tempfile::TempDir,
    store: Store,
    account: AccountId,
}

impl Bench {
    async fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
        let (name, user) = ("ada".parse().unwrap(), "42".parse().unwrap());
        let account = store.accounts().ensure_account(&name, Platform::XV2, &user).await.unwrap();
        Bench { _folder: folder, store, account }
    }

    async fn load(&mut self, content: &str, targets: &[&str]) {
        let new = NewJob {
            name: "unfollow".into(),
            path: "/unfollow.csv".into(),
            action: Some(Action::Unfollow),
            account: Some(self.account),
            keep: None,
            target_column: None,
            host: None,
            restores: None,
        };
        let (job, from) = (self.store.queue().job("unfollow").await.unwrap(), LoadedFrom::new(content, 1));
        let account = self.account;
        let row = |(line, target): (u64, &&str)| {
            let place =
                RowPlace::Task { action: Action::Unfollow, account, target: target.parse().unwrap(), spared: None };
            LoadRow { line, place, record: Some((*target).to_owned()) }
        };
        let rows: Vec<LoadRow> = (1..).zip(targets).map(row).collect();
        let loading = self.store.loading();
        match job {
            None => {
                let mut loader = loading.begin_round(&new, None, &from, None, Wall(1)).await.unwrap();
                loader.push_all(rows).await.unwrap();
                loader.finish().await.unwrap();
            }
            Some(job) => {
                let mut loader = loading.begin_reload(&job, &from, Wall(1)).await.unwrap();
                loader.push_all(rows).await.unwrap();
                assert!(matches!(loader.apply(true).await.unwrap(), Reloaded::Applied(_)));
            }
        }
    }

    /// Settles the names by what they mean; those that are not there mean nobody.
    async fn settle(&mut self, meanings: &[(&str, &str)]) -> Vec<(String, Outcome)> {
        let job = self.store.queue().job("unfollow").await.unwrap().unwrap();
        let lanes: Vec<(i64,)> = self.store.db.fetch_all("select id from lane", args![]).await.unwrap();
        let lanes: Vec<_> = lanes.into_iter().map(|(lane,)| (LaneId(lane), job.visible_to)).collect();
        let named = self.store.lists().named_tasks(&lanes, 100).await.unwrap();
        let meaning = |task: NamedTask| {
            let found = meanings.iter().find(|(name, _)| *name == task.name.as_str());
            let resolution = match found {
                Some((_, target)) => Resolution::Target(target.parse().unwrap()),
                None => Resolution::Nobody("not_found".into()),
            };
            (task, NameMeaning { resolution, told_at: Wall(5) })
        };
        let named: Vec<_> = named.into_iter().map(meaning).collect();
        let NamesSettled { settled, .. } = self.store.lists().settle_names(&named, Wall(5)).await.unwrap();
        settled.into_iter().map(|settled| (settled.target.to_string(), settled.outcome)).collect()
    }

    /// The receipts: each row's cell, its target, its outcome; and what they add up to.
    async fn rows(&mut self) -> Vec<(String, Option<String>, Outcome)> {
        let job = self.store.queue().job("unfollow").await.unwrap().unwrap();
        let mut rows = Vec::new();
        let each = |row: crate::store::RowOutcome| -> Result<(), StoreError> {
            rows.push((row.record.unwrap(), row.target.map(|target| target.to_string()), row.outcome));
            Ok(())
        };
        self.store.read().report(&job, 1, each).await.unwrap();
        let counts = self.store.read().status(Some("unfollow")).await.unwrap()[0].counts;
        let vanished = rows.iter().filter(|(.., outcome)| *outcome == Outcome::Cancelled).count() as u64;
        assert_eq!((counts.rows(), counts.cancelled), (rows.len() as u64, vanished));
        for outcome in [Outcome::Pending, Outcome::Gone, Outcome::Duplicate, Outcome::Cancelled] {
            let count = rows.iter().filter(|(.., of)| *of == outcome).count() as u64;
            let counted = match outcome {
                Outcome::Pending => counts.pending,
                Outcome::Gone => counts.gone,
                Outcome::Duplicate => counts.duplicate,
                _ => counts.cancelled,
            };
            assert_eq!(count, counted, "{outcome:?}");
        }
        let whole = self.store.admin().integrity().await.unwrap();
        assert!(whole.faults.is_empty() && whole.miscounted.is_empty() && whole.orphans.is_empty(), "{whole:?}");
        assert!(self.store.admin().find_damage().await.unwrap().is_empty());
        rows
    }
}

fn row(cell: &str, target: &str, outcome: Outcome) -> (String, Option<String>, Outcome) {
    (cell.into(), Some(target.into()), outcome)
}

fn repeat(cell: &str) -> (String, Option<String>, Outcome) {
    (cell.into(), None, Outcome::Duplicate)
}

#[tokio::test]
async fn a_task_is_on_what_its_name_means_and_a_repeat_is_a_duplicate() {
    let mut bench = Bench::new().await;
    bench.load("first", &["@ada", "7", "@bob", "@gone", "@ADA", "@old_ada"]).await;
    let settled = bench.settle(&[("ada", "70"), ("bob", "7"), ("old_ada", "70")]).await;
    let of = |name: &str, outcome| (name.to_owned(), outcome);
    assert_eq!(
        settled,
        [of("@bob", Outcome::Duplicate), of("@gone", Outcome::Gone), of("@old_ada", Outcome::Duplicate)]
    );
    let expected = [
        row("@ada", "70", Outcome::Pending),
        row("7", "7", Outcome::Pending),
        repeat("@bob"),
        row("@gone", "@gone", Outcome::Gone),
        repeat("@ADA"),
        repeat("@old_ada"),
    ];
    assert_eq!(bench.rows().await, expected);
    assert_eq!(bench.settle(&[]).await, [], "nobody is left under a name");
    // The file again, as a load reads it that knows what the names mean.
    bench.load("again", &["70", "7", "7", "@gone", "70", "70"]).await;
    let outcomes: Vec<Outcome> = bench.rows().await.into_iter().map(|(.., outcome)| outcome).collect();
    use Outcome::{Duplicate, Gone, Pending};
    assert_eq!(outcomes, [Pending, Pending, Duplicate, Gone, Duplicate, Duplicate]);
    let told = bench.store.read().explain(&"@ada".parse().unwrap()).await.unwrap();
    assert_eq!((told.len(), told[0].line), (1, 1), "the name leads to the task");
}

#[tokio::test]
async fn a_row_that_names_whom_a_vanished_row_named_by_id_is_its_task() {
    let mut bench = Bench::new().await;
    bench.load("first", &["7", "8"]).await;
    let sql = "insert into attempt (id, account_id, task_id, drain_id, action, reserved_tick, reserved_at, upper_tick)
               values (5, 1, 1, 1, 1, 0, 0, 0)";
    bench.store.db.execute(sql, args![]).await.unwrap();
    let sql = "update task set attempts = 1, last_attempt_id = 5, unsure = 1 where target = 7";
    bench.store.db.execute(sql, args![]).await.unwrap();
    bench.load("second", &["@bob", "8", "@eve"]).await;
    assert_eq!(bench.settle(&[("bob", "7"), ("eve", "9")]).await, []);
    let expected =
        [row("@bob", "7", Outcome::Pending), row("8", "8", Outcome::Pending), row("@eve", "9", Outcome::Pending)];
    assert_eq!(bench.rows().await, expected);
    let told = bench.store.read().explain(&"7".parse().unwrap()).await.unwrap();
    assert_eq!((told.len(), told[0].attempts.len()), (1, 1), "what was sent for it is known");
}

/// What was done for a row that named an ID is done for the row that names the same user now, as a load would find that knows the name.
#[tokio::test]
async fn what_was_done_for_a_vanished_row_is_the_named_rows() {
    let mut bench = Bench::new().await;
    bench.load("first", &["7"]).await;
    for sql in ["update task set state = 4, finished_at = 3", "update round set pending = 0, done = 1"] {
        bench.store.db.execute(sql, args![]).await.unwrap();
    }
    bench.load("second", &["@bob"]).await;
    assert_eq!(bench.settle(&[("bob", "7")]).await, [("@bob".to_owned(), Outcome::Done)]);
    assert_eq!(bench.rows().await, [row("@bob", "7", Outcome::Done)]);
    assert_eq!(bench.store.read().status(Some("unfollow")).await.unwrap()[0].counts.done, 1);
}

/// A job of a million IDs with a name at its end looks for it when its turn comes, and then finds it.
#[tokio::test]
async fn names_are_looked_for_at_the_heads_of_lanes() {
    let mut bench = Bench::new().await;
    bench.load("first", &["1", "@ada", "2", "@bob", "@cid"]).await;
    let lanes = [(LaneId(1), TaskId(4))];
    let named = |named: Vec<NamedTask>| named.into_iter().map(|named| named.name.to_string()).collect::<Vec<_>>();
    assert_eq!(named(bench.store.lists().named_tasks(&lanes, 5).await.unwrap()), ["@ada", "@bob"]);
    assert_eq!(named(bench.store.lists().named_tasks(&lanes, 1).await.unwrap()), ["@ada"]);
}
