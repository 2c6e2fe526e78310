//! What kind of post a post is, as far as its source tells.

use serde::{Deserialize, Serialize};

super::with_names! {
    /// Who may see a post.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum Visibility {
        /// Everybody.
        Public => "public",
        /// Everybody who has its link; no timeline of strangers shows it.
        Unlisted => "unlisted",
        /// Followers.
        Private => "private",
        /// Those it names.
        Direct => "direct",
    }
}

super::serde_as_text!(name, named: Visibility);

/// What kind of post it is. None: its source does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PostTraits {
    /// Who may see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<Visibility>,
    /// Whether it answers another post.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_reply: Option<bool>,
    /// Whether it has pictures, videos or sounds; of a repost, whether the post that it repeats has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub has_media: Option<bool>,
    /// Whether its author has pinned it to the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_pinned: Option<bool>,
}

impl PostTraits {
    /// Those of a post of which nothing is told.
    pub const UNKNOWN: PostTraits = PostTraits { visibility: None, is_reply: None, has_media: None, is_pinned: None };
}
