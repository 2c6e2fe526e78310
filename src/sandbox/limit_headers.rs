//! What becomes of the headers that tell of limits: a platform may tell nothing, or nonsense.

use axum::http::{HeaderMap, HeaderName, header};

use super::headers::put;
use crate::domain::Wall;

crate::domain::with_names! {
    /// How answers tell of limits.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub enum LimitHeaders {
        /// As each platform does.
        #[default]
        Right => "right",
        /// Not at all.
        Absent => "absent",
        /// Without the date that resets are read against.
        Undated => "undated",
        /// Every reset was an hour ago, and nothing is to be waited for.
        Past => "past",
        /// Every reset is in the year 9999.
        Never => "never",
        /// Every number is below zero.
        Negative => "negative",
        /// Words where numbers and times belong.
        Words => "words",
        /// More is left than a window holds.
        TooMuch => "too-much",
    }
}

/// 1 January 9999.
const YEAR_9999_SECONDS: i64 = 253_370_764_800;
/// More than any window has.
const TOO_MUCH: &str = "4000000000";

/// Makes an answer tell of limits like this.
pub(super) fn distort(headers: &mut HeaderMap, how: LimitHeaders, now: Wall) {
    match how {
        LimitHeaders::Right => {}
        LimitHeaders::Undated => drop(headers.remove(header::DATE)),
        LimitHeaders::Absent => told(headers).into_iter().for_each(|name| drop(headers.remove(name))),
        LimitHeaders::Past
        | LimitHeaders::Never
        | LimitHeaders::Negative
        | LimitHeaders::Words
        | LimitHeaders::TooMuch => {
            for name in told(headers) {
                if let Some(value) = instead_of(&name, headers, how, now) {
                    put(headers, name, &value);
                }
            }
        }
    }
}

/// The headers of limits that an answer has.
fn told(headers: &HeaderMap) -> Vec<HeaderName> {
    let is_of_limits = |name: &&HeaderName| name.as_str().contains("limit") || **name == header::RETRY_AFTER;
    headers.keys().filter(is_of_limits).cloned().collect()
}

/// What a header says instead; none where it stays as it is.
fn instead_of(name: &HeaderName, headers: &HeaderMap, how: LimitHeaders, now: Wall) -> Option<String> {
    let now = now.0.div_euclid(1000);
    let is_reset = name.as_str().contains("reset");
    let is_wait = *name == header::RETRY_AFTER;
    let is_left = name.as_str().contains("remaining");
    // Each platform writes its times in its own way.
    let is_time = headers.get(name).is_some_and(|value| value.as_bytes().contains(&b'T'));
    let time = |seconds: i64| {
        let time = || jiff::Timestamp::from_second(seconds).unwrap_or_default().to_string();
        if is_time { time() } else { seconds.to_string() }
    };
    match how {
        LimitHeaders::Past if is_reset => Some(time(now - 3_600)),
        LimitHeaders::Past if is_wait => Some("0".to_owned()),
        LimitHeaders::Never if is_reset => Some(time(YEAR_9999_SECONDS)),
        LimitHeaders::Never if is_wait => Some((YEAR_9999_SECONDS - now).to_string()),
        LimitHeaders::Negative => Some("-5".to_owned()),
        LimitHeaders::Words => Some("soon".to_owned()),
        LimitHeaders::TooMuch if is_left => Some(TOO_MUCH.to_owned()),
        _ => None,
    }
}
