//! The folder of saved lists beside the queue: for each a file of what is known of it, its rows, and which of them are ticked out.
//!
//! Every file appears whole, under its name, or not at all. The folder is the process's own (mode 0700).

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::info::SavedListInfo;
use crate::error::{CommandError, ErrorKind};
use crate::store::{DurableFile, make_own_folder};

/// Mode of every file: lists hold names.
const MODE: u32 = 0o600;
/// What belongs to a list, by the end of its name.
const PARTS: [&str; 5] = ["json", "csv", "out", "keep", "only"];

/// The saved lists of a queue.
#[derive(Clone, Debug)]
pub struct ListShelf {
    folder: PathBuf,
}

impl ListShelf {
    /// Those beside a queue.
    pub fn beside(queue: &Path) -> ListShelf {
        ListShelf { folder: queue.parent().unwrap_or(Path::new(".")).join("lists") }
    }

    /// Every list there is, the newest first. What cannot be read is none.
    pub fn all(&self) -> Vec<(u64, SavedListInfo)> {
        let mut lists: Vec<(u64, SavedListInfo)> =
            self.numbers().into_iter().filter_map(|id| Some((id, self.info(id).ok()??))).collect();
        lists.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
        lists
    }

    fn numbers(&self) -> Vec<u64> {
        let files = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        files.filter_map(|file| file.file_name().to_str()?.strip_suffix(".json")?.parse().ok()).collect()
    }

    /// Keeps a list that has no rows yet, and its number.
    ///
    /// # Errors
    /// The folder cannot be made or written to.
    pub fn add(&self, info: &SavedListInfo) -> Result<u64, CommandError> {
        make_own_folder(&self.folder)?;
        let mut id = self.numbers().into_iter().max().unwrap_or(0) + 1;
        loop {
            match self.write(id, "json", &json(info)?, false) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => id += 1,
                written => return written.map(|()| id).map_err(|error| self.complain(error)),
            }
        }
    }

    /// What is known of a list; none: there is no such list.
    ///
    /// # Errors
    /// It cannot be read, or another version wrote it.
    pub fn info(&self, id: u64) -> Result<Option<SavedListInfo>, CommandError> {
        let Some(text) = self.read(id, "json")? else { return Ok(None) };
        serde_json::from_str(&text).map(Some).map_err(|error| {
            CommandError::new(ErrorKind::Fault, format!("what is known of list {id} cannot be read: {error}"))
                .hint("delete the list, and read it again")
        })
    }

    /// Replaces what is known of a list.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_info(&self, id: u64, info: &SavedListInfo) -> Result<(), CommandError> {
        self.write(id, "json", &json(info)?, true).map_err(|error| self.complain(error))
    }

    /// The file of a list's rows.
    pub fn rows_path(&self, id: u64) -> PathBuf {
        self.path(id, "csv")
    }

    /// The file of those who are never touched (`keep`), or of those who alone are (`only`), where there is one.
    pub fn names_path(&self, id: u64, part: &'static str) -> Option<PathBuf> {
        Some(self.path(id, part)).filter(|path| path.exists())
    }

    /// Keeps such a file, or drops it where the text is empty.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_names(&self, id: u64, part: &'static str, text: &str) -> Result<(), CommandError> {
        if text.trim().is_empty() {
            let _ = std::fs::remove_file(self.path(id, part));
            return Ok(());
        }
        self.write(id, part, text, true).map_err(|error| self.complain(error))
    }

    /// Which rows are ticked out.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn ticked_out(&self, id: u64) -> Result<TickedOut, CommandError> {
        Ok(self.read(id, "out")?.map(|text| TickedOut::parse(&text)).unwrap_or_default())
    }

    /// Keeps which rows are ticked out.
    ///
    /// # Errors
    /// They cannot be written.
    pub fn set_ticked_out(&self, id: u64, out: &TickedOut) -> Result<(), CommandError> {
        self.write(id, "out", &out.text(), true).map_err(|error| self.complain(error))
    }

    /// Drops a list and everything of it.
    pub fn remove(&self, id: u64) {
        for part in PARTS {
            let _ = std::fs::remove_file(self.path(id, part));
        }
    }

    fn path(&self, id: u64, part: &str) -> PathBuf {
        self.folder.join(format!("{id}.{part}"))
    }

    fn read(&self, id: u64, part: &str) -> Result<Option<String>, CommandError> {
        match std::fs::read_to_string(self.path(id, part)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.complain(error)),
        }
    }

    fn write(&self, id: u64, part: &str, text: &str, replaces: bool) -> std::io::Result<()> {
        let mut file = DurableFile::begin(&self.folder, MODE)?;
        file.write_all(text.as_bytes())?;
        file.keep_as(&self.path(id, part), replaces)
    }

    fn complain(&self, error: std::io::Error) -> CommandError {
        CommandError::io(self.folder.display(), error)
    }
}

