//! Keep lists of any platform: which texts are keys says the registry. In: a file. Out: a [`KeepList`]. What does not belong here: how such
//! files are written (`jobfile::keep_list`).

use std::path::Path;

use crate::jobfile::keep_list::{self, KeepList};
use crate::jobfile::{JobFileError, OpaqueIds};
use crate::platforms::evident_key;

/// Nobody says whose a list is, so that only what can be nothing else is a key.
const KEYS: OpaqueIds = OpaqueIds(evident_key);

/// Reads a keep list.
///
/// # Errors
/// See [`keep_list::read`].
pub fn read_keep_list(path: &Path) -> Result<KeepList, JobFileError> {
    keep_list::read(path, KEYS)
}

/// Reads a keep list that its sender knows by another name than that of its path.
///
/// # Errors
/// See [`keep_list::read`].
pub fn read_keep_list_called(path: &Path, name: &str) -> Result<KeepList, JobFileError> {
    keep_list::read_called(path, name, KEYS)
}
