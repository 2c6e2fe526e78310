//! Times as people read them.

use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::clock::LocalZone;
use crate::domain::Wall;

/// The time of day here; with the date where it is another day than today's.
pub fn clock_text(at: Wall, now: Wall, zone: &TimeZone) -> String {
    let local = |wall: Wall| Timestamp::from_millisecond(wall.0).map(|timestamp| timestamp.to_zoned(zone.clone()));
    match (local(at), local(now)) {
        (Ok(at), Ok(now)) if at.date() == now.date() => at.strftime("%H:%M:%S").to_string(),
        (Ok(at), Ok(now)) if at.year() == now.year() => at.strftime("%a %d %b %H:%M").to_string(),
        (Ok(at), _) => at.strftime("%Y-%m-%d %H:%M").to_string(),
        (Err(_), _) => at.rfc3339(),
    }
}

/// By whose clock times are told.
#[derive(Clone, Debug)]
pub struct LocalClock {
    /// The zone.
    pub zone: LocalZone,
    /// Whether the zone is named: where it is not the one that a reader takes for granted.
    pub is_named: bool,
}

impl LocalClock {
    /// As [`clock_text`], with the zone's short name where it has to be told: `06:00:00 CET`.
    pub fn text(&self, at: Wall, now: Wall) -> String {
        let text = clock_text(at, now, self.zone.get());
        match Timestamp::from_millisecond(at.0).ok().filter(|_| self.is_named) {
            Some(timestamp) => format!("{text} {}", timestamp.to_zoned(self.zone.get().clone()).strftime("%Z")),
            None => text,
        }
    }
}

impl From<TimeZone> for LocalClock {
    /// The zone of this machine, which needs no name.
    fn from(zone: TimeZone) -> LocalClock {
        LocalClock { zone: zone.into(), is_named: false }
    }
}

/// Date and time here, to the second.
pub fn full_text(at: Wall, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(at.0) {
        Ok(timestamp) => timestamp.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string(),
        Err(_) => at.rfc3339(),
    }
}

/// How long, in its two biggest units: `2 d 3 h`, `4 h 10 min`, `25 s`.
pub fn span_text(span: Duration) -> String {
    let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    let (days, hours, minutes) = (seconds / 86_400, seconds % 86_400 / 3600, seconds % 3600 / 60);
    let two = |big: u64, big_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{big} {big_unit}"),
        _ => format!("{big} {big_unit} {small} {small_unit}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => two(minutes, "min", seconds % 60, "s"),
        (0, _, _) => two(hours, "h", minutes, "min"),
        _ => two(days, "d", hours, "h"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn today_needs_no_date() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let at = |text: &str| Wall(text.parse::<Timestamp>().unwrap().as_millisecond());
        let now = at("2026-11-22T13:00:00Z");
        assert_eq!(clock_text(at("2026-11-22T13:38:31Z"), now, &zone), "14:38:31");
        assert_eq!(clock_text(at("2026-11-22T23:30:00Z"), now, &zone), "Mon 23 Nov 00:30");
        assert_eq!(clock_text(at("2027-01-02T03:04:05Z"), now, &zone), "2027-01-02 04:04");
        let mut clock = LocalClock::from(zone.clone());
        assert_eq!(clock.text(at("2026-11-22T13:38:31Z"), now), "14:38:31");
        clock.is_named = true;
        assert_eq!(clock.text(at("2026-11-22T13:38:31Z"), now), "14:38:31 CET");
        assert_eq!(clock.text(at("2026-11-22T23:30:00Z"), now), "Mon 23 Nov 00:30 CET");
        assert_eq!(full_text(at("2026-11-22T13:38:31Z"), &zone), "2026-11-22 14:38:31 CET");
    }

    #[test]
    fn spans_have_two_units_at_most() {
        let texts = [0, 25, 60, 75, 3600, 15_000, 90_000].map(|seconds| span_text(Duration::from_secs(seconds)));
        assert_eq!(texts, ["0 s", "25 s", "1 min", "1 min 15 s", "1 h", "4 h 10 min", "1 d 1 h"]);
        assert_eq!(span_text(Duration::from_millis(1)), "1 s");
    }
}
