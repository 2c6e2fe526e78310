//! Keep lists while a run is under way: each is read again when its file has changed, and asked before anything is sent.
//!
//! In: the files of the lists, what the queue has of them, what names on them mean, and tasks. Out: whether a task must not be sent, which
//! names have to be looked up before that can be said, and what was read that the queue does not know. What does not belong here: claiming,
//! what a list may hold (`jobfile::keep_list`), reading files (`watched_list`), looking names up.
//!
//! Within a run a list only grows, and so does what the queue has of it, until the next load. A file that is being written is short for a
//! moment, and who has been spared since it was whole must not be sent to because of that; whoever is taken off a list is sent to after the
//! next load. A host on which the file has never been read goes by what the queue has.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;

use super::keep_reading::{list_of, reading_host};
use super::watched_list::{AskedList, ListedNames, WatchedFile};
use crate::domain::{AccountId, JobId, RoundId, Target, TargetName, Wall};
use crate::engine::{Guard, Guarded, GuardedLane, GuardedTask, KeepExchange, LostList};
use crate::jobfile::keep_list::KeepList;
use crate::lists::{RowEntry, RowReader};
use crate::platforms::{find_name_resolver, resolvable_name};
use crate::store::{KeepReading, Resolution, RoundKeep};

/// The keep lists of a run.
#[derive(Debug, Default)]
pub(super) struct KeepGuard {
    /// A list for every job of this run.
    everywhere: Option<PathBuf>,
    /// What this host is called.
    host: String,
    rounds: HashMap<RoundId, Round>,
    files: HashMap<PathBuf, WatchedFile>,
    /// What the queue has of lists, by its digest; none: it is not what was written down.
    stored: HashMap<String, Option<AskedList>>,
    /// What names mean to the accounts' platforms, as far as that has been looked up; none: nobody.
    meanings: HashMap<AccountId, HashMap<TargetName, Option<Target>>>,
    /// The queue and this guard may know different things of the lists.
    is_to_exchange: bool,
    /// Jobs of which was told that they go by what the queue has.
    told: HashSet<JobId>,
}

#[derive(Debug)]
struct Round {
    job: JobId,
    job_name: String,
    path: Option<PathBuf>,
    /// What the queue has of its list, by its digests.
    readings: BTreeSet<String>,
    /// The file has been read on this host.
    is_read_here: bool,
    reader: RowReader,
}

impl Round {
    /// Whether this host may do without the file: it never had it, and the queue knows what is on it.
    fn does_without_file(&self, file: &WatchedFile) -> bool {
        !self.is_read_here && file.digest().is_none() && !self.readings.is_empty()
    }
}

impl KeepGuard {
    /// A guard with a list for every job, beside those that the jobs have.
    pub(super) fn new(everywhere: Option<PathBuf>) -> KeepGuard {
        KeepGuard { everywhere, host: reading_host(), ..KeepGuard::default() }
    }

    fn paths_of<'a>(&'a self, round: &'a Round) -> impl Iterator<Item = &'a PathBuf> {
        round.path.iter().chain(&self.everywhere)
    }

    /// What the queue has of a round's list beside what is in the file.
    fn stored_of<'a>(&'a self, round: &'a Round) -> impl Iterator<Item = &'a String> {
        let file = round.path.as_ref().and_then(|path| self.files.get(path));
        let is_in_file = move |digest: &str| file.is_some_and(|file| file.has_all_of(digest));
        round.readings.iter().filter(move |digest| !is_in_file(digest))
    }

    /// The lists of a lane, each with its names as the lane's platform understands them.
    fn lists_of(&mut self, lane: GuardedLane) -> Vec<(&KeepList, &ListedNames)> {
        let Some(round) = self.rounds.get(&lane.round) else { return Vec::new() };
        let paths: Vec<PathBuf> = self.paths_of(round).cloned().collect();
        let digests: Vec<String> = self.stored_of(round).cloned().collect();
        let KeepGuard { files, stored, meanings, .. } = self;
        let told = meanings.entry(lane.account).or_default();
        for path in &paths {
            files.get_mut(path).into_iter().for_each(|file| file.asked.prepare(lane, told));
        }
        for digest in &digests {
            stored.get_mut(digest).into_iter().flatten().for_each(|list| list.prepare(lane, told));
        }
        let of_files = paths.iter().filter_map(|path| self.files.get(path)).map(|file| &file.asked);
        let of_queue = digests.iter().filter_map(|digest| self.stored.get(digest)?.as_ref());
        of_files.chain(of_queue).filter_map(|list| list.understood_by(lane)).collect()
    }

