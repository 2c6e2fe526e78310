//! An account that is refused in the middle of a drain, and every account of an app at once, at each platform: no row is lost, few requests
//! are, and when a person has mended it the rest is done.

use std::time::Duration;

use cleanup::domain::Platform;
use cleanup::engine::Stopped;
use cleanup::sandbox::Trouble;

use super::platform_bench::{Plan, Scene, at_each_platform};
use super::support::run;
use crate::common::tries::tried;

/// Requests of all accounts.
fn requests(scene: &Scene) -> u64 {
    (0..scene.plan.accounts).map(|account| scene.ledger(account).requests).sum()
}

/// A job of so many accounts and rows, and after how many effects something happens: its first window has rows left then.
fn plan_of(platform: Platform, seed: u64, accounts: usize, rows: u64) -> (Plan, u64) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let plan = Plan { accounts, rows, workers: dice.usize(1..=8), ..Plan::of(platform, seed) };
    (plan, dice.u64(1..=u64::from(plan.a_minute)))
}

#[test]
fn an_account_whose_token_is_revoked_in_the_middle_stops_alone_and_goes_on_after_a_login() {
    let tries = at_each_platform(|platform, seed| {
        run(async {
            let (plan, after) = plan_of(platform, seed, 2, 30);
            let mut scene = Scene::new(plan).await;
            let mut then = None;
            let (ended, _) = scene
                .drain(|scene, now| {
                    if then.is_none() && now.effects >= after {
                        then = Some(now);
                        scene.tell(0, Some(Trouble::Revoked));
                    }
                })
                .await;
            let (then, counts) = (then.unwrap(), ended.jobs[0].counts);
            let what = format!("after {after} of {plan:?}");
            assert_eq!(ended.finish.stopped, Stopped::Account, "{what}: {:?}", ended.finish);
            assert_eq!(cleanup::app::exit_code(ended.finish.stopped, &[counts]), 77, "{what}");
            assert_eq!(ended.finish.troubles.len(), 1, "{what}: {:?}", ended.finish.troubles);
            assert_eq!((counts.failed, counts.pending), (0, plan.rows - then.effects), "{what}");
            let in_vain = scene.ledger(0).requests - then.requests;
            assert!((1..=plan.workers as u64).contains(&in_vain), "{what}: {in_vain} requests in vain");
            assert_eq!(scene.ledger(1).effects, plan.rows, "{what}: the other goes on");
            ended.store.close().await;
            // A run that comes before the login asks once.
            let before = requests(&scene);
            let (ended, _) = scene.drain(|_, _| {}).await;
            assert_eq!((ended.finish.stopped, requests(&scene) - before), (Stopped::Account, 1), "{what}");
            ended.store.close().await;
            scene.tell(0, None);
            let (ended, _) = scene.drain(|_, _| {}).await;
            assert_eq!((ended.finish.stopped, ended.jobs[0].counts.done), (Stopped::Finished, scene.rows()), "{what}");
            ended.store.close().await;
        });
    });
    tried("a token that is revoked in the middle of a run, each platform", tries);
}

/// How many requests may be refused: those that are out when an app's first refusal comes, where it stops all its accounts; else each account's
/// first, or its fifth without a word, and what had left with it.
fn most_in_vain(plan: &Plan, is_spent: bool) -> u64 {
    let workers = plan.workers as u64;
    match plan.platform {
        Platform::Sandbox | Platform::XV1 if is_spent => 2 * workers,
        _ if is_spent => plan.accounts as u64 * workers,
        _ => plan.accounts as u64 * (4 + workers),
    }
}

/// What each platform says of a whole app comes as near as it has words for it: 402 and 403 at X, a spent key at AIsa, a grant that is too
/// small elsewhere; and a 403 that says nothing.
#[test]
fn an_app_that_is_refused_in_the_middle_burns_no_row_and_few_requests() {
    let tries = at_each_platform(|platform, seed| {
        for trouble in [Trouble::CreditsDepleted, Trouble::Ambiguous] {
            run(async {
                let (plan, after) = plan_of(platform, seed, 3, 20);
                let mut scene = Scene::new(plan).await;
                let mut then = None;
                let (ended, _) = scene
                    .drain(|scene, now| {
                        if then.is_none() && now.effects >= after {
                            let effects: u64 = (0..3).map(|account| scene.ledger(account).effects).sum();
                            then = Some((requests(scene), effects));
                            scene.tell_all(Some(trouble));
                        }
                    })
                    .await;
                let (before, effects) = then.unwrap();
                let what = format!("{trouble:?} after {after} of {plan:?}");
                let counts = ended.jobs[0].counts;
                assert_eq!((counts.done, counts.failed), (effects, 0), "{what}: {:?}", ended.finish);
                assert_eq!(counts.pending, scene.rows() - effects, "{what}");
                let in_vain = requests(&scene) - before;
                let is_spent = trouble == Trouble::CreditsDepleted;
                let most = most_in_vain(&plan, is_spent);
                assert!(in_vain <= most, "{what}: {in_vain} requests in vain, at most {most}");
                let expected = if is_spent && platform == Platform::Aisa { Stopped::Cap } else { Stopped::Account };
                assert_eq!(ended.finish.stopped, expected, "{what}: {:?}", ended.finish);
                ended.store.close().await;
                // A run that comes before it is mended begins with one request of the app, and none where all are held.
                let before = requests(&scene);
                let (ended, _) = scene.drain(|_, _| {}).await;
                let again = requests(&scene) - before;
                let most = match platform {
                    Platform::Sandbox | Platform::XV1 if is_spent => 1,
                    Platform::Aisa if is_spent => 0,
                    _ => most,
                };
                assert!(again <= most, "{what}: {again} requests of the next run, at most {most}");
                assert_eq!((ended.finish.stopped, ended.jobs[0].counts.failed), (expected, 0), "{what}");
                ended.store.close().await;
                scene.tell_all(None);
                // A cap is asked about again after a day.
                scene.clock.advance(Duration::from_secs(25 * 3_600));
                let (ended, _) = scene.drain(|_, _| {}).await;
                let counts = ended.jobs[0].counts;
                assert_eq!((ended.finish.stopped, counts.done), (Stopped::Finished, scene.rows()), "{what}");
                ended.store.close().await;
            });
        }
    });
    tried("refusals of a whole app in the middle of a run, each platform", tries * 2);
}
