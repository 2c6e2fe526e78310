//! Two ways to count: a platform's fixed window, which is what the sandbox enforces, and the exact sliding maximum, which is what a
//! judge asks for.

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::{Moment, Rate, Tick, Wall};

/// The most arrivals that any closed window of one length has held, kept as they come.
///
/// Arrivals of the same millisecond share an entry, so memory is bounded by the window's milliseconds and not by the
/// traffic. A tick is cut to the millisecond, which can only count a pair as closer than it was, never as farther apart.
#[derive(Debug)]
pub(super) struct SlidingPeak {
    window_ms: i64,
    runs: VecDeque<(Tick, u32)>,
    inside: u64,
    peak: u64,
}

impl SlidingPeak {
    pub(super) fn new(window: Duration) -> SlidingPeak {
        let window_ms = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
        SlidingPeak { window_ms, runs: VecDeque::new(), inside: 0, peak: 0 }
    }

    /// Counts an arrival. Arrivals come in order; one that seems earlier than the last is counted with the last.
    pub(super) fn arrive(&mut self, tick: Tick) {
        match self.runs.back_mut() {
            Some((last, count)) if *last >= tick => *count = count.saturating_add(1),
            _ => self.runs.push_back((tick, 1)),
        }
        self.inside += 1;
        // Closed at both ends: what arrived exactly one window ago still counts.
        let oldest = tick.0.saturating_sub(self.window_ms);
        while let Some((_, count)) = self.runs.pop_front_if(|(first, _)| first.0 < oldest) {
            self.inside -= u64::from(count);
        }
        self.peak = self.peak.max(self.inside);
    }

    /// The most so far.
    pub(super) fn peak(&self) -> u64 {
        self.peak
    }
}

/// A window whose reset does not move. X's begins at the first request and lasts its length; Mastodon's begin and end with the clock's,
/// so that the first one may be short, and two may be filled one right behind the other.
#[derive(Debug)]
pub(super) struct FixedWindow {
    rate: Rate,
    is_aligned: bool,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Tick,
    reset: Wall,
    used: u32,
}

/// What the headers say of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct WindowState {
    /// Requests a window holds.
    pub(super) limit: u32,
    /// Requests left in this one.
    pub(super) remaining: u32,
    /// When it ends, in epoch seconds, rounded up so that nobody who believes it comes early.
    pub(super) reset_seconds: i64,
    /// How long such a window is.
    pub(super) length: Duration,
}

/// The window with the fewest requests left, the first of several.
pub(super) fn tightest(windows: impl IntoIterator<Item = WindowState>) -> Option<WindowState> {
    windows.into_iter().min_by_key(|window| window.remaining)
}

impl FixedWindow {
    pub(super) fn new(rate: Rate) -> FixedWindow {
        FixedWindow { rate, is_aligned: false, open: None }
    }

    /// One that ends when the clock says a multiple of its length.
    pub(super) fn aligned(rate: Rate) -> FixedWindow {
        FixedWindow { is_aligned: true, ..FixedWindow::new(rate) }
    }

    pub(super) fn rate(&self) -> Rate {
        self.rate
    }

    /// From now on it holds so many, the open one included.
    pub(super) fn set_rate(&mut self, rate: Rate) {
        self.rate = rate;
    }

    /// How long a window lasts that opens now.
    fn length(&self, now: Moment) -> Duration {
        let window = self.rate.window();
        let ms = i64::try_from(window.as_millis()).unwrap_or(i64::MAX).max(1);
        let over = u64::try_from(now.wall.0.rem_euclid(ms)).unwrap_or(0);
        if self.is_aligned { window.saturating_sub(Duration::from_millis(over)) } else { window }
    }

    /// Whether a request now would be let in.
    pub(super) fn has_room(&self, now: Moment) -> bool {
        self.has_room_for(now, 1)
    }

    /// The same of a request that takes so many places.
    pub(super) fn has_room_for(&self, now: Moment, places: u32) -> bool {
        self.current(now).map_or(0, |open| open.used).saturating_add(places) <= self.rate.limit()
    }

    /// Takes one place, opening a window where none is open. Past the limit it only stays full.
    pub(super) fn take(&mut self, now: Moment) {
        self.take_many(now, 1);
    }

    /// Takes so many places.
    pub(super) fn take_many(&mut self, now: Moment, places: u32) {
        if self.current(now).is_none() {
            let window = self.length(now);
            self.open = Some(Open { until: now.tick.after(window), reset: now.wall.after(window), used: 0 });
        }
        if let Some(open) = &mut self.open {
            open.used = open.used.saturating_add(places);
        }
    }

