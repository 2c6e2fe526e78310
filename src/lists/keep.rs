//! Keep lists of any platform: which texts are keys says the registry. In: a file. Out: a [`KeepList`]. What does not belong here: how such
//! files are written (`jobfile::keep_list`).

use std::path::Path;

use crate::domain::Target;
use crate::jobfile::JobFileError;
use crate::jobfile::keep_list::{self, KeepList};
use crate::platforms::{author_of, evident_keys, foreign_names};

/// Reads a keep list.
///
/// # Errors
/// See [`keep_list::read`].
pub fn read_keep_list(path: &Path) -> Result<KeepList, JobFileError> {
    keep_list::read(path, evident_keys)
}

/// Reads a keep list that its sender knows by another name than that of its path.
///
/// # Errors
/// See [`keep_list::read`].
pub fn read_keep_list_called(path: &Path, name: &str) -> Result<KeepList, JobFileError> {
    keep_list::read_called(path, name, evident_keys)
}

/// Whose post a target is, where its text tells.
pub(super) fn author_in(target: &Target) -> Option<Target> {
    author_of(target)
}

/// What a cell names by a name of any platform that has to look it up.
pub(super) fn names_in(cell: &str) -> impl Iterator<Item = Target> + use<'_> {
    foreign_names(cell)
}
