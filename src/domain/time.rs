//! Two kinds of time. A [`Tick`] measures: it counts suspend and never jumps. A [`Wall`] time tells people and platforms
//! what o'clock it is, and may jump. Nothing that guards a limit is decided by wall time within one boot.

use std::fmt;
use std::time::Duration;

/// Wall clocks are set by less than this all the time; what lies further in the future was written under a clock that was wrong.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(10 * 60);

/// Milliseconds of boot-time: since this boot began, suspend included. Comparable only within one boot. Negative is before
/// the boot: where a slot of an earlier boot is placed on this boot's line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Tick(pub i64);

impl Tick {
    /// The later tick, so much on.
    pub fn after(self, duration: Duration) -> Tick {
        Tick(self.0.saturating_add_unsigned(millis(duration)))
    }

    /// How long from `earlier` to here; zero where `earlier` is later.
    pub fn since(self, earlier: Tick) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// Milliseconds since the Unix epoch by the wall clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Wall(pub i64);

impl Wall {
    /// The later time, so much on.
    pub fn after(self, duration: Duration) -> Wall {
        Wall(self.0.saturating_add_unsigned(millis(duration)))
    }

    /// How long from `earlier` to here; zero where `earlier` is later.
    pub fn since(self, earlier: Wall) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whether this lies in the future of `now` by more than clocks are set by.
    pub fn is_ahead_of(self, now: Wall) -> bool {
        self > now.after(CLOCK_TOLERANCE)
    }

    /// How long ago this was; none where it lies in the future by more than clocks are set by, so that nobody knows.
    pub fn age(self, now: Wall) -> Option<Duration> {
        (!self.is_ahead_of(now)).then(|| now.since(self))
    }

    /// The time in RFC 3339, UTC, whole seconds: `2026-11-22T14:38:31Z`.
    pub fn rfc3339(self) -> String {
        match jiff::Timestamp::from_second(self.0.div_euclid(1000)) {
            Ok(timestamp) => timestamp.to_string(),
            Err(_) => self.0.to_string(),
        }
    }
}

/// Milliseconds, rounded up: a duration that guards a limit is never shortened.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// Both clocks, read together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// By boot-time.
    pub tick: Tick,
    /// By the wall clock.
    pub wall: Wall,
}

impl Moment {
    /// What the wall clock will show at `tick` if nobody sets it.
    pub fn wall_at(self, tick: Tick) -> Wall {
        Wall(self.wall.0.saturating_add(tick.0.saturating_sub(self.tick.0)))
    }
}

/// Names one boot of one machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BootId(pub String);

impl fmt::Display for BootId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_knows_how_old_is_what_is_to_come() {
        let now = Wall(1_000_000_000);
        assert_eq!(Wall(now.0 - 5_000).age(now), Some(Duration::from_secs(5)));
        assert_eq!(now.after(CLOCK_TOLERANCE).age(now), Some(Duration::ZERO), "clocks are set by minutes");
        assert_eq!(Wall(now.after(CLOCK_TOLERANCE).0 + 1).age(now), None);
        assert!(Wall(i64::MAX).is_ahead_of(now) && !Wall(i64::MIN).is_ahead_of(now));
    }
}
