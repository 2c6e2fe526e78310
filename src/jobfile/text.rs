//! Bytes of a cell as text a person can read.

use std::borrow::Cow;

use super::MAX_SHOWN_CHARS;

/// The cell as text. What is not UTF-8 is what Excel saves on Windows: Windows-1252, in which every byte is a character.
pub(super) fn decode(cell: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(cell) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => encoding_rs::WINDOWS_1252.decode_without_bom_handling(cell).0,
    }
}

/// At most [`MAX_SHOWN_CHARS`] characters of a text; `…` stands for the rest.
pub(super) fn shown(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        None => text.to_owned(),
        Some(_) => text.chars().take(MAX_SHOWN_CHARS - 1).chain(['…']).collect(),
    }
}

/// White space and the invisible characters that come along when an ID is copied from a page.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

/// A column's or an action's name as it is compared.
pub(super) fn folded(name: &str) -> String {
    name.trim_matches(is_blank).to_lowercase()
}
