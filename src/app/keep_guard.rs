//! Keep lists while a run is under way: each is read again when its file has changed, and asked before anything is sent.
//!
//! In: the files of the lists, what names on them mean, and tasks. Out: whether a task must not be sent, and which names have to be looked up
//! before that can be said. What does not belong here: claiming, what a list may hold (`jobfile::keep_list`), looking names up.
//!
//! Within a run a list only grows. A file that is being written is short for a moment, and who has been spared since it was
//! whole must not be sent to because of that; whoever is taken off a list is sent to after the next load.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::domain::{AccountId, RoundId, Target, TargetKind, TargetName, Wall};
use crate::engine::{Guard, Guarded, GuardedLane, GuardedTask, LostList};
use crate::jobfile::keep_list::KeepList;
use crate::lists::{RowEntry, RowReader, read_keep_list};
use crate::platforms::{find_name_resolver, kept_name, resolvable_name};
use crate::store::{Resolution, RoundKeep};

/// A file changed so shortly before it was read may change again without its time telling.
const YOUNG_MS: u64 = 2_000;

/// The keep lists of a run.
#[derive(Debug, Default)]
pub(super) struct KeepGuard {
    /// A list for every job of this run.
    everywhere: Option<PathBuf>,
    rounds: HashMap<RoundId, Round>,
    lists: HashMap<PathBuf, Watched>,
    /// What names mean to the accounts' platforms, as far as that has been looked up; none: nobody.
    meanings: HashMap<AccountId, HashMap<TargetName, Option<Target>>>,
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
    /// What its names mean, by whose tasks they guard; none: that is put together when it is next asked for.
    names: HashMap<(AccountId, TargetKind), ListedNames>,
    /// What the file was when it was read; none: it is read next time in any case.
    print: Option<Print>,
    /// The same of a file that is no list, and why.
    refused: Option<(Print, String)>,
}

/// The names on a list as an account's platform understands them.
#[derive(Debug, Default)]
struct ListedNames {
    /// Those of which nobody has said yet what they mean.
    unknown: Vec<TargetName>,
    /// Whether one of those may be that of a post's author.
    has_authors: bool,
    /// What the others mean.
    meant: KeepList,
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

    /// The lists of a lane, each with its names as the lane's platform understands them.
    fn lists_of(&mut self, lane: GuardedLane) -> Vec<(&KeepList, &ListedNames)> {
        let KeepGuard { everywhere, rounds, lists, meanings } = self;
        let own = rounds.get(&lane.round).and_then(|round| round.path.as_ref());
        let told = meanings.entry(lane.account).or_default();
        let guards = |path: &PathBuf| own == Some(path) || everywhere.as_ref() == Some(path);
        let lists = lists.iter_mut().filter(|(path, _)| guards(path));
        lists.map(|(_, watched)| watched.understood_by(lane, told)).collect()
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
        self.lists.values_mut().for_each(|watched| watched.names.retain(|(of, _), _| *of != account));
    }
}

impl Watched {
    /// The list, and its names as a platform understands them of which so much has been told.
    fn understood_by(
        &mut self,
        lane: GuardedLane,
        told: &HashMap<TargetName, Option<Target>>,
    ) -> (&KeepList, &ListedNames) {
        let Watched { list, names, .. } = self;
        let understood = names.entry((lane.account, lane.kind)).or_insert_with(|| names_of(list, lane, told));
        (list, understood)
    }

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
                self.names.clear();
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

fn names_of(list: &KeepList, lane: GuardedLane, told: &HashMap<TargetName, Option<Target>>) -> ListedNames {
    let mut listed = ListedNames::default();
    for target in list.named_targets() {
        let Some(name) = kept_name(lane.platform, lane.kind, &target) else { continue };
        match told.get(&name) {
            None => {
                listed.has_authors |= resolvable_name(lane.platform, lane.kind, &target).is_none();
                listed.unknown.push(name);
            }
            Some(Some(meant)) => listed.meant.insert(meant.clone()),
            Some(None) => {}
        }
    }
    listed
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