    /// The rounds whose list is in a file that cannot be read, and that need it.
    fn lost_with(&mut self, path: &PathBuf, is_absent: bool) -> Vec<RoundId> {
        let Some(file) = self.files.get(path) else { return Vec::new() };
        let own = self.rounds.iter().filter(|(_, round)| round.path.as_ref() == Some(path));
        let (by_queue, lost): (Vec<_>, Vec<_>) = own.partition(|(_, round)| is_absent && round.does_without_file(file));
        for (_, round) in by_queue {
            if self.told.insert(round.job) {
                tracing::info!(
                    job = round.job_name,
                    "the keep list's file is not on this host: what the queue has of it counts"
                );
            }
        }
        lost.into_iter().map(|(id, _)| *id).collect()
    }

    /// The rounds of which the queue has something else than was written down.
    fn damaged(&self) -> Vec<RoundId> {
        let is_damaged = |digest: &String| matches!(self.stored.get(digest), Some(None));
        let damaged = self.rounds.iter().filter(|(_, round)| self.stored_of(round).any(is_damaged));
        damaged.map(|(id, _)| *id).collect()
    }

    fn names_of(&self, rounds: &[RoundId]) -> String {
        let names = rounds.iter().filter_map(|id| self.rounds.get(id)).map(|round| round.job_name.as_str());
        let names: BTreeSet<&str> = names.collect();
        names.into_iter().collect::<Vec<_>>().join(" and ")
    }
}

/// Whether a row names its target by a name of the platform, and nobody has two there: then no other name means it.
fn is_told_apart(known: &RowEntry, lane: GuardedLane) -> bool {
    let has_one_name_each = find_name_resolver(lane.platform).is_some_and(|names| names.has_one_name_each);
    let is_name = |name: &Target| resolvable_name(lane.platform, lane.kind, name).is_some();
    let mut handles = known.handles.iter().cloned().map(Target::Handle);
    has_one_name_each && (handles.any(|handle| is_name(&handle)) || known.names.iter().any(is_name))
}

impl Guard for KeepGuard {
    fn watch(&mut self, keeps: Vec<RoundKeep>) {
        let host = self.host.clone();
        let round = |keep: RoundKeep| {
            let reader = RowReader::with_target(&keep.columns, keep.target_column.as_deref());
            let RoundKeep { round, job, job_name, path, readings, hosts, .. } = keep;
            let (readings, is_read_here) = (readings.into_iter().collect(), hosts.contains(&host));
            (round, Round { job, job_name, path, readings, is_read_here, reader })
        };
        self.rounds = keeps.into_iter().map(round).collect();
        let used: Vec<PathBuf> = self.rounds.values().filter_map(|round| round.path.clone()).collect();
        for path in used.into_iter().chain(self.everywhere.clone()) {
            self.files.entry(path).or_default();
        }
        let readings: HashSet<&String> = self.rounds.values().flat_map(|round| &round.readings).collect();
        self.stored.retain(|digest, _| readings.contains(digest));
        self.is_to_exchange = true;
    }

    fn watches(&self, round: RoundId) -> bool {
        self.rounds.get(&round).is_some_and(|round| self.paths_of(round).next().is_some())
    }

