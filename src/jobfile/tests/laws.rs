//! What holds for every file.

use proptest::prelude::*;

use super::*;

/// Any text a cell can have, commas, quotes and line ends included.
fn cell_text() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9]{1,19}", "(?s)[ab,;\t\"\r\n é€'=@-]{0,10}", "[0-9]{15}0000", "1\\.[0-9]{5}E\\+18", "@[a-z]{1,15}"]
}

/// Rows of the same width, at least two wide, so that no row looks like a blank line.
fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (2_usize..5).prop_flat_map(|width| prop::collection::vec(prop::collection::vec(cell_text(), width), 0..12))
}

/// What stands in a column of targets or names, and what a spreadsheet would make of it.
fn target_text() -> impl Strategy<Value = String> {
    let named = prop_oneof![
        "@[a-zA-Z_0-9]{1,15}",
        "[0-9]{1,19}",
        "[a-z]{1,9}",
        "https://x.com/[a-z]{1,9}",
        "x.com/a/status/[0-9]{1,19}"
    ];
    let dressed = ("[ \u{a0}\u{feff}\t']{0,2}", named, "[ ;\t]{0,2}")
        .prop_map(|(lead, text, tail)| format!("{lead}{text}{tail}"));
    prop_oneof![4 => dressed, 1 => cell_text(), 1 => "=\"[0-9]{1,19}\"", 1 => "[=+@＝-]{1,3}[a-z0-9]{0,3}"]
}

proptest! {
    #[test]
    fn receipts_are_job_files_of_the_same_targets(
        rows in prop::collection::vec((target_text(), target_text(), cell_text()), 0..12),
        header in prop::sample::select(vec!["target_id,handle,note", "handle,who,note", "id,screen_name,text", "note,username,b"]),
        name in prop::sample::select(vec!["unfollow.csv", "unlike.csv"]), raw: bool,
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(header.split(',')).unwrap();
        for row in &rows {
            writer.write_record([&row.0, &row.1, &row.2]).unwrap();
        }
        let options = ReadOptions::default();
        let Ok((survey, first)) = read_with(name, &writer.into_inner().unwrap(), &options) else { return Ok(()) };
        let mut receipts = ReceiptWriter::new(Vec::new(), ReceiptFormat::Csv, &survey.columns, raw).unwrap();
        for row in &first {
            let cells = ReceiptCells::Stored(row.2.as_deref().unwrap());
            let outcome = crate::domain::Outcome::Pending;
            receipts.write(&Receipt { cells, line: Some(row.0), outcome, reason: None, http_status: None, attempts: 0, finished_at: None }).unwrap();
        }
        let (_, again) = read_with(name, &receipts.finish().unwrap(), &options).unwrap();
        let targets = |rows: &[Seen]| rows.iter().map(|row| row.1.clone().ok()).collect::<Vec<_>>();
        prop_assert_eq!(targets(&again), targets(&first));
    }
}

proptest! {
    #[test]
    fn a_table_in_any_dialect_is_read_as_it_was_written(
        rows in table(), delimiter in prop::sample::select(vec![b',', b';', b'\t']), crlf: bool, form in 0..4,
    ) {
        let width = rows.first().map_or(2, Vec::len);
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new().delimiter(delimiter).terminator(terminator).from_writer(Vec::new());
        let header: Vec<String> = (0..width).map(|n| if n == 0 { "target_id".into() } else { format!("c{n}") }).collect();
        writer.write_record(&header).unwrap();
        for row in &rows {
            writer.write_record(row).unwrap();
        }
        let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let bytes = match form {
            0 => text.clone().into_bytes(),
            1 => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            form => utf16(&text, form == 2),
        };
        let (survey, seen) = read("unfollow.csv", &bytes).unwrap();
        prop_assert_eq!(&survey.columns, &header);
        prop_assert_eq!(survey.delimiter, char::from(delimiter));
        let read: Vec<Vec<String>> = seen.iter().map(|row| cells_from_stored(row.2.as_ref().unwrap())).collect();
        prop_assert_eq!(read, rows.clone());
        // A record begins after all the line feeds of what was written before it.
        let mut line = 2;
        for (row, seen) in rows.iter().zip(&seen) {
            prop_assert_eq!(seen.0, line);
            line += 1 + row.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
        }
        agrees(&survey, &seen)?;
    }

    #[test]
    fn arbitrary_bytes_never_panic_and_the_passes_agree(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for begin in [&b""[..], b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"target_id,note\n"] {
            if let Ok((survey, seen)) = read("unfollow.csv", &[begin, &bytes].concat()) {
                agrees(&survey, &seen)?;
            }
        }
    }

    #[test]
    fn nearly_csv_never_panics_and_the_passes_agree(text in "(?s)[0-9ETaction_id,;\t\"\r\n@/. \\+]{0,200}", name in 0_usize..3) {
        let name = ["unfollow.csv", "unlike.csv", "x.csv"][name];
        for header in ["", "target_id\n", "action,target_id,account\r\n"] {
            if let Ok((survey, seen)) = read(name, format!("{header}{text}").as_bytes()) {
                agrees(&survey, &seen)?;
            }
        }
    }

    #[test]
    fn a_cut_file_is_refused_or_has_a_beginning_of_its_rows(rows in table(), cut in 0.0_f64..1.0) {
        let mut writer = csv::Writer::from_writer(b"target_id,note\n".to_vec());
        for row in &rows {
            writer.write_record(&row[..2]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let cut = 15 + ((bytes.len() - 15) as f64 * cut) as usize;
        // The writer doubles quotes, so an odd number of them is a cell that is still open.
        let is_open = bytes[..cut].iter().filter(|byte| **byte == b'"').count() % 2 == 1;
        match read("unfollow.csv", &bytes[..cut]) {
            Ok((survey, _)) => prop_assert!(!is_open && survey.rows as usize <= rows.len()),
            Err(error) => prop_assert!(is_open && matches!(error, JobFileError::UnfinishedQuote { .. }), "{error}"),
        }
    }
}

/// Both passes say the same, and the numbers add up.
fn agrees(survey: &Survey, seen: &[Seen]) -> Result<(), TestCaseError> {
    let tasks = seen.iter().filter(|row| row.1.is_ok()).count() as u64;
    prop_assert_eq!(survey.rows, seen.len() as u64);
    prop_assert_eq!((survey.usable, survey.rejected), (tasks, survey.rows - tasks));
    prop_assert_eq!(survey.lanes.iter().map(|lane| lane.rows).sum::<u64>(), tasks);
    prop_assert!(survey.lanes.iter().all(|lane| lane.rows > 0));
    for (fault, rows) in &survey.rejected_by_fault {
        prop_assert_eq!(seen.iter().filter(|row| row.1 == Err(fault.code())).count() as u64, *rows);
    }
    let rejected: Vec<_> = seen.iter().filter_map(|row| row.1.as_ref().err().map(|reason| (row.0, *reason))).collect();
    let examples: Vec<_> = survey.examples.iter().map(|example| (example.line, example.rejection.reason())).collect();
    prop_assert_eq!(&rejected[..examples.len()], &examples[..]);
    prop_assert_eq!(examples.len(), rejected.len().min(MAX_EXAMPLES));
    prop_assert!(seen.windows(2).all(|pair| pair[0].0 <= pair[1].0));
    Ok(())
}
