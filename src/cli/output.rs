//! A file that appears whole or not at all. In: bytes. Out: a file under its name once everything is in it. What does not
//! belong here: what is written.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::printer::{DataWriter, Printer};
use crate::app::file_of;
use crate::error::{CommandError, ErrorKind};
use crate::store::{DurableFile, folder_of};

/// Mode of what a command writes: it may hold names, and receipts are nobody else's.
const MODE: u32 = 0o600;

/// A file that is being written for its place (mode 0600); dropped before [`WholeFile::keep`], it is gone.
#[derive(Debug)]
pub struct WholeFile {
    file: DurableFile,
    path: PathBuf,
    replaces: bool,
}

impl WholeFile {
    /// Begins a file that is to be at `path`. Receipts and pages, which can be made again, replace one that is there. People edit
    /// lists, so only `--force` replaces those; a file may appear while the list is read, so the rename itself refuses.
    ///
    /// # Errors
    /// Its folder is missing or cannot be written to; a device or a pipe is there, which a file would take the place of.
    pub fn create(path: &Path, replaces: bool) -> io::Result<WholeFile> {
        // Where it is a link, what it leads to is replaced, and the link stays.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if std::fs::metadata(&path).is_ok_and(|there| !there.is_file() && !there.is_dir()) {
            let why = "there is a device or a pipe of that name; without -o the output goes to stdout";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        Ok(WholeFile { file: DurableFile::begin(folder_of(&path), MODE)?, path, replaces })
    }

    /// Puts the file in its place. A reader never sees half of it.
    ///
    /// # Errors
    /// It cannot be saved or renamed; there is a file already that it must not replace.
    pub fn keep(self) -> io::Result<()> {
        self.file.keep_as(&self.path, self.replaces)
    }
}

/// Where a command writes its data: a file that appears whole, or stdout.
#[derive(Debug)]
pub enum Output {
    /// Stdout.
    Stdout(DataWriter),
    /// A file.
    File(WholeFile),
}

impl Output {
    /// The file that was asked for, over one that is there; `-` and none are stdout.
    ///
    /// # Errors
    /// As [`WholeFile::create`].
    pub fn create(path: Option<&Path>, printer: Printer) -> Result<Output, CommandError> {
        Output::create_list(path, true, printer)
    }

    /// The same for a list, which only `force` puts over a file that is there.
    ///
    /// # Errors
    /// As [`WholeFile::create`].
    pub fn create_list(path: Option<&Path>, force: bool, printer: Printer) -> Result<Output, CommandError> {
        match file_of(path) {
            None => Ok(Output::Stdout(printer.data_writer())),
            Some(path) => WholeFile::create(path, force).map(Output::File).map_err(|error| list_error(path, error)),
        }
    }

    /// Tells later, when this has been given away, what an error was about.
    pub fn errors(&self) -> Box<dyn Fn(io::Error) -> CommandError> {
        match self {
            Output::Stdout(out) => Box::new(out.errors()),
            Output::File(file) => {
                let path = file.path.clone();
                Box::new(move |error| list_error(&path, error))
            }
        }
    }

    /// Everything is in it: a file is put in its place.
    ///
    /// # Errors
    /// As [`WholeFile::keep`]; stdout cannot be written.
    pub fn keep(self) -> Result<(), CommandError> {
        let complain = self.errors();
        match self {
            Output::Stdout(mut out) => out.flush(),
            Output::File(file) => file.keep(),
        }
        .map_err(complain)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Output::Stdout(out) => out.write(bytes),
            Output::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Output::Stdout(out) => out.flush(),
            Output::File(file) => file.flush(),
        }
    }
}

/// What to say of a list that could not be written.
pub fn list_error(path: &Path, error: io::Error) -> CommandError {
    if error.kind() != io::ErrorKind::AlreadyExists {
        return CommandError::io(path.display(), error);
    }
    let message = format!("{} appeared while the list was read, and was left alone", path.display());
    CommandError::new(ErrorKind::Usage, message).hint("give the list another name, or add --force")
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
    fn a_list_replaces_only_what_it_was_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("unfollow.csv");
        for (force, text) in [(false, "mine"), (true, "theirs")] {
            let mut file = WholeFile::create(&path, force).unwrap();
            file.write_all(b"theirs").unwrap();
            // Somebody else is quicker.
            std::fs::write(&path, "mine").unwrap();
            let kept = file.keep();
            assert_eq!(kept.is_ok(), force);
            if let Err(error) = kept {
                let error = list_error(&path, error);
                assert!(error.kind == ErrorKind::Usage && error.to_string().contains("left alone"), "{error}");
            }
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no half of a file stays");
        }
    }
}
