//! The second law: the limit is used. With endless work and answers after 20 ms at least 99 % of it.

use std::collections::VecDeque;
use std::time::Duration;

use cleanup::domain::{Action, Platform, Rate, Tick, WindowSpec};
use cleanup::limits::{ALONE, Answered, Limiter, ObservedAnswer, Pace, Reservation};
use cleanup::{domain::RateFacts, limits::Values};

use crate::limits::world::{fullest, only};

const LATENCY: Duration = Duration::from_millis(20);

/// Endless unfollows for so many windows: the ticks at which they left.
fn left_at(specs: &[WindowSpec], pace: Pace, windows: i64) -> Vec<i64> {
    let mut limiter = Limiter::new(specs, pace, Tick(0));
    let mut in_flight: VecDeque<(Tick, Tick)> = VecDeque::new();
    let (mut now, mut left) = (Tick(0), Vec::new());
    let end = Tick(windows * millis(specs[0].rate.window()));
    while now < end {
        let next = match limiter.reserve(Action::Unfollow, 64, now, ALONE) {
            Reservation::Granted(n) => {
                left.extend((0..n).map(|_| now.0));
                in_flight.extend((0..n).map(|_| (now.after(LATENCY), now)));
                continue;
            }
            Reservation::Wait { until, .. } => until,
        };
        let answer = in_flight.front().map(|(at, _)| *at);
        now = [next, answer].into_iter().flatten().min().expect("nothing in flight and nothing to wait for");
        while let Some((at, reserved)) = in_flight.pop_front_if(|(at, _)| *at <= now) {
            limiter.ended(Action::Unfollow, at);
            let facts = RateFacts::default();
            limiter
                .observe(&ObservedAnswer { action: Action::Unfollow, reserved, answered: Answered::Served, facts }, at);
        }
    }
    left.retain(|at| *at < end.0);
    left
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap()
}

#[test]
fn with_the_defaults_exactly_50_leave_in_the_first_15_minutes() {
    let left = left_at(cleanup::platforms::spec(Platform::XV2).windows, Pace::Even, 1);
    assert_eq!(left.len(), 50);
    assert_eq!(left[..4], [0, 0, 0, 18_000]);
}

#[test]
fn at_least_99_percent_of_the_limit_is_used() {
    for (specs, pace) in [
        (cleanup::platforms::spec(Platform::XV2).windows.to_vec(), Pace::Even),
        (cleanup::platforms::spec(Platform::XV2).windows.to_vec(), Pace::FrontLoad),
        (cleanup::platforms::spec(Platform::Sandbox).windows.to_vec(), Pace::Even),
        (only(Rate::fixed(15, 900)), Pace::Even),
        (only(Rate::fixed(7, 60)), Pace::Even),
        (only(Rate::fixed(1_000, 86_400)), Pace::Even),
    ] {
        let rate = specs[0].rate;
        let left = left_at(&specs, pace, 21);
        let after_the_first = left.iter().filter(|at| **at >= millis(rate.window())).count();
        let share = after_the_first as f64 / f64::from(rate.limit() * 20);
        assert!((0.99..=1.0).contains(&share), "{rate} {pace:?}: {share}");
        let arrived = left.iter().map(|at| at + millis(LATENCY)).collect();
        assert!(fullest(arrived, rate) <= rate.limit() as usize);
    }
}

#[test]
fn a_lost_answer_costs_its_slot_the_grace_and_no_more() {
    let rate = WindowSpec::DEFAULT;
    let values = Values::new(rate.window(), Values::DEADLINE);
    let mut limiter = Limiter::new(&only(rate), Pace::FrontLoad, Tick(0));
    assert_eq!(limiter.reserve(Action::Unlike, 50, Tick(0), ALONE), Reservation::Granted(50));
    let given_up = Tick(0).after(values.deadline);
    (0..50).for_each(|_| limiter.ended(Action::Unlike, values.unknown_end(Tick(0), given_up)));
    let free_again = Tick(0).after(Duration::from_secs(30 + 120 + 900) + Values::margin(rate.window()));
    assert_eq!(limiter.usage(given_up)[0].next_slot, Some(free_again));
}
