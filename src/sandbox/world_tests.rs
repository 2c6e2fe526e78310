#![allow(clippy::unwrap_used)]
//! The world's laws, without a socket.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::decision::*;
use super::limit_headers::LimitHeaders;
use super::lists::ListSizes;
use super::rules::Rules;
use super::target_fate::*;
use super::world::*;
use crate::domain::{Action, Moment, TargetId, TargetKind, Tick, Wall};

const START_MS: i64 = 1_700_000_000_000;

fn at(ms: i64) -> Moment {
    Moment { tick: Tick(ms), wall: Wall(START_MS + ms) }
}

fn id(value: u64) -> TargetId {
    value.to_string().parse().unwrap()
}

fn rules(rate: &str, faults: &str) -> Rules {
    Rules {
        rate: rate.parse().unwrap(),
        unlike_day: Some("20/1m".parse().unwrap()),
        v1_unfollow: None,
        endpoint_rate: None,
        enforce: true,
        faults: faults.parse().unwrap(),
        seed: 42,
        special: Vec::new(),
        lists: ListSizes::default(),
        read_rate: None,
        limit_headers: LimitHeaders::Right,
    }
}

fn ask(world: &mut World, ms: i64, user: u64, action: Action, target: &str) -> Decision {
    world.act(at(ms), id(user), Ask { action, path_user: None, target })
}

fn whole(decision: Decision) -> Answer {
    match decision {
        Decision::Whole(answer) => answer,
        other => panic!("{other:?}"),
    }
}

/// A request of the property tests: a gap in milliseconds, a user, an action, a target.
fn requests() -> impl Strategy<Value = Vec<(i64, u64, usize, u64)>> {
    proptest::collection::vec((0_i64..500, 0_u64..3, 0_usize..7, 0_u64..8), 0..300)
}

fn fullest_window(arrivals: &[i64], window_ms: i64) -> u64 {
    let from = |start: i64| arrivals.iter().filter(|&&tick| tick >= start && tick <= start + window_ms).count() as u64;
    arrivals.iter().map(|&start| from(start)).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn the_ledger_is_what_counting_by_hand_gives(requests in requests()) {
        let mut world = World::new(rules("5/2s", "40%"));
        let mut arrivals: BTreeMap<(u64, Option<Action>), Vec<i64>> = BTreeMap::new();
        let mut tick = 0;
        for (gap, user, action, target) in requests {
            tick += gap;
            let action = Action::UNDOING[action];
            for key in [(user, None), (user, Some(action))] {
                arrivals.entry(key).or_default().push(tick);
            }
            ask(&mut world, tick, user, action, &target.to_string());
        }
        let ledger = world.ledger();
        for ((user, action), arrivals) in arrivals {
            let counted = &ledger.users[&user.to_string()];
            let (requests, most) = match action {
                None => (counted.requests, counted.max_in_window),
                Some(action) => {
                    let action = &counted.actions[action.name()];
                    (action.requests, action.max_in_window)
                }
            };
            prop_assert_eq!(requests, arrivals.len() as u64);
            prop_assert_eq!(most, fullest_window(&arrivals, 2000));
            if action == Some(Action::Unlike) {
                let day = counted.unlike_day.as_ref().unwrap();
                prop_assert_eq!(day.max_in_window, fullest_window(&arrivals, 60_000));
            }
        }
    }

    #[test]
    fn effects_only_grow_and_add_up(requests in requests()) {
        let mut world = World::new(rules("50/1s", "60%"));
        let mut before: BTreeMap<(u64, Action, TargetId), (u32, u32)> = BTreeMap::new();
        let mut tick = 0;
        for (gap, user, action, target) in requests {
            tick += gap;
            let action = Action::UNDOING[action];
            let decision = ask(&mut world, tick, user, action, &target.to_string());
            let effects = world.effects(id(user), None, usize::MAX);
            let effect = *effects.iter().find(|effect| effect.action == action && effect.target == id(target)).unwrap();
            let (applied, requested) = before.insert((user, action, id(target)), (effect.applied, effect.requested)).unwrap_or_default();
            prop_assert_eq!(effect.requested, requested + 1);
            match decision {
                Decision::Reset => prop_assert_eq!(effect.applied, applied),
                Decision::Lost => prop_assert!(effect.applied - applied <= 1),
                Decision::Whole(answer) | Decision::Late(answer, _) | Decision::Cut(answer) => {
                    prop_assert_eq!(effect.applied - applied, u32::from(answer.verdict == SimulatedOutcome::Undone));
                }
            }
        }
        for (user, counted) in world.ledger().users {
            let effects = world.effects(id(user.parse().unwrap()), None, usize::MAX);
            prop_assert_eq!(counted.effects, effects.iter().filter(|effect| effect.applied > 0).count() as u64);
            prop_assert_eq!(counted.requests, effects.iter().map(|effect| u64::from(effect.requested)).sum::<u64>());
        }
    }

    #[test]
    fn what_keeps_the_sliding_limit_never_earns_a_429(gaps in proptest::collection::vec(0_i64..900, 1..200)) {
        let mut world = World::new(rules("5/2s", "none"));
        let mut sent: Vec<i64> = Vec::new();
        let mut tick = 0;
        for (target, gap) in (0_u64..).zip(gaps) {
            tick += gap;
            if sent.iter().filter(|&&earlier| earlier >= tick - 2000).count() < 5 {
                sent.push(tick);
                ask(&mut world, tick, 1, Action::Unfollow, &target.to_string());
            }
        }
        let ledger = world.ledger();
        prop_assert_eq!(ledger.users["1"].earned_429, 0);
        prop_assert!(ledger.users["1"].max_in_window <= 5);
    }

    #[test]
    fn the_dice_do_not_care_for_order(order in Just((0_u64..60).collect::<Vec<_>>()).prop_shuffle()) {
        let outcome = |order: &[u64]| {
            let mut world = World::new(Rules { enforce: false, ..rules("50/1s", "60%") });
            let mut decisions: Vec<(u64, Decision)> =
                order.iter().map(|&target| (target, ask(&mut world, 0, 1, Action::Unlike, &target.to_string()))).collect();
            decisions.sort_by_key(|(target, _)| *target);
            decisions
        };
        let sorted: Vec<u64> = (0..60).collect();
        prop_assert_eq!(outcome(&order), outcome(&sorted));
    }
}

