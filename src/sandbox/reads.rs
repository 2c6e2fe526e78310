//! Requests that read: which there are at X API v2 (those of Mastodon stand in `mastodon_routes`), what each asks for, and how often a user may. In: a query. Out: [`ReadAsk`].

use std::borrow::Cow;
use std::collections::BTreeMap;

use oauth2::url::form_urlencoded;

use super::bodies_lists::{Fields, bad_cursor, bad_parameter, unknown_parameter};
use super::field_names::FieldNames;
use super::ledger::ReadLedger;
use super::lists::Shelf;
use super::rendered::Rendered;
use super::windows::{FixedWindow, SlidingPeak};
use crate::domain::{Rate, TargetKind};

/// What X documents for a lookup of names.
const NAMES_RATE: Rate = Rate::fixed(900, 900);
const MOST_NAMES: usize = 100;
const LOOKUP: &str = "users/by";

/// An endpoint that reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadEndpoint {
    pub(super) path: &'static str,
    /// The list; none: a lookup of names.
    pub(super) shelf: Option<Shelf>,
    /// The fewest and the most entries a page may have, and how many it has if nobody says.
    page: (u32, u32, u32),
    pub(super) oauth2_only: bool,
}

/// The endpoints.
pub(super) const READS: [ReadEndpoint; 11] = [
    list("/2/users/{id}/following", Shelf::Following, (1, 1_000, 100)),
    list("/2/users/{id}/followers", Shelf::Followers, (1, 1_000, 100)),
    list("/2/users/{id}/liked_tweets", Shelf::Likes, (5, 100, 100)),
    list("/2/users/{id}/tweets", Shelf::Posts, (5, 100, 10)),
    list("/2/users/{id}/muting", Shelf::Mutes, (1, 1_000, 100)),
    list("/2/users/{id}/blocking", Shelf::Blocks, (1, 1_000, 100)),
    ReadEndpoint { oauth2_only: true, ..list("/2/users/{id}/bookmarks", Shelf::Bookmarks, (1, 100, 100)) },
    list("/2/users/{id}/followed_lists", Shelf::FollowedLists, (1, 100, 100)),
    list("/2/users/{id}/owned_lists", Shelf::OwnedLists, (1, 100, 100)),
    // All of them on one page.
    list("/2/users/{id}/pinned_lists", Shelf::PinnedLists, ONE_PAGE),
    ReadEndpoint { path: "/2/users/by", shelf: None, page: (1, 100, 100), oauth2_only: false },
];

/// A list that is not asked for in pages.
const ONE_PAGE: (u32, u32, u32) = (100, 100, 100);
/// What turns pages.
const PAGING: [&str; 2] = ["max_results", "pagination_token"];

const fn list(path: &'static str, shelf: Shelf, page: (u32, u32, u32)) -> ReadEndpoint {
    ReadEndpoint { path, shelf: Some(shelf), page, oauth2_only: false }
}

/// What is documented for each list, per user; the lookup has its own.
pub(super) fn rate_of(name: &str) -> Rate {
    match name {
        "following" | "followers" => Rate::fixed(300, 900),
        "likes" => Rate::fixed(75, 900),
        "posts" => Rate::fixed(900, 900),
        "bookmarks" => Rate::fixed(180, 900),
        "mutes" | "blocks" | "followed-lists" | "owned-lists" | "pinned-lists" => Rate::fixed(15, 900),
        _ => NAMES_RATE,
    }
}

/// What a request asks for.
#[derive(Clone, Debug)]
pub(super) struct ReadAsk {
    /// The user the path names.
    pub(super) path_user: Option<String>,
    pub(super) wanted: ReadQuery,
    pub(super) fields: Fields,
}

/// What a user's windows and troubles need to know of a request that reads.
#[derive(Clone, Copy, Debug)]
pub(super) struct ReadTerms<'a> {
    /// What its window is called.
    pub(super) name: &'static str,
    /// The user the path names.
    pub(super) path_user: Option<&'a str>,
    /// Whether anybody may ask.
    pub(super) is_public: bool,
}

/// What is to be told.
#[derive(Clone, Debug)]
pub(super) enum ReadQuery {
    Page { shelf: Shelf, count: u32, from: u32 },
    Names(Vec<String>),
}

impl ReadAsk {
    /// What its window is called.
    pub(super) fn name(&self) -> &'static str {
        match &self.wanted {
            ReadQuery::Page { shelf, .. } => shelf.name(),
            ReadQuery::Names(_) => LOOKUP,
        }
    }

    pub(super) fn terms(&self) -> ReadTerms<'_> {
        ReadTerms { name: self.name(), path_user: self.path_user.as_deref(), is_public: false }
    }

    pub(super) fn kind(&self) -> TargetKind {
        match &self.wanted {
            ReadQuery::Page { shelf, .. } => shelf.kind(),
            ReadQuery::Names(_) => TargetKind::User,
        }
    }
}

