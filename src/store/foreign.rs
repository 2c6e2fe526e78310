//! Whose a file is. In: its metadata. Out: whether it is ours.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Whether what stands there belongs neither to us nor to whom its folder belongs: root may work on somebody's queue.
pub fn is_foreign(about: &std::fs::Metadata, path: &Path) -> bool {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let is_of_folder = parent.metadata().is_ok_and(|folder| folder.uid() == about.uid());
    about.uid() != rustix::process::geteuid().as_raw() && !is_of_folder
}
