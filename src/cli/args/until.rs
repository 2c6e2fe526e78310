//! `--until`: a time of day, whose next occurrence is meant, or a timestamp.
//!
//! In: text, and later the time now and a zone. Out: the moment meant. Pure: neither clock nor zone is read here.

use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::clock::LocalZone;
use crate::domain::{Moment, Wall};
use crate::error::{CommandError, ErrorKind};

/// What `--until` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The next time a clock here shows this.
    Clock(Time),
    /// This date and time here.
    Local(DateTime),
    /// This moment.
    Instant(Timestamp),
}

/// Why there is no such moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UntilError {
    /// The text is no time.
    #[error("write it as 06:00, 2027-01-31T06:00 or 2027-01-31T06:00:00Z")]
    Unreadable,
    /// The moment has passed.
    #[error("--until {0} has already passed")]
    Passed(String),
    /// The calendar ends before it.
    #[error("--until is outside of the calendar")]
    OutOfRange,
}

impl FromStr for Until {
    type Err = UntilError;

    fn from_str(text: &str) -> Result<Until, UntilError> {
        let text = text.trim();
        if let Some(time) = clock_time(text) {
            return Ok(Until::Clock(time));
        }
        // A date alone would leave open whether its beginning or its end is meant.
        if text.parse::<Date>().is_ok() && !text.contains(':') {
            return Err(UntilError::Unreadable);
        }
        if let Ok(instant) = text.parse::<Timestamp>() {
            return Ok(Until::Instant(instant));
        }
        text.parse::<DateTime>().map(Until::Local).map_err(|_| UntilError::Unreadable)
    }
}

/// `06:00`, `6:00`, `06:00:30`.
fn clock_time(text: &str) -> Option<Time> {
    let mut parts = text.split(':');
    let mut number = |digits: std::ops::RangeInclusive<usize>| {
        let part = parts.next()?;
        let legal = digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<i8>().ok().filter(|_| legal)
    };
    let (hour, minute) = (number(1..=2)?, number(2..=2)?);
    let second = if text.matches(':').count() == 2 { number(2..=2)? } else { 0 };
    if parts.next().is_some() {
        return None;
    }
    Time::new(hour, minute, second, 0).ok()
}

impl Until {
    /// The moment meant at `now` in `zone`. A time that the clocks skip that day is the moment they skip to; one that they
    /// show twice is whichever comes next.
    ///
    /// # Errors
    /// The moment has passed, or lies beyond the calendar.
    pub fn resolve(self, now: Wall, zone: &TimeZone) -> Result<Wall, UntilError> {
        let now_at = Timestamp::from_millisecond(now.0).map_err(|_| UntilError::OutOfRange)?;
        let moment = match self {
            Until::Instant(instant) => instant,
            Until::Local(local) => {
                zone.to_ambiguous_timestamp(local).compatible().map_err(|_| UntilError::OutOfRange)?
            }
            Until::Clock(time) => next_occurrence(time, now_at, zone).ok_or(UntilError::OutOfRange)?,
        };
        if moment <= now_at {
            return Err(UntilError::Passed(moment.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()));
        }
        Ok(Wall(moment.as_millisecond()))
    }
}

/// When `--until` and `--for` say that something has to end, by the wall clock; none: when it is done.
pub(super) fn deadline(
    (until, length): (Option<Until>, Option<Duration>),
    now: Moment,
    zone: &LocalZone,
) -> Result<Option<Wall>, UntilError> {
    match until {
        Some(until) => until.resolve(now.wall, zone.get()).map(Some),
        None => Ok(length.map(|length| now.wall.after(length))),
    }
}

fn next_occurrence(time: Time, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    // A zone that crosses the date line skips a day, so tomorrow may not be enough.
    const MAX_DAYS_AHEAD: i64 = 3;
    let today = zone.to_datetime(now).date();
    (0..=MAX_DAYS_AHEAD).find_map(|ahead| {
        let day = today.checked_add(ahead.days()).ok()?;
        let local = day.to_datetime(time);
        let either = [zone.to_ambiguous_timestamp(local).compatible(), zone.to_ambiguous_timestamp(local).later()];
        either.into_iter().filter_map(Result::ok).find(|moment| *moment > now)
    })
}