impl ReadEndpoint {
    /// Reads a request's path and query.
    pub(super) fn read(
        &self,
        path_user: Option<String>,
        query: &str,
        field_names: FieldNames,
    ) -> Result<ReadAsk, Rendered> {
        let pairs: BTreeMap<Cow<'_, str>, Cow<'_, str>> = form(query);
        let text = |name: &str| pairs.get(name).map(AsRef::as_ref);
        let words = |name: &str| -> Vec<String> {
            text(name).unwrap_or_default().split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
        };
        let fields = field_names.fields(&pairs)?;
        let wanted = match self.shelf {
            None => ReadQuery::Names(names(words("usernames"), text("usernames").unwrap_or_default())?),
            Some(shelf) => {
                let (least, most, usual) = self.page;
                if let Some(name) = PAGING.iter().find(|name| self.page == ONE_PAGE && pairs.contains_key(**name)) {
                    return Err(unknown_parameter(name));
                }
                let count = match text("max_results") {
                    None => usual,
                    Some(number) => match number.parse() {
                        Ok(number) if (least..=most).contains(&number) => number,
                        _ => return Err(bad_parameter("max_results", number)),
                    },
                };
                let from = match text("pagination_token") {
                    None => 0,
                    Some(token) => index_of(shelf, token).ok_or_else(|| bad_cursor(token))?,
                };
                ReadQuery::Page { shelf, count, from }
            }
        };
        Ok(ReadAsk { path_user, wanted, fields })
    }
}

fn form(query: &str) -> BTreeMap<Cow<'_, str>, Cow<'_, str>> {
    form_urlencoded::parse(query.as_bytes()).collect()
}

fn names(names: Vec<String>, asked: &str) -> Result<Vec<String>, Rendered> {
    let legal = |name: &String| {
        (1..=15).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    let fits = (1..=MOST_NAMES).contains(&names.len()) && names.iter().all(legal);
    if fits { Ok(names) } else { Err(bad_parameter("usernames", asked)) }
}

/// Where a page begins, as only the sandbox can read it.
pub(super) fn cursor(shelf: Shelf, index: u32) -> String {
    format!("sbx{:02}{:07x}", shelf as u8, index ^ 0x5a5_5a5a)
}

pub(super) fn index_of(shelf: Shelf, cursor: &str) -> Option<u32> {
    let rest = cursor.strip_prefix("sbx")?.strip_prefix(&format!("{:02}", shelf as u8))?;
    u32::from_str_radix(rest, 16).ok().map(|index| index ^ 0x5a5_5a5a)
}

/// What one user has read of one list.
#[derive(Debug)]
pub(super) struct Reads {
    rate: Rate,
    pub(super) window: FixedWindow,
    pub(super) arrivals: SlidingPeak,
    pub(super) requests: u64,
    pub(super) pages: u64,
    pub(super) earned_429: u64,
    pub(super) injected_429: u64,
}

impl Reads {
    pub(super) fn new(window: FixedWindow) -> Reads {
        let rate = window.rate();
        Reads {
            rate,
            window,
            arrivals: SlidingPeak::new(rate.window()),
            requests: 0,
            pages: 0,
            earned_429: 0,
            injected_429: 0,
        }
    }

    pub(super) fn ledger(&self) -> ReadLedger {
        ReadLedger {
            requests: self.requests,
            pages: self.pages,
            limit: self.rate.limit(),
            window_ms: u64::try_from(self.rate.window().as_millis()).unwrap_or(u64::MAX),
            max_in_window: self.arrivals.peak(),
            earned_429: self.earned_429,
            injected_429: self.injected_429,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn cursors_are_the_lists_own() {
        for index in [0, 1, 999_999] {
            let cursor = cursor(Shelf::Likes, index);
            assert_eq!(index_of(Shelf::Likes, &cursor), Some(index));
            assert_eq!(index_of(Shelf::Posts, &cursor), None);
        }
        assert!(READS[2].read(None, "max_results=4", FieldNames::New).is_err());
        assert!(READS[2].read(None, "pagination_token=x", FieldNames::New).is_err());
        assert!(READS[10].read(None, "usernames=a%2Cb-c", FieldNames::New).is_err());
        let ask = READS[10].read(None, "usernames=a%2Cb&user.fields=created_at", FieldNames::New).unwrap();
        assert!(matches!(ask.wanted, ReadQuery::Names(names) if names == ["a", "b"]));
    }
}
