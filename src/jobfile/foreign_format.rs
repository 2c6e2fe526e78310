//! What people hand over in place of a CSV, by its first bytes or the begin of its text: what it is, and what to do. Pure.

/// A web page by how its text begins: what it is, and what to do. Worklists are pages, and what is loaded is what they save.
pub(super) fn web_page(text: &[u8]) -> Option<(&'static str, &'static str)> {
    const WORKLIST_TITLE: &[u8] = b"<title>cleanup worklist:";
    let text = text.trim_ascii_start();
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word));
    if !begins(b"<!doctype html") && !begins(b"<html") {
        return None;
    }
    Some(if text.windows(WORKLIST_TITLE.len()).any(|part| part == WORKLIST_TITLE) {
        (
            "this is the page of a worklist (HTML), not the ticks that it saves",
            "open it in a browser, choose Save the ticks, and give `cleanup load` the CSV file that it saves",
        )
    } else {
        (
            "this is a web page (HTML): a CSV is needed",
            "save the list itself as CSV in UTF-8, not the page that shows it",
        )
    })
}

/// A file of an archive or other JSON by how its text begins. No header and no target begins so.
pub(super) fn script_or_json(text: &[u8]) -> Option<(&'static str, &'static str)> {
    let text = text.trim_ascii_start();
    if text.starts_with(b"window.") || text.starts_with(b"Grailbird.") {
        return Some((
            "this is a file of an X data archive (JavaScript), not a CSV",
            "make a list of it: `cleanup import ARCHIVE --what likes -o unlike.csv`, with the zip that X sent or the folder unpacked from it",
        ));
    }
    (text.starts_with(b"{") || text.starts_with(b"[")).then_some((
        "this is JSON, not a CSV",
        "write its IDs (id_str, not id) one a line; lists of an X data archive: `cleanup import ARCHIVE --what likes -o unlike.csv`",
    ))
}

/// Formats people hand over by mistake, by their first bytes: what it is, and what to do.
pub(super) fn foreign_format(magic: &[u8]) -> Option<(&'static str, &'static str)> {
    let zip = "a spreadsheet: choose Save as, CSV UTF-8, with the IDs formatted as text; an X data archive: `cleanup import ARCHIVE --what \
               likes -o unlike.csv`";
    let excel = "in the spreadsheet choose Save as, CSV UTF-8, with the IDs formatted as text";
    match magic {
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => {
            Some(("this is an Excel workbook or another zip archive: save it as CSV", zip))
        }
        [0xd0, 0xcf, 0x11, 0xe0, ..] => Some(("this is an old Excel workbook: save it as CSV", excel)),
        [0x1f, 0x8b, ..] => {
            Some(("this is gzip: unpack it first", "gunzip it, or gunzip -c FILE | cleanup run - --job NAME"))
        }
        [_, 0xa2, b'e', b'r', b'o', b'o', ..] => Some((
            "this is the CAR file of a Bluesky account: a list in it has to be named",
            "`cleanup import FILE --what following -o unfollow.csv` writes one of its lists as a CSV",
        )),
        [b'%', b'P', b'D', b'F', ..] => Some(("this is a PDF: a CSV is needed", "export the list as CSV")),
        [b'S', b'Q', b'L', b'i', b't', b'e', ..] => {
            Some(("this is a SQLite database: a CSV is needed", "export the table as CSV; a queue is given with --db"))
        }
        _ => None,
    }
}