    fn look(&mut self, now: Wall) -> Vec<LostList> {
        // One that a job had which has nothing left to send guards nothing any more.
        let used = self.rounds.values().filter_map(|round| round.path.clone()).chain(self.everywhere.clone());
        let mut lost = Vec::new();
        for path in used.collect::<BTreeSet<PathBuf>>() {
            let unreadable = match self.files.entry(path.clone()).or_default().look(&path, now) {
                Ok(was_read) => {
                    self.is_to_exchange |= was_read;
                    continue;
                }
                Err(unreadable) => unreadable,
            };
            let rounds = self.lost_with(&path, unreadable.is_absent);
            let is_of_all = self.everywhere.as_ref() == Some(&path);
            if !is_of_all && rounds.is_empty() {
                continue;
            }
            let jobs = self.names_of(&rounds);
            let whose = if jobs.is_empty() { String::new() } else { format!(" of {jobs}") };
            let why = format!("the keep list{whose} cannot be read any more: {}", unreadable.why);
            lost.push(LostList { rounds: (!is_of_all).then_some(rounds), why });
        }
        let damaged = self.damaged();
        if !damaged.is_empty() {
            let why = format!("what the queue has of the keep list of {} is damaged", self.names_of(&damaged));
            lost.push(LostList { rounds: Some(damaged), why });
        }
        lost
    }

    fn exchange(&mut self, now: Wall) -> KeepExchange {
        if !std::mem::take(&mut self.is_to_exchange) {
            return KeepExchange::default();
        }
        let mut exchange = KeepExchange::default();
        let mut read: HashMap<PathBuf, KeepReading> = HashMap::new();
        let mut told: BTreeSet<JobId> = BTreeSet::new();
        for round in self.rounds.values() {
            let Some((path, file)) = round.path.as_ref().and_then(|path| self.files.get_key_value(path)) else {
                continue;
            };
            let Some(digest) = file.digest() else { continue };
            if (!round.is_read_here || !round.readings.contains(digest)) && told.insert(round.job) {
                let reading = read.entry(path.clone()).or_insert_with(|| file.reading(path, now));
                exchange.news.push((round.job, reading.clone()));
            }
        }
        let mut missing = HashSet::new();
        for round in self.rounds.values() {
            let unread = self.stored_of(round).filter(|digest| !self.stored.contains_key(*digest));
            for digest in unread {
                if missing.insert(digest) {
                    exchange.missing.push((round.job, digest.clone()));
                }
            }
        }
        for round in self.rounds.values_mut() {
            let file = round.path.as_ref().and_then(|path| self.files.get(path));
            if let Some(digest) = file.and_then(WatchedFile::digest) {
                round.is_read_here = true;
                round.readings.insert(digest.to_owned());
            }
        }
        exchange
    }

    fn learn_list(&mut self, digest: &str, pieces: &[String]) {
        self.stored.insert(digest.to_owned(), list_of(pieces, digest).map(AskedList::new));
    }

    fn judge(&mut self, lane: GuardedLane, task: GuardedTask<'_>) -> Guarded {
        let Some(round) = self.rounds.get(&lane.round) else { return Guarded::Free };
        let known = round.reader.entry(task.target, task.handle, task.record);
        let lists = self.lists_of(lane);
        if lists.iter().any(|(list, names)| known.is_named_by(list) || known.is_named_by(&names.meant)) {
            return Guarded::Spared;
        }
        let is_open = lists.iter().any(|(_, names)| !names.unknown.is_empty());
        let may_be_authors = lists.iter().any(|(_, names)| names.has_authors);
        let is_unsure = is_open && !task.target.is_name() && (may_be_authors || !is_told_apart(&known, lane));
        if is_unsure { Guarded::Unsure } else { Guarded::Free }
    }

    fn unknown_names(&mut self, lane: GuardedLane) -> Vec<TargetName> {
        self.lists_of(lane).into_iter().flat_map(|(_, names)| names.unknown.clone()).collect()
    }

    fn learn(&mut self, account: AccountId, told: &[(TargetName, Resolution)]) {
        let meaning = |resolution: &Resolution| match resolution {
            Resolution::Target(target) => Some(target.clone()),
            Resolution::Nobody(_) => None,
        };
        let told = told.iter().map(|(name, resolution)| (name.clone(), meaning(resolution)));
        self.meanings.entry(account).or_default().extend(told);
        self.files.values_mut().for_each(|file| file.asked.forget_meanings(account));
        self.stored.values_mut().flatten().for_each(|list| list.forget_meanings(account));
    }
}
