//! Which keep list is looked at again while a run is under way. In: the option. Out: its file, where that can be read twice.

use std::path::{Path, PathBuf};

use crate::cli::printer::Printer;
use crate::text::escaped;

/// The file of a keep list, absolute; none where it is a pipe, which nobody can look at again.
pub(super) fn file_of(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok().filter(|path| path.is_file())
}

/// The same for a list that has been read already, with a word where it can only count as it was.
pub(super) fn watchable(path: &Path, printer: Printer) -> Option<PathBuf> {
    let file = file_of(path);
    if file.is_none() {
        let name = path.display().to_string();
        let name = escaped(&name);
        printer.warn(&format!(
            "--keep {name} is not a file that can be read again during the run; the list counts as it is now"
        ));
    }
    file
}
