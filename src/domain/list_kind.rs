//! The lists an account has, and which action each shows.

use std::fmt;

use super::{Action, TargetKind, counted};

super::with_names! {
    /// One of the lists an account has.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum ListKind {
        /// Users the account follows.
        Following => "following",
        /// Users who follow the account.
        Followers => "followers",
        /// Posts the account likes.
        Likes => "likes",
        /// Posts of the account, reposts among them.
        Posts => "posts",
        /// Posts of others that the account has reposted.
        Reposts => "reposts",
        /// Users the account has muted.
        Mutes => "mutes",
        /// Users the account has blocked.
        Blocks => "blocks",
        /// Posts the account has bookmarked.
        Bookmarks => "bookmarks",
        /// Posts of the account that are pinned to its profile.
        Pins => "pins",
        /// Lists of users that the account follows.
        FollowedLists => "followed-lists",
        /// Lists of users that the account keeps.
        OwnedLists => "owned-lists",
        /// Lists of users that the account has pinned.
        PinnedLists => "pinned-lists",
        /// Lists of users that the account blocks.
        BlockedLists => "blocked-lists",
        /// Tags that the account follows.
        FollowedTags => "followed-tags",
        /// Servers that the account blocks.
        BlockedDomains => "blocked-domains",
    }
}

impl ListKind {
    /// So many of its entries: `1 like`, `2 likes`.
    pub fn phrase(self, count: u64) -> String {
        let one = match self {
            ListKind::Following => "following",
            ListKind::Followers => "follower",
            ListKind::Likes => "like",
            ListKind::Posts => "post",
            ListKind::Reposts => "repost",
            ListKind::Mutes => "mute",
            ListKind::Blocks => "block",
            ListKind::Bookmarks => "bookmark",
            ListKind::Pins => "pin",
            ListKind::FollowedLists => return counted(count, "followed list", "followed lists"),
            ListKind::OwnedLists => return counted(count, "list of its own", "lists of its own"),
            ListKind::PinnedLists => return counted(count, "pinned list", "pinned lists"),
            ListKind::BlockedLists => return counted(count, "blocked list", "blocked lists"),
            ListKind::FollowedTags => return counted(count, "followed tag", "followed tags"),
            ListKind::BlockedDomains => return counted(count, "blocked server", "blocked servers"),
        };
        counted(count, one, self.name())
    }

    /// What its entries are.
    pub const fn target_kind(self) -> TargetKind {
        match self {
            ListKind::Following | ListKind::Followers | ListKind::Mutes | ListKind::Blocks => TargetKind::User,
            ListKind::Likes | ListKind::Posts | ListKind::Reposts | ListKind::Bookmarks | ListKind::Pins => {
                TargetKind::Post
            }
            ListKind::FollowedLists | ListKind::OwnedLists | ListKind::PinnedLists | ListKind::BlockedLists => {
                TargetKind::List
            }
            ListKind::FollowedTags => TargetKind::Tag,
            ListKind::BlockedDomains => TargetKind::Domain,
        }
    }

    /// The list that is read for it: reposts stand among the account's posts, and are picked out of them.
    pub const fn read_as(self) -> ListKind {
        match self {
            ListKind::Reposts => ListKind::Posts,
            other => other,
        }
    }

    /// The action that takes an entry off the list; none for followers: few platforms let the account remove them, and mostly a list of
    /// followers is for something else.
    pub const fn undone_by(self) -> Option<Action> {
        match self {
            ListKind::Following => Some(Action::Unfollow),
            ListKind::Followers => None,
            ListKind::Likes => Some(Action::Unlike),
            ListKind::Posts => Some(Action::DeletePost),
            ListKind::Reposts => Some(Action::Unrepost),
            ListKind::Mutes => Some(Action::Unmute),
            ListKind::Blocks => Some(Action::Unblock),
            ListKind::Bookmarks => Some(Action::Unbookmark),
            ListKind::Pins => Some(Action::Unpin),
            ListKind::FollowedLists => Some(Action::LeaveList),
            ListKind::OwnedLists => Some(Action::DeleteList),
            ListKind::PinnedLists => Some(Action::UnpinList),
            ListKind::BlockedLists => Some(Action::ListUnblock),
            ListKind::FollowedTags => Some(Action::UnfollowTag),
            ListKind::BlockedDomains => Some(Action::UnblockDomain),
        }
    }

    /// The list on which an action's effect can be seen.
    pub const fn shows(action: Action) -> ListKind {
        match action {
            Action::Unfollow | Action::Follow => ListKind::Following,
            Action::Unlike | Action::Like => ListKind::Likes,
            Action::Unrepost | Action::Repost => ListKind::Reposts,
            Action::DeletePost | Action::Post => ListKind::Posts,
            Action::Unmute | Action::Mute => ListKind::Mutes,
            Action::Unblock | Action::Block => ListKind::Blocks,
            Action::Unbookmark | Action::Bookmark => ListKind::Bookmarks,
            Action::Unpin | Action::Pin => ListKind::Pins,
            Action::RemoveFollower => ListKind::Followers,
            Action::LeaveList | Action::FollowList => ListKind::FollowedLists,
            Action::DeleteList => ListKind::OwnedLists,
            Action::UnpinList | Action::PinList => ListKind::PinnedLists,
            Action::ListUnblock | Action::ListBlock => ListKind::BlockedLists,
            Action::UnfollowTag | Action::FollowTag => ListKind::FollowedTags,
            Action::UnblockDomain | Action::BlockDomain => ListKind::BlockedDomains,
        }
    }
}

impl fmt::Display for ListKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

super::serde_as_text!(name, named: ListKind);
