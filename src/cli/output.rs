//! A file that appears whole or not at all. In: bytes. Out: a file under its name once everything is in it. What does not
//! belong here: what is written.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::{CliError, Kind};

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
        Ok(WholeFile { file: NamedTempFile::new_in(folder_of(path))?, path: path.to_owned() })
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

/// Looks at where a command is to write before it reads: never over what it reads, two outputs never to one place, and only
/// into folders that are there. `-` is stdout.
///
/// # Errors
/// Two of them are one file (2); a folder is missing (74).
pub fn refuse_places<'a>(
    outputs: impl IntoIterator<Item = Option<&'a PathBuf>>,
    inputs: impl IntoIterator<Item = Option<&'a PathBuf>>,
) -> Result<(), CliError> {
    let is_file = |path: &&PathBuf| path.as_os_str() != "-";
    let mut taken: Vec<PathBuf> =
        inputs.into_iter().flatten().filter(is_file).filter_map(|path| place_of(path)).collect();
    for output in outputs.into_iter().flatten().filter(is_file) {
        let Some(place) = place_of(output) else {
            let folder = folder_of(output).display().to_string();
            return Err(CliError::new(Kind::Io, format!("{}: there is no folder {folder}", output.display()))
                .hint(format!("make it with `mkdir -p {folder}`, or write elsewhere")));
        };
        if taken.contains(&place) {
            return Err(CliError::new(
                Kind::Usage,
                format!(
                    "{} would be written over what is read or written beside it; nothing was written",
                    output.display()
                ),
            )
            .hint("give the output another name"));
        }
        taken.push(place);
    }
    Ok(())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Where a file is or would be, links followed; none where its folder is missing.
fn place_of(path: &Path) -> Option<PathBuf> {
    path.canonicalize()
        .or_else(|_| folder_of(path).canonicalize().map(|folder| folder.join(path.file_name().unwrap_or_default())))
        .ok()
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn nothing_is_written_over_what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("archive.zip"), "x").unwrap();
        std::os::unix::fs::symlink(at("archive.zip"), at("link.zip")).unwrap();
        let (archive, link, new, other) = (at("archive.zip"), at("link.zip"), at("new.csv"), at("./other.csv"));
        let refused = |outputs: [Option<&PathBuf>; 2]| refuse_places(outputs, [Some(&archive), None]).err();
        for bad in [[Some(&archive), None], [None, Some(&link)], [Some(&new), Some(&new)]] {
            let error = refused(bad).unwrap();
            assert_eq!(error.kind, Kind::Usage, "{bad:?}");
        }
        assert!(refused([Some(&new), Some(&other)]).is_none());
        assert!(refused([Some(&PathBuf::from("-")), None]).is_none());
        let error = refused([Some(&at("no/such/new.csv")), None]).unwrap();
        assert!(error.kind == Kind::Io && error.to_string().contains("there is no folder"), "{error}");
    }
}
