//! Keep lists: what must never be touched.
//!
//! In: a file of IDs, `@handles` and links, one a line or a CSV with a header. Out: a set. A line that cannot be read is an
//! error, never passed over: the user counts on it.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::cell::{self, Named};
use super::cut::{RowShape, RowsBefore};
use super::damage::{Forms, LENGTHS, SHAPES, Tally};
use super::decode::{feed_error, text_of};
use super::header::{Header, ReadOptions, is_known, is_link_column};
use super::records::Records;
use super::text::{decode, is_blank, shown};
use super::{Fault, JobFileError, MAX_KEEP_ENTRIES, Source};
use crate::domain::{Handle, Target, TargetId, TargetKey};

/// The keys that a text is, of whatever platforms: two where it is written alike on two of them. None where it might be anything else.
pub type ReadKeys = fn(&str) -> Vec<Target>;

/// What is looked at of a line that begins with `#`: no tag is longer.
const MAX_TAG_LINE: usize = 1_024;

/// The targets to be spared, of any kind: an ID spares the user and the post of that number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeepList {
    ids: HashSet<TargetId>,
    handles: HashSet<Handle>,
    keys: HashSet<TargetKey>,
}

impl KeepList {
    /// Whether a target is on the list. An ID and a handle of the same user are not known to be the same here: see
    /// [`KeepList::names`].
    pub fn contains(&self, target: &Target) -> bool {
        match target {
            Target::Id(id) => self.ids.contains(id),
            Target::Handle(handle) => self.handles.contains(handle),
            Target::Key(key) => self.keys.contains(key),
        }
    }

    /// Whether the list names a user or post by its ID or key, or by any of the handles it is known by: a post's is its author's.
    pub fn names(&self, target: &Target, handles: &[Handle]) -> bool {
        self.contains(target) || handles.iter().any(|handle| self.handles.contains(handle))
    }

    /// Whether the list names it for certain: by its ID or key, or by all of its handles. Two handles that differ are two users.
    pub fn names_for_certain(&self, target: &Target, handles: &[Handle]) -> bool {
        let all = !handles.is_empty() && handles.iter().all(|handle| self.handles.contains(handle));
        all || !matches!(target, Target::Handle(_)) && self.contains(target)
    }

    /// Adds a target.
    pub fn insert(&mut self, target: Target) {
        match target {
            Target::Id(id) => self.ids.insert(id),
            Target::Handle(handle) => self.handles.insert(handle),
            Target::Key(key) => self.keys.insert(key),
        };
    }

    /// Adds all of another list.
    pub fn extend(&mut self, other: KeepList) {
        self.ids.extend(other.ids);
        self.handles.extend(other.handles);
        self.keys.extend(other.keys);
    }

    /// Every target on it, in no order.
    pub fn targets(&self) -> impl Iterator<Item = Target> {
        let ids = self.ids.iter().copied().map(Target::Id);
        let handles = self.handles.iter().cloned().map(Target::Handle);
        ids.chain(handles).chain(self.keys.iter().cloned().map(Target::Key))
    }

    /// Every name on it of which a platform may be asked what it means, in no order.
    pub fn named_targets(&self) -> impl Iterator<Item = Target> {
        let keys = self.keys.iter().cloned().map(Target::Key).filter(Target::is_name);
        self.handles.iter().cloned().map(Target::Handle).chain(keys)
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
        self.ids.len() + self.handles.len() + self.keys.len()
    }

