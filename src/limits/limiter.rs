//! The limiter of one account: hold, windows, allowances and pace, asked in this order.
//!
//! In: what the engine wants to send, what ended, what answers said. Out: how many may go, or why not and until when. What
//! does not belong here: storing (the engine commits the slots it was granted before it sends, or gives them back).

use std::time::Duration;

use super::allowance::{Allowance, Allowances};
use super::headers::{Answered, Hold, HoldReason, ObservedAnswer, earliest_reset, hold_after, leaves};
use super::{Blocked, Pace, Pacer, SharedWindows, WindowUsage, Windows};
use crate::domain::{Action, Applies, Rate, Scope, Tick, WindowSpec};

/// What came of asking for slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// So many slots are taken, at least one and at most as many as wanted.
    Granted(u32),
    /// None is free.
    Wait {
        /// When asking again can help, as far as one can know; none: when an answer has come. Ask again after answers too.
        until: Option<Tick>,
        /// What stands in the way.
        why: Wait,
    },
}

/// What stands in the way of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// A window is full.
    Window(WindowSpec),
    /// It is not yet time for the next one.
    Pace,
    /// The platform refused, and the account is held.
    Hold(HoldReason),
    /// Somebody else spends from the same window of the platform's, and has left no more.
    Allowance,
}

/// What an answer changed about the account's hold; saved in the transaction that settles the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldChange {
    /// A hold was set, or made longer.
    Set(Hold),
    /// A request was served after the hold: it is forgotten, and so is its rung.
    Cleared,
}

/// The limiter of one account.
#[derive(Debug)]
pub struct Limiter {
    windows: Windows,
    /// One for all actions, or one each where every endpoint has its own window.
    pacers: Vec<(Applies, Pacer)>,
    hold: Option<Hold>,
    allowances: Allowances,
    shortest: Duration,
}

impl Limiter {
    /// A limiter for the account windows of `specs` (those of an app or a host are shared: see [`Limiter::reserve`]). An action that
    /// none of them counts gets a window of its own, of the shortest's rate (of the default's where there is none at all):
    /// nothing is ever without a limit.
    pub fn new(specs: &[WindowSpec], pace: Pace, now: Tick) -> Limiter {
        let specs = covering(specs);
        let paced: Vec<(Applies, Rate)> = match shortest(&specs, |spec| spec.applies == Applies::All) {
            Some(rate) => vec![(Applies::All, rate)],
            None => Action::ALL
                .into_iter()
                .filter_map(|action| {
                    Some((Applies::Only(action), shortest(&specs, |spec| spec.applies.counts(action))?))
                })
                .collect(),
        };
        Limiter {
            windows: Windows::new(&specs, Scope::Account),
            pacers: paced.into_iter().map(|(applies, rate)| (applies, Pacer::new(rate, pace, now))).collect(),
            hold: None,
            allowances: Allowances::default(),
            shortest: shortest(&specs, |_| true).map_or(Duration::ZERO, Rate::window),
        }
    }

    /// Takes over what an earlier process left, put on this boot's ticks by [`super::ThisBoot`].
    pub fn restore(&mut self, slots: impl IntoIterator<Item = (Action, Tick)>, hold: Option<Hold>) {
        slots.into_iter().for_each(|(action, upper)| self.windows.restore(action, upper));
        self.hold = hold;
    }

    /// Nobody knows what was sent until `upper` ([`super::Window::fill`]).
    pub fn fill(&mut self, upper: Tick) {
        self.windows.fill(upper);
    }

    /// Takes up to `want` slots for requests of `action`, in the account's windows and in those that it shares with others. They must be
    /// committed before anything is sent, or given back.
    pub fn reserve(&mut self, action: Action, want: u32, now: Tick, mut shared: SharedWindows<'_>) -> Reservation {
        if let Some(hold) = self.hold.filter(|hold| now < hold.until) {
            return Reservation::Wait { until: Some(hold.until), why: Wait::Hold(hold.reason) };
        }
        let mut most = want;
        let of_others = shared.iter_mut().flatten().map(|windows| &mut **windows);
        for windows in [&mut self.windows].into_iter().chain(of_others) {
            match windows.free(action, now) {
                Ok(free) => most = most.min(free),
                Err(Blocked { spec, until }) => return Reservation::Wait { until, why: Wait::Window(spec) },
            }
        }
        match self.allowances.room(action, now) {
            Some((0, until)) => return Reservation::Wait { until, why: Wait::Allowance },
            Some((more, _)) => most = most.min(more),
            None => {}
        }
        let granted = match self.pacer(action).map(|pacer| pacer.take(most, now)) {
            Some(Err(next)) => return Reservation::Wait { until: Some(next), why: Wait::Pace },
            Some(Ok(taken)) => taken,
            None => most,
        };
        self.windows.reserve(action, granted);
        shared.into_iter().flatten().for_each(|windows| windows.reserve(action, granted));
        self.allowances.take(action, granted);
        Reservation::Granted(granted)
    }

    /// How many slots are free, whatever the pace.
    pub fn free(&mut self, action: Action, now: Tick, shared: SharedWindows<'_>) -> u32 {
        if self.held(now).is_some() {
            return 0;
        }
        let own = self.windows.free(action, now).unwrap_or(0);
        let shared = shared.into_iter().flatten().map(|windows| windows.free(action, now).unwrap_or(0));
        let shared = shared.min().unwrap_or(u32::MAX);
        let allowed = self.allowances.room(action, now).map_or(u32::MAX, |(more, _)| more);
        own.min(shared).min(allowed)
    }

    /// Gives back `n` slots that were granted and never committed. The app's windows are given theirs back by the caller.
    pub fn give_back(&mut self, action: Action, n: u32) {
        self.windows.give_back(action, n);
        self.allowances.give_back(action, n);
        if let Some(pacer) = self.pacer(action) {
            pacer.give_back(n);
        }
    }

