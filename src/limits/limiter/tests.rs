//! The limiter on the cases people meet. The laws are in `tests/limits`.

use super::*;
use crate::domain::{RateFacts, Wall};
use crate::limits::ALONE;

const DATE: Wall = Wall(1_800_000_000_000);
const UNFOLLOW: Action = Action::Unfollow;

fn spec(limit: u32, seconds: u64, applies: Applies) -> WindowSpec {
    WindowSpec { scope: Scope::Account, rate: Rate::fixed(limit, seconds), applies }
}

fn limiter(specs: &[WindowSpec], pace: Pace) -> Limiter {
    Limiter::new(specs, pace, Tick(0))
}

fn defaults() -> Limiter {
    limiter(
        &[
            WindowSpec::of_account(50, 900, Applies::All),
            WindowSpec::of_account(1_000, 86_400, Applies::Only(Action::Unlike)),
        ],
        Pace::FrontLoad,
    )
}

fn answer(reserved: Tick, answered: Answered, remaining: u32, reset_seconds: i64) -> ObservedAnswer {
    let reset = Some(Wall(DATE.0 + reset_seconds * 1000));
    let facts = RateFacts { remaining: Some(remaining), reset, date: Some(DATE), ..RateFacts::default() };
    ObservedAnswer { action: UNFOLLOW, reserved, answered, facts }
}

fn why(reservation: Reservation) -> (Option<Tick>, Wait) {
    match reservation {
        Reservation::Wait { until, why } => (until, why),
        Reservation::Granted(n) => panic!("{n} were granted"),
    }
}

#[test]
fn the_window_stops_and_says_when_it_goes_on() {
    let mut limiter = defaults();
    assert_eq!(limiter.reserve(UNFOLLOW, 64, Tick(0), ALONE), Reservation::Granted(50));
    let full = Wait::Window(spec(50, 900, Applies::All));
    assert_eq!(why(limiter.reserve(UNFOLLOW, 1, Tick(0), ALONE)), (None, full), "all are in flight");
    limiter.ended(UNFOLLOW, Tick(100));
    assert_eq!(why(limiter.reserve(UNFOLLOW, 1, Tick(100), ALONE)), (Some(Tick(901_000)), full));
    assert_eq!(limiter.reserve(UNFOLLOW, 9, Tick(901_000), ALONE), Reservation::Granted(1));
}

#[test]
fn the_day_window_stops_and_does_not_slow_the_pace() {
    let mut limiter = limiter(&[spec(50, 900, Applies::All), spec(4, 86_400, Applies::Only(UNFOLLOW))], Pace::Even);
    assert_eq!(limiter.reserve(UNFOLLOW, 9, Tick(0), ALONE), Reservation::Granted(3));
    assert_eq!(why(limiter.reserve(UNFOLLOW, 9, Tick(0), ALONE)), (Some(Tick(18_000)), Wait::Pace));
    assert_eq!(limiter.reserve(UNFOLLOW, 9, Tick(18_000), ALONE), Reservation::Granted(1));
    let stopped = why(limiter.reserve(UNFOLLOW, 9, Tick(36_000), ALONE)).1;
    assert_eq!(stopped, Wait::Window(spec(4, 86_400, Applies::Only(UNFOLLOW))));
    assert_eq!(limiter.reserve(Action::Unmute, 9, Tick(36_000), ALONE), Reservation::Granted(1));
}

#[test]
fn every_endpoint_with_a_window_of_its_own_has_a_pace_of_its_own() {
    let own = |action| spec(50, 900, Applies::Only(action));
    let mut limiter = limiter(&Action::UNDOING.map(own), Pace::Even);
    for action in Action::UNDOING {
        assert_eq!(limiter.reserve(action, 9, Tick(0), ALONE), Reservation::Granted(3), "{action}");
    }
    assert_eq!(why(limiter.reserve(UNFOLLOW, 1, Tick(0), ALONE)).1, Wait::Pace);
}

#[test]
fn nothing_is_without_a_limit() {
    assert_eq!(limiter(&[], Pace::FrontLoad).reserve(UNFOLLOW, 99, Tick(0), ALONE), Reservation::Granted(50));
    let mut limiter = limiter(&[spec(5, 60, Applies::Only(Action::Unlike))], Pace::FrontLoad);
    assert_eq!(limiter.reserve(UNFOLLOW, 99, Tick(0), ALONE), Reservation::Granted(5));
    assert_eq!(limiter.reserve(Action::Unlike, 99, Tick(0), ALONE), Reservation::Granted(5));
}

