//! The room as a whole: files as people have them, and the laws that hold for every file.

#![allow(clippy::unwrap_used)]

use std::io::Write;

use proptest::prelude::*;

use super::*;
use crate::domain::Action;

/// A row without borrows: line, `action account target` or the reason, cells.
type Seen = (u64, Result<String, &'static str>, Option<String>);

fn named(name: &str, bytes: &[u8]) -> (tempfile::TempDir, Source) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::File::create(&path).unwrap().write_all(bytes).unwrap();
    let source = Source::open(&path).unwrap();
    (folder, source)
}

fn seen(survey: &Survey, source: &Source) -> Result<Vec<Seen>, JobFileError> {
    let mut rows = survey.rows(source)?;
    let mut all = Vec::new();
    while let Some(row) = rows.next()? {
        let verdict = match row.verdict {
            RowVerdict::Task { action, account, target } => {
                Ok(format!("{action} {} {target}", account.map_or("-", |name| name.as_str())))
            }
            RowVerdict::Rejected(rejection) => Err(rejection.reason()),
        };
        all.push((row.line, verdict, row.cells.map(str::to_owned)));
    }
    Ok(all)
}

fn read_with(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<(Survey, Vec<Seen>), JobFileError> {
    let (_folder, source) = named(name, bytes);
    let survey = Survey::of(&source, options)?;
    let rows = seen(&survey, &source)?;
    Ok((survey, rows))
}

fn read(name: &str, bytes: &[u8]) -> Result<(Survey, Vec<Seen>), JobFileError> {
    read_with(name, bytes, &ReadOptions::default())
}

/// Lines and verdicts only.
fn verdicts(name: &str, text: &str) -> Vec<(u64, Result<String, &'static str>)> {
    read(name, text.as_bytes()).unwrap().1.into_iter().map(|(line, verdict, _)| (line, verdict)).collect()
}

fn ok(line: u64, text: &str) -> (u64, Result<String, &'static str>) {
    (line, Ok(text.to_owned()))
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

#[test]
fn the_plainest_files() {
    assert_eq!(verdicts("unfollow.csv", "target_id\n12\n13\n"), [ok(2, "unfollow - 12"), ok(3, "unfollow - 13")]);
    assert_eq!(verdicts("unlike.csv", "12\n13"), [ok(1, "unlike - 12"), ok(2, "unlike - 13")]);
    assert_eq!(verdicts("Unretweet.csv", " Tweet_ID \r\n12\r\n"), [ok(2, "unrepost - 12")]);
}

#[test]
fn lines_are_physical_whatever_the_line_ends() {
    let lf = "target_id,note\n\n12,\"a\nb\"\n\n\n13,x\n";
    let want = [ok(3, "unfollow - 12"), ok(7, "unfollow - 13")];
    assert_eq!(verdicts("unfollow.csv", lf), want);
    assert_eq!(verdicts("unfollow.csv", &lf.replace('\n', "\r\n")), want);
    assert_eq!(verdicts("unfollow.csv", &lf.replacen('\n', "\r\n", 2)), want, "mixed");
    assert_eq!(verdicts("unfollow.csv", "\n\r\n \n12\n\n14"), [ok(4, "unfollow - 12"), ok(6, "unfollow - 14")]);
}

#[test]
fn blank_lines_are_no_rows_but_empty_cells_are() {
    assert_eq!(
        verdicts("unfollow.csv", "target_id\n   \n\"\"\n12\n"),
        [(3, Err("empty_target")), ok(4, "unfollow - 12")]
    );
    let wide = verdicts("unfollow.csv", "target_id,note\n,\n   \n\n12\n13,a,b,c\n");
    assert_eq!(
        wide,
        [(2, Err("empty_target")), (3, Err("empty_target")), ok(5, "unfollow - 12"), ok(6, "unfollow - 13")]
    );
}

#[test]
fn delimiters_and_encodings() {
    for delimiter in [",", ";", "\t"] {
        let text = format!("name{delimiter}user_id\n\"é{delimiter}x\"{delimiter}12\n");
        let (survey, rows) = read("unfollow.csv", text.as_bytes()).unwrap();
        assert_eq!(survey.delimiter.to_string(), delimiter);
        assert_eq!(rows[0].1, Ok("unfollow - 12".into()));
        assert_eq!(cells_from_stored(rows[0].2.as_ref().unwrap()), [format!("é{delimiter}x"), "12".into()]);
        for (bytes, encoding) in [
            (utf16(&text, true), Encoding::Utf16Le),
            (utf16(&text, false), Encoding::Utf16Be),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), Encoding::Utf8Bom),
        ] {
            let (survey, again) = read("unfollow.csv", &bytes).unwrap();
            assert_eq!((survey.encoding, again), (encoding, rows.clone()));
        }
    }
    // A comma in the text of a header does not make it a comma file.
    let (survey, _) = read("unfollow.csv", b"user_id;last, first, middle\n12;x\n").unwrap();
    assert_eq!(survey.delimiter, ';');
}

