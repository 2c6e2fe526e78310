//! X API v1.1, row by row. OAuth 1.0a only. A `200` hands back the user or the post, with `id_str`, which has to be the
//! target's; its flags may be stale.
//!
//! Since mid-2023 self-serve apps get 403 with code 453 here, so every row is for Enterprise or legacy apps. No public
//! price. Rates: the pages `*/migrate/overview` of X's documentation, read in August 2026.

use super::DIALECT;
use crate::domain::{Action, RepostId};
use crate::platforms::caller::{Auth, Documented, Tier};
use crate::platforms::endpoint::{Endpoint, Params, Verb};
use crate::platforms::success::Success;

const USER: Params = Params::Form { id: "user_id", handle: Some("screen_name") };

const fn row(action: Action, path: &'static str, params: Params, documented: &'static [Documented]) -> Endpoint {
    let success = match action {
        // It hands back the post that was reposted, whose ID the row does not know.
        Action::Unrepost => Success::Id { pointer: "/id_str" },
        _ => Success::Record { pointer: "/id_str" },
    };
    Endpoint {
        dialect: &DIALECT,
        action,
        method: Verb::Post,
        path,
        params,
        records: &[],
        auth: Auth::OAuth1,
        success,
        scopes: &[],
        price: None,
        tier: Tier::Enterprise(
            "X closed API v1.1 to self-serve apps in 2023: expect them to be refused (HTTP 403, code 453)",
        ),
        documented,
        // 144 ("no status found") is said of a like or repost that is not there any more, too.
        repeat_looks_gone: matches!(action, Action::DeletePost | Action::Unlike | Action::Unrepost),
        last_copy: None,
        read_back: None,
        repost_id: RepostId::Own,
    }
}

/// The rows.
pub(super) static TABLE: [Endpoint; 6] = [
    row(Action::Unfollow, "/1.1/friendships/destroy.json", USER, &[Documented::account(15, 900)]),
    row(
        Action::Unlike,
        "/1.1/favorites/destroy.json",
        Params::Form { id: "id", handle: None },
        &[Documented::account(1_000, 86_400), Documented::app(1_000, 86_400)],
    ),
    // The target is the repost's own ID; with the ID of the post it repeats, the answer is 200 and nothing happens.
    row(Action::Unrepost, "/1.1/statuses/unretweet/{target}.json", Params::None, &[]),
    row(Action::Unmute, "/1.1/mutes/users/destroy.json", USER, &[Documented::account(50, 900)]),
    row(Action::Unblock, "/1.1/blocks/destroy.json", USER, &[]),
    row(Action::DeletePost, "/1.1/statuses/destroy/{target}.json", Params::None, &[]),
];