#[test]
fn what_was_not_committed_is_given_back_whole() {
    let mut limiter = limiter(&[spec(50, 900, Applies::All)], Pace::Even);
    assert_eq!(limiter.reserve(UNFOLLOW, 3, Tick(0), ALONE), Reservation::Granted(3));
    limiter.give_back(UNFOLLOW, 3);
    assert!(limiter.is_idle(Tick(0)));
    assert_eq!(limiter.reserve(UNFOLLOW, 3, Tick(0), ALONE), Reservation::Granted(3));
}

#[test]
fn accounts_share_the_windows_of_their_app() {
    let shared = WindowSpec { scope: Scope::App, ..spec(5, 86_400, Applies::Only(UNFOLLOW)) };
    let mut app = Windows::new(&[shared], Scope::App);
    let (mut one, mut other) = (defaults(), defaults());
    assert_eq!(one.reserve(UNFOLLOW, 4, Tick(0), [Some(&mut app), None]), Reservation::Granted(4));
    assert_eq!(other.reserve(UNFOLLOW, 4, Tick(0), [Some(&mut app), None]), Reservation::Granted(1));
    assert_eq!(why(other.reserve(UNFOLLOW, 4, Tick(0), [Some(&mut app), None])).1, Wait::Window(shared));
    assert_eq!(other.reserve(Action::Unmute, 4, Tick(0), [Some(&mut app), None]), Reservation::Granted(4));
}

#[test]
fn a_refusal_holds_and_being_served_after_it_clears() {
    let mut limiter = defaults();
    limiter.reserve(UNFOLLOW, 3, Tick(0), ALONE);
    (0..3).for_each(|_| limiter.ended(UNFOLLOW, Tick(100)));
    let set = limiter.observe(&answer(Tick(0), Answered::Limited, 0, 59), Tick(100));
    let hold = Hold { until: Tick(60_100), reason: HoldReason::RateLimit, backoff_level: 0 };
    assert_eq!(set, Some(HoldChange::Set(hold)));
    assert_eq!(limiter.observe(&answer(Tick(0), Answered::Limited, 0, 59), Tick(100)), None, "no news");
    assert_eq!(limiter.observe(&answer(Tick(0), Answered::Served, 9, 59), Tick(100)), None, "was under way");
    let held = (Some(Tick(60_100)), Wait::Hold(HoldReason::RateLimit));
    assert_eq!(why(limiter.reserve(Action::Unmute, 1, Tick(60_099), ALONE)), held);
    assert_eq!(limiter.reserve(UNFOLLOW, 1, Tick(60_100), ALONE), Reservation::Granted(1));
    limiter.ended(UNFOLLOW, Tick(60_200));
    let served = limiter.observe(&answer(Tick(60_100), Answered::Served, 49, 900), Tick(60_200));
    assert_eq!(served, Some(HoldChange::Cleared));
}

#[test]
fn what_is_left_until_the_reset_holds_for_slots_that_free_before_it() {
    let mut limiter = limiter(&[spec(50, 900, Applies::All)], Pace::FrontLoad);
    assert_eq!(limiter.reserve(UNFOLLOW, 45, Tick(0), ALONE), Reservation::Granted(45));
    (0..45).for_each(|_| limiter.ended(UNFOLLOW, Tick(100)));
    // The platform's window began later and somebody else has spent 39 of it: of the 5 that are free here none is too many, of the 45 that free
    // before its reset most are.
    assert_eq!(limiter.reserve(UNFOLLOW, 1, Tick(800_000), ALONE), Reservation::Granted(1));
    limiter.ended(UNFOLLOW, Tick(800_100));
    limiter.observe(&answer(Tick(800_000), Answered::Served, 10, 300), Tick(800_100));
    assert_eq!(limiter.reserve(UNFOLLOW, 64, Tick(801_000), ALONE), Reservation::Granted(4));
    (0..4).for_each(|_| limiter.ended(UNFOLLOW, Tick(801_100)));
    assert_eq!(limiter.reserve(UNFOLLOW, 64, Tick(902_000), ALONE), Reservation::Granted(6), "10 in all");
    assert_eq!(why(limiter.reserve(UNFOLLOW, 64, Tick(902_000), ALONE)), (Some(Tick(1_101_100)), Wait::Allowance));
    assert_eq!(limiter.reserve(UNFOLLOW, 64, Tick(1_101_100), ALONE), Reservation::Granted(39));
}

