//! The headers in which X and AIsa tell of limits and time. In: response headers. Out: [`RateFacts`]. Pure.

use std::str::FromStr;

use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use crate::domain::{RateFacts, Wall};
use crate::platforms::answer::{http_date, retry_after};

/// Reads the rate-limit headers of X and AIsa. What is missing or makes no sense is none.
pub(in crate::platforms) fn rate_facts(headers: &HeaderMap) -> RateFacts {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::time::Duration;

    use super::*;
    use crate::platforms::answer::{ContentType, MAX_RETRY_AFTER_SECONDS};
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
        let longest = MAX_RETRY_AFTER_SECONDS.to_string();
        let wait = |value: &str| rate_facts(&headers(&[("retry-after", value)])).retry_after;
        assert_eq!(wait(&longest), Some(Duration::from_secs(MAX_RETRY_AFTER_SECONDS)));
        for nonsense in [MAX_RETRY_AFTER_SECONDS + 1, 251_570_764_800, u64::MAX] {
            assert_eq!(wait(&nonsense.to_string()), None, "{nonsense}");
        }
        let year_9999 = ("retry-after", "Fri, 01 Jan 9999 00:00:00 GMT");
        assert_eq!(rate_facts(&headers(&[date, year_9999])).retry_after, None);
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
