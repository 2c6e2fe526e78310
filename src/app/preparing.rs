//! Files, read and judged before the first row of any is queued. Changes nothing.
//!
//! In: paths, and what the options say of their rows. Out: what each file is. What does not belong here: how it stands to the queue
//! (`standing`), and loading it (`loading`).

use std::path::{Path, PathBuf};

use super::host::host_name;
use super::load_options::LoadOptions;
use super::named_accounts::Accounts;
use super::reposts::repost_id_of;
use super::row_ids::RowOwners;
use crate::domain::{AccountId, AccountName, Action, MicroUsd, Platform, TargetKind, counted, is_same_name};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::{
    JobFileError, LaneCount, READER_VERSION, ReadOptions, SavedWorklist, Source, Survey, is_same_column,
};
use crate::lists::is_list_header;
use crate::platforms::{find, find_name_resolver};
use crate::store::{Job, KeepReading, LoadedFrom, NewJob};

/// Stands in what a load was made from where IDs were taken as they are written.
const TRUST_IDS: &str = ":trust_ids";

/// Whether a load took IDs as they are written.
pub(super) fn trusted_ids(from: &LoadedFrom) -> bool {
    from.content_hash.ends_with(TRUST_IDS)
}

/// How files are read.
#[derive(Clone, Debug, Default)]
pub struct FileOptions {
    /// What to do where the file does not say.
    pub action: Option<Action>,
    /// The target's column.
    pub column: Option<String>,
    /// The job's name, for one file.
    pub job: Option<String>,
    /// A rejected row refuses the file.
    pub strict: bool,
    /// The platform of its rows, as far as that is known before anybody is asked.
    pub platform: Option<Platform>,
    /// IDs are taken as they are written.
    pub trust_ids: bool,
    /// Whose its rows may be: how their IDs look.
    pub owners: RowOwners,
    /// How messages call the file, where its sender knows it by another name than that of the path.
    pub shown: Option<String>,
    /// The jobs there are of those names: what was said of them first need not be said again.
    pub known: Vec<Job>,
}

/// A file that has been read and judged.
#[derive(Debug)]
pub struct Prepared {
    /// Where its rows come from.
    pub source: Source,
    /// What it is.
    pub survey: Survey,
    /// The job's name.
    pub job: String,
    /// The file, absolute; `-` for stdin.
    pub path: PathBuf,
    pub(super) strict: bool,
    /// The column of the targets, where it was named by hand, now or when the job was first loaded.
    pub(super) column: Option<String>,
    /// On which platforms its usable rows act, and on what, as far as this machine knows; each once.
    pub acts_on: Vec<(Platform, TargetKind)>,
}

/// Reads and judges files. Changes nothing.
///
/// # Errors
/// A file cannot be used (65), two files would be one job (2), stdin without `--job` (2).
pub fn prepare(files: &[PathBuf], options: &FileOptions) -> Result<Vec<Prepared>, CommandError> {
    if options.job.is_some() && files.len() > 1 {
        return Err(CommandError::new(ErrorKind::Usage, "--job names one job, and there are several files")
            .hint("load them one by one"));
    }
    let mut prepared: Vec<Prepared> = Vec::with_capacity(files.len());
    for file in files {
        let one = prepare_one(file, options)?;
        if let Some(other) = prepared.iter().find(|other| is_same_name(&other.job, &one.job)) {
            let message = format!("{} and {} would both be the job {}", other.survey.path, one.survey.path, one.job);
            return Err(CommandError::new(ErrorKind::Usage, message)
                .hint("load one of them alone, under another name with --job"));
        }
        prepared.push(one);
    }
    Ok(prepared)
}

