//! What can be read of an account at Bluesky, row by row. No prices.
//!
//! What the account did itself is read from its own repository, record by record: lists of the app view hide whoever was deleted, deactivated
//! or suspended, and who follows nobody sees cannot be unfollowed. Muted users and bookmarks are no records, and neither are followers.
//!
//! Paths, page sizes and cursors: the lexicons of August 2026, and a server of November 2026.

use super::{DIALECT, grammar};
use crate::domain::{EntryFact, ListKind, MicroUsd, TargetKind};
use crate::platforms::caller::{Auth, Documented};
use crate::platforms::list_endpoint::ListEndpoint;
use crate::platforms::names::NameResolver;
use crate::platforms::page_question::EntryFields;

const FREE: MicroUsd = MicroUsd(0);

/// A server counts all requests of an address together, 3,000 per 5 minutes. Undos have 2,100 of them, these the rest.
static RECORDS: [Documented; 2] = [Documented::account(400, 300), Documented::host(400, 300)];
static APP_VIEW: [Documented; 2] = [Documented::account(100, 300), Documented::host(100, 300)];
static LOOKUPS: [Documented; 2] = [Documented::account(300, 300), Documented::host(300, 300)];

const fn row(
    name: &'static str,
    list: Option<ListKind>,
    path: &'static str,
    of: TargetKind,
    documented: &'static [Documented],
    scopes: &'static [&'static str],
) -> ListEndpoint {
    let fields = match of {
        TargetKind::User => EntryFields::Users,
        TargetKind::Post => EntryFields::Posts,
        TargetKind::List | TargetKind::Tag | TargetKind::Domain => EntryFields::Lists,
    };
    ListEndpoint {
        dialect: &DIALECT,
        name,
        list,
        path,
        fields,
        tells: &[],
        of,
        page: (1, 100),
        auth: Auth::OAuth2,
        scopes,
        price: (FREE, FREE),
        newest_post_price: FREE,
        documented,
        cut_after: None,
    }
}

/// A collection of the account's repository. All of them are read in one window.
const fn records(list: Option<ListKind>, of: TargetKind, path: &'static str) -> ListEndpoint {
    // Repositories are public.
    row("records", list, path, of, &RECORDS, &[])
}

/// The path of a collection.
macro_rules! collection {
    ($name:literal) => {
        concat!("/xrpc/com.atproto.repo.listRecords?repo={user}&collection=", $name)
    };
}

pub(super) static FOLLOWS: ListEndpoint =
    records(Some(ListKind::Following), TargetKind::User, collection!("app.bsky.graph.follow"));
pub(super) static LIKES: ListEndpoint =
    records(Some(ListKind::Likes), TargetKind::Post, collection!("app.bsky.feed.like"));
pub(super) static POSTS: ListEndpoint = ListEndpoint {
    tells: &[EntryFact::IsRepost, EntryFact::IsReply, EntryFact::HasMedia, EntryFact::Text],
    ..records(Some(ListKind::Posts), TargetKind::Post, collection!("app.bsky.feed.post"))
};
pub(super) static REPOSTS: ListEndpoint =
    records(Some(ListKind::Reposts), TargetKind::Post, collection!("app.bsky.feed.repost"));
pub(super) static BLOCKS: ListEndpoint =
    records(Some(ListKind::Blocks), TargetKind::User, collection!("app.bsky.graph.block"));
/// Lists of users all of whom the account blocks.
pub(super) static LIST_BLOCKS: ListEndpoint =
    records(Some(ListKind::BlockedLists), TargetKind::List, collection!("app.bsky.graph.listblock"));
/// Bookmarks are no records, and are kept by the app view; what it tells of one is all that it takes to make it again.
pub(super) static BOOKMARKS: ListEndpoint = ListEndpoint {
    tells: &[EntryFact::Likes, EntryFact::Reposts, EntryFact::IsReply, EntryFact::HasMedia, EntryFact::Text],
    ..row(
        "app_view",
        Some(ListKind::Bookmarks),
        "/xrpc/app.bsky.bookmark.getBookmarks",
        TargetKind::Post,
        &APP_VIEW,
        &["rpc:app.bsky.bookmark.getBookmarks?aud=*"],
    )
};
/// Who may answer a post, and who may quote it: records of their own, with the post's key.
pub(super) static THREAD_GATES: ListEndpoint = records(None, TargetKind::Post, collection!("app.bsky.feed.threadgate"));
pub(super) static POST_GATES: ListEndpoint = records(None, TargetKind::Post, collection!("app.bsky.feed.postgate"));

/// The account's profile, which names the post that is pinned.
pub(super) static PINNED: ListEndpoint =
    ListEndpoint { page: (1, 1), ..records(None, TargetKind::Post, collection!("app.bsky.actor.profile")) };

/// Who is there, of 25 users at most.
pub(super) static PROFILES: ListEndpoint = ListEndpoint {
    page: (1, 25),
    ..row(
        "app_view",
        None,
        "/xrpc/app.bsky.actor.getProfiles",
        TargetKind::User,
        &APP_VIEW,
        &["rpc:app.bsky.actor.getProfiles?aud=*"],
    )
};

/// The account's own server is asked whose a handle is. The address of a post has its author's handle, and is asked about by that.
pub(super) static NAMES: NameResolver = NameResolver {
    endpoints: &[RESOLVE],
    question: |name| Some((0, grammar::handle_in(name.as_str())?.parse().ok()?)),
    target: |name, user| grammar::meant(name.as_str(), user),
    // A handle in a list may be of yesterday, and asking costs nothing.
    has_one_name_each: false,
};

const RESOLVE: ListEndpoint = ListEndpoint {
    page: (1, 1),
    fields: EntryFields::Names,
    // Handles are public.
    ..row("resolve_handle", None, "/xrpc/com.atproto.identity.resolveHandle", TargetKind::User, &LOOKUPS, &[])
};

/// The lists.
pub(super) static LISTS: [ListEndpoint; 9] = [
    FOLLOWS,
    ListEndpoint {
        tells: &[EntryFact::Text],
        ..row(
            "app_view",
            Some(ListKind::Followers),
            "/xrpc/app.bsky.graph.getFollowers?actor={user}",
            TargetKind::User,
            &APP_VIEW,
            &["rpc:app.bsky.graph.getFollowers?aud=*"],
        )
    },
    LIKES,
    POSTS,
    REPOSTS,
    ListEndpoint {
        tells: &[EntryFact::Text],
        ..row(
            "app_view",
            Some(ListKind::Mutes),
            "/xrpc/app.bsky.graph.getMutes",
            TargetKind::User,
            &APP_VIEW,
            &["rpc:app.bsky.graph.getMutes?aud=*"],
        )
    },
    BLOCKS,
    BOOKMARKS,
    LIST_BLOCKS,
];

/// The collection of a list's records; none where it is the app view that has the list.
pub(super) fn collection(list: ListKind) -> Option<&'static str> {
    collection_of(LISTS.iter().find(|row| row.list == Some(list))?)
}

/// That of the profile.
pub(super) fn pinned() -> Option<&'static str> {
    collection_of(&PINNED)
}

fn collection_of(row: &ListEndpoint) -> Option<&'static str> {
    row.path.split_once("&collection=").map(|(_, collection)| collection)
}
