//! Limits that only successes tell of: the platform's window of an endpoint is narrower than ours, and its headers say so. Whoever was
//! told keeps to it, over restarts too, and earns no 429.

use std::time::Duration;

use cleanup::engine::{Signal, Stopped};
use cleanup::limits::Pace;

use super::outage::{WatchedClock, bench_with, drain};
use super::support::{Bench, ids, run};
use crate::common::tries::{dice, tried};

const WINDOW: Duration = Duration::from_secs(60);

async fn narrow(limit: u32) -> (Bench, std::sync::Arc<WatchedClock>) {
    let rate = format!("{limit}/60s").parse().unwrap();
    let (mut bench, clock) = bench_with(|options| options.endpoint_rate = Some(rate)).await;
    bench.options.run.pace = Pace::FrontLoad;
    bench.options.run.workers = 16;
    (bench, clock)
}

#[test]
fn a_limit_that_only_successes_tell_of_is_kept_window_after_window() {
    run(async {
        for limit in [1, 7, 40] {
            let (bench, clock) = narrow(limit).await;
            let file = bench.write("unfollow.csv", &ids(u64::from(limit) * 3));
            bench.load(&file).await;
            let (ended, _) = drain(&bench, &clock, |_| {}).await;
            assert_eq!((ended.finish.stopped, ended.jobs[0].counts.pending), (Stopped::Finished, 0), "{limit}");
            let user = bench.ledger().users[&bench.user().to_string()].clone();
            assert_eq!((user.earned_429, user.requests), (0, u64::from(limit) * 3), "{limit}: {user:?}");
            assert!(clock.since_start() < 3 * WINDOW + Duration::from_secs(10), "{limit}: {:?}", clock.since_start());
        }
    });
}

#[test]
fn a_process_that_begins_again_at_random_moments_keeps_to_what_an_earlier_one_was_told() {
    let mut dice = dice();
    run(async {
        let (mut bench, clock) = narrow(5).await;
        let file = bench.write("unfollow.csv", &ids(40));
        bench.load(&file).await;
        let mut rounds = 0;
        loop {
            rounds += 1;
            bench.shutdown = cleanup::engine::shutdown();
            let signal = &bench.shutdown.0;
            let until = clock.since_start() + Duration::from_millis(dice.u64(1..20_000));
            let (ended, _) = drain(&bench, &clock, |since| {
                if since >= until {
                    signal.signal(Signal::Terminate);
                }
            })
            .await;
            let pending = ended.jobs.first().map_or(0, |job| job.counts.pending);
            ended.store.close().await;
            // The night is over; the next process comes some time later, in the same window or in another one.
            clock.advance(Duration::from_millis(dice.u64(1..30_000)));
            if pending == 0 {
                break;
            }
        }
        let user = bench.ledger().users[&bench.user().to_string()].clone();
        assert!(rounds > 5, "{rounds} processes show nothing");
        assert_eq!((user.earned_429, user.requests), (0, 40), "{rounds} processes: {user:?}");
        tried("a limit that answers tell of, processes that begin again", rounds);
    });
}

#[test]
fn what_is_left_is_shown_and_a_run_with_a_deadline_sends_nothing_more() {
    run(async {
        let (mut bench, clock) = narrow(3).await;
        let file = bench.write("unfollow.csv", &ids(9));
        bench.load(&file).await;
        bench.options.run.terms.until = Some(clock.tick_in(Duration::from_secs(20)));
        let mut requests = Vec::new();
        for _ in 0..4 {
            bench.shutdown = cleanup::engine::shutdown();
            let (mut ended, _) = drain(&bench, &clock, |_| {}).await;
            assert_eq!(ended.finish.stopped, Stopped::Deadline);
            requests.push(ended.finish.requests);
            let told = ended.store.queue().allowances(&bench.clock.boot(), bench.clock.now()).await.unwrap();
            assert_eq!(told.iter().map(|told| told.remaining).collect::<Vec<_>>(), [0], "{told:?}");
            ended.store.close().await;
        }
        assert_eq!(requests, [3, 0, 0, 0], "no later run asks again whether it is really so");
    });
}
