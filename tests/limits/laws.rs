//! The first law: in no window, wherever it begins, does the platform count more than the limit. And the proof that the
//! harness would notice: what one might do instead breaks it here.

use std::time::Duration;

use cleanup::domain::{Action, Rate, Tick};
use cleanup::limits::{Pace, Pacer, Window};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestError, TestRunner};

use crate::limits::history::{End, History, Step, eventful, quiet, restless};
use crate::limits::world::{Gate, World, fullest, only};

proptest! {
    #![proptest_config(Config {
        cases: Config::default().cases.max(1_000),
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn in_no_window_does_the_platform_count_more_than_the_limit(history in eventful()) {
        World::new(&history, Gate::Limiter).play()?;
    }

    #[test]
    fn nor_across_reboots_with_clocks_that_cannot_be_believed(history in restless()) {
        World::new(&history, Gate::Limiter).play()?;
    }
}

/// Searches for a history that breaks the law through `gate`.
fn breaks(gate: Gate, histories: impl Strategy<Value = History>) -> bool {
    let config = Config { cases: 500, max_shrink_iters: 0, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(
        config,
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let found = runner.run(&histories, |history| World::new(&history, gate).play());
    matches!(found, Err(TestError::Fail(..)))
}

#[test]
fn the_harness_catches_governor_alone() {
    assert!(breaks(Gate::GovernorAlone, quiet()));
}

#[test]
fn the_harness_catches_a_log_of_sending_times() {
    assert!(breaks(Gate::SendLog, quiet()));
}

#[test]
fn the_harness_catches_slots_forgotten_in_a_crash() {
    assert!(breaks(Gate::Forgetful, eventful()));
}

#[test]
fn a_host_that_every_account_takes_for_its_own_gets_too_much() {
    assert!(breaks(Gate::HostsApart, quiet()));
}

#[test]
fn governor_alone_lets_99_through_in_one_window() {
    let rate = Rate::fixed(50, 900);
    let mut pacer = Pacer::new(rate, Pace::FrontLoad, Tick(0));
    let mut arrived = Vec::new();
    let mut now = Tick(0);
    while now < Tick(900_000) {
        match pacer.take(1, now) {
            Ok(_) => arrived.push(now.0),
            Err(next) => now = next,
        }
    }
    arrived.retain(|at| *at < 900_000);
    assert_eq!(fullest(arrived, rate), 99);
}

#[test]
fn a_log_of_sending_times_lets_51_through_when_latency_varies() {
    let rate = Rate::fixed(50, 900);
    let mut log = Window::new(rate);
    let (mut arrived, mut latency_millis) = (Vec::new(), 2_000);
    for now in [Tick(0), Tick(900_900)] {
        let free = log.free(now);
        (0..free).for_each(|_| log.restore(now));
        arrived.extend((0..free).map(|_| now.0 + latency_millis));
        latency_millis = 20;
    }
    assert!(fullest(arrived, rate) >= 51);
}

#[test]
fn what_slept_in_a_closed_socket_is_waited_for() {
    let ask = Step::Ask { account: 0, action: Action::Unfollow, want: 1, patient: true };
    let lost = Step::End { pick: 0, arrives: 255, how: End::Lost, says: None };
    let steps = vec![ask, lost, Step::Suspend(Duration::from_secs(600)), ask];
    let history =
        History { specs: only(Rate::fixed(1, 15)), pace: Pace::FrontLoad, deadline: Duration::from_secs(1), steps };
    World::new(&history, Gate::Limiter).play().unwrap();
}

#[test]
fn a_crash_that_leaves_a_window_in_the_socket_is_waited_for() {
    let ask = Step::Ask { account: 0, action: Action::Unfollow, want: 5, patient: true };
    let kill = Step::Kill { arrives: 255, until_restart: Duration::ZERO, asks_date: true };
    let steps = vec![ask, kill, ask, Step::End { pick: 0, arrives: 0, how: End::Answered, says: None }, ask];
    let history =
        History { specs: only(Rate::fixed(5, 15)), pace: Pace::FrontLoad, deadline: Duration::from_secs(1), steps };
    World::new(&history, Gate::Limiter).play().unwrap();
    assert!(World::new(&history, Gate::Forgetful).play().is_err());
}
