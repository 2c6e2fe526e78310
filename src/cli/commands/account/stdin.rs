//! Lines from stdin that may be secret. In: stdin. Out: trimmed lines, bounded. What does not belong here: what they mean.

use std::io::{self, BufRead, IsTerminal};

use zeroize::Zeroizing;

use crate::cli::error::{CliError, Kind};
use crate::domain::Secret;

/// The longest line that is read, in bytes: a redirect address with its code is a fraction of it.
const MAX_LINE_BYTES: u64 = 16 * 1024;

/// One line. A terminal shows what is typed; the caller says so where that matters.
///
/// # Errors
/// Stdin has ended, or holds no text.
pub(super) fn line(what: &str) -> Result<Secret, CliError> {
    read(io::stdin().lock(), what)?.ok_or_else(|| missing(what))
}

/// One more line, if there is one and stdin is no terminal, where nobody knows whether more is coming.
///
/// # Errors
/// It holds no text.
pub(super) fn another_line(what: &str) -> Result<Option<Secret>, CliError> {
    if io::stdin().is_terminal() { Ok(None) } else { read(io::stdin().lock(), what) }
}

fn read(input: impl BufRead, what: &str) -> Result<Option<Secret>, CliError> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut input = input.take(MAX_LINE_BYTES);
    input.read_until(b'\n', &mut bytes).map_err(|error| CliError::io("stdin", error))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| missing(what))?.trim();
    Ok((!text.is_empty()).then(|| Secret::new(text)))
}

fn missing(what: &str) -> CliError {
    CliError::new(Kind::Usage, format!("stdin holds no {what}"))
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
