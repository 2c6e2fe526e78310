//! Sorting a load's keys beside its appends: while SQLite appends a batch of tasks on its thread, the keys of the batch before
//! gather here, so that at the end they need only be merged.
//!
//! In: keys in the order of the rows. Out: the same in sorted order. A run of keys is sorted in memory; where there is more
//! than one, runs lie in a file without a name, which goes with the process however it ends. What does not belong here: SQL.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Keys sorted at once: 6 MiB.
const KEYS_PER_RUN: usize = 1 << 18;
/// Bytes that all runs together are read in, at least a page each.
const READ_AHEAD_BYTES: usize = 2 << 20;
const LEAST_READ_AHEAD_BYTES: usize = 4096;
const KEY_BYTES: usize = 24;

/// What guards against repeats, and the task it is of. In order: by lane, then target, and of the same target the earliest row
/// first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) lane: i64,
    pub(super) target: i64,
    pub(super) task: i64,
}

impl Key {
    fn write(self, bytes: &mut Vec<u8>) {
        for number in [self.lane, self.target, self.task] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
    }

    fn read(bytes: &[u8]) -> Option<Key> {
        let mut numbers = bytes.chunks_exact(8).map(|number| number.try_into().map(i64::from_le_bytes));
        let mut next = || numbers.next()?.ok();
        Some(Key { lane: next()?, target: next()?, task: next()? })
    }
}

/// Takes keys.
#[derive(Debug)]
pub(super) struct Sorter {
    folder: PathBuf,
    keys_per_run: usize,
    run: Vec<Key>,
    /// Runs written out: where each begins, and how many keys it has.
    file: Option<File>,
    runs: Vec<(u64, usize)>,
}

impl Sorter {
    /// Keeps what memory does not hold in `folder`.
    pub(super) fn beside(queue: &Path) -> Sorter {
        let folder = queue.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Sorter::in_folder(folder)
    }

    /// The same where there is no queue yet.
    pub(super) fn in_folder(folder: &Path) -> Sorter {
        Sorter::new(folder, KEYS_PER_RUN)
    }

    fn new(folder: &Path, keys_per_run: usize) -> Sorter {
        Sorter { folder: folder.to_path_buf(), keys_per_run, run: Vec::new(), file: None, runs: Vec::new() }
    }

    /// Takes a key.
    ///
    /// # Errors
    /// A run cannot be written.
    pub(super) fn push(&mut self, key: Key) -> io::Result<()> {
        if self.run.len() == self.keys_per_run {
            self.spill()?;
        }
        self.run.push(key);
        Ok(())
    }

    fn spill(&mut self) -> io::Result<()> {
        self.run.sort_unstable();
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(tempfile::tempfile_in(&self.folder)?),
        };
        let begin = file.seek(SeekFrom::End(0))?;
        let mut bytes = Vec::with_capacity(READ_AHEAD_BYTES);
        for some in self.run.chunks(READ_AHEAD_BYTES / KEY_BYTES) {
            bytes.clear();
            some.iter().for_each(|key| key.write(&mut bytes));
            file.write_all(&bytes)?;
        }
        self.runs.push((begin, self.run.len()));
        self.run.clear();
        Ok(())
    }

    /// All keys taken, in order.
    ///
    /// # Errors
    /// A run cannot be read.
    pub(super) fn sorted(mut self) -> io::Result<Sorted> {
        self.run.sort_unstable();
        let share = READ_AHEAD_BYTES / self.runs.len().max(1);
        let keys_at_once = share.max(LEAST_READ_AHEAD_BYTES) / KEY_BYTES;
        let mut runs = vec![Run { buffer: self.run, next: 0, at: 0, left: 0, keys_at_once }];
        let spilled = self.runs.iter().map(|(at, keys)| Run { at: *at, left: *keys, keys_at_once, ..Run::default() });
        runs.extend(spilled);
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (index, run) in runs.iter_mut().enumerate() {
            heads.extend(run.next(self.file.as_ref())?.map(|key| Reverse((key, index))));
        }
        Ok(Sorted { file: self.file, runs, heads })
    }
}

/// A run that is being read.
#[derive(Debug, Default)]
struct Run {
    buffer: Vec<Key>,
    next: usize,
    /// Where its next bytes lie, and how many keys are left there.
    at: u64,
    left: usize,
    keys_at_once: usize,
}

impl Run {
    fn next(&mut self, file: Option<&File>) -> io::Result<Option<Key>> {
        if self.next == self.buffer.len() && self.left > 0 {
            let keys = self.left.min(self.keys_at_once);
            let mut bytes = vec![0; keys * KEY_BYTES];
            let file = file.ok_or_else(|| io::Error::other("no file holds this run"))?;
            file.read_exact_at(&mut bytes, self.at)?;
            self.buffer.clear();
            self.buffer.extend(bytes.chunks_exact(KEY_BYTES).filter_map(Key::read));
            (self.next, self.at, self.left) = (0, self.at + bytes.len() as u64, self.left - keys);
        }
        let key = self.buffer.get(self.next).copied();
        self.next += 1;
        Ok(key)
    }
}

/// Keys in order.
#[derive(Debug)]
pub(super) struct Sorted {
    file: Option<File>,
    runs: Vec<Run>,
    heads: BinaryHeap<Reverse<(Key, usize)>>,
}

impl Sorted {
    /// The next key; none at the end.
    ///
    /// # Errors
    /// A run cannot be read.
    pub(super) fn next(&mut self) -> io::Result<Option<Key>> {
        let Some(mut head) = self.heads.peek_mut() else { return Ok(None) };
        let Reverse((key, index)) = *head;
        let next = match self.runs.get_mut(index) {
            Some(run) => run.next(self.file.as_ref())?,
            None => None,
        };
        match next {
            Some(next) => *head = Reverse((next, index)),
            None => {
                PeekMut::pop(head);
            }
        }
        Ok(Some(key))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;

    fn sorted(keys: &[Key], keys_per_run: usize) -> Vec<Key> {
        let folder = tempfile::tempdir().unwrap();
        let mut sorter = Sorter::new(folder.path(), keys_per_run);
        keys.iter().for_each(|key| sorter.push(*key).unwrap());
        let mut sorted = sorter.sorted().unwrap();
        let all = std::iter::from_fn(|| sorted.next().unwrap()).collect();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "the file has no name");
        all
    }

    proptest! {
        #[test]
        fn every_key_comes_out_once_and_in_order(
            keys in proptest::collection::vec((0..3_i64, any::<i64>(), 0..9_i64), 0..60), keys_per_run in 1..20_usize,
        ) {
            let keys: Vec<Key> = keys.into_iter().map(|(lane, target, task)| Key { lane, target, task }).collect();
            let mut expected = keys.clone();
            expected.sort_unstable();
            prop_assert_eq!(sorted(&keys, keys_per_run), expected);
        }
    }

    #[test]
    fn runs_longer_than_what_is_read_at_once_come_out_whole() {
        let keys: Vec<Key> = (0..300_000).rev().map(|task| Key { lane: 1, target: task * 7 % 99_991, task }).collect();
        let sorted = sorted(&keys, 120_000);
        assert_eq!(sorted.len(), keys.len());
        assert!(sorted.is_sorted());
    }
}
