//! The lists of pretend users: who is on them, made from the seed, the same at every look, newest first. Nothing here is a real
//! person's. What does not belong here: what has been undone since (`world`), the words (`bodies_lists`).

use super::rng::Dice;
use crate::domain::{TargetId, TargetKind, Wall};

/// The most entries one list may be asked to have.
pub const MAX_LIST_ENTRIES: u32 = 1_000_000;
/// 2011-01-01 and 2026-01-01: what is on a list was made between the two.
const MADE: (i64, i64) = (1_293_840_000_000, 1_767_225_600_000);
const SNOWFLAKE_EPOCH_MS: i64 = 1_288_834_974_657;
/// Every so many-th user is old, with a short ID that is no snowflake.
const OLD_USER_EACH: u32 = 5;
/// Nobody pins more than these.
const MOST_PINS: u32 = 5;
/// Lists of users, tags and servers are few.
const MOST_LISTS: u32 = 60;
/// So many lists have bits of their own in the IDs of what is on them.
const MARKS: u64 = 8;
const HANDLE_PREFIX: &str = "s_";

crate::domain::with_names! {
    /// A list of a user.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Shelf {
        /// Users the user follows.
        Following => "following",
        /// Users who follow the user; every other one of those followed.
        Followers => "followers",
        /// Posts liked.
        Likes => "likes",
        /// The user's own posts; every fourth is a repost.
        Posts => "posts",
        /// Users muted.
        Mutes => "mutes",
        /// Users blocked.
        Blocks => "blocks",
        /// Posts bookmarked.
        Bookmarks => "bookmarks",
        /// The user's posts that are pinned, where a platform lists them.
        Pins => "pins",
        /// Lists of users followed.
        FollowedLists => "followed-lists",
        /// The user's own lists of users.
        OwnedLists => "owned-lists",
        /// Lists of users pinned.
        PinnedLists => "pinned-lists",
        /// Lists of users blocked.
        BlockedLists => "blocked-lists",
        /// Tags followed.
        FollowedTags => "followed-tags",
        /// Servers blocked.
        BlockedDomains => "blocked-domains",
    }
}

impl Shelf {
    pub(super) const fn kind(self) -> TargetKind {
        match self {
            Shelf::Following | Shelf::Followers | Shelf::Mutes | Shelf::Blocks => TargetKind::User,
            Shelf::Likes | Shelf::Posts | Shelf::Bookmarks | Shelf::Pins => TargetKind::Post,
            Shelf::FollowedLists | Shelf::OwnedLists | Shelf::PinnedLists | Shelf::BlockedLists => TargetKind::List,
            Shelf::FollowedTags => TargetKind::Tag,
            Shelf::BlockedDomains => TargetKind::Domain,
        }
    }
}

/// How many entries each list of every user has, before anything is undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListSizes([u32; Shelf::ALL.len()]);

impl ListSizes {
    /// The same for every list, at most [`MAX_LIST_ENTRIES`].
    pub const fn all(size: u32) -> ListSizes {
        let size = if size < MAX_LIST_ENTRIES { size } else { MAX_LIST_ENTRIES };
        ListSizes([size; Shelf::ALL.len()])
    }

    /// The same but for one list.
    pub fn with(mut self, shelf: Shelf, size: u32) -> ListSizes {
        self.0[shelf as usize] = size.min(MAX_LIST_ENTRIES);
        self
    }

    pub(super) const fn of(self, shelf: Shelf) -> u32 {
        let size = self.0[shelf as usize];
        let most = match shelf {
            Shelf::Pins | Shelf::PinnedLists => MOST_PINS,
            Shelf::FollowedLists | Shelf::OwnedLists | Shelf::BlockedLists => MOST_LISTS,
            Shelf::FollowedTags | Shelf::BlockedDomains => MOST_LISTS,
            _ => MAX_LIST_ENTRIES,
        };
        if size > most { most } else { size }
    }
}

impl Default for ListSizes {
    /// 250 each: three pages of likes, one of users.
    fn default() -> ListSizes {
        ListSizes::all(250)
    }
}

