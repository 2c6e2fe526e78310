#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const NOW: Wall = Wall(1_000_000_000);

fn known(ends_in_s: i64, lifetime_s: i64, tries: u8) -> StoredToken {
    let expiry = Some((Wall(NOW.0 + ends_in_s * 1000), lifetime_s * 1000));
    StoredToken { expiry, refreshable: true, tries, login_needed: None }
}

#[test]
fn ahead_by_a_minute_or_a_tenth_of_the_life() {
    for (ends, lifetime, step) in [
        (61, 7200, Step::Use),
        (60, 7200, Step::Refresh { tries: 1 }),
        (7, 60, Step::Use),
        (6, 60, Step::Refresh { tries: 1 }),
        (-5, 60, Step::Refresh { tries: 1 }),
    ] {
        assert_eq!(decide(known(ends, lifetime, 0), RefreshCause::Ahead, NOW), step, "{ends} of {lifetime}");
    }
    assert_eq!(due_at(Wall(2000), 2000), Wall(1800));
    assert_eq!(due_at(Wall(2000), -1), Wall(2000));
}

#[test]
fn what_cannot_be_refreshed_goes_on_to_its_end() {
    let plain = |ends| StoredToken { refreshable: false, ..known(ends, 7200, 0) };
    assert_eq!(decide(plain(1), RefreshCause::Ahead, NOW), Step::Use);
    assert_eq!(decide(plain(0), RefreshCause::Ahead, NOW), Step::NeedLogin(Why::Ended));
    let endless = StoredToken { expiry: None, ..plain(0) };
    assert_eq!(decide(endless, RefreshCause::Ahead, NOW), Step::Use);
    let rejected = RefreshCause::Rejected { born_of_rejection: None };
    assert_eq!(decide(endless, rejected, NOW), Step::NeedLogin(Why::Rejected));
}

#[test]
fn a_token_dated_by_a_clock_that_was_ahead_is_refreshed_as_soon_as_it_is_seen() {
    let ahead = known(12 * 366 * 86_400, 7_200, 0);
    assert_eq!(decide(ahead, RefreshCause::Ahead, NOW), Step::Refresh { tries: 1 });
    // Clocks are set by minutes all the time; and what cannot be refreshed is used while it is taken.
    assert_eq!(decide(known(7_200 + 300, 7_200, 0), RefreshCause::Ahead, NOW), Step::Use);
    assert_eq!(decide(StoredToken { refreshable: false, ..ahead }, RefreshCause::Ahead, NOW), Step::Use);
    let born = Wall(NOW.0 + 86_400_000);
    let rejected = RefreshCause::Rejected { born_of_rejection: Some(born) };
    assert_eq!(decide(known(7_000, 7_200, 0), rejected, NOW), Step::Refresh { tries: 1 });
}

#[test]
fn a_rejection_refreshes_once() {
    let rejected = |born| RefreshCause::Rejected { born_of_rejection: born };
    let fresh = known(7000, 7200, 0);
    assert_eq!(decide(fresh, rejected(None), NOW), Step::Refresh { tries: 1 });
    assert_eq!(decide(fresh, rejected(Some(Wall(NOW.0 - 1000))), NOW), Step::NeedLogin(Why::Rejected));
    assert_eq!(decide(fresh, rejected(Some(Wall(NOW.0 - 301_000))), NOW), Step::Refresh { tries: 1 });
    // A short life ended on the way: that is no second rejection.
    assert_eq!(decide(known(0, 2, 0), rejected(Some(Wall(NOW.0 - 2000))), NOW), Step::Refresh { tries: 1 });
}

#[test]
fn the_words_come_back() {
    assert!(Why::ALL.into_iter().all(|why| Why::parse(why.name()) == why));
    assert_eq!(Why::parse("of a later version"), Why::Refused);
}

/// How one request for a new pair goes.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// The process dies: before the mark, after it, after the request was processed, after the pair was saved.
    DieBeforeMark,
    DieBeforeSending,
    DieBeforeSaving,
    DieAfterSaving,
    /// The answer is lost, and the server did or did not process it.
    LostUnprocessed,
    LostProcessed,
    /// No connection; a busy server.
    World,
    Well,
}

