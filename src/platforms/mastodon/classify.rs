//! What servers say that speak the Mastodon API: `{"error":"..."}`, with a status that says most of it. In: a question and a body.
//! Out: a finding; none where the status alone tells.

use crate::platforms::classify::{Object, lower};
use crate::platforms::dialect::Question;
use crate::platforms::reply::{Finding, account, bad_request, forbidden, gone, not_found_unclear, refused};
use crate::platforms::success::Success;

/// Words of a 404 about the record of the path. A path that nobody serves is answered `Not Found` or `Not implemented` instead.
const NO_RECORD: [&str; 5] =
    ["record not found", "status not found", "account not found", "target not found", "can't find user"];
/// Words of a 403 about the person who logged in: suspended, unconfirmed, waiting for approval.
const NO_LOGIN: [&str; 4] =
    ["login is currently disabled", "missing a confirmed e-mail", "pending approval", "account is suspended"];

/// What a body explains, where it is one of the API's errors.
pub(super) fn explained(question: &Question<'_>, root: &Object, status: u16) -> Option<Finding> {
    let said = lower(root, "error");
    if said.is_empty() {
        return None;
    }
    let says = |part: &str| said.contains(part);
    match status {
        401 => Some(Finding::Unauthorized { reason: "invalid_token".into() }),
        403 if says("scope") => Some(Finding::NotGranted { reason: "scope_missing".into() }),
        403 if NO_LOGIN.iter().any(|part| says(part)) => Some(account("login_disabled")),
        // Only one's own posts can be deleted; what else is forbidden may be the account's fault.
        403 if said == "forbidden" && is_deletion(question) => Some(refused("not_own_post")),
        403 => Some(forbidden("forbidden")),
        // The path names one record and no other.
        404 if NO_RECORD.iter().any(|part| says(part)) => Some(gone()),
        404 => Some(not_found_unclear()),
        410 => Some(gone()),
        422 if says("authenticated user") => Some(Finding::Unauthorized { reason: "not_a_user_token".into() }),
        // Too many are pinned, or this one cannot be: a repost, somebody else's, one for those alone who are named.
        422 if says("pinned") => Some(refused("cannot_be_pinned")),
        422 => Some(bad_request("invalid_request")),
        _ => None,
    }
}

/// What is confirmed by the record alone is its deletion.
fn is_deletion(question: &Question<'_>) -> bool {
    matches!(question.success, Success::Resource { fields: [], .. })
}
