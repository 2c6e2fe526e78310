//! A job file's rows, filtered: the rules of `lists::filter` asked of each row by the columns of its file.
//!
//! In: rules, and rows one by one. Out: the rule that spares a row, if any; and a name for all of it, for "unchanged" means that
//! the rules are too. What does not belong here: reading rows, and queueing them.

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::PathBuf;

use super::keep_reading::{digest_of, list_digest, reading_of};
use super::named_accounts::FileAccounts;
use crate::domain::{AccountName, Action, EntryFact, Handle, Platform, Target, TargetKind, Wall};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::keep_list::KeepList;
use crate::jobfile::{JobFileError, RowVerdict, Source, Survey, is_same_column};
use crate::lists::filter::{Filter, Judgement, Order, Rule, Stage, Staged, Take};
use crate::lists::{RowEntry, RowReader};
use crate::platforms::{kept_name, spec};
use crate::store::KeepReading;

/// Columns of links, which name users where rows are about users.
const LINK_COLUMNS: [&str; 2] = ["url", "link"];

/// Which rows of a job file go on.
#[derive(Debug, Default)]
pub struct RowRules {
    filter: Filter,
    take: Take,
    /// The file of the keep list, absolute: it is looked at again before anything is sent.
    keep_path: Option<PathBuf>,
}

impl RowRules {
    /// Rules, and what comes after them.
    pub fn new(filter: Filter, take: Take, keep_path: Option<PathBuf>) -> RowRules {
        RowRules { filter, take, keep_path }
    }

    /// The keep list as it was read, where it is looked at again before anything is sent.
    pub(super) fn keep_reading(&self, now: Wall) -> Option<KeepReading> {
        let (list, path) = (self.filter.keep.as_ref()?, self.keep_path.as_ref()?);
        Some(reading_of(list, path, now))
    }

    /// Whether they let every row pass.
    pub(super) fn is_empty(&self) -> bool {
        self.filter.is_empty() && self.take == Take::default()
    }

    /// What the names on the keep list are to the rows of a file that have an ID alone.
    /// `acts_on`: on which platforms its rows act, and on what.
    pub fn kept_names(&self, survey: &Survey, acts_on: &[(Platform, TargetKind)]) -> KeptNames {
        let mut kept = KeptNames::default();
        let Some(keep) = self.filter.keep.as_ref().filter(|_| survey.names < survey.usable) else { return kept };
        let has_handles = RowReader::new(&survey.columns).has_names();
        // A column of names has handles. Of other names a row has to have the very one.
        for name in keep.named_targets().filter(|name| !has_handles || !matches!(name, Target::Handle(_))) {
            let mut asked = acts_on.iter().map(|(platform, kind)| kept_name(*platform, *kind, &name));
            // Of a list that cannot be read again nothing is known when rows are sent.
            if self.keep_path.is_some() && asked.any(|name| name.is_some()) {
                kept.looked_up += 1;
            } else {
                kept.blind += 1;
            }
        }
        kept
    }

    /// Refuses a keep list without entries. An export that broke off leaves such a file, and everything that was kept would be sent.
    ///
    /// # Errors
    /// There is one (65).
    pub fn refuse_empty_keep(&self) -> Result<(), CommandError> {
        if !self.filter.keep.as_ref().is_some_and(KeepList::is_empty) {
            return Ok(());
        }
        let name = self.keep_path.as_deref().map_or_else(String::new, |path| format!(" {}", path.display()));
        let message = format!("--keep{name}: the list has no entries; nothing was changed");
        let hint = "write it again; if nobody is to be kept any more, leave --keep out";
        Err(CommandError::new(ErrorKind::InputData, message).hint(hint))
    }

    /// Refuses a rule about something that no column of the file tells, which would spare every row.
    ///
    /// # Errors
    /// There is such a rule (2).
    pub fn refuse_untold(&self, survey: &Survey) -> Result<(), CommandError> {
        let reader = RowReader::new(if survey.has_header { &survey.columns } else { &[] });
        // A user is known by name. Of a post only its text says what is in it.
        let has_users = survey.lanes.iter().any(|lane| lane.action.target_kind() == TargetKind::User);
        let is_link = |name: &String| LINK_COLUMNS.iter().any(|link| is_same_column(name, link));
        let has_links = survey.has_header && survey.columns.iter().any(is_link);
        let has_words = reader.tells(EntryFact::Words) || survey.names > 0 || has_users && has_links;
        let tells = |fact| match fact {
            EntryFact::Words => has_words,
            EntryFact::Text => reader.tells(fact) || has_users && has_words,
            _ => reader.tells(fact),
        };
        let Some((option, rule)) = self.filter.unanswered(tells) else { return Ok(()) };
        let message = format!(
            "{}: {option} cannot be applied: no column of the file answers it ({}), so every row would be spared",
            survey.path,
            rule.sentence()
        );
        let hint = format!("leave out {option}, or take the file from `cleanup list`, which writes such columns");
        Err(CommandError::new(ErrorKind::Usage, message).hint(hint))
    }

