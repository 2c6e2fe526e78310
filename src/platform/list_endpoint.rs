//! What can be read of an account, row by row. In: nothing. Out: [`ListEndpoint`]s, by list or by name. What does not belong here:
//! sending, turning pages.
//!
//! Paths, page sizes, fields and scopes: X's OpenAPI document (2.167). Windows: fundamentals/rate-limits (pay-per-use). Prices:
//! getting-started/pricing. All read in August 2026; docs/platforms.md says how sure each is.

use super::endpoint::{Auth, Documented};
use super::vocabulary::EntryFields;
use crate::domain::{ListKind, MicroUsd, Platform, TargetKind};

/// How one list is read on one platform, or how users are looked up by their handles.
#[derive(Clone, Copy, Debug)]
pub struct ListEndpoint {
    /// Whose endpoint it is.
    pub platform: Platform,
    /// Its name in the queue: each endpoint has windows of its own.
    pub name: &'static str,
    /// The list it reads; none: it looks up users by their handles.
    pub list: Option<ListKind>,
    /// The path below the base URL; `{user}` is the acting user's ID. Always asked with GET.
    pub path: &'static str,
    /// What it is asked to tell of each entry.
    pub fields: EntryFields,
    /// What its entries are.
    pub of: TargetKind,
    /// The fewest and the most entries a page may be asked to have.
    pub page: (u32, u32),
    /// What it takes as a proof of who asks.
    pub auth: Auth,
    /// The OAuth 2.0 scopes a user token needs.
    pub scopes: &'static [&'static str],
    /// The price of one entry where the reading user owns the app ("owned reads"), and where not.
    pub price: (MicroUsd, MicroUsd),
    /// The windows the platform documents for it.
    pub documented: &'static [Documented],
}

/// A post that comes beside a user: "Post: Read", $0.005, whoever asks.
const POST_READ: MicroUsd = MicroUsd(5_000);

impl ListEndpoint {
    /// The price of one entry, as [`ListEndpoint::price`]; with its newest post, where that is asked for as an object of its own.
    pub const fn price_with(&self, newest_posts: bool) -> (MicroUsd, MicroUsd) {
        if newest_posts { (self.price.0.plus(POST_READ), self.price.1.plus(POST_READ)) } else { self.price }
    }
}

/// "Owned reads", $0.001 an entry: the reading user is in the path and owns the developer app.
const OWNED: MicroUsd = MicroUsd(1_000);

/// Of following and followers.
static FOLLOWS: [Documented; 2] = [Documented::account(300, 900), Documented::app(300, 900)];

const fn row(name: &'static str, list: ListKind, path: &'static str, scopes: &'static [&'static str]) -> ListEndpoint {
    let of = list.target_kind();
    ListEndpoint {
        platform: Platform::XV2,
        name,
        list: Some(list),
        path,
        fields: match of {
            TargetKind::User => EntryFields::Users,
            TargetKind::Post => EntryFields::Posts,
        },
        of,
        page: (1, 1_000),
        auth: Auth::Either,
        scopes,
        price: (OWNED, MicroUsd(10_000)),
        documented: &FOLLOWS,
    }
}

/// X API v2.
static X_V2: [ListEndpoint; 7] = [
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
];

/// X API v2's lookup of users. Other people's profiles are never "owned".
static X_V2_HANDLES: ListEndpoint = ListEndpoint {
    platform: Platform::XV2,
    name: "users/by",
    list: None,
    path: "/2/users/by",
    fields: EntryFields::Names,
    of: TargetKind::User,
    page: (1, 100),
    auth: Auth::Either,
    scopes: &["tweet.read", "users.read"],
    price: (MicroUsd(10_000), MicroUsd(10_000)),
    documented: &[Documented::account(900, 900), Documented::app(300, 900)],
};

/// The endpoints of a platform that read. The sandbox has X API v2's.
fn list_endpoints(platform: Platform) -> &'static [ListEndpoint] {
    match platform {
        Platform::XV2 | Platform::Sandbox => &X_V2,
        Platform::XV1 | Platform::Aisa => &[],
    }
}

/// How a list is read on a platform; none where it has no such endpoint that an app of today can call.
pub fn find_list_endpoint(platform: Platform, list: ListKind) -> Option<&'static ListEndpoint> {
    list_endpoints(platform).iter().find(|endpoint| endpoint.list == Some(list.read_as()))
}

/// How a platform is asked who has which handle; none where it cannot be.
pub fn find_handle_lookup(platform: Platform) -> Option<&'static ListEndpoint> {
    match platform {
        Platform::XV2 | Platform::Sandbox => Some(&X_V2_HANDLES),
        Platform::XV1 | Platform::Aisa => None,
    }
}

/// The endpoint of that name in the queue.
pub fn find_list_endpoint_named(platform: Platform, name: &str) -> Option<&'static ListEndpoint> {
    list_endpoints(platform).iter().chain(find_handle_lookup(platform)).find(|endpoint| endpoint.name == name)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_list_has_a_row_with_windows_and_a_price() {
        let lists = ListKind::ALL.map(|list| (Some(list.read_as()), find_list_endpoint(Platform::Sandbox, list)));
        for (list, row) in lists.into_iter().chain([(None, find_handle_lookup(Platform::Sandbox))]) {
            let row = row.unwrap();
            assert_eq!(row.list, list);
            assert!(!row.documented.is_empty() && row.page.0 <= row.page.1 && row.price.0 <= row.price.1);
            assert!(row.scopes.contains(&"users.read"), "{}", row.path);
            assert_eq!(row.path.contains("{user}"), list.is_some());
            assert_eq!(row.fields == EntryFields::Names, list.is_none());
            assert_eq!(row.fields == EntryFields::Posts, row.of == TargetKind::Post);
            assert!(list.is_none_or(|list| list.target_kind() == row.of));
            assert_eq!(find_list_endpoint_named(Platform::Sandbox, row.name).map(|found| found.path), Some(row.path));
            assert!(find_list_endpoint_named(Platform::Aisa, row.name).is_none());
        }
        assert!(ListKind::ALL.into_iter().all(|list| find_list_endpoint(Platform::Aisa, list).is_none()));
    }
}
