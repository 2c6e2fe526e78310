//! The headers of answers: the limits as X, AIsa, Mastodon and Bluesky tell them, and the date by the sandbox's own clock.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::decision::Answer;
use super::rendered::Rendered;
use super::who::SimulatedApi;
use crate::domain::Wall;

/// An answer to nobody, without the headers of any window.
pub(super) fn plain(worded: Rendered) -> Response {
    let status = StatusCode::from_u16(worded.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = Response::new(Body::from(worded.body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(worded.content_type));
    response
}

/// An answer with the headers of its windows. The edge's own pages have none.
pub(super) fn respond(worded: Rendered, dialect: SimulatedApi, answer: Answer, now: Wall) -> Response {
    let from_edge = worded.from_edge;
    let mut response = plain(worded);
    let limited = response.status() == StatusCode::TOO_MANY_REQUESTS;
    match dialect {
        _ if from_edge => {}
        SimulatedApi::V2 | SimulatedApi::V1 => x_headers(response.headers_mut(), answer),
        SimulatedApi::Aisa => aisa_headers(response.headers_mut(), answer, limited, now),
        SimulatedApi::Mastodon => mastodon_headers(response.headers_mut(), answer),
        SimulatedApi::Bluesky => bluesky_headers(response.headers_mut(), answer, limited, now),
    }
    response
}

fn x_headers(headers: &mut HeaderMap, answer: Answer) {
    if let Some(window) = answer.window {
        headers.insert("x-access-level", HeaderValue::from_static("read-write"));
        headers.insert("x-rate-limit-limit", window.limit.into());
        headers.insert("x-rate-limit-remaining", window.remaining.into());
        headers.insert("x-rate-limit-reset", window.reset_seconds.into());
    }
    if let Some(day) = answer.day {
        headers.insert("x-user-limit-24hour-limit", day.limit.into());
        headers.insert("x-user-limit-24hour-remaining", day.remaining.into());
        headers.insert("x-user-limit-24hour-reset", day.reset_seconds.into());
    }
}

/// `Retry-After` comes with 429 only, and with whichever window is full the longest.
fn aisa_headers(headers: &mut HeaderMap, answer: Answer, limited: bool, now: Wall) {
    let Some(window) = answer.window else { return };
    headers.insert("x-ratelimit-limit-requests", window.limit.into());
    headers.insert("x-ratelimit-remaining-requests", window.remaining.into());
    headers.insert("x-ratelimit-reset-requests", window.reset_seconds.into());
    let full = [Some(window), answer.day].into_iter().flatten().filter(|window| window.remaining == 0);
    if let Some(reset) = full.map(|window| window.reset_seconds).max().filter(|_| limited) {
        headers.insert(header::RETRY_AFTER, (reset - now.0.div_euclid(1000)).max(1).into());
    }
}

/// The reset is a time, and no `Retry-After` comes with a 429.
fn mastodon_headers(headers: &mut HeaderMap, answer: Answer) {
    let Some(window) = answer.window else { return };
    headers.insert("x-ratelimit-limit", window.limit.into());
    headers.insert("x-ratelimit-remaining", window.remaining.into());
    let reset = jiff::Timestamp::from_second(window.reset_seconds).unwrap_or_default();
    let reset = reset.strftime("%Y-%m-%dT%H:%M:%S.000000Z").to_string();
    put(headers, HeaderName::from_static("x-ratelimit-reset"), &reset);
}

/// The tightest window alone, with its length; `Retry-After` comes with 429.
fn bluesky_headers(headers: &mut HeaderMap, answer: Answer, limited: bool, now: Wall) {
    let Some(window) = answer.window else { return };
    headers.insert("ratelimit-limit", window.limit.into());
    headers.insert("ratelimit-remaining", window.remaining.into());
    headers.insert("ratelimit-reset", window.reset_seconds.into());
    let policy = format!("{};w={}", window.limit, window.length.as_secs());
    put(headers, HeaderName::from_static("ratelimit-policy"), &policy);
    if limited {
        headers.insert(header::RETRY_AFTER, (window.reset_seconds - now.0.div_euclid(1000)).max(1).into());
    }
}

/// Sets a header, where the text can be one.
pub(super) fn put(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// `Sun, 22 Nov 2026 14:38:31 GMT`, by the sandbox's clock and not by the machine's.
pub(super) fn http_date(wall: Wall) -> String {
    let timestamp = jiff::Timestamp::from_second(wall.0.div_euclid(1000)).unwrap_or_default();
    timestamp.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
