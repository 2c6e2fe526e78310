//! Puts a verdict into the words of X API v1.1: `{"errors":[{"code":N,"message":".."}]}`, or the user or post it was about.

use serde_json::{Value, json};

use super::decision::SimulatedOutcome;
use super::rendered::{self, JSON, Rendered, coded, json_answer};
use super::signature::Denied;
use super::target_fate::TargetRefusal;
use super::trouble::{self, Trouble};
use crate::domain::{Action, TargetId, TargetKind};

/// What an action is at v1.1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Endpoint {
    pub(super) action: Action,
    pub(super) path: &'static str,
    pub(super) target: Place,
}

/// Where the target stands.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In the path, before `.json`.
    Path,
    /// In query or form: `user_id` or `screen_name`.
    User,
    /// In query or form: `id`.
    Post,
}

const fn endpoint(action: Action, path: &'static str, target: Place) -> Endpoint {
    Endpoint { action, path, target }
}

/// The endpoints the sandbox has.
pub(super) const ENDPOINTS: [Endpoint; 6] = [
    endpoint(Action::Unfollow, "/1.1/friendships/destroy.json", Place::User),
    endpoint(Action::Unlike, "/1.1/favorites/destroy.json", Place::Post),
    endpoint(Action::Unrepost, "/1.1/statuses/unretweet/{id}", Place::Path),
    endpoint(Action::Unmute, "/1.1/mutes/users/destroy.json", Place::User),
    endpoint(Action::Unblock, "/1.1/blocks/destroy.json", Place::User),
    endpoint(Action::DeletePost, "/1.1/statuses/destroy/{id}", Place::Path),
];

/// The answer to a request for an action on `target`, the text as it came, and the name it was called by, if it was.
pub(super) fn worded(
    verdict: SimulatedOutcome,
    endpoint: &Endpoint,
    user: TargetId,
    (target, name): (&str, Option<&str>),
    wording: u8,
) -> Rendered {
    let kind = endpoint.action.target_kind();
    match verdict {
        SimulatedOutcome::Undone => undone(endpoint.action, target, name, wording),
        SimulatedOutcome::Gone => not_found(kind, wording),
        SimulatedOutcome::Refused(refusal) => refused(refusal, kind),
        SimulatedOutcome::RateLimited => coded(429, 88, "Rate limit exceeded"),
        SimulatedOutcome::ServerError => server_error(wording),
        SimulatedOutcome::GoneUnnamed => unknown_route(),
        SimulatedOutcome::Trouble(trouble) => troubled(trouble, user, wording),
        SimulatedOutcome::BadTarget => bad_target(endpoint, target),
        SimulatedOutcome::PathUser | SimulatedOutcome::Full => coded(503, 130, "Over capacity"),
    }
}

/// The answer to somebody who proves nothing.
pub(super) fn denied(denied: Denied) -> Rendered {
    match denied {
        Denied::Missing => coded(400, 215, "Bad Authentication data."),
        Denied::Unknown => coded(401, 32, "Could not authenticate you."),
        Denied::WrongKind => coded(403, 220, "Your credentials do not allow access to this resource."),
        Denied::Clock => coded(401, 135, "Timestamp out of bounds."),
        Denied::Ended => coded(401, 89, "Invalid or expired token."),
    }
}

/// A route v1.1 does not have.
pub(super) fn unknown_route() -> Rendered {
    coded(404, 34, "Sorry, that page does not exist.")
}

/// A user or a post. Its flags may still be those of before; for `unretweet` it is the post that was reposted.
fn undone(action: Action, target: &str, name: Option<&str>, wording: u8) -> Rendered {
    let Ok(id) = target.parse::<TargetId>() else { return unknown_route() };
    let stale = wording.is_multiple_of(2);
    let screen_name = name.map_or_else(|| screen_name(id), ToOwned::to_owned);
    let object = match (action.target_kind(), action) {
        (TargetKind::User | TargetKind::List | TargetKind::Tag | TargetKind::Domain, _) => json!({
            "id": id.value(), "id_str": id.to_string(), "name": "Sandbox User", "screen_name": screen_name,
            "protected": false, "following": stale, "muting": stale, "blocking": stale,
        }),
        (TargetKind::Post, Action::Unrepost) => post(&id.value().saturating_sub(1).to_string(), stale),
        (TargetKind::Post, _) => post(&id.to_string(), stale),
    };
    json_answer(200, JSON, &object)
}

