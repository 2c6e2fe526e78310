//! What is shown again and again in one place of a terminal. In: a text. Out: the bytes that put it over the one before. Pure.

use super::wrap::width;

/// To the corner; to the end of a line, of the screen: cleared.
const HOME: &str = "\u{1b}[H";
const CLEAR_LINE: &str = "\u{1b}[K";
const CLEAR_BELOW: &str = "\u{1b}[J";

/// The bytes that show the lines on a screen of this size, over whatever was there. Lines that are too wide are cut, and so are those for
/// which there is no room. 0 columns or rows: the terminal does not say.
pub(super) fn repaint(lines: &[String], columns: usize, rows: usize) -> String {
    // The last row stays free, so that nothing scrolls.
    let room = if rows == 0 { usize::MAX } else { rows.saturating_sub(1).max(1) };
    let shown = if lines.len() > room { room.saturating_sub(1) } else { lines.len() };
    let mut text = HOME.to_owned();
    for line in &lines[..shown] {
        text.push_str(&cut(line, columns));
        text.push_str(CLEAR_LINE);
        text.push_str("\r\n");
    }
    if shown < lines.len() {
        text.push_str(&format!("... {} more lines{CLEAR_LINE}\r\n", lines.len() - shown));
    }
    text + CLEAR_BELOW
}

/// A line in so many columns; one in colours is left whole, for it is a heading.
fn cut(line: &str, columns: usize) -> String {
    if columns == 0 || width(line) <= columns || line.contains('\u{1b}') {
        return line.to_owned();
    }
    line.chars().take(columns).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_put_over_the_one_before_and_nothing_scrolls() {
        let lines = ["Jobs".to_owned(), "x".repeat(50), "z".to_owned()];
        let all = repaint(&lines, 40, 24);
        assert_eq!(all, format!("\u{1b}[HJobs\u{1b}[K\r\n{}\u{1b}[K\r\nz\u{1b}[K\r\n\u{1b}[J", "x".repeat(40)));
        let few = repaint(&lines, 40, 3);
        assert_eq!(few, "\u{1b}[HJobs\u{1b}[K\r\n... 2 more lines\u{1b}[K\r\n\u{1b}[J");
        assert_eq!(repaint(&lines, 0, 0).matches("\r\n").count(), 3);
    }
}
