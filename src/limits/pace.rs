//! The pace: governor spreads an account's requests over its window. It shapes the traffic and authorises nothing.
//!
//! In: a rate, how it is to be spread, the time. Out: how many may go now, or when the next one may.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use crate::domain::{Rate, Tick};

/// How an account's requests are spread over its window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// Evenly: one each `window / limit`.
    #[default]
    Even,
    /// As fast as answers come, until the window is full.
    FrontLoad,
}

const NANOS_PER_MILLI: u64 = 1_000_000;

/// The last tick that was told. Governor wants to ask a clock; ours is told the time, so that a reservation is judged by one
/// single tick and tests decide it.
#[derive(Debug)]
struct ToldClock(AtomicU64);

impl Clock for ToldClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::new(self.0.load(Ordering::Relaxed).saturating_mul(NANOS_PER_MILLI))
    }
}

/// The pace of one account, or of one action of it.
#[derive(Debug)]
pub struct Pacer {
    cells: RateLimiter<NotKeyed, InMemoryState, ToldClock, NoOpMiddleware<Nanos>>,
    /// Cells taken and given back: governor has no way to refund.
    credit: u32,
}

impl Pacer {
    /// Few enough not to be a burst, enough that a late turn does not lose its place.
    pub const EVEN_BURST: u32 = 3;
    /// A turn of the dispatcher: fast rates must be able to spend what gathers during one.
    const TURN: Duration = Duration::from_millis(100);

    /// A pace for `rate`, beginning at `now` with its burst unspent.
    pub fn new(rate: Rate, pace: Pace, now: Tick) -> Pacer {
        let period = rate.window() / rate.limit();
        let burst = match pace {
            Pace::FrontLoad => rate.limit(),
            Pace::Even => {
                let in_a_turn = Pacer::TURN.as_nanos() / period.as_nanos().max(1);
                Pacer::EVEN_BURST.max(u32::try_from(in_a_turn).unwrap_or(u32::MAX)).min(rate.limit())
            }
        };
        let every_second = Quota::per_second(NonZeroU32::MIN);
        let quota = Quota::with_period(period).unwrap_or(every_second);
        let quota = quota.allow_burst(NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN));
        Pacer { cells: RateLimiter::direct_with_clock(quota, ToldClock(AtomicU64::new(millis(now)))), credit: 0 }
    }

    /// Takes up to `want` cells: how many, at least one, or when the next one comes.
    pub fn take(&mut self, want: u32, now: Tick) -> Result<u32, Tick> {
        self.cells.clock().0.store(millis(now), Ordering::Relaxed);
        let mut taken = self.credit.min(want);
        self.credit -= taken;
        while taken < want {
            if let Err(not_until) = self.cells.check() {
                return if taken > 0 { Ok(taken) } else { Err(tick(not_until.earliest_possible())) };
            }
            taken += 1;
        }
        Ok(taken)
    }

    /// When the next cell comes: `now` if there is one.
    pub fn next(&mut self, now: Tick) -> Tick {
        match self.take(1, now) {
            Ok(_) => {
                self.credit += 1;
                now
            }
            Err(next) => next,
        }
    }

    /// Gives back `n` cells that were taken and not used.
    pub fn give_back(&mut self, n: u32) {
        self.credit = self.credit.saturating_add(n);
    }
}

fn millis(tick: Tick) -> u64 {
    u64::try_from(tick.0).unwrap_or(0)
}

/// The first tick at or after an instant: a cell is never asked for a fraction of a millisecond too soon.
fn tick(instant: Nanos) -> Tick {
    let nanos = instant.duration_since(Nanos::new(0)).as_u64();
    Tick(i64::try_from(nanos.div_ceil(NANOS_PER_MILLI)).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_lets_three_go_and_then_one_every_18_seconds() {
        let mut pacer = Pacer::new(Rate::fixed(50, 900), Pace::Even, Tick(7));
        assert_eq!(pacer.take(50, Tick(7)), Ok(3));
        assert_eq!(pacer.take(50, Tick(7)), Err(Tick(18_007)));
        assert_eq!(pacer.next(Tick(18_006)), Tick(18_007));
        assert_eq!(pacer.next(Tick(18_007)), Tick(18_007), "looking does not take");
        assert_eq!(pacer.take(50, Tick(18_007)), Ok(1));
        assert_eq!(pacer.take(50, Tick(90_007)), Ok(3), "no more than the burst gathers");
    }

    #[test]
    fn front_load_lets_the_whole_window_go() {
        let mut pacer = Pacer::new(Rate::fixed(50, 900), Pace::FrontLoad, Tick(0));
        assert_eq!(pacer.take(64, Tick(0)), Ok(50));
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let mut pacer = Pacer::new(Rate::fixed(50, 900), Pace::Even, Tick(0));
        assert_eq!(pacer.take(3, Tick(0)), Ok(3));
        pacer.give_back(2);
        assert_eq!(pacer.take(5, Tick(0)), Ok(2));
        assert!(pacer.take(1, Tick(0)).is_err());
    }

    #[test]
    fn odd_periods_do_not_drift_and_fast_rates_are_not_held_to_the_millisecond() {
        let mut pacer = Pacer::new(Rate::fixed(7, 1), Pace::Even, Tick(0));
        let (mut now, mut taken) = (Tick(0), 0);
        while now < Tick(100_000) {
            match pacer.take(1, now) {
                Ok(n) => taken += n,
                Err(next) => now = next,
            }
        }
        assert_eq!(taken, 3 + 7 * 100 - 1, "the burst, and seven a second, the last of which falls on the end");
        let mut fast = Pacer::new(Rate::fixed(Rate::MAX_LIMIT, 1), Pace::Even, Tick(0));
        assert_eq!(fast.take(Rate::MAX_LIMIT, Tick(0)), Ok(100_000));
    }
}