fn post(id: &str, stale: bool) -> Value {
    json!({
        "created_at": "Sun Nov 22 14:38:31 +0000 2026", "id": id.parse::<u64>().unwrap_or_default(), "id_str": id,
        "text": "A post of the sandbox", "user": {"id": 1, "id_str": "1"}, "favorited": stale, "retweeted": stale,
    })
}

/// `sandbox_<id>` as long as it fits into a handle.
fn screen_name(id: TargetId) -> String {
    format!("{HANDLE_PREFIX}{}", id.value() % 10_000_000)
}

const HANDLE_PREFIX: &str = "sandbox_";

/// The user a handle means: `sandbox_<digits>` is the user of that ID, any other is one whose ID is made of its letters.
pub(super) fn user_of(handle: &str) -> String {
    if let Some(listed) = super::lists::user_of(handle) {
        return listed.to_string();
    }
    let lower = handle.to_ascii_lowercase();
    if let Some(digits) = lower.strip_prefix(HANDLE_PREFIX).filter(|digits| digits.parse::<TargetId>().is_ok()) {
        return digits.to_owned();
    }
    // FNV-1a, cut to 18 digits.
    let hash = lower
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{}", 100_000_000_000_000_000 + hash % 900_000_000_000_000_000)
}

fn not_found(kind: TargetKind, wording: u8) -> Rendered {
    match (kind, wording % 3) {
        (_, 0) => unknown_route(),
        (TargetKind::User, 1) => coded(404, 50, "User not found."),
        (TargetKind::User, _) => coded(404, 108, "Cannot find specified user."),
        (TargetKind::Post, _) => coded(404, 144, "No status found with that ID."),
        // It has nothing else.
        (TargetKind::List | TargetKind::Tag | TargetKind::Domain, _) => unknown_route(),
    }
}

/// For a user that is protected v1.1 has no code; the nearest is that the user has blocked the one who asks.
fn refused(refusal: TargetRefusal, kind: TargetKind) -> Rendered {
    match (refusal, kind) {
        (TargetRefusal::Protected, TargetKind::Post) => {
            coded(403, 179, "Sorry, you are not authorized to see this status.")
        }
        (TargetRefusal::Protected, _) => coded(401, 136, "You have been blocked from performing this action."),
        (TargetRefusal::Suspended, _) => coded(403, 63, "User has been suspended."),
        (TargetRefusal::NotYours, _) => coded(403, 183, "You may not delete another user's status."),
        (TargetRefusal::Unexplained, _) => unexplained(),
    }
}

fn troubled(trouble: Trouble, user: TargetId, wording: u8) -> Rendered {
    match trouble {
        Trouble::Revoked => coded(401, 89, "Invalid or expired token."),
        Trouble::Ambiguous => unexplained(),
        Trouble::RouteLost => unknown_route(),
        Trouble::Outage => rendered::edge_error(2),
        Trouble::BadRequest if wording.is_multiple_of(2) => coded(404, 25, "Query parameters are missing."),
        Trouble::DuplicateKeys => {
            Rendered { body: r#"{"id_str":"","id_str":"1"}"#.to_owned(), ..json_answer(200, JSON, &Value::Null) }
        }
        other => trouble::troubled(other, user, None, wording),
    }
}

fn unexplained() -> Rendered {
    json_answer(403, JSON, &json!({"errors": [{"message": "You are not permitted to perform this action."}]}))
}

fn bad_target(endpoint: &Endpoint, target: &str) -> Rendered {
    match endpoint.target {
        Place::Path => unknown_route(),
        Place::User if target.is_empty() => coded(403, 38, "user_id parameter is missing."),
        Place::Post if target.is_empty() => coded(403, 38, "id parameter is missing."),
        Place::User => coded(404, 17, "No user matches for specified terms."),
        Place::Post => coded(404, 144, "No status found with that ID."),
    }
}

/// X's two codes, and the pages of an edge.
fn server_error(wording: u8) -> Rendered {
    match wording % 4 {
        0 => coded(500, 131, "Internal error"),
        1 => coded(503, 130, "Over capacity"),
        _ => rendered::edge_error(wording),
    }
}
