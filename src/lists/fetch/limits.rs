//! What bounds reading: the windows an endpoint has, and a run's money and requests. Pure.

use crate::domain::{MicroUsd, Platform, Rate, Scope};
use crate::limits::Values;
use crate::platforms::{ListEndpoint, spec};
use crate::store::ReadWindow;

/// The windows of an endpoint as the queue counts them; the sandbox's are 60 times shorter. An endpoint for which nothing is
/// documented per account has the app's limit for each account too: nothing is ever without a limit.
pub fn windows_of(platform: Platform, reading: &ListEndpoint) -> Vec<ReadWindow> {
    let window = |rate: Rate, is_shared: bool| {
        let rate = rate.shortened(spec(platform).windows_shorter);
        ReadWindow { limit: rate.limit(), counts_for: rate.window() + Values::margin(rate.window()), is_shared }
    };
    reading.documented.iter().map(|limit| window(limit.rate, limit.scope != Scope::Account)).collect()
}

/// What one run may still ask for and spend. Money is counted at the dearer price, because whose app it is cannot be told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Budget {
    /// At most so many requests.
    pub max_requests: Option<u64>,
    /// At most so much.
    pub max_spend: Option<MicroUsd>,
    /// Requests sent.
    pub requests: u64,
    /// What the entries came to if the app belongs to the reading user.
    pub spent_owned: MicroUsd,
    /// What they came to if not.
    pub spent: MicroUsd,
}

impl Budget {
    /// Whether another request may leave.
    pub fn allows_request(&self) -> bool {
        self.max_requests.is_none_or(|most| self.requests < most)
    }

    /// How many entries at this price may be asked for, of `want`.
    pub fn affords(&self, price: MicroUsd, want: u32) -> u32 {
        let Some(most) = self.max_spend.filter(|_| price.0 > 0) else { return want };
        let entries = most.0.saturating_sub(self.spent.0) / price.0;
        want.min(u32::try_from(entries).unwrap_or(u32::MAX))
    }

    /// So many entries have been handed over.
    pub fn pay(&mut self, (owned, dearer): (MicroUsd, MicroUsd), entries: u64) {
        self.spent_owned = self.spent_owned.plus(owned.times(entries));
        self.spent = self.spent.plus(dearer.times(entries));
    }

    /// What it came to, for people.
    pub fn spent_text(&self) -> String {
        if self.spent_owned == self.spent {
            self.spent.to_string()
        } else {
            format!("{} if the app is yours, {} if not", self.spent_owned, self.spent)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::platforms::find_name_resolver;
    use std::time::Duration;

    #[test]
    fn windows_are_the_documented_ones_and_short_in_the_sandbox() {
        let row = &find_name_resolver(Platform::XV2).unwrap().endpoints[0];
        let real = windows_of(Platform::XV2, row);
        assert_eq!(real[0].limit, 900);
        assert_eq!(real[1], ReadWindow { limit: 300, counts_for: Duration::from_millis(900_900), is_shared: true });
        assert_eq!(windows_of(Platform::Sandbox, row)[1].counts_for, Duration::from_millis(15_020));
    }

    #[test]
    fn money_is_counted_at_the_dearer_price() {
        let mut budget = Budget { max_spend: Some(MicroUsd(1_000_000)), ..Budget::default() };
        let price = (MicroUsd(1_000), MicroUsd(10_000));
        assert_eq!(budget.affords(price.1, 1_000), 100);
        budget.pay(price, 60);
        assert_eq!(budget.affords(price.1, 1_000), 40);
        assert_eq!((budget.spent_owned, budget.spent), (MicroUsd(60_000), MicroUsd(600_000)));
        assert_eq!(Budget::default().affords(price.1, 1_000), 1_000);
    }
}
