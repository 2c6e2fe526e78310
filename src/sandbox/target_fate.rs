//! What a target is, and how it refuses.

use crate::domain::{TargetId, TargetKind};

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It exists, and is followed, liked, muted and so on by everybody.
    Exists,
    /// It does not exist (any more).
    Gone,
    /// The same, and the answer does not say what it is that does not exist.
    GoneUnnamed,
    /// It refuses for good.
    Refuses(TargetRefusal),
    /// Undoing it is answered with success, and it stays on its list.
    Ghost,
    /// Undoing it has its effect, and the first answer still tells of before; only the Mastodon API has such answers.
    Stale,
    /// Every request for it is answered 5xx.
    Fails,
}

/// How a target refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetRefusal {
    /// It is protected, or its author is.
    Protected,
    /// Its user is suspended.
    Suspended,
    /// It belongs to somebody else (posts to be deleted).
    NotYours,
    /// A 403 that does not say whose fault it is.
    Unexplained,
}

/// A target whose fate is laid down and not left to the dice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecialTarget {
    /// User or post.
    pub kind: TargetKind,
    /// Its ID.
    pub id: TargetId,
    /// What it is.
    pub fate: Fate,
}
