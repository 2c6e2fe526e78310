//! One window: an exact sliding log of the slots that count.
//!
//! A slot counts while its request is in flight, and then until `upper + window + margin`, where `upper` is the latest tick
//! at which the platform can have counted the request. Proof that this is exact at the platform and not only here: for a
//! request reserved at `r`, every earlier slot that no longer counts has `upper + window + margin <= r`. So the platform
//! counted it more than `window` before it can count the new one, and no window, wherever it begins, holds both. At most
//! `limit - 1` earlier ones still count, so with the new one no window holds more than `limit`.
//!
//! In: reservations, ends, the time. Out: free slots, and when the next one frees. What does not belong here: which requests
//! a window applies to ([`super::Windows`]).

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use super::Values;
use crate::domain::{Rate, Tick};

/// The sliding log of one window.
///
/// Slots in flight are a number; an ended slot is four bytes: milliseconds from `base`, which reach 49 days, while live
/// slots lie within 31 days and some minutes. 50 slots take 256 bytes (8-byte ticks would take 512), so 100,000 accounts
/// 26 MB, and a window of 1,000,000 slots 4 MB. A heap and not a sorted queue: ends come in nearly the order they free in,
/// which a heap takes in one step, and a storm of unseen ends mixed with answers stays at `log n` a slot.
#[derive(Debug)]
pub struct Window {
    limit: u32,
    in_flight: u32,
    /// Window and margin, in milliseconds.
    counts_for: Duration,
    base: Tick,
    /// When ended slots stop counting, the earliest on top.
    ended: BinaryHeap<Reverse<u32>>,
    last_freed: Tick,
}

impl Window {
    const A_DAY_MILLIS: i64 = 86_400_000;

    /// An empty window.
    pub fn new(rate: Rate) -> Window {
        Window {
            limit: rate.limit(),
            in_flight: 0,
            counts_for: rate.window() + Values::margin(rate.window()),
            base: Tick(i64::MIN),
            ended: BinaryHeap::new(),
            last_freed: Tick(i64::MIN),
        }
    }

    /// How many slots are free.
    pub fn free(&mut self, now: Tick) -> u32 {
        self.limit.saturating_sub(self.used(now))
    }

    /// How many slots count: in flight, and ended but not yet forgotten. Above the limit only where a record made under a
    /// higher limit was restored.
    pub fn used(&mut self, now: Tick) -> u32 {
        self.forget(now);
        self.in_flight.saturating_add(u32::try_from(self.ended.len()).unwrap_or(u32::MAX))
    }

    /// How many requests there is room for from now to a later tick, if what is in flight ends only then. Beyond this window's own length, which
    /// passes as a whole, only what is free now.
    pub fn room_until(&mut self, now: Tick, later: Tick) -> u32 {
        let free = self.free(now);
        if later.since(now) >= self.counts_for {
            return free;
        }
        let freed = self.ended.iter().filter(|Reverse(offset)| tick(self.base, *offset) <= later).count();
        free.saturating_add(u32::try_from(freed).unwrap_or(u32::MAX)).min(self.limit)
    }

    /// How many of them are in flight.
    pub fn in_flight(&self) -> u32 {
        self.in_flight
    }

    /// When the next slot frees, as far as one can know: now if one is free, none while all are in flight. An answer in the
    /// meantime can make it sooner, so ask again after each.
    pub fn next_free(&mut self, now: Tick) -> Option<Tick> {
        if self.free(now) > 0 {
            return Some(now);
        }
        // Where a record above the limit was restored several must go first; asking again then is cheap and rare.
        self.ended.peek().map(|Reverse(offset)| tick(self.base, *offset))
    }

    /// When a slot last stopped counting. What the platform says of a request reserved before that cannot be compared with
    /// what is free now.
    pub fn last_freed(&mut self, now: Tick) -> Tick {
        self.forget(now);
        self.last_freed
    }

    /// Takes `n` slots. The caller has asked [`Window::free`] at the same tick.
    pub fn reserve(&mut self, n: u32) {
        self.in_flight = self.in_flight.saturating_add(n);
    }

    /// Gives back `n` slots whose reservation was never committed, so that no request can have left.
    pub fn give_back(&mut self, n: u32) {
        self.in_flight = self.in_flight.saturating_sub(n);
    }