impl From<UntilError> for CommandError {
    fn from(error: UntilError) -> CommandError {
        let hint = "give a time of day such as 06:00, a later timestamp, or --for 4h";
        CommandError::new(ErrorKind::Usage, error.to_string()).hint(hint).because(error)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn resolved(until: &str, now: &str, zone: &str) -> String {
        let zone = TimeZone::get(zone).unwrap();
        let now = Wall(now.parse::<Timestamp>().unwrap().as_millisecond());
        until.parse::<Until>().unwrap().resolve(now, &zone).unwrap().rfc3339()
    }

    #[test]
    fn the_next_occurrence_here() {
        assert_eq!(resolved("06:00", "2026-11-22T04:59:59Z", "Europe/Berlin"), "2026-11-22T05:00:00Z");
        assert_eq!(resolved("6:00", "2026-11-22T05:00:00Z", "Europe/Berlin"), "2026-11-23T05:00:00Z");
        assert_eq!(resolved("00:00", "2026-12-31T12:00:00Z", "UTC"), "2027-01-01T00:00:00Z");
    }

    #[test]
    fn clocks_that_go_forward_skip_a_time() {
        // 02:30 does not exist in Berlin on 2026-03-29; it is 03:30 summer time then.
        assert_eq!(resolved("02:30", "2026-03-29T00:00:00Z", "Europe/Berlin"), "2026-03-29T01:30:00Z");
        assert_eq!(resolved("06:00", "2026-03-28T22:00:00Z", "Europe/Berlin"), "2026-03-29T04:00:00Z");
    }

    #[test]
    fn clocks_that_go_back_show_a_time_twice() {
        // 02:30 comes at 00:30Z and again at 01:30Z in Berlin on 2026-10-25.
        assert_eq!(resolved("02:30", "2026-10-25T00:00:00Z", "Europe/Berlin"), "2026-10-25T00:30:00Z");
        assert_eq!(resolved("02:30", "2026-10-25T00:45:00Z", "Europe/Berlin"), "2026-10-25T01:30:00Z");
        assert_eq!(resolved("02:30", "2026-10-25T01:30:00Z", "Europe/Berlin"), "2026-10-26T01:30:00Z");
    }

    #[test]
    fn a_day_that_an_island_skips() {
        assert_eq!(resolved("06:00", "2011-12-30T08:00:00Z", "Pacific/Apia"), "2011-12-30T16:00:00Z");
    }

    #[test]
    fn timestamps_with_and_without_a_zone() {
        assert_eq!(resolved("2027-01-31T06:00:00Z", "2026-11-22T00:00:00Z", "Europe/Berlin"), "2027-01-31T06:00:00Z");
        assert_eq!(resolved("2027-01-31 06:00", "2026-11-22T00:00:00Z", "Europe/Berlin"), "2027-01-31T05:00:00Z");
        assert_eq!(resolved("2027-01-31T06:00+05:30", "2026-11-22T00:00:00Z", "UTC"), "2027-01-31T00:30:00Z");
    }

    #[test]
    fn what_has_passed_or_makes_no_sense() {
        let past: Until = "2020-01-01T00:00:00Z".parse().unwrap();
        let error = past.resolve(Wall(1_800_000_000_000), &TimeZone::UTC).unwrap_err();
        assert!(error.to_string().contains("passed"), "{error}");
        for bad in [
            "",
            "6",
            "24:00",
            "06:60",
            "006:00",
            "06:0",
            "06:00:00:00",
            "tomorrow",
            "-6:00",
            "2027-01-31",
            "2027-13-01T00:00",
        ] {
            assert_eq!(bad.parse::<Until>(), Err(UntilError::Unreadable), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn the_next_occurrence_is_ahead_and_near(seconds in 1_000_000_000_i64..2_500_000_000, hour in 0_i8..24, minute in 0_i8..60) {
            let zone = TimeZone::get("America/New_York").unwrap();
            let now = Wall(seconds * 1000);
            let until = Until::Clock(Time::new(hour, minute, 0, 0).unwrap());
            let meant = until.resolve(now, &zone).unwrap();
            prop_assert!(meant > now && meant.since(now) <= std::time::Duration::from_secs(25 * 3600));
        }
    }
}