#[test]
fn excels_windows_1252_stays_readable() {
    let (survey, rows) = read("unfollow.csv", b"user_id;name\n12;Jos\xe9 \x80\n13;plain\n").unwrap();
    assert_eq!(survey.windows_1252_rows, 1);
    assert_eq!(cells_from_stored(rows[0].2.as_ref().unwrap()), ["12", "José €"]);
}

#[test]
fn what_is_no_text_is_refused() {
    for bytes in
        [&b"PK\x03\x04abcdef"[..], b"\xd0\xcf\x11\xe0\xa1\xb1", b"12\n1\x003\n", b"\xff\xfe\0\0a\0\0\0", b"1\x002\x00"]
    {
        let error = read("unfollow.csv", bytes).unwrap_err();
        assert!(matches!(error, JobFileError::NotText { .. }), "{error}");
    }
    let excel = read("unfollow.csv", b"PK\x03\x04abcdef").unwrap_err().to_string();
    assert!(excel.contains("Excel workbook") && excel.contains("save it as CSV"));
    assert!(matches!(read("unfollow.csv", b""), Err(JobFileError::Empty { .. })));
    assert!(matches!(read("unfollow.csv", b"\xef\xbb\xbf\n \n"), Err(JobFileError::Empty { .. })));
}

#[test]
fn a_file_that_ends_inside_quotes_is_refused_with_the_line() {
    for (text, want) in [
        ("target_id,note\n12,a\n13,\"cut", 3),
        ("target_id,note\n12,\"a\nb\",\"cut\nand cut\n", 3),
        ("target_id,note\n\n\n\"12\n\n", 4),
        ("\"", 1),
        ("target_id\r\n12\r\n\"13\r\n", 3),
        ("target_id,note\n13,\"escaped\"\"", 2),
    ] {
        match read("unfollow.csv", text.as_bytes()) {
            Err(JobFileError::UnfinishedQuote { line, .. }) => assert_eq!(line, want, "{text:?}"),
            other => panic!("{text:?}: {other:?}"),
        }
    }
    for text in ["12,\"x\"", "12,\"x\"\n", "12,x\r", "12,5\" disk", "12,\"(end of file)\"", "12,(end of file)"] {
        let text = format!("target_id,note\n{text}");
        assert_eq!(read("unfollow.csv", text.as_bytes()).unwrap().1.len(), 1, "{text:?}");
    }
    // The sentinel's own text as a row is a row like any other.
    assert_eq!(read("unfollow.csv", b"target_id\n12\n(end of file)\n").unwrap().0.rejected, 1);
}

#[test]
fn records_have_limits() {
    let long = format!("target_id,note\n11,\n12,\"{}", "x".repeat(3 << 20));
    match read("unfollow.csv", long.as_bytes()) {
        Err(JobFileError::RecordTooLong { line, .. }) => assert_eq!(line, 3),
        other => panic!("{other:?}"),
    }
    let wide = format!("target_id\n12{}\n", ",".repeat(MAX_CELLS_PER_RECORD));
    assert!(matches!(read("unfollow.csv", wide.as_bytes()), Err(JobFileError::TooManyCells { line: 2, .. })));
    let fits = format!("target_id,note\n12,\"{}\"\n", "x".repeat(1 << 19));
    assert_eq!(read("unfollow.csv", fits.as_bytes()).unwrap().0.usable, 1);
}