    /// A request in flight has ended; the platform counted it at `upper` at the latest.
    pub fn ended(&mut self, upper: Tick) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.restore(upper);
    }

    /// A slot of an earlier process, on this boot's ticks.
    pub fn restore(&mut self, upper: Tick) {
        let until = upper.after(self.counts_for);
        let offset = self.offset(until);
        self.ended.push(Reverse(offset));
    }

    /// Nobody knows what was sent until `upper`: it may have been all that the window holds, in its last moment. Slots that are known fill it only where
    /// they count for as long.
    pub fn fill(&mut self, upper: Tick) {
        let until = upper.after(self.counts_for);
        let as_long = self.ended.iter().filter(|Reverse(offset)| tick(self.base, *offset) >= until).count();
        let known = self.in_flight as usize + as_long;
        (known..self.limit as usize).for_each(|_| self.restore(upper));
    }

    /// The machine was suspended from `asleep_from` on (or from later) and is awake. What a closed socket had left to send
    /// was asleep too: every ended slot whose upper had not passed can be counted until `upper` at least. Seen ends have passed by
    /// nature, so these are the unseen ones.
    pub fn extend_after_suspend(&mut self, asleep_from: Tick, upper: Tick) {
        let (doubtful, until) = (asleep_from.after(self.counts_for), upper.after(self.counts_for));
        let slots: Vec<Tick> = self.ended.drain().map(|Reverse(offset)| tick(self.base, offset)).collect();
        for slot in slots {
            let offset = self.offset(if slot > doubtful { slot.max(until) } else { slot });
            self.ended.push(Reverse(offset));
        }
    }

    fn forget(&mut self, now: Tick) {
        while let Some(Reverse(offset)) = self.ended.peek() {
            let until = tick(self.base, *offset);
            if until > now {
                return;
            }
            self.ended.pop();
            self.last_freed = self.last_freed.max(until);
        }
    }

    fn offset(&mut self, until: Tick) -> u32 {
        match u32::try_from(until.0.saturating_sub(self.base.0)) {
            Ok(offset) => offset,
            Err(_) => self.rebase(until),
        }
    }

    /// Moves the base so that `until` fits, a day below the oldest slot so that older ones to come rarely move it again. A
    /// slot that would fall below it is over for weeks and is put at the base, which never frees it too soon.
    fn rebase(&mut self, until: Tick) -> u32 {
        let ticks: Vec<i64> = self.ended.iter().map(|Reverse(offset)| tick(self.base, *offset).0).collect();
        let (oldest, newest) =
            ticks.iter().fold((until.0, until.0), |(oldest, newest), tick| (oldest.min(*tick), newest.max(*tick)));
        self.base = Tick(oldest.saturating_sub(Window::A_DAY_MILLIS).max(newest.saturating_sub(i64::from(u32::MAX))));
        let base = self.base.0;
        let offset = |tick: i64| u32::try_from(tick.saturating_sub(base).max(0)).unwrap_or(u32::MAX);
        self.ended = ticks.into_iter().map(|tick| Reverse(offset(tick))).collect();
        offset(until.0)
    }
}

