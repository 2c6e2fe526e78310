//! What some jobs may send and spend together.

use crate::domain::MicroUsd;

/// Requests and money, counted as they leave and as they are billed.
#[derive(Debug, Default)]
pub(super) struct Budget {
    max_requests: Option<u64>,
    max_spend: Option<MicroUsd>,
    requests: u64,
    spent: MicroUsd,
    /// Requests that are planned or out.
    in_flight: u64,
    /// What the requests in flight cost if all succeed: `--max-spend` holds whatever they come to.
    at_stake: MicroUsd,
    /// Requests that have looked names up, and what they cost; where a lookup is under way, all that it may use.
    looked_up: (u64, MicroUsd),
}

/// What looking names up may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LookupBounds {
    /// At most so many requests.
    pub max_requests: Option<u64>,
    /// At most so much money.
    pub max_spend: Option<MicroUsd>,
}

/// What is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UsedUp {
    Requests,
    Spend,
}

impl Budget {
    pub(super) fn new(max_requests: Option<u64>, max_spend: Option<MicroUsd>) -> Budget {
        Budget { max_requests, max_spend, ..Budget::default() }
    }

    pub(super) fn requests(&self) -> u64 {
        self.requests
    }

    pub(super) fn spent(&self) -> MicroUsd {
        self.spent
    }

    /// Requests that are planned or out.
    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// How many requests of this price may leave, `want` at most.
    pub(super) fn allows(&self, price: MicroUsd, want: u32) -> Result<u32, UsedUp> {
        let by_requests =
            self.max_requests.map_or(u64::from(want), |max| max.saturating_sub(self.requests + self.looked_up.0));
        if by_requests == 0 {
            return Err(UsedUp::Requests);
        }
        let by_spend = match self.max_spend {
            Some(max) if price.0 > 0 => self.money_left(max) / price.0,
            _ => u64::from(want),
        };
        if by_spend == 0 {
            return Err(UsedUp::Spend);
        }
        Ok(u32::try_from(by_requests.min(by_spend)).unwrap_or(u32::MAX).min(want))
    }

    /// So many requests are planned; [`Budget::unplan`] takes back those that found no task or were not sent.
    pub(super) fn plan(&mut self, price: MicroUsd, count: u32) {
        self.requests += u64::from(count);
        self.in_flight += u64::from(count);
        self.at_stake = self.at_stake.plus(price.times(u64::from(count)));
    }

    pub(super) fn unplan(&mut self, price: MicroUsd, count: u32) {
        self.requests = self.requests.saturating_sub(u64::from(count));
        self.release(u64::from(count), price.times(u64::from(count)));
    }

    /// A request has ended: it is no longer at stake, and was billed so much.
    pub(super) fn settle(&mut self, staked: MicroUsd, billed: MicroUsd) {
        self.release(1, staked);
        self.spent = self.spent.plus(billed);
    }

    fn money_left(&self, max: MicroUsd) -> u64 {
        max.0.saturating_sub(self.spent.0.saturating_add(self.at_stake.0).saturating_add(self.looked_up.1.0))
    }

    /// All that is left, for a lookup of names; nothing else leaves meanwhile where there are bounds.
    pub(super) fn stake_rest(&mut self) -> LookupBounds {
        let max_requests = self.max_requests.map(|max| max.saturating_sub(self.requests + self.looked_up.0));
        let max_spend = self.max_spend.map(|max| MicroUsd(self.money_left(max)));
        self.looked_up.0 += max_requests.unwrap_or(0);
        self.looked_up.1 = self.looked_up.1.plus(max_spend.unwrap_or_default());
        LookupBounds { max_requests, max_spend }
    }

    /// A lookup that might use so much has used that.
    pub(super) fn unstake(&mut self, within: LookupBounds, requests: u64, spent: MicroUsd) {
        self.looked_up.0 = self.looked_up.0.saturating_sub(within.max_requests.unwrap_or(0)) + requests;
        let others = self.looked_up.1.0.saturating_sub(within.max_spend.unwrap_or_default().0);
        self.looked_up.1 = MicroUsd(others).plus(spent);
    }

    /// Requests that have looked names up, and what they cost.
    pub(super) fn looked_up(&self) -> (u64, MicroUsd) {
        self.looked_up
    }

    fn release(&mut self, requests: u64, staked: MicroUsd) {
        self.in_flight = self.in_flight.saturating_sub(requests);
        self.at_stake = MicroUsd(self.at_stake.0.saturating_sub(staked.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CENT: MicroUsd = MicroUsd(10_000);

    #[test]
    fn what_is_in_flight_counts_as_spent_until_it_ends() {
        let mut budget = Budget::new(None, Some(MicroUsd(50_000)));
        assert_eq!(budget.allows(CENT, 8), Ok(5));
        budget.plan(CENT, 5);
        assert_eq!((budget.allows(CENT, 8), budget.in_flight()), (Err(UsedUp::Spend), 5));
        budget.settle(CENT, CENT);
        budget.settle(CENT, MicroUsd(0));
        assert_eq!((budget.allows(CENT, 8), budget.in_flight()), (Ok(1), 3));
        assert_eq!(budget.spent(), CENT);
    }

    #[test]
    fn a_lookup_has_what_is_left_and_gives_back_what_it_does_not_use() {
        let mut budget = Budget::new(Some(5), Some(MicroUsd(50_000)));
        budget.plan(CENT, 1);
        let within = budget.stake_rest();
        assert_eq!(within, LookupBounds { max_requests: Some(4), max_spend: Some(MicroUsd(40_000)) });
        assert_eq!(budget.allows(CENT, 8), Err(UsedUp::Requests));
        budget.unstake(within, 1, CENT);
        assert_eq!((budget.allows(CENT, 8), budget.looked_up()), (Ok(3), (1, CENT)));
        assert_eq!((budget.requests(), budget.spent()), (1, MicroUsd(0)), "lookups are told by themselves");
        let unbounded = Budget::new(None, None).stake_rest();
        assert_eq!(unbounded, LookupBounds::default());
    }

    #[test]
    fn requests_are_counted_when_they_leave() {
        let mut budget = Budget::new(Some(3), None);
        assert_eq!(budget.allows(CENT, 8), Ok(3));
        budget.plan(CENT, 3);
        budget.unplan(CENT, 1);
        assert_eq!((budget.allows(CENT, 8), budget.in_flight()), (Ok(1), 2));
        budget.plan(CENT, 1);
        budget.settle(CENT, MicroUsd(0));
        assert_eq!((budget.allows(CENT, 8), budget.in_flight()), (Err(UsedUp::Requests), 2));
    }
}
