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
        let by_requests = self.max_requests.map_or(u64::from(want), |max| max.saturating_sub(self.requests));
        if by_requests == 0 {
            return Err(UsedUp::Requests);
        }
        let by_spend = match self.max_spend {
            Some(max) if price.0 > 0 => max.0.saturating_sub(self.spent.0 + self.at_stake.0) / price.0,
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
