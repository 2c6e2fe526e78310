//! Receipts: the input's rows with what became of them, row by row to any writer.
//!
//! Our columns are always the last six and always have the names of the contract, because scripts ask for them by name. An
//! input column that already has one of these names (a report fed back in) comes back as `input_<name>`. Cells beyond the
//! input's header have no column and are left out; short rows are filled up with empty cells.

use std::collections::HashSet;
use std::io::{self, BufWriter, Write};

use super::cells_from_stored;
use crate::domain::{Outcome, Wall};

/// The columns after the input's own.
const OURS: [&str; 6] = ["line", "outcome", "reason", "http_status", "attempts", "finished_at"];

/// How receipts are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptFormat {
    /// RFC 4180 with a header and line feeds.
    Csv,
    /// An array of objects.
    Json,
    /// An object a line.
    Jsonl,
}

impl ReceiptFormat {
    /// Reads `csv`, `json` or `jsonl`.
    pub fn parse(text: &str) -> Option<ReceiptFormat> {
        match text {
            "csv" => Some(ReceiptFormat::Csv),
            "json" => Some(ReceiptFormat::Json),
            "jsonl" => Some(ReceiptFormat::Jsonl),
            _ => None,
        }
    }
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
    is_raw: bool,
    scratch: String,
}

enum Out<W: Write> {
    Csv(Box<csv::Writer<W>>),
    Json(BufWriter<W>),
    Jsonl(BufWriter<W>),
}

impl<W: Write> ReceiptWriter<W> {
    /// Begins receipts with the input's columns; CSV's header is written at once. Unless `raw`, cells of CSV that a
    /// spreadsheet would run get an apostrophe. JSON is for programs and stays as it is.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn new(to: W, format: ReceiptFormat, columns: &[String], raw: bool) -> io::Result<ReceiptWriter<W>> {
        let names = out_columns(columns);
        let mut writer = ReceiptWriter {
            out: match format {
                ReceiptFormat::Csv => Out::Csv(Box::new(csv::WriterBuilder::new().flexible(true).from_writer(to))),
                ReceiptFormat::Json => Out::Json(BufWriter::new(to)),
                ReceiptFormat::Jsonl => Out::Jsonl(BufWriter::new(to)),
            },
            inputs: columns.len(),
            keys: json_keys(&names)?,
            count: 0,
            is_raw: raw,
            scratch: String::new(),
        };
        match &mut writer.out {
            Out::Csv(csv) => {
                for name in &names {
                    csv.write_field(guarded(name, raw, &mut writer.scratch))?;
                }
                csv.write_record(None::<&[u8]>)?;
            }
            Out::Json(out) => out.write_all(b"[")?,
            Out::Jsonl(_) => {}
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
            Out::Csv(csv) => write_csv(csv, &cells, self.inputs, receipt, self.is_raw, &mut self.scratch),
            Out::Json(out) => {
                out.write_all(if first { b"\n" } else { b",\n" })?;
                write_object(out, &self.keys, &cells, self.inputs, receipt)
            }
            Out::Jsonl(out) => {
                write_object(out, &self.keys, &cells, self.inputs, receipt)?;
                out.write_all(b"\n")
            }
        }
    }

    /// Ends the receipts and gives the writer back, flushed.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(self) -> io::Result<W> {
        let mut to = match self.out {
            Out::Csv(csv) => csv.into_inner().map_err(|error| io::Error::other(error.to_string()))?,
            Out::Json(mut out) => {
                out.write_all(if self.count == 0 { b"]\n" } else { b"\n]\n" })?;
                out.into_inner().map_err(io::IntoInnerError::into_error)?
            }
            Out::Jsonl(out) => out.into_inner().map_err(io::IntoInnerError::into_error)?,
        };
        to.flush()?;
        Ok(to)
    }
}

fn write_csv<W: Write>(
    csv: &mut csv::Writer<W>,
    cells: &[String],
    inputs: usize,
    receipt: &Receipt<'_>,
    raw: bool,
    scratch: &mut String,
) -> io::Result<()> {
    for index in 0..inputs {
        csv.write_field(guarded(cells.get(index).map_or("", String::as_str), raw, scratch))?;
    }
    csv.write_field(receipt.line.map(|line| line.to_string()).unwrap_or_default())?;
    csv.write_field(receipt.outcome.name())?;
    csv.write_field(receipt.reason.unwrap_or_default())?;
    csv.write_field(receipt.http_status.map(|status| status.to_string()).unwrap_or_default())?;
    csv.write_field(receipt.attempts.to_string())?;
    csv.write_field(receipt.finished_at.map(Wall::rfc3339).unwrap_or_default())?;
    Ok(csv.write_record(None::<&[u8]>)?)
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
        serde_json::to_writer(&mut *out, cells.get(index).map_or("", String::as_str))?;
    }
    key(out)?;
    serde_json::to_writer(&mut *out, &receipt.line)?;
    key(out)?;
    serde_json::to_writer(&mut *out, receipt.outcome.name())?;
    key(out)?;
    serde_json::to_writer(&mut *out, &receipt.reason)?;
    key(out)?;
    serde_json::to_writer(&mut *out, &receipt.http_status)?;
    key(out)?;
    serde_json::to_writer(&mut *out, &receipt.attempts)?;
    key(out)?;
    serde_json::to_writer(&mut *out, &finished_at)?;
    out.write_all(b"}")
}

/// The input's columns, those with our names renamed, then ours.
fn out_columns(columns: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(columns.len() + OURS.len());
    for column in columns {
        let mut name = column.clone();
        if OURS.contains(&name.as_str()) {
            name = format!("input_{name}");
            while columns.contains(&name) {
                name = format!("input_{name}");
            }
        }
        names.push(name);
    }
    names.extend(OURS.map(str::to_owned));
    names
}

