//! The headers in which a Bluesky server tells of limits and time. In: response headers. Out: [`RateFacts`]. Pure.

use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::domain::{RateFacts, Wall};
use crate::platforms::answer::{date_of, retry_after};

/// A window as long as this is told as the day's.
const DAY_SECONDS: u64 = 86_400;

/// Reads the rate-limit headers. They are about one limit alone, that of which the least is left: an address's 3,000 requests per 5 minutes, an
/// account's hour, or its day. `RateLimit-Policy` says how long that window is. What is missing or makes no sense is none.
pub(super) fn rate_facts(headers: &HeaderMap) -> RateFacts {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let date = date_of(headers);
    let remaining = text("ratelimit-remaining").and_then(|number| number.parse().ok());
    let reset = text("ratelimit-reset").and_then(seconds);
    let told = RateFacts {
        date,
        retry_after: text(RETRY_AFTER.as_str()).and_then(|value| retry_after(value, date)),
        ..RateFacts::default()
    };
    if text("ratelimit-policy").and_then(window_seconds).is_some_and(|window| window >= DAY_SECONDS) {
        return RateFacts { day_remaining: remaining, day_reset: reset, ..told };
    }
    RateFacts { limit: text("ratelimit-limit").and_then(|number| number.parse().ok()), remaining, reset, ..told }
}

/// The window of a policy: `5000;w=3600`.
fn window_seconds(policy: &str) -> Option<u64> {
    policy.split(';').find_map(|part| part.trim().strip_prefix("w="))?.trim().parse().ok()
}

fn seconds(text: &str) -> Option<Wall> {
    text.parse::<i64>().ok().filter(|seconds| *seconds >= 0)?.checked_mul(1000).map(Wall)
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

    /// As a server of November 2026 wrote them.
    #[test]
    fn the_tightest_limit_is_told_with_its_window() {
        let date = ("date", "Sun, 29 Nov 2026 21:16:29 GMT");
        let of_address = facts(&[
            date,
            ("ratelimit-limit", "3000"),
            ("ratelimit-reset", "1795987287"),
            ("ratelimit-remaining", "2996"),
            ("ratelimit-policy", "3000;w=300"),
        ]);
        assert_eq!((of_address.limit, of_address.remaining), (Some(3_000), Some(2_996)));
        assert_eq!(of_address.until_reset(), Some(Duration::from_secs(298)));
        let refused = facts(&[
            date,
            ("ratelimit-limit", "5000"),
            ("ratelimit-remaining", "0"),
            ("ratelimit-reset", "1795990580"),
            ("ratelimit-policy", "5000;w=3600"),
            ("retry-after", "3591"),
        ]);
        assert_eq!((refused.remaining, refused.retry_after), (Some(0), Some(Duration::from_secs(3_591))));
        let day = facts(&[
            date,
            ("ratelimit-limit", "35000"),
            ("ratelimit-remaining", "12"),
            ("ratelimit-reset", "1796073389"),
            ("ratelimit-policy", "35000;w=86400"),
        ]);
        assert_eq!((day.limit, day.remaining, day.reset), (None, None, None));
        assert_eq!((day.day_remaining, day.until_day_reset()), (Some(12), Some(Duration::from_secs(86_400))));
        // Servers without limits say nothing, and nonsense is nothing.
        assert_eq!(facts(&[]), RateFacts::default());
        let nonsense = [
            ("ratelimit-reset", "soon"),
            ("ratelimit-limit", "-1"),
            ("ratelimit-remaining", "many"),
            ("ratelimit-policy", "w"),
        ];
        assert_eq!(facts(&nonsense), RateFacts::default());
    }

    proptest! {
        #[test]
        fn no_header_makes_the_reader_panic(value in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(value) = HeaderValue::from_bytes(&value) {
                let names = ["ratelimit-reset", "ratelimit-limit", "ratelimit-remaining", "ratelimit-policy", "retry-after", "date"];
                let each = names.map(|name| (HeaderName::from_static(name), value.clone()));
                rate_facts(&HeaderMap::from_iter(each));
            }
        }
    }
}
