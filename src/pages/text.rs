//! Text and times as pages show them.

use crate::domain::{Wall, counted, is_unsafe};

/// The most characters of a stranger's text that a page shows.
const MAX_SHOWN_CHARS: usize = 280;

/// A stranger's text for a page: what would reorder or hide text around it is shown as a replacement mark, line ends as spaces,
/// and an over-long one is cut. Escaping is maud's.
pub fn foreign(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(MAX_SHOWN_CHARS)
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if is_unsafe(c) => '\u{fffd}',
            c => c,
        })
        .collect();
    if text.chars().nth(MAX_SHOWN_CHARS).is_some() {
        shown.push('…');
    }
    shown
}

/// `2026-11-22 14:38:31 UTC`
pub(super) fn utc(at: Wall) -> String {
    at.rfc3339().replace('T', " ").replace('Z', " UTC")
}

/// `1 row`, `2 rows`
pub(super) fn rows(count: u64) -> String {
    counted(count, "row", "rows")
}

/// A share of a whole in percent; what is there is never shown as nothing.
pub(super) fn share(part: u64, whole: u64) -> String {
    match (part.saturating_mul(1000)).checked_div(whole) {
        None | Some(0) if part > 0 => "under 0.1 %".to_owned(),
        None => "0 %".to_owned(),
        Some(tenths) => format!("{}.{} %", tenths / 10, tenths % 10),
    }
}