    /// Whether it spares nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads a keep list. Lines that begin with `#` are comments, unless what they begin with is a key, as tags are; ` # ...` after an entry is
/// one too. `keys` says which texts are keys, whatever platform they are of.
///
/// # Errors
/// The file cannot be read, a line names no target, an ID may have been rounded by a spreadsheet, or there are more than
/// [`MAX_KEEP_ENTRIES`]. An empty file is an empty list.
pub fn read(path: &Path, keys: ReadKeys) -> Result<KeepList, JobFileError> {
    read_source(&Source::open(path)?, keys)
}

/// Reads a keep list that its sender knows by another name than that of its path.
///
/// # Errors
/// See [`read`].
pub fn read_called(path: &Path, name: &str, keys: ReadKeys) -> Result<KeepList, JobFileError> {
    read_source(&Source::open(path)?.called(name), keys)
}

/// Reads a keep list from an open source.
///
/// # Errors
/// See [`read`].
pub fn read_source(source: &Source, keys: ReadKeys) -> Result<KeepList, JobFileError> {
    let options = ReadOptions::default();
    let mut records = Records::open(source, |name| is_known(name, &options), Some(b'#'))?;
    let mut reader = Reader::new(keys);
    let mut is_first = true;
    while records.advance()? {
        let blank = records.record().iter().all(|cell| decode(cell).chars().all(is_blank));
        if blank || is_comment(records.record().get(0).unwrap_or_default(), keys) {
            continue;
        }
        if std::mem::take(&mut is_first) && reader.takes_header(&records, &options)? {
            continue;
        }
        reader.take(&records)?;
    }
    let mut list = reader.finish(records.path())?;
    add_tags(source, (records.delimiter(), keys), &mut list)?;
    Ok(list)
}

/// Adds the keys that the parser of records has passed over as comments: of lines that begin with `#`, and with a key. Where such a line
/// stands inside quotes, one more is kept than was meant, and none fewer.
fn add_tags(source: &Source, (delimiter, keys): (u8, ReadKeys), list: &mut KeepList) -> Result<(), JobFileError> {
    let mut add = |line: &[u8]| {
        let first = line.split(|byte| *byte == delimiter).next().unwrap_or_default();
        keys_of(entry_of(&decode(first)), keys).into_iter().for_each(|key| list.insert(key));
        if list.len() <= MAX_KEEP_ENTRIES {
            return Ok(());
        }
        Err(JobFileError::KeepTooLong { path: source.name().to_owned(), max_entries: MAX_KEEP_ENTRIES })
    };
    let mut text = BufReader::new(text_of(source));
    let mut line: Vec<u8> = Vec::new();
    loop {
        let block = text.fill_buf().map_err(|error| feed_error(error, source.name(), 1))?;
        for byte in block {
            if matches!(byte, b'\n' | b'\r') {
                if line.first() == Some(&b'#') {
                    add(&line)?;
                }
                line.clear();
            } else if line.is_empty() || line[0] == b'#' && line.len() < MAX_TAG_LINE {
                line.push(*byte);
            }
        }
        let read = block.len();
        if read == 0 {
            return if line.first() == Some(&b'#') { add(&line) } else { Ok(()) };
        }
        text.consume(read);
    }
}

struct Reader {
    list: KeepList,
    keys: ReadKeys,
    /// The columns with IDs, or with what else the file names its targets by.
    targets: Vec<usize>,
    /// The columns with user names.
    names: Vec<usize>,
    /// The columns of links, which may name an ID beside a name.
    links: Vec<usize>,
    /// The ID of the line that is being read, and its column.
    id: Option<(usize, TargetId)>,
    /// How many columns the header has; none: there is no header.
    columns: usize,
    /// What the lines have that come before the last one.
    before: RowsBefore,
    /// A name beside an ID is the post's author's.
    is_of_posts: bool,
    tally: Tally,
    lines: u64,
    /// The first ID of each length and set of forms.
    suspects: [[Option<(u64, TargetId)>; SHAPES]; LENGTHS],
}

impl Reader {
    /// Of a file without a header: its first column names the targets.
    fn new(keys: ReadKeys) -> Reader {
        Reader {
            keys,
            targets: vec![0],
            list: KeepList::default(),
            names: Vec::new(),
            links: Vec::new(),
            id: None,
            columns: 0,
            before: RowsBefore::default(),
            is_of_posts: false,
            tally: Tally::default(),
            lines: 0,
            suspects: Default::default(),
        }
    }

    /// Whether the first record is a header; then it decides about the columns.
    fn takes_header(&mut self, records: &Records, options: &ReadOptions) -> Result<bool, JobFileError> {
        let cells: Vec<String> = records.record().iter().map(|cell| decode(cell).into_owned()).collect();
        if cells.len() == 1 && !is_known(&cells[0], options) && !is_link_column(&cells[0]) {
            return Ok(false);
        }
        let header = Header::read(records.path(), cells, options)?;
        let (targets, names) = (header.any_targets(), header.name_columns());
        if targets.is_empty() && names.is_empty() && header.link_columns().next().is_none() {
            return Err(JobFileError::NoTargetColumn { path: records.path().to_owned(), columns: header.names });
        }
        self.is_of_posts = header.is_of_posts();
        self.columns = header.names.len();
        // A link is a target by itself only where there is neither a column of IDs nor one of names.
        self.links = header.link_columns().filter(|index| !names.is_empty() || !targets.contains(index)).collect();
        self.targets =
            targets.into_iter().filter(|index| !names.contains(index) && !self.links.contains(index)).collect();
        self.names = names;
        Ok(true)
    }

