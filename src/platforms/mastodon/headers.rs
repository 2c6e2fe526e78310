//! The headers in which servers of the Mastodon API tell of limits and time. In: response headers. Out: [`RateFacts`]. Pure.

use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::domain::{RateFacts, Wall};
use crate::platforms::answer::{date_of, retry_after};

/// Reads the rate-limit headers. They are about the limit of which the least is left. What is missing or makes no sense is none.
pub(super) fn rate_facts(headers: &HeaderMap) -> RateFacts {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let date = date_of(headers);
    RateFacts {
        limit: text("x-ratelimit-limit").and_then(|number| number.parse().ok()),
        remaining: text("x-ratelimit-remaining").and_then(|number| number.parse().ok()),
        reset: text("x-ratelimit-reset").and_then(moment),
        day_remaining: None,
        day_reset: None,
        date,
        retry_after: text(RETRY_AFTER.as_str()).and_then(|value| retry_after(value, date)),
    }
}

/// Mastodon and GoToSocial write an ISO 8601 time, others seconds since 1970. Rounded up: whoever believes it does not come early.
fn moment(text: &str) -> Option<Wall> {
    if let Ok(seconds) = text.parse::<u64>() {
        return i64::try_from(seconds).ok()?.checked_mul(1000).map(Wall);
    }
    let nanos = text.parse::<jiff::Timestamp>().ok()?.as_nanosecond();
    let ms = nanos.div_euclid(1_000_000) + i128::from(nanos.rem_euclid(1_000_000) != 0);
    i64::try_from(ms).ok().map(Wall)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use proptest::prelude::*;
    use reqwest::header::{HeaderName, HeaderValue};

    use super::*;

    fn facts(pairs: &[(&'static str, &str)]) -> RateFacts {
        let each = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        rate_facts(&each.collect())
    }

    #[test]
    fn the_reset_is_a_time_or_seconds() {
        let date = ("date", "Sat, 28 Nov 2026 17:16:50 GMT");
        let mastodon = facts(&[
            date,
            ("x-ratelimit-limit", "30"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "2026-11-28T17:30:00.123456Z"),
        ]);
        assert_eq!((mastodon.limit, mastodon.remaining), (Some(30), Some(0)));
        assert_eq!(mastodon.until_reset(), Some(Duration::from_millis(790_124)));
        let gotosocial = facts(&[date, ("x-ratelimit-reset", "2026-11-28T17:16:51.000Z")]);
        assert_eq!(gotosocial.until_reset(), Some(Duration::from_secs(1)));
        let pleroma = facts(&[date, ("x-ratelimit-reset", "1795886220"), ("retry-after", "7")]);
        assert_eq!(pleroma.reset, Some(Wall(1_795_886_220_000)));
        assert_eq!(pleroma.retry_after, Some(Duration::from_secs(7)));
        let nonsense = [("x-ratelimit-reset", "soon"), ("x-ratelimit-limit", "-1"), ("x-ratelimit-remaining", "many")];
        assert_eq!(facts(&nonsense), RateFacts::default());
    }

    proptest! {
        #[test]
        fn no_header_makes_the_reader_panic(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                let names = ["x-ratelimit-reset", "x-ratelimit-limit", "retry-after", "date"];
                let each = names.map(|name| (HeaderName::from_static(name), value.clone()));
                rate_facts(&HeaderMap::from_iter(each));
            }
        }
    }
}
