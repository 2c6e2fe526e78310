//! A page of a list or a lookup, before it is put into words.

use super::target_fate::TargetRefusal;
use crate::domain::TargetId;

/// A page, before it is put into words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ListPage {
    /// Entries, and the name each was asked by where it was.
    pub(super) entries: Vec<(TargetId, Option<String>)>,
    /// Where the next page begins.
    pub(super) next: Option<String>,
    /// Names nobody has, and those whose user may not be seen.
    pub(super) missing: Vec<(String, Option<TargetRefusal>)>,
}
