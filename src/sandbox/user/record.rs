//! What is on record of a user: effects, and the ledger that tests compare.

use std::ops::Bound;

use super::super::ledger::{ActionLedger, DayLedger, Effect, UserLedger};
use super::{PerAction, User};
use crate::domain::{Action, Rate, TargetId};

impl User {
    pub(in crate::sandbox) fn effects(&self, after: Option<(Action, TargetId)>, most: usize) -> Vec<Effect> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let rest = self.effects.range((from, Bound::Unbounded)).take(most);
        rest.map(|(&(action, target), counts)| Effect {
            action,
            target,
            applied: counts.applied,
            requested: counts.requested,
        })
        .collect()
    }

    pub(in crate::sandbox) fn ledger(&self) -> UserLedger {
        let window_ms = |rate: Rate| u64::try_from(rate.window().as_millis()).unwrap_or(u64::MAX);
        let action = |per: &PerAction| ActionLedger { requests: per.requests, max_in_window: per.arrivals.peak() };
        UserLedger {
            requests: self.requests,
            lookups: self.lookups,
            limit: self.rate.limit(),
            window_ms: window_ms(self.rate),
            enforced: self.enforce,
            max_in_window: self.arrivals.peak(),
            actions: self.per_action.iter().map(|(name, per)| (name.name().to_owned(), action(per))).collect(),
            reads: self.reads.iter().map(|(name, reads)| ((*name).to_owned(), reads.ledger())).collect(),
            unlike_day: self.day_arrivals.as_ref().map(|(rate, arrivals)| DayLedger {
                limit: rate.limit(),
                window_ms: window_ms(*rate),
                max_in_window: arrivals.peak(),
            }),
            earned_429: self.earned_429,
            injected_429: self.injected_429,
            effects: self.done,
            repeats: self.repeats,
            faults: self.faults,
        }
    }
}
