//! Keep lists and other rules, edited between nights and while rows are being sent.

use std::path::PathBuf;

use cleanup::app::{Loaded, RowRules};
use cleanup::domain::Outcome;
use cleanup::engine::{Event, Listener};
use cleanup::lists::filter::{Filter, Order, PlainRules, Take};
use cleanup::sandbox::Trouble;

use super::support::{Bench, id, ids, run};
use crate::common::sql;

/// Does something to a file once so many rows are done.
struct After<F: FnMut() + Send> {
    rows: usize,
    then: F,
    done: usize,
}

impl<F: FnMut() + Send> Listener for After<F> {
    fn hear(&mut self, event: &Event) {
        let Event::Settled { outcome, reason, .. } = event else { return };
        match outcome {
            Outcome::Done => {
                self.done += 1;
                if self.done == self.rows {
                    (self.then)();
                }
            }
            Outcome::Kept => assert_eq!(reason.as_deref(), Some("keep_list")),
            other => panic!("{other:?}"),
        }
    }
}

fn after<F: FnMut() + Send + 'static>(rows: usize, then: F) -> Box<dyn Listener> {
    Box::new(After { rows, then, done: 0 })
}

fn writes(path: PathBuf, text: String) -> impl FnMut() + Send + 'static {
    move || std::fs::write(&path, &text).unwrap()
}

/// Rows with a handle each: `user_id,handle`.
fn people(count: u64) -> String {
    let rows: Vec<String> = (0..count).map(|n| format!("{},@user_{n}\n", id(n))).collect();
    format!("user_id,handle\n{}", rows.concat())
}

async fn outcomes(bench: &Bench) -> Vec<(String, Option<String>, u32)> {
    let rows = bench.receipts("unfollow").await;
    rows.into_iter()
        .map(|row| (row.outcome.name().to_owned(), row.reason.map(|r| r.to_string()), row.attempts))
        .collect()
}

async fn counters_are_right(bench: &Bench) {
    let found = bench.store().await.admin().integrity().await.unwrap();
    assert!(found.faults.is_empty() && found.miscounted.is_empty() && found.orphans.is_empty(), "{found:?}");
}

#[test]
fn a_list_that_grows_while_it_runs_spares_by_id_and_by_handle() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        bench.options.run.workers = 1;
        let path = bench.keep_watched("# nobody yet\n");
        let file = bench.write("unfollow.csv", &people(40));
        bench.load(&file).await;
        let text = format!("{}\n@USER_30\nx.com/user_31\n", id(20));
        let ended = bench.try_drain(after(5, writes(path, text))).await.unwrap();
        let counts = ended.jobs[0].counts;
        assert_eq!((counts.done, counts.kept, counts.pending, counts.rows()), (37, 3, 0, 40));
        assert_eq!(ended.finish.requests, 37, "no slot is spent on a spared row");
        ended.store.close().await;
        for (n, (outcome, reason, attempts)) in outcomes(&bench).await.into_iter().enumerate() {
            match n {
                20 | 30 | 31 => {
                    assert_eq!((outcome.as_str(), reason.as_deref(), attempts), ("kept", Some("keep_list"), 0))
                }
                _ => assert_eq!((outcome.as_str(), attempts), ("done", 1), "{n}"),
            }
        }
        counters_are_right(&bench).await;
    });
}

#[test]
fn a_list_edited_between_nights_counts_without_loading_again() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        let path = bench.keep_watched(&format!("{}\n", id(1)));
        let file = bench.write("unfollow.csv", &ids(10));
        bench.load(&file).await;
        bench.options.run.terms.max_requests = Some(3);
        assert_eq!(bench.drain().await.finish.requests, 3);
        bench.options.run.terms.max_requests = None;
        std::fs::write(&path, format!("{}\n{}\n{}\n", id(1), id(9), id(0))).unwrap();
        let ended = bench.drain().await;
        let counts = ended.jobs[0].counts;
        assert_eq!((counts.done, counts.kept, ended.finish.requests), (8, 2, 5), "what is done stays done");
        ended.store.close().await;
        // Whoever is taken off the list comes back with the next load, and not before.
        std::fs::write(&path, format!("{}\n", id(1))).unwrap();
        assert_eq!(bench.drain().await.finish.requests, 0);
        bench.keep_watched(&format!("{}\n", id(1)));
        assert_eq!(bench.load(&file).await, Loaded::Unchanged, "the file and the list are what was loaded first");
        bench.keep_watched("");
        match bench.load(&file).await {
            Loaded::Again(summary, _) => assert_eq!((summary.restored, summary.kept, summary.added), (2, 0, 0)),
            other => panic!("{other:?}"),
        }
        let ended = bench.drain().await;
        assert_eq!((ended.finish.requests, ended.jobs[0].counts.kept, ended.jobs[0].counts.done), (2, 0, 10));
    });
}

