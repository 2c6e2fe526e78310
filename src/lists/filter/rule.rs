//! Why an entry is spared, under a name that never changes: it is the reason in receipts and the `spared_by` of lists.

use std::fmt;

crate::domain::with_names! {
    /// The rule that spared an entry, in the order in which they are asked: the first that spares it is the one that is named. What is
    /// not known never counts as passing: nothing is undone by surprise.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Rule {
        /// `--keep`
        KeepList => "keep_list",
        /// `--only`
        OnlyList => "only_list",
        /// A rule asks how old it is, and that is not known.
        AgeUnknown => "age_unknown",
        /// `--older-than`
        OlderThan => "older_than",
        /// `--newer-than`
        NewerThan => "newer_than",
        /// `--before`
        Before => "before",
        /// `--after`
        After => "after",
        /// `--not-following-back` asks, and it is not known.
        FollowsBackUnknown => "follows_back_unknown",
        /// `--not-following-back`
        NotFollowingBack => "not_following_back",
        /// `--ghosts` asks, and it is not known.
        GhostUnknown => "ghost_unknown",
        /// `--ghosts`
        NotAGhost => "not_a_ghost",
        /// `--inactive-since` asks, and it is not known.
        ActivityUnknown => "activity_unknown",
        /// `--inactive-since`
        InactiveSince => "inactive_since",
        /// `--max-likes` asks, and it is not known.
        LikesUnknown => "likes_unknown",
        /// `--max-likes`
        MaxLikes => "max_likes",
        /// `--max-reposts` asks, and it is not known.
        RepostsUnknown => "reposts_unknown",
        /// `--max-reposts`
        MaxReposts => "max_reposts",
        /// `--visibility` asks, and it is not known.
        VisibilityUnknown => "visibility_unknown",
        /// `--visibility`
        Visibility => "visibility",
        /// `--only-reposts` asks, and it is not known.
        RepostUnknown => "repost_unknown",
        /// `--only-reposts`
        OnlyReposts => "only_reposts",
        /// `--only-replies` asks, and it is not known.
        ReplyUnknown => "reply_unknown",
        /// `--only-replies`
        OnlyReplies => "only_replies",
        /// `--with-media` or `--without-media` asks, and it is not known.
        MediaUnknown => "media_unknown",
        /// `--with-media`
        WithMedia => "with_media",
        /// `--without-media`
        WithoutMedia => "without_media",
        /// `--keep-pinned` asks, and it is not known.
        PinnedUnknown => "pinned_unknown",
        /// `--keep-pinned`
        KeepPinned => "keep_pinned",
        /// `--matching` or `--not-matching` asks, and neither text, name nor handle is known.
        TextUnknown => "text_unknown",
        /// `--matching`
        Matching => "matching",
        /// `--not-matching`
        NotMatching => "not_matching",
        /// `--limit`
        Limit => "limit",
    }
}

impl Rule {
    /// Why it spares, for a sentence that begins "spared, ".
    pub const fn sentence(self) -> &'static str {
        match self {
            Rule::KeepList => "on the keep list",
            Rule::OnlyList => "not on the list of --only",
            Rule::AgeUnknown => "nothing says how old it is",
            Rule::OlderThan => "not older than --older-than",
            Rule::NewerThan => "not newer than --newer-than",
            Rule::Before => "not from before --before",
            Rule::After => "from before --after",
            Rule::FollowsBackUnknown => "nothing says whether they follow back",
            Rule::NotFollowingBack => "they follow back",
            Rule::GhostUnknown => "nothing says whether they are still there",
            Rule::NotAGhost => "they are still there",
            Rule::ActivityUnknown => "nothing says when they last posted",
            Rule::InactiveSince => "active since --inactive-since",
            Rule::LikesUnknown => "nothing says how many like it",
            Rule::MaxLikes => "more likes than --max-likes",
            Rule::RepostsUnknown => "nothing says how often it was reposted",
            Rule::MaxReposts => "more reposts than --max-reposts",
            Rule::VisibilityUnknown => "nothing says who may see it",
            Rule::Visibility => "another visibility than --visibility",
            Rule::RepostUnknown => "nothing says whether it is a repost",
            Rule::OnlyReposts => "not a repost",
            Rule::ReplyUnknown => "nothing says whether it is a reply",
            Rule::OnlyReplies => "not a reply",
            Rule::MediaUnknown => "nothing says whether it has media",
            Rule::WithMedia => "it has no media",
            Rule::WithoutMedia => "it has media",
            Rule::PinnedUnknown => "nothing says whether it is pinned",
            Rule::KeepPinned => "it is pinned",
            Rule::TextUnknown => "there is no text to match",
            Rule::Matching => "does not match --matching",
            Rule::NotMatching => "it matches --not-matching",
            Rule::Limit => "beyond --limit",
        }
    }
}

impl serde::Serialize for Rule {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
