//! What can be read of an account, row by row. In: nothing. Out: [`ListEndpoint`]s and [`find_reading`]. What does not belong here:
//! sending, turning pages.
//!
//! Paths, page sizes, fields and scopes: X's OpenAPI document (2.167). Windows: fundamentals/rate-limits (pay-per-use). Prices:
//! getting-started/pricing. All read in August 2026; docs/platforms.md says how sure each is.

use super::endpoint::{Auth, Documented};
use super::vocabulary::EntryFields;
use crate::domain::{MicroUsd, Platform, TargetKind};

crate::domain::with_names! {
    /// What can be asked for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Collection {
        /// Users the account follows.
        Following => "following",
        /// Users who follow the account.
        Followers => "followers",
        /// Posts the account likes.
        Liked => "liked_tweets",
        /// Posts of the account.
        Posts => "tweets",
        /// Users the account has muted.
        Muting => "muting",
        /// Users the account has blocked.
        Blocking => "blocking",
        /// Posts the account has bookmarked.
        Bookmarks => "bookmarks",
        /// Users, by their handles.
        Handles => "users/by",
    }
}

/// How one collection is read on one platform.
#[derive(Clone, Copy, Debug)]
pub struct ListEndpoint {
    /// Whose endpoint it is.
    pub platform: Platform,
    /// What it reads.
    pub collection: Collection,
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

const fn row(
    collection: Collection,
    path: &'static str,
    of: TargetKind,
    scopes: &'static [&'static str],
) -> ListEndpoint {
    ListEndpoint {
        platform: Platform::XV2,
        collection,
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
static X_V2: [ListEndpoint; 8] = [
    row(
        Collection::Following,
        "/2/users/{user}/following",
        TargetKind::User,
        &["tweet.read", "users.read", "follows.read"],
    ),
    row(
        Collection::Followers,
        "/2/users/{user}/followers",
        TargetKind::User,
        &["tweet.read", "users.read", "follows.read"],
    ),
    // Of the account's own user only.
    ListEndpoint {
        page: (5, 100),
        price: (OWNED, OWNED),
        documented: &[Documented::account(75, 900), Documented::app(75, 900)],
        ..row(
            Collection::Liked,
            "/2/users/{user}/liked_tweets",
            TargetKind::Post,
            &["tweet.read", "users.read", "like.read"],
        )
    },
    // The newest 3,200 at most.
    ListEndpoint {
        page: (5, 100),
        price: (OWNED, MicroUsd(5_000)),
        documented: &[Documented::account(900, 900), Documented::app(10_000, 900)],
        ..row(Collection::Posts, "/2/users/{user}/tweets", TargetKind::Post, &["tweet.read", "users.read"])
    },
    ListEndpoint {
        price: (OWNED, OWNED),
        documented: &[Documented::account(15, 900)],
        ..row(
            Collection::Muting,
            "/2/users/{user}/muting",
            TargetKind::User,
            &["tweet.read", "users.read", "mute.read"],
        )
    },
    ListEndpoint {
        price: (OWNED, OWNED),
        documented: &[Documented::account(15, 900)],
        ..row(
            Collection::Blocking,
            "/2/users/{user}/blocking",
            TargetKind::User,
            &["tweet.read", "users.read", "block.read"],
        )
    },
    // OAuth 2.0 only; the newest 800 at most.
    ListEndpoint {
        page: (1, 100),
        price: (OWNED, MicroUsd(5_000)),
        auth: Auth::OAuth2,
        documented: &[Documented::account(180, 900)],
        ..row(
            Collection::Bookmarks,
            "/2/users/{user}/bookmarks",
            TargetKind::Post,
            &["tweet.read", "users.read", "bookmark.read"],
        )
    },
    // Other people's profiles are never "owned".
    ListEndpoint {
        fields: EntryFields::Names,
        page: (1, 100),
        price: (MicroUsd(10_000), MicroUsd(10_000)),
        documented: &[Documented::account(900, 900), Documented::app(300, 900)],
        ..row(Collection::Handles, "/2/users/by", TargetKind::User, &["tweet.read", "users.read"])
    },
];

/// The row for a collection on a platform; none where it has no such endpoint that an app of today can call. The sandbox has
/// X API v2's.
pub fn find_reading(platform: Platform, collection: Collection) -> Option<&'static ListEndpoint> {
    match platform {
        Platform::XV2 | Platform::Sandbox => X_V2.iter().find(|reading| reading.collection == collection),
        Platform::XV1 | Platform::Aisa => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_collection_has_a_row_with_windows_and_a_price() {
        for collection in Collection::ALL {
            let row = find_reading(Platform::Sandbox, collection).unwrap();
            assert_eq!(row.collection, collection);
            assert!(!row.documented.is_empty() && row.page.0 <= row.page.1 && row.price.0 <= row.price.1);
            assert!(row.scopes.contains(&"users.read"), "{}", row.path);
            assert_eq!(row.path.contains("{user}"), collection != Collection::Handles);
            assert_eq!(row.fields == EntryFields::Names, collection == Collection::Handles);
            assert_eq!(row.fields == EntryFields::Posts, row.of == TargetKind::Post);
            assert!(find_reading(Platform::Aisa, collection).is_none());
        }
    }
}
