//! Receipts as scripts read them.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::jobfile::spreadsheet::guarded;
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
    assert!(text.starts_with("target_id,input_input_line,input_outcome,input_line,,target_id,line,outcome,"), "{text}");
    let json = written(ReceiptFormat::Jsonl, &columns, &[receipt("1,2,3,4,5,6")], false);
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&json).unwrap();
    assert_eq!(object.len(), 12);
    assert_eq!((&object["column_5"], &object["target_id_6"], &object["line"]), (&"5".into(), &"6".into(), &2.into()));
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
