//! Where the bytes come from. Every source can be read twice: a regular file stays open, standard input and pipes are kept in
//! a temporary file that nobody else can open and that is gone with the process.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{JobFileError, MAX_SPOOL_BYTES};

/// An open input.
#[derive(Clone, Debug)]
pub struct Source {
    name: String,
    path: Option<PathBuf>,
    file: Arc<File>,
}

impl Source {
    /// Opens a file, or standard input for `-`.
    ///
    /// # Errors
    /// Missing, a folder, not readable, or standard input that does not fit the folder for temporary files.
    pub fn open(path: &Path) -> Result<Source, JobFileError> {
        if path.as_os_str() == "-" {
            return Source::spool("standard input", io::stdin().lock());
        }
        let name = path.to_string_lossy().into_owned();
        let fault = |error: io::Error| match error.kind() {
            // Some systems refuse to open a folder with "permission denied".
            _ if path.is_dir() => JobFileError::Directory { path: name.clone() },
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => JobFileError::Missing { path: name.clone() },
            io::ErrorKind::PermissionDenied => JobFileError::NoPermission { path: name.clone() },
            _ => JobFileError::Unreadable { path: name.clone(), source: error },
        };
        let file = File::open(path).map_err(fault)?;
        let facts = file.metadata().map_err(fault)?;
        if facts.is_dir() {
            return Err(JobFileError::Directory { path: name });
        }
        if !facts.is_file() {
            return Source::spool(&name, file).map(|source| Source { path: Some(path.to_owned()), ..source });
        }
        Ok(Source { name, path: Some(path.to_owned()), file: Arc::new(file) })
    }

    /// Keeps what `from` gives in a temporary file.
    ///
    /// # Errors
    /// `from` fails or gives more than [`MAX_SPOOL_BYTES`], or the temporary file cannot be written.
    pub fn spool(name: &str, mut from: impl Read) -> Result<Source, JobFileError> {
        let path = || name.to_owned();
        let mut file = tempfile::tempfile().map_err(|source| JobFileError::Spool { path: path(), source })?;
        let mut block = vec![0; 1 << 16];
        let mut total_bytes = 0_u64;
        loop {
            let count = match from.read(&mut block) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(source) => return Err(JobFileError::Unreadable { path: path(), source }),
            };
            total_bytes += count as u64;
            if total_bytes > MAX_SPOOL_BYTES {
                return Err(JobFileError::SpoolTooLong { path: path(), max_bytes: MAX_SPOOL_BYTES });
            }
            file.write_all(&block[..count]).map_err(|source| JobFileError::Spool { path: path(), source })?;
        }
        Ok(Source { name: path(), path: None, file: Arc::new(file) })
    }

    /// A temporary file of ours that has been written.
    pub(super) fn of_file(name: String, file: File) -> Source {
        Source { name, path: None, file: Arc::new(file) }
    }

    /// The same under the name by which its sender knows it.
    #[must_use]
    pub fn called(self, name: &str) -> Source {
        Source { name: name.to_owned(), ..self }
    }

    /// How messages call it: the path as it was given, or `standard input`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The path as it was given; none for standard input.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The file's name without its extension: the job's name and, where nothing else decides, its action.
    pub fn stem(&self) -> Option<&str> {
        self.path.as_deref()?.file_stem()?.to_str()
    }

    /// A reader of its own, from the first byte.
    pub(super) fn reader(&self) -> SourceReader {
        SourceReader { file: Arc::clone(&self.file), offset: 0 }
    }
}

/// Reads a shared file at its own offset, so that two passes cannot disturb each other.
#[derive(Debug)]
pub(super) struct SourceReader {
    file: Arc<File>,
    offset: u64,
}

impl Read for SourceReader {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        loop {
            match read_at(&self.file, buf, self.offset) {
                Ok(count) => {
                    self.offset += count as u64;
                    return Ok(count);
                }
                // The csv crate does not try again by itself.
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buf, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buf: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buf, offset)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_cannot_be_opened_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let open = |path: &Path| Source::open(path).unwrap_err();
        assert!(matches!(open(&folder.path().join("no.csv")), JobFileError::Missing { .. }));
        assert!(matches!(open(folder.path()), JobFileError::Directory { .. }));
        let error = open(&folder.path().join("no.csv"));
        assert!(error.to_string().contains("no.csv") && !error.hint().is_empty());
    }

    #[test]
    fn a_pipe_can_be_read_twice() {
        let source = Source::spool("standard input", &b"target_id\n1\n"[..]).unwrap();
        for _ in 0..2 {
            let mut text = String::new();
            source.reader().read_to_string(&mut text).unwrap();
            assert_eq!(text, "target_id\n1\n");
        }
        assert_eq!((source.stem(), source.path()), (None, None));
    }

    #[test]
    fn a_pipe_that_fails_is_told_from_a_full_disk() {
        struct Broken;
        impl Read for Broken {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::from(io::ErrorKind::BrokenPipe))
            }
        }
        let error = Source::spool("standard input", Broken).unwrap_err();
        assert!(matches!(error, JobFileError::Unreadable { .. }) && !error.is_machine_fault());
    }
}