fn json(info: &SavedListInfo) -> Result<String, CommandError> {
    serde_json::to_string(info).map_err(|error| CommandError::new(ErrorKind::Fault, error.to_string()))
}

/// Rows of a list that are ticked out, by their numbers from 0. As text they are ranges: `3,7-12`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TickedOut(BTreeSet<u32>);

impl TickedOut {
    /// Whether a row is.
    pub fn has(&self, row: u32) -> bool {
        self.0.contains(&row)
    }

    /// Ticks a row out or in.
    pub fn set(&mut self, row: u32, out: bool) {
        if out {
            self.0.insert(row)
        } else {
            self.0.remove(&row)
        };
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    fn text(&self) -> String {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for row in &self.0 {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == *row => *last = *row,
                _ => ranges.push((*row, *row)),
            }
        }
        let text =
            |(first, last): (u32, u32)| if first == last { first.to_string() } else { format!("{first}-{last}") };
        ranges.into_iter().map(text).collect::<Vec<_>>().join(",")
    }

    fn parse(text: &str) -> TickedOut {
        let range = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            Some(first.trim().parse::<u32>().ok()?..=last.trim().parse::<u32>().ok()?)
        };
        TickedOut(text.split(',').filter_map(range).flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::app::saved_list::{ListExtras, ListSource};
    use crate::domain::{ListKind, Wall};
    use proptest::prelude::*;

    fn info() -> SavedListInfo {
        SavedListInfo {
            list: ListKind::Likes,
            source: ListSource::Account("ada".parse().unwrap()),
            platform: None,
            extras: ListExtras::default(),
            begun: Wall(1),
            saved: None,
            stopped: None,
        }
    }

    #[test]
    fn a_list_and_all_of_it_comes_and_goes() {
        let folder = tempfile::tempdir().unwrap();
        let shelf = ListShelf::beside(&folder.path().join("queue.db"));
        assert_eq!(shelf.all(), []);
        let (one, two) = (shelf.add(&info()).unwrap(), shelf.add(&info()).unwrap());
        assert_eq!(shelf.all().iter().map(|(id, _)| *id).collect::<Vec<_>>(), [two, one], "the newest first");
        let mut out = TickedOut::default();
        out.set(4, true);
        shelf.set_ticked_out(one, &out).unwrap();
        shelf.set_names(one, "keep", "ada\n").unwrap();
        assert!(shelf.ticked_out(one).unwrap().has(4) && !shelf.ticked_out(two).unwrap().has(4));
        assert!(shelf.names_path(one, "keep").is_some() && shelf.names_path(one, "only").is_none());
        shelf.set_names(one, "keep", " ").unwrap();
        assert!(shelf.names_path(one, "keep").is_none());
        shelf.remove(one);
        assert_eq!((shelf.all().len(), shelf.info(one).unwrap()), (1, None));
        assert_eq!(std::fs::read_dir(folder.path().join("lists")).unwrap().count(), 1, "nothing of it is left");
    }

    proptest! {
        #[test]
        fn ticks_are_read_as_they_were_written(rows in proptest::collection::btree_set(0_u32..60, 0..40)) {
            let out = TickedOut(rows);
            prop_assert_eq!(TickedOut::parse(&out.text()), out);
        }
    }
}