#[test]
fn a_hold_and_its_rung_survive_a_restart() {
    let mut limiter = defaults();
    limiter.restore(
        [(UNFOLLOW, Tick(-10))],
        Some(Hold { until: Tick(0), reason: HoldReason::HiddenCap, backoff_level: 1 }),
    );
    assert_eq!(limiter.held(Tick(0)), None);
    limiter.reserve(UNFOLLOW, 1, Tick(0), ALONE);
    limiter.ended(UNFOLLOW, Tick(100));
    let again = limiter.observe(&answer(Tick(0), Answered::Limited, 49, 900), Tick(100));
    let climbed = Hold { until: Tick(3_600_100), reason: HoldReason::HiddenCap, backoff_level: 2 };
    assert_eq!(again, Some(HoldChange::Set(climbed)));
    assert_eq!(limiter.hold(Tick(200), HoldReason::UsageCap), climbed, "a longer hold stays");
    assert_eq!(limiter.hold(Tick(9_000_000), HoldReason::UsageCap).until, Tick(9_000_000));
}

#[test]
fn when_somebody_else_spends_only_what_is_left_may_go_and_it_only_shrinks() {
    let mut limiter = defaults();
    limiter.reserve(UNFOLLOW, 3, Tick(0), ALONE);
    limiter.ended(UNFOLLOW, Tick(100));
    limiter.observe(&answer(Tick(0), Answered::Served, 6, 299), Tick(100));
    limiter.ended(UNFOLLOW, Tick(200));
    limiter.observe(&answer(Tick(0), Answered::Served, 9, 299), Tick(200));
    assert_eq!(limiter.reserve(Action::Unmute, 1, Tick(200), ALONE), Reservation::Granted(1), "another endpoint");
    assert_eq!(limiter.reserve(UNFOLLOW, 9, Tick(200), ALONE), Reservation::Granted(4), "6 less 2 in flight");
    assert_eq!(why(limiter.reserve(UNFOLLOW, 9, Tick(200), ALONE)), (Some(Tick(300_200)), Wait::Allowance));
    assert_eq!(limiter.reserve(UNFOLLOW, 9, Tick(300_200), ALONE), Reservation::Granted(9));
}

#[test]
fn a_refusal_that_tells_of_a_narrower_window_lets_one_ask_about_the_next() {
    let mut limiter = defaults();
    limiter.reserve(UNFOLLOW, 1, Tick(0), ALONE);
    limiter.ended(UNFOLLOW, Tick(100));
    let refused = answer(Tick(0), Answered::Limited, 0, 59);
    let narrow = ObservedAnswer { facts: RateFacts { limit: Some(5), ..refused.facts }, ..refused };
    limiter.observe(&narrow, Tick(100));
    assert_eq!(limiter.reserve(UNFOLLOW, 16, Tick(60_100), ALONE), Reservation::Granted(1));
    assert_eq!(why(limiter.reserve(UNFOLLOW, 16, Tick(60_100), ALONE)), (None, Wait::Allowance));
    limiter.ended(UNFOLLOW, Tick(60_200));
    let served = answer(Tick(60_100), Answered::Served, 4, 59);
    let served = ObservedAnswer { facts: RateFacts { limit: Some(5), ..served.facts }, ..served };
    limiter.observe(&served, Tick(60_200));
    assert_eq!(limiter.reserve(UNFOLLOW, 16, Tick(60_200), ALONE), Reservation::Granted(4));
}

#[test]
fn an_answer_that_a_freed_slot_overtook_is_not_compared() {
    let mut limiter = defaults();
    limiter.reserve(UNFOLLOW, 2, Tick(0), ALONE);
    limiter.ended(UNFOLLOW, Tick(0));
    limiter.reserve(UNFOLLOW, 1, Tick(900_800), ALONE);
    limiter.ended(UNFOLLOW, Tick(901_000));
    limiter.observe(&answer(Tick(900_800), Answered::Served, 47, 900), Tick(901_000));
    assert_eq!(limiter.reserve(UNFOLLOW, 64, Tick(901_000), ALONE), Reservation::Granted(48));
}

#[test]
fn a_hundred_thousand_accounts_fit() {
    fn is_send<T: Send>() {}
    is_send::<Limiter>();
    let heads =
        size_of::<Limiter>() + 2 * size_of::<(WindowSpec, crate::limits::Window)>() + size_of::<(Applies, Pacer)>();
    let slots = 2 * 256;
    assert!(heads + slots <= 1_024, "{heads} bytes and two windows of 50 slots: 100 MB for 100,000 accounts at most");
}
