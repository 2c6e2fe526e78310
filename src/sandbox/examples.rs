//! What somebody types to use this very sandbox as each platform. In: its address. Out: lines for a shell. What does not belong here: what
//! the sandbox does then.

use super::authn;
use super::bluesky::APP_PASSWORD;
use super::oauth_rules::{AUTHORIZE_PATH, SANDBOX_APP};
use super::signature::OAuth1Keys;
use crate::domain::TargetId;

/// Who acts in the examples.
const USER: i64 = 2_244_994_945;

/// What sends a file's rows.
const RUN: &str = "cleanup run FILE.csv --db try.db";

/// How each platform is spoken to at a sandbox: its name, and a command. `base`: the sandbox's address.
///
/// The queue is one of its own, so that the user's is left alone.
pub fn examples(base: &str) -> [(&'static str, String); 5] {
    let host = base.trim_start_matches("http://");
    // A number that fits, so there is nobody else whom it could become.
    let user = TargetId::from_i64(USER).unwrap_or(TargetId::ZERO);
    let (token, key, keys) = (authn::token(user), authn::aisa_key(user), OAuth1Keys::of(user));
    let signed = format!(
        "CLEANUP_X_CONSUMER_KEY='{}' CLEANUP_X_CONSUMER_SECRET='{}' CLEANUP_X_ACCESS_TOKEN='{}' CLEANUP_X_ACCESS_SECRET='{}'",
        keys.consumer_key, keys.consumer_secret, keys.access_token, keys.access_secret
    );
    [
        ("x-v2", format!("CLEANUP_X_API={base} CLEANUP_X_TOKEN={token} CLEANUP_X_USER_ID={user} {RUN}")),
        ("x-v1", format!("CLEANUP_X_API={base} {signed} {RUN} --platform x-v1")),
        ("aisa", format!("CLEANUP_AISA_API={base} CLEANUP_AISA_KEY={key} {RUN} --platform aisa")),
        (
            "mastodon",
            format!("printf {token} | cleanup account add fedi --platform mastodon --host {host} --db try.db"),
        ),
        (
            "bluesky",
            format!(
                "printf '%s\\n' ada.example {APP_PASSWORD} | cleanup account login sky --platform bluesky --host {host} --db try.db"
            ),
        ),
    ]
}

/// A login in the browser, for the platforms whose token an example gives.
pub fn login_example(base: &str) -> String {
    format!(
        "CLEANUP_X_API={base} CLEANUP_X_AUTHORIZE={base}{AUTHORIZE_PATH} CLEANUP_X_CLIENT_ID={SANDBOX_APP} \
         cleanup account login --db try.db"
    )
}
