//! The problems of X API v2 (RFC 7807): `type`, `title`, `detail`, at the top or in `errors[]`.
//!
//! Types are told by their last path segment: the live API writes them under api.twitter.com, its documents under api.x.com.

use std::time::Duration;

use super::sentence;
use super::subject::{Named, named_by};
use crate::domain::Wall;
use crate::platforms::classify::{Object, lower};
use crate::platforms::dialect::Question;
use crate::platforms::reply::{
    Finding, Limited, account, app, bad_request, forbidden, gone, not_found_unclear, other_record, refused, transient,
};

/// No daily cap lasts longer.
const DAILY_CAP_SECONDS: u64 = 86_400;

/// What one problem object means; none where it says nothing we know.
pub(super) fn finding(question: &Question<'_>, problem: &Object, status: u16) -> Option<Finding> {
    let kind = lower(problem, "type");
    let kind = kind.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let title = lower(problem, "title");
    by_cap(question, problem, kind, &title)
        .or_else(|| by_type(question, problem, kind))
        .or_else(|| if status == 403 { sentence::of_forbidden(problem) } else { None })
}

/// Credits and caps: they have types, and titles where the type is missing.
fn by_cap(question: &Question<'_>, problem: &Object, kind: &str, title: &str) -> Option<Finding> {
    match (kind, title) {
        (_, "spendcapreached") => Some(Finding::Limited(Limited::Spend { until: reset_date(problem) })),
        ("credits", _) | (_, "creditsdepleted") => Some(app("credits_depleted")),
        ("usage-capped", _) | (_, "usagecapexceeded") => {
            // A daily cap's end is not told, but it is at most a day away by the platform's own clock.
            let daily = lower(problem, "period") == "daily";
            let date = question.facts.date.filter(|_| daily);
            let until = date.map(|date| date.after(Duration::from_secs(DAILY_CAP_SECONDS)));
            Some(Finding::Limited(Limited::Usage { until }))
        }
        ("rate-limit-exceeded", _) => Some(Finding::Limited(Limited::Rate)),
        _ => None,
    }
}

fn by_type(question: &Question<'_>, problem: &Object, kind: &str) -> Option<Finding> {
    let finding = match kind {
        "resource-not-found" => of_record(question, problem, gone(), not_found_unclear()),
        "resource-unavailable" => of_record(question, problem, refused("unavailable"), forbidden("unavailable")),
        "not-authorized-for-resource" => {
            of_record(question, problem, refused("not_authorized"), forbidden("not_authorized"))
        }
        // It names a record, and says that nobody may ask for such.
        "disallowed-resource" => bad_request("disallowed"),
        "not-authorized-for-field" | "field-unauthorized" => forbidden("forbidden"),
        "invalid-request" => by_parameter(problem),
        "client-forbidden" => client_forbidden(question, problem),
        "unsupported-authentication" => app("unsupported_authentication"),
        "oauth1-permissions" => app("app_permissions"),
        "conflict" => transient("conflict"),
        "internal-error" | "field-hydration-failure" => transient("server_error"),
        "client-disconnected" | "operational-disconnect" | "streaming-connection" => transient("disconnected"),
        _ => return None,
    };
    Some(finding)
}

/// What is said of a record: `targets` where it names the target, `unclear` where it names nobody.
fn of_record(question: &Question<'_>, problem: &Object, targets: Finding, unclear: Finding) -> Finding {
    let Some((kind, subject)) = question.subject else { return unclear };
    match named_by(subject, kind, problem) {
        Named::Target => targets,
        Named::ActingUser => other_record("acting_user"),
        Named::Other => other_record("other_record"),
        Named::Nobody => unclear,
    }
}

/// The request is not taken; the path's user may not be the token's. The sentence stands in `errors[]`, so the whole object is
/// searched.
fn by_parameter(problem: &Object) -> Finding {
    let messages = problem.get("errors").and_then(serde_json::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let texts = messages.iter().filter_map(serde_json::Value::as_object).map(|item| lower(item, "message"));
    if texts.chain([lower(problem, "detail")]).any(|text| text.contains("same as the authenticating user")) {
        return account("wrong_user");
    }
    bad_request("invalid_request")
}

/// Who is not enrolled is told by the reason: the user, who alone is at fault then, or the app. Where it tells nothing, it says at
/// AIsa that the linked session lacks a scope, which a new login mends; at X it is about the app.
fn client_forbidden(question: &Question<'_>, problem: &Object) -> Finding {
    match lower(problem, "reason").as_str() {
        "user-not-enrolled" => account("user_not_enrolled"),
        _ if question.dialect.is_gateway => Finding::Unauthorized { reason: "scope_missing".into() },
        "client-not-enrolled" => app("client_not_enrolled"),
        "official-client-forbidden" => app("official_client_forbidden"),
        _ => app("client_forbidden"),
    }
}

/// The day a billing cycle ends, `2026-05-13`, at its beginning in UTC; or a full RFC 3339 time.
fn reset_date(problem: &Object) -> Option<Wall> {
    let text = problem.get("reset_date")?.as_str()?;
    let timestamp = match text.parse::<jiff::Timestamp>() {
        Ok(timestamp) => timestamp,
        Err(_) => text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp(),
    };
    Some(Wall(timestamp.as_millisecond()))
}
