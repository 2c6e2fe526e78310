//! Several drains of one queue on a server: each with an engine, a connection and credentials of its own, here in one process.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cleanup::app::Ended;
use cleanup::engine::{Event, JobTerms, Listener, Stopped};
use cleanup::sandbox::Trouble;

use super::support::{Bench, id, run};
use crate::common::sql;

const ACCOUNTS: u64 = 8;
const LIMIT: u64 = 20;

/// Counts answers.
#[derive(Clone, Default)]
struct Answers(Arc<AtomicUsize>);

impl Listener for Answers {
    fn hear(&mut self, event: &Event) {
        if matches!(event, Event::Answered { .. }) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Answers {
    /// Waits until there have been so many.
    async fn reach(&self, count: usize) {
        while self.0.load(Ordering::Relaxed) < count {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Eight accounts with so many rows each, and a platform that lets each send twenty in three seconds.
async fn bench(rows: u64) -> Bench {
    let bench = Bench::new("20/3s", "none").await.on_server();
    let lines: Vec<String> = (0..ACCOUNTS * rows).map(|n| format!("{},a{}", id(n), n % ACCOUNTS)).collect();
    let file = bench.write("unfollow.csv", &format!("user_id,account\n{}\n", lines.join("\n")));
    bench.load(&file).await;
    bench
}

async fn drain(bench: &Bench, answers: &Answers) -> Ended {
    bench.try_drain(Box::new(answers.clone())).await.unwrap()
}

/// Every row is done, none twice but so many that were in flight when a drain went, and no window was ever too full.
fn judge(bench: &Bench, rows: u64, most_repeats: u64) {
    let users = bench.ledger().users;
    assert_eq!(users.len() as u64, ACCOUNTS);
    assert_eq!(users.values().map(|user| user.effects).sum::<u64>(), ACCOUNTS * rows);
    let repeats = users.values().map(|user| user.repeats).sum::<u64>();
    assert!(repeats <= most_repeats, "{repeats} requests for what had been done");
    for user in users.values() {
        assert!(user.max_in_window <= LIMIT && user.earned_429 == 0, "{user:?}");
    }
}

mod postgres {
    use super::*;

    #[test]
    #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
    fn one_that_joins_gets_its_share_and_both_end_when_all_is_done() {
        run(async {
            let bench = bench(50).await;
            let (first, second) = (Answers::default(), Answers::default());
            let joins = async {
                first.reach(40).await;
                drain(&bench, &second).await
            };
            let (one, two) = tokio::join!(drain(&bench, &first), joins);
            assert_eq!((one.finish.stopped, two.finish.stopped), (Stopped::Finished, Stopped::Finished));
            for ended in [&one, &two] {
                assert_eq!((ended.jobs[0].counts.done, ended.jobs[0].counts.pending), (8 * 50, 0));
            }
            assert_eq!(one.finish.requests + two.finish.requests, 8 * 50);
            assert!(two.finish.requests >= 60, "{} of 400", two.finish.requests);
            judge(&bench, 50, 0);
        });
    }

    #[test]
    #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
    fn what_a_drain_leaves_that_is_cut_off_the_other_takes() {
        run(async {
            let bench = bench(40).await;
            let (first, second) = (Answers::default(), Answers::default());
            let is_cut_off = async {
                tokio::select! {
                    _ = drain(&bench, &first) => panic!("it was to be cut off"),
                    () = first.reach(60) => {}
                }
            };
            let ((), ended) = tokio::join!(is_cut_off, drain(&bench, &second));
            assert_eq!((ended.finish.stopped, ended.jobs[0].counts.done), (Stopped::Finished, 8 * 40));
            judge(&bench, 40, bench.options.run.workers as u64);
        });
    }

    #[test]
    #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
    fn an_account_that_needs_a_person_keeps_nobody_waiting() {
        run(async {
            let bench = bench(20).await;
            bench.sandbox.trouble(bench.user_of("a3"), Some(Trouble::Suspended));
            let (first, second) = (Answers::default(), Answers::default());
            let (one, two) = tokio::join!(drain(&bench, &first), drain(&bench, &second));
            let ends = [one.finish.stopped, two.finish.stopped];
            assert_eq!(ends, [Stopped::Account, Stopped::Account], "whoever comes last finds it out as well");
            assert_eq!((two.jobs[0].counts.done, two.jobs[0].counts.pending), (7 * 20, 20));
        });
    }

    #[test]
    #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
    fn a_drain_whose_connections_are_cut_goes_on_by_itself() {
        run(async {
            let bench = bench(40).await;
            let answers = Answers::default();
            let cut = "select pg_terminate_backend(pid) from pg_stat_activity
                        where datname = current_database() and pid <> pg_backend_pid()";
            let cuts = async {
                for count in [50, 150] {
                    answers.reach(count).await;
                    sql::change_at(bench.place(), cut).await;
                }
            };
            let (ended, ()) = tokio::join!(drain(&bench, &answers), cuts);
            assert_eq!((ended.finish.stopped, ended.jobs[0].counts.done), (Stopped::Finished, 8 * 40));
            assert!(ended.finish.requests >= 150, "what was sent before counts as well: {}", ended.finish.requests);
            // At each cut, what is out, and what stands ready and leaves before the end is noticed.
            judge(&bench, 40, 3 * bench.options.run.workers as u64);
        });
    }

    #[test]
    #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
    fn one_that_has_nothing_left_waits_for_the_others_until_its_own_end() {
        run(async {
            let mut short = bench(60).await;
            let (first, second) = (Answers::default(), Answers::default());
            let until = short.clock.now().tick.after(Duration::from_secs(4));
            short.options.run.terms = JobTerms { until: Some(until), ..JobTerms::default() };
            let ended = drain(&short, &first).await;
            assert_eq!(ended.finish.stopped, Stopped::Deadline);
            let early = ended.jobs[0].counts.done;
            assert!(early > 0 && early < 8 * 60, "{early}");
            short.options.run.terms = JobTerms::default();
            assert_eq!(drain(&short, &second).await.finish.stopped, Stopped::Finished);
            judge(&short, 60, 0);
        });
    }
}
