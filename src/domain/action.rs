//! What `cleanup` can undo, and what takes that back.

use std::fmt;

super::with_names! {
    /// One kind of undo, or what takes one back. The numbers of [`Action::code`] are what the queue stores; they never change meaning.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Action {
        /// Stop following a user.
        Unfollow => "unfollow",
        /// Take back a like of a post.
        Unlike => "unlike",
        /// Take back a repost ("unretweet").
        Unrepost => "unrepost",
        /// Hear a muted user again.
        Unmute => "unmute",
        /// Let a blocked user see and follow the account again.
        Unblock => "unblock",
        /// Delete one of the account's own posts.
        DeletePost => "delete-post",
        /// Remove a post from the bookmarks.
        Unbookmark => "unbookmark",
        /// Follow a user again.
        Follow => "follow",
        /// Like a post again.
        Like => "like",
        /// Repost a post again.
        Repost => "repost",
        /// Mute a user again.
        Mute => "mute",
        /// Block a user again.
        Block => "block",
        /// Bookmark a post again.
        Bookmark => "bookmark",
        /// Put a deleted post back.
        Post => "post",
        /// Make a user no longer follow the account, without blocking.
        RemoveFollower => "remove-follower",
        /// Take one of the account's own posts off its profile's pinned ones.
        Unpin => "unpin",
        /// Pin a post to the profile again.
        Pin => "pin",
        /// Stop following a list of users that somebody else keeps.
        LeaveList => "leave-list",
        /// Follow such a list again.
        FollowList => "follow-list",
        /// Delete one of the account's own lists of users.
        DeleteList => "delete-list",
        /// Take a list of users off the pinned ones.
        UnpinList => "unpin-list",
        /// Pin a list of users again.
        PinList => "pin-list",
        /// Let everybody on a blocked list of users see and follow the account again.
        ListUnblock => "list-unblock",
        /// Block everybody on a list of users again.
        ListBlock => "list-block",
        /// Stop following a tag.
        UnfollowTag => "unfollow-tag",
        /// Follow a tag again.
        FollowTag => "follow-tag",
        /// Let everybody at a blocked server see and follow the account again.
        UnblockDomain => "unblock-domain",
        /// Block a whole server again.
        BlockDomain => "block-domain",
    }
}

/// What kind of thing a target ID names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// A user: numeric user ID, or a handle.
    User,
    /// A post: numeric post ID.
    Post,
    /// A list of users, which somebody keeps under a name.
    List,
    /// A tag, `#` and a word.
    Tag,
    /// A whole server, the name of a host.
    Domain,
}

impl TargetKind {
    /// Whether the text of a target tells that it is one of these: any other text is none.
    pub const fn is_told_by_text(self) -> bool {
        matches!(self, TargetKind::Tag | TargetKind::Domain)
    }
}

/// By which of two IDs a platform undoes a repost: it is a post with an ID of its own, and repeats one that has another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RepostId {
    /// That of the post which was reposted.
    #[default]
    Original,
    /// The repost's own.
    Own,
}

impl Action {
    /// Those that undo something: the only ones that files and options can ask for. The others restore what a job has undone.
    pub const UNDOING: [Action; 15] = [
        Action::Unfollow,
        Action::Unlike,
        Action::Unrepost,
        Action::Unmute,
        Action::Unblock,
        Action::DeletePost,
        Action::Unbookmark,
        Action::RemoveFollower,
        Action::Unpin,
        Action::LeaveList,
        Action::DeleteList,
        Action::UnpinList,
        Action::ListUnblock,
        Action::UnfollowTag,
        Action::UnblockDomain,
    ];

    /// Whether it undoes something; else it restores.
    pub fn is_undoing(self) -> bool {
        Action::UNDOING.contains(&self)
    }

    /// Reads the name or an alias (`unretweet`, `delete`) of an action that undoes, in any case, `_` or `-`.
    pub fn parse(text: &str) -> Option<Action> {
        let name = text.trim().to_ascii_lowercase().replace('_', "-");
        match name.as_str() {
            "unretweet" => Some(Action::Unrepost),
            "delete" => Some(Action::DeletePost),
            _ => Action::named(&name).filter(|action| action.is_undoing()),
        }
    }

    /// The number stored in the queue, 1 and up.
    pub const fn code(self) -> i64 {
        self as i64 + 1
    }

