//! What answers tell of a platform's window is kept to. The platform's windows are fixed, as X's and Mastodon's are, and somebody else spends from
//! them too. The laws: once an answer has told of all that was spent in a window, none of ours is refused in it; and where nobody else spends,
//! nothing is held back.

use cleanup::domain::{Action, Rate, RateFacts, Tick, Wall, WindowSpec};
use cleanup::limits::{ALONE, Answered, Limiter, ObservedAnswer, Pace, Reservation, Values, Wait};

use crate::common::tries::{of_forms, tried, try_each};
use crate::limits::world::only;

/// By the platform's own clock, which is ahead of the ticks by so much.
const EPOCH: i64 = 1_800_000_000_000;
const SECOND: i64 = 1_000;
const WINDOWS: i64 = 6;

/// A platform's fixed windows: how much of the present one is spent, and when others spent of it last.
struct Platform {
    rate: Rate,
    /// Where windows begin, in milliseconds.
    phase: i64,
    window: i64,
    spent: u32,
    others_last: i64,
}

impl Platform {
    fn turn_to(&mut self, now: i64) {
        let window = self.window_at(now);
        if window != self.window {
            (self.window, self.spent, self.others_last) = (window, 0, i64::MIN);
        }
    }

    fn window_at(&self, now: i64) -> i64 {
        (now - self.phase).div_euclid(self.length())
    }

    fn reset(&self) -> i64 {
        self.phase + (self.window + 1) * self.length()
    }

    fn length(&self) -> i64 {
        i64::try_from(self.rate.window().as_millis()).unwrap()
    }

    fn spend_for_others(&mut self, now: i64, n: u32) {
        self.turn_to(now);
        self.spent = (self.spent + n).min(self.rate.limit());
        self.others_last = now;
    }

    /// Whether a request that arrives now is served, and what the answer says.
    fn answer(&mut self, now: i64) -> (bool, RateFacts) {
        self.turn_to(now);
        let is_served = self.spent < self.rate.limit();
        self.spent += u32::from(is_served);
        let whole = |millis: i64| Wall(EPOCH + millis.div_euclid(SECOND) * SECOND);
        let facts = RateFacts {
            limit: Some(self.rate.limit()),
            remaining: Some(self.rate.limit() - self.spent),
            reset: Some(whole(self.reset())),
            date: Some(whole(now)),
            ..RateFacts::default()
        };
        (is_served, facts)
    }
}

struct InFlight {
    reserved: i64,
    arrives: i64,
    back: i64,
    said: Option<(bool, RateFacts)>,
}

/// An account that is never out of work, and its platform.
struct World {
    dice: fastrand::Rng,
    limiter: Limiter,
    platform: Platform,
    now: i64,
    in_flight: Vec<InFlight>,
    /// The slowest way there, and back.
    slowest: i64,
    may_send_from: i64,
    /// When others spend, the next on top.
    others: Vec<i64>,
    /// When slots of ours free.
    frees: Vec<i64>,
    /// The newest arrival of which an answer was heard.
    newest: i64,
    /// An answer told of all that was spent when it was written: the window, and when it was heard.
    told: Option<(i64, i64)>,
}

impl World {
    fn of(seed: u64, others_spend: bool) -> World {
        let mut dice = fastrand::Rng::with_seed(seed);
        let rates = [WindowSpec::DEFAULT, Rate::fixed(300, 300), Rate::fixed(15, 900), Rate::fixed(30, 1_800)];
        let rate = rates[dice.usize(..rates.len())];
        let pace = if dice.bool() { Pace::Even } else { Pace::FrontLoad };
        let length = i64::try_from(rate.window().as_millis()).unwrap();
        let phase = -dice.i64(0..length / SECOND) * SECOND;
        let times = if others_spend { dice.usize(1..40) } else { 0 };
        let mut others: Vec<i64> = (0..times).map(|_| dice.i64(0..length * WINDOWS)).collect();
        others.sort_unstable_by_key(|at| std::cmp::Reverse(*at));
        World {
            limiter: Limiter::new(&only(rate), pace, Tick(0)),
            platform: Platform { rate, phase, window: i64::MIN, spent: 0, others_last: i64::MIN },
            now: 0,
            in_flight: Vec::new(),
            slowest: dice.i64(20..3_000),
            may_send_from: 0,
            others,
            frees: Vec::new(),
            newest: i64::MIN,
            told: None,
            dice,
        }
    }

