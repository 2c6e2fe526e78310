//! A file that appears whole or not at all. In: bytes. Out: a file under its name once everything is in it. What does not
//! belong here: what is written.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::printer::{DataWriter, Printer};
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
    /// Its folder is missing or cannot be written to.
    pub fn create(path: &Path, replaces: bool) -> io::Result<WholeFile> {
        Ok(WholeFile { file: DurableFile::begin(folder_of(path), MODE)?, path: path.to_owned(), replaces })
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

/// The file that was asked for; none and `-` are stdout.
pub fn file_of(output: Option<&Path>) -> Option<&Path> {
    output.filter(|path| path.as_os_str() != "-")
}

/// Looks at where a command is to write before it reads: never over what it reads, two outputs never to one place, and only
/// into folders that are there. `-` is stdout.
///
/// # Errors
/// Two of them are one file (2); a folder is missing (74).
pub fn refuse_places<'a>(
    outputs: impl IntoIterator<Item = Option<&'a PathBuf>>,
    inputs: impl IntoIterator<Item = Option<&'a PathBuf>>,
) -> Result<(), CommandError> {
    let is_file = |path: &&PathBuf| path.as_os_str() != "-";
    let mut taken: Vec<PathBuf> =
        inputs.into_iter().flatten().filter(is_file).filter_map(|path| place_of(path)).collect();
    for output in outputs.into_iter().flatten().filter(is_file) {
        let Some(place) = place_of(output) else {
            let folder = folder_of(output).display().to_string();
            return Err(CommandError::new(ErrorKind::Io, format!("{}: there is no folder {folder}", output.display()))
                .hint(format!("make it with `mkdir -p {folder}`, or write elsewhere")));
        };
        if taken.contains(&place) {
            return Err(CommandError::new(
                ErrorKind::Usage,
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

/// Refuses lists whose files are there already, before anything is read or paid for.
///
/// # Errors
/// One of them is there, and nobody said `--force` (2).
pub fn refuse_existing<'a>(
    outputs: impl IntoIterator<Item = Option<&'a PathBuf>>,
    force: bool,
) -> Result<(), CommandError> {
    let is_there = |path: &&PathBuf| path.as_os_str() != "-" && path.symlink_metadata().is_ok();
    match outputs.into_iter().flatten().find(is_there) {
        Some(path) if !force => {
            Err(CommandError::new(ErrorKind::Usage, format!("{} is there already; nothing was read", path.display()))
                .hint("give the list another name, or add --force to replace the file, with what was edited in it"))
        }
        _ => Ok(()),
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
            assert_eq!(error.kind, ErrorKind::Usage, "{bad:?}");
        }
        assert!(refused([Some(&new), Some(&other)]).is_none());
        assert!(refused([Some(&PathBuf::from("-")), None]).is_none());
        std::fs::write(at("edited.csv"), "mine").unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("dangling.csv")).unwrap();
        for there in [at("edited.csv"), at("dangling.csv"), folder.path().to_owned()] {
            let error = refuse_existing([None, Some(&there)], false).unwrap_err();
            assert!(error.kind == ErrorKind::Usage && error.to_string().contains("is there already"), "{error}");
            assert!(refuse_existing([Some(&there)], true).is_ok());
        }
        assert!(refuse_existing([Some(&new), Some(&PathBuf::from("-")), None], false).is_ok());
        let error = refused([Some(&at("no/such/new.csv")), None]).unwrap();
        assert!(error.kind == ErrorKind::Io && error.to_string().contains("there is no folder"), "{error}");
    }

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