#[test]
fn the_window_is_xs_fixed_one() {
    let mut world = World::new(rules("3/10s", "none"));
    let mut verdicts = Vec::new();
    for ms in [500, 6000, 9000, 9500, 10_499, 10_500] {
        let answer = whole(ask(&mut world, ms, 1, Action::Unfollow, &ms.to_string()));
        let window = answer.window.unwrap();
        verdicts.push((answer.verdict, window.remaining, window.reset_seconds - START_MS / 1000));
    }
    let limited = (SimulatedOutcome::RateLimited, 0, 11);
    let undone = |remaining, reset| (SimulatedOutcome::Undone, remaining, reset);
    assert_eq!(verdicts, [undone(2, 11), undone(1, 11), undone(0, 11), limited, limited, undone(2, 21)]);
    let user = &world.ledger().users["1"];
    assert_eq!((user.earned_429, user.injected_429, user.requests), (2, 0, 6));
}

#[test]
fn unlikes_have_a_longer_window_beside() {
    let mut world = World::new(rules("50/1s", "none"));
    for i in 0..20 {
        assert_eq!(whole(ask(&mut world, i * 1500, 1, Action::Unlike, "7")).verdict, SimulatedOutcome::Undone);
    }
    let answer = whole(ask(&mut world, 31_000, 1, Action::Unlike, "7"));
    assert_eq!(answer.verdict, SimulatedOutcome::RateLimited);
    assert_eq!(answer.day.unwrap().remaining, 0);
    assert_eq!(answer.window.unwrap().remaining, 50);
    assert_eq!(whole(ask(&mut world, 31_000, 1, Action::Unfollow, "7")).verdict, SimulatedOutcome::Undone);
    assert_eq!(whole(ask(&mut world, 60_000, 1, Action::Unlike, "7")).verdict, SimulatedOutcome::Undone);
}

#[test]
fn targets_keep_their_fate() {
    let mut world = World::new(Rules { enforce: false, ..rules("50/1s", "gone=20%,refused=20%") });
    let mut kinds = BTreeMap::<String, u32>::new();
    for target in 0..500_u64 {
        let first = whole(ask(&mut world, 0, 1, Action::Unfollow, &target.to_string())).verdict;
        assert_eq!(whole(ask(&mut world, 0, 2, Action::Unmute, &target.to_string())).verdict, first);
        *kinds.entry(format!("{first:?}")).or_default() += 1;
    }
    assert!((60..140).contains(&kinds["Gone"]), "{kinds:?}");
    assert!(kinds.len() == 5 && kinds.values().all(|&count| count >= 15), "{kinds:?}");
}

#[test]
fn special_targets_and_repeats() {
    let special = SpecialTarget { kind: TargetKind::Post, id: id(9), fate: Fate::Refuses(TargetRefusal::Protected) };
    let mut world = World::new(Rules { special: vec![special], ..rules("50/1s", "none") });
    let mut verdict = |action, target| whole(ask(&mut world, 0, 1, action, target)).verdict;
    assert_eq!(verdict(Action::Unlike, "9"), SimulatedOutcome::Refused(TargetRefusal::Protected));
    assert_eq!(verdict(Action::Unfollow, "9"), SimulatedOutcome::Undone);
    assert_eq!(verdict(Action::Unfollow, "9"), SimulatedOutcome::Undone);
    assert_eq!(verdict(Action::DeletePost, "8"), SimulatedOutcome::Undone);
    assert_eq!(verdict(Action::DeletePost, "8"), SimulatedOutcome::Gone);
    assert_eq!(verdict(Action::Unlike, "x"), SimulatedOutcome::BadTarget);
    let user = &world.ledger().users["1"];
    assert_eq!((user.requests, user.effects, user.repeats), (6, 2, 2));
}

#[test]
fn an_injected_429_ends_soon() {
    let mut world = World::new(rules("50/15s", "429=100%"));
    let answer = whole(ask(&mut world, 1700, 1, Action::Unfollow, "1"));
    let window = answer.window.unwrap();
    assert_eq!((answer.verdict, window.remaining), (SimulatedOutcome::RateLimited, 0));
    assert_eq!(window.reset_seconds - START_MS / 1000, 3);
    let user = &world.ledger().users["1"];
    assert_eq!((user.earned_429, user.injected_429, user.effects), (0, 1, 0));
}

#[test]
fn effects_come_in_pages_that_join() {
    let mut world = World::new(Rules { enforce: false, ..rules("50/1s", "none") });
    for target in 0..25_u64 {
        ask(&mut world, 0, 1, Action::UNDOING[(target % 7) as usize], &target.to_string());
    }
    let all = world.effects(id(1), None, usize::MAX);
    let (mut joined, mut after) = (Vec::new(), None);
    loop {
        let page = world.effects(id(1), after, 4);
        let Some(last) = page.last() else { break };
        after = Some((last.action, last.target));
        joined.extend(page);
    }
    assert_eq!(all, joined);
    assert_eq!(all.len(), 25);
}
