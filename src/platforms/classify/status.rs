//! What a status means where the body explains nothing.

use super::body::{Object, Unreadable, unreadable_word};
use crate::platforms::answer::ContentType;
use crate::platforms::dialect::Dialect;
use crate::platforms::reply::{
    Finding, Limited, bad_request, forbidden, not_found_unclear, not_found_unreadable, unknown,
};

/// A 5xx is the world's fault, or the app's where the platform says that it has no such method: the body of a failing server is no evidence
/// about a target.
pub(super) fn failing(dialect: &Dialect, status: u16, said: Option<&Object>) -> Finding {
    let explained = said.and_then(|root| (dialect.failing)(root, status));
    let told = explained.filter(|finding| matches!(finding, Finding::Transient { .. } | Finding::App { .. }));
    let by_status = if status == 503 { "over_capacity" } else { "server_error" };
    told.unwrap_or_else(|| Finding::Transient { reason: by_status.into() })
}

/// `unreadable` says why the body could not be read; none where it was a JSON object that explains nothing.
///
/// A 4xx is an answer, whoever wrote its body: the request arrived and was refused. Where nothing names the target it is an ambiguous
/// refusal, which stops the endpoint after a few instead of eating the list or waiting for the end of an outage that is none: a route
/// that was closed, a request that is not taken any more, the block page of a CDN. A 5xx, a redirect and a 200 with a page (a captive
/// portal) may be over in a moment, and are waited for.
///
/// An unreadable 404 is no proof against its target even among successes: an edge or a proxy also says 404, for a path it does not know
/// or while routes change, and a row marked gone is never sent again. One that broke off on its way, or contradicts itself, may name
/// the target the next time. So may a 401: v1.1 says with one that somebody has blocked the user, and no account stops for half of that.
pub(super) fn alone(status: u16, unreadable: Option<Unreadable>, content_type: ContentType) -> Finding {
    let readable = unreadable.is_none();
    let unreadable_word = unreadable.map(|why| unreadable_word(why, content_type));
    match status {
        200 => unknown(unreadable_word.unwrap_or("unexpected_body")),
        300..=399 => unknown("redirected"),
        400 => bad_request("bad_request"),
        401 if matches!(unreadable, Some(Unreadable::Cut | Unreadable::DuplicateKey)) => {
            unknown(unreadable_word.unwrap_or("unreadable"))
        }
        401 => Finding::Unauthorized { reason: "unauthorized".into() },
        402 => Finding::App { reason: "credits_depleted".into() },
        403 => forbidden("forbidden"),
        404 => match unreadable {
            None => not_found_unclear(),
            Some(Unreadable::Cut | Unreadable::DuplicateKey) => unknown(unreadable_word.unwrap_or("unreadable")),
            Some(_) => not_found_unreadable(),
        },
        407 => Finding::Transient { reason: "proxy_refused".into() },
        408 | 425 => Finding::Transient { reason: "request_timeout".into() },
        409 => Finding::Transient { reason: "conflict".into() },
        410 if readable => Finding::App { reason: "endpoint_retired".into() },
        410 => forbidden("endpoint_retired"),
        420 | 429 => Finding::Limited(Limited::Rate),
        status if (400..500).contains(&status) => forbidden("unexpected_status"),
        _ => unknown("unexpected_status"),
    }
}
