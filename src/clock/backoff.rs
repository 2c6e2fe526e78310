//! How long to wait before asking again: full jitter over an interval that doubles. Requests, list readings, logins and schedules go by it.
//!
//! Pure but for the dice. The policy is the `backoff` crate's, as the user asked; the crate is unmaintained, so nothing else of
//! it is used and nothing else in the program knows it (see deny.toml for the way out). It is fed with the number of failures, which
//! whoever waits keeps, because a job outlives the process that began it; and it never gives up by itself.

use std::time::Duration;

use backoff::ExponentialBackoffBuilder;
use backoff::backoff::Backoff as _;

/// An interval that doubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

impl Backoff {
    /// For a single question: 1 s, doubling to 60 s.
    pub const REQUEST: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60));
    /// For an endpoint that fails everybody: 1 s, doubling to 15 minutes.
    pub const ENDPOINT: Backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(900));

    /// From one length to another.
    pub const fn new(first: Duration, longest: Duration) -> Backoff {
        Backoff { first, longest }
    }

    /// The longest interval.
    pub const fn longest(self) -> Duration {
        self.longest
    }

    /// The interval after so many failures (1 and up).
    pub fn interval(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(16);
        self.first.saturating_mul(1 << doublings).min(self.longest)
    }

    /// How long to wait after so many failures (1 and up): anything up to the interval.
    ///
    /// The policy jitters its interval by a factor of 1 both ways, which is full jitter over twice the interval; so it is given half of
    /// ours.
    pub fn wait(self, failures: u32) -> Duration {
        let half = self.interval(failures) / 2;
        let mut policy = ExponentialBackoffBuilder::new()
            .with_initial_interval(half)
            .with_max_interval(half)
            .with_randomization_factor(1.0)
            .with_max_elapsed_time(None)
            .build();
        policy.next_backoff().unwrap_or(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_jittered_over_a_doubling_interval() {
        let of_a_request = [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (u32::MAX, 60)];
        let of_an_endpoint = [(1, 1), (2, 2), (7, 64), (10, 512), (11, 900), (12, 900), (u32::MAX, 900)];
        let all = of_a_request.map(|(failures, upper)| (failures, upper, Backoff::REQUEST)).into_iter();
        for (failures, upper, backoff) in
            all.chain(of_an_endpoint.map(|(pauses, upper)| (pauses, upper, Backoff::ENDPOINT)))
        {
            assert_eq!(backoff.interval(failures), Duration::from_secs(upper), "{failures}");
            let waits: Vec<_> = (0..400).map(|_| backoff.wait(failures)).collect();
            let (least, most) = (waits.iter().min().unwrap(), waits.iter().max().unwrap());
            assert!(*most <= Duration::from_secs(upper), "{failures}: {most:?}");
            // 400 throws of an even dice: missing the lower or upper third has a chance of (2/3)^400.
            assert!(
                *least < Duration::from_secs(upper) / 3 && *most > Duration::from_secs(upper) * 2 / 3,
                "{failures}"
            );
        }
    }
}
