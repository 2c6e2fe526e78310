//! What `cleanup` can undo.

use std::fmt;

super::with_names! {
    /// One kind of undo. The numbers of [`Action::code`] are what the queue stores; they never change meaning.
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
    }
}

/// What kind of thing a target ID names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TargetKind {
    /// A user: numeric user ID, or a handle.
    User,
    /// A post: numeric post ID.
    Post,
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
    /// Reads a name or an alias (`unretweet`, `delete`), in any case, `_` or `-`.
    pub fn parse(text: &str) -> Option<Action> {
        let name = text.trim().to_ascii_lowercase().replace('_', "-");
        match name.as_str() {
            "unretweet" => Some(Action::Unrepost),
            "delete" => Some(Action::DeletePost),
            _ => Action::named(&name),
        }
    }

    /// The number stored in the queue, 1 to 7.
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
            Action::Unfollow | Action::Unmute | Action::Unblock => TargetKind::User,
            Action::Unlike | Action::Unrepost | Action::DeletePost | Action::Unbookmark => TargetKind::Post,
        }
    }

    /// What a person does to take the action back; none where nothing does.
    pub const fn inverse(self) -> Option<&'static str> {
        match self {
            Action::Unfollow => Some("follow"),
            Action::Unlike => Some("like"),
            Action::Unrepost => Some("repost"),
            Action::Unmute => Some("mute"),
            Action::Unblock => Some("block"),
            Action::DeletePost => None,
            Action::Unbookmark => Some("bookmark"),
        }
    }

    /// The action on so many targets, as a person would say it: `unfollow 3 users`, `delete 1 post`.
    pub fn phrase(self, count: u64) -> String {
        let noun = match (self.target_kind(), count) {
            (TargetKind::User, 1) => "user",
            (TargetKind::User, _) => "users",
            (TargetKind::Post, 1) => "post",
            (TargetKind::Post, _) => "posts",
        };
        let verb = match self {
            Action::DeletePost => "delete",
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
        for action in Action::ALL {
            assert_eq!(Action::parse(action.name()), Some(action));
            assert_eq!(Action::from_code(action.code()), Some(action));
        }
        assert_eq!(Action::parse(" Unretweet "), Some(Action::Unrepost));
        assert_eq!(Action::parse("DELETE"), Some(Action::DeletePost));
        assert_eq!(Action::parse("delete_post"), Some(Action::DeletePost));
        assert_eq!(Action::parse("follow"), None);
        assert_eq!(Action::from_code(0), None);
    }
}