#[test]
fn the_targets_column_is_found_by_tiers() {
    for (name, header, row) in [
        ("unfollow.csv", "id,tweet_id,user_id,target_id", "1,2,3,4"),
        ("unfollow.csv", "id,tweet_id,user_id", "1,2,4"),
        ("unlike.csv", "id,tweet_id,user_id", "1,4,3"),
        ("unlike.csv", "user_id, ID ,text", "1,4,3"),
        ("unmute.csv", "name,account_id", "1,4"),
        ("unlike.csv", "url,text", "https://x.com/a/status/4,3"),
    ] {
        let (survey, rows) = read(name, format!("{header}\n{row}\n").as_bytes()).unwrap();
        let action = survey.default_action.unwrap();
        assert_eq!(rows[0].1, Ok(format!("{action} - 4")), "{name} {header}");
    }
    for header in ["user_id,account_id", "user_id,screen_name,url", "id,url", "target_id,Target_ID"] {
        let error = read("unfollow.csv", format!("{header}\n1,2,3\n").as_bytes()).unwrap_err();
        assert!(matches!(error, JobFileError::Ambiguous { role: "target", .. }), "{header}: {error}");
        assert!(error.hint().contains("--column"), "{}", error.hint());
    }
    let column = |name: &str| ReadOptions { column: Some(name.into()), ..ReadOptions::default() };
    let bytes = b"user_id,account_id,Who\n1,2,3\n";
    assert_eq!(read_with("unfollow.csv", bytes, &column("account_id")).unwrap().1[0].1, Ok("unfollow - 2".into()));
    assert_eq!(read_with("unfollow.csv", bytes, &column(" who ")).unwrap().1[0].1, Ok("unfollow - 3".into()));
    let error = read_with("unfollow.csv", bytes, &column("acount_id")).unwrap_err();
    assert_eq!(error.hint(), "did you mean --column account_id?");
}

#[test]
fn a_header_may_be_missing_only_where_there_is_one_column() {
    assert!(matches!(read("unfollow.csv", b"12,x\n"), Err(JobFileError::NoHeader { .. })));
    assert!(matches!(read("unfollow.csv", b"name,age\nA,7\n"), Err(JobFileError::NoTargetColumn { .. })));
    assert!(matches!(read("unfollow.csv", b"tweet_id\n12\n"), Err(JobFileError::NoTargetColumn { .. })));
    assert!(matches!(read("unfollow.csv", b"followers\n12\n"), Err(JobFileError::NoTargetColumn { .. })));
    for first in ["@example", "x.com/example", "1.2E+18", "'12"] {
        assert_eq!(read("unfollow.csv", format!("{first}\n12\n").as_bytes()).unwrap().0.rows, 2, "{first}");
    }
}

#[test]
fn the_action_comes_from_row_option_or_stem() {
    let unlike = ReadOptions { action: Some(Action::Unlike), ..ReadOptions::default() };
    let one = |name, text: &str, options: &ReadOptions| read_with(name, text.as_bytes(), options).unwrap().1;
    assert_eq!(one("unfollow.csv", "12\n", &unlike)[0].1, Ok("unlike - 12".into()));
    let mixed = "action,target_id\nunfollow,12\n,13\nfly,14\nDelete,15\n";
    let reasons: Vec<_> = one("list.csv", mixed, &ReadOptions::default()).into_iter().map(|row| row.1).collect();
    let task = |text: &str| Ok(text.to_owned());
    assert_eq!(
        reasons,
        [task("unfollow - 12"), Err("missing_action"), Err("unknown_action"), task("delete-post - 15")]
    );
    assert_eq!(one("list.csv", mixed, &unlike)[1].1, task("unlike - 13"));
    let error = read("list.csv", b"12\n").unwrap_err();
    assert!(matches!(error, JobFileError::NoAction { .. }) && error.hint().contains("--action"));
    assert!(matches!(
        Survey::of(&Source::spool("standard input", &b"12\n"[..]).unwrap(), &ReadOptions::default()),
        Err(JobFileError::NoAction { .. })
    ));
}

