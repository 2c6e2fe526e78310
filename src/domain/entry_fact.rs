//! Facts that the entries of a list may tell, and that filters ask for.

/// A fact of a list's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryFact {
    /// When a user last posted.
    LastPosted,
    /// How many like a post.
    Likes,
    /// How often a post was reposted.
    Reposts,
    /// Whether a post is a repost.
    IsRepost,
    /// Who may see a post.
    Visibility,
    /// Whether a post answers another.
    IsReply,
    /// Whether a post has media.
    HasMedia,
    /// Whether a post is pinned to its author's profile.
    IsPinned,
    /// What a post says; what a user is called, or says of themselves.
    Text,
    /// The same, or how a post's author is called.
    Words,
}
