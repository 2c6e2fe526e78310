//! Null characters, which PostgreSQL has no place for: neither in a text, nor as `\u0000` in JSON. Platforms and files may say them.
//!
//! In: a text for a server. Out: the same with U+FFFD where one was.

use serde::de::IgnoredAny;

/// A null character as JSON has it.
const ESCAPED: &str = "\\u0000";

/// The text as a server takes it.
pub(super) fn without_null_characters(text: String) -> String {
    if text.contains('\0') {
        return text.replace('\0', "\u{fffd}");
    }
    if text.contains(ESCAPED) && serde_json::from_str::<IgnoredAny>(&text).is_ok() {
        return without_escaped(&text);
    }
    text
}

/// JSON in which no string has one. Behind an odd number of backslashes `u0000` is text.
fn without_escaped(json: &str) -> String {
    let mut clean = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find(ESCAPED) {
        let (before, from) = rest.split_at(at);
        clean.push_str(before);
        let backslashes = clean.bytes().rev().take_while(|byte| *byte == b'\\').count();
        clean.push_str(if backslashes % 2 == 0 { "\\ufffd" } else { ESCAPED });
        rest = &from[ESCAPED.len()..];
    }
    clean + rest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_that_only_speaks_of_one_stays() {
        for text in ["", "\\u0000", "a \\u0000 b", r#"{"a":"\\u0000"}"#, r#"["\\\\u0000"]"#] {
            assert_eq!(without_null_characters(text.to_owned()), text);
        }
        assert_eq!(without_null_characters("a\0\0b".to_owned()), "a\u{fffd}\u{fffd}b");
        assert_eq!(without_null_characters(r#"["\u0000\\\u0000\\u0000"]"#.to_owned()), r#"["\ufffd\\\ufffd\\u0000"]"#);
    }

    proptest! {
        /// JSON says the same as before, but for null characters.
        #[test]
        fn json_says_the_same_but_for_them(texts in proptest::collection::vec("[\0\\\\u0\"a]{0,12}", 0..4)) {
            let json = serde_json::to_string(&texts).unwrap();
            let read: Vec<String> = serde_json::from_str(&without_null_characters(json)).unwrap();
            let expected: Vec<String> = texts.iter().map(|text| text.replace('\0', "\u{fffd}")).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
