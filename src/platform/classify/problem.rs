//! The problems of X API v2 (RFC 7807): `type`, `title`, `detail`, at the top or in `errors[]`.
//!
//! Types are told by their last path segment: the live API writes them under api.twitter.com, its documents under api.x.com.

use std::time::Duration;

use super::Question;
use super::body::{Object, lower};
use crate::domain::{TargetKind, Wall};
use crate::platform::reply::{Finding, Limited};

/// No daily cap lasts longer.
const DAILY_CAP_SECONDS: u64 = 86_400;

/// What one problem object means; none where it says nothing we know.
pub(super) fn finding(question: &Question, problem: &Object, status: u16) -> Option<Finding> {
    let kind = lower(problem, "type");
    let kind = kind.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let title = lower(problem, "title");
    by_cap(question, problem, kind, &title)
        .or_else(|| by_type(question, problem, kind))
        .or_else(|| by_text(problem, &title, status))
}

/// Credits and caps: they have types, and titles where the type is missing.
fn by_cap(question: &Question, problem: &Object, kind: &str, title: &str) -> Option<Finding> {
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

fn by_type(question: &Question, problem: &Object, kind: &str) -> Option<Finding> {
    let finding = match kind {
        "resource-not-found" if blames_target(question, problem) => Finding::Gone { reason: "not_found".into() },
        "resource-unavailable" if blames_target(question, problem) => refused("unavailable"),
        "not-authorized-for-resource" if blames_target(question, problem) => refused("not_authorized"),
        "resource-not-found" | "resource-unavailable" | "not-authorized-for-resource" => ambiguous("acting_user"),
        "disallowed-resource" => refused("disallowed"),
        "not-authorized-for-field" | "field-unauthorized" => ambiguous("forbidden"),
        "invalid-request" => by_parameter(problem),
        "client-forbidden" => client_forbidden(question, problem),
        "unsupported-authentication" => app("unsupported_authentication"),
        "oauth1-permissions" => app("app_permissions"),
        "conflict" => world("conflict"),
        "internal-error" | "field-hydration-failure" => world("server_error"),
        "client-disconnected" | "operational-disconnect" | "streaming-connection" => world("disconnected"),
        _ => return None,
    };
    Some(finding)
}

/// A missing user in an answer about a post, or in the part of the path that names the acting user, is not the target.
fn blames_target(question: &Question, problem: &Object) -> bool {
    let about_user = lower(problem, "resource_type") == "user";
    let wrong_kind = about_user && question.target == Some(TargetKind::Post);
    !wrong_kind && lower(problem, "parameter") != "source_user_id"
}

/// A malformed row, unless every row would be: the path's user is not the token's. The sentence stands in `errors[]`, so the
/// whole object is searched.
fn by_parameter(problem: &Object) -> Finding {
    let messages = problem.get("errors").and_then(serde_json::Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let texts = messages.iter().filter_map(serde_json::Value::as_object).map(|item| lower(item, "message"));
    if texts.chain([lower(problem, "detail")]).any(|text| text.contains("same as the authenticating user")) {
        return Finding::Account { reason: "wrong_user".into() };
    }
    Finding::Malformed { reason: "invalid_request".into() }
}

/// At AIsa this says that the linked session lacks a scope, which a new login mends; at X it is about the app.
fn client_forbidden(question: &Question, problem: &Object) -> Finding {
    if question.platform == crate::domain::Platform::Aisa {
        return Finding::Unauthorized { reason: "scope_missing".into() };
    }
    match lower(problem, "reason").as_str() {
        "client-not-enrolled" => app("client_not_enrolled"),
        "official-client-forbidden" => app("official_client_forbidden"),
        _ => app("client_forbidden"),
    }
}

/// Sentences that are known word for word; they come with `about:blank` or without a type.
fn by_text(problem: &Object, title: &str, status: u16) -> Option<Finding> {
    if status != 403 {
        return None;
    }
    let detail = lower(problem, "detail");
    let says = |part: &str| detail.contains(part);
    // The words of v1 codes 326, 226 and 64, should they come without their code.
    if says("temporarily locked") {
        return Some(account("account_locked"));
    }
    if says("looks like it might be automated") {
        return Some(account("looks_automated"));
    }
    if says("your account is suspended") {
        return Some(account("account_suspended"));
    }
    if says("not permitted to use oauth2 on this endpoint") {
        return Some(app("oauth2_not_permitted"));
    }
    if says("not configured with the appropriate oauth1 app permissions") {
        return Some(app("app_permissions"));
    }
    if says("application-only is forbidden") {
        return Some(app("unsupported_authentication"));
    }
    if says("enterprise")
        || title.contains("enterprise")
        || lower(problem, "required_enrollment").contains("enterprise")
    {
        return Some(app("enterprise_only"));
    }
    if says("not authorized to delete this tweet") || says("not authorized to delete this post") {
        return Some(refused("not_own_post"));
    }
    None
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

fn refused(reason: &'static str) -> Finding {
    Finding::Refused { reason: reason.into() }
}

fn ambiguous(reason: &'static str) -> Finding {
    Finding::Ambiguous { reason: reason.into() }
}

fn account(reason: &'static str) -> Finding {
    Finding::Account { reason: reason.into() }
}

fn app(reason: &'static str) -> Finding {
    Finding::App { reason: reason.into() }
}

fn world(reason: &'static str) -> Finding {
    Finding::World { reason: reason.into() }
}