/// Encoded keys, each once in an object: a nameless column is `column_N`, a repeated name gets its number too.
fn json_keys(names: &[String]) -> io::Result<Vec<String>> {
    let ours: HashSet<&str> = names.iter().map(String::as_str).collect();
    let mut seen = HashSet::new();
    let mut keys = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let mut key = if name.is_empty() { format!("column_{}", index + 1) } else { name.clone() };
        let is_taken =
            |key: &String, seen: &HashSet<String>| seen.contains(key) || (key != name && ours.contains(key.as_str()));
        while is_taken(&key, &seen) {
            key = format!("{key}_{}", index + 1);
        }
        keys.push(format!("{}:", serde_json::to_string(&key)?));
        seen.insert(key);
    }
    Ok(keys)
}

/// The cell, with an apostrophe before what a spreadsheet would run.
fn guarded<'a>(cell: &'a str, raw: bool, scratch: &'a mut String) -> &'a str {
    if raw || !cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        return cell;
    }
    scratch.clear();
    scratch.push('\'');
    scratch.push_str(cell);
    scratch
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::jobfile::stored_from_cells;
    use proptest::prelude::*;

    fn receipt(cells: &str) -> Receipt<'_> {
        Receipt {
            cells: ReceiptCells::Stored(cells),
            line: Some(2),
            outcome: Outcome::Done,
            reason: None,
            http_status: Some(200),
            attempts: 1,
            finished_at: Some(Wall(1_700_000_000_000)),
        }
    }

    fn written(format: ReceiptFormat, columns: &[&str], rows: &[Receipt<'_>], raw: bool) -> String {
        let columns: Vec<String> = columns.iter().map(|name| (*name).to_owned()).collect();
        let mut writer = ReceiptWriter::new(Vec::new(), format, &columns, raw).unwrap();
        for row in rows {
            writer.write(row).unwrap();
        }
        String::from_utf8(writer.finish().unwrap()).unwrap()
    }

    #[test]
    fn csv_has_the_inputs_columns_then_ours() {
        let rejected = Receipt {
            cells: ReceiptCells::Plain("x"),
            line: None,
            outcome: Outcome::Rejected,
            reason: Some("not_an_id"),
            http_status: None,
            attempts: 0,
            finished_at: None,
        };
        let text = written(ReceiptFormat::Csv, &["target_id", "note"], &[receipt("7,\"a,b\",beyond"), rejected], false);
        assert_eq!(
            text,
            "target_id,note,line,outcome,reason,http_status,attempts,finished_at\n\
             7,\"a,b\",2,done,,200,1,2023-11-14T22:13:20Z\nx,,,rejected,not_an_id,,0,\n"
        );
    }

    #[test]
    fn formulas_are_made_harmless_unless_raw() {
        let stored = stored_from_cells(["7", "=HYPERLINK(\"http://x\")"]);
        let text = written(ReceiptFormat::Csv, &["target_id", "-n"], &[receipt(&stored)], false);
        assert!(text.contains("7,\"'=HYPERLINK(\"\"http://x\"\")\",2") && text.contains(",'-n,"), "{text}");
        let raw = written(ReceiptFormat::Csv, &["target_id", "-n"], &[receipt(&stored)], true);
        assert!(raw.contains("7,\"=HYPERLINK"), "{raw}");
        for cell in ["=1", "+1", "-1", "@a", "\ta", "\ra"] {
            assert!(guarded(cell, false, &mut String::new()).starts_with('\''));
        }
    }

    #[test]
    fn json_is_one_array_and_jsonl_one_object_a_line() {
        let rows = [receipt("7,x"), Receipt { http_status: None, finished_at: None, ..receipt("8") }];
        let first = r#"{"id":"7","note":"x","line":2,"outcome":"done","reason":null,"http_status":200,"attempts":1,"finished_at":"2023-11-14T22:13:20Z"}"#;
        let second = r#"{"id":"8","note":"","line":2,"outcome":"done","reason":null,"http_status":null,"attempts":1,"finished_at":null}"#;
        let lines = written(ReceiptFormat::Jsonl, &["id", "note"], &rows, false);
        assert_eq!(lines, format!("{first}\n{second}\n"));
        let array = written(ReceiptFormat::Json, &["id", "note"], &rows, false);
        assert_eq!(array, format!("[\n{first},\n{second}\n]\n"));
        assert_eq!(written(ReceiptFormat::Json, &["id"], &[], false), "[]\n");
    }

    #[test]
    fn a_report_fed_back_in_keeps_our_names_for_us() {
        let columns = ["target_id", "line", "outcome", "input_line", "", "target_id"];
        let text = written(ReceiptFormat::Csv, &columns, &[], false);
        assert!(
            text.starts_with("target_id,input_input_line,input_outcome,input_line,,target_id,line,outcome,"),
            "{text}"
        );
        let json = written(ReceiptFormat::Jsonl, &columns, &[receipt("1,2,3,4,5,6")], false);
        let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&json).unwrap();
        assert_eq!(object.len(), 12);
        assert_eq!(
            (&object["column_5"], &object["target_id_6"], &object["line"]),
            (&"5".into(), &"6".into(), &2.into())
        );
    }

    proptest! {
        #[test]
        fn csv_receipts_give_the_cells_back(cells in proptest::collection::vec("(?s)[a,\"\r\n é=]{0,8}", 2..5)) {
            let columns: Vec<String> = (0..cells.len()).map(|n| format!("c{n}")).collect();
            let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
            let text = written(ReceiptFormat::Csv, &columns, &[receipt(&stored_from_cells(&cells))], true);
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            prop_assert_eq!(record.iter().take(cells.len()).collect::<Vec<_>>(), cells);
        }
    }
}
