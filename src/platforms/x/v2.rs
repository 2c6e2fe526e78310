//! X API v2, row by row. Every row answers `200 {"data":{FIELD:false}}` (`deleted` is `true`).
//!
//! Paths, scopes and fields: X's OpenAPI document (2.167). Rates: fundamentals/rate-limits. Prices: getting-started/pricing,
//! classes by the console's price list. All read in August 2026; docs/platforms.md says how sure each is.

use super::DIALECT;
use crate::domain::{Action, MicroUsd, RepostId};
use crate::platforms::caller::{Auth, Documented, Tier};
use crate::platforms::endpoint::{Endpoint, Params, Verb};
use crate::platforms::success::Success;

/// "Interaction: Delete", $0.010 a request (X pricing page, 2026-08-22).
const INTERACTION_DELETE: Option<MicroUsd> = Some(MicroUsd(10_000));
/// "Content: Manage", $0.005 (same page and date).
const CONTENT_MANAGE: Option<MicroUsd> = Some(MicroUsd(5_000));
/// "Mute: Delete", $0.005 (same page and date).
const MUTE_DELETE: Option<MicroUsd> = Some(MicroUsd(5_000));
/// "Bookmark", $0.005 (same page and date).
const BOOKMARK: Option<MicroUsd> = Some(MicroUsd(5_000));

/// "List: Manage", $0.005 (same page and date).
const LIST_MANAGE: Option<MicroUsd> = Some(MicroUsd(5_000));

/// 50 per 15 minutes and user, the documented rate of nearly every undo.
const USUAL: Documented = Documented::account(50, 900);

const fn row(action: Action, path: &'static str, success: Success, scopes: &'static [&'static str]) -> Endpoint {
    Endpoint {
        dialect: &DIALECT,
        action,
        method: Verb::Delete,
        path,
        params: Params::None,
        records: &[],
        auth: Auth::Either,
        success,
        scopes,
        price: CONTENT_MANAGE,
        tier: Tier::SelfServe,
        documented: &[USUAL],
        // What was deleted is gone; of the others a repeat simply succeeds.
        repeat_looks_gone: matches!(action, Action::DeletePost | Action::DeleteList),
        last_copy: None,
        read_back: None,
        repost_id: RepostId::Original,
    }
}

const fn becomes(pointer: &'static str, value: bool) -> Success {
    Success::Flag { pointer, value }
}

/// The rows.
pub(super) static TABLE: [Endpoint; 10] = [
    // Enterprise only since 2026-04-20 (changelog of 2026-04-16). 500 a day and app: users/follows/migrate/overview.
    Endpoint {
        tier: Tier::Enterprise(
            "unfollow is open to Enterprise apps only since 20 April 2026: expect a self-serve app to be refused",
        ),
        price: INTERACTION_DELETE,
        documented: &[USUAL, Documented::app(500, 86_400)],
        ..row(
            Action::Unfollow,
            "/2/users/{user}/following/{target}",
            becomes("/data/following", false),
            &["tweet.read", "users.read", "follows.write"],
        )
    },
    // Enterprise only since 2026-04-20, as above. The 1,000 a day are shared with liking.
    Endpoint {
        tier: Tier::Enterprise(
            "unlike is open to Enterprise apps only since 20 April 2026: expect a self-serve app to be refused",
        ),
        price: INTERACTION_DELETE,
        documented: &[USUAL, Documented::account(1_000, 86_400)],
        ..row(
            Action::Unlike,
            "/2/users/{user}/likes/{target}",
            becomes("/data/liked", false),
            &["tweet.read", "users.read", "like.write"],
        )
    },
    // The target is the post that was reposted, not the repost (v1.1 is the other way round). The price class is
    // disputed between X's own sources, $0.010 or $0.005; an estimate should rather be too high.
    Endpoint {
        price: INTERACTION_DELETE,
        ..row(
            Action::Unrepost,
            "/2/users/{user}/retweets/{target}",
            becomes("/data/retweeted", false),
            &["tweet.read", "users.read", "tweet.write"],
        )
    },
    Endpoint {
        price: MUTE_DELETE,
        ..row(
            Action::Unmute,
            "/2/users/{user}/muting/{target}",
            becomes("/data/muting", false),
            &["tweet.read", "users.read", "mute.write"],
        )
    },
    // Left the self-serve API on 2023-06-12 and is not in the OpenAPI document; X's own command line still has the path.
    Endpoint {
        tier: Tier::Enterprise(
            "unblock is open to Enterprise apps only since June 2023: expect a self-serve app to be refused",
        ),
        price: None,
        documented: &[],
        ..row(
            Action::Unblock,
            "/2/users/{user}/blocking/{target}",
            becomes("/data/blocking", false),
            &["tweet.read", "users.read", "block.write"],
        )
    },
    row(
        Action::DeletePost,
        "/2/tweets/{target}",
        becomes("/data/deleted", true),
        &["tweet.read", "users.read", "tweet.write"],
    ),
    // OAuth 2.0 only.
    Endpoint {
        price: BOOKMARK,
        auth: Auth::OAuth2,
        ..row(
            Action::Unbookmark,
            "/2/users/{user}/bookmarks/{target}",
            becomes("/data/bookmarked", false),
            &["tweet.read", "users.read", "bookmark.write"],
        )
    },
    of_list(Action::LeaveList, "/2/users/{user}/followed_lists/{target}", becomes("/data/following", false)),
    // 300 per 15 minutes, as the table of rates says of the lists themselves.
    Endpoint {
        documented: &[Documented::account(300, 900)],
        ..of_list(Action::DeleteList, "/2/lists/{target}", becomes("/data/deleted", true))
    },
    of_list(Action::UnpinList, "/2/users/{user}/pinned_lists/{target}", becomes("/data/pinned", false)),
];

const fn of_list(action: Action, path: &'static str, success: Success) -> Endpoint {
    Endpoint { price: LIST_MANAGE, ..row(action, path, success, &["tweet.read", "users.read", "list.write"]) }
}

/// "Privacy Update", $0.010 (same page and date).
const PRIVACY_UPDATE: Option<MicroUsd> = Some(MicroUsd(10_000));

const fn restoring(
    action: Action,
    path: &'static str,
    target: &'static str,
    success: Success,
    scopes: &'static [&'static str],
) -> Endpoint {
    Endpoint { method: Verb::Post, params: Params::Json(target), ..row(action, path, success, scopes) }
}