fn prepare_one(file: &Path, options: &FileOptions) -> Result<Prepared, CommandError> {
    let is_stdin = file == Path::new("-");
    if is_stdin && options.job.is_none() {
        return Err(
            CommandError::new(ErrorKind::Usage, "rows from stdin have no name").hint("give the job one: --job NAME")
        );
    }
    let opened = Source::open(file)?;
    let source = match &options.shown {
        Some(shown) => opened.called(shown),
        None => opened,
    };
    if SavedWorklist::is_one(&source).unwrap_or(false) {
        let message = format!("{} is a saved worklist, not a job", source.name());
        return Err(CommandError::new(ErrorKind::InputData, message)
            .hint("take its ticks back with `cleanup load` and the file's name"));
    }
    let path = if is_stdin { PathBuf::from("-") } else { absolute(file)? };
    let name = options.job.as_deref().or(source.stem());
    let known = name.and_then(|name| options.known.iter().find(|job| is_same_name(&job.name, name)));
    let mut read = ReadOptions {
        action: options.action.or_else(|| action_of(known?, &path)),
        column: options.column.clone(),
        repost_id: options.platform.map(repost_id_of).unwrap_or_default(),
        trust_ids: options.trust_ids,
        ids: options.owners.ids(known.and_then(|job| job.account)),
        is_of_list: Some(is_list_header),
    };
    let column = column_of(&source, known, &read);
    read.column.clone_from(&column);
    let survey =
        Survey::of(&source, &read).map_err(|error| misread(error, known.filter(|_| options.column.is_none())))?;
    refuse_elsewhere(&survey, options.owners.platform_of(None, known.and_then(|job| job.account)))?;
    // A job keeps the spelling of its name.
    let Some(job) = known.map(|job| job.name.as_str()).or(name).map(str::to_owned) else {
        let message = format!("the name of {} cannot be the name of a job", file.display());
        return Err(CommandError::new(ErrorKind::Usage, message).hint("give the job one: --job NAME"));
    };
    let mut acts_on = Vec::new();
    for lane in &survey.lanes {
        let of_job = known.and_then(|job| job.account);
        let what = (options.owners.platform_of(lane.account.as_ref(), of_job), lane.action.target_kind());
        if !acts_on.contains(&what) {
            acts_on.push(what);
        }
    }
    Ok(Prepared { source, survey, job, path, strict: options.strict, column, acts_on })
}

/// That an action is not offered says more than that no row is written as the platform would have it.
fn refuse_elsewhere(survey: &Survey, platform: Platform) -> Result<(), CommandError> {
    let action = survey.default_action.filter(|action| survey.usable == 0 && find(platform, *action).is_none());
    let Some(action) = action else { return Ok(()) };
    let message = format!("{}: {}; nothing was queued", survey.path, not_offered(platform, action));
    Err(CommandError::new(ErrorKind::InputData, message)
        .hint("name an account of one of these with --account, or another action with --action"))
}

/// Who offers it instead.
fn not_offered(platform: Platform, action: Action) -> String {
    let others: Vec<&str> =
        Platform::real().filter(|other| find(*other, action).is_some()).map(Platform::name).collect();
    format!("{platform} does not offer {action}, which is for accounts of {}", others.join(", "))
}

/// The action of a job, for a file that is read for it. A name that says another action is believed where the file may be another one.
fn action_of(job: &Job, path: &Path) -> Option<Action> {
    let by_name = path.file_stem().and_then(|stem| Action::parse(stem.to_str()?));
    job.action.filter(|_| job.path == path || by_name.is_none())
}

/// The column of the targets where somebody named it: now, or when the job was first loaded. One that the reader chooses by itself need
/// not be named, and is not another one.
fn column_of(source: &Source, known: Option<&Job>, read: &ReadOptions) -> Option<String> {
    let remembered = known.and_then(|job| job.target_column.clone());
    let (Some(job), Some(named), None) = (known, &read.column, &remembered) else {
        return read.column.clone().or(remembered);
    };
    let by_itself = Survey::chosen_column(source, read).is_some_and(|chosen| is_same_column(&chosen, named));
    (job.loaded_from.reader == 0 || !by_itself).then(|| named.clone())
}

/// The column that a job remembers may be missing in a file.
fn misread(error: JobFileError, remembered: Option<&Job>) -> CommandError {
    let hint = match (&error, remembered) {
        (JobFileError::NoSuchColumn { column, .. }, Some(job)) => format!(
            "the job {} was first loaded with --column {column}: give the column that name again, or load the file under another name \
             with --job",
            job.name
        ),
        _ => return error.into(),
    };
    CommandError::from(error).hint(hint)
}

