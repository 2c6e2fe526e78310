//! Foreign text made harmless for a terminal: cells, names and answers come from strangers.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::domain::is_unsafe;

/// The text with control characters, escape sequences and marks that reorder or hide text written out as `\u{1b}`, so that a
/// terminal shows what is there and does nothing else.
pub fn escaped(text: &str) -> Cow<'_, str> {
    written_out(text, is_unsafe)
}

/// The same, but lines and tabs stay: of data, and of what is said on several lines.
pub fn escaped_lines(text: &str) -> Cow<'_, str> {
    written_out(text, |c| is_unsafe(c) && c != '\n' && c != '\t')
}

fn written_out(text: &str, is_unsafe: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\n' if is_unsafe(c) => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' if is_unsafe(c) => safe.push_str("\\t"),
            c if is_unsafe(c) => {
                // Writing to a String cannot fail.
                let _ = write!(safe, "\\u{{{:x}}}", u32::from(c));
            }
            c => safe.push(c),
        }
    }
    Cow::Owned(safe)
}

/// The same, at most so many characters of it.
pub fn clipped(text: &str, max_chars: usize) -> Cow<'_, str> {
    match text.char_indices().nth(max_chars) {
        None => escaped(text),
        Some((end, _)) => Cow::Owned(format!("{}...", escaped(&text[..end]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_terminals_would_obey_is_written_out() {
        assert_eq!(escaped("\u{1b}[2J\u{7}a\n\u{9b}1m"), "\\u{1b}[2J\\u{7}a\\n\\u{9b}1m");
        assert_eq!(escaped("\u{202e}gpj.exe"), "\\u{202e}gpj.exe");
        assert!(matches!(escaped("Zoë 雪 👩‍🚀 \\o/"), Cow::Borrowed("Zoë 雪 👩‍🚀 \\o/")));
        assert_eq!(escaped_lines("a\n\tb\r\u{7}"), "a\n\tb\\r\\u{7}");
        assert_eq!(clipped("äbcd\u{1b}", 3), "äbc...");
    }

    proptest! {
        #[test]
        fn nothing_unsafe_is_left(text in "\\PC*|(?s).{0,40}") {
            prop_assert!(!escaped(&text).chars().any(is_unsafe));
            prop_assert!(!clipped(&text, 7).chars().any(is_unsafe));
        }
    }
}
