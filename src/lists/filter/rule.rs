//! Why an entry is spared, under a name that never changes: it is the reason in receipts and the `spared_by` of lists.

use std::fmt;

crate::domain::with_all! {
    /// The rule that spared an entry, in the order in which they are asked: the first that spares it is the one that is named. What is
    /// not known never counts as passing: nothing is undone by surprise.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Rule {
        /// `--keep`
        KeepList,
        /// `--only`
        OnlyList,
        /// A rule asks how old it is, and that is not known.
        AgeUnknown,
        /// `--older-than`
        OlderThan,
        /// `--newer-than`
        NewerThan,
        /// `--before`
        Before,
        /// `--after`
        After,
        /// `--not-following-back` asks, and it is not known.
        FollowsBackUnknown,
        /// `--not-following-back`
        NotFollowingBack,
        /// `--inactive-since` asks, and it is not known.
        ActivityUnknown,
        /// `--inactive-since`
        InactiveSince,
        /// `--max-likes` asks, and it is not known.
        LikesUnknown,
        /// `--max-likes`
        MaxLikes,
        /// `--max-reposts` asks, and it is not known.
        RepostsUnknown,
        /// `--max-reposts`
        MaxReposts,
        /// `--matching` asks, and neither text, name nor handle is known.
        TextUnknown,
        /// `--matching`
        Matching,
        /// `--limit`
        Limit,
    }
}

impl Rule {
    /// Its name in receipts, lists and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Rule::KeepList => "keep_list",
            Rule::OnlyList => "only_list",
            Rule::AgeUnknown => "age_unknown",
            Rule::OlderThan => "older_than",
            Rule::NewerThan => "newer_than",
            Rule::Before => "before",
            Rule::After => "after",
            Rule::FollowsBackUnknown => "follows_back_unknown",
            Rule::NotFollowingBack => "not_following_back",
            Rule::ActivityUnknown => "activity_unknown",
            Rule::InactiveSince => "inactive_since",
            Rule::LikesUnknown => "likes_unknown",
            Rule::MaxLikes => "max_likes",
            Rule::RepostsUnknown => "reposts_unknown",
            Rule::MaxReposts => "max_reposts",
            Rule::TextUnknown => "text_unknown",
            Rule::Matching => "matching",
            Rule::Limit => "limit",
        }
    }

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
            Rule::ActivityUnknown => "nothing says when they last posted",
            Rule::InactiveSince => "active since --inactive-since",
            Rule::LikesUnknown => "nothing says how many like it",
            Rule::MaxLikes => "more likes than --max-likes",
            Rule::RepostsUnknown => "nothing says how often it was reposted",
            Rule::MaxReposts => "more reposts than --max-reposts",
            Rule::TextUnknown => "there is no text to match",
            Rule::Matching => "does not match --matching",
            Rule::Limit => "beyond --limit",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
