#![allow(clippy::unwrap_used)]

use std::io::{self, Read};

use proptest::prelude::*;

use super::*;

/// Gives one byte at a time: every boundary between blocks is tried.
struct Drops<'a>(&'a [u8]);

impl Read for Drops<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = self.0.len().min(1).min(buf.len());
        buf[..count].copy_from_slice(&self.0[..count]);
        self.0 = &self.0[count..];
        Ok(count)
    }
}

fn entries_of(from: impl Read) -> Result<Vec<String>, ArchiveFault> {
    let globals = ["window.YTD.like.part".to_owned()];
    let mut script = Script::begin(from, "data/like.js", &globals)?;
    script.open_list()?;
    let mut all = Vec::new();
    while let Some(entry) = script.next_entry()? {
        all.push(String::from_utf8_lossy(entry).into_owned());
    }
    Ok(all)
}

fn entries(text: &str) -> Result<Vec<String>, ArchiveFault> {
    entries_of(text.as_bytes())
}

#[test]
fn every_way_x_has_written_a_list() {
    for empty in ["[ ]", "[]", "[];\n", "\n[\n]\n ;  "] {
        assert_eq!(entries(&format!("window.YTD.like.part0 = {empty}")).unwrap(), [""; 0], "{empty:?}");
    }
    for text in [
        "window.YTD.like.part0 = [ {\"a\":1},\n  {\"b\":2} ]",
        "\u{feff}window.YTD.like.part12=\n[\n{\"a\":1},{\"b\":2}\n];",
        "\r\n window.YTD.like.part0\t=\r\n[{\"a\":1}\r\n,\r\n{\"b\":2}]\r\n",
    ] {
        assert_eq!(entries(text).unwrap(), ["{\"a\":1}", "{\"b\":2}"], "{text:?}");
        assert_eq!(entries_of(Drops(text.as_bytes())).unwrap().len(), 2, "{text:?}");
    }
    let strings = r#"window.YTD.like.part0 = [{"a":"}]\\\"{"},{"]":"\\"}]"#;
    assert_eq!(entries(strings).unwrap(), [r#"{"a":"}]\\\"{"}"#, r#"{"]":"\\"}"#]);
    assert_eq!(entries_of(Drops(strings.as_bytes())).unwrap().len(), 2);
}

#[test]
fn other_files_are_told_by_how_they_begin() {
    for text in
        ["", "[]", "<html>", "window.YTD.follower.part0 = []", "window.YTD.like.part = []", "YTD.like.part0 = []"]
    {
        match entries(text).unwrap_err() {
            ArchiveFault::NoScript { expected, found, .. } => {
                assert_eq!(expected, "window.YTD.like.part");
                assert!(text.starts_with(found.trim_end_matches('=').trim()) || found.is_empty(), "{found}");
            }
            other => panic!("{text:?}: {other}"),
        }
    }
    let endless = io::repeat(b' ').take(1 << 20);
    assert!(matches!(entries_of(endless), Err(ArchiveFault::NoScript { .. })));
}

#[test]
fn a_cut_list_is_told_from_a_bad_one() {
    let whole = "window.YTD.like.part0 = [{\"a\":\"x\"},{\"b\":[1]}]";
    let begin = whole.find('[').unwrap();
    for end in begin + 1..whole.len() {
        assert!(matches!(entries(&whole[..end]), Err(ArchiveFault::CutScript { .. })), "{end}");
    }
    for (bad, number) in [("5", 1), ("{}", 1), ("[5]", 1), ("[{} {}]", 2), ("[{},]", 2), ("[{}] x", 2), ("[{}];;", 2)] {
        match entries(&format!("window.YTD.like.part0 = {bad}")).unwrap_err() {
            ArchiveFault::BadEntry { entry, .. } => assert_eq!(entry, number, "{bad}"),
            other => panic!("{bad}: {other}"),
        }
    }
}

#[test]
fn depth_and_length_end_at_their_limits() {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        entries(&format!("window.YTD.like.part0 = [{{\"a\":{open}{close}}}]"))
    };
    assert!(nested(MAX_JSON_DEPTH - 2).is_ok());
    assert!(matches!(nested(MAX_JSON_DEPTH - 1), Err(ArchiveFault::TooDeep { entry: 1, .. })));
    assert!(matches!(nested(1_000_000), Err(ArchiveFault::TooDeep { .. })));
    let long = format!("window.YTD.like.part0 = [{{\"a\":\"{}\"}}]", "x".repeat(MAX_ENTRY_BYTES));
    assert!(matches!(entries(&long), Err(ArchiveFault::TooLong { entry: 1, .. })));
    let endless = "window.YTD.like.part0 = [{\"a\":\"".as_bytes().chain(io::repeat(b'x'));
    assert!(matches!(entries_of(endless), Err(ArchiveFault::TooLong { .. })));
}

proptest! {
    /// Whatever JSON a list holds, the entries that come out are those that went in.
    #[test]
    fn entries_come_out_as_they_went_in(texts in proptest::collection::vec(".{0,30}", 0..5), semicolon: bool) {
        let values: Vec<serde_json::Value> =
            texts.iter().map(|text| serde_json::json!({ "t": text, "d": [[{ text: [] }]] })).collect();
        let mut script = format!("window.YTD.like.part0 = {}", serde_json::to_string_pretty(&values).unwrap());
        if semicolon {
            script.push_str(";\n");
        }
        let read: Vec<serde_json::Value> =
            entries(&script).unwrap().iter().map(|entry| serde_json::from_str(entry).unwrap()).collect();
        prop_assert_eq!(&read, &values);
        prop_assert_eq!(entries_of(Drops(script.as_bytes())).unwrap().len(), values.len());
    }
}
