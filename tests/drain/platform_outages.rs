//! An outage of an hour in the middle of a drain, at each platform: servers that fail, and servers that do not answer.

use std::time::Duration;

use cleanup::engine::Stopped;
use cleanup::sandbox::Trouble;

use super::platform_bench::{Plan, Scene, at_each_platform};
use super::support::run;
use crate::common::tries::tried;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// How long a run waits that nobody answers: for the end of the outage, or less, and then another one begins some time later.
const PATIENT: Duration = Duration::from_secs(2 * 3_600);
const IMPATIENT: Duration = Duration::from_secs(120);

fn an_hour(trouble: Trouble) -> usize {
    at_each_platform(|platform, seed| {
        run(async {
            let mut dice = fastrand::Rng::with_seed(seed);
            // Where few rows are left, each of them fails often.
            let few = Plan::of(platform, seed).a_minute as u64 + dice.u64(1..=2);
            let rows = if trouble == Trouble::Outage || dice.bool() { few } else { 40 };
            let plan = Plan { workers: dice.usize(1..=16), rows, ..Plan::of(platform, seed) };
            let mut scene = Scene::new(plan).await;
            scene.bench.options.run.give_up_after = if dice.bool() { PATIENT } else { IMPATIENT };
            let after = dice.u64(1..=plan.rows - u64::from(plan.a_minute));
            let what = format!("{trouble:?} after {after} of {:?}", scene.plan);
            let (mut began, mut seen, mut runs) = (None, Vec::new(), 0);
            let ended = loop {
                let (ended, more) = scene
                    .drain(|scene, now| {
                        if began.is_none() && now.effects >= after {
                            began = Some(now.since);
                            scene.tell(0, Some(trouble));
                        }
                        if began.is_some_and(|began| now.since >= began + HOUR) {
                            scene.tell(0, None);
                        }
                    })
                    .await;
                seen.extend(more);
                runs += 1;
                assert!(runs < 15, "{what}: {:?}", ended.finish);
                if ended.finish.stopped != Stopped::Unreachable {
                    break ended;
                }
                ended.store.close().await;
                scene.clock.advance(5 * MINUTE);
            };
            let took = scene.clock.since_start();
            let requests = scene.ledger(0).requests;
            assert_eq!(scene.ledger(0).earned_429, 0, "{what}");
            scene.judge_whole(ended, &seen).await;
            assert!(began.is_some(), "{what}: it never was");
            let in_vain = requests - scene.rows();
            // An hour has some fifteen pauses that grow, in each run, and with the first failures come those that had left with them.
            let most = runs * (20 + plan.workers as u64);
            assert!(in_vain > 0 && in_vain < most.max(60), "{what}: {in_vain} requests in vain in {runs} runs");
            assert!(seen.len() < 2_000, "{what}: {} times somebody woke up", seen.len());
            // The longest pause has 15 minutes; behind it the rest goes by the limit, and by what nobody answered.
            assert!(took < HOUR + 35 * MINUTE, "{what}: {took:?}");
        });
    })
}

#[test]
fn servers_that_fail_for_an_hour_fail_no_row() {
    tried("an outage of an hour in the middle of a run, 5xx, each platform", an_hour(Trouble::Outage));
}

#[test]
fn an_hour_without_an_answer_fails_no_row() {
    tried("an outage of an hour in the middle of a run, no answer, each platform", an_hour(Trouble::NoAnswer));
}
