//! An answer as it came: status, body, and what the headers said. In: response headers. Out: [`Answer`], [`RateFacts`].
//! What does not belong here: what the answer means (`classify`), what follows for the limits (`limits`).

use std::str::FromStr;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap, RETRY_AFTER};

use crate::domain::{RateFacts, Wall};

/// The most of a body that is read. An answer to an undo has a few hundred bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;
/// The most of a page that is read: a thousand users with descriptions have about a megabyte.
pub const MAX_PAGE_BYTES: usize = 16 * 1024 * 1024;
/// The longest `Retry-After` believed: 31 days, the longest window there is.
pub const MAX_RETRY_AFTER_SECONDS: u64 = 31 * 86_400;

/// An answer whose status arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, as far as it came.
    pub body: Body,
    /// What the headers said about limits and time.
    pub facts: RateFacts,
    /// What the body claims to be.
    pub content_type: ContentType,
}

/// How a body ended. What is not whole proves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BodyEnd {
    /// Its end was seen.
    Whole,
    /// The connection was lost before.
    #[default]
    BrokeOff,
    /// It was longer than is read.
    TooLong,
}

/// A body, as far as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// At most [`MAX_BODY_BYTES`], of a page [`MAX_PAGE_BYTES`].
    pub bytes: Vec<u8>,
    /// How much of it that is.
    pub end: BodyEnd,
}

impl Body {
    /// A body that came whole.
    pub fn whole(bytes: impl Into<Vec<u8>>) -> Body {
        Body { bytes: bytes.into(), end: BodyEnd::Whole }
    }
}

/// What a body claims to be. Only a hint for people: bodies are judged by their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContentType {
    /// `application/json`, `application/problem+json`.
    Json,
    /// `text/html`: a page of the edge, a proxy or a captive portal.
    Html,
    /// Anything else, or nothing.
    #[default]
    Other,
}

impl ContentType {
    /// What the headers claim.
    pub fn of(headers: &HeaderMap) -> ContentType {
        let Some(text) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
            return ContentType::Other;
        };
        let kind = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        match kind.as_str() {
            "text/html" | "application/xhtml+xml" => ContentType::Html,
            kind if kind == "application/json" || kind.ends_with("+json") => ContentType::Json,
            _ => ContentType::Other,
        }
    }
}

/// Reads the rate-limit headers of X and AIsa. What is missing or makes no sense is none.
pub fn rate_facts(headers: &HeaderMap) -> RateFacts {
    let told = Told::read(headers);
    let date = told.text(DATE.as_str()).and_then(http_date);
    let (day_remaining, day_reset) = told.day();
    RateFacts {
        limit: told.either("x-rate-limit-limit", "x-ratelimit-limit-requests"),
        remaining: told.either("x-rate-limit-remaining", "x-ratelimit-remaining-requests"),
        reset: told.either("x-rate-limit-reset", "x-ratelimit-reset-requests").and_then(epoch_seconds),
        day_remaining,
        day_reset,
        date,
        retry_after: told.text(RETRY_AFTER.as_str()).and_then(|value| retry_after(value, date)),
    }
}

/// The headers that [`rate_facts`] reads, picked out in one pass: a dozen look-ups by name, most of them in vain, cost more than
/// the rest of reading an answer.
struct Told<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Told<'a> {
    fn read(headers: &'a HeaderMap) -> Told<'a> {
        let told = |name: &str| name.contains("limit") || name == DATE || name == RETRY_AFTER;
        let each = headers.iter().filter(|(name, _)| told(name.as_str()));
        Told(each.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?.trim()))).collect())
    }

    fn text(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(told, _)| *told == name).map(|(_, value)| *value)
    }

    fn number<N: FromStr>(&self, name: &str) -> Option<N> {
        self.text(name)?.parse().ok()
    }

    fn either<N: FromStr>(&self, x: &str, aisa: &str) -> Option<N> {
        self.number(x).or_else(|| self.number(aisa))
    }

    /// The tighter of the user's and the app's 24-hour windows: whichever is used up first stops this account.
    fn day(&self) -> (Option<u32>, Option<Wall>) {
        let user: Option<u32> = self.number("x-user-limit-24hour-remaining");
        let app: Option<u32> = self.number("x-app-limit-24hour-remaining");
        let app_is_tighter = app.is_some_and(|app| user.is_none_or(|user| app < user));
        let (remaining, reset) =
            if app_is_tighter { (app, "x-app-limit-24hour-reset") } else { (user, "x-user-limit-24hour-reset") };
        (remaining, self.number(reset).and_then(epoch_seconds))
    }
}

