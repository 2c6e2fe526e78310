//! Keep lists: what must never be touched.
//!
//! In: a file of IDs, `@handles` and links, one a line or a CSV with a header. Out: a set. A line that cannot be read is an
//! error, never passed over: the user counts on it.

use std::collections::HashSet;
use std::path::Path;

use super::cell::{self, Named};
use super::damage::{self, Tally};
use super::header::{Header, ReadOptions, is_known};
use super::records::Records;
use super::text::{decode, is_blank, shown};
use super::{Fault, JobFileError, MAX_KEEP_ENTRIES, Source};
use crate::domain::{Handle, Target, TargetId};

/// The targets to be spared, of any kind: an ID spares the user and the post of that number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeepList {
    ids: HashSet<TargetId>,
    handles: HashSet<Handle>,
}

impl KeepList {
    /// Whether a target is on the list. An ID and a handle of the same user are not known to be the same here: see
    /// [`KeepList::names`].
    pub fn contains(&self, target: &Target) -> bool {
        match target {
            Target::Id(id) => self.ids.contains(id),
            Target::Handle(handle) => self.handles.contains(handle),
        }
    }

    /// Whether the list names a user or post by its ID, or by the handle it is known by: a post's is its author's.
    pub fn names(&self, id: Option<TargetId>, handle: Option<&Handle>) -> bool {
        id.is_some_and(|id| self.ids.contains(&id)) || handle.is_some_and(|handle| self.handles.contains(handle))
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: KeepList) {
        self.ids.extend(other.ids);
        self.handles.extend(other.handles);
    }

    /// The IDs.
    pub fn ids(&self) -> &HashSet<TargetId> {
        &self.ids
    }

    /// The handles. They spare nothing where only IDs are known, so whoever uses the list should say so.
    pub fn handles(&self) -> &HashSet<Handle> {
        &self.handles
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.ids.len() + self.handles.len()
    }

    /// Whether it spares nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads a keep list. Lines that begin with `#` are comments, and so is ` # ...` after an entry.
///
/// # Errors
/// The file cannot be read, a line names no target, an ID may have been rounded by a spreadsheet, or there are more than
/// [`MAX_KEEP_ENTRIES`]. An empty file is an empty list.
pub fn read(path: &Path) -> Result<KeepList, JobFileError> {
    read_source(&Source::open(path)?)
}

/// Reads a keep list from an open source.
///
/// # Errors
/// See [`read`].
pub fn read_source(source: &Source) -> Result<KeepList, JobFileError> {
    let options = ReadOptions::default();
    let mut records = Records::open(source, |name| is_known(name, &options), Some(b'#'))?;
    let mut reader = Reader { columns: vec![(0, false)], ..Reader::default() };
    let mut is_first = true;
    while records.advance()? {
        let blank = records.record().iter().all(|cell| decode(cell).chars().all(is_blank));
        if blank || is_comment(records.record().get(0).unwrap_or_default()) {
            continue;
        }
        if std::mem::take(&mut is_first) && reader.takes_header(&records, &options)? {
            continue;
        }
        reader.take(&records)?;
    }
    reader.finish(records.path())
}

#[derive(Default)]
struct Reader {
    list: KeepList,
    /// The columns with targets, and whether bare words in them are handles.
    columns: Vec<(usize, bool)>,
    tally: Tally,
    /// The first ID of each length that ends in zeros.
    suspects: [Option<(u64, TargetId)>; damage::JUDGED],
}

impl Reader {
    /// Whether the first record is a header; then it decides about the columns.
    fn takes_header(&mut self, records: &Records, options: &ReadOptions) -> Result<bool, JobFileError> {
        let cells: Vec<String> = records.record().iter().map(|cell| decode(cell).into_owned()).collect();
        if cells.len() == 1 && !is_known(&cells[0], options) {
            return Ok(false);
        }
        let header = Header::read(records.path(), cells, options)?;
        self.columns = header.any_targets().into_iter().map(|index| (index, header.has_handles(index))).collect();
        if self.columns.is_empty() {
            return Err(JobFileError::NoTargetColumn { path: records.path().to_owned(), columns: header.names });
        }
        Ok(true)
    }