    /// Until so many windows are over; nothing may be held back where nobody else spends.
    fn live(mut self, others_spend: bool) {
        while self.now < self.platform.length() * WINDOWS {
            let mut next = self.now + SECOND;
            if self.now >= self.may_send_from {
                match self.limiter.reserve(Action::Unfollow, self.dice.u32(1..65), Tick(self.now), ALONE) {
                    Reservation::Granted(n) => self.send(n),
                    Reservation::Wait { why: Wait::Allowance | Wait::Hold(_), .. } if !others_spend => {
                        panic!("nobody else spends, and something is held back at {}", self.now);
                    }
                    Reservation::Wait { until: Some(until), .. } => next = until.0.min(self.now + 5 * SECOND),
                    Reservation::Wait { until: None, .. } => {}
                }
            }
            // Work comes in bursts, so that slots free in bursts.
            if self.dice.u8(..20) == 0 {
                self.may_send_from = self.now + self.dice.i64(0..self.platform.length() / 2);
            }
            let on_its_way = self.in_flight.iter().map(|one| if one.said.is_none() { one.arrives } else { one.back });
            let soonest = on_its_way.chain(self.others.last().copied()).min();
            self.now = next.min(soonest.unwrap_or(next)).max(self.now + 1);
            while self.others.pop_if(|at| *at <= self.now).is_some() {
                self.platform.spend_for_others(self.now, self.dice.u32(1..=self.platform.rate.limit() / 3));
            }
            self.arrive();
            self.hear();
        }
    }

    fn send(&mut self, n: u32) {
        for _ in 0..n {
            let arrives = self.now + self.dice.i64(1..=self.slowest);
            let back = arrives + self.dice.i64(1..=self.slowest);
            self.in_flight.push(InFlight { reserved: self.now, arrives, back, said: None });
        }
    }

    fn arrive(&mut self) {
        let (now, slowest, told) = (self.now, self.slowest, self.told);
        for one in self.in_flight.iter_mut().filter(|one| one.said.is_none() && one.arrives <= now) {
            let (is_served, facts) = self.platform.answer(now);
            // In the seconds before the reset slots free of which nobody can say on which side they are.
            let is_near_the_reset = self.platform.reset() - now < 2 * (slowest + SECOND);
            let knew = told.is_some_and(|(window, at)| {
                window == self.platform.window && one.reserved >= at && at >= self.platform.others_last
            });
            assert!(is_served || is_near_the_reset || !knew, "refused at {now}, and all that was spent had been told");
            (one.said, one.arrives) = (Some((is_served, facts)), now);
        }
    }

    fn hear(&mut self) {
        let now = self.now;
        for one in self.in_flight.extract_if(.., |one| one.said.is_some() && one.back <= now).collect::<Vec<_>>() {
            let Some((is_served, facts)) = one.said else { continue };
            self.limiter.ended(Action::Unfollow, Tick(now));
            let answered = if is_served { Answered::Served } else { Answered::Limited };
            let reserved = Tick(one.reserved);
            let answer = ObservedAnswer { action: Action::Unfollow, reserved, answered, facts };
            self.limiter.observe(&answer, Tick(now));
            // One that a slot of ours overtook cannot be compared.
            let is_overtaken = self.frees.iter().any(|at| (one.reserved + 1..=now).contains(at));
            let window = self.platform.window_at(one.arrives);
            let is_of_this_window = window == self.platform.window_at(now);
            let is_newest = one.arrives >= self.newest.max(self.platform.others_last);
            self.newest = self.newest.max(one.arrives);
            if self.in_flight.is_empty() && is_newest && is_of_this_window && !is_overtaken {
                self.told = Some((window, now));
            }
            let margin = i64::try_from(Values::margin(self.platform.rate.window()).as_millis()).unwrap();
            self.frees.push(now + self.platform.length() + margin);
        }
    }
}

#[test]
fn what_is_told_of_a_window_is_kept_to() {
    let worlds = try_each(of_forms(300, 20_000), 2, |seed| World::of(seed, true).live(true));
    tried("somebody else spends from a fixed window, simulated", worlds);
}

#[test]
fn where_nobody_else_spends_nothing_is_held_back() {
    let worlds = try_each(of_forms(300, 20_000), 2, |seed| World::of(seed, false).live(false));
    tried("nobody else spends from a fixed window, simulated", worlds);
}
