//! Ages and dates as people write them, and the moment each of them means.
//!
//! In: text, and later the time now and a zone. Out: a moment. Pure: neither clock nor zone is read here.
//!
//! An age is counted in calendar days back from today, so `1y` on 22 November means 22 November of last year, and it means the
//! midnight with which that day began here. A rule of a whole day stays the same from one midnight to the next: a job that is
//! run twice in a day is filtered the same way twice.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::domain::Wall;
use crate::lists::parse_zoned_time;

/// The longest age, in each of its units: years, and as many months, weeks and days.
const MAX_AGE_YEARS: i64 = 100;
/// What an age should look like.
const AGE_FORM: &str = "write it as 1y, 6mo, 2w, 30d or 1y6mo, 100y at most";
/// What a date should look like.
const DAY_FORM: &str = "write it as 2020-01-31, 2020-01-31T06:00 or 2020-01-31T06:00:00Z";

/// So many years, months, weeks and days ago.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Age {
    years: i64,
    months: i64,
    weeks: i64,
    days: i64,
}

/// The text is none of what is expected; the message says what is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreadable(&'static str);

impl FromStr for Age {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Age, Unreadable> {
        let mut age = Age::default();
        let mut rest = text.trim();
        let mut last_unit = 0;
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: i64 = rest[..digits].parse().map_err(|_| Unreadable(AGE_FORM))?;
            rest = &rest[digits..];
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (unit, field, per_year) = match &rest[..letters] {
                "y" => (1, &mut age.years, 1),
                "mo" => (2, &mut age.months, 12),
                "w" => (3, &mut age.weeks, 53),
                "d" => (4, &mut age.days, 366),
                _ => return Err(Unreadable(AGE_FORM)),
            };
            // From big to small, each once: 6d1y is a slip.
            if unit <= last_unit || number > MAX_AGE_YEARS * per_year {
                return Err(Unreadable(AGE_FORM));
            }
            (*field, last_unit, rest) = (number, unit, &rest[letters..]);
        }
        if age == Age::default() { Err(Unreadable(AGE_FORM)) } else { Ok(age) }
    }
}

impl fmt::Display for Age {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Age { years, months, weeks, days } = self;
        for (number, unit) in [(years, "y"), (months, "mo"), (weeks, "w"), (days, "d")] {
            if *number > 0 {
                write!(f, "{number}{unit}")?;
            }
        }
        Ok(())
    }
}

impl Age {
    /// The midnight that began the day so long ago. A day that this year does not have (29 February) is the last before it.
    ///
    /// # Errors
    /// The calendar does not reach so far.
    pub fn resolve(self, now: Wall, zone: &TimeZone) -> Result<Wall, Unreadable> {
        let beyond = |_| Unreadable("the calendar does not reach so far");
        let today = zone.to_datetime(Timestamp::from_millisecond(now.0).map_err(beyond)?).date();
        let span = Span::new()
            .try_years(self.years)
            .and_then(|span| span.try_months(self.months))
            .and_then(|span| span.try_weeks(self.weeks))
            .and_then(|span| span.try_days(self.days))
            .map_err(beyond)?;
        midnight(today.checked_sub(span).map_err(beyond)?, zone)
    }
}

/// A day, which means its first moment here, or a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Day {
    /// The midnight with which this day begins here.
    Date(Date),
    /// This date and time here.
    Local(DateTime),
    /// This moment.
    Instant(Timestamp),
}

impl FromStr for Day {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Day, Unreadable> {
        let text = text.trim();
        if !text.contains(':') {
            return text.parse().map(Day::Date).map_err(|_| Unreadable(DAY_FORM));
        }
        if let Some(instant) = parse_zoned_time(text) {
            return Ok(Day::Instant(instant));
        }
        text.parse().map(Day::Local).map_err(|_| Unreadable(DAY_FORM))
    }
}

impl fmt::Display for Day {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Day::Date(date) => date.fmt(f),
            Day::Local(local) => local.fmt(f),
            Day::Instant(instant) => instant.fmt(f),
        }
    }
}

impl Day {
    /// The moment meant. A time that the clocks skip is the moment they skip to; of one they show twice it is the first.
    ///
    /// # Errors
    /// It lies beyond the calendar.
    pub fn resolve(self, zone: &TimeZone) -> Result<Wall, Unreadable> {
        match self {
            Day::Date(date) => midnight(date, zone),
            Day::Local(local) => moment(local, zone),
            Day::Instant(instant) => Ok(Wall(instant.as_millisecond())),
        }
    }
}

/// An age or a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// So long ago.
    Age(Age),
    /// Then.
    Day(Day),
}

impl FromStr for Since {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Since, Unreadable> {
        match (text.parse(), text.parse()) {
            (Ok(age), _) => Ok(Since::Age(age)),
            (_, Ok(day)) => Ok(Since::Day(day)),
            _ => Err(Unreadable("write it as an age (1y, 6mo, 30d) or a date (2020-01-31)")),
        }
    }
}

impl fmt::Display for Since {
    /// As it is read.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Since::Age(age) => age.fmt(f),
            Since::Day(day) => day.fmt(f),
        }
    }
}

impl Since {
    /// The moment meant.
    ///
    /// # Errors
    /// It lies beyond the calendar.
    pub fn resolve(self, now: Wall, zone: &TimeZone) -> Result<Wall, Unreadable> {
        match self {
            Since::Age(age) => age.resolve(now, zone),
            Since::Day(day) => day.resolve(zone),
        }
    }
}

