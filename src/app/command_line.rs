//! A command to type next, as messages and pages show it.

use crate::config::Settings;
use crate::text::shell_word;

/// A command line for the queue of these settings.
pub fn command_line(settings: &Settings, words: &[&str]) -> String {
    let mut line = words.iter().fold("cleanup".to_owned(), |line, word| line + " " + &shell_word(word));
    if settings.is_sandbox() {
        line += " --sandbox";
    }
    if let Some(path) = &settings.named_db {
        line = line + " --db " + &shell_word(&path.to_string_lossy());
    }
    line
}
