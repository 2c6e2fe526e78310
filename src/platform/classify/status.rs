//! What a status means where the body explains nothing.

use super::body::Object;
use super::{bad_request, forbidden, not_found_unclear, unknown, v1_code};
use crate::platform::reply::{Finding, Limited};

/// A 5xx is the world's fault, whatever its body says: the body of a failing server is no evidence about a target.
pub(super) fn world(status: u16, said: Option<&Object>) -> Finding {
    let over_capacity = status == 503 || said.is_some_and(v1_code::says_over_capacity);
    Finding::World { reason: if over_capacity { "over_capacity" } else { "server_error" }.into() }
}

/// `unreadable` says why the body could not be read; none where it was a JSON object that explains nothing.
///
/// An unreadable 404 is not the target's: an edge or a proxy also says 404, for a path it does not know or while routes
/// change, and a row marked gone is never sent again. So it is unknown and repeated. A readable 404 that names no resource
/// may be a route that was closed; as an ambiguous refusal it stops the account after a few instead of eating the list.
/// A 400 and an unreadable 410 are ambiguous for the same cause.
pub(super) fn alone(status: u16, unreadable: Option<&'static str>) -> Finding {
    let readable = unreadable.is_none();
    match status {
        200 => unknown(unreadable.unwrap_or("unexpected_body")),
        300..=399 => unknown("redirected"),
        400 => bad_request("bad_request"),
        401 => Finding::Unauthorized { reason: "unauthorized".into() },
        402 => Finding::App { reason: "credits_depleted".into() },
        403 => forbidden("forbidden"),
        404 if readable => not_found_unclear(),
        404 => unknown(unreadable.unwrap_or("unreadable")),
        407 => Finding::World { reason: "proxy_refused".into() },
        408 | 425 => Finding::World { reason: "request_timeout".into() },
        409 => Finding::World { reason: "conflict".into() },
        410 if readable => Finding::App { reason: "endpoint_retired".into() },
        410 => forbidden("endpoint_retired"),
        420 | 429 => Finding::Limited(Limited::Rate),
        status if (400..500).contains(&status) => forbidden("unexpected_status"),
        _ => unknown("unexpected_status"),
    }
}