/// What takes an action back. Following and liking are not here: X's rules forbid both in bulk.
pub(super) static INVERSE: [Endpoint; 5] = [
    Endpoint {
        price: PRIVACY_UPDATE,
        ..restoring(
            Action::Mute,
            "/2/users/{user}/muting",
            "target_user_id",
            becomes("/data/muting", true),
            &["tweet.read", "users.read", "mute.write"],
        )
    },
    // As unblock.
    Endpoint {
        tier: Tier::Enterprise(
            "block is open to Enterprise apps only since June 2023: expect a self-serve app to be refused",
        ),
        price: None,
        documented: &[],
        ..restoring(
            Action::Block,
            "/2/users/{user}/blocking",
            "target_user_id",
            becomes("/data/blocking", true),
            &["tweet.read", "users.read", "block.write"],
        )
    },
    // OAuth 2.0 only.
    Endpoint {
        price: BOOKMARK,
        auth: Auth::OAuth2,
        ..restoring(
            Action::Bookmark,
            "/2/users/{user}/bookmarks",
            "tweet_id",
            becomes("/data/bookmarked", true),
            &["tweet.read", "users.read", "bookmark.write"],
        )
    },
    Endpoint {
        price: LIST_MANAGE,
        ..restoring(
            Action::FollowList,
            "/2/users/{user}/followed_lists",
            "list_id",
            becomes("/data/following", true),
            &["tweet.read", "users.read", "list.write"],
        )
    },
    Endpoint {
        price: LIST_MANAGE,
        ..restoring(
            Action::PinList,
            "/2/users/{user}/pinned_lists",
            "list_id",
            becomes("/data/pinned", true),
            &["tweet.read", "users.read", "list.write"],
        )
    },
];