/// The same file has one path, however it was written.
fn absolute(file: &Path) -> Result<PathBuf, CommandError> {
    std::fs::canonicalize(file).or_else(|_| std::path::absolute(file)).map_err(|error| {
        CommandError::new(ErrorKind::InputData, format!("{}: {error}", file.display())).hint("check the path")
    })
}

impl Prepared {
    /// The same rows under the path and the name that the file is going to have: it is read where it was received.
    pub fn at(mut self, path: PathBuf, shown: &str) -> Prepared {
        self.path = path;
        shown.clone_into(&mut self.survey.path);
        self
    }

    /// Rows that would be tasks, given which accounts there are; duplicates included.
    pub fn usable(&self, accounts: &Accounts) -> u64 {
        let accounts = accounts.of_job(&self.job);
        let usable = |lane: &&LaneCount| accounts.account_for(lane.account.as_ref(), lane.action).is_ok();
        self.survey.lanes.iter().filter(usable).map(|lane| lane.rows).sum()
    }

    /// Rows that read well and yet are nobody's here: a sentence for each account or action in question, naming the first line.
    pub fn misplaced(&self, accounts: &Accounts) -> Vec<String> {
        let accounts = accounts.of_job(&self.job);
        let sentence = |lane: &LaneCount| {
            let why = match accounts.account_for(lane.account.as_ref(), lane.action) {
                Ok(_) => return None,
                Err("unknown_account") => {
                    format!("account {:?} is not known here", lane.account.as_ref().map_or("", AccountName::as_str))
                }
                Err(_) => match accounts.platform_of(lane.account.as_ref()) {
                    Some(platform) => not_offered(platform, lane.action),
                    None => format!("the platform does not offer {}", lane.action),
                },
            };
            let rows = counted(lane.rows, "row", "rows");
            Some(format!("{}:{}: {why} ({rows})", self.survey.path, lane.first_line))
        };
        self.survey.lanes.iter().filter_map(sentence).collect()
    }

    fn default_account(&self, accounts: &Accounts) -> Option<AccountId> {
        accounts.of_job(&self.job).default.map(|(account, _)| account)
    }

    /// Whether every usable row belongs to the default account.
    pub fn wants_default_account(&self) -> bool {
        self.survey.lanes.iter().any(|lane| lane.account.is_none())
    }

    /// The accounts that rows name.
    pub fn named_accounts(&self) -> Vec<AccountName> {
        self.survey.lanes.iter().filter_map(|lane| lane.account.clone()).collect()
    }

    /// What looking a name of its rows' targets up costs, and on which of its platforms; none where it costs nothing, or nobody is asked.
    pub fn lookup_price(&self) -> Option<(Platform, MicroUsd)> {
        let price = |(platform, kind): &(Platform, TargetKind)| {
            let asked = find_name_resolver(*platform)?.endpoints.iter().filter(|endpoint| endpoint.of == *kind);
            Some((*platform, asked.map(|endpoint| endpoint.price.1).max()?))
        };
        self.acts_on.iter().filter_map(price).filter(|(_, price)| price.0 > 0).max_by_key(|(_, price)| *price)
    }

    /// What all of its usable rows are about; none where that differs, or there is none.
    pub fn kind(&self) -> Option<TargetKind> {
        let mut kinds = self.survey.lanes.iter().map(|lane| lane.action.target_kind());
        let first = kinds.next()?;
        kinds.all(|kind| kind == first).then_some(first)
    }

    /// What "unchanged" is told by: the file's content, what else decides what becomes of its rows, and who has read them.
    pub(super) fn loaded_from(&self, options: &LoadOptions) -> LoadedFrom {
        let file: String = self.survey.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let trust = if self.survey.trusts_ids() { TRUST_IDS } else { "" };
        LoadedFrom::new(format!("{file}:{}{trust}", options.rules.name()), READER_VERSION)
    }

    pub(super) fn new_job(&self, accounts: &Accounts, keep: Option<&KeepReading>) -> NewJob {
        NewJob {
            name: self.job.clone(),
            path: self.path.clone(),
            action: self.survey.default_action,
            account: self.default_account(accounts).filter(|_| self.wants_default_account()),
            keep: keep.cloned(),
            target_column: self.column.clone(),
            host: host_name(),
            restores: None,
        }
    }
}