fn tick(base: Tick, offset: u32) -> Tick {
    Tick(base.0.saturating_add(i64::from(offset)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window(limit: u32, seconds: u64) -> Window {
        Window::new(Rate::fixed(limit, seconds))
    }

    #[test]
    fn a_slot_counts_in_flight_and_then_for_a_window_and_its_margin() {
        let mut window = window(2, 900);
        window.reserve(2);
        assert_eq!((window.free(Tick(0)), window.next_free(Tick(0))), (0, None), "all are in flight");
        window.ended(Tick(500));
        assert_eq!(window.next_free(Tick(500)), Some(Tick(901_400)));
        assert_eq!(window.free(Tick(901_399)), 0);
        assert_eq!(window.free(Tick(901_400)), 1);
        assert_eq!(window.last_freed(Tick(901_400)), Tick(901_400));
        window.give_back(1);
        assert_eq!(window.free(Tick(901_400)), 2);
    }

    #[test]
    fn what_frees_until_a_later_tick_is_room_until_then() {
        let mut window = window(5, 900);
        window.reserve(4);
        [1_000, 2_000, 3_000].into_iter().for_each(|upper| window.ended(Tick(upper)));
        let now = Tick(300_000);
        let room =
            [900_900, 901_900, 902_900, 903_900, 1_200_899, 1_200_900].map(|later| window.room_until(now, Tick(later)));
        assert_eq!(room, [1, 2, 3, 4, 4, 1]);
    }

    #[test]
    fn an_unseen_end_frees_later_than_answers_that_come_after_it() {
        let mut window = window(2, 900);
        window.reserve(2);
        window.ended(Tick(150_000));
        window.ended(Tick(1_000));
        assert_eq!(window.next_free(Tick(1_000)), Some(Tick(901_900)));
        assert_eq!(window.used(Tick(901_900)), 1);
    }

    #[test]
    fn after_a_sleep_unseen_ends_count_anew_and_seen_ones_do_not() {
        let mut window = window(3, 900);
        for upper in [10_000, 11_000, 150_000] {
            window.restore(Tick(upper));
        }
        window.extend_after_suspend(Tick(20_000), Tick(3_720_000));
        assert_eq!(window.used(Tick(3_600_000)), 1);
        assert_eq!(window.next_free(Tick(3_600_000)), Some(Tick(3_600_000)));
        assert_eq!((window.used(Tick(4_620_899)), window.used(Tick(4_620_900))), (1, 0));
    }

    #[test]
    fn a_lowered_limit_leaves_nothing_free_until_enough_slots_are_over() {
        let mut window = window(1, 1);
        for upper in 0..3 {
            window.restore(Tick(upper));
        }
        assert_eq!((window.free(Tick(500)), window.used(Tick(500))), (0, 3));
        assert_eq!(window.free(Tick(1_021)), 0);
        assert_eq!(window.free(Tick(1_022)), 1);
    }

    #[test]
    fn a_million_slots_in_any_order_are_no_burden() {
        for descending in [false, true] {
            let mut window = window(Rate::MAX_LIMIT, 31 * 86_400);
            let millis = i64::from(Rate::MAX_LIMIT);
            for i in 0..millis {
                window.restore(Tick((if descending { millis - i } else { i }) * 2_600));
            }
            assert_eq!(window.free(Tick(0)), 0);
            assert_eq!(window.free(Tick(millis * 2_600 + 32 * Window::A_DAY_MILLIS)), Rate::MAX_LIMIT);
        }
    }

    #[test]
    fn fifty_slots_of_an_account_take_256_bytes_beside_a_small_head() {
        let mut window = window(50, 900);
        (0..50).for_each(|upper| window.restore(Tick(upper)));
        assert!(window.ended.capacity() * size_of::<u32>() <= 256 && size_of::<Window>() <= 80);
    }

    proptest! {
        /// Whatever is on record: where nobody knows what was sent until then, nothing is free for a whole window, and something is behind it.
        #[test]
        fn a_window_that_is_filled_is_full_for_its_whole_length(
            known in prop::collection::vec(-2_000_000_i64..0, 0..12),
            in_flight in 0_u32..3,
        ) {
            let mut window = window(5, 900);
            known.iter().for_each(|upper| window.restore(Tick(*upper)));
            window.reserve(in_flight);
            window.fill(Tick(0));
            let until = Tick(0).after(window.counts_for);
            for now in [0, 1, until.0 / 2, until.0 - 1] {
                prop_assert_eq!(window.free(Tick(now)), 0, "at {}", now);
            }
            prop_assert_eq!(window.free(until), 5 - in_flight);
        }

        /// Against the plainest log there is: a list of ticks, counted anew each time.
        #[test]
        fn counts_like_a_plain_list(
            steps in prop::collection::vec((0_i64..3_000_000_000, -200_000_i64..200_000, any::<bool>()), 1..60),
            seconds in prop::sample::select(vec![1_u64, 15, 900, 86_400, 31 * 86_400]),
        ) {
            let mut window = window(1_000, seconds);
            let (mut plain, mut now) = (Vec::new(), 0_i64);
            for (pass, shift, little) in steps {
                now += if little { pass / 100_000 } else { pass };
                window.reserve(1);
                window.ended(Tick(now + shift));
                plain.push(Tick(now + shift).after(window.counts_for));
                let counting = plain.iter().filter(|until| **until > Tick(now)).count();
                prop_assert_eq!(window.used(Tick(now)) as usize, counting);
                let next = plain.iter().filter(|until| **until > Tick(now)).min().copied();
                prop_assert_eq!(window.ended.peek().map(|Reverse(offset)| tick(window.base, *offset)), next);
            }
        }
    }
}
