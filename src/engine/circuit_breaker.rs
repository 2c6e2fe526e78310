//! When requests that were claimed ahead are called back before they leave: the platform has refused their account, or several answers in a
//! row put it in doubt.

use std::sync::atomic::{AtomicU32, Ordering};

use super::consequences::Health;

/// One account's circuit breaker: answers that put the account in doubt trip it, which calls back its claims that have not left. It closes
/// again at once, for the next claims.
#[derive(Debug, Default)]
pub(super) struct CircuitBreaker {
    trips: AtomicU32,
    suspects_in_a_row: AtomicU32,
}

/// When a claim was made: how often its account's breaker had tripped by then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Epoch(u32);

impl CircuitBreaker {
    /// So many answers in a row that may be the target's or the world's fault are more than chance. Fewer call nobody back, for
    /// a slot that goes back unsent is lost.
    const MAX_SUSPECTS_IN_A_ROW: u32 = 3;

    pub(super) fn epoch(&self) -> Epoch {
        Epoch(self.trips.load(Ordering::Relaxed))
    }

    /// Hears an answer the moment it comes in, before the dispatcher does.
    pub(super) fn hear(&self, health: Health) {
        let in_a_row = match health {
            Health::Ok => 0,
            Health::Suspect => self.suspects_in_a_row.load(Ordering::Relaxed) + 1,
            Health::Tripped => CircuitBreaker::MAX_SUSPECTS_IN_A_ROW,
        };
        let tripped = in_a_row >= CircuitBreaker::MAX_SUSPECTS_IN_A_ROW;
        self.suspects_in_a_row.store(if tripped { 0 } else { in_a_row }, Ordering::Relaxed);
        self.trips.fetch_add(u32::from(tripped), Ordering::Relaxed);
    }

    pub(super) fn admits(&self, epoch: Epoch) -> bool {
        self.trips.load(Ordering::Relaxed) == epoch.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_calls_nobody_back() {
        use Health::{Ok, Suspect};
        let breaker = CircuitBreaker::default();
        let epoch = breaker.epoch();
        for health in [Suspect, Suspect, Ok, Suspect, Suspect] {
            breaker.hear(health);
        }
        assert!(breaker.admits(epoch));
        breaker.hear(Suspect);
        assert!(!breaker.admits(epoch) && breaker.admits(breaker.epoch()));
    }
}
