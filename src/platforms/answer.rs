//! An answer as it came: status, body, and what the headers said. In: response headers. Out: [`Answer`], [`RateFacts`].
//! What does not belong here: what the answer means (`classify`), what follows for the limits (`limits`).

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, DATE, HeaderMap};

use super::entry::NextPage;
use crate::domain::{RateFacts, Wall};

/// The most that is read of an answer, a success or an error. That of an undo has a few hundred bytes.
pub const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The most that is read of a page of a list, or of the error in its place: a thousand users with descriptions have about a megabyte.
pub const MAX_LIST_PAGE_BYTES: usize = 16 * 1024 * 1024;
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
    /// Where a list goes on, as the `Link` header says.
    pub next: NextPage,
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
    /// At most [`MAX_ANSWER_BYTES`], of a page [`MAX_LIST_PAGE_BYTES`].
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

/// When an answer was made, by the platform's own clock.
pub(super) fn date_of(headers: &HeaderMap) -> Option<Wall> {
    http_date(headers.get(DATE)?.to_str().ok()?.trim())
}

/// An HTTP date (RFC 9110, the fixed form), to the second.
pub(super) fn http_date(text: &str) -> Option<Wall> {
    let seconds = jiff::fmt::rfc2822::parse(text).ok()?.timestamp().as_second();
    seconds.checked_mul(1000).map(Wall)
}

/// Seconds, or a date; a date is read against the answer's own clock, since ours may be wrong. What asks for more than the longest window there
/// is makes no sense, as a reset beyond it does not.
pub(super) fn retry_after(value: &str, date: Option<Wall>) -> Option<Duration> {
    let wait = match value.parse::<u64>() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => http_date(value)?.since(date?),
    };
    Some(wait).filter(|wait| *wait <= Duration::from_secs(MAX_RETRY_AFTER_SECONDS))
}
