//! What a spreadsheet must not run. In: a cell as it is. Out: the cell as it is written to CSV. What does not belong here: quoting,
//! which is the CSV writer's.
//!
//! A spreadsheet takes a cell for a formula by its first sign, and is generous about what may stand before it. It also splits a line
//! where its own settings say: in half of the world at `;`, at tabs when text is pasted, and then at line ends too, because quotes
//! count only at the beginning of what it takes for a cell. So a sign is disarmed wherever such a piece can begin. An apostrophe
//! before it is what spreadsheets themselves use; the reader of job files ignores it.

use super::text::is_blank;
use crate::domain::{Handle, is_unsafe};

/// The cell, with an apostrophe before each sign that would make it, or a piece of it, a formula; unless `raw`. `scratch` holds
/// the text that is made.
pub(super) fn guarded<'a>(cell: &'a str, raw: bool, scratch: &'a mut String) -> &'a str {
    // Nearly all cells are digits, names and plain text.
    if raw || !cell.contains(|c: char| is_sign(c) || is_split(c)) {
        return cell;
    }
    scratch.clear();
    // Old advice, and some readers drop what is blank before they look.
    if cell.starts_with(is_split) && !cell.starts_with(';') {
        scratch.push('\'');
    }
    let mut begins = true;
    for c in cell.chars() {
        if begins && is_sign(c) {
            scratch.push('\'');
        }
        begins = is_split(c) || begins && (is_skipped(c) || c == '"');
        scratch.push(c);
    }
    scratch
}

/// A user's name without its `@`. Digits keep it: alone they are an ID.
pub(super) fn name_cell(cell: &str) -> &str {
    let bare = cell.trim_matches(is_blank);
    let bare = bare.strip_prefix('\'').unwrap_or(bare);
    match bare.strip_prefix('@') {
        // A handle may have its `@` or not: what has one still had two.
        Some(name) if name.starts_with('@') => cell,
        Some(name) if name.parse::<Handle>().is_ok() && !name.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => cell,
    }
}

/// The signs that begin a formula, also in the widths of East Asian keyboards.
const fn is_sign(c: char) -> bool {
    matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠' | '﹦' | '﹢' | '﹣' | '﹫')
}

/// Where a spreadsheet may begin another cell.
const fn is_split(c: char) -> bool {
    matches!(c, ';' | '\t' | '\r' | '\n')
}

/// White space, and what nobody sees.
fn is_skipped(c: char) -> bool {
    is_blank(c) || is_unsafe(c) || c == '\u{ad}'
}

#[cfg(test)]
#[path = "spreadsheet_tests.rs"]
mod tests;
