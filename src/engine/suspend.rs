//! Whether the machine was suspended since somebody last looked: slots whose end nobody saw count anew then.

use std::time::Duration;

use crate::clock::Clock;
use crate::domain::Tick;

/// A gap between boot-time and monotonic time from which on it was a suspend. Two clocks read one after the other differ by a
/// millisecond or two; nobody sleeps for less than this, and one suspend missed is a request that the platform counts later than we do.
const MIN_SUSPEND: Duration = Duration::from_millis(50);

/// When somebody last looked, and for how long the machine had been suspended by then.
#[derive(Clone, Copy, Debug)]
pub struct SuspendWatch {
    looked_at: Tick,
    suspended: Duration,
}

/// A suspend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspend {
    /// The last look before it.
    pub asleep_from: Tick,
    /// The first look after it.
    pub awake_at: Tick,
    /// How long it was.
    pub slept: Duration,
}

impl SuspendWatch {
    /// From now on.
    pub fn new(clock: &dyn Clock) -> SuspendWatch {
        SuspendWatch { looked_at: clock.now().tick, suspended: clock.suspended() }
    }

    /// Whether there was a suspend since the last look.
    pub fn look(&mut self, clock: &dyn Clock) -> Option<Suspend> {
        let new = SuspendWatch::new(clock);
        let old = std::mem::replace(self, new);
        let slept = new.suspended.saturating_sub(old.suspended);
        let suspend = Suspend { asleep_from: old.looked_at, awake_at: new.looked_at, slept };
        (slept >= MIN_SUSPEND).then_some(suspend)
    }
}
