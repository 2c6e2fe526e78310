//! What answers said is left of the platform's own windows, where that is less than ours allow. An allowance only tightens, is
//! used up by what is sent, and ends with the platform's window.
//!
//! In: what `headers` made of an answer. Out: how many may still go. What does not belong here: storing (the engine writes what
//! an answer has tightened with the answer).

use super::headers::Leave;
use crate::domain::{Action, Tick};

/// So many more requests of an action, until the platform's window ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// Of which action.
    pub action: Action,
    /// Whether it is the window of 24 hours.
    pub day: bool,
    /// Requests that may still be reserved.
    pub more: u32,
    /// When it ends.
    pub until: Tick,
}

/// The allowances of one account.
#[derive(Debug, Default)]
pub(super) struct Allowances {
    /// At most two an action.
    known: Vec<Known>,
    /// Those that answers have tightened since they were last taken.
    tightened: Vec<(Action, bool)>,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    allowance: Allowance,
    /// The platform's windows are narrower than ours, so the next one holds less than we would take. Otherwise somebody else spends.
    narrower: bool,
    /// A narrower window has ended. How much the next one leaves is not known before an answer says so: one request at a time.
    probing: bool,
}

impl Allowances {
    /// Puts one back that an earlier process was told of.
    pub(super) fn restore(&mut self, allowance: Allowance) {
        self.known.retain(|known| !known.is_of(allowance.action, allowance.day));
        self.known.push(Known { allowance, narrower: false, probing: false });
    }

    /// What an answer says of a window: less than we would take, or nothing that binds us. Answers overtake each other, so an
    /// allowance only shrinks until its end. `narrower`: the answer says that the window holds less than ours.
    pub(super) fn hear(&mut self, (action, day): (Action, bool), leave: Option<Leave>, narrower: bool, now: Tick) {
        let index = self.known.iter().position(|known| known.is_of(action, day));
        let in_force = index.map(|index| self.known.swap_remove(index)).filter(|known| known.is_in_force(now));
        let told = leave.map(|leave| Allowance { action, day, more: leave.more, until: now.after(leave.lasts) });
        let Some(allowance) = (match (in_force, told) {
            (Some(Known { allowance, .. }), Some(told)) => {
                let (more, until) = (allowance.more.min(told.more), allowance.until.max(told.until));
                Some(Allowance { more, until, ..allowance })
            }
            (Some(Known { allowance, .. }), None) => Some(allowance),
            (None, told) => told,
        }) else {
            return;
        };
        self.known.push(Known { allowance, narrower, probing: false });
        if told.is_some() && !self.tightened.contains(&(action, day)) {
            self.tightened.push((action, day));
        }
    }

    /// The allowances that answers have tightened since this was last asked.
    pub(super) fn take_tightened(&mut self) -> Vec<Allowance> {
        let told = |(action, day): (Action, bool)| self.known.iter().find(|known| known.is_of(action, day));
        let tightened = std::mem::take(&mut self.tightened);
        tightened.into_iter().filter_map(|key| told(key).map(|known| known.allowance)).collect()
    }

    /// How many may go at once, and until when no more; no end where an answer has to come first. None: nothing binds this action.
    pub(super) fn room(&mut self, action: Action, now: Tick) -> Option<(u32, Option<Tick>)> {
        let of = self.known.iter_mut().filter(|known| known.allowance.action == action);
        of.filter_map(|known| known.room(now)).min_by_key(|(more, _)| *more)
    }

    /// So many have been reserved.
    pub(super) fn take(&mut self, action: Action, n: u32) {
        self.of(action).for_each(|known| known.allowance.more = known.allowance.more.saturating_sub(n));
    }

    /// So many of those reserved were not needed.
    pub(super) fn give_back(&mut self, action: Action, n: u32) {
        self.of(action).for_each(|known| known.allowance.more = known.allowance.more.saturating_add(n));
    }

    /// A request has ended: if it was to tell what a new window holds and no answer came, another one asks.
    pub(super) fn ended(&mut self, action: Action) {
        self.of(action).filter(|known| known.probing).for_each(|known| known.allowance.more = 1);
    }

    /// Whether none is in force.
    pub(super) fn are_over(&self, now: Tick) -> bool {
        !self.known.iter().any(|known| known.is_in_force(now))
    }

    fn of(&mut self, action: Action) -> impl Iterator<Item = &mut Known> {
        self.known.iter_mut().filter(move |known| known.allowance.action == action)
    }
}

impl Known {
    fn is_of(&self, action: Action, day: bool) -> bool {
        (self.allowance.action, self.allowance.day) == (action, day)
    }

    fn is_in_force(&self, now: Tick) -> bool {
        !self.probing && now < self.allowance.until
    }

    fn room(&mut self, now: Tick) -> Option<(u32, Option<Tick>)> {
        if !self.probing && now >= self.allowance.until {
            if !self.narrower {
                return None;
            }
            (self.probing, self.allowance.more) = (true, 1);
        }
        Some((self.allowance.more, (!self.probing).then_some(self.allowance.until)))
    }
}
