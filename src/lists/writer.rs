//! A list as a CSV file. In: [`Entry`]s. Out: a header and a line for each, to any writer; what a spreadsheet would run as a
//! formula is made harmless, as in receipts. What does not belong here: where the file is kept.

use crate::domain::ListKind;
use std::io::{self, Write};

use super::filter::{Rule, SPARED_BY, spared_record};
use super::{Entry, columns, record};
use crate::jobfile::TableWriter;

/// Writes the entries of one list.
pub struct ListWriter<W: Write> {
    table: TableWriter<W>,
    list: ListKind,
    rows: u64,
}

impl<W: Write> ListWriter<W> {
    /// Begins a list; its header is written at once. Unless `raw`, cells that a spreadsheet would run get an apostrophe.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn new(to: W, list: ListKind, raw: bool) -> io::Result<ListWriter<W>> {
        ListWriter::begin(to, columns(list).iter().map(|column| column.name()), list, raw)
    }

    /// Begins a list of entries that were spared, with the rule in a last column.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn of_spared(to: W, list: ListKind, raw: bool) -> io::Result<ListWriter<W>> {
        let names = columns(list).iter().map(|column| column.name());
        ListWriter::begin(to, names.chain([SPARED_BY]), list, raw)
    }

    fn begin(to: W, names: impl Iterator<Item = &'static str>, list: ListKind, raw: bool) -> io::Result<ListWriter<W>> {
        let mut table = TableWriter::new(to, raw);
        table.header(names)?;
        Ok(ListWriter { table, list, rows: 0 })
    }

    /// Writes one entry.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&mut self, entry: &Entry) -> io::Result<()> {
        self.write_cells(&record(self.list, entry))
    }

    /// Writes one entry that was spared, to a list of such.
    ///
    /// # Errors
    /// Those of the writer, and where the list is not one of spared entries.
    pub fn write_spared(&mut self, entry: &Entry, rule: Rule) -> io::Result<()> {
        self.write_cells(&spared_record(self.list, entry, rule))
    }

    fn write_cells(&mut self, cells: &[String]) -> io::Result<()> {
        for cell in cells {
            self.table.cell(cell)?;
        }
        self.table.end_row()?;
        self.rows += 1;
        Ok(())
    }

    /// How many entries were written.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends the list and gives the writer back, flushed.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(self) -> io::Result<W> {
        self.table.finish()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::is_unsafe;
    use crate::jobfile::{read_target, stored_from_cells};
    use crate::lists::RowReader;
    use proptest::prelude::*;

    fn csv(raw: bool) -> String {
        let mut writer = ListWriter::new(Vec::new(), ListKind::Likes, raw).unwrap();
        let text = Some("=HYPERLINK(\"x\"), she said\nand left".to_owned());
        writer.write(&Entry { text, ..Entry::bare("20".parse().unwrap()) }).unwrap();
        assert_eq!(writer.rows(), 1);
        String::from_utf8(writer.finish().unwrap()).unwrap()
    }

    #[test]
    fn formulas_are_made_harmless_unless_raw() {
        let head = "target_id,handle,name,created_at,likes,reposts,is_repost,visibility,is_reply,has_media,text,link\n20,,,,,,,,,,\"";
        let tail = "=HYPERLINK(\"\"x\"\"), she said\nand left\",https://x.com/i/web/status/20\n";
        assert_eq!(csv(false), format!("{head}'{tail}"));
        assert_eq!(csv(true), format!("{head}{tail}"));
    }

    #[test]
    fn an_empty_list_is_a_header() {
        let writer = ListWriter::new(Vec::new(), ListKind::Mutes, false).unwrap();
        let text = String::from_utf8(writer.finish().unwrap()).unwrap();
        assert!(text.starts_with("target_id,") && text.lines().count() == 1, "{text}");
    }

    proptest! {
        /// Whatever strangers call themselves and write, a list names the same users and posts when it is read back.
        #[test]
        fn a_list_is_read_back_as_the_same_targets(
            id in "[1-9][0-9]{0,18}", handle in "[A-Za-z0-9_]{1,15}", name in "(?s)[=+@;\t\n\"' ＝a-]{0,8}|(?s).{0,12}",
            text in "(?s)[=+@;\t\n\"' ＝a-]{0,8}|(?s).{0,12}", at in 0..ListKind::ALL.len(),
        ) {
            let list = ListKind::ALL[at];
            let entry = Entry {
                handle: Some(handle.parse().unwrap()), name: Some(name), text: Some(text), ..Entry::bare(id.parse().unwrap())
            };
            let mut writer = ListWriter::new(Vec::new(), list, false).unwrap();
            writer.write(&entry).unwrap();
            let written = writer.finish().unwrap();
            let mut csv = csv::Reader::from_reader(&written[..]);
            let names: Vec<String> = csv.headers().unwrap().iter().map(str::to_owned).collect();
            let row = csv.records().next().unwrap().unwrap();
            let target = read_target(row[0].as_bytes(), None).unwrap();
            prop_assert_eq!(&target, &entry.target);
            let told = RowReader::new(&names).entry(&target, None, Some(&stored_from_cells(&row)));
            let is_told = crate::lists::columns(list).contains(&crate::lists::Column::Handle);
            prop_assert_eq!(told.entry.handle, entry.handle.clone().filter(|_| is_told));
            for cell in &row {
                let begins = cell.trim_start_matches(|c: char| c.is_whitespace() || is_unsafe(c));
                prop_assert!(!begins.starts_with(['=', '+', '-', '@', '＝']), "{:?}", cell);
            }
        }
    }
}
