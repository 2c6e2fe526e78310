//! Keep lists: what must never be touched.
//!
//! In: a file of IDs, `@handles` and links, one a line or a CSV with a header. Out: a set. A line that cannot be read is an
//! error, never passed over: the user counts on it.

use std::collections::HashSet;
use std::path::Path;

use super::cell::{self, Named};
use super::damage::{Forms, LENGTHS, SHAPES, Tally};
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

    /// Whether the list names a user or post by its ID, or by any of the handles it is known by: a post's is its author's.
    pub fn names(&self, id: Option<TargetId>, handles: &[Handle]) -> bool {
        self.has_id(id) || handles.iter().any(|handle| self.handles.contains(handle))
    }

    /// Whether the list names it for certain: by its ID, or by all of its handles. Two handles that differ are two users.
    pub fn names_for_certain(&self, id: Option<TargetId>, handles: &[Handle]) -> bool {
        let all = !handles.is_empty() && handles.iter().all(|handle| self.handles.contains(handle));
        self.has_id(id) || all
    }

    fn has_id(&self, id: Option<TargetId>) -> bool {
        id.is_some_and(|id| self.ids.contains(&id))
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

/// Reads a keep list that its sender knows by another name than that of its path.
///
/// # Errors
/// See [`read`].
pub fn read_called(path: &Path, name: &str) -> Result<KeepList, JobFileError> {
    read_source(&Source::open(path)?.called(name))
}

/// Reads a keep list from an open source.
///
/// # Errors
/// See [`read`].
pub fn read_source(source: &Source) -> Result<KeepList, JobFileError> {
    let options = ReadOptions::default();
    let mut records = Records::open(source, |name| is_known(name, &options), Some(b'#'))?;
    let mut reader = Reader { targets: vec![0], ..Reader::default() };
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
    /// The columns with IDs, or with what else the file names its targets by.
    targets: Vec<usize>,
    /// The columns with user names.
    names: Vec<usize>,
    /// A name beside an ID is the post's author's.
    is_of_posts: bool,
    tally: Tally,
    lines: u64,
    /// The first ID of each length and set of forms.
    suspects: [[Option<(u64, TargetId)>; SHAPES]; LENGTHS],
}

impl Reader {
    /// Whether the first record is a header; then it decides about the columns.
    fn takes_header(&mut self, records: &Records, options: &ReadOptions) -> Result<bool, JobFileError> {
        let cells: Vec<String> = records.record().iter().map(|cell| decode(cell).into_owned()).collect();
        if cells.len() == 1 && !is_known(&cells[0], options) {
            return Ok(false);
        }
        let header = Header::read(records.path(), cells, options)?;
        let (targets, names) = (header.any_targets(), header.name_columns());
        if targets.is_empty() && names.is_empty() {
            return Err(JobFileError::NoTargetColumn { path: records.path().to_owned(), columns: header.names });
        }
        self.is_of_posts = header.is_of_posts();
        self.targets = targets.into_iter().filter(|index| !names.contains(index)).collect();
        self.names = names;
        Ok(true)
    }

    /// All that a line names is kept. A name that cannot be read is passed over only beside an ID.
    fn take(&mut self, records: &Records) -> Result<(), JobFileError> {
        let mut is_named = false;
        self.lines += 1;
        for column in self.targets.clone() {
            is_named |= self.take_cell(records, column, false)?;
        }
        let has_id = is_named;
        for column in self.names.clone() {
            if has_id && self.is_of_posts {
                break;
            }
            match self.take_cell(records, column, true) {
                Ok(named) => is_named |= named,
                Err(_) if has_id => {}
                Err(error) => return Err(error),
            }
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

    /// Takes what a cell names; false where it is empty.
    fn take_cell(&mut self, records: &Records, column: usize, handles: bool) -> Result<bool, JobFileError> {
        let text = decode(records.record().get(column).unwrap_or_default());
        let text = text.split_once(" #").map_or(&*text, |(entry, _)| entry);
        match cell::read(text.as_bytes(), None, handles) {
            Ok(Named::Digits(id)) => {
                if let Some((length, forms)) = self.tally.count(id).filter(|(_, forms)| !forms.is_empty()) {
                    self.suspects[length][forms.shape()].get_or_insert((records.line(), id));
                }
                self.list.ids.insert(id);
            }
            Ok(Named::LinkedId(id)) => {
                self.list.ids.insert(id);
            }
            Ok(Named::Handle(handle)) => {
                self.list.handles.insert(handle);
            }
            Err(Fault::EmptyTarget) => return Ok(false),
            Err(fault) => return Err(unreadable(records.path(), records.line(), text, fault)),
        }
        Ok(true)
    }

    /// A rounded ID would leave the one that was meant unprotected.
    fn finish(self, path: &str) -> Result<KeepList, JobFileError> {
        let suspicion = self.tally.suspicion(self.lines);
        let mut damaged = Vec::new();
        for (length, suspects) in self.suspects.iter().enumerate() {
            for (shape, suspect) in suspects.iter().enumerate() {
                let form = suspicion.of_forms(length, Forms::numbered(shape));
                damaged.extend(suspect.zip(form));
            }
        }
        match damaged.into_iter().min_by_key(|((line, _), _)| *line) {
            Some(((line, id), form)) => {
                Err(JobFileError::KeepDamaged { path: path.to_owned(), line, text: id.to_string(), form })
            }
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
        for header in ["id_str,screen_name", "User ID,Username", "accountId,screen_name"] {
            let found = list(&format!("{header}\n12,zed\n")).unwrap();
            assert!(has(&found, "12") && has(&found, "@zed"), "{header}");
        }
        let list = list("name;user_id;screen_name\nA;12;one\nB;;two\n").unwrap();
        assert!(has(&list, "12") && has(&list, "@one") && has(&list, "@two"));
        assert_eq!(list.len(), 3);
    }

    #[test]
    fn names_in_a_csv_are_kept_beside_ids() {
        for column in ["screen_name", "Username", "HANDLE"] {
            for text in [
                format!("{column}\nada\n@Bob # a friend\nhttps://x.com/cid\n"),
                format!("target_id,{column}\n12,ada\n13,@bob\n,cid\n"),
                format!("{column};name;id\nada;A;12\nbob;B;13\nx.com/cid;C;\n"),
            ] {
                let list = list(&text).unwrap();
                assert!(["@ada", "@bob", "@cid"].iter().all(|name| has(&list, name)), "{text}");
                assert_eq!(list.ids().len(), if text.contains("12") { 2 } else { 0 }, "{text}");
            }
        }
        // What stands in a name's column beside an ID need not be a name; alone it must be one.
        let list = list("id,username\n12,not a name\n").unwrap();
        assert_eq!((list.ids().len(), list.handles().len()), (1, 0));
        assert!(super::tests::list("id,username\n12,ada\n,not a name\n").is_err());
    }

    #[test]
    fn a_kept_post_does_not_keep_all_of_its_authors() {
        for header in ["tweet_id,screen_name", "target_id,handle,likes", "id,username,is_repost"] {
            let list = list(&format!("{header}\n12,ada,1\n,bob,0\n")).unwrap();
            assert!(has(&list, "12") && has(&list, "@bob") && !has(&list, "@ada"), "{header}");
        }
    }

    #[test]
    fn nothing_is_passed_over() {
        for (text, line) in [
            ("12\njack\n", 2),
            ("12\n1.2E+18\n", 2),
            ("1234567890123450000\n", 1),
            ("12\n1629556410996121344\n1629556410996133632\n", 2),
            ("12\n\n1629556410996121300\n1629556410996133600\n", 3),
        ] {
            match list(text).unwrap_err() {
                JobFileError::KeepLine { line: at, .. } => assert_eq!(at, line, "{text}"),
                error @ JobFileError::KeepDamaged { line: at, .. } => {
                    assert_eq!(at, line, "{text}");
                    assert!(error.hint().contains("as text") && error.to_string().contains("somebody else"), "{error}");
                }
                other => panic!("{other}"),
            }
        }
        assert!(list("1629556410996121344\n").is_ok(), "one alone is chance");
        assert!(matches!(list("name,age\nA,7\n"), Err(JobFileError::NoTargetColumn { .. })));
    }
}
