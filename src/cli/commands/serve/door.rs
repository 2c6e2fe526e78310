//! Where the one-time link is shown: in the terminal; without one in a file that its owner alone can read, so that no link ever
//! stands in a log.

use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::cli::error::CliError;

/// The place.
pub(super) struct Door<'a> {
    context: &'a Context,
    /// None: a terminal.
    file: Option<PathBuf>,
}

impl<'a> Door<'a> {
    /// The door of a queue.
    pub(super) fn new(queue: &Path, context: &'a Context) -> Door<'a> {
        let mut name = queue.file_name().unwrap_or_default().to_os_string();
        name.push(".link");
        let file = (!std::io::stderr().is_terminal()).then(|| queue.with_file_name(name));
        Door { context, file }
    }

    /// Shows a link; the one before is void.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn show(&self, link: &str) -> Result<(), CliError> {
        let Some(path) = &self.file else {
            self.context.printer.say(&format!("open it with this link, which works once:\n  {link}"));
            return Ok(());
        };
        let complain = |error| CliError::io(path.display(), error);
        // Anew each time: a file that somebody else put here is not written into.
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(complain(error)),
            _ => {}
        }
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(complain)?;
        writeln!(file, "{link}").map_err(complain)?;
        self.context.printer.say(&format!("a link that opens it once is in {}", path.display()));
        Ok(())
    }
}

impl Drop for Door<'_> {
    fn drop(&mut self) {
        if let Some(path) = &self.file {
            let _ = std::fs::remove_file(path);
        }
    }
}
