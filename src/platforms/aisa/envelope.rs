//! AIsa's own words: `{"error":{"type","code","message","request_id"}}`, and the envelope around a 200.

use serde_json::Value;

use crate::domain::TargetKind;
use crate::platforms::classify::{Object, lower, mentions_target, number};
use crate::platforms::dialect::Question;
use crate::platforms::reply::{Finding, Limited, bad_request, gone, not_found_unclear, other_record};
use crate::platforms::x;

/// Reads `code` (the numbers 0 and 200 are well; what failed may be told as text), `status` (`success`) and `success`. A contradiction
/// is a failure.
pub(super) fn envelope(root: &Object) -> Option<u16> {
    if let Some(code) = root.get("code").filter(|code| !matches!(code.as_u64(), Some(0 | 200))) {
        return Some(number(code).and_then(|code| u16::try_from(code).ok()).unwrap_or(0));
    }
    let status = root.get("status").and_then(Value::as_str);
    let well = status.is_none_or(|status| status.eq_ignore_ascii_case("success"));
    if well && root.get("success") != Some(&Value::Bool(false)) { None } else { Some(0) }
}

/// What a body explains. The gateway may hand on X's own answer inside its envelope, and X's words in its error.
pub(super) fn explain(question: &Question<'_>, root: &Object, status: u16) -> Vec<Finding> {
    let inner = ["data", "error"].iter().filter_map(|name| root.get(*name)?.as_object());
    let of_x = inner.chain([root]).filter_map(|object| x::explained(question, object, status));
    error(question, root).into_iter().chain(of_x).collect()
}

/// What the gateway's error object means; X's own problems behind it are read as X's.
fn error(question: &Question<'_>, root: &Object) -> Option<Finding> {
    let error = root.get("error")?.as_object()?;
    match lower(error, "code").as_str() {
        "resource_not_found" => Some(not_found(question, error)),
        code => by_code(code).or_else(|| by_type(&lower(error, "type"))),
    }
}

/// The gateway says so of what X does not find, an address of X's included. So it has to name the target.
fn not_found(question: &Question<'_>, error: &Object) -> Finding {
    let Some((kind, subject)) = question.subject else { return not_found_unclear() };
    let message = lower(error, "message");
    match kind {
        _ if mentions_target(subject, &message) => gone(),
        TargetKind::Post | TargetKind::List if message.contains("user") => other_record("acting_user"),
        TargetKind::User if message.contains("tweet") || message.contains("post") => other_record("other_record"),
        _ => not_found_unclear(),
    }
}

fn by_code(code: &str) -> Option<Finding> {
    let finding = match code {
        "invalid_request" | "missing_parameter" | "invalid_parameter_type" | "json_parse_error" => {
            bad_request("invalid_request")
        }
        "missing_api_key" | "invalid_api_key" | "revoked_api_key" => {
            Finding::Unauthorized { reason: "invalid_key".into() }
        }
        "insufficient_permissions" => Finding::App { reason: "insufficient_permissions".into() },
        "region_blocked" => Finding::App { reason: "region_blocked".into() },
        "unknown_endpoint" | "unknown_model" | "model_not_allowed" => {
            Finding::App { reason: "endpoint_unknown".into() }
        }
        "rate_limit_exceeded" | "rate_limited" => Finding::Limited(Limited::Rate),
        // The key's spend cap; when it ends is not told.
        "quota_exceeded" => Finding::Limited(Limited::Spend { until: None }),
        _ => return None,
    };
    Some(finding)
}

fn by_type(kind: &str) -> Option<Finding> {
    let finding = match kind {
        "authentication_error" => Finding::Unauthorized { reason: "invalid_key".into() },
        "invalid_request_error" => bad_request("invalid_request"),
        "rate_limit_error" => Finding::Limited(Limited::Rate),
        "api_error" | "upstream_error" => Finding::Transient { reason: "upstream_error".into() },
        _ => return None,
    };
    Some(finding)
}