/// The first moment of a day here; where the clocks skip midnight, the moment they skip to.
fn midnight(date: Date, zone: &TimeZone) -> Result<Wall, Unreadable> {
    moment(date.to_datetime(jiff::civil::Time::midnight()), zone)
}

fn moment(local: DateTime, zone: &TimeZone) -> Result<Wall, Unreadable> {
    let meant = zone.to_ambiguous_timestamp(local).compatible();
    meant.map(|at| Wall(at.as_millisecond())).map_err(|_| Unreadable("the calendar does not reach so far"))
}

crate::domain::serde_as_text!(display: Age, Day, Since);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn ago(age: &str, now: &str, zone: &str) -> String {
        let now = Wall(now.parse::<Timestamp>().unwrap().as_millisecond());
        age.parse::<Age>().unwrap().resolve(now, &TimeZone::get(zone).unwrap()).unwrap().rfc3339()
    }

    fn on(day: &str, zone: &str) -> String {
        day.parse::<Day>().unwrap().resolve(&TimeZone::get(zone).unwrap()).unwrap().rfc3339()
    }

    #[test]
    fn ages_are_counted_in_calendar_days() {
        assert_eq!(ago("1y", "2026-11-22T17:56:00Z", "UTC"), "2025-11-22T00:00:00Z");
        assert_eq!(ago("6mo", "2026-11-22T17:56:00Z", "UTC"), "2026-05-22T00:00:00Z");
        assert_eq!(ago("30d", "2026-11-22T00:00:00Z", "UTC"), "2026-10-23T00:00:00Z");
        assert_eq!(ago("1y6mo2w3d", "2026-11-22T12:00:00Z", "UTC"), "2025-05-05T00:00:00Z");
        // Today is what the calendar on the wall here says.
        assert_eq!(ago("1d", "2026-11-22T23:30:00Z", "Europe/Berlin"), "2026-11-21T23:00:00Z");
    }

    #[test]
    fn days_that_a_year_or_month_does_not_have() {
        assert_eq!(ago("1y", "2024-02-29T12:00:00Z", "UTC"), "2023-02-28T00:00:00Z");
        assert_eq!(ago("4y", "2024-02-29T12:00:00Z", "UTC"), "2020-02-29T00:00:00Z");
        assert_eq!(ago("1mo", "2026-03-31T12:00:00Z", "UTC"), "2026-02-28T00:00:00Z");
    }

    #[test]
    fn days_on_which_the_clocks_change() {
        // Between the two midnights of Berlin the clocks went back: 30 days are 30 days and an hour.
        assert_eq!(ago("30d", "2026-11-10T12:00:00Z", "Europe/Berlin"), "2026-10-10T22:00:00Z");
        assert_eq!(ago("1d", "2026-10-26T12:00:00Z", "Europe/Berlin"), "2026-10-24T22:00:00Z");
        assert_eq!(ago("1d", "2026-03-30T12:00:00Z", "Europe/Berlin"), "2026-03-28T23:00:00Z");
        // In Beirut the clocks skip midnight: the day begins at one.
        assert_eq!(on("2024-03-31", "Asia/Beirut"), "2024-03-30T22:00:00Z");
    }

    #[test]
    fn a_day_stays_the_same_until_midnight() {
        let berlin = "Europe/Berlin";
        assert_eq!(ago("1y", "2026-11-21T23:00:00Z", berlin), ago("1y", "2026-11-22T22:59:59Z", berlin));
        assert_ne!(ago("1y", "2026-11-22T22:59:59Z", berlin), ago("1y", "2026-11-22T23:00:00Z", berlin));
    }

    #[test]
    fn dates_and_times() {
        assert_eq!(on("2020-01-01", "Europe/Berlin"), "2019-12-31T23:00:00Z");
        assert_eq!(on("2020-01-01T06:00", "Europe/Berlin"), "2020-01-01T05:00:00Z");
        assert_eq!(on("2020-01-01T06:00:00Z", "Europe/Berlin"), "2020-01-01T06:00:00Z");
        assert_eq!(on("2020-01-01 06:00:00 +08:00", "Europe/Berlin"), "2019-12-31T22:00:00Z", "as a list has it");
        assert_eq!("1y".parse(), Ok(Since::Age("1y".parse().unwrap())));
        assert_eq!("2020-01-01".parse(), Ok(Since::Day("2020-01-01".parse().unwrap())));
    }

    #[test]
    fn nonsense_is_refused_with_what_would_have_been_right() {
        for bad in [
            "",
            "1",
            "y",
            "0d",
            "0y0d",
            "1h",
            "1m",
            "-1y",
            "6d1y",
            "1y1y",
            "101y",
            "99999999999999999999y",
            "1 y",
            "１y",
        ] {
            assert!(bad.parse::<Age>().unwrap_err().to_string().contains("6mo"), "{bad}");
        }
        for bad in ["", "2020", "2020-13-01", "31.01.2020", "yesterday", "2020-01-01T25:00"] {
            assert!(bad.parse::<Day>().unwrap_err().to_string().contains("2020-01-31"), "{bad}");
        }
        assert!("soon".parse::<Since>().is_err());
        assert!("100y".parse::<Age>().unwrap().resolve(Wall(i64::MIN / 2), &TimeZone::UTC).is_err());
    }
}
