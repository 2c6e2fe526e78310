//! Words of a command line as people copy them.

use super::escaped;
use crate::domain::is_plain_in_shell;

/// A word as a shell takes it whole, and a terminal unharmed.
pub fn shell_word(word: &str) -> String {
    // A shell takes `=` for an assignment only in a word that begins otherwise than an option.
    let is_plain = |c: char| is_plain_in_shell(c) || (c == '=' && word.starts_with('-'));
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", escaped(word).replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stay_whole_in_a_shell() {
        let words = ["a.csv", "--account=work", "A=b", "Nacht 3", "it's", "x\u{1b}y", ""].map(shell_word);
        assert_eq!(words, ["a.csv", "--account=work", "'A=b'", "'Nacht 3'", "'it'\\''s'", "'x\\u{1b}y'", "''"]);
    }
}