#[test]
fn a_list_that_goes_away_stops_the_sending() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        bench.options.run.workers = 1;
        let path = bench.keep_watched(&format!("{}\n", id(1)));
        let file = bench.write("unfollow.csv", &ids(20));
        bench.load(&file).await;
        let gone = path.clone();
        let stopped = bench.try_drain(after(5, move || std::fs::remove_file(&gone).unwrap())).await;
        let error = stopped.unwrap_err();
        assert_eq!(error.kind.exit_code(), 74, "{error}");
        assert!(error.message.contains("keep list of unfollow") && error.message.contains("keep.txt"), "{error}");
        let sent = bench.ledger().users.values().next().unwrap().effects;
        // The turn that tells of the fifth has claimed the sixth.
        assert_eq!(sent, 6);
        // A line that names nobody is as bad: it may be somebody who must be spared.
        std::fs::write(&path, "1.2E+18\n").unwrap();
        let error = bench.try_drain(after(99, || ())).await.unwrap_err();
        assert!(error.message.contains("line 1") && error.hint.unwrap().contains("the command again"));
        std::fs::write(&path, format!("{}\n{}\n", id(1), id(19))).unwrap();
        let ended = bench.drain().await;
        let counts = ended.jobs[0].counts;
        assert_eq!((counts.done, counts.kept, counts.pending), (18, 2, 0));
        ended.store.close().await;
        counters_are_right(&bench).await;
    });
}

/// What was read of the list was read elsewhere: this host has never had its file.
async fn read_on_another_host(bench: &Bench) {
    sql::change_at(bench.place(), "delete from keep_host").await;
}

/// Ten rows, the second of them spared by the load, and two by what was on the list when three had been sent.
async fn begun_elsewhere(bench: &mut Bench) -> PathBuf {
    let path = bench.keep_watched(&format!("{}\n", id(1)));
    let file = bench.write("unfollow.csv", &people(10));
    bench.load(&file).await;
    std::fs::write(&path, format!("{}\n{}\n@user_8\n", id(1), id(9))).unwrap();
    bench.options.run.terms.max_requests = Some(3);
    assert_eq!(bench.drain().await.finish.requests, 3);
    bench.options.run.terms.max_requests = None;
    read_on_another_host(bench).await;
    path
}

#[test]
fn a_host_without_the_file_goes_by_what_the_queue_has_of_it() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        let path = begun_elsewhere(&mut bench).await;
        std::fs::remove_file(&path).unwrap();
        let ended = bench.drain().await;
        let counts = ended.jobs[0].counts;
        assert_eq!((counts.done, counts.kept, counts.pending, ended.finish.requests), (7, 3, 0, 4));
        ended.store.close().await;
        let rows = outcomes(&bench).await;
        assert!([1, 8, 9].iter().all(|n| rows[*n].1.as_deref() == Some("keep_list")), "by ID and by name: {rows:?}");
        counters_are_right(&bench).await;
    });
}

/// It has the list of one host as well as its own, and what it reads is there for the next.
#[test]
fn a_host_with_a_file_of_its_own_adds_what_is_in_it() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        let path = begun_elsewhere(&mut bench).await;
        std::fs::write(&path, format!("{}\n", id(7))).unwrap();
        bench.options.run.terms.max_requests = Some(1);
        assert_eq!(bench.drain().await.finish.requests, 1);
        bench.options.run.terms.max_requests = None;
        read_on_another_host(&bench).await;
        std::fs::remove_file(&path).unwrap();
        let ended = bench.drain().await;
        assert_eq!((ended.jobs[0].counts.done, ended.jobs[0].counts.kept), (6, 4), "all that any of them had on it");
    });
}

