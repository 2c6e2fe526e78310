//! How many in how long, and how durations are written.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// So many requests per so long, such as 50 per 15 minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rate {
    limit: u32,
    window: Duration,
}

/// Why a text is no rate; its display names the remedy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a rate: {why}; write it as 50/15m (a number from 1 to 1000000 per 1s to 31d)")]
pub struct InvalidRate {
    text: String,
    why: &'static str,
}

impl Rate {
    /// The most requests a window may hold. Memory and the time of a restart grow with it.
    pub const MAX_LIMIT: u32 = 1_000_000;
    /// The shortest window: below it the margin of 20 ms would eat the allowance.
    pub const MIN_WINDOW: Duration = Duration::from_secs(1);
    /// The longest window.
    pub const MAX_WINDOW: Duration = Duration::from_secs(31 * 86_400);

    /// A rate of the program's own tables. Panics at compile time where the numbers make no sense.
    pub const fn fixed(limit: u32, window_seconds: u64) -> Rate {
        assert!(limit >= 1 && limit <= Rate::MAX_LIMIT && window_seconds >= 1 && window_seconds <= 31 * 86_400);
        Rate { limit, window: Duration::from_secs(window_seconds) }
    }

    /// Requests per window, 1 to [`Rate::MAX_LIMIT`].
    pub const fn limit(self) -> u32 {
        self.limit
    }

    /// The window's length.
    pub const fn window(self) -> Duration {
        self.window
    }

    /// The same limit in a window so many times shorter (the sandbox: 60).
    pub fn shortened(self, times: u32) -> Rate {
        Rate { limit: self.limit, window: (self.window / times).max(Rate::MIN_WINDOW) }
    }

    /// Whether this rate lets more through in the long run than `other`.
    pub fn exceeds(self, other: Rate) -> bool {
        u128::from(self.limit) * other.window.as_nanos() > u128::from(other.limit) * self.window.as_nanos()
    }
}

impl FromStr for Rate {
    type Err = InvalidRate;

    /// Reads `50/15m`, `1000/24h`, `300/900s`, `10/500ms`.
    fn from_str(text: &str) -> Result<Rate, InvalidRate> {
        let complain = |why| InvalidRate { text: text.to_owned(), why };
        let (limit, window) = text.trim().split_once('/').ok_or_else(|| complain("there is no slash"))?;
        let limit: u32 = limit.trim().parse().map_err(|_| complain("the limit is not a whole number in range"))?;
        if !(1..=Rate::MAX_LIMIT).contains(&limit) {
            return Err(complain("the limit is out of range"));
        }
        let window = parse_duration(window.trim()).ok_or_else(|| complain("the window is not a duration"))?;
        if !(Rate::MIN_WINDOW..=Rate::MAX_WINDOW).contains(&window) {
            return Err(complain("the window is out of range"));
        }
        Ok(Rate { limit, window })
    }
}

/// Units of durations in milliseconds, the longest first.
const UNITS: [(u64, &str); 5] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];

/// A duration in the longest unit of which it is a whole number, to the millisecond: what [`parse_duration`] reads back.
pub fn duration_text(duration: Duration) -> String {
    in_units(duration, &UNITS)
}

fn in_units(duration: Duration, units: &[(u64, &str)]) -> String {
    let millis = duration.as_millis();
    let whole = units.iter().find(|(length, _)| millis.is_multiple_of(u128::from(*length)));
    whole.map_or_else(String::new, |(length, unit)| format!("{}{unit}", millis / u128::from(*length)))
}

/// Reads a duration such as `15m`, `24h`, `90s`, `250ms`, `1h30m` or a bare unit (`h` is one hour).
pub fn parse_duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0_u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let (number, unit) = (&rest[..digits], &rest[digits..digits + letters]);
        let number: u64 = if number.is_empty() { 1 } else { number.parse().ok()? };
        let unit = match unit {
            "sec" => "s",
            "min" => "m",
            other => other,
        };
        let (millis, _) = UNITS.iter().find(|(_, name)| *name == unit)?;
        total = total.checked_add(number.checked_mul(*millis)?)?;
        rest = &rest[digits + letters..];
    }
    Some(Duration::from_millis(total))
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A day is shown as 24h, as the platforms' pages do.
        write!(f, "{}/{}", self.limit, in_units(self.window, &UNITS[1..]))
    }
}

super::serde_as_text!(display: Rate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_and_write() {
        for (text, limit, seconds) in
            [("50/15m", 50, 900), ("1000/24h", 1000, 86_400), ("50/15s", 50, 15), ("1/h", 1, 3600)]
        {
            let rate: Rate = text.parse().unwrap();
            assert_eq!((rate.limit(), rate.window().as_secs()), (limit, seconds));
            assert_eq!(rate.to_string().parse::<Rate>().unwrap(), rate);
        }
    }

    #[test]
    fn rates_that_make_no_sense_are_refused() {
        for bad in
            ["0/15m", "50/0s", "1000000000000/1ms", "50", "50/", "/15m", "-1/15m", "50/15x", "5/1ms", "5/32d", ""]
        {
            let error = bad.parse::<Rate>().unwrap_err().to_string();
            assert!(error.contains("50/15m"), "{error}");
        }
    }
}
