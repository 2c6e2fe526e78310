//! A disk whose power is cut. What a sync has covered is there. Of everything later nobody knows: any part of it may be there, and of a
//! write any of its sectors.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::recording::{Call, Event, FileNumber, Recording};

/// What a disk writes as a whole.
const SECTOR: usize = 512;

/// What has become of the calls that no sync has covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsynced {
    Lost,
    /// Each by chance, and of each write its sectors by chance.
    Scattered,
    /// All is there, but for the end of the last write.
    Torn,
}

/// A moment of a recording, and what the disk made of it.
#[derive(Clone, Copy, Debug)]
pub struct PowerCut {
    /// Calls that began at this line or before it have been made.
    pub at: usize,
    pub unsynced: Unsynced,
}

impl PowerCut {
    /// One at every boundary of a sync, and as many anywhere, in this order by chance.
    pub fn of(recording: &Recording, most: usize, dice: &mut fastrand::Rng) -> Vec<PowerCut> {
        let is_sync = |event: &&Event| matches!(event.call, Call::SyncFile(_) | Call::SyncFolder(_));
        let syncs = recording.events.iter().filter(is_sync);
        let mut boundaries: Vec<usize> = syncs.flat_map(|sync| [sync.began.saturating_sub(1), sync.ended]).collect();
        boundaries.dedup();
        let mut anywhere: Vec<usize> = recording.events.iter().map(|event| event.began).collect();
        dice.shuffle(&mut boundaries);
        dice.shuffle(&mut anywhere);
        let ways = [Unsynced::Lost, Unsynced::Scattered, Unsynced::Torn];
        let end = PowerCut { at: usize::MAX, unsynced: Unsynced::Lost };
        let cuts = boundaries.iter().zip(anywhere.iter().cycle()).flat_map(|(boundary, other)| [*boundary, *other]);
        // A long form goes round more than once: chance makes another disk each time.
        let cuts = cuts.collect::<Vec<_>>();
        let cuts = cuts.iter().cycle().take(most.saturating_sub(1));
        [end].into_iter().chain(cuts.map(|at| PowerCut { at: *at, unsynced: ways[dice.usize(..ways.len())] })).collect()
    }

    /// What had been sent when the power was cut, and what had been said: all that had been begun.
    pub fn sent_and_said(&self, recording: &Recording) -> (String, String) {
        let (mut sent, mut said) = (String::new(), String::new());
        for event in recording.events.iter().filter(|event| event.began <= self.at) {
            match &event.call {
                Call::Send(text) => sent += text,
                Call::Say(text) => said += text,
                _ => {}
            }
        }
        (sent, said)
    }

    /// With which code the process had ended.
    pub fn exit_code(&self, recording: &Recording) -> Option<i32> {
        let made = recording.events.iter().filter(|event| event.began <= self.at);
        made.filter_map(|event| if let Call::Exit(code) = event.call { Some(code) } else { None }).next()
    }

    /// Lays what is on the disk down in another folder.
    pub fn lay_down(&self, recording: &Recording, folder: &Path, dice: &mut fastrand::Rng) {
        let mut disk = Disk::before(recording);
        let made: Vec<&Event> = recording.events.iter().filter(|event| event.began <= self.at).collect();
        let last_write = made.iter().rposition(|event| matches!(event.call, Call::Write { .. }));
        for (number, event) in made.iter().enumerate() {
            let is_certain = made[number + 1..].iter().any(|later| later.ended <= self.at && covers(later, event));
            match self.unsynced {
                _ if is_certain => disk.make(&event.call, |_| true),
                Unsynced::Lost => {}
                Unsynced::Scattered if dice.bool() => disk.make(&event.call, |_| dice.bool()),
                Unsynced::Scattered => {}
                Unsynced::Torn if Some(number) == last_write => {
                    let whole = dice.usize(..9);
                    disk.make(&event.call, |sector| sector < whole);
                }
                Unsynced::Torn => disk.make(&event.call, |_| true),
            }
        }
        disk.lay_down(&recording.folder, folder);
    }
}

/// Whether what a call has done is on the disk when this sync has ended: it had been done when the sync began.
fn covers(sync: &Event, event: &Event) -> bool {
    if event.ended >= sync.began {
        return false;
    }
    let is_in = |path: &Path, folder: &Path| path.parent() == Some(folder);
    match (&sync.call, &event.call) {
        (Call::SyncFile(synced), Call::Write { file, .. } | Call::Truncate { file, .. }) => synced == file,
        (Call::SyncFolder(folder), Call::MakeFolder(path) | Call::Unname(path) | Call::Name { path, .. }) => {
            is_in(path, folder)
        }
        (Call::SyncFolder(folder), Call::Rename { to, .. }) => is_in(to, folder),
        _ => false,
    }
}

struct Disk {
    files: BTreeMap<FileNumber, Vec<u8>>,
    names: BTreeMap<PathBuf, FileNumber>,
    folders: BTreeSet<PathBuf>,
}

impl Disk {
    fn before(recording: &Recording) -> Disk {
        let files = recording.files_before.iter().enumerate();
        Disk {
            files: files.map(|(number, bytes)| (FileNumber(number), bytes.clone())).collect(),
            names: recording.names_before.clone().into_iter().collect(),
            folders: recording.folders_before.iter().cloned().collect(),
        }
    }

    /// `is_there`: whether a sector of what is written is.
    fn make(&mut self, call: &Call, mut is_there: impl FnMut(usize) -> bool) {
        match call {
            Call::Write { file, at, bytes } => {
                let content = self.files.entry(*file).or_default();
                for (number, sector) in bytes.chunks(SECTOR).enumerate().filter(|(number, _)| is_there(*number)) {
                    let begin = at + number * SECTOR;
                    if content.len() < begin + sector.len() {
                        content.resize(begin + sector.len(), 0);
                    }
                    content[begin..begin + sector.len()].copy_from_slice(sector);
                }
            }
            Call::Truncate { file, length } => self.files.entry(*file).or_default().resize(*length, 0),
            Call::MakeFolder(path) => {
                self.folders.insert(path.clone());
            }
            Call::Name { path, file } => {
                self.names.insert(path.clone(), *file);
            }
            Call::Unname(path) => {
                self.names.remove(path);
            }
            Call::Rename { from, to, file } => {
                self.names.remove(from);
                self.names.insert(to.clone(), *file);
            }
            Call::SyncFile(_) | Call::SyncFolder(_) | Call::Send(_) | Call::Say(_) | Call::Exit(_) => {}
        }
    }

    fn lay_down(&self, from: &Path, to: &Path) {
        let place = |path: &Path| to.join(path.strip_prefix(from).unwrap());
        let is_reachable = |path: &Path| {
            path.ancestors().skip(1).take_while(|folder| *folder != from).all(|folder| self.folders.contains(folder))
        };
        for folder in self.folders.iter().filter(|folder| is_reachable(folder)) {
            std::fs::create_dir(place(folder)).unwrap();
            std::fs::set_permissions(place(folder), PermissionsExt::from_mode(0o700)).unwrap();
        }
        // The index of the log is memory of a machine that has lost it.
        let is_memory = |path: &Path| path.extension().is_some_and(|ending| ending == "db-shm");
        for (path, file) in self.names.iter().filter(|(path, _)| is_reachable(path) && !is_memory(path)) {
            std::fs::write(place(path), self.files.get(file).map_or(&[][..], Vec::as_slice)).unwrap();
            std::fs::set_permissions(place(path), PermissionsExt::from_mode(0o600)).unwrap();
        }
    }
}