#[test]
fn in_a_mixed_file_each_rows_action_decides_the_column() {
    let text = "action,tweet_id,user_id,account\nunfollow,1,2,main\nunlike,1,2,\nunmute,1,,x y\nunblock,1,2,x y\n";
    let rows: Vec<_> = read("list.csv", text.as_bytes()).unwrap().1.into_iter().map(|row| row.1).collect();
    let task = |text: &str| Ok(text.to_owned());
    let want = [task("unfollow main 2"), task("unlike - 1"), Err("empty_target"), Err("invalid_account")];
    assert_eq!(rows, want);
    let text = "action,tweet_id\nunfollow,1\nunlike,2\n";
    let rows: Vec<_> = read("list.csv", text.as_bytes()).unwrap().1.into_iter().map(|row| row.1).collect();
    assert_eq!(rows, [Err("no_target_column"), task("unlike - 2")]);
    // Two candidates count only where a row needs the choice.
    let header = "action,tweet_id,user_id,account_id\n";
    assert!(read("list.csv", format!("{header}unlike,1,2,3\n").as_bytes()).is_ok());
    let error = read("list.csv", format!("{header}unfollow,1,2,3\n").as_bytes()).unwrap_err();
    assert!(matches!(error, JobFileError::Ambiguous { .. }));
    assert!(matches!(
        read("unfollow.csv", b"action,Action,target_id\n"),
        Err(JobFileError::Ambiguous { role: "action", .. })
    ));
}

#[test]
fn handles_wait_until_they_can_be_resolved() {
    let text = "screen_name\nExample\n@other\n";
    let rows: Vec<_> = read("unfollow.csv", text.as_bytes()).unwrap().1.into_iter().map(|row| row.1).collect();
    assert_eq!(rows, [Err("handle_not_resolved"), Err("handle_not_resolved")]);
    let (survey, _) = read("unfollow.csv", text.as_bytes()).unwrap();
    assert!(survey.examples[0].rejection.message.contains("numeric user ID"));
    let takes = ReadOptions { takes_handles: true, ..ReadOptions::default() };
    let rows: Vec<_> =
        read_with("unfollow.csv", text.as_bytes(), &takes).unwrap().1.into_iter().map(|row| row.1.unwrap()).collect();
    assert_eq!(rows, ["unfollow - @example", "unfollow - @other"]);
}

#[test]
fn excel_damage_is_rejected_and_never_guessed() {
    // Ten IDs as Excel saves them after it has read them as numbers: nobody has ten such IDs by chance.
    let saved = |n: u64| format!("{}0000", 123_456_789_012_345 + n);
    let damaged: String = (0..10).map(|n| saved(n) + "\n").collect();
    let (survey, rows) = read("unfollow.csv", damaged.as_bytes()).unwrap();
    assert_eq!((survey.usable, survey.rejected), (0, 10));
    assert!(rows.iter().all(|row| row.1 == Err("rounded_zeros")));
    assert!(matches!(survey.refusal(false), Some(JobFileError::NoUsableRow { rows: 10, .. })));
    // One among 20,000 honest ones is chance, and with an E+ cell it is not.
    let honest: String = (0..20_000).map(|n| format!("{}\n", 1_234_567_890_123_456_781_u64 + n * 10)).collect();
    let one = format!("{honest}{}\n", saved(0));
    let (survey, _) = read("unfollow.csv", one.as_bytes()).unwrap();
    assert_eq!((survey.usable, survey.rejected), (20_001, 0));
    let (survey, rows) = read("unfollow.csv", format!("{one}1.23457E+18\n").as_bytes()).unwrap();
    assert_eq!((survey.usable, survey.rejected), (20_000, 2));
    assert_eq!((&rows[20_000].1, &rows[20_001].1), (&Err("rounded_zeros"), &Err("scientific_notation")));
    // Inside a link no spreadsheet takes digits for a number.
    let link = format!("https://x.com/i/user/{}\n1.2E+18\n", saved(0));
    assert_eq!(read("unfollow.csv", link.as_bytes()).unwrap().0.usable, 1);
}