fn epoch_seconds(seconds: u64) -> Option<Wall> {
    i64::try_from(seconds).ok()?.checked_mul(1000).map(Wall)
}

/// An HTTP date (RFC 9110, the fixed form), to the second.
pub(super) fn http_date(text: &str) -> Option<Wall> {
    let seconds = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_second();
    seconds.checked_mul(1000).map(Wall)
}

/// Seconds, or a date; a date is read against the answer's own clock, since ours may be wrong.
fn retry_after(value: &str, date: Option<Wall>) -> Option<Duration> {
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => http_date(value)?.since(date?),
    };
    Some(wait.min(Duration::from_secs(MAX_RETRY_AFTER_SECONDS)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn the_headers_of_x() {
        let facts = rate_facts(&headers(&[
            ("x-rate-limit-limit", "50"),
            ("x-rate-limit-remaining", "0"),
            ("x-rate-limit-reset", "1700000900"),
            ("x-user-limit-24hour-remaining", "7"),
            ("x-user-limit-24hour-reset", "1700086400"),
            ("date", "Tue, 14 Nov 2023 22:13:20 GMT"),
        ]));
        assert_eq!((facts.limit, facts.remaining), (Some(50), Some(0)));
        assert_eq!(facts.until_reset(), Some(Duration::from_secs(900)));
        assert_eq!((facts.day_remaining, facts.until_day_reset()), (Some(7), Some(Duration::from_secs(86_400))));
    }

    #[test]
    fn the_headers_of_aisa_and_the_tighter_day() {
        let facts = rate_facts(&headers(&[
            ("x-ratelimit-limit-requests", "60"),
            ("x-ratelimit-remaining-requests", "59"),
            ("x-ratelimit-reset-requests", "1700000060"),
            ("x-user-limit-24hour-remaining", "7"),
            ("x-app-limit-24hour-remaining", "3"),
            ("x-app-limit-24hour-reset", "1700000000"),
            ("retry-after", "30"),
        ]));
        assert_eq!((facts.limit, facts.remaining, facts.reset), (Some(60), Some(59), Some(Wall(1_700_000_060_000))));
        assert_eq!((facts.day_remaining, facts.day_reset), (Some(3), Some(Wall(1_700_000_000_000))));
        assert_eq!(facts.retry_after, Some(Duration::from_secs(30)));
    }

    #[test]
    fn retry_after_as_a_date_is_read_against_the_answers_own_date() {
        let date = ("date", "Tue, 14 Nov 2023 22:13:20 GMT");
        let later = ("retry-after", "Tue, 14 Nov 2023 22:15:20 GMT");
        assert_eq!(rate_facts(&headers(&[date, later])).retry_after, Some(Duration::from_secs(120)));
        assert_eq!(rate_facts(&headers(&[later])).retry_after, None);
        let huge = rate_facts(&headers(&[("retry-after", "18446744073709551615")]));
        assert_eq!(huge.retry_after, Some(Duration::from_secs(MAX_RETRY_AFTER_SECONDS)));
    }

    #[test]
    fn nonsense_is_none() {
        let facts = rate_facts(&headers(&[
            ("x-rate-limit-limit", "-1"),
            ("x-rate-limit-remaining", "many"),
            ("x-rate-limit-reset", "18446744073709551615"),
            ("retry-after", "soon"),
            ("date", "yesterday"),
        ]));
        assert_eq!(facts, RateFacts::default());
    }

    proptest! {
        #[test]
        fn no_header_makes_the_reader_panic(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                let mut map = HeaderMap::new();
                for name in ["x-rate-limit-reset", "x-rate-limit-remaining", "retry-after", "date", "content-type"] {
                    map.insert(HeaderName::from_static(name), value.clone());
                }
                rate_facts(&map);
                ContentType::of(&map);
            }
        }
    }
}
