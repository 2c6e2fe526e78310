//! The room as a whole: files as people have them, and the laws that hold for every file.

#![allow(clippy::unwrap_used)]

use std::io::Write;

use super::*;
use crate::domain::Action;

mod columns;
mod cut;
mod damage;
mod laws;
mod limits;
mod row_facts;

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
            RowVerdict::Task { action, account, target, .. } => {
                Ok(format!("{action} {} {target}", account.map_or("-", |name| name.as_str())))
            }
            RowVerdict::Rejected { rejection, .. } => Err(rejection.reason()),
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
fn a_number_cut_at_its_thousands_separators_is_nobodys_id() {
    let text = "user_id,name\n1,234,567\n12,hello, world\n1234,567,x\n123,456\n";
    let want = [(2, Err("split_number")), ok(3, "unfollow - 12"), ok(4, "unfollow - 1234"), ok(5, "unfollow - 123")];
    assert_eq!(verdicts("unfollow.csv", text), want);
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

/// Found by fuzzing: two rejected rows in one line could not both be kept in the queue.
#[test]
fn no_two_records_begin_in_one_line() {
    for (text, lines) in [
        ("target_id,n\n12,a\r13,b\n14,c\r\n15,d\n", [2, 3, 4, 5]),
        ("target_id,n\r12,a\r13,b\r14,c\r15,d\r", [2, 3, 4, 5]),
        ("target_id,n\r\n12,\"a\nb\"\r13,b\r\n\r\n14,c\n15,d", [2, 4, 6, 7]),
    ] {
        let read: Vec<u64> = verdicts("unfollow.csv", text).into_iter().map(|(line, _)| line).collect();
        assert_eq!(read, lines, "{text:?}");
    }
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
fn the_line_that_tells_excel_the_delimiter_is_no_row() {
    for (text, line) in [
        ("sep=;\nuser_id;name\n1;a,b,c,d\n", 3),
        ("\u{feff}SEP=;\r\nuser_id;name\r\n1;a\r\n", 3),
        ("sep=\t\nuser_id\tx,y\n1\ta\n", 3),
        ("sep=,\n\nuser_id,x;y;z\n1,a\n", 4),
    ] {
        assert_eq!(verdicts("unfollow.csv", text), [ok(line, "unfollow - 1")], "{text:?}");
    }
    // Other delimiters are not read: then it is a header like any other.
    let refused = read("unfollow.csv", b"sep=|\n1\n").unwrap_err();
    assert!(matches!(refused, JobFileError::NoTargetColumn { .. }), "{refused:?}");
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
    for page in ["<!DOCTYPE html><html>", "\n  <HTML lang=en>\n", "\u{feff}<!doctype HTML>\r\n<html>\r\n"] {
        let error = read("unfollow.csv", page.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("a web page (HTML)"), "{page:?}: {error}");
    }
    // Rows that merely begin with a bracket are rows.
    assert!(!matches!(read("unfollow.csv", b"target_id,note\n<html>,a\n"), Err(JobFileError::NotText { .. })));
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
    assert_eq!(report["rejected_by_reason"]["foreign_link"], 50);
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
    assert_eq!(count("unfollow.csv"), (120, 101, 11, 8));
    assert_eq!(count("unlike.csv"), (60, 60, 0, 0));
}

#[test]
fn lines_stay_right_across_the_blocks_of_a_big_file() {
    for end in ["\n", "\r\n"] {
        let row = |n: u64| format!("{},\"a{end}b{n}\"{end}{}", 1_000 + n, if n.is_multiple_of(7) { end } else { "" });
        let text: String = std::iter::once(format!("target_id,note{end}")).chain((0..20_000).map(row)).collect();
        let (_, rows) = read("unfollow.csv", text.as_bytes()).unwrap();
        let mut line = 2;
        for (n, row) in (0_u64..).zip(&rows) {
            assert_eq!((row.0, row.1.as_ref()), (line, Ok(&format!("unfollow - {}", 1_000 + n))));
            line += if n.is_multiple_of(7) { 3 } else { 2 };
        }
        assert_eq!(rows.len(), 20_000);
    }
}

#[test]
fn readers_may_move_to_another_thread() {
    fn moves<T: Send>() {}
    moves::<Source>();
    moves::<Survey>();
    moves::<Rows>();
    moves::<JobFileError>();
}

#[test]
fn faults_are_counted_under_their_own_number() {
    for (number, fault) in Fault::ALL.into_iter().enumerate() {
        assert_eq!(fault as usize, number);
        assert!(Fault::ALL.into_iter().all(|other| other == fault || other.code() != fault.code()));
    }
}

#[test]
fn any_number_of_blank_lines_is_passed_over() {
    let text = format!("target_id\n12\n{}13\n", "\n".repeat(3 << 20));
    assert_eq!(verdicts("unfollow.csv", &text), [ok(2, "unfollow - 12"), ok(3 + (3 << 20), "unfollow - 13")]);
}
