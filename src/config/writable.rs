//! Files that decide what this program does, and whom else they obey.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file that the group or everybody may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WritableByOthers {
    path: PathBuf,
    mode: u32,
}

impl WritableByOthers {
    /// Whether it is one, as the open file says, so that nobody changes it in between.
    pub fn of(path: &Path, about: &Metadata) -> Option<WritableByOthers> {
        let mode = about.mode() & 0o7777;
        (mode & 0o022 != 0).then(|| WritableByOthers { path: path.to_path_buf(), mode })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl std::fmt::Display for WritableByOthers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "others can write to {} (mode {:04o})", self.path.display(), self.mode)
    }
}
