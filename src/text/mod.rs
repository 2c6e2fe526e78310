//! Text for people: escaped against terminals, times and spans in words, words of a shell, the name that was meant.
//!
//! In: values. Out: text. What does not belong here: sentences about jobs, accounts or files; where text is written to.

mod escape;
mod letters;
mod near_file;
mod shell;
mod suggestion;
mod time;

pub use escape::{clipped, escaped, escaped_lines};
pub use letters::is_letter_or_digit;
pub use near_file::{near_file, with_near_file};
pub use shell::shell_word;
pub use suggestion::nearest;
pub use time::{LocalClock, clock_text, full_text, span_text};
