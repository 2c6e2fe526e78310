//! Lines from stdin that may be secret. In: stdin. Out: trimmed lines, bounded. What does not belong here: what they mean.
//!
//! A terminal does not show what is typed for a secret. It shows it again when the wait ends, however that comes: the guard
//! restores it when it is dropped, and the commands that ask end by themselves on a signal instead of being killed by it.

use std::io::{self, BufRead, IsTerminal};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::app::Signals;
use crate::cli::printer::Printer;
use crate::domain::Secret;
use crate::error::{CommandError, ErrorKind};

/// The longest line that is read, in bytes: a redirect address with its code is a fraction of it.
const MAX_LINE_BYTES: u64 = 16 * 1024;

/// Does what asks for secrets; a signal ends it with its own exit code.
///
/// # Errors
/// As `work`.
pub(super) async fn until_signal(work: impl Future<Output = Result<u8, CommandError>>) -> Result<u8, CommandError> {
    let mut signals = Signals::listen()?;
    tokio::select! {
        done = work => done,
        signal = signals.first() => Ok(signal.exit_code()),
    }
}

/// One line that is good once, or no secret: a terminal shows what is typed.
///
/// # Errors
/// Stdin has ended, or holds no text.
pub(super) async fn line(what: &'static str) -> Result<Secret, CommandError> {
    take(what).await?.ok_or_else(|| missing(what))
}

/// One line that is a secret: asked for where there is a terminal, which does not show it.
///
/// # Errors
/// As [`line`].
pub(super) async fn secret(printer: Printer, what: &'static str) -> Result<Secret, CommandError> {
    hidden(printer, what).await?.ok_or_else(|| missing(what))
}

/// One more secret line, if there is one. A terminal is asked for it only where it is `needed`: nobody knows whether more is
/// coming there.
///
/// # Errors
/// It holds no text.
pub(super) async fn another_secret(
    printer: Printer,
    what: &'static str,
    needed: bool,
) -> Result<Option<Secret>, CommandError> {
    if io::stdin().is_terminal() && !needed { Ok(None) } else { hidden(printer, what).await }
}

async fn hidden(printer: Printer, what: &'static str) -> Result<Option<Secret>, CommandError> {
    let quiet = Quiet::begin();
    if quiet.is_some() {
        printer.say(&format!("{what} (what you type is not shown):"));
    }
    take(what).await
}

/// A terminal that does not show what is typed, until this is dropped.
struct Quiet(Termios);

impl Quiet {
    /// None: stdin is no terminal, or none that can be told.
    fn begin() -> Option<Quiet> {
        let before = tcgetattr(io::stdin()).ok()?;
        let mut quiet = before.clone();
        quiet.local_modes.remove(LocalModes::ECHO);
        // The end of the line is shown all the same.
        quiet.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(io::stdin(), OptionalActions::Now, &quiet).ok()?;
        Some(Quiet(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}

/// Reads in a thread of its own: a read cannot be ended, and nothing may wait for it when a signal comes.
async fn take(what: &'static str) -> Result<Option<Secret>, CommandError> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let reader = move || {
        let _ = sender.send(read(io::stdin().lock(), what));
    };
    std::thread::Builder::new().spawn(reader).map_err(|error| CommandError::io("stdin", error))?;
    receiver.await.map_err(|_| missing(what))?
}

fn read(input: impl BufRead, what: &str) -> Result<Option<Secret>, CommandError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut input = input.take(MAX_LINE_BYTES);
    input.read_until(b'\n', &mut bytes).map_err(|error| CommandError::io("stdin", error))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| missing(what))?.trim();
    Ok((!text.is_empty()).then(|| Secret::new(text)))
}

fn missing(what: &str) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("stdin holds no {what}"))
        .hint(format!("give {what} on stdin, one line; never as an argument, which everybody on the machine can see"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lines_are_trimmed_and_bounded() {
        let mut input: &[u8] = b" one \r\ntwo";
        assert_eq!(read(&mut input, "x").unwrap().unwrap().expose(), "one");
        assert_eq!(read(&mut input, "x").unwrap().unwrap().expose(), "two");
        assert!(read(&mut input, "x").unwrap().is_none());
        let long = vec![b'a'; 100_000];
        assert_eq!(read(&long[..], "x").unwrap().unwrap().expose().len() as u64, MAX_LINE_BYTES);
        assert!(read(&b"\xff\n"[..], "x").is_err());
    }
}
