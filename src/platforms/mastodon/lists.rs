//! What can be read of an account through the Mastodon API, row by row. No prices.
//!
//! Paths, page sizes and scopes: Mastodon's documentation of July 2026. The window is that of requests for pages, which a server counts
//! for all lists together.

use super::DIALECT;
use crate::domain::{EntryFact, ListKind, MicroUsd, TargetKind};
use crate::platforms::caller::{Auth, Documented};
use crate::platforms::list_endpoint::ListEndpoint;
use crate::platforms::page_question::EntryFields;

const FREE: MicroUsd = MicroUsd(0);

/// Requests for pages, of all lists together.
static PAGING: [Documented; 1] = [Documented::account(300, 900)];

const OF_OWN_POSTS: [EntryFact; 8] = [
    EntryFact::Likes,
    EntryFact::Reposts,
    EntryFact::IsRepost,
    EntryFact::Visibility,
    EntryFact::IsReply,
    EntryFact::HasMedia,
    EntryFact::IsPinned,
    EntryFact::Text,
];
const OF_POSTS: [EntryFact; 7] = [
    EntryFact::Text,
    EntryFact::Likes,
    EntryFact::Reposts,
    EntryFact::IsRepost,
    EntryFact::Visibility,
    EntryFact::IsReply,
    EntryFact::HasMedia,
];

const fn row(name: &'static str, list: ListKind, path: &'static str, scopes: &'static [&'static str]) -> ListEndpoint {
    let of = list.target_kind();
    let (fields, most) = match of {
        TargetKind::User => (EntryFields::Users, 80),
        TargetKind::Post => (EntryFields::Posts, 40),
        TargetKind::List => (EntryFields::Lists, 40),
        TargetKind::Tag | TargetKind::Domain => (EntryFields::Things, 200),
    };
    ListEndpoint {
        dialect: &DIALECT,
        name,
        list: Some(list),
        path,
        fields,
        tells: match (list, of) {
            (_, TargetKind::User) => &[EntryFact::LastPosted, EntryFact::Text],
            // A post is pinned by its author.
            (ListKind::Posts | ListKind::Pins, _) => &OF_OWN_POSTS,
            (_, TargetKind::Post) => &OF_POSTS,
            (_, TargetKind::List | TargetKind::Tag | TargetKind::Domain) => &[],
        },
        of,
        page: (1, most),
        auth: Auth::OAuth2,
        scopes,
        price: (FREE, FREE),
        newest_post_price: FREE,
        // As X's, for no document says otherwise.
        cut_after: match list {
            ListKind::Likes | ListKind::Posts => Some(3_000),
            ListKind::Bookmarks => Some(700),
            _ => None,
        },
        documented: &PAGING,
    }
}

/// The account's own posts.
pub(super) static STATUSES: ListEndpoint =
    row("statuses", ListKind::Posts, "/api/v1/accounts/{user}/statuses", &["read:statuses"]);

/// Lookups of names count among the 300 requests per 5 minutes of a token: a third of them, so that undos have the rest.
static LOOKUPS: [Documented; 1] = [Documented::account(100, 300)];

/// Who has an address, as far as the server knows; and the post of a link, which it fetches where it does not know it.
pub(super) static NAMES: [ListEndpoint; 2] = [
    ListEndpoint {
        list: None,
        fields: EntryFields::Names,
        page: (1, 1),
        documented: &LOOKUPS,
        cut_after: None,
        ..row("accounts/lookup", ListKind::Following, "/api/v1/accounts/lookup", &[])
    },
    ListEndpoint {
        list: None,
        fields: EntryFields::Names,
        page: (1, 1),
        documented: &LOOKUPS,
        cut_after: None,
        ..row("search", ListKind::Likes, "/api/v2/search", &["read:search"])
    },
];

/// How the account and users stand to each other: looked at after an answer that is in doubt, and before anybody is followed again.
pub(super) static RELATIONSHIPS: ListEndpoint = ListEndpoint {
    list: None,
    fields: EntryFields::Followed,
    page: (1, 40),
    documented: &LOOKUPS,
    ..row("relationships", ListKind::Following, "/api/v1/accounts/relationships", &["read:follows"])
};

/// A post by itself: what the account has done to it, however long ago.
pub(super) static MARKS: ListEndpoint = ListEndpoint {
    list: None,
    fields: EntryFields::Marks,
    page: (1, 1),
    documented: &LOOKUPS,
    cut_after: None,
    ..row("statuses/one", ListKind::Posts, "/api/v1/statuses/{post}", &["read:statuses"])
};

/// The rows.
pub(super) static LISTS: [ListEndpoint; 10] = [
    row("following", ListKind::Following, "/api/v1/accounts/{user}/following", &["read:accounts"]),
    row("followers", ListKind::Followers, "/api/v1/accounts/{user}/followers", &["read:accounts"]),
    row("favourites", ListKind::Likes, "/api/v1/favourites", &["read:favourites"]),
    STATUSES,
    row("mutes", ListKind::Mutes, "/api/v1/mutes", &["read:mutes"]),
    row("blocks", ListKind::Blocks, "/api/v1/blocks", &["read:blocks"]),
    row("bookmarks", ListKind::Bookmarks, "/api/v1/bookmarks", &["read:bookmarks"]),
    // A handful, on one page.
    row("pins", ListKind::Pins, "/api/v1/accounts/{user}/statuses?pinned=true", &["read:statuses"]),
    row("followed_tags", ListKind::FollowedTags, "/api/v1/followed_tags", &["read:follows"]),
    row("domain_blocks", ListKind::BlockedDomains, "/api/v1/domain_blocks", &["read:blocks"]),
];