    /// The action a stored number means.
    pub fn from_code(code: i64) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.code() == code)
    }

    /// What its targets are.
    pub const fn target_kind(self) -> TargetKind {
        match self {
            Action::Unfollow
            | Action::Unmute
            | Action::Unblock
            | Action::RemoveFollower
            | Action::Follow
            | Action::Mute
            | Action::Block => TargetKind::User,
            Action::Unlike
            | Action::Unrepost
            | Action::DeletePost
            | Action::Unbookmark
            | Action::Unpin
            | Action::Like
            | Action::Repost
            | Action::Bookmark
            | Action::Pin
            | Action::Post => TargetKind::Post,
            Action::LeaveList
            | Action::FollowList
            | Action::DeleteList
            | Action::UnpinList
            | Action::PinList
            | Action::ListUnblock
            | Action::ListBlock => TargetKind::List,
            Action::UnfollowTag | Action::FollowTag => TargetKind::Tag,
            Action::UnblockDomain | Action::BlockDomain => TargetKind::Domain,
        }
    }

    /// What takes the action back, where a platform offers it; none: that is up to somebody else. Whatever restores has one.
    pub const fn inverse(self) -> Option<Action> {
        Some(match self {
            Action::Unfollow => Action::Follow,
            Action::Unlike => Action::Like,
            Action::Unrepost => Action::Repost,
            Action::Unmute => Action::Mute,
            Action::Unblock => Action::Block,
            Action::DeletePost => Action::Post,
            Action::Unbookmark => Action::Bookmark,
            Action::Unpin => Action::Pin,
            Action::Follow => Action::Unfollow,
            Action::Like => Action::Unlike,
            Action::Repost => Action::Unrepost,
            Action::Mute => Action::Unmute,
            Action::Block => Action::Unblock,
            Action::Post => Action::DeletePost,
            Action::Bookmark => Action::Unbookmark,
            Action::Pin => Action::Unpin,
            Action::LeaveList => Action::FollowList,
            Action::FollowList => Action::LeaveList,
            Action::UnpinList => Action::PinList,
            Action::PinList => Action::UnpinList,
            Action::ListUnblock => Action::ListBlock,
            Action::ListBlock => Action::ListUnblock,
            Action::UnfollowTag => Action::FollowTag,
            Action::FollowTag => Action::UnfollowTag,
            Action::UnblockDomain => Action::BlockDomain,
            Action::BlockDomain => Action::UnblockDomain,
            // Only the user who was removed can follow again, and a list that is made again is another one.
            Action::RemoveFollower | Action::DeleteList => return None,
        })
    }

    /// The undoing that it is or takes back.
    pub fn undoing(self) -> Action {
        self.inverse().filter(|_| !self.is_undoing()).unwrap_or(self)
    }

    /// The action on so many targets, as a person would say it: `unfollow 3 users`, `delete 1 post`.
    pub fn phrase(self, count: u64) -> String {
        let noun = match (self.target_kind(), count) {
            (TargetKind::User, 1) if self == Action::RemoveFollower => "follower",
            (TargetKind::User, _) if self == Action::RemoveFollower => "followers",
            (TargetKind::User, 1) => "user",
            (TargetKind::User, _) => "users",
            (TargetKind::Post, 1) => "post",
            (TargetKind::Post, _) => "posts",
            (TargetKind::List, 1) => "list",
            (TargetKind::List, _) => "lists",
            (TargetKind::Tag, 1) => "tag",
            (TargetKind::Tag, _) => "tags",
            (TargetKind::Domain, 1) => "server",
            (TargetKind::Domain, _) => "servers",
        };
        let verb = match self {
            Action::DeletePost | Action::DeleteList => "delete",
            Action::LeaveList => "leave",
            Action::FollowList | Action::FollowTag => "follow",
            Action::UnfollowTag => "unfollow",
            Action::UnpinList => "unpin",
            Action::PinList => "pin",
            Action::ListUnblock | Action::UnblockDomain => "unblock",
            Action::ListBlock | Action::BlockDomain => "block",
            Action::RemoveFollower => "remove",
            Action::Post => "put back",
            other => other.name(),
        };
        format!("{verb} {count} {noun}")
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

super::serde_as_text!(name, parse: Action);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_codes_and_aliases_lead_back_to_the_action() {
        for (at, action) in Action::ALL.into_iter().enumerate() {
            assert_eq!(Action::from_code(action.code()), Some(action));
            assert_eq!(action.code(), at as i64 + 1);
            // What restores cannot be asked for by name.
            assert_eq!(Action::parse(action.name()), Some(action).filter(|action| action.is_undoing()));
            let Some(inverse) = action.inverse() else {
                assert!([Action::RemoveFollower, Action::DeleteList].contains(&action));
                continue;
            };
            assert_eq!(inverse.inverse(), Some(action));
            assert_ne!(inverse.is_undoing(), action.is_undoing());
            assert!(action.undoing().is_undoing() && action.undoing() == inverse.undoing());
        }
        assert_eq!(Action::parse(" Unretweet "), Some(Action::Unrepost));
        assert_eq!(Action::parse("DELETE"), Some(Action::DeletePost));
        assert_eq!(Action::parse("delete_post"), Some(Action::DeletePost));
        assert_eq!(Action::from_code(0), None);
        assert_eq!(Action::RemoveFollower.phrase(2), "remove 2 followers");
        assert_eq!(Action::LeaveList.phrase(1), "leave 1 list");
    }
}
