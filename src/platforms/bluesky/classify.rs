//! What Bluesky servers say: `{"error":"Name","message":"..."}`, where the name is one of a fixed few. In: a question and a body. Out: a
//! finding; none where the status alone tells. Pure.
//!
//! No answer to the deletion of a record is about its target: what was not there is answered like what was deleted, without a commit.

use serde_json::Value;

use crate::platforms::classify::Object;
use crate::platforms::dialect::Question;
use crate::platforms::reply::{Finding, account, app, bad_request, forbidden, refused, transient};

/// What a body explains, where it is one of the API's errors.
pub(super) fn explained(_: &Question<'_>, root: &Object, status: u16) -> Option<Finding> {
    let name = root.get("error").and_then(Value::as_str)?;
    let message = root.get("message").and_then(Value::as_str).unwrap_or_default();
    Some(match (status, name) {
        (429, _) => return None,
        (400 | 401 | 403, "AccountTakedown" | "RepoTakendown") => account("account_taken_down"),
        (400 | 401 | 403, "AccountSuspended" | "RepoSuspended") => account("account_suspended"),
        (400 | 401 | 403, "AccountDeactivated" | "RepoDeactivated") => account("account_deactivated"),
        // The account lives at another server by now.
        (400 | 403, "RepoNotFound" | "AccountNotFound") => account("account_not_there"),
        (400, "InvalidRequest") if message.starts_with("Could not find repo") => account("account_not_there"),
        // The token is over, broken, or of somebody else: a refresh tells.
        (400 | 401, "ExpiredToken") => Finding::Unauthorized { reason: "expired_token".into() },
        (400 | 401, "InvalidToken" | "invalid_token" | "invalid_dpop_proof") => {
            Finding::Unauthorized { reason: "invalid_token".into() }
        }
        (401, _) => Finding::Unauthorized { reason: "unauthorized".into() },
        (403, "InsufficientScope" | "ScopeMissing" | "ScopeMissingError") => {
            Finding::NotGranted { reason: "scope_missing".into() }
        }
        (403, _) if message.starts_with("Missing required scope") => {
            Finding::NotGranted { reason: "scope_missing".into() }
        }
        (403, _) => forbidden("forbidden"),
        // It is not the record any more that was read.
        (400, "InvalidSwap") => Finding::RecordChanged { reason: "record_changed".into() },
        (400, "UnsupportedCollection") => refused("unsupported_collection"),
        // A server that has no such method is not asked again. It speaks of no record.
        (404, _) => app("method_not_there"),
        (400, _) => bad_request("invalid_request"),
        _ => return None,
    })
}

/// What a failing server says beyond that it fails: one that has not got the method will have it no sooner for being asked again.
pub(super) fn failing(root: &Object, status: u16) -> Option<Finding> {
    match (status, root.get("error").and_then(Value::as_str)?) {
        (501, _) => Some(app("method_not_there")),
        (_, "UpstreamFailure" | "UpstreamTimeout") => Some(transient("upstream_failure")),
        (_, "NotEnoughResources") => Some(transient("over_capacity")),
        _ => None,
    }
}
