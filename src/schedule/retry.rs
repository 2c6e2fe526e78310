//! A run that met trouble which may pass is tried again while its hours last: when, and whether it still is. Pure.
//!
//! In: how a run ended, what its firing has met before. Out: the next try, if there is one. What does not belong here: writing it down.

use std::time::Duration;

use super::firing::{End, Firing};
use crate::clock::Backoff;
use crate::domain::Wall;

/// The first pause; each further one is twice as long.
pub const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause.
pub const MAX_PAUSE: Duration = Duration::from_secs(15 * 60);
/// A run whose hours do not end is tried again for so long after it began.
pub const MAX_OPEN_HOURS: Duration = Duration::from_secs(24 * 3_600);

/// How long after a try that met trouble the next one may be. `transient_failures` counts the tries in a row that met some, with the last one.
pub fn pause(transient_failures: u32) -> Duration {
    Backoff::new(FIRST_PAUSE, MAX_PAUSE).interval(transient_failures)
}

/// The next try of a firing whose run met trouble: when, and how many tries in a row have met some now. None: its hours are over
/// by then.
pub fn next_try(firing: &Firing, end: &End, now: Wall) -> Option<(Wall, u32)> {
    // A run that got somewhere is no further sign of the same trouble.
    let transient_failures = if end.requests > 0 { 1 } else { firing.transient_failures.saturating_add(1) };
    let at = now.after(pause(transient_failures));
    let last = firing.ends_by.unwrap_or_else(|| firing.began.after(MAX_OPEN_HOURS));
    (at < last).then_some((at, transient_failures))
}

/// Whether a firing still waits for its next try. A wait longer than any pause was written under a clock that was wrong.
pub fn still_waits(retry_at: Option<Wall>, now: Wall) -> bool {
    retry_at.is_some_and(|at| at > now && at <= now.after(MAX_PAUSE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_quarter_of_an_hour() {
        let minutes: Vec<u64> = (1..=7).map(|transient_failures| pause(transient_failures).as_secs() / 60).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 15, 15, 15]);
        assert_eq!(pause(0), FIRST_PAUSE);
        assert_eq!(pause(u32::MAX), MAX_PAUSE);
    }

    #[test]
    fn a_wait_that_no_pause_is_as_long_as_is_none() {
        let now = Wall(1_000_000_000_000);
        assert!(still_waits(Some(now.after(MAX_PAUSE)), now));
        assert!(!still_waits(Some(now), now) && !still_waits(None, now));
        assert!(!still_waits(Some(now.after(MAX_PAUSE * 2)), now));
    }
}
