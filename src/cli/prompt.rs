//! A question that only a person at a terminal can answer.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::text::escaped_lines;

/// The longest answer that is read, in bytes.
const MAX_ANSWER_BYTES: u64 = 1024;

/// Whether there is a person to ask: stdin and stderr are terminals.
pub fn can_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Asks `question` and waits for yes or no; anything but yes is no, and so is the end of the input.
///
/// # Errors
/// The terminal cannot be read or written.
pub fn confirm(question: &str) -> io::Result<bool> {
    let mut talk = io::stderr().lock();
    write!(talk, "{} [y/N] ", escaped_lines(question))?;
    talk.flush()?;
    drop(talk);
    read_answer(io::stdin().lock())
}

fn read_answer(input: impl BufRead) -> io::Result<bool> {
    let mut answer = String::new();
    match input.take(MAX_ANSWER_BYTES).read_line(&mut answer) {
        Ok(_) => Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")),
        // Bytes that are no text are no yes.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for yes in ["y\n", "Y\r\n", " yes \n", "YES"] {
            assert!(read_answer(yes.as_bytes()).unwrap(), "{yes:?}");
        }
        for no in ["", "\n", "n\n", "yess\n", "ja\n", "\u{1b}y\n"] {
            assert!(!read_answer(no.as_bytes()).unwrap(), "{no:?}");
        }
        assert!(!read_answer(&[0xff, 0xfe, b'\n'][..]).unwrap());
    }
}
