//! Records that are too long: noticed before they fill the memory, and nothing else is taken for one.

use super::*;
use crate::jobfile::decode::BLOCK_BYTES;
use crate::jobfile::records::Records;

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

/// Inside quotes a line end is text like any other, wherever the parser's blocks end.
#[test]
fn line_ends_in_quotes_are_noticed_before_they_fill_the_memory() {
    let filling = MAX_RECORD_BYTES + 8 * BLOCK_BYTES;
    for (line_end, closing) in [("\n", ""), ("\n", "\"\n"), ("\r\n", "\"\r\n"), ("\r", "\"\r")] {
        for before in [14, BLOCK_BYTES - 2, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1] {
            let note = "x".repeat(before - 14);
            let text = format!("target_id,{note}{line_end}12,\"{}{closing}", line_end.repeat(filling / line_end.len()));
            let (_folder, source) = named("unfollow.csv", text.as_bytes());
            let mut records = Records::open(&source, |_| false, None).unwrap();
            assert!(records.advance().unwrap());
            let what = format!("{line_end:?} {closing:?} {before}");
            match records.advance() {
                Err(JobFileError::RecordTooLong { line, .. }) => assert_eq!(line, 2, "{what}"),
                other => panic!("{what}: {other:?}"),
            }
            let read = usize::try_from(records.delivered()).unwrap();
            assert!(read <= before + MAX_RECORD_BYTES + 3 * BLOCK_BYTES, "{what}: {read} bytes were read");
        }
    }
}

#[test]
fn blank_lines_and_comments_are_no_record_and_may_take_any_room() {
    for line_end in ["\n", "\r\n"] {
        let blank = line_end.repeat((2 * MAX_RECORD_BYTES) / line_end.len());
        let text = format!("target_id,note{line_end}{blank}12,a{line_end}{blank}13,\"b{line_end}\"{line_end}{blank}");
        let (survey, rows) = read("unfollow.csv", text.as_bytes()).unwrap();
        let first = 2 + blank.matches('\n').count() as u64;
        assert_eq!((survey.usable, rows[0].0), (2, first), "{line_end:?}");

        let comment = format!("# never touch these: \"friends\" # and the like{line_end}");
        let comments = comment.repeat(2 * MAX_RECORD_BYTES / comment.len());
        let text = format!("{comments}{blank}12{line_end}{comments}13{line_end}{comments}");
        let (_folder, source) = named("keep.csv", text.as_bytes());
        assert_eq!(keep_list::read_source(&source, |_| Vec::new()).unwrap().len(), 2, "{line_end:?}");
    }
}
