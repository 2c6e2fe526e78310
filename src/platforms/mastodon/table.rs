//! The Mastodon API, row by row. Every row answers `200` with what it was done to, a relationship or a status, whose `id` is the
//! target's; beside it stands the state that is to be reached.
//!
//! Paths, scopes and fields: Mastodon's documentation of July 2026; docs/platforms.md says how sure each is. No prices.

use super::DIALECT;
use super::deleted_post::last_copy;
use super::lists::{RELATIONSHIPS, STATUSES};
use crate::domain::{Action, MicroUsd, RepostId};
use crate::platforms::caller::{Auth, Documented, Tier};
use crate::platforms::endpoint::{Endpoint, Params, ReadBack, Verb};
use crate::platforms::success::Success;

/// Every call of a token.
const USUAL: Documented = Documented::account(300, 300);
/// Deleting and taking back reposts, both together.
const RARE: Documented = Documented::account(30, 1_800);

const fn row(
    action: Action,
    path: &'static str,
    scope: &'static [&'static str],
    fields: &'static [(&'static str, bool)],
) -> Endpoint {
    confirmed(action, path, scope, Success::Resource { id: "/id", fields })
}

const fn confirmed(action: Action, path: &'static str, scope: &'static [&'static str], success: Success) -> Endpoint {
    Endpoint {
        dialect: &DIALECT,
        action,
        method: Verb::Post,
        path,
        params: Params::None,
        records: &[],
        auth: Auth::OAuth2,
        success,
        scopes: scope,
        price: Some(MicroUsd(0)),
        tier: Tier::SelfServe,
        documented: &[USUAL],
        // A deleted post is gone; of the others a repeat simply succeeds.
        repeat_looks_gone: matches!(action, Action::DeletePost),
        last_copy: None,
        read_back: None,
        repost_id: RepostId::Original,
    }
}

/// The same of a status. GoToSocial answers with the state of before; what is read a moment later is that of after.
const fn of_status(
    action: Action,
    path: &'static str,
    scope: &'static [&'static str],
    fields: &'static [(&'static str, bool)],
) -> Endpoint {
    Endpoint { read_back: Some(&STATUS), ..row(action, path, scope, fields) }
}

/// The same of a user, whose relationship is told in a list of one.
const fn of_account(
    action: Action,
    path: &'static str,
    scope: &'static [&'static str],
    fields: &'static [(&'static str, bool)],
) -> Endpoint {
    Endpoint { read_back: Some(&RELATIONSHIP), ..row(action, path, scope, fields) }
}

/// A status, as its list tells it.
static STATUS: ReadBack = ReadBack { path: "/api/v1/statuses/{target}", is_list: false, windows_of: &STATUSES };
/// How the account and a user stand to each other.
static RELATIONSHIP: ReadBack =
    ReadBack { path: "/api/v1/accounts/relationships?id[]={target}", is_list: true, windows_of: &RELATIONSHIPS };

/// Following, which has a limit of its own (`RateLimiter` of Mastodon's source, read in November 2026).
const FOLLOWS: Documented = Documented::account(400, 86_400);
/// Posting and reposting together (same place).
const POSTS: Documented = Documented::account(300, 10_800);

/// The rows.
pub(super) static TABLE: [Endpoint; 11] = [
    // A follow that waits for its approval is taken back by the same call.
    of_account(
        Action::Unfollow,
        "/api/v1/accounts/{target}/unfollow",
        &["write:follows"],
        &[("/following", false), ("/requested", false)],
    ),
    // The answer says what is to be; a job of the server does it.
    of_status(
        Action::Unlike,
        "/api/v1/statuses/{target}/unfavourite",
        &["write:favourites"],
        &[("/favourited", false)],
    ),
    // The target is the post that was reposted, not the repost.
    Endpoint {
        documented: &[USUAL, RARE],
        ..of_status(
            Action::Unrepost,
            "/api/v1/statuses/{target}/unreblog",
            &["write:statuses"],
            &[("/reblogged", false)],
        )
    },
    of_account(Action::Unmute, "/api/v1/accounts/{target}/unmute", &["write:mutes"], &[("/muting", false)]),
    of_account(Action::Unblock, "/api/v1/accounts/{target}/unblock", &["write:blocks"], &[("/blocking", false)]),
    Endpoint {
        method: Verb::Delete,
        documented: &[USUAL, RARE],
        last_copy: Some(last_copy),
        ..row(Action::DeletePost, "/api/v1/statuses/{target}", &["write:statuses"], &[])
    },
    of_status(
        Action::Unbookmark,
        "/api/v1/statuses/{target}/unbookmark",
        &["write:bookmarks"],
        &[("/bookmarked", false)],
    ),
    of_account(
        Action::RemoveFollower,
        "/api/v1/accounts/{target}/remove_from_followers",
        &["write:follows"],
        &[("/followed_by", false)],
    ),
    // Only of the account's own posts is it said whether they are pinned.
    of_status(Action::Unpin, "/api/v1/statuses/{target}/unpin", &["write:accounts"], &[("/pinned", false)]),
    of_tag(Action::UnfollowTag, "/api/v1/tags/{tag}/unfollow", &[("/following", false)]),
    Endpoint { method: Verb::Delete, ..of_domain(Action::UnblockDomain) },
];

/// A tag, whose name stands where others have an ID.
const fn of_tag(action: Action, path: &'static str, fields: &'static [(&'static str, bool)]) -> Endpoint {
    confirmed(action, path, &["write:follows"], Success::Resource { id: "/name", fields })
}

/// A whole server. The answer is an empty object, whether or not it was blocked before.
const fn of_domain(action: Action) -> Endpoint {
    confirmed(action, "/api/v1/domain_blocks?domain={target}", &["write:blocks"], Success::NoOutput)
}

/// What takes an action back. A deleted post does not come back.
pub(super) static INVERSE: [Endpoint; 9] = [
    // Whoever approves followers is asked, which is all that can be done.
    // Whom the account follows already is not followed again: that may notify, and takes a place of the 400.
    Endpoint {
        documented: &[USUAL, FOLLOWS],
        records: &[&RELATIONSHIPS],
        ..confirmed(
            Action::Follow,
            "/api/v1/accounts/{target}/follow",
            &["write:follows", "read:follows"],
            Success::EitherResource { id: "/id", fields: &["/following", "/requested"] },
        )
    },
    row(Action::Like, "/api/v1/statuses/{target}/favourite", &["write:favourites"], &[("/favourited", true)]),
    // The answer is the new repost, and holds what it repeats.
    Endpoint {
        documented: &[USUAL, POSTS],
        ..confirmed(
            Action::Repost,
            "/api/v1/statuses/{target}/reblog",
            &["write:statuses"],
            Success::Resource { id: "/reblog/id", fields: &[("/reblog/reblogged", true)] },
        )
    },
    row(Action::Mute, "/api/v1/accounts/{target}/mute", &["write:mutes"], &[("/muting", true)]),
    row(Action::Block, "/api/v1/accounts/{target}/block", &["write:blocks"], &[("/blocking", true)]),
    row(Action::Bookmark, "/api/v1/statuses/{target}/bookmark", &["write:bookmarks"], &[("/bookmarked", true)]),
    row(Action::Pin, "/api/v1/statuses/{target}/pin", &["write:accounts"], &[("/pinned", true)]),
    of_tag(Action::FollowTag, "/api/v1/tags/{tag}/follow", &[("/following", true)]),
    of_domain(Action::BlockDomain),
];
