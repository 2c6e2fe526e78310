//! JSON that a terminal can show. In: a value. Out: its JSON, in which what [`is_unsafe`] stands as `\u....`: JSON itself escapes only
//! what is below a space, and terminals obey more than that. Readers of JSON see no difference.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use super::is_unsafe;

/// Writes a value as JSON on one line.
///
/// # Errors
/// Those of the writer, and of a value that has no JSON.
pub fn write_json(out: impl io::Write, value: &(impl Serialize + ?Sized)) -> io::Result<()> {
    value.serialize(&mut Serializer::with_formatter(out, Safe)).map_err(io::Error::from)
}

/// A value as JSON on one line.
pub fn json_text(value: &(impl Serialize + ?Sized)) -> String {
    let mut text = Vec::new();
    // Values and reports always have a JSON, and memory takes all that is written.
    let _ = write_json(&mut text, value);
    String::from_utf8(text).unwrap_or_default()
}

/// A JSON text of somebody else's making with the same characters escaped: outside of strings there are none of them.
pub fn escaped_json(text: &str) -> String {
    let mut safe = Vec::with_capacity(text.len());
    let _ = write_escaped(&mut safe, text);
    String::from_utf8(safe).unwrap_or_default()
}

struct Safe;

impl Formatter for Safe {
    fn write_string_fragment<W: io::Write + ?Sized>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        write_escaped(writer, fragment)
    }
}

fn write_escaped(writer: &mut (impl io::Write + ?Sized), text: &str) -> io::Result<()> {
    let mut rest = text;
    // What is below a space has been escaped already, or stands between values.
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| *c > ' ' && is_unsafe(*c)) {
        writer.write_all(&rest.as_bytes()[..at])?;
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(writer, "\\u{unit:04x}")?;
        }
        rest = &rest[at + c.len_utf8()..];
    }
    writer.write_all(rest.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn what_terminals_obey_is_escaped() {
        let value = json!({ "a\u{9b}": "\u{1b}[2J\u{7f}\u{85}\u{202e}x\u{2028}\u{e0041}", "Zoë 雪 👩‍🚀": 1 });
        let text = r#"{"a\u009b":"\u001b[2J\u007f\u0085\u202ex\u2028\udb40\udc41","Zoë 雪 👩‍🚀":1}"#;
        assert_eq!(json_text(&value), text);
        assert_eq!(escaped_json(&value.to_string()), text);
    }

    proptest! {
        #[test]
        fn it_reads_back_as_it_was(key in "(?s).{0,9}", text in "(?s)[\u{1b}\u{7f}-\u{9f}\u{202a}-\u{202e}\\\\\"a\n]{0,9}|(?s).{0,30}") {
            let value = json!({ key: [text] });
            let written = json_text(&value);
            prop_assert!(!written.chars().any(is_unsafe), "{written:?}");
            prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value.clone());
            prop_assert_eq!(escaped_json(&value.to_string()), written);
        }
    }
}
