//! The same file, night after night.

use cleanup::app::Loaded;
use cleanup::domain::Outcome;
use cleanup::store::{LoadSummary, ReloadSummary};

use super::support::{Bench, id, ids, run};

fn changed(loaded: Loaded) -> ReloadSummary {
    match loaded {
        Loaded::Again(summary, _) => summary,
        other => panic!("{other:?}"),
    }
}

#[test]
fn unchanged_finished_and_again() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        let file = bench.write("unfollow.csv", &ids(30));
        let first = bench.load(&file).await;
        assert_eq!(first, Loaded::Round(LoadSummary { rows: 30, added: 30, ..LoadSummary::default() }));
        assert_eq!(bench.load(&file).await, Loaded::Unchanged);
        assert_eq!(bench.drain().await.finish.requests, 30);
        assert_eq!(bench.load(&file).await, Loaded::Unchanged);
        assert_eq!(bench.drain().await.finish.requests, 0, "a finished job sends nothing");
        bench.load.reload.again = true;
        let again = bench.load(&file).await;
        assert_eq!(again, Loaded::Round(LoadSummary { rows: 30, added: 30, ..LoadSummary::default() }));
        assert_eq!(bench.drain().await.finish.requests, 30);
    });
}

#[test]
fn rows_added_removed_and_returned() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        let file = bench.write("unfollow.csv", &ids(20));
        bench.load(&file).await;
        bench.options.run.terms.max_requests = Some(5);
        bench.drain().await.store.close().await;

        // Rows 0-4 are done. Row 1 (done) and rows 10-13 (in line) vanish; two are new; one is there twice.
        let mut rows: Vec<u64> = (0..20).filter(|n| *n != 1 && !(10..14).contains(n)).chain([100, 101]).collect();
        rows.push(3);
        let text = |rows: &[u64]| {
            let lines: Vec<String> = rows.iter().map(|n| id(*n).to_string()).collect();
            format!("user_id\n{}\n", lines.join("\n"))
        };
        bench.write("unfollow.csv", &text(&rows));
        let summary = changed(bench.load(&file).await);
        assert_eq!(
            (summary.added, summary.cancelled, summary.restored, summary.duplicates),
            (2, 4, 0, 1),
            "{summary:?}"
        );
        let receipts = bench.receipts("unfollow").await;
        let lines: Vec<Option<u64>> = receipts.iter().map(|row| row.line).collect();
        let expected = (2..2 + rows.len() as u64).map(Some).chain([None; 5]);
        assert_eq!(
            lines,
            expected.collect::<Vec<_>>(),
            "the file's rows in the file's order, the vanished behind them"
        );
        assert_eq!(receipts.len(), rows.len() + 5, "the vanished ones follow");
        let cancelled = receipts.iter().filter(|row| row.outcome == Outcome::Cancelled).count();
        assert_eq!(cancelled, 4);

        // Two of the vanished come back, before the others.
        let back: Vec<u64> = [12, 11].into_iter().chain(rows.iter().copied().take(17)).collect();
        bench.write("unfollow.csv", &text(&back));
        let summary = changed(bench.load(&file).await);
        assert_eq!((summary.added, summary.cancelled, summary.restored), (0, 0, 2), "{summary:?}");
        let receipts = bench.receipts("unfollow").await;
        assert_eq!(receipts[0].target.as_ref().unwrap().to_string(), id(12).to_string());
        bench.options.run.terms.max_requests = None;
        let ended = bench.drain().await;
        let counts = ended.jobs[0].counts;
        assert_eq!((counts.done, counts.cancelled, counts.pending), (20, 2, 0), "{counts:?}");
        assert_eq!(bench.ledger().users.values().next().unwrap().repeats, 0, "nothing done is sent again");
    });
}

#[test]
fn a_half_written_export_is_refused_and_changes_nothing() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        let file = bench.write("unfollow.csv", &ids(40));
        bench.load(&file).await;
        bench.write("unfollow.csv", &ids(19));
        let failure = bench.try_load(&file).await.unwrap_err();
        assert_eq!(failure.kind.exit_code(), 65);
        assert!(failure.message.contains("21 of the 40"), "{failure}");
        assert!(failure.hint.unwrap().contains("--allow-shrink"));
        let mut store = bench.store().await;
        assert_eq!(store.read().status(None).await.unwrap()[0].counts.pending, 40);
        store.close().await;
        bench.load.reload.allow_shrink = true;
        assert_eq!(changed(bench.load(&file).await).cancelled, 21);
    });
}

#[test]
fn another_file_or_account_under_the_same_name_is_refused() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        let file = bench.write("unfollow.csv", &ids(4));
        bench.load(&file).await;
        std::fs::create_dir(bench.folder.path().join("other")).unwrap();
        let other = bench.write("other/unfollow.csv", &ids(5));
        let failure = bench.try_load(&other).await.unwrap_err();
        assert_eq!(failure.kind.exit_code(), 2);
        let hint = failure.hint.unwrap();
        assert!(hint.contains("--job unfollow-2") && hint.contains("--moved"), "{hint}");
        bench.account = Some("somebody-else".into());
        let failure = bench.try_load(&file).await.unwrap_err();
        assert_eq!(failure.kind.exit_code(), 2, "{failure}");
    });
}

#[test]
fn a_keep_list_spares_what_is_in_line_whenever_it_comes() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        bench.keep(&format!("{}\n", id(3)));
        let file = bench.write("unfollow.csv", &ids(10));
        let loaded = bench.load(&file).await;
        assert_eq!(loaded, Loaded::Round(LoadSummary { rows: 10, added: 9, kept: 1, ..LoadSummary::default() }));
        bench.keep(&format!("{}\n{}\n", id(3), id(5)));
        assert_eq!(changed(bench.load(&file).await).kept, 1);
        let ended = bench.drain().await;
        let counts = ended.jobs[0].counts;
        assert_eq!((counts.done, counts.kept, counts.rows()), (8, 2, 10));
    });
}