    /// A request has ended; the platform counted it at `upper` at the latest: the tick of its answer, or
    /// [`super::Values::unknown_end`]. The app's windows are told by the caller.
    pub fn ended(&mut self, action: Action, upper: Tick) {
        self.windows.ended(action, upper);
        self.allowances.ended(action);
    }

    /// The machine was suspended, from `asleep_from` or later, and is awake. `upper` is [`super::Values::woken`]; the record
    /// wants the same: every stored upper after `asleep_from` becomes `upper` at least. The app's windows are told by the caller.
    pub fn extend_after_suspend(&mut self, asleep_from: Tick, upper: Tick) {
        self.windows.extend_after_suspend(asleep_from, upper);
    }

    /// Puts back an allowance that an earlier process was told of.
    pub fn restore_allowance(&mut self, allowance: Allowance) {
        self.allowances.restore(allowance);
    }

    /// The allowances that answers have tightened since this was last asked: to be written with those answers.
    pub fn take_tightened(&mut self) -> Vec<Allowance> {
        self.allowances.take_tightened()
    }

    /// Hears what an answer said about limits, after [`Limiter::ended`] of the same request.
    pub fn observe(&mut self, answer: &ObservedAnswer, now: Tick) -> Option<HoldChange> {
        let before = self.hold;
        match answer.answered {
            Answered::Limited | Answered::Capped => {
                self.hold = Some(hold_after(answer, before, self.shortest, now));
                // It may be the only answer that says that the platform's window holds less than ours: the next one is asked about first.
                if self.is_narrower(answer) {
                    self.apply_headers(answer, now);
                }
            }
            Answered::Served | Answered::Otherwise => self.apply_headers(answer, now),
        }
        if answer.answered == Answered::Served {
            // One that was under way before the hold says nothing about after it.
            self.hold = before.filter(|hold| answer.reserved < hold.until);
        }
        match self.hold {
            _ if self.hold == before => None,
            Some(hold) => Some(HoldChange::Set(hold)),
            None => Some(HoldChange::Cleared),
        }
    }

    /// Holds the account until `until` for a reason the engine knows of, such as a usage cap. A longer hold stays.
    pub fn hold(&mut self, until: Tick, reason: HoldReason) -> Hold {
        let backoff_level = self.hold.map_or(0, |hold| hold.backoff_level);
        let hold = match self.hold {
            Some(longer) if longer.until >= until => longer,
            _ => Hold { until, reason, backoff_level },
        };
        self.hold = Some(hold);
        hold
    }

    /// The hold that is in force, if any.
    pub fn held(&self, now: Tick) -> Option<Hold> {
        self.hold.filter(|hold| now < hold.until)
    }

    /// Each window of the account, for people.
    pub fn usage(&mut self, now: Tick) -> Vec<WindowUsage> {
        self.windows.usage(now)
    }

    /// Whether dropping this limiter loses nothing: no slot counts, no hold is remembered, nobody else spends.
    pub fn is_idle(&mut self, now: Tick) -> bool {
        self.hold.is_none() && self.allowances.are_over(now) && self.windows.is_idle(now)
    }

    /// Tightens where the platform has less left than we would take.
    fn apply_headers(&mut self, answer: &ObservedAnswer, now: Tick) {
        // A slot that freed here while the answer was under way may still have counted there when it was written.
        if self.windows.last_freed(answer.action, now) > answer.reserved {
            return;
        }
        let in_flight = self.windows.in_flight(answer.action);
        let narrower = self.is_narrower(answer);
        let room = |until: Option<Duration>| {
            let reset = until.map_or(now, |until| earliest_reset(answer.reserved, until));
            self.windows.room_until(answer.action, now, reset)
        };
        let leaves = leaves(&answer.facts, room, in_flight, self.shortest);
        for (day, leave) in [false, true].into_iter().zip(leaves) {
            self.allowances.hear((answer.action, day), leave, narrower && !day, now);
        }
    }

    /// Whether the answer says that the platform's window holds less than ours.
    fn is_narrower(&mut self, answer: &ObservedAnswer) -> bool {
        answer.facts.limit.is_some_and(|limit| limit < self.windows.smallest_limit(answer.action))
    }

    fn pacer(&mut self, action: Action) -> Option<&mut Pacer> {
        self.pacers.iter_mut().find(|(applies, _)| applies.counts(action)).map(|(_, pacer)| pacer)
    }
}

/// The account's windows, and one for each action that none of them counts.
fn covering(specs: &[WindowSpec]) -> Vec<WindowSpec> {
    let mut own: Vec<WindowSpec> = specs.iter().filter(|spec| spec.scope == Scope::Account).copied().collect();
    let rate = shortest(&own, |_| true).unwrap_or(WindowSpec::DEFAULT);
    let window = |applies| WindowSpec { scope: Scope::Account, rate, applies };
    if own.is_empty() {
        return vec![window(Applies::All)];
    }
    let bare = |action: &Action| !own.iter().any(|spec| spec.applies.counts(*action));
    let bare: Vec<Action> = Action::ALL.into_iter().filter(bare).collect();
    own.extend(bare.into_iter().map(|action| window(Applies::Only(action))));
    own
}

/// The rate that sets the pace: a longer window beside it only stops, it does not slow.
fn shortest(specs: &[WindowSpec], which: impl Fn(&WindowSpec) -> bool) -> Option<Rate> {
    let rates = specs.iter().filter(|spec| which(spec)).map(|spec| spec.rate);
    rates.min_by_key(|rate| (rate.window(), rate.limit()))
}

#[cfg(test)]
mod tests;