    /// How the window stands. Where none is open: as it would stand if one began now.
    pub(super) fn standing(&self, now: Moment) -> WindowState {
        let limit = self.rate.limit();
        let (used, reset) = match self.current(now) {
            Some(open) => (open.used, open.reset),
            None => (0, now.wall.after(self.length(now))),
        };
        let length = self.rate.window();
        WindowState { limit, remaining: limit.saturating_sub(used), reset_seconds: ceil_seconds(reset), length }
    }

    fn current(&self, now: Moment) -> Option<&Open> {
        self.open.as_ref().filter(|open| now.tick < open.until)
    }
}

fn ceil_seconds(wall: Wall) -> i64 {
    wall.0.div_euclid(1000) + i64::from(wall.0.rem_euclid(1000) != 0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    fn at(ms: i64) -> Moment {
        Moment { tick: Tick(ms), wall: Wall(1_700_000_000_000 + ms) }
    }

    fn brute_force(arrivals: &[i64], window_ms: i64) -> u64 {
        let from = |start: i64| arrivals.iter().filter(|&&t| t >= start && t <= start + window_ms).count() as u64;
        arrivals.iter().map(|&start| from(start)).max().unwrap_or(0)
    }

    proptest! {
        #[test]
        fn the_sliding_maximum_is_what_counting_every_window_gives(
            gaps in proptest::collection::vec(prop_oneof![0_i64..3, 0_i64..400, Just(1000_i64), 900_i64..1100], 0..200),
        ) {
            let mut peak = SlidingPeak::new(Duration::from_millis(1000));
            let mut arrivals = Vec::new();
            let mut tick = -500;
            for gap in gaps {
                tick += gap;
                arrivals.push(tick);
                peak.arrive(Tick(tick));
                prop_assert_eq!(peak.peak(), brute_force(&arrivals, 1000));
            }
        }

        #[test]
        fn a_fixed_window_lets_in_its_limit_and_does_not_move(
            gaps in proptest::collection::vec(0_i64..700, 1..200), limit in 1_u32..6,
        ) {
            let mut window = FixedWindow::new(format!("{limit}/2s").parse().unwrap());
            let (mut tick, mut began, mut admitted) = (0, None, 0);
            for gap in gaps {
                tick += gap;
                let start = *began.get_or_insert(tick);
                if tick >= start + 2000 {
                    (began, admitted) = (Some(tick), 0);
                }
                let start = began.unwrap_or(tick);
                prop_assert_eq!(window.has_room(at(tick)), admitted < limit);
                if window.has_room(at(tick)) {
                    window.take(at(tick));
                    admitted += 1;
                }
                let standing = window.standing(at(tick));
                prop_assert_eq!(standing.remaining, limit - admitted);
                prop_assert_eq!(standing.reset_seconds, (1_700_000_000_000 + start + 2000 + 999) / 1000);
            }
        }
    }

    #[test]
    fn an_aligned_window_ends_with_the_clocks() {
        let mut window = FixedWindow::aligned("2/30s".parse().unwrap());
        // 1,700,000,000 s are 20 s into such a window.
        for ms in [9_000, 9_999] {
            assert!(window.has_room(at(ms)));
            window.take(at(ms));
        }
        assert!(!window.has_room(at(9_999)));
        assert_eq!(window.standing(at(9_999)).reset_seconds, 1_700_000_010);
        assert!(window.has_room(at(10_000)), "two windows lie back to back");
        window.take(at(10_000));
        assert_eq!(window.standing(at(10_000)).reset_seconds, 1_700_000_040);
    }

    #[test]
    fn a_window_is_closed_at_both_ends() {
        let mut peak = SlidingPeak::new(Duration::from_millis(1000));
        peak.arrive(Tick(0));
        peak.arrive(Tick(1000));
        assert_eq!(peak.peak(), 2);
        let mut peak = SlidingPeak::new(Duration::from_millis(1000));
        peak.arrive(Tick(0));
        peak.arrive(Tick(1001));
        assert_eq!(peak.peak(), 1);
    }

    #[test]
    fn the_sliding_maximum_costs_entries_by_the_millisecond() {
        let mut peak = SlidingPeak::new(Duration::from_millis(1000));
        for i in 0..100_000 {
            peak.arrive(Tick(i / 20));
        }
        assert_eq!(peak.peak(), 20 * 1001);
        assert!(peak.runs.len() <= 1001);
    }
}
