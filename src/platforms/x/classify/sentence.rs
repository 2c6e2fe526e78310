//! Sentences that are known word for word, wherever an answer writes them: `detail` at X API v2, `message` at v1.1 and AIsa, `msg` in
//! AIsa's envelope. They come with any code and type, or with none.

use crate::platforms::classify::{Object, lower};
use crate::platforms::reply::{Finding, account, app, refused};

/// Where sentences stand.
const FIELDS: [&str; 4] = ["detail", "message", "msg", "error_description"];

/// What a sentence says of the account that asks. It holds whatever stands beside it: nothing else explains it.
pub(super) fn about_account(object: &Object) -> Option<Finding> {
    let said = texts(object);
    let says = |part: &str| said.iter().any(|text| text.contains(part));
    // The words of v1 codes 326, 226 and 64.
    if says("temporarily locked") {
        return Some(account("account_locked"));
    }
    if says("looks like it might be automated") {
        return Some(account("looks_automated"));
    }
    if says("your account is suspended") || says("your account has been suspended") {
        return Some(account("account_suspended"));
    }
    // Of a client-forbidden whose reason is user-not-enrolled.
    says("billed to the authenticated user").then(|| account("user_not_enrolled"))
}

/// What a sentence says in a 403 that has no type, or `about:blank`.
pub(super) fn of_forbidden(object: &Object) -> Option<Finding> {
    let said = texts(object);
    let says = |part: &str| said.iter().any(|text| text.contains(part));
    if says("not permitted to use oauth2 on this endpoint") {
        return Some(app("oauth2_not_permitted"));
    }
    if says("not configured with the appropriate oauth1 app permissions") {
        return Some(app("app_permissions"));
    }
    if says("application-only is forbidden") {
        return Some(app("unsupported_authentication"));
    }
    let named = |field: &str| lower(object, field).contains("enterprise");
    if says("enterprise") || named("title") || named("required_enrollment") {
        return Some(app("enterprise_only"));
    }
    if says("not authorized to delete this tweet") || says("not authorized to delete this post") {
        return Some(refused("not_own_post"));
    }
    None
}

fn texts(object: &Object) -> Vec<String> {
    FIELDS.iter().map(|field| lower(object, field)).filter(|text| !text.is_empty()).collect()
}
