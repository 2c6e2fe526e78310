//! What kind of post a made-up post is: told by its ID alone, the same at every look and in every platform's words.

use crate::domain::TargetId;

/// What kind of post it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PostShape {
    /// Every fourth.
    pub(super) is_reply: bool,
    /// Every fourth.
    pub(super) has_media: bool,
    /// Of four, two may be seen by everybody.
    pub(super) visibility: &'static str,
    /// One of 32, of those that are not direct.
    pub(super) is_pinned: bool,
}

/// The kind of a post. Neighbours in a list are of different kinds.
pub(super) fn shape_of(post: TargetId) -> PostShape {
    // Any odd number that is large spreads what IDs have in common.
    let mixed = post.value().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let visibility = match mixed >> 56 & 7 {
        0..4 => "public",
        4 | 5 => "unlisted",
        6 => "private",
        _ => "direct",
    };
    PostShape {
        is_reply: mixed >> 62 == 0,
        has_media: mixed >> 60 & 3 == 0,
        visibility,
        is_pinned: mixed >> 48 & 31 == 0 && visibility != "direct",
    }
}