#[test]
fn a_plain_file_stores_nothing_and_any_other_its_cells() {
    let rows = read("unfollow.csv", b"target_id\n12\n'12\n12,x\nbad\n").unwrap().1;
    let cells: Vec<Option<&str>> = rows.iter().map(|row| row.2.as_deref()).collect();
    assert_eq!(cells, [None, Some("'12"), Some("12,x"), Some("bad")]);
    let rows = read("unfollow.csv", b"target_id,n\n12\n").unwrap().1;
    assert_eq!(rows[0].2.as_deref(), Some("12"));
}

#[test]
fn a_file_that_changes_between_the_passes_is_told() {
    let (folder, source) = named("unfollow.csv", b"12\n13\n");
    let survey = Survey::of(&source, &ReadOptions::default()).unwrap();
    std::fs::write(folder.path().join("unfollow.csv"), b"12\n14\n").unwrap();
    assert!(matches!(seen(&survey, &source), Err(JobFileError::Changed { .. })));
}

#[test]
fn what_is_shown_is_bounded_and_what_is_counted_is_exact() {
    let text: String = (0..50).map(|n| format!("x/{n}{}\n", "y".repeat(500))).collect();
    let (survey, _) = read("unfollow.csv", format!("12\n{text}").as_bytes()).unwrap();
    assert_eq!((survey.rejected, survey.examples.len()), (50, MAX_EXAMPLES));
    assert_eq!(survey.rejected_by_fault, [(Fault::ForeignLink, 50)]);
    let first = &survey.examples[0];
    assert_eq!((first.line, first.rejection.text.chars().count()), (2, MAX_SHOWN_CHARS));
    assert!(first.rejection.describe(&survey.path, first.line).contains("unfollow.csv:2: target_id"));
    assert!(matches!(survey.refusal(true), Some(JobFileError::Strict { rejected: 50, rows: 51, .. })));
    assert!(survey.refusal(false).is_none());
    let report = serde_json::to_value(CheckReport::of(&survey, true)).unwrap();
    assert_eq!((&report["usable"], &report["delimiter"]), (&1.into(), &"comma".into()));
}

#[test]
fn the_samples_in_jobs_are_what_the_readme_says() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("jobs");
    let count = |name: &str| {
        let source = Source::open(&folder.join(name)).unwrap();
        let survey = Survey::of(&source, &ReadOptions::default()).unwrap();
        let rows = seen(&survey, &source).unwrap();
        let distinct: std::collections::HashSet<_> = rows.iter().filter_map(|row| row.1.as_ref().ok()).collect();
        (survey.rows, distinct.len() as u64, survey.usable - distinct.len() as u64, survey.rejected)
    };
    assert_eq!(count("unfollow.csv"), (120, 100, 10, 10));
    assert_eq!(count("unlike.csv"), (60, 60, 0, 0));
}

/// Any text a cell can have, commas, quotes and line ends included.
fn cell_text() -> impl Strategy<Value = String> {
    prop_oneof!["[0-9]{1,19}", "(?s)[ab,;\t\"\r\n é€'=@-]{0,10}", "[0-9]{15}0000", "1\\.[0-9]{5}E\\+18", "@[a-z]{1,15}"]
}

/// Rows of the same width, at least two wide, so that no row looks like a blank line.
fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (2_usize..5).prop_flat_map(|width| prop::collection::vec(prop::collection::vec(cell_text(), width), 0..12))
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
        if let Ok((survey, seen)) = read("unfollow.csv", &bytes) {
            agrees(&survey, &seen)?;
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
        match read("unfollow.csv", &bytes[..cut]) {
            Ok((survey, _)) => prop_assert!(survey.rows as usize <= rows.len()),
            Err(error) => prop_assert!(matches!(error, JobFileError::UnfinishedQuote { .. }), "{error}"),
        }
    }
}

/// Both passes say the same, and the numbers add up.
fn agrees(survey: &Survey, seen: &[Seen]) -> Result<(), TestCaseError> {
    let tasks = seen.iter().filter(|row| row.1.is_ok()).count() as u64;
    prop_assert_eq!(survey.rows, seen.len() as u64);
    prop_assert_eq!((survey.usable, survey.rejected), (tasks, survey.rows - tasks));
    prop_assert_eq!(survey.lanes.iter().map(|lane| lane.rows).sum::<u64>(), tasks);
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
