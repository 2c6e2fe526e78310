//! Times as exports write them. In: a cell, or a value of an archive. Out: the moment it names, or none where it cannot be read. Pure.
//! What does not belong here: what a person types (`filter/when`), where a date without a zone is one of here.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::fmt::rfc2822;
use jiff::tz::Offset;

use crate::domain::Wall;

/// How v1.1 and X's archives since 2018 write a time: `Wed Oct 10 20:19:24 +0000 2018`.
const POST_TIME: &str = "%a %b %d %H:%M:%S %z %Y";
/// Seconds since 1970 have ten digits from 2001 to 2286.
const SECOND_DIGITS: usize = 10;
/// And milliseconds three more.
const MILLISECOND_DIGITS: usize = 13;

/// The moment that a text names: RFC 3339, with or without the `T` and with a space before its zone (`2009-03-20 00:00:00 +0000`,
/// `+08:00`, `UTC`), the form of v1.1, RFC 2822, and seconds or milliseconds since 1970. A date or time without a zone is in UTC.
pub fn parse_source_time(text: &str) -> Option<Wall> {
    let text = text.trim();
    let at = if text.contains(':') { parse_time(text) } else { parse_epoch(text).or_else(|| parse_date(text)) };
    at.map(|at| Wall(at.as_millisecond()))
}

/// A time of day with its zone, as [`parse_source_time`] reads them; none where it names no zone.
pub fn parse_zoned_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    text.parse()
        .ok()
        .or_else(|| parse_spaced(text))
        .or_else(|| Timestamp::strptime(POST_TIME, text).ok())
        .or_else(|| rfc2822::parse(text).ok().map(|at| at.timestamp()))
}

fn parse_time(text: &str) -> Option<Timestamp> {
    parse_zoned_time(text).or_else(|| Offset::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok())
}

/// A date and time, a space, and a zone.
fn parse_spaced(text: &str) -> Option<Timestamp> {
    let (time, zone) = text.rsplit_once(' ')?;
    let offset = match zone.to_ascii_uppercase().as_str() {
        "UTC" | "GMT" | "Z" => Offset::UTC,
        zone => parse_offset(zone)?,
    };
    offset.to_timestamp(time.trim_end().parse::<DateTime>().ok()?).ok()
}

/// `+0000`, `-08:00`, `+08`.
fn parse_offset(zone: &str) -> Option<Offset> {
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let digits = zone[1..].replacen(':', "", 1);
    if ![2, 4].contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(2);
    let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().unwrap_or(0));
    if minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}

/// Seconds or milliseconds since 1970, told by how many digits they have; a fraction is passed over.
fn parse_epoch(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = [whole, fraction].iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    match whole.len() {
        SECOND_DIGITS if is_number => Timestamp::from_second(whole.parse().ok()?).ok(),
        MILLISECOND_DIGITS if is_number => Timestamp::from_millisecond(whole.parse().ok()?).ok(),
        _ => None,
    }
}

fn parse_date(text: &str) -> Option<Timestamp> {
    Some(text.parse::<Date>().ok()?.in_tz("UTC").ok()?.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Option<String> {
        parse_source_time(text).map(|at| at.rfc3339())
    }

    #[test]
    fn one_moment_in_every_form_that_exports_write() {
        for text in [
            "2009-03-20T00:00:00Z",
            "2009-03-20 00:00:00 +0000",
            "2009-03-20 00:00:00 -0000",
            "2009-03-20 08:00:00 +08:00",
            "2009-03-19 16:00:00 -0800",
            "2009-03-20 08:00:00 +08",
            "2009-03-20T08:00:00+08:00",
            "2009-03-20 00:00:00 UTC",
            "2009-03-20 00:00:00 utc",
            "2009-03-20 00:00:00.000 GMT",
            "2009-03-20 00:00 UTC",
            "2009-03-20 00:00:00+00:00",
            "2009-03-20 00:00:00",
            "2009-03-20T00:00:00",
            "2009-03-20",
            "Fri Mar 20 00:00:00 +0000 2009",
            "Fri, 20 Mar 2009 00:00:00 GMT",
            "1237507200",
            "1237507200.0",
            "1237507200000",
            " 1237507200 ",
        ] {
            assert_eq!(read(text).as_deref(), Some("2009-03-20T00:00:00Z"), "{text}");
        }
    }

    #[test]
    fn what_names_no_moment_is_not_known() {
        for text in [
            "",
            "soon",
            "2009",
            "12375072",
            "123750720",
            "12375072000",
            "-1237507200",
            "1.237507200",
            "1237507200.x",
            "2009-13-20 00:00:00 +0000",
            "2009-03-20 00:00:00 +8",
            "2009-03-20 00:00:00 +080",
            "2009-03-20 00:00:00 +08:00:00",
            "2009-03-20 00:00:00 +0860",
            "2009-03-20 00:00:00 +9900",
            "2009-03-20 00:00:00 PST",
            "20.03.2009 00:00:00",
            "03/20/2009",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        for text in ["2009-03-20 00:00:00", "2009-03-20", "1237507200"] {
            assert_eq!(parse_zoned_time(text), None, "{text} has no zone");
        }
    }

    proptest! {
        #[test]
        fn a_moment_is_read_back_from_every_form(seconds in 1_000_000_000_i64..9_999_999_999, hours in -23_i64..=23) {
            let here = Timestamp::from_second(seconds + hours * 3_600).unwrap_or_default();
            let sign = if hours < 0 { '-' } else { '+' };
            for text in [
                format!("{} {sign}{:02}00", here.strftime("%Y-%m-%d %H:%M:%S"), hours.abs()),
                format!("{} {sign}{:02}:00", here.strftime("%Y-%m-%d %H:%M:%S"), hours.abs()),
                format!("{}{sign}{:02}:00", here.strftime("%Y-%m-%dT%H:%M:%S"), hours.abs()),
                seconds.to_string(),
                (seconds * 1_000).to_string(),
            ] {
                prop_assert_eq!(parse_source_time(&text), Some(Wall(seconds * 1_000)), "{}", text);
            }
        }

        #[test]
        fn any_text_is_read_without_harm(text in "\\PC{0,40}") {
            let _ = parse_source_time(&text);
        }
    }
}
