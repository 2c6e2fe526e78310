//! Which keep list is looked at again while a run is under way. In: the option. Out: its file, where that can be read twice.

use std::path::{Path, PathBuf};

use crate::app::deps::AppDeps;
use crate::app::notice::Notice;

/// The file of a keep list, absolute; none where it is a pipe, which nobody can look at again.
pub(super) fn watched_file(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok().filter(|path| path.is_file())
}

/// The same for a list that has been read already, with a word where it can only count as it was.
pub(super) fn watchable(path: &Path, deps: AppDeps<'_>) -> Option<PathBuf> {
    let file = watched_file(path);
    if file.is_none() {
        deps.tell(Notice::KeepListReadOnce(path));
    }
    file
}
