//! Where the one-time link is shown: in a file that its owner alone can read, so that no link ever stands in a log; and in the terminal,
//! where there is one. A link that nobody has used is replaced in the file alone.

use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::domain::Wall;
use crate::error::CommandError;
use crate::text::clock_text;

/// The place.
pub(super) struct LoginLink<'a> {
    context: &'a Context,
    file: PathBuf,
}

impl<'a> LoginLink<'a> {
    /// The door of a queue.
    pub(super) fn new(queue: &Path, context: &'a Context) -> LoginLink<'a> {
        let mut name = queue.file_name().unwrap_or_default().to_os_string();
        name.push(".link");
        LoginLink { context, file: queue.with_file_name(name) }
    }

    /// Shows a link that is good until then.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn show(&self, link: &str, until: Wall) -> Result<(), CommandError> {
        self.replace(link)?;
        let shown = self.file.display();
        let words = if std::io::stderr().is_terminal() {
            let end = clock_text(until, self.context.clock.now().wall, self.context.local.zone.get());
            format!("open it with this link, which works once, until {end}:\n  {link}\nlater ones are in {shown}")
        } else {
            format!("a link that opens it once is in {shown}, a new one every hour")
        };
        self.context.printer.say(&words);
        Ok(())
    }

    /// Puts a link in the place of one that was not used in its time.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn replace(&self, link: &str) -> Result<(), CommandError> {
        let path = &self.file;
        let complain = |error| CommandError::io(path.display(), error);
        // Anew each time: a file that somebody else put here is not written into.
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(complain(error)),
            _ => {}
        }
        let mut options = std::fs::OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(path).map_err(complain)?;
        writeln!(file, "{link}").map_err(complain)
    }
}

impl Drop for LoginLink<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}
