//! Whoever runs a job every night reaches every row of it, whatever rows before it are refused without being named. Time is simulated.

use cleanup::domain::{Outcome, TargetKind};
use cleanup::engine::Stopped;
use cleanup::sandbox::{Fate, SpecialTarget, TargetRefusal};
use proptest::prelude::*;

use super::outage::{bench_with, drain};
use super::support::{Bench, id, run};

/// Jobs as runs of rows: how many, and whether they are refused.
#[derive(Clone, Debug)]
struct Life {
    jobs: Vec<Vec<(u64, bool)>>,
    workers: usize,
    /// Most requests of a night.
    requests: Option<u64>,
    faults: &'static str,
}

impl Life {
    /// Each job's rows, as numbers of targets and whether they are refused.
    fn rows(&self) -> Vec<Vec<(u64, bool)>> {
        let mut next = 0..;
        let rows =
            |(count, refused): &(u64, bool)| next.by_ref().take(*count as usize).map(|n| (n, *refused)).collect();
        let mut rows = rows;
        self.jobs.iter().map(|runs| runs.iter().flat_map(|run| -> Vec<(u64, bool)> { rows(run) }).collect()).collect()
    }
}

fn lives() -> impl Strategy<Value = Life> {
    let job = prop::collection::vec((1_u64..9, any::<bool>()), 1..7).prop_map(|mut runs| {
        // A head of five is what once kept the rest of a job from being reached for ever.
        runs.insert(0, (5, true));
        runs
    });
    let jobs = prop::collection::vec(job, 1..3);
    let workers = prop::sample::select(vec![1_usize, 3, 32]);
    let faults = prop::sample::select(vec!["none", "none", "429=8%,5xx=8%,lost=4%"]);
    (jobs, workers, prop::option::of(4_u64..30), faults).prop_map(|(jobs, workers, requests, faults)| Life {
        jobs,
        workers,
        requests,
        faults,
    })
}

fn fates(rows: &[Vec<(u64, bool)>]) -> Vec<SpecialTarget> {
    let refused = rows.iter().flatten().filter(|(_, refused)| *refused);
    let of = |(n, _): &(u64, bool)| SpecialTarget {
        kind: TargetKind::User,
        id: id(*n).to_string().parse().unwrap(),
        fate: if n.is_multiple_of(3) { Fate::Refuses(TargetRefusal::Unexplained) } else { Fate::GoneUnnamed },
    };
    refused.map(of).collect()
}

/// What has become of each row, and how often it was asked for.
async fn receipts(bench: &Bench, jobs: usize) -> Vec<(Outcome, u32)> {
    let mut found = Vec::new();
    for job in 0..jobs {
        found.extend(bench.receipts(&format!("job-{job}")).await.iter().map(|row| (row.outcome, row.attempts)));
    }
    found
}

async fn live(life: &Life) {
    let rows = life.rows();
    let (mut bench, clock) = bench_with(|options| {
        options.special = fates(&rows);
        options.faults = life.faults.parse().unwrap();
    })
    .await;
    bench.options.run.workers = life.workers;
    bench.options.run.terms.max_requests = life.requests;
    for (job, rows) in rows.iter().enumerate() {
        let text: String = rows.iter().map(|(n, _)| format!("unfollow,{}\n", id(*n))).collect();
        let file = bench.write(&format!("job-{job}.csv"), &format!("action,user_id\n{text}"));
        bench.load(&file).await;
    }
    let all: Vec<(u64, bool)> = rows.concat();
    let refused = all.iter().filter(|(_, refused)| *refused).count() as u64;
    // A night ends at its fifth refusal in a row or at its most requests, and no row is asked for twice before the others.
    let full_nights = life.requests.map_or(0, |requests| all.len() as u64 / requests);
    let (enough, faulty) = (refused / 5 + full_nights + 2, life.faults != "none");
    let enough = if faulty { enough * 4 } else { enough };
    let mut before = vec![0; all.len()];
    for night in 1.. {
        let (ended, _) = drain(&bench, &clock, |_| {}).await;
        let stopped = ended.finish.stopped;
        ended.store.close().await;
        let now = receipts(&bench, rows.len()).await;
        for ((n, refused), ((outcome, attempts), before)) in all.iter().zip(now.iter().zip(&before)) {
            assert!(faulty || attempts - before <= 1, "night {night}: row {n} was asked for twice: {life:?}");
            let right = match outcome {
                Outcome::Pending => true,
                Outcome::Done => !refused,
                // By a success after it, or because nothing was left that could prove it.
                Outcome::Gone | Outcome::Failed => *refused,
                _ => false,
            };
            assert!(right, "night {night}: row {n} is {outcome:?}: {life:?}");
        }
        before = now.iter().map(|(_, attempts)| *attempts).collect();
        let is_reached =
            |((_, refused), (outcome, _)): (&(u64, bool), &(Outcome, u32))| *refused || *outcome == Outcome::Done;
        if all.iter().zip(&now).all(is_reached) {
            break;
        }
        assert!(matches!(stopped, Stopped::Account | Stopped::Requests), "night {night}: {stopped:?}: {life:?}");
        assert!(night < enough, "night {night}: some rows are never reached: {life:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_row_is_reached_in_the_end_however_many_before_it_are_refused(life in lives()) {
        run(live(&life));
    }
}