    /// A name that changes when the rules do. Ages stand in it as the moments they mean, which are midnights: a rule of `1y` is
    /// another one every day.
    pub(super) fn name(&self) -> String {
        // Every rule is named here: one that is left out would make a changed filter the same one.
        let Filter { keep, only, older_than, newer_than, before, after, inactive_since, plain, now: _ } = &self.filter;
        let mut name = keep.as_ref().map(list_digest).unwrap_or_default();
        let mut more = |key: &str, value: Option<String>| {
            if let Some(value) = value {
                // Writing to a String cannot fail.
                let _ = write!(name, ":{key}={value}");
            }
        };
        let wall = |at: &Option<Wall>| at.map(|at| at.0.to_string());
        more("only", only.as_ref().map(list_digest));
        more("older_than", wall(older_than));
        more("newer_than", wall(newer_than));
        more("before", wall(before));
        more("after", wall(after));
        more("inactive_since", wall(inactive_since));
        for (key, value) in plain.named() {
            // Texts of people may hold what separates the rules from each other.
            more(&key, Some(value.as_str().map_or_else(|| value.to_string(), |text| digest_of(text.as_bytes()))));
        }
        more("limit", self.take.limit.map(|limit| limit.to_string()));
        more("order", self.take.order.map(|order| order.name().to_owned()));
        name
    }

    /// Begins to judge the rows of a file.
    ///
    /// # Errors
    /// Where the order decides which rows the limit takes, the file is read for it; it cannot be, or has changed.
    pub(super) fn begin<'r>(
        &'r self,
        survey: &Survey,
        source: &Source,
        accounts: FileAccounts<'r>,
    ) -> Result<RowSieve<'r>, JobFileError> {
        let reader = RowReader::new(if survey.has_header { &survey.columns } else { &[] });
        let mut sieve = RowSieve { rules: self, reader, accounts, chosen: None, taken: HashSet::new() };
        if let (Some(order), Some(_)) = (self.take.order, self.take.limit) {
            sieve.chosen = Some(sieve.choose(order, survey, source)?);
        }
        Ok(sieve)
    }
}

/// The names on a keep list beside rows that have an ID alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptNames {
    /// Those that are looked up before such a row is sent.
    pub looked_up: usize,
    /// Those that spare such a row only where the queue knows its name.
    pub blind: usize,
}

/// The rules at work on the rows of one file.
pub(super) struct RowSieve<'r> {
    rules: &'r RowRules,
    reader: RowReader,
    /// Whose the rows are: not every platform's IDs tell a time.
    accounts: FileAccounts<'r>,
    /// The lines that the limit takes, where an order decides.
    chosen: Option<HashSet<u64>>,
    /// What the limit has taken so far: repeats of a row are no second one.
    taken: HashSet<RowKey>,
}

/// A row as its file has it.
#[derive(Clone, Copy)]
pub(super) struct SievedRow<'a> {
    /// The physical line where it begins.
    pub(super) line: u64,
    /// The target as it is written: the handle that an ID has been resolved from.
    pub(super) written: &'a Target,
    /// Its cells, as they are stored.
    pub(super) cells: Option<&'a str>,
}

/// What a row asks for.
type RowKey = (Action, Option<AccountName>, Target);

