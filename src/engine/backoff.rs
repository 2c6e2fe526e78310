//! How long to wait after a failed request: full jitter over 1 s, doubling. A task stands aside for up to 60 s, an endpoint that fails
//! everybody pauses for up to 15 minutes.
//!
//! Pure but for the dice. The policy is the `backoff` crate's, as the user asked; the crate is unmaintained, so nothing else of
//! it is used and nothing else in the program knows it (see deny.toml for the way out). It is fed with the try's number, which
//! the queue keeps, because a job outlives the process that began it; and it never gives up by itself, because how often a
//! task is tried is the verdict's to say.

use std::time::Duration;

use backoff::ExponentialBackoffBuilder;
use backoff::backoff::Backoff;

/// The first interval's upper end.
const FIRST: Duration = Duration::from_secs(1);
/// The last interval's upper end, for a task.
const LONGEST: Duration = Duration::from_secs(60);
/// ... and for an endpoint in an outage.
const LONGEST_PAUSE: Duration = Duration::from_secs(900);
/// Tries after which no interval grows any more: 2^10 s is more than [`LONGEST_PAUSE`].
const GROWS_FOR_TRIES: u32 = 11;

/// How long to stand aside before the next try, after so many failed ones (1 and up).
///
/// The policy jitters its interval by a factor of 1 both ways, which is full jitter over twice the interval; so its intervals
/// are half of ours.
pub fn backoff_after(failures: u32) -> Duration {
    jittered(failures, LONGEST)
}

/// How long an endpoint in an outage pauses, by the number of this pause (1 and up).
pub(super) fn pause_after(pauses: u32) -> Duration {
    jittered(pauses, LONGEST_PAUSE)
}

fn jittered(failures: u32, longest: Duration) -> Duration {
    let mut policy = ExponentialBackoffBuilder::new()
        .with_initial_interval(FIRST / 2)
        .with_max_interval(longest / 2)
        .with_multiplier(2.0)
        .with_randomization_factor(1.0)
        .with_max_elapsed_time(None)
        .build();
    let mut wait = Duration::ZERO;
    for _ in 0..failures.clamp(1, GROWS_FOR_TRIES) {
        wait = policy.next_backoff().unwrap_or(longest);
    }
    wait
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_jittered_over_a_doubling_interval() {
        let of_a_task = [(0, 1), (1, 1), (2, 2), (3, 4), (6, 32), (7, 60), (8, 60), (u32::MAX, 60)];
        let of_an_endpoint = [(1, 1), (2, 2), (7, 64), (10, 512), (11, 900), (12, 900), (u32::MAX, 900)];
        let all = of_a_task.map(|(failures, upper)| (failures, upper, LONGEST)).into_iter();
        for (failures, upper, longest) in
            all.chain(of_an_endpoint.map(|(pauses, upper)| (pauses, upper, LONGEST_PAUSE)))
        {
            let waits: Vec<_> = (0..400).map(|_| jittered(failures, longest)).collect();
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