    fn take(&mut self, records: &Records) -> Result<(), JobFileError> {
        let mut is_named = false;
        for (column, handles) in &self.columns {
            let text = decode(records.record().get(*column).unwrap_or_default());
            let text = text.split_once(" #").map_or(&*text, |(entry, _)| entry);
            match cell::read(text.as_bytes(), None, *handles) {
                Ok(Named::Digits(id)) => {
                    if self.tally.count(id)
                        && let Some(index) = damage::index(id.digits())
                    {
                        self.suspects[index].get_or_insert((records.line(), id));
                    }
                    self.list.ids.insert(id);
                }
                Ok(Named::LinkedId(id)) => {
                    self.list.ids.insert(id);
                }
                Ok(Named::Handle(handle)) => {
                    self.list.handles.insert(handle);
                }
                Err(Fault::EmptyTarget) => continue,
                Err(fault) => return Err(unreadable(records.path(), records.line(), text, fault)),
            }
            is_named = true;
        }
        if !is_named {
            return Err(unreadable(records.path(), records.line(), "", Fault::EmptyTarget));
        }
        if self.list.len() > MAX_KEEP_ENTRIES {
            let path = records.path().to_owned();
            return Err(JobFileError::KeepTooLong { path, max_entries: MAX_KEEP_ENTRIES });
        }
        Ok(())
    }

    /// A rounded ID would leave the one that was meant unprotected.
    fn finish(self, path: &str) -> Result<KeepList, JobFileError> {
        let verdict = self.tally.verdict();
        match self.suspects.iter().flatten().find(|(_, id)| verdict.rejects(*id)) {
            Some((line, id)) => Err(unreadable(path, *line, &id.to_string(), Fault::RoundedZeros)),
            None => Ok(self.list),
        }
    }
}

fn is_comment(cell: &[u8]) -> bool {
    decode(cell).trim_start_matches(is_blank).starts_with('#')
}

fn unreadable(path: &str, line: u64, text: &str, fault: Fault) -> JobFileError {
    JobFileError::KeepLine { path: path.to_owned(), line, text: shown(text), why: fault.message(None) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn list(text: &str) -> Result<KeepList, JobFileError> {
        read_source(&Source::spool("keep.txt", text.as_bytes()).unwrap())
    }

    fn has(list: &KeepList, target: &str) -> bool {
        list.contains(&target.parse().unwrap())
    }

    #[test]
    fn ids_handles_links_and_comments() {
        let list =
            list("# friends\n12\n@Example  \n\n  # \"more\nx.com/i/user/13 # the old one\nx.com/other\n14\n").unwrap();
        for target in ["12", "13", "14", "@example", "@other"] {
            assert!(has(&list, target), "{target}");
        }
        assert_eq!(list.len(), 5);
        assert!(super::tests::list("").unwrap().is_empty() && super::tests::list("# nobody\n").unwrap().is_empty());
    }

    #[test]
    fn a_csv_is_read_by_its_header() {
        let list = list("name;user_id;screen_name\nA;12;one\nB;;two\n").unwrap();
        assert!(has(&list, "12") && has(&list, "@one") && has(&list, "@two"));
        assert_eq!(list.len(), 3);
    }

    #[test]
    fn nothing_is_passed_over() {
        for (text, line) in [("12\njack\n", 2), ("12\n1.2E+18\n", 2), ("1234567890123450000\n", 1)] {
            match list(text).unwrap_err() {
                JobFileError::KeepLine { line: at, .. } => assert_eq!(at, line, "{text}"),
                other => panic!("{other}"),
            }
        }
        assert!(matches!(list("name,age\nA,7\n"), Err(JobFileError::NoTargetColumn { .. })));
    }
}
