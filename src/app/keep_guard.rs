//! Keep lists while a run is under way: each is read again when its file has changed, and asked before anything is sent.
//!
//! In: the files of the lists, and tasks. Out: whether a task must not be sent. What does not belong here: claiming, and what a
//! list may hold (`jobfile::keep_list`).
//!
//! Within a run a list only grows. A file that is being written is short for a moment, and who has been spared since it was
//! whole must not be sent to because of that; whoever is taken off a list is sent to after the next load.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::domain::{Handle, RoundId, Target, Wall};
use crate::engine::{Guard, LostList};
use crate::jobfile::keep_list::KeepList;
use crate::lists::{RowReader, read_keep_list};
use crate::store::RoundKeep;

/// A file changed so shortly before it was read may change again without its time telling.
const YOUNG_MS: u64 = 2_000;

/// The keep lists of a run.
#[derive(Debug, Default)]
pub(super) struct KeepGuard {
    /// A list for every job of this run.
    everywhere: Option<PathBuf>,
    rounds: HashMap<RoundId, Round>,
    lists: HashMap<PathBuf, Watched>,
}

#[derive(Debug)]
struct Round {
    job: String,
    path: Option<PathBuf>,
    reader: RowReader,
}

#[derive(Debug, Default)]
struct Watched {
    list: KeepList,
    /// What the file was when it was read; none: it is read next time in any case.
    print: Option<Print>,
    /// The same of a file that is no list, and why.
    refused: Option<(Print, String)>,
}

/// By what a file is known not to have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Print {
    bytes: u64,
    modified: Option<SystemTime>,
    number: u64,
}

impl KeepGuard {
    /// A guard with a list for every job, beside those that the jobs have.
    pub(super) fn new(everywhere: Option<PathBuf>) -> KeepGuard {
        KeepGuard { everywhere, ..KeepGuard::default() }
    }

    fn paths_of<'a>(&'a self, round: &'a Round) -> impl Iterator<Item = &'a PathBuf> {
        round.path.iter().chain(&self.everywhere)
    }
}

impl Guard for KeepGuard {
    fn watch(&mut self, keeps: Vec<RoundKeep>) {
        let round = |keep: RoundKeep| {
            let reader = RowReader::with_target(&keep.columns, keep.target_column.as_deref());
            (keep.round, Round { job: keep.job, path: keep.path, reader })
        };
        self.rounds = keeps.into_iter().map(round).collect();
        let used: Vec<PathBuf> = self.rounds.values().filter_map(|round| round.path.clone()).collect();
        for path in used.into_iter().chain(self.everywhere.clone()) {
            self.lists.entry(path).or_default();
        }
    }

    fn watches(&self, round: RoundId) -> bool {
        self.rounds.get(&round).is_some_and(|round| self.paths_of(round).next().is_some())
    }

    fn look(&mut self, now: Wall) -> Vec<LostList> {
        let mut lost = Vec::new();
        for (path, watched) in &mut self.lists {
            let own = || self.rounds.iter().filter(|(_, round)| round.path.as_ref() == Some(path));
            let is_of_all = self.everywhere.as_ref() == Some(path);
            // One that a job had which has nothing left to send guards nothing any more.
            if !is_of_all && own().next().is_none() {
                continue;
            }
            let Err(why) = watched.look(path, now) else { continue };
            let jobs: BTreeSet<&str> = own().map(|(_, round)| round.job.as_str()).collect();
            let jobs: Vec<&str> = jobs.into_iter().collect();
            let whose = if jobs.is_empty() { String::new() } else { format!(" of {}", jobs.join(" and ")) };
            let why = format!("the keep list{whose} cannot be read any more: {why}");
            let rounds = (!is_of_all).then(|| own().map(|(round, _)| *round).collect());
            lost.push(LostList { rounds, why });
        }
        lost
    }

    fn spares(&self, round: RoundId, target: &Target, handle: Option<&Handle>, record: Option<&str>) -> bool {
        let Some(round) = self.rounds.get(&round) else { return false };
        let known = round.reader.entry(target, handle, record);
        let names = |path: &PathBuf| self.lists.get(path).is_some_and(|watched| known.is_named_by(&watched.list));
        self.paths_of(round).any(names)
    }
}

impl Watched {
    /// Reads the list again where its file has changed.
    fn look(&mut self, path: &Path, now: Wall) -> Result<(), String> {
        let print = print_of(path).map_err(|error| {
            self.print = None;
            format!("{}: {error}", path.display())
        })?;
        if self.print == Some(print) {
            return Ok(());
        }
        if let Some((_, why)) = self.refused.as_ref().filter(|(refused, _)| *refused == print) {
            return Err(why.clone());
        }
        let young = print
            .modified
            .is_none_or(|at| wall_of(at).since(now).max(now.since(wall_of(at))).as_millis() < u128::from(YOUNG_MS));
        match read_keep_list(path) {
            Ok(read) => {
                self.list.extend(read);
                (self.print, self.refused) = ((!young).then_some(print), None);
                Ok(())
            }
            Err(error) => {
                let why = error.to_string();
                (self.print, self.refused) = (None, (!young).then(|| (print, why.clone())));
                Err(why)
            }
        }
    }
}

fn print_of(path: &Path) -> std::io::Result<Print> {
    let facts = std::fs::metadata(path)?;
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&facts);
    #[cfg(not(unix))]
    let number = 0;
    Ok(Print { bytes: facts.len(), modified: facts.modified().ok(), number })
}

fn wall_of(at: SystemTime) -> Wall {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Wall(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
