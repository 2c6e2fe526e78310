//! A row's cells as one text for the queue: a CSV record with commas and without a line end, quoted only where it must be.

use super::text::decode;

/// Cells as one text.
pub fn stored_from_cells<S: AsRef<[u8]>>(cells: impl IntoIterator<Item = S>) -> String {
    let mut text = String::new();
    push_cells(&mut text, cells);
    text
}

/// The cells of a stored text. Whatever the text, there is an answer; there is always at least one cell.
pub fn cells_from_stored(text: &str) -> Vec<String> {
    let mut cells = Vec::new();
    let mut rest = text;
    loop {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest[..end].to_owned(), &rest[end..])
            }
        };
        cells.push(cell);
        match after.strip_prefix(',') {
            Some(next) => rest = next,
            None => return cells,
        }
    }
}

/// Replaces a text by that of a record.
pub(super) fn store_into<'a>(text: &mut String, cells: impl Iterator<Item = &'a [u8]>) {
    text.clear();
    push_cells(text, cells);
}

fn push_cells<S: AsRef<[u8]>>(text: &mut String, cells: impl IntoIterator<Item = S>) {
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        let cell = decode(cell.as_ref());
        if !cell.contains([',', '"', '\n', '\r']) {
            text.push_str(&cell);
            continue;
        }
        text.push('"');
        for (part, piece) in cell.split('"').enumerate() {
            if part > 0 {
                text.push_str("\"\"");
            }
            text.push_str(piece);
        }
        text.push('"');
    }
}

/// The cell whose opening quote has been taken, and what follows its closing quote up to the next comma.
fn unquote(text: &str) -> (String, &str) {
    let mut cell = String::new();
    let mut rest = text;
    loop {
        let Some(at) = rest.find('"') else {
            cell.push_str(rest);
            return (cell, "");
        };
        cell.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                cell.push('"');
                rest = after;
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                cell.push_str(&rest[..end]);
                return (cell, &rest[end..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn cells_come_back_as_they_were_stored(cells in proptest::collection::vec("(?s)[a,\"\r\n é=]{0,8}", 1..6)) {
            let text = stored_from_cells(&cells);
            prop_assert_eq!(cells_from_stored(&text), cells.clone());
            // It is what any CSV reader reads, apart from the one text that is a blank line to them.
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
            if !text.is_empty() {
                let record = reader.records().next().unwrap().unwrap();
                prop_assert_eq!(record.iter().collect::<Vec<_>>(), cells);
            }
        }

        #[test]
        fn any_text_is_read_without_harm(text in "(?s).{0,60}") {
            prop_assert!(!cells_from_stored(&text).is_empty());
        }
    }
}
