//! How often somebody may try a password. Pure: the time comes from outside.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::Tick;

/// Tries at once.
const BURST_TRIES: u32 = 10;
/// One more try each so many seconds.
const REFILL_SECONDS: u64 = 6;

/// Tries that are left, all people together: behind a proxy nobody can be told from anybody else.
#[derive(Debug)]
pub struct Tries(Mutex<(u32, Tick)>);

impl Tries {
    /// All of them.
    pub fn new(now: Tick) -> Tries {
        Tries(Mutex::new((BURST_TRIES, now)))
    }

    /// Takes one; or says how long to wait for the next.
    ///
    /// # Errors
    /// None is left.
    pub fn take(&self, now: Tick) -> Result<(), Duration> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let refill = Duration::from_secs(REFILL_SECONDS);
        let fresh = u32::try_from(now.since(inner.1).as_millis() / refill.as_millis()).unwrap_or(u32::MAX);
        let left = inner.0.saturating_add(fresh).min(BURST_TRIES);
        let since = if left == BURST_TRIES { now } else { inner.1.after(refill.saturating_mul(fresh)) };
        *inner = (left.saturating_sub(1), since);
        if left == 0 { Err(since.after(refill).since(now)) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_at_once_and_then_one_each_six_seconds() {
        let tries = Tries::new(Tick(0));
        let mut granted = 0;
        for second in 0..60 {
            for _ in 0..100 {
                granted += u32::from(tries.take(Tick(second * 1000)).is_ok());
            }
        }
        assert_eq!(granted, BURST_TRIES + 9);
        assert_eq!(tries.take(Tick(59_000)), Err(Duration::from_secs(1)));
        assert_eq!(tries.take(Tick(60_000)), Ok(()));
    }
}