/// What is not known is not guessed: whoever had the file once, has one that is no list, or finds nothing in the queue, sends nothing.
#[test]
fn nothing_is_sent_where_the_list_is_not_known() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        let path = begun_elsewhere(&mut bench).await;
        let refuses = async |bench: &Bench, why: &str| {
            let error = bench.try_drain(after(99, || ())).await.unwrap_err();
            assert_eq!(error.kind.exit_code(), 74, "{error}");
            assert!(error.message.contains("keep list of unfollow") && error.message.contains(why), "{error}");
            assert_eq!(bench.ledger().users.values().next().unwrap().effects, 3);
        };
        std::fs::write(&path, "1.2E+18\n").unwrap();
        refuses(&bench, "line 1").await;
        std::fs::remove_file(&path).unwrap();
        sql::change_at(bench.place(), "update keep_reading set entries = '7'").await;
        refuses(&bench, "damaged").await;
        // As in a queue of an earlier version.
        sql::change_at(bench.place(), "delete from keep_reading").await;
        refuses(&bench, "keep.txt").await;
        std::fs::write(&path, format!("{}\n", id(9))).unwrap();
        bench.options.run.terms.max_requests = Some(0);
        assert_eq!(bench.drain().await.finish.requests, 0);
        std::fs::remove_file(&path).unwrap();
        refuses(&bench, "keep.txt").await;
    });
}

/// Two jobs; the list of the first goes away, and comes back or does not.
async fn two_jobs(comes_back: bool) {
    let mut bench = Bench::new("1000/1s", "none").await;
    bench.options.run.workers = 1;
    let path = bench.keep_watched(&format!("{}\n", id(1)));
    let file = bench.write("unfollow.csv", &ids(20));
    bench.load(&file).await;
    bench.load.rules = RowRules::default();
    let rows: Vec<String> = (100..130).map(|n| format!("{}\n", id(n))).collect();
    let file = bench.write("unmute.csv", &format!("user_id\n{}", rows.concat()));
    bench.load(&file).await;
    /// Takes the list away after the third that is done, and puts it back after the tenth.
    struct Steps(PathBuf, usize, bool);
    impl Listener for Steps {
        fn hear(&mut self, event: &Event) {
            match event {
                Event::Settled { outcome: Outcome::Done, .. } => {
                    self.1 += 1;
                    match self.1 {
                        3 => std::fs::remove_file(&self.0).unwrap(),
                        10 if self.2 => std::fs::write(&self.0, format!("{}\n{}\n", id(1), id(19))).unwrap(),
                        _ => {}
                    }
                }
                Event::Withheld { why } => assert!(why.contains("keep list of unfollow") && self.1 < 10, "{why}"),
                _ => {}
            }
        }
    }
    let ended = bench.try_drain(Box::new(Steps(path, 0, comes_back))).await;
    if comes_back {
        let ended = ended.unwrap();
        assert_eq!(ended.finish.stopped, cleanup::engine::Stopped::Finished);
        let counts: Vec<_> = ended.jobs.iter().map(|job| (job.counts.done, job.counts.kept)).collect();
        assert_eq!(counts, [(18, 2), (30, 0)]);
        ended.store.close().await;
    } else {
        let error = ended.unwrap_err();
        assert_eq!(error.kind.exit_code(), 74, "{error}");
        assert!(error.message.contains("keep list of unfollow") && !error.message.contains("unmute"), "{error}");
        let mut store = bench.store().await;
        let counts: Vec<_> =
            store.read().status(None).await.unwrap().iter().map(|job| (job.counts.done, job.counts.pending)).collect();
        // The turn that tells of the third has claimed the fourth.
        assert_eq!(counts, [(4, 15), (30, 0)]);
        store.close().await;
    }
    counters_are_right(&bench).await;
}

#[test]
fn a_list_that_goes_away_stops_its_own_job_and_no_other() {
    run(two_jobs(false));
}