    /// All that a line names is kept. What cannot be read, a name or a link, is passed over only beside an ID or a name.
    fn take(&mut self, records: &Records) -> Result<(), JobFileError> {
        (self.lines, self.id) = (self.lines + 1, None);
        let mut is_named = false;
        for column in self.targets.clone() {
            is_named |= self.take_cell(records, column, false)?;
        }
        for column in self.links.clone() {
            is_named |= self.take_link(records, column);
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
            for column in self.links.clone() {
                is_named |= self.take_cell(records, column, false)?;
            }
        }
        if !is_named {
            return Err(unreadable(records.path(), records.line(), "", Fault::EmptyTarget));
        }
        self.refuse_cut(records)?;
        if self.list.len() > MAX_KEEP_ENTRIES {
            let path = records.path().to_owned();
            return Err(JobFileError::KeepTooLong { path, max_entries: MAX_KEEP_ENTRIES });
        }
        Ok(())
    }

    /// The end of an ID that was cut off would leave the one that was meant unprotected.
    fn refuse_cut(&mut self, records: &Records) -> Result<(), JobFileError> {
        let cells = records.record().len();
        let last = records.record().iter().next_back().unwrap_or_default();
        let shape = RowShape {
            id: self.id.map(|(_, id)| id),
            kind: None,
            // With a remark after it, it is whole.
            ends_in_id: self.id.is_some_and(|(column, _)| column + 1 == cells) && !last.contains(&b'#'),
            lacks_cells: cells < self.columns,
        };
        if self.before.say_cut(shape, records.cut_byte()) {
            let text = decode(last);
            return Err(unreadable(records.path(), records.line(), &text, Fault::CutOff));
        }
        self.before.add(shape);
        Ok(())
    }

    /// Takes what a link names beside an ID or a name; false where it is none of X's, for people have pages elsewhere.
    fn take_link(&mut self, records: &Records, column: usize) -> bool {
        match cell::read(records.record().get(column).unwrap_or_default(), None, false) {
            Ok(Named::LinkedId(id)) => {
                self.id = Some((column, id));
                self.list.insert(Target::Id(id));
                true
            }
            Ok(Named::Handle(handle)) if !self.is_of_posts => {
                self.list.insert(Target::Handle(handle));
                true
            }
            _ => false,
        }
    }

    /// Takes what a cell names; false where it is empty.
    fn take_cell(&mut self, records: &Records, column: usize, handles: bool) -> Result<bool, JobFileError> {
        let cell = decode(records.record().get(column).unwrap_or_default());
        let text = entry_of(&cell);
        let found = keys_of(text, self.keys);
        if !found.is_empty() {
            found.into_iter().for_each(|key| self.list.insert(key));
            return Ok(true);
        }
        let id = match cell::read(text.as_bytes(), None, handles) {
            Ok(Named::Digits(id)) => {
                if let Some((length, forms)) = self.tally.count(id).filter(|(_, forms)| !forms.is_empty()) {
                    self.suspects[length][forms.shape()].get_or_insert((records.line(), id));
                }
                id
            }
            Ok(Named::LinkedId(id)) => id,
            Ok(Named::Handle(handle)) => {
                self.list.insert(Target::Handle(handle));
                return Ok(true);
            }
            Err(Fault::EmptyTarget) => return Ok(false),
            Err(fault) => return Err(unreadable(records.path(), records.line(), text, fault)),
        };
        self.id = Some((column, id));
        self.list.insert(Target::Id(id));
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

/// A cell without the remark after its entry.
fn entry_of(cell: &str) -> &str {
    let cell = cell.trim_start_matches(is_blank);
    cell.split_once(" #").map_or(cell, |(entry, _)| entry)
}

/// The keys that an entry is. A number that a spreadsheet has rewritten has a dot as hosts have.
fn keys_of(entry: &str, keys: ReadKeys) -> Vec<Target> {
    let bare = cell::bare(entry);
    if cell::is_scientific(bare) { Vec::new() } else { keys(bare) }
}

/// A tag begins as a comment does.
fn is_comment(cell: &[u8], keys: ReadKeys) -> bool {
    let cell = decode(cell);
    let entry = entry_of(&cell);
    entry.starts_with('#') && keys_of(entry, keys).is_empty()
}

/// A list is for accounts of every platform: it is not said what one of them would want.
fn unreadable(path: &str, line: u64, text: &str, fault: Fault) -> JobFileError {
    let why = match fault {
        Fault::EmptyTarget => "it names nobody: write an ID, an @handle or a link, or remove the line".to_owned(),
        Fault::NotAnId | Fault::NotAHandle | Fault::IdTooLong | Fault::ForeignLink | Fault::NotATargetLink => {
            "neither an ID nor a name nor a link that can be read: write an ID as `cleanup list` gives it, a name with its @ (@ada, \
             @ada@example.org, @ada.bsky.social), a tag with its # (#rust), the name of a server (example.social), or a link to the page of \
             a user, a post or a list"
                .to_owned()
        }
        _ => fault.message(None),
    };
    JobFileError::KeepLine { path: path.to_owned(), line, text: shown(text), why }
}

#[cfg(test)]
#[path = "keep_list_tests.rs"]
mod tests;
