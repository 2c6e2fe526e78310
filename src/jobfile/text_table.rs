//! A table for people to read: columns under each other, row by row to any writer. Its widths are those of the first rows, so memory does not
//! grow with the file; a cell that is wider later moves the rest of its line.
//!
//! In: cells. Out: lines of escaped text. What does not belong here: which columns there are.

use std::io::{self, BufWriter, Write};

use crate::text::clipped;

/// Widths are chosen by so many rows.
const ROWS_LOOKED_AT: usize = 1_000;
/// A longer cell is cut.
const MAX_CELL_CHARS: usize = 40;

/// Writes rows as a table.
pub(super) struct TextTable<W: Write> {
    out: BufWriter<W>,
    /// Rows that wait for the widths, the heading first.
    waiting: Vec<Vec<String>>,
    widths: Option<Vec<usize>>,
}

impl<W: Write> TextTable<W> {
    pub(super) fn new(to: W, headings: impl IntoIterator<Item = impl AsRef<str>>) -> TextTable<W> {
        let heading = headings.into_iter().map(|name| shown(name.as_ref()).to_uppercase()).collect();
        TextTable { out: BufWriter::new(to), waiting: vec![heading], widths: None }
    }

    pub(super) fn row<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> io::Result<()> {
        let row: Vec<String> = cells.into_iter().map(shown).collect();
        match &self.widths {
            Some(widths) => write_row(&mut self.out, &row, widths),
            None => {
                self.waiting.push(row);
                if self.waiting.len() > ROWS_LOOKED_AT { self.settle() } else { Ok(()) }
            }
        }
    }

    pub(super) fn finish(mut self) -> io::Result<W> {
        self.settle()?;
        self.out.into_inner().map_err(io::IntoInnerError::into_error)
    }

    /// Chooses the widths, and writes what has waited for them.
    fn settle(&mut self) -> io::Result<()> {
        let rows = std::mem::take(&mut self.waiting);
        if self.widths.is_none() {
            let columns = rows.first().map_or(0, Vec::len);
            let of = |column: usize| rows.iter().filter_map(|row| Some(row.get(column)?.chars().count())).max();
            self.widths = Some((0..columns).map(|column| of(column).unwrap_or_default()).collect());
        }
        let widths = self.widths.as_deref().unwrap_or_default();
        rows.iter().try_for_each(|row| write_row(&mut self.out, row, widths))
    }
}

/// A cell as it is shown: one line, nothing that a terminal obeys, a dash for nothing.
fn shown(cell: &str) -> String {
    if cell.is_empty() { "-".to_owned() } else { clipped(cell, MAX_CELL_CHARS).into_owned() }
}

fn write_row(out: &mut impl Write, row: &[String], widths: &[usize]) -> io::Result<()> {
    let mut line = String::new();
    for (index, cell) in row.iter().enumerate() {
        let width = widths.get(index).copied().unwrap_or_default();
        line.push_str(&format!("{cell:<width$}  "));
    }
    writeln!(out, "{}", line.trim_end())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_nothing_is_obeyed() {
        let mut table = TextTable::new(Vec::new(), ["id", "note"]);
        table.row(["1000", "a\u{1b}[2J"]).unwrap();
        table.row(["7", ""]).unwrap();
        table.row(["8", &"x".repeat(60)]).unwrap();
        let text = String::from_utf8(table.finish().unwrap()).unwrap();
        let cut = format!("{}...", "x".repeat(40));
        assert_eq!(text, format!("ID    NOTE\n1000  a\\u{{1b}}[2J\n7     -\n8     {cut}\n"));
        let empty = TextTable::new(Vec::new(), ["id"]).finish().unwrap();
        assert_eq!(empty, b"ID\n");
    }

    #[test]
    fn rows_beyond_those_looked_at_are_written_as_they_come() {
        let mut table = TextTable::new(Vec::new(), ["id"]);
        (0..ROWS_LOOKED_AT + 5).for_each(|n| table.row([n.to_string().as_str()]).unwrap());
        assert!(table.waiting.is_empty());
        table.row(["123456789"]).unwrap();
        let text = String::from_utf8(table.finish().unwrap()).unwrap();
        assert_eq!(text.lines().count(), ROWS_LOOKED_AT + 7);
        assert!(text.ends_with("\n1004\n123456789\n"));
    }
}
