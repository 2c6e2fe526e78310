//! What an older version of the reader let pass is judged by this one before anything is sent, whether a file is read or not.

use std::collections::BTreeSet;

use cleanup::app::Loaded;
use cleanup::domain::{AccountId, Action, Outcome, Target};
use cleanup::store::{LoadRow, LoadedFrom, NewJob, RowPlace};

use super::support::{Bench, id, now, run};

/// IDs that a spreadsheet has rounded: more of them than chance allows, in any version's eyes.
fn rounded(n: u64) -> u64 {
    (1_234_567_890_123 + n * 7_919) * 1_000_000 + 450_000
}

/// The rows of a file as an older reader has queued them: cells and the target it made of them.
struct Old {
    columns: Option<&'static [&'static str]>,
    rows: Vec<(Option<String>, Target)>,
}

impl Old {
    /// 30 honest rows among 20 rounded ones.
    fn rounded() -> Old {
        let row = |n: u64, honest: bool| {
            let id = if honest { id(n) } else { rounded(n) };
            (Some(format!("{id},Zoë {n}")), id.to_string().parse().unwrap())
        };
        let rows = (0..50).map(|n| row(n, n % 5 < 3)).collect();
        Old { columns: Some(&["user_id", "name"]), rows }
    }

    fn file(&self) -> String {
        let rows = self.rows.iter().map(|(record, target)| record.clone().unwrap_or_else(|| target.to_string()));
        let header = self.columns.map(|columns| columns.join(","));
        header.into_iter().chain(rows).map(|line| format!("{line}\n")).collect()
    }

    async fn queue(&self, bench: &Bench, path: std::path::PathBuf) -> AccountId {
        let mut store = bench.store().await;
        let accounts = bench.register_accounts(&mut store).await;
        let account = accounts.default.unwrap();
        let job = NewJob {
            name: "unfollow".into(),
            path,
            action: Some(Action::Unfollow),
            account: Some(account),
            keep: None,
            target_column: None,
            host: None,
            restores: None,
        };
        let columns = self.columns.map(|columns| columns.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>());
        let from = LoadedFrom::new("of an older reader", 0);
        let mut loader = store.loading().begin_round(&job, None, &from, columns.as_deref(), now()).await.unwrap();
        for (line, (record, target)) in (2..).zip(self.rows.clone()) {
            let place = RowPlace::Task { action: Action::Unfollow, account, target, spared: None };
            loader.push(LoadRow { line, place, record }).await.unwrap();
        }
        loader.finish().await.unwrap();
        store.close().await;
        account
    }
}

fn effects(bench: &Bench) -> BTreeSet<String> {
    bench.sandbox.effects(bench.user()).into_iter().map(|effect| effect.target.to_string()).collect()
}

async fn outcomes(bench: &Bench, outcome: Outcome) -> Vec<(String, Option<String>)> {
    let rows = bench.receipts("unfollow").await.into_iter().filter(|row| row.outcome == outcome);
    rows.map(|row| (row.target.map(|t| t.to_string()).unwrap_or_default(), row.reason)).collect()
}

#[test]
fn what_an_older_reader_let_pass_is_not_sent() {
    run(async {
        let bench = Bench::new("1000/1s", "none").await;
        let old = Old::rounded();
        let file = bench.write("unfollow.csv", &old.file());
        old.queue(&bench, file.canonicalize().unwrap()).await;
        let ended = bench.drain().await;
        let honest: BTreeSet<String> = (0..50).filter(|n| n % 5 < 3).map(|n| id(n).to_string()).collect();
        assert_eq!(effects(&bench), honest);
        let counts = ended.jobs[0].counts;
        assert_eq!((counts.done, counts.rejected, counts.pending, counts.rows()), (30, 20, 0, 50));
        let rejected = outcomes(&bench, Outcome::Rejected).await;
        assert!(rejected.len() == 20 && rejected.iter().all(|(_, reason)| reason.as_deref() == Some("rounded_zeros")));
        // The file itself is looked at once more, and says the same.
        let Loaded::Again(summary, _) = bench.load(&file).await else { panic!("it was read by another reader") };
        assert_eq!((summary.rejected, summary.held_back, summary.added, summary.cancelled), (20, 0, 0, 0));
        assert_eq!(bench.load(&file).await, Loaded::Unchanged);
        assert_eq!(bench.store().await.admin().integrity().await.unwrap().miscounted, Vec::<String>::new());
        assert_eq!(bench.drain().await.finish.requests, 0);
    });
}