fn ways() -> impl Strategy<Value = Way> {
    prop_oneof![
        Just(Way::DieBeforeMark),
        Just(Way::DieBeforeSending),
        Just(Way::DieBeforeSaving),
        Just(Way::DieAfterSaving),
        Just(Way::LostUnprocessed),
        Just(Way::LostProcessed),
        Just(Way::World),
        Just(Way::Well),
    ]
}

/// What survives a crash, and the server. Tokens are numbers; the server knows which one is good.
#[derive(Default)]
struct Bench {
    token: u32,
    tries: u8,
    needed: Option<Why>,
    good: u32,
    next: u32,
    arrivals: HashMap<u32, u32>,
    /// Those of which the outcome was unknown when they were sent again.
    unknown: HashMap<u32, u32>,
}

impl Bench {
    /// The server processes a refresh token: single use.
    fn process(&mut self, token: u32) -> Option<u32> {
        *self.arrivals.entry(token).or_default() += 1;
        if token != self.good {
            return None;
        }
        self.next += 1;
        self.good = self.next;
        Some(self.next)
    }

    fn round(&mut self, way: Way) {
        let known = StoredToken { login_needed: self.needed, ..known(0, 7200, self.tries) };
        let tries = match decide(known, RefreshCause::Ahead, NOW) {
            Step::Use => panic!("it is due"),
            Step::NeedLogin(why) => {
                self.needed = Some(why);
                return;
            }
            Step::Refresh { tries } => tries,
        };
        if matches!(way, Way::DieBeforeMark) {
            return;
        }
        if tries > 1 {
            *self.unknown.entry(self.token).or_default() += 1;
        }
        self.tries = tries;
        let answer = match way {
            Way::DieBeforeMark | Way::DieBeforeSending => return,
            Way::DieBeforeSaving => {
                self.process(self.token);
                return;
            }
            Way::LostUnprocessed => Err(GrantError::Unsure(String::new())),
            Way::LostProcessed => {
                self.process(self.token);
                Err(GrantError::Unsure(String::new()))
            }
            Way::World => Err(GrantError::World(String::new())),
            Way::Well | Way::DieAfterSaving => {
                self.process(self.token).ok_or_else(|| GrantError::Refused(String::new()))
            }
        };
        match answer {
            Ok(pair) => (self.token, self.tries) = (pair, 0),
            Err(error) => match aftermath(&error, tries) {
                Aftermath::TakeBack | Aftermath::App => self.tries = tries - 1,
                Aftermath::OnceMore => {}
                Aftermath::NeedLogin(why) => self.needed = Some(why),
            },
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Wherever the process dies and whatever the network does: a refresh token is sent a second time only if nobody knows what
    /// became of the first, and never a third time. Either the account goes on, or it waits for a login and sends nothing.
    #[test]
    fn no_refresh_token_is_used_twice_but_for_the_one_retry(ways in proptest::collection::vec(ways(), 1..40)) {
        let mut bench = Bench::default();
        for way in ways {
            let before: u32 = bench.arrivals.values().sum();
            let waits = bench.needed;
            bench.round(way);
            if waits.is_some() {
                prop_assert_eq!(bench.arrivals.values().sum::<u32>(), before);
            }
        }
        for (token, arrivals) in &bench.arrivals {
            prop_assert!(*arrivals <= 2, "token {token} arrived {arrivals} times");
            if *arrivals == 2 {
                prop_assert!(bench.unknown.contains_key(token), "token {token}");
            }
        }
        prop_assert!(bench.unknown.values().all(|times| *times <= 40));
        prop_assert!(bench.needed.is_some() || bench.token == bench.good || bench.tries > 0);
    }

    /// One crash costs no login unless it fell between the platform's answer and our writing it down.
    #[test]
    fn a_crash_that_used_nothing_up_costs_nothing(dies in prop_oneof![
        Just(Way::DieBeforeMark), Just(Way::DieBeforeSending), Just(Way::DieAfterSaving), Just(Way::LostUnprocessed), Just(Way::World)
    ]) {
        let mut bench = Bench::default();
        bench.round(dies);
        bench.round(Way::Well);
        prop_assert_eq!(bench.needed, None);
        prop_assert_eq!((bench.token, bench.tries), (bench.good, 0));
    }
}
