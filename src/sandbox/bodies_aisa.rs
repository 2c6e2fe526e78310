//! Puts a verdict into the AIsa gateway's words. Its own errors are `{"error":{..}}`; what X says of a target it passes on.
//! Success comes in both envelopes that are known of it, as the dice will.

use serde_json::{Value, json};

use super::bodies;
use super::decision::SimulatedOutcome;
use super::rendered::{self, JSON, Rendered, json_answer};
use super::signature::Denied;
use super::trouble::{self, Trouble};
use crate::domain::{Action, TargetId, TargetKind};

/// What an action is at AIsa.
#[derive(Clone, Copy, Debug)]
pub(super) struct Endpoint {
    pub(super) action: Action,
    pub(super) path: &'static str,
    /// The target's name in the JSON body.
    pub(super) parameter: &'static str,
    field: &'static str,
}

/// The endpoints the sandbox has.
pub(super) const ENDPOINTS: [Endpoint; 2] = [
    Endpoint {
        action: Action::Unfollow,
        path: "/apis/v1/twitter/unfollow_twitter",
        parameter: "target_user_id",
        field: "following",
    },
    Endpoint { action: Action::Unlike, path: "/apis/v1/twitter/unlike_twitter", parameter: "tweet_id", field: "liked" },
];

/// The target in a body; where there is none, the code of what is wrong.
pub(super) fn target(endpoint: &Endpoint, body: &str) -> Result<String, &'static str> {
    let root: Value = serde_json::from_str(body).map_err(|_| "json_parse_error")?;
    match root.get(endpoint.parameter) {
        None => Err("missing_parameter"),
        Some(Value::String(target)) => Ok(target.clone()),
        Some(_) => Err("invalid_parameter_type"),
    }
}

/// The answer to a request for an action: on which target, and what was wrong with its body.
pub(super) fn worded(
    verdict: SimulatedOutcome,
    endpoint: &Endpoint,
    user: TargetId,
    (target, flaw): (&str, Option<&str>),
    wording: u8,
) -> Rendered {
    match verdict {
        SimulatedOutcome::Undone => undone(endpoint.field, wording),
        SimulatedOutcome::Gone => {
            let what = if endpoint.action.target_kind() == TargetKind::User { "User" } else { "Tweet" };
            not_found(&format!("{what} {target} not found."))
        }
        SimulatedOutcome::GoneUnnamed => not_found("Not found."),
        SimulatedOutcome::Refused(refusal) => bodies::refused(refusal, endpoint.action, target),
        SimulatedOutcome::RateLimited => {
            let code = if wording.is_multiple_of(2) { "rate_limit_exceeded" } else { "RATE_LIMITED" };
            error(429, "rate_limit_error", code, "Too many requests.")
        }
        SimulatedOutcome::ServerError => server_error(wording),
        SimulatedOutcome::Trouble(trouble) => troubled(trouble, endpoint.field, user, wording),
        SimulatedOutcome::BadTarget => {
            let message = format!("{} must match ^[0-9]{{1,19}}$.", endpoint.parameter);
            error(400, "invalid_request_error", flaw.unwrap_or("invalid_request"), &message)
        }
        SimulatedOutcome::PathUser | SimulatedOutcome::Full => {
            error(503, "api_error", "service_unavailable", "The sandbox is full.")
        }
    }
}

/// The answer to somebody who proves nothing.
pub(super) fn denied(denied: Denied) -> Rendered {
    let code = if denied == Denied::Missing { "missing_api_key" } else { "invalid_api_key" };
    error(401, "authentication_error", code, "The API key is missing or invalid.")
}

/// A route AIsa does not have.
pub(super) fn unknown_route() -> Rendered {
    error(404, "invalid_request_error", "unknown_endpoint", "There is no such endpoint.")
}

fn undone(field: &str, wording: u8) -> Rendered {
    let data = json!({ field: false });
    let body = if wording.is_multiple_of(2) {
        json!({ "data": data })
    } else {
        json!({"code": 200, "msg": "ok", "data": data})
    };
    json_answer(200, JSON, &body)
}

fn troubled(trouble: Trouble, field: &str, user: TargetId, wording: u8) -> Rendered {
    match trouble {
        Trouble::Revoked => error(401, "authentication_error", "revoked_api_key", "The API key was revoked."),
        Trouble::CreditsDepleted => {
            error(429, "rate_limit_error", "quota_exceeded", "The spend cap of this key is reached.")
        }
        Trouble::RouteLost => not_found("Not found."),
        Trouble::BadRequest => error(400, "invalid_request_error", "invalid_request", "The request is not valid."),
        Trouble::UserMissing => not_found(&format!("There is no linked user {user}.")),
        // What X says of the account is passed on.
        other => trouble::troubled(other, user, Some((field, false)), wording),
    }
}

fn not_found(message: &str) -> Rendered {
    error(404, "invalid_request_error", "resource_not_found", message)
}

fn server_error(wording: u8) -> Rendered {
    match wording % 4 {
        0 => error(500, "api_error", "internal_error", "Something went wrong."),
        1 => error(502, "upstream_error", "upstream_error", "The upstream service failed."),
        _ => rendered::edge_error(wording),
    }
}

fn error(status: u16, kind: &str, code: &str, message: &str) -> Rendered {
    let error = json!({"type": kind, "code": code, "message": message, "request_id": "req_sandbox"});
    json_answer(status, JSON, &json!({ "error": error }))
}
