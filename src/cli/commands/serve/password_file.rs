//! The file of `--password-file`. In: its path. Out: the password, or why nobody but its owner would decide what it is.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use zeroize::Zeroizing;

use crate::app::writable_remedy;
use crate::cli::printer::Printer;
use crate::config::WritableByOthers;
use crate::domain::Secret;
use crate::error::{CommandError, ErrorKind};
use crate::text::shell_word;

/// The longest file with a password.
const MAX_PASSWORD_FILE_BYTES: u64 = 4_096;

/// Reads the password.
///
/// # Errors
/// Others can write the file, it is no text, or it cannot be read.
pub(super) fn read_password(path: &Path, printer: Printer) -> Result<Secret, CommandError> {
    let complain = |error| CommandError::io(path.display(), error);
    // A pipe of somebody else's would be waited for. Then the open file is asked, so that nobody changes it in between.
    refuse_writable(path, &path.metadata().map_err(complain)?)?;
    let file = File::open(path).map_err(complain)?;
    let about = file.metadata().map_err(complain)?;
    refuse_writable(path, &about)?;
    if about.is_file() && about.mode() & 0o004 != 0 {
        let (shown, word) = (path.display(), shell_word(&path.to_string_lossy()));
        printer.warn(&format!(
            "other users of this machine can read the password in {shown}; `chmod o= {word}` ends that"
        ));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_PASSWORD_FILE_BYTES).read_to_string(&mut text).map_err(|error| match error.kind() {
        std::io::ErrorKind::InvalidData => not_text(path),
        _ => complain(error),
    })?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}

fn refuse_writable(path: &Path, about: &Metadata) -> Result<(), CommandError> {
    let Some(file) = WritableByOthers::of(path, about) else { return Ok(()) };
    let message = format!("{file}, so it cannot hold the password of the dashboard");
    Err(CommandError::new(ErrorKind::Config, message).hint(writable_remedy(&file)))
}

fn not_text(path: &Path) -> CommandError {
    let message = format!("{} is not UTF-8, so it cannot hold the password of the dashboard", path.display());
    CommandError::new(ErrorKind::Config, message)
        .hint("a password file is one line of text, such as what `openssl rand -base64 24` gives")
}