/// The entry at an index of a user's list.
pub(super) fn entry(dice: Dice, sizes: ListSizes, user: TargetId, shelf: Shelf, index: u32) -> TargetId {
    let followed = sizes.of(Shelf::Following);
    if shelf == Shelf::Followers && index < followed.div_ceil(2) {
        return entry(dice, sizes, user, Shelf::Following, index * 2);
    }
    let mut dice = dice.for_entry(user, shelf.name(), index);
    let value = if shelf.kind() == TargetKind::User && index % OLD_USER_EACH == OLD_USER_EACH - 1 {
        // 10 digits, each index in a range of its own.
        1_000_000_000 + u64::from(index) * 4_000 + (shelf as u64) * 500 + dice.u64(0..500)
    } else {
        let size = i64::from(sizes.of(shelf).max(1));
        let step = ((MADE.1 - MADE.0) / size).max(2);
        let made = MADE.1 - i64::from(index) * step - dice.i64(0..step);
        let low = (shelf as u64 % MARKS) << 19 | dice.u64(0..1 << 19);
        (u64::try_from(made - SNOWFLAKE_EPOCH_MS).unwrap_or(0)) << 22 | low
    };
    TargetId::from_i64(i64::try_from(value).unwrap_or(i64::MAX)).unwrap_or(user)
}

/// The post that a user's post repeats; none: it is no repost.
pub(super) fn reposted(post: TargetId) -> Option<TargetId> {
    if post.value() % 4 == 1 { other_end(post) } else { None }
}

/// The repost of a post, whether there is one or not.
pub(super) fn repost_of(post: TargetId) -> Option<TargetId> {
    other_end(post).filter(|repost| reposted(*repost).is_some())
}

/// Each is told from the other by its lowest bits.
fn other_end(post: TargetId) -> Option<TargetId> {
    (post.value() ^ 0x3ff).to_string().parse().ok()
}

/// When something with this ID was made; old users' IDs do not tell, so they were made in 2009.
pub(super) fn made(id: TargetId) -> Wall {
    let ms = i64::try_from(id.value() >> 22).unwrap_or(0);
    if id.digits() < 17 {
        Wall(1_250_000_000_000 + i64::try_from(id.value() % 9_000_000_000).unwrap_or(0))
    } else {
        Wall(ms + SNOWFLAKE_EPOCH_MS)
    }
}

/// The handle of a user, without its @.
pub(super) fn handle_of(id: TargetId) -> String {
    let mut digits = Vec::new();
    let mut rest = id.value();
    while rest > 0 || digits.is_empty() {
        digits.push(char::from_digit((rest % 36) as u32, 36).unwrap_or('0'));
        rest /= 36;
    }
    digits.into_iter().rev().fold(HANDLE_PREFIX.to_owned(), |mut text, digit| {
        text.push(digit);
        text
    })
}

/// The user of a handle that [`handle_of`] made; none: it is no such handle.
pub(super) fn user_of(handle: &str) -> Option<TargetId> {
    let lower = handle.to_ascii_lowercase();
    let value = u64::from_str_radix(lower.strip_prefix(HANDLE_PREFIX)?, 36).ok()?;
    value.to_string().parse().ok().filter(|id| handle_of(*id) == lower)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn lists_are_the_same_at_every_look_and_name_everybody_once() {
        let user: TargetId = "2244994945".parse().unwrap();
        for sizes in [ListSizes::default(), ListSizes::all(30_000)] {
            for shelf in Shelf::ALL {
                let all: Vec<TargetId> =
                    (0..sizes.of(shelf)).map(|index| entry(Dice::new(7), sizes, user, shelf, index)).collect();
                assert_eq!(all.iter().collect::<HashSet<_>>().len(), all.len(), "{}", shelf.name());
                assert_eq!(all[3], entry(Dice::new(7), sizes, user, shelf, 3));
                assert!(all.iter().all(|id| user_of(&handle_of(*id)) == Some(*id) && handle_of(*id).len() <= 15));
                if shelf.kind() == TargetKind::Post {
                    assert!(all.windows(2).all(|pair| made(pair[0]) >= made(pair[1])));
                }
            }
        }
        assert_eq!(user_of("s_"), None);
        assert_eq!(user_of("s_zzzzzzzzzzzzzz"), None);
        assert_eq!(user_of("jack"), None);
    }

    #[test]
    fn every_other_one_followed_follows_back() {
        let (sizes, user, dice) = (ListSizes::all(40), "7".parse().unwrap(), Dice::new(0));
        let all = |shelf| (0..40).map(|index| entry(dice, sizes, user, shelf, index)).collect::<HashSet<_>>();
        assert_eq!(all(Shelf::Following).intersection(&all(Shelf::Followers)).count(), 20);
    }
}
