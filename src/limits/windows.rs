//! The windows of one account, or those that accounts of an app or at a host share: a request takes a slot in every one that applies.
//!
//! In: window specs, actions, the time. Out: how many requests of an action all its windows have room for.

use super::Window;
use crate::domain::{Action, Scope, Tick, WindowSpec};

/// Several windows asked as one.
#[derive(Debug)]
pub struct Windows {
    windows: Vec<(WindowSpec, Window)>,
}

/// The windows that an account shares: with others of its app, with others at its host.
pub type SharedWindows<'a> = [Option<&'a mut Windows>; 2];

/// Nothing is shared.
pub const ALONE: SharedWindows<'static> = [None, None];

/// Which window has no room, and until when as far as one can know (none: an answer must come first).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// The window; of several the one that frees last.
    pub spec: WindowSpec,
    /// When it has room again.
    pub until: Option<Tick>,
}

/// What a window looks like to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowUsage {
    /// The window.
    pub spec: WindowSpec,
    /// Slots that count now.
    pub used: u32,
    /// When a slot is free: now, a later tick, or none while every slot is in flight.
    pub next_slot: Option<Tick>,
}

impl Windows {
    /// The windows of `specs` that have the scope: an account's own, or those that several share.
    pub fn new(specs: &[WindowSpec], scope: Scope) -> Windows {
        let own = specs.iter().filter(|spec| spec.scope == scope);
        Windows { windows: own.map(|spec| (*spec, Window::new(spec.rate))).collect() }
    }

    /// How many requests of `action` every window has room for (no window: no bound).
    pub fn free(&mut self, action: Action, now: Tick) -> Result<u32, Blocked> {
        let mut least = u32::MAX;
        let mut blocked: Option<Blocked> = None;
        for (spec, window) in self.applying(action) {
            let free = window.free(now);
            least = least.min(free);
            if free > 0 {
                continue;
            }
            let until = window.next_free(now);
            // No tick is later than any.
            let last = |until: Option<Tick>| until.unwrap_or(Tick(i64::MAX));
            if blocked.is_none_or(|other| last(until) > last(other.until)) {
                blocked = Some(Blocked { spec: *spec, until });
            }
        }
        blocked.map_or(Ok(least), Err)
    }

    /// How many requests of `action` every window has room for from now to a later tick ([`super::Window::room_until`]).
    pub fn room_until(&mut self, action: Action, now: Tick, later: Tick) -> u32 {
        self.applying(action).map(|(_, window)| window.room_until(now, later)).min().unwrap_or(u32::MAX)
    }

    /// Takes `n` slots in every window that applies. The caller has asked [`Windows::free`] at the same tick.
    pub fn reserve(&mut self, action: Action, n: u32) {
        self.applying(action).for_each(|(_, window)| window.reserve(n));
    }

    /// Gives back `n` slots that were never committed.
    pub fn give_back(&mut self, action: Action, n: u32) {
        self.applying(action).for_each(|(_, window)| window.give_back(n));
    }

    /// A request in flight has ended; the platform counted it at `upper` at the latest.
    pub fn ended(&mut self, action: Action, upper: Tick) {
        self.applying(action).for_each(|(_, window)| window.ended(upper));
    }

    /// A slot of an earlier process, on this boot's ticks ([`super::ThisBoot::upper`]).
    pub fn restore(&mut self, action: Action, upper: Tick) {
        self.applying(action).for_each(|(_, window)| window.restore(upper));
    }

    /// Nobody knows what was sent until `upper` ([`super::Window::fill`]).
    pub fn fill(&mut self, upper: Tick) {
        self.windows.iter_mut().for_each(|(_, window)| window.fill(upper));
    }

    /// The machine was suspended: see [`super::Values::woken`] and [`super::Window::extend_after_suspend`].
    pub fn extend_after_suspend(&mut self, asleep_from: Tick, upper: Tick) {
        self.windows.iter_mut().for_each(|(_, window)| window.extend_after_suspend(asleep_from, upper));
    }

    /// The fewest requests that any window which applies holds.
    pub fn smallest_limit(&mut self, action: Action) -> u32 {
        self.applying(action).map(|(spec, _)| spec.rate.limit()).min().unwrap_or(u32::MAX)
    }

    /// The most requests in flight in any window that applies.
    pub fn in_flight(&mut self, action: Action) -> u32 {
        self.applying(action).map(|(_, window)| window.in_flight()).max().unwrap_or(0)
    }

    /// When a slot of any window that applies last stopped counting.
    pub fn last_freed(&mut self, action: Action, now: Tick) -> Tick {
        self.applying(action).map(|(_, window)| window.last_freed(now)).max().unwrap_or(Tick(i64::MIN))
    }

    /// Each window, for people.
    pub fn usage(&mut self, now: Tick) -> Vec<WindowUsage> {
        let usage = |(spec, window): &mut (WindowSpec, Window)| WindowUsage {
            spec: *spec,
            used: window.used(now),
            next_slot: window.next_free(now),
        };
        self.windows.iter_mut().map(usage).collect()
    }

    /// Whether no slot counts, so that forgetting these windows loses nothing.
    pub fn is_idle(&mut self, now: Tick) -> bool {
        self.windows.iter_mut().all(|(_, window)| window.used(now) == 0)
    }

    fn applying(&mut self, action: Action) -> impl Iterator<Item = &mut (WindowSpec, Window)> {
        self.windows.iter_mut().filter(move |(spec, _)| spec.applies.counts(action))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::domain::{Applies, Rate};

    #[test]
    fn a_request_takes_a_slot_in_every_window_that_applies() {
        let mut windows = Windows::new(
            &[
                WindowSpec::of_account(50, 900, Applies::All),
                WindowSpec::of_account(1_000, 86_400, Applies::Only(Action::Unlike)),
                WindowSpec::of_account(15, 900, Applies::Only(Action::Unfollow)),
            ],
            Scope::Account,
        );
        windows.reserve(Action::Unfollow, 15);
        assert_eq!(windows.free(Action::Unlike, Tick(0)), Ok(35));
        let blocked = windows.free(Action::Unfollow, Tick(0)).unwrap_err();
        assert_eq!((blocked.spec.rate, blocked.until), (Rate::fixed(15, 900), None));
        windows.ended(Action::Unfollow, Tick(100));
        assert_eq!(windows.free(Action::Unfollow, Tick(100)).unwrap_err().until, Some(Tick(901_000)));
        assert_eq!(windows.usage(Tick(100)).iter().map(|usage| usage.used).collect::<Vec<_>>(), [15, 0, 15]);
        windows.give_back(Action::Unfollow, 14);
        assert!(!windows.is_idle(Tick(900_999)) && windows.is_idle(Tick(901_000)));
    }

    #[test]
    fn the_window_that_frees_last_is_the_one_to_blame() {
        let spec =
            |limit, seconds| WindowSpec { scope: Scope::App, rate: Rate::fixed(limit, seconds), applies: Applies::All };
        let mut windows = Windows::new(&[spec(1, 86_400), spec(1, 900)], Scope::App);
        windows.restore(Action::Unfollow, Tick(0));
        assert_eq!(windows.free(Action::Unfollow, Tick(0)).unwrap_err().spec, spec(1, 86_400));
        assert_eq!(Windows::new(&[spec(1, 900)], Scope::Account).free(Action::Unlike, Tick(0)), Ok(u32::MAX));
    }
}
