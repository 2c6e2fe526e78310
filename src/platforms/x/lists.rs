//! What can be read of an account at X API v2, row by row.
//!
//! Paths, page sizes, fields and scopes: X's OpenAPI document (2.167). Windows: fundamentals/rate-limits (pay-per-use). Prices:
//! getting-started/pricing. All read in August 2026; docs/platforms.md says how sure each is.

use super::DIALECT;
use crate::domain::{EntryFact, Handle, ListKind, MicroUsd, TargetKind, TargetName};
use crate::platforms::caller::{Auth, Documented};
use crate::platforms::list_endpoint::ListEndpoint;
use crate::platforms::names::NameResolver;
use crate::platforms::page_question::EntryFields;

/// A post that comes beside a user: "Post: Read", $0.005, whoever asks.
const POST_READ: MicroUsd = MicroUsd(5_000);

/// "Owned reads", $0.001 an entry: the reading user is in the path and owns the developer app.
const OWNED: MicroUsd = MicroUsd(1_000);

/// Of following and followers.
static FOLLOWS: [Documented; 2] = [Documented::account(300, 900), Documented::app(300, 900)];

const fn row(name: &'static str, list: ListKind, path: &'static str, scopes: &'static [&'static str]) -> ListEndpoint {
    let of = list.target_kind();
    ListEndpoint {
        dialect: &DIALECT,
        name,
        list: Some(list),
        path,
        fields: match of {
            TargetKind::User => EntryFields::Users,
            TargetKind::Post => EntryFields::Posts,
            // It lists no tags and no servers.
            TargetKind::List | TargetKind::Tag | TargetKind::Domain => EntryFields::Lists,
        },
        tells: match of {
            TargetKind::User => &[EntryFact::LastPosted, EntryFact::Text],
            TargetKind::Post => &[
                EntryFact::Likes,
                EntryFact::Reposts,
                EntryFact::IsRepost,
                EntryFact::IsReply,
                EntryFact::HasMedia,
                EntryFact::Text,
            ],
            TargetKind::List | TargetKind::Tag | TargetKind::Domain => &[EntryFact::Text],
        },
        of,
        page: (1, 1_000),
        auth: Auth::Either,
        scopes,
        price: (OWNED, MicroUsd(10_000)),
        newest_post_price: POST_READ,
        // Timelines of likes and posts end at some 3,200 entries, bookmarks at 800; a list nearly that long may be cut.
        cut_after: match list {
            ListKind::Likes | ListKind::Posts => Some(3_000),
            ListKind::Bookmarks => Some(700),
            _ => None,
        },
        documented: &FOLLOWS,
    }
}

/// X API v2.
pub(super) static LISTS: [ListEndpoint; 10] = [
    row("following", ListKind::Following, "/2/users/{user}/following", &["tweet.read", "users.read", "follows.read"]),
    row("followers", ListKind::Followers, "/2/users/{user}/followers", &["tweet.read", "users.read", "follows.read"]),
    // Of the account's own user only.
    ListEndpoint {
        page: (5, 100),
        price: (OWNED, OWNED),
        documented: &[Documented::account(75, 900), Documented::app(75, 900)],
        ..row(
            "liked_tweets",
            ListKind::Likes,
            "/2/users/{user}/liked_tweets",
            &["tweet.read", "users.read", "like.read"],
        )
    },
    // The newest 3,200 at most.
    ListEndpoint {
        page: (5, 100),
        price: (OWNED, MicroUsd(5_000)),
        documented: &[Documented::account(900, 900), Documented::app(10_000, 900)],
        ..row("tweets", ListKind::Posts, "/2/users/{user}/tweets", &["tweet.read", "users.read"])
    },
    ListEndpoint {
        price: (OWNED, OWNED),
        documented: &[Documented::account(15, 900)],
        ..row("muting", ListKind::Mutes, "/2/users/{user}/muting", &["tweet.read", "users.read", "mute.read"])
    },
    ListEndpoint {
        price: (OWNED, OWNED),
        documented: &[Documented::account(15, 900)],
        ..row("blocking", ListKind::Blocks, "/2/users/{user}/blocking", &["tweet.read", "users.read", "block.read"])
    },
    // OAuth 2.0 only; the newest 800 at most.
    ListEndpoint {
        page: (1, 100),
        price: (OWNED, MicroUsd(5_000)),
        auth: Auth::OAuth2,
        documented: &[Documented::account(180, 900)],
        ..row(
            "bookmarks",
            ListKind::Bookmarks,
            "/2/users/{user}/bookmarks",
            &["tweet.read", "users.read", "bookmark.read"],
        )
    },
    lists_of_users("followed_lists", ListKind::FollowedLists, "/2/users/{user}/followed_lists"),
    lists_of_users("owned_lists", ListKind::OwnedLists, "/2/users/{user}/owned_lists"),
    // Few, and never in pages.
    ListEndpoint {
        fields: EntryFields::AllLists,
        ..lists_of_users("pinned_lists", ListKind::PinnedLists, "/2/users/{user}/pinned_lists")
    },
];

/// Of lists of users.
static OF_LISTS: [Documented; 2] = [Documented::account(15, 900), Documented::app(15, 900)];

/// Lists of users that the account follows, keeps or has pinned.
const fn lists_of_users(name: &'static str, list: ListKind, path: &'static str) -> ListEndpoint {
    ListEndpoint {
        page: (1, 100),
        price: (OWNED, MicroUsd(5_000)),
        documented: &OF_LISTS,
        ..row(name, list, path, &["tweet.read", "users.read", "list.read"])
    }
}

/// Handles are asked about a hundred at a time, and a user is what has the handle.
pub(super) static NAMES: NameResolver = NameResolver {
    endpoints: &[NAME_LOOKUP],
    question: |name| name.as_str().parse::<Handle>().ok().map(|handle| (0, TargetName::from(&handle))),
    target: |_, user| Some(user.clone()),
    has_one_name_each: true,
};

/// X API v2's lookup of users. Other people's profiles are never "owned".
const NAME_LOOKUP: ListEndpoint = ListEndpoint {
    dialect: &DIALECT,
    name: "users/by",
    list: None,
    path: "/2/users/by",
    fields: EntryFields::Names,
    tells: &[],
    of: TargetKind::User,
    page: (1, 100),
    auth: Auth::Either,
    scopes: &["tweet.read", "users.read"],
    price: (MicroUsd(10_000), MicroUsd(10_000)),
    newest_post_price: POST_READ,
    cut_after: None,
    documented: &[Documented::account(900, 900), Documented::app(300, 900)],
};
