//! Receipts: the input's rows with what became of them, row by row to any writer.
//!
//! Our columns are always the last six and always have the names of the contract, because scripts ask for them by name. An
//! input column that already has one of these names (a report fed back in) comes back as `input_<name>`. Cells beyond the
//! input's header have no column and are left out; short rows are filled up with empty cells.

use std::io::{self, BufWriter, Write};

use super::cells_from_stored;
use super::receipt_columns::{json_keys, out_columns};
use super::table::TableWriter;
use super::text_table::TextTable;
use crate::domain::{Outcome, Wall, write_json};

/// How receipts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptFormat {
    /// RFC 4180 with a header and line feeds.
    Csv,
    /// An array of objects.
    Json,
    /// An object a line.
    Jsonl,
    /// Columns under each other, for people: long cells are cut.
    Table,
}

/// The input's cells of a receipt.
#[derive(Clone, Copy, Debug)]
pub enum ReceiptCells<'a> {
    /// As the row was stored.
    Stored(&'a str),
    /// The only cell: the target's own text, for which nothing was stored.
    Plain(&'a str),
}

/// What became of a row.
#[derive(Clone, Copy, Debug)]
pub struct Receipt<'a> {
    /// The input's cells.
    pub cells: ReceiptCells<'a>,
    /// The physical line where the record begins; none where the row is no longer in the file.
    pub line: Option<u64>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why, in `snake_case`.
    pub reason: Option<&'a str>,
    /// The status of the last answer.
    pub http_status: Option<u16>,
    /// Requests sent for it.
    pub attempts: u64,
    /// When it was settled.
    pub finished_at: Option<Wall>,
}

/// Writes receipts.
pub struct ReceiptWriter<W: Write> {
    out: Out<W>,
    /// The columns' names: for CSV as they are written, for JSON as encoded keys with a colon.
    inputs: usize,
    keys: Vec<String>,
    count: u64,
}

enum Out<W: Write> {
    Csv(Box<TableWriter<W>>),
    Json(BufWriter<W>),
    Jsonl(BufWriter<W>),
    Table(TextTable<W>),
}

impl<W: Write> ReceiptWriter<W> {
    /// Begins receipts with the input's columns; CSV's header is written at once. Unless `raw`, cells of CSV that a
    /// spreadsheet would run get an apostrophe, and names of users lose their `@`. JSON is for programs and stays as it is.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn new(to: W, format: ReceiptFormat, columns: &[String], raw: bool) -> io::Result<ReceiptWriter<W>> {
        let names = out_columns(columns);
        let mut writer = ReceiptWriter {
            out: match format {
                ReceiptFormat::Csv => Out::Csv(Box::new(TableWriter::new(to, raw))),
                ReceiptFormat::Json => Out::Json(BufWriter::new(to)),
                ReceiptFormat::Jsonl => Out::Jsonl(BufWriter::new(to)),
                ReceiptFormat::Table => Out::Table(TextTable::new(to, &names)),
            },
            inputs: columns.len(),
            keys: json_keys(&names),
            count: 0,
        };
        match &mut writer.out {
            Out::Csv(csv) => csv.header(names.iter().map(String::as_str))?,
            Out::Json(out) => out.write_all(b"[")?,
            Out::Jsonl(_) | Out::Table(_) => {}
        }
        Ok(writer)
    }

    /// Writes one receipt.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&mut self, receipt: &Receipt<'_>) -> io::Result<()> {
        let cells = match receipt.cells {
            ReceiptCells::Stored(text) => cells_from_stored(text),
            ReceiptCells::Plain(text) => vec![text.to_owned()],
        };
        let first = self.count == 0;
        self.count += 1;
        match &mut self.out {
            Out::Csv(csv) => write_csv(csv, &cells, self.inputs, receipt),
            Out::Json(out) => {
                out.write_all(if first { b"\n" } else { b",\n" })?;
                write_object(out, &self.keys, &cells, self.inputs, receipt)
            }
            Out::Jsonl(out) => {
                write_object(out, &self.keys, &cells, self.inputs, receipt)?;
                out.write_all(b"\n")
            }
            Out::Table(table) => {
                let inputs = (0..self.inputs).map(|index| cells.get(index).map_or("", String::as_str));
                table.row(inputs.chain(own_cells(receipt).iter().map(String::as_str)))
            }
        }
    }

    /// Ends the receipts and gives the writer back, flushed.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(self) -> io::Result<W> {
        let mut to = match self.out {
            Out::Csv(csv) => csv.finish()?,
            Out::Json(mut out) => {
                out.write_all(if self.count == 0 { b"]\n" } else { b"\n]\n" })?;
                out.into_inner().map_err(io::IntoInnerError::into_error)?
            }
            Out::Jsonl(out) => out.into_inner().map_err(io::IntoInnerError::into_error)?,
            Out::Table(table) => table.finish()?,
        };
        to.flush()?;
        Ok(to)
    }
}

fn write_csv<W: Write>(
    csv: &mut TableWriter<W>,
    cells: &[String],
    inputs: usize,
    receipt: &Receipt<'_>,
) -> io::Result<()> {
    for index in 0..inputs {
        csv.cell(cells.get(index).map_or("", String::as_str))?;
    }
    own_cells(receipt).iter().try_for_each(|cell| csv.plain_cell(cell))?;
    csv.end_row()
}

/// The columns that are ours, as text.
fn own_cells(receipt: &Receipt<'_>) -> [String; 6] {
    [
        receipt.line.map(|line| line.to_string()).unwrap_or_default(),
        receipt.outcome.name().to_owned(),
        receipt.reason.unwrap_or_default().to_owned(),
        receipt.http_status.map(|status| status.to_string()).unwrap_or_default(),
        receipt.attempts.to_string(),
        receipt.finished_at.map(Wall::rfc3339).unwrap_or_default(),
    ]
}

fn write_object(
    out: &mut impl Write,
    keys: &[String],
    cells: &[String],
    inputs: usize,
    receipt: &Receipt<'_>,
) -> io::Result<()> {
    let mut lead = b'{';
    let finished_at = receipt.finished_at.map(Wall::rfc3339);
    let mut keys = keys.iter();
    let mut key = |out: &mut dyn Write| -> io::Result<()> {
        out.write_all(&[std::mem::replace(&mut lead, b',')])?;
        out.write_all(keys.next().map_or(&b""[..], |key| key.as_bytes()))
    };
    for index in 0..inputs {
        key(out)?;
        write_json(&mut *out, cells.get(index).map_or("", String::as_str))?;
    }
    key(out)?;
    write_json(&mut *out, &receipt.line)?;
    key(out)?;
    write_json(&mut *out, receipt.outcome.name())?;
    key(out)?;
    write_json(&mut *out, &receipt.reason)?;
    key(out)?;
    write_json(&mut *out, &receipt.http_status)?;
    key(out)?;
    write_json(&mut *out, &receipt.attempts)?;
    key(out)?;
    write_json(&mut *out, &finished_at)?;
    out.write_all(b"}")
}

#[cfg(test)]
#[path = "receipt_tests.rs"]
mod tests;