#[test]
fn a_retry_puts_nothing_back_that_must_not_be_sent() {
    run(async {
        let bench = Bench::new("1000/1s", "refused=100%").await;
        let old = Old::rounded();
        old.queue(&bench, "/unfollow.csv".into()).await;
        // They failed under the older program, all of them.
        let mut store = bench.store().await;
        let job = store.queue().job("unfollow").await.unwrap().unwrap();
        let tasks: Vec<_> = bench.receipts("unfollow").await.into_iter().filter_map(|row| row.task).collect();
        bench.fail(&tasks).await;
        store.close().await;
        bench.drain().await;
        assert_eq!(bench.ledger().users.len(), 0, "nothing was in line");
        assert_eq!(outcomes(&bench, Outcome::Rejected).await.len(), 20);
        let mut store = bench.store().await;
        assert_eq!(store.queue().retry_job(&job, now()).await.unwrap().tasks, 30);
    });
}

#[test]
fn a_row_that_names_another_target_now_is_not_sent() {
    run(async {
        let bench = Bench::new("1000/1s", "none").await;
        // The name was looked up, and half of them belong to somebody else by now.
        let row = |n: u64| {
            let sent = if n.is_multiple_of(2) { id(n) } else { id(n + 1_000) };
            (Some(format!("{},example_{n}", id(n))), sent.to_string().parse().unwrap())
        };
        let old = Old { columns: Some(&["id", "screen_name"]), rows: (0..20).map(row).collect() };
        old.queue(&bench, "/unfollow.csv".into()).await;
        bench.drain().await;
        assert_eq!(effects(&bench), (0..20).step_by(2).map(|n| id(n).to_string()).collect());
        let rejected = outcomes(&bench, Outcome::Rejected).await;
        assert!(rejected.len() == 10 && rejected.iter().all(|(_, why)| why.as_deref() == Some("read_differently")));
    });
}

#[test]
fn rows_whose_column_was_named_by_hand_are_sent() {
    run(async {
        let bench = Bench::new("1000/1s", "none").await;
        let row = |n: u64| (Some(format!("{},{}", id(n + 500), id(n))), id(n).to_string().parse().unwrap());
        let old = Old { columns: Some(&["id", "Friend"]), rows: (0..8).map(row).collect() };
        old.queue(&bench, "/unfollow.csv".into()).await;
        bench.drain().await;
        assert_eq!(effects(&bench), (0..8).map(|n| id(n).to_string()).collect());
        let job = bench.store().await.queue().job("unfollow").await.unwrap().unwrap();
        assert_eq!(job.target_column.as_deref(), Some("Friend"), "it is remembered from then on");
    });
}

#[test]
fn a_header_that_this_reader_does_not_understand_holds_everything_back() {
    run(async {
        let bench = Bench::new("1000/1s", "none").await;
        // Two candidates: --column was needed, and handles do not say which it was.
        let row = |n: u64| (Some(format!("{},{},x", id(n), id(n + 9))), id(n + 77).to_string().parse().unwrap());
        let old = Old { columns: Some(&["user_id", "account_id", "name"]), rows: (0..4).map(row).collect() };
        old.queue(&bench, "/unfollow.csv".into()).await;
        let ended = bench.drain().await;
        assert_eq!((effects(&bench).len(), ended.jobs[0].counts.rejected), (0, 4));
    });
}

#[test]
fn plain_ids_without_a_header_are_judged_too() {
    run(async {
        let bench = Bench::new("1000/1s", "none").await;
        let row = |n: u64| (None, (if n < 30 { id(n) } else { rounded(n) }).to_string().parse().unwrap());
        let old = Old { columns: None, rows: (0..50).map(row).collect() };
        old.queue(&bench, "/unfollow.csv".into()).await;
        bench.drain().await;
        assert_eq!(effects(&bench), (0..30).map(|n| id(n).to_string()).collect());
    });
}
