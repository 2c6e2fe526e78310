//! What each platform tells of its limits, rightly and wrongly: refusals with headers that are absent, past or absurd, somebody else who
//! spends from the same window, a window that becomes narrower in the middle of a run.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use cleanup::domain::Action;
use cleanup::engine::Stopped;
use cleanup::sandbox::LimitHeaders;

use super::platform_bench::{Plan, Scene, Seen, at_each_platform, changes, per_minute};
use super::support::run;
use crate::common::tries::{of_forms, tried};

const WINDOW: Duration = Duration::from_secs(60);
/// The last rung of the ladder of holds.
const LONGEST_HOLD: Duration = Duration::from_secs(96 * 60);

/// How long nothing may leave after a refusal, whatever its headers say: a window where they say nothing that makes sense.
fn least_wait(headers: LimitHeaders) -> Duration {
    match headers {
        // The sandbox's dice say a second or two, and `Retry-After` needs no date.
        LimitHeaders::Right | LimitHeaders::Undated => Duration::from_secs(1),
        _ => WINDOW,
    }
}

/// How long it was quiet after each refusal.
fn quiet_after_refusals(seen: &[Seen]) -> Vec<Duration> {
    let mut refused = None;
    let mut quiet = Vec::new();
    for (before, now) in changes(seen) {
        if now.requests == before.requests {
            continue;
        }
        quiet.extend(refused.map(|at| now.since - at));
        let refusals = (now.injected + now.earned) - (before.injected + before.earned);
        refused = (refusals > 0).then_some(now.since);
    }
    quiet
}

/// The most refusals at one moment.
fn most_at_once(seen: &[Seen]) -> u64 {
    changes(seen)
        .map(|(before, now)| (now.injected + now.earned) - (before.injected + before.earned))
        .max()
        .unwrap_or(0)
}

#[test]
fn a_refusal_is_waited_out_whatever_its_headers_say() {
    // The short form tries some at each platform. What would hold an account for ever is always one of them.
    let (kinds, tries) = (of_forms(2, LimitHeaders::ALL.len()), AtomicUsize::new(0));
    at_each_platform(|platform, seed| {
        let skipped = (seed % LimitHeaders::ALL.len() as u64) as usize;
        let some = LimitHeaders::ALL.into_iter().cycle().skip(skipped).take(kinds);
        for headers in std::iter::once(LimitHeaders::Never).chain(some) {
            tries.fetch_add(1, Ordering::SeqCst);
            run(async {
                let faults = "429=30%";
                let plan = Plan { rows: 20, workers: 2, headers, faults, ..Plan::of(platform, seed) };
                let mut scene = Scene::new(plan).await;
                let (ended, seen) = scene.drain(|_, _| {}).await;
                let ledger = scene.ledger(0);
                assert_eq!(ledger.earned_429, 0, "{plan:?}");
                assert_eq!(ledger.requests, plan.rows + ledger.injected_429, "{plan:?}: each is asked again once");
                assert!(
                    most_at_once(&seen) <= plan.workers as u64,
                    "{plan:?}: some were sent after a refusal: {seen:?}"
                );
                let quiet = quiet_after_refusals(&seen);
                let (least, most) = (quiet.iter().min(), quiet.iter().max());
                assert!(least.is_none_or(|least| *least >= least_wait(headers)), "{plan:?}: {quiet:?}");
                assert!(most.is_none_or(|most| *most <= LONGEST_HOLD + 2 * WINDOW), "{plan:?}: {quiet:?}");
                scene.judge_whole(ended, &seen).await;
            });
        }
    });
    tried("429 with right, absent, past and absurd headers, each platform", tries.into_inner());
}