/// Whoever needs a person is told so all the same: another drain would only send the same requests again.
#[test]
fn a_lost_list_hides_no_account_that_needs_a_person() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        bench.options.run.workers = 1;
        let path = bench.keep_watched(&format!("{}\n", id(1)));
        let file = bench.write("unfollow.csv", &ids(20));
        bench.load(&file).await;
        bench.load.rules = RowRules::default();
        let rows: Vec<String> = (100..300).map(|n| format!("{}\n", id(n))).collect();
        let file = bench.write("unmute.csv", &format!("user_id\n{}", rows.concat()));
        bench.load(&file).await;
        struct Step(PathBuf, usize, std::sync::Arc<tokio::sync::Notify>);
        impl Listener for Step {
            fn hear(&mut self, event: &Event) {
                if let Event::Settled { outcome: Outcome::Done, .. } = event {
                    self.1 += 1;
                    if self.1 == 3 {
                        std::fs::remove_file(&self.0).unwrap();
                        self.2.notify_one();
                    }
                }
            }
        }
        let gone = std::sync::Arc::new(tokio::sync::Notify::new());
        let drain = bench.try_drain(Box::new(Step(path, 0, std::sync::Arc::clone(&gone))));
        let trouble = async {
            gone.notified().await;
            assert!(bench.sandbox.trouble(bench.user(), Some(Trouble::RoutePage)));
        };
        let (ended, ()) = tokio::join!(drain, trouble);
        let ended = ended.unwrap();
        assert_eq!(ended.finish.stopped, cleanup::engine::Stopped::Account);
        assert!(ended.finish.withheld[0].contains("keep list of unfollow"), "{:?}", ended.finish);
        assert_eq!(ended.finish.troubles.len(), 1, "{:?}", ended.finish);
        ended.store.close().await;
    });
}

#[test]
fn a_list_that_comes_back_lets_its_job_go_on_in_the_same_run() {
    run(two_jobs(true));
}

#[test]
fn thousands_of_spared_rows_at_the_head_of_a_line_cost_no_slot() {
    run(async {
        let mut bench = Bench::new("10000/1s", "none").await;
        let path = bench.keep_watched("");
        let file = bench.write("unfollow.csv", &ids(3_000));
        bench.load(&file).await;
        let spared: Vec<String> = (0..2_900).map(|n| id(n).to_string()).collect();
        std::fs::write(&path, spared.join("\n")).unwrap();
        let ended = bench.drain().await;
        let counts = ended.jobs[0].counts;
        assert_eq!((counts.done, counts.kept, ended.finish.requests), (100, 2_900, 100));
    });
}

#[test]
fn a_row_that_stands_aside_is_spared_when_it_comes_back() {
    run(async {
        let mut bench = Bench::new("1000/1s", "5xx=60%").await;
        bench.options.run.workers = 1;
        let path = bench.keep_watched("");
        let file = bench.write("unfollow.csv", &ids(60));
        bench.load(&file).await;
        /// Once a few rows stand aside, the list names everybody.
        struct Aside(PathBuf, usize);
        impl Listener for Aside {
            fn hear(&mut self, event: &Event) {
                if let Event::PutBack { wait: Some(_), .. } = event {
                    self.1 += 1;
                    if self.1 == 3 {
                        std::fs::write(&self.0, ids(60)).unwrap();
                    }
                }
            }
        }
        let ended = bench.try_drain(Box::new(Aside(path, 0))).await.unwrap();
        assert_eq!(ended.jobs[0].counts.pending, 0);
        let requests = ended.finish.requests;
        ended.store.close().await;
        let rows = outcomes(&bench).await;
        let sent: u32 = rows.iter().map(|row| row.2).sum();
        assert_eq!(u64::from(sent), requests, "no slot was spent on a spared row: {rows:?}");
        assert!(rows.iter().all(|row| row.0 == "done" || row.1.as_deref() == Some("keep_list")), "{rows:?}");
        // One more was in flight when the third was told.
        let aside = rows.iter().filter(|row| row.0 == "kept" && row.2 > 0).count();
        assert!((3..=4).contains(&aside), "{rows:?}");
        counters_are_right(&bench).await;
    });
}

#[test]
fn a_list_for_one_run_guards_every_job() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        let file = bench.write("unfollow.csv", &ids(6));
        bench.load(&file).await;
        bench.options.keep = Some(bench.write("tonight.txt", &format!("{}\n", id(4))));
        let ended = bench.drain().await;
        assert_eq!((ended.finish.requests, ended.jobs[0].counts.kept), (5, 1));
    });
}

