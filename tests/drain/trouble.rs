//! The right thing is blamed: the target, the account, the app, the world.

use cleanup::domain::Outcome;
use cleanup::engine::{Signal, Stopped};

use super::support::{Bench, ids, run};

async fn trouble(bench: &Bench, what: &str) {
    let url = format!("{}/sandbox/user/{}/{what}", bench.sandbox.base_url(), bench.user());
    let response = reqwest::Client::new().post(url).send().await.unwrap();
    assert!(response.status().is_success(), "{}", response.status());
}

/// Ways an account can be refused, and how many requests that may take to find out.
#[test]
fn an_account_that_needs_a_person_stops_at_once_and_keeps_its_rows() {
    run(async {
        for (what, at_most) in [("revoke", 1), ("suspend", 1), ("credits", 1), ("ambiguous", 5)] {
            let mut bench = Bench::new("1000/1s", "none").await;
            if what == "ambiguous" {
                bench.options.run.workers = 1;
            }
            let file = bench.write("unfollow.csv", &ids(20));
            bench.load(&file).await;
            trouble(&bench, what).await;
            let ended = bench.drain().await;
            assert_eq!(ended.finish.stopped, Stopped::Account, "{what}");
            assert!(ended.finish.requests <= at_most, "{what}: {} requests", ended.finish.requests);
            assert_eq!(ended.jobs[0].counts.pending, 20, "{what}: nothing is lost");
            assert_eq!(ended.finish.troubles.len(), 1, "{what}");
            ended.store.close().await;
            // Mended by a person, the same rows go on.
            trouble(&bench, "restore").await;
            let ended = bench.drain().await;
            assert_eq!(ended.jobs[0].counts.done, 20, "{what}");
        }
    });
}

#[test]
fn a_single_unclear_refusal_is_the_targets_once_another_succeeds() {
    run(async {
        let bench = Bench::new("1000/1s", "refused=15%").await;
        let file = bench.write("unfollow.csv", &ids(60));
        bench.load(&file).await;
        let ended = bench.drain().await;
        assert_eq!(ended.finish.stopped, Stopped::Finished, "{:?}", ended.finish);
        let counts = ended.jobs[0].counts;
        assert_eq!(counts.done + counts.failed, 60);
        assert!(counts.failed > 0);
        ended.store.close().await;
        let receipts = bench.receipts("unfollow").await;
        let reasons: Vec<_> =
            receipts.iter().filter(|r| r.outcome == Outcome::Failed).map(|r| r.reason.clone()).collect();
        assert!(reasons.iter().all(Option::is_some), "{reasons:?}");
    });
}

#[test]
fn the_first_signal_waits_for_what_is_in_flight_and_saves() {
    run(async {
        let bench = Bench::new("1000/1s", "none").await;
        let file = bench.write("unfollow.csv", &ids(200));
        bench.load(&file).await;
        bench.shutdown.0.signal(Signal::Terminate);
        let ended = bench.drain().await;
        assert_eq!(ended.finish.stopped, Stopped::Interrupted(Signal::Terminate));
        assert_eq!(ended.finish.requests, 0);
        assert_eq!(ended.jobs[0].counts.pending, 200);
    });
}