/// A 429 is earned only where somebody else has spent in the window, and by no more requests than were out at once: the first answers of a
/// moment tell what is left.
#[test]
fn somebody_else_who_spends_costs_no_more_refusals_than_nobody_could_know_of() {
    let tries = at_each_platform(|platform, seed| {
        run(async {
            let plan = Plan { workers: 4, ..Plan::of(platform, seed) };
            let mut scene = Scene::new(plan).await;
            let mut dice = fastrand::Rng::with_seed(seed);
            // The platform's window has begun before the run, with somebody else's requests.
            assert!(scene.bench.sandbox.spend(scene.who(0), Action::Unfollow, dice.u32(3..=9)));
            scene.clock.advance(Duration::from_secs(dice.u64(10..50)));
            let began = scene.clock.since_start();
            let mut spent = Vec::new();
            let (ended, seen) = scene
                .drain(|scene, now| {
                    let places = if now.since < 20 * WINDOW && dice.bool() { dice.u32(1..=6) } else { 0 };
                    if places > 0 {
                        assert!(scene.bench.sandbox.spend(scene.who(0), Action::Unfollow, places));
                    }
                    spent.push(places);
                })
                .await;
            let (mut last_spent, mut refusals) = (Some(began), 0);
            // Whatever is spent is spent before the next moment; the last one has none behind it.
            for ((before, now), places) in changes(&seen).zip(spent.into_iter().chain([0])) {
                let earned = now.earned - before.earned;
                refusals += earned;
                if earned > 0 {
                    let is_spent = last_spent.is_some_and(|at| now.since <= at + WINDOW + Duration::from_secs(1));
                    assert!(is_spent, "{plan:?}: refused at {:?}, and nobody had spent: {seen:?}", now.since);
                    let requests = now.requests - before.requests;
                    assert!(
                        requests <= plan.workers as u64,
                        "{plan:?}: {requests} requests at {:?}: {seen:?}",
                        now.since
                    );
                }
                if places > 0 {
                    last_spent = Some(now.since);
                }
            }
            let ledger = scene.ledger(0);
            assert_eq!(ledger.requests, plan.rows + refusals, "{plan:?}");
            let quiet = quiet_after_refusals(&seen);
            assert!(quiet.iter().all(|quiet| *quiet >= Duration::from_secs(1)), "{plan:?}: {quiet:?}");
            scene.judge_whole(ended, &seen).await;
        });
    });
    tried("another client that spends from the same window, each platform", tries);
}

/// Whoever is in the middle of a window cannot know; whoever has been told, by a success or by a refusal, keeps to it.
#[test]
fn a_limit_that_shrinks_in_the_middle_of_a_run_refuses_once_at_most() {
    let tries = at_each_platform(|platform, seed| {
        for between_runs in [false, true] {
            run(shrink(Plan { a_minute: 30, rows: 70, workers: 16, ..Plan::of(platform, seed) }, between_runs));
        }
    });
    tried("a limit that shrinks in the middle of a run, each platform", tries * 2);
}

/// It shrinks behind a window that is used up, or in the middle of one, between two runs: then a refusal alone tells of it.
async fn shrink(plan: Plan, between_runs: bool) {
    let mut scene = Scene::new(plan).await;
    let mut dice = fastrand::Rng::with_seed(plan.seed);
    let limit = dice.u32(1..8);
    let what = format!("{limit} a minute, between runs: {between_runs}: {plan:?}");
    let mut seen = Vec::new();
    let mut shrunk = between_runs;
    if between_runs {
        scene.bench.options.run.terms.max_requests = Some(dice.u64(8..20));
        let (ended, first) = scene.drain(|_, _| {}).await;
        assert_eq!(ended.finish.stopped, Stopped::Requests, "{what}");
        ended.store.close().await;
        scene.bench.sandbox.narrow(per_minute(limit));
        scene.bench.options.run.terms.max_requests = None;
        seen.extend(first);
    }
    let (ended, more) = scene
        .drain(|scene, now| {
            if !shrunk && now.effects > 0 {
                shrunk = true;
                scene.bench.sandbox.narrow(per_minute(limit));
            }
        })
        .await;
    seen.extend(more);
    assert!(shrunk, "{what}: it never did");
    let refused: Vec<u64> =
        changes(&seen).map(|(before, now)| now.earned - before.earned).filter(|earned| *earned > 0).collect();
    assert!(refused.len() <= 1, "{what}: refused at {} moments: {refused:?}", refused.len());
    // A run begins with one request.
    let most = if between_runs { 1 } else { plan.workers as u64 };
    assert!(refused.iter().all(|refused| *refused <= most), "{what}: {refused:?}");
    scene.judge_whole(ended, &seen).await;
}