impl RowSieve<'_> {
    /// The rule that spares a row; none: it goes on. A row that sends nothing takes no place of the limit.
    pub(super) fn spares(
        &mut self,
        row: SievedRow<'_>,
        (action, account, target): (Action, Option<&AccountName>, &Target),
        sends: bool,
    ) -> Option<Rule> {
        if self.rules.is_empty() {
            return None;
        }
        let SievedRow { line, written, cells } = row;
        if let Some(rule) = self.judge((action, account, target), written, cells) {
            return Some(rule);
        }
        let limit = self.rules.take.limit?;
        let key = || (action, account.cloned(), target.clone());
        if let Some(chosen) = &self.chosen {
            // A repeat is no new row, and whether it is one is known only when it is loaded.
            if chosen.contains(&line) {
                self.taken.insert(key());
                return None;
            }
            return (!self.taken.contains(&key())).then_some(Rule::Limit);
        }
        if self.taken.len() < limit {
            if sends {
                self.taken.insert(key());
            }
            return None;
        }
        (!self.taken.contains(&key())).then_some(Rule::Limit)
    }

    fn judge(
        &self,
        (action, account, target): (Action, Option<&AccountName>, &Target),
        written: &Target,
        cells: Option<&str>,
    ) -> Option<Rule> {
        let handle = match written {
            Target::Handle(handle) => Some(handle),
            Target::Id(_) | Target::Key(_) => None,
        };
        match self.rules.filter.judge_row(&self.known(account, target, handle, cells), action.target_kind()) {
            Judgement::Pass => None,
            Judgement::Spared(rule) => Some(rule),
        }
    }

    /// What a row tells of its target.
    fn known(
        &self,
        account: Option<&AccountName>,
        target: &Target,
        handle: Option<&Handle>,
        cells: Option<&str>,
    ) -> RowEntry {
        let mut known = self.reader.entry(target, handle, cells);
        known.entry.is_opaque = self.accounts.platform_of(account).is_some_and(|of| spec(of).has_opaque_ids());
        known
    }

    /// The lines of the rows that the limit takes: the oldest or newest of those that pass, each once.
    fn choose(&self, order: Order, survey: &Survey, source: &Source) -> Result<HashSet<u64>, JobFileError> {
        let mut stage: Stage<(u64, RowKey)> = Stage::new(Take { limit: self.rules.take.limit, order: Some(order) });
        let mut held: HashSet<RowKey> = HashSet::new();
        let mut rows = survey.rows(source)?;
        while let Some(row) = rows.next()? {
            let RowVerdict::Task { action, account, target, .. } = row.verdict else { continue };
            let key = (action, account.cloned(), target);
            if self.judge((action, account, &key.2), &key.2, row.cells).is_some() || held.contains(&key) {
                continue;
            }
            let known = self.known(account, &key.2, None, row.cells);
            let date = self.rules.filter.date(&known.entry, action.target_kind());
            held.insert(key.clone());
            // With a limit there is always room.
            if let Ok(Staged::Spared((_, fallen), _)) = stage.push(date, (row.line, key)) {
                held.remove(&fallen);
            }
        }
        Ok(stage.finish().into_iter().map(|(line, _)| line).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{Accounts, FileOptions, prepare};
    use super::*;
    use crate::domain::PlatformUser;
    use crate::store::{QueueKind, Store};

    #[tokio::test]
    async fn a_number_of_another_network_tells_no_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("delete-post.csv");
        std::fs::write(&path, "target_id\n109302436954721982\n").unwrap();
        let file = prepare(&[path], &FileOptions::default()).unwrap().remove(0);
        let before = Some(Wall(1_420_070_400_000));
        let filter = Filter { before, now: Wall(1_800_000_000_000), ..Filter::default() };
        let rules = RowRules::new(filter, Take::default(), None);
        // At X it is of 2011; at Mastodon it is of 2022, and does not say so.
        for (platform, spared) in [(Platform::XV2, None), (Platform::Mastodon, Some(Rule::AgeUnknown))] {
            let mut store = Store::open(&folder.path().join(platform.name()), QueueKind::Real).await.unwrap();
            let host = spec(platform).has_opaque_ids().then(|| "social.example".parse().unwrap());
            let users = [("ada".parse().unwrap(), PlatformUser { platform, host, id: "42".parse().unwrap() })];
            let account = store.accounts().ensure_accounts(&users).await.unwrap()[0];
            let accounts = Accounts::of_known(&store.accounts().all().await.unwrap(), Some(account));
            let mut sieve = rules.begin(&file.survey, &file.source, accounts.of_job("job")).unwrap();
            let target: Target = "109302436954721982".parse().unwrap();
            let row = SievedRow { line: 2, written: &target, cells: None };
            assert_eq!(sieve.spares(row, (Action::DeletePost, None, &target), true), spared, "{platform}");
            store.close().await;
        }
    }
}
