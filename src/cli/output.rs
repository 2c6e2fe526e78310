//! A file that appears whole or not at all. In: bytes. Out: a file under its name once everything is in it. What does not
//! belong here: what is written.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A file that is being written beside its place (mode 0600); dropped before [`WholeFile::keep`], it is gone.
#[derive(Debug)]
pub struct WholeFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl WholeFile {
    /// Begins a file that is to be at `path`.
    ///
    /// # Errors
    /// Its folder is missing or cannot be written to.
    pub fn create(path: &Path) -> io::Result<WholeFile> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Ok(WholeFile { file: NamedTempFile::new_in(folder)?, path: path.to_owned() })
    }

    /// Puts the file in its place, over one that is there. A reader never sees half of it.
    ///
    /// # Errors
    /// It cannot be saved or renamed.
    pub fn keep(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.path).map(drop).map_err(|error| error.error)
    }
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
