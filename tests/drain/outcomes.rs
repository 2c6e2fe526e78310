//! Outcomes add up, and each is what the sandbox says happened.

use std::collections::HashMap;

use cleanup::domain::{Outcome, Target};
use cleanup::engine::Stopped;

use super::support::{Bench, ids, run};

/// The law of the whole: every row's outcome is true at the platform.
#[test]
fn ten_thousand_rows_with_faults_have_honest_outcomes() {
    run(async {
        let bench = Bench::new("4000/2s", "429=0.1%,5xx=1%,reset=1%,lost=1%,cut=1%,gone=1%,refused=0.5%").await;
        let file = bench.write("unfollow.csv", &ids(10_000));
        bench.load(&file).await;
        let ended = bench.drain().await;
        assert_eq!(ended.finish.stopped, Stopped::Finished);
        let counts = ended.jobs[0].counts;
        assert_eq!((counts.rows(), counts.pending), (10_000, 0), "{counts:?}");
        ended.store.close().await;

        let receipts = bench.receipts("unfollow").await;
        assert_eq!(receipts.len(), 10_000);
        let effects: HashMap<String, u32> =
            bench.sandbox.effects(bench.user()).iter().map(|e| (e.target.to_string(), e.applied)).collect();
        let mut told: HashMap<&str, u64> = HashMap::new();
        for row in &receipts {
            *told.entry(row.outcome.name()).or_default() += 1;
            let Some(Target::Id(id)) = &row.target else { panic!("{row:?}") };
            let applied = effects.get(&id.to_string()).copied().unwrap_or(0);
            match row.outcome {
                Outcome::Done => assert!(applied > 0, "reported done, and nothing happened: {row:?}"),
                Outcome::Gone | Outcome::Failed => assert_eq!(applied, 0, "it happened, and is not reported: {row:?}"),
                other => panic!("{other:?}: {row:?}"),
            }
            assert!(row.finished_at.is_some() && row.attempts > 0);
        }
        assert_eq!(told.get("done").copied().unwrap_or(0), counts.done);
        assert_eq!(told.get("gone").copied().unwrap_or(0), counts.gone);
        assert_eq!(told.get("failed").copied().unwrap_or(0), counts.failed);

        let ledger = bench.ledger();
        let user = ledger.users.values().next().unwrap();
        assert_eq!(user.earned_429, 0, "{user:?}");
        assert!(user.max_in_window <= 4000, "{user:?}");
        assert_eq!(user.requests, ended.finish.requests, "requests shown are requests the platform saw");
        assert_eq!(ended.finish.spent.0, 10_000 * billed(&receipts), "{:?}", ended.finish.spent);
    });
}

/// Successful requests are billed; a row confirmed by a repeat was done by a request whose answer was lost.
fn billed(receipts: &[cleanup::store::RowOutcome]) -> u64 {
    let done = receipts.iter().filter(|row| row.outcome == Outcome::Done);
    done.filter(|row| row.reason.as_deref() != Some("confirmed_by_repeat")).count() as u64
}

#[test]
fn ids_that_no_integer_holds_come_back_as_they_were() {
    run(async {
        let bench = Bench::new("1000/1s", "none").await;
        let odd = "user_id\n007\n7\n9999999999999999999\n9223372036854775807\n9223372036854775808\n0\n";
        let file = bench.write("unfollow.csv", odd);
        bench.load(&file).await;
        let ended = bench.drain().await;
        assert_eq!(ended.jobs[0].counts.done, 6, "{:?}", ended.jobs);
        ended.store.close().await;
        let receipts = bench.receipts("unfollow").await;
        let targets: Vec<String> = receipts.iter().map(|row| row.target.as_ref().unwrap().to_string()).collect();
        assert_eq!(targets.join("\n"), odd.trim_start_matches("user_id\n").trim_end());
        let mut seen: Vec<String> =
            bench.sandbox.effects(bench.user()).iter().map(|effect| effect.target.to_string()).collect();
        let mut sent = targets;
        seen.sort();
        sent.sort();
        assert_eq!(seen, sent);
    });
}

#[test]
fn a_budget_of_requests_and_money_holds() {
    run(async {
        let mut bench = Bench::new("1000/1s", "none").await;
        let file = bench.write("unfollow.csv", &ids(50));
        bench.load(&file).await;
        bench.options.run.terms.max_requests = Some(7);
        let ended = bench.drain().await;
        assert_eq!((ended.finish.stopped, ended.finish.requests), (Stopped::Requests, 7));
        assert_eq!(ended.jobs[0].counts.pending, 43);
        ended.store.close().await;
        bench.options.run.terms.max_requests = None;
        bench.options.run.terms.max_spend = Some("0.105".parse().unwrap());
        let ended = bench.drain().await;
        assert_eq!((ended.finish.stopped, ended.finish.requests), (Stopped::Spend, 10));
        assert_eq!(ended.jobs[0].counts.pending, 33);
    });
}