#[test]
fn rows_are_spared_by_their_rules_and_come_back_without_them() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        let text = format!(
            "user_id,name,follows_back\n{},Ada,true\n{},Bob,false\n{},Cy,\n{},Ada,false\n{},Ada,true\n",
            id(0),
            id(1),
            id(2),
            id(3),
            id(0)
        );
        let file = bench.write("unfollow.csv", &text);
        let rules = |filter| RowRules::new(filter, Take::default(), None);
        let back =
            Filter { plain: PlainRules { not_following_back: true, ..PlainRules::default() }, ..Filter::default() };
        bench.load.rules = rules(back.clone());
        match bench.load(&file).await {
            Loaded::Round(summary) => assert_eq!((summary.added, summary.kept, summary.duplicates), (2, 2, 1)),
            other => panic!("{other:?}"),
        }
        let reasons = |rows: Vec<(String, Option<String>, u32)>| -> Vec<String> {
            rows.into_iter().map(|(outcome, reason, _)| reason.unwrap_or(outcome)).collect()
        };
        let spared = reasons(outcomes(&bench).await);
        assert_eq!(spared, ["not_following_back", "pending", "follows_back_unknown", "pending", "duplicate"]);
        assert_eq!(bench.load(&file).await, Loaded::Unchanged);

        // Another rule beside it: who is spared says by which rule now, and nobody comes back.
        bench.load.rules = rules(Filter {
            plain: PlainRules { matching: Some("ada".into()), ..PlainRules::default() },
            ..Filter::default()
        });
        match bench.load(&file).await {
            Loaded::Again(summary, _) => assert_eq!((summary.restored, summary.kept, summary.duplicates), (1, 1, 1)),
            other => panic!("{other:?}"),
        }
        let spared = reasons(outcomes(&bench).await);
        assert_eq!(spared, ["pending", "matching", "matching", "pending", "duplicate"]);
        bench.load.rules = rules(Filter::default());
        bench.load(&file).await;
        let ended = bench.drain().await;
        assert_eq!((ended.jobs[0].counts.done, ended.jobs[0].counts.kept), (4, 0));
        counters_are_right(&bench).await;
    });
}

#[test]
fn a_limit_takes_the_first_or_the_oldest_and_spares_the_rest() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        // Five posts, one of them twice, the oldest last.
        let posts = [
            "1445078208190291973",
            "1346889436626259968",
            "1445078208190291973",
            "1233161576649121792",
            "1050118621198921728",
        ];
        let file = bench.write("unlike.csv", &format!("tweet_id\n{}\n", posts.join("\n")));
        let now = super::support::now();
        let take = |order| RowRules::new(Filter { now, ..Filter::default() }, Take { limit: Some(2), order }, None);
        let rows = |receipts: Vec<cleanup::store::RowOutcome>| -> Vec<String> {
            let word =
                |row: cleanup::store::RowOutcome| row.reason.map_or(row.outcome.name().to_owned(), |r| r.to_string());
            receipts.into_iter().map(word).collect()
        };
        bench.load.rules = take(None);
        bench.load(&file).await;
        assert_eq!(rows(bench.receipts("unlike").await), ["pending", "pending", "duplicate", "limit", "limit"]);
        bench.load.rules = take(Some(Order::Oldest));
        bench.load(&file).await;
        assert_eq!(rows(bench.receipts("unlike").await), ["limit", "limit", "duplicate", "pending", "pending"]);
        bench.load.rules = take(Some(Order::Newest));
        bench.load(&file).await;
        assert_eq!(rows(bench.receipts("unlike").await), ["pending", "pending", "duplicate", "limit", "limit"]);
        assert_eq!(bench.drain().await.finish.requests, 2);
    });
}

/// Two names of one user, one of nobody: they have taken places, and give them back once it is known whose they are.
#[test]
fn a_limit_catches_up_on_rows_for_which_nothing_is_sent() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        // The sandbox says that @sandbox_N is the user of the ID N.
        let rows = "@sandbox_1000000\n1000000\n@gone_1\n1000001\n@sandbox_1000002\n1000003\n";
        let file = bench.write("unfollow.csv", &format!("target_id\n{rows}"));
        let filter = Filter { now: super::support::now(), ..Filter::default() };
        bench.load.rules = RowRules::new(filter, Take { limit: Some(3), order: None }, None);
        bench.load(&file).await;
        let ended = bench.drain().await;
        assert_eq!((ended.finish.requests, ended.jobs[0].counts.pending), (3, 0), "three were to be sent for");
        ended.store.close().await;
        let words = |rows: Vec<(String, Option<String>, u32)>| -> Vec<String> {
            rows.into_iter().map(|(outcome, reason, _)| reason.unwrap_or(outcome)).collect()
        };
        let came_to = ["duplicate", "done", "handle_not_found", "done", "done", "limit"];
        assert_eq!(words(outcomes(&bench).await), came_to);
        counters_are_right(&bench).await;
        // The same file under the same limit says nothing new.
        assert_eq!(bench.load(&file).await, Loaded::Unchanged);
    });
}
