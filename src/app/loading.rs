//! Files into the queue: every file is read and judged before the first row of any is queued.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::accounts::{Accounts, Who};
use super::handles::{HandleBook, Placed};
use super::sifting::{RowRules, RowSieve};
use crate::cli::error::{CliError, Kind};
use crate::domain::{AccountName, Action, TargetKind, Wall, counted};
use crate::jobfile::{JobFileError, LaneCount, ReadOptions, RowVerdict, Rows, SavedWorklist, Source, Survey};
use crate::lists::filter::Rule;
use crate::platform;
use crate::store::{
    Job, JobState, LoadRow, LoadSummary, Loader, NewJob, ROWS_PER_STATEMENT, ReloadSummary, Reloaded, RowPlace, Store,
    StoreError,
};

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
}

/// How files are loaded.
#[derive(Debug, Default)]
pub struct LoadOptions {
    /// A finished job starts over.
    pub again: bool,
    /// A reload may cancel more than half of what is in line.
    pub allow_shrink: bool,
    /// Which rows go on; the others are spared.
    pub rules: RowRules,
    /// How many handles have been asked about: a file that names handles is another one when there is news of them.
    pub handles_asked: u64,
    /// Handles that nobody has become tasks, which the run that loads them settles; else their rows are rejected.
    pub settles_handles: bool,
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
    strict: bool,
}

/// Reads and judges files. Changes nothing.
///
/// # Errors
/// A file cannot be used (65), two files would be one job (2), stdin without `--job` (2).
pub fn prepare(files: &[PathBuf], options: &FileOptions) -> Result<Vec<Prepared>, CliError> {
    if options.job.is_some() && files.len() > 1 {
        return Err(
            CliError::new(Kind::Usage, "--job names one job, and there are several files").hint("load them one by one")
        );
    }
    let mut prepared: Vec<Prepared> = Vec::with_capacity(files.len());
    for file in files {
        let one = prepare_one(file, options)?;
        if let Some(other) = prepared.iter().find(|other| other.job == one.job) {
            let message = format!("{} and {} would both be the job {}", other.survey.path, one.survey.path, one.job);
            return Err(
                CliError::new(Kind::Usage, message).hint("load one of them alone, under another name with --job")
            );
        }
        prepared.push(one);
    }
    Ok(prepared)
}

fn prepare_one(file: &Path, options: &FileOptions) -> Result<Prepared, CliError> {
    let is_stdin = file == Path::new("-");
    if is_stdin && options.job.is_none() {
        return Err(CliError::new(Kind::Usage, "rows from stdin have no name").hint("give the job one: --job NAME"));
    }
    let source = Source::open(file)?;
    if SavedWorklist::is_one(&source).unwrap_or(false) {
        let message = format!("{} is a saved worklist, not a job", source.name());
        return Err(
            CliError::new(Kind::InputData, message).hint("take its ticks back with `cleanup load` and the file's name")
        );
    }
    let read = ReadOptions { action: options.action, column: options.column.clone(), takes_handles: true };
    let survey = Survey::of(&source, &read)?;
    let job = match (&options.job, source.stem()) {
        (Some(job), _) => job.clone(),
        (None, Some(stem)) => stem.to_owned(),
        (None, None) => {
            let message = format!("{} has no name that could be a job's", file.display());
            return Err(CliError::new(Kind::Usage, message).hint("give the job one: --job NAME"));
        }
    };
    let path = if is_stdin { PathBuf::from("-") } else { absolute(file)? };
    Ok(Prepared { source, survey, job, path, strict: options.strict })
}

/// The same file has one path, however it was written.
fn absolute(file: &Path) -> Result<PathBuf, CliError> {
    std::fs::canonicalize(file)
        .or_else(|_| std::path::absolute(file))
        .map_err(|error| CliError::new(Kind::InputData, format!("{}: {error}", file.display())).hint("check the path"))
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
        let usable = |lane: &&LaneCount| place_of(accounts, lane.account.as_ref(), lane.action).is_ok();
        self.survey.lanes.iter().filter(usable).map(|lane| lane.rows).sum()
    }

    /// Rows that read well and yet are nobody's here: a sentence for each account or action in question, naming the first line.
    pub fn misplaced(&self, accounts: &Accounts) -> Vec<String> {
        let sentence = |lane: &LaneCount| {
            let why = match place_of(accounts, lane.account.as_ref(), lane.action) {
                Ok(_) => return None,
                Err("unknown_account") => {
                    format!("account {:?} is not known here", lane.account.as_ref().map_or("", AccountName::as_str))
                }
                Err(_) => format!("the platform does not offer {}", lane.action),
            };
            let rows = counted(lane.rows, "row", "rows");
            Some(format!("{}:{}: {why} ({rows})", self.survey.path, lane.first_line))
        };
        self.survey.lanes.iter().filter_map(sentence).collect()
    }

    /// Whether every usable row belongs to the default account.
    pub fn wants_default_account(&self) -> bool {
        self.survey.lanes.iter().any(|lane| lane.account.is_none())
    }

    /// The accounts that rows name.
    pub fn named_accounts(&self) -> Vec<AccountName> {
        self.survey.lanes.iter().filter_map(|lane| lane.account.clone()).collect()
    }

    /// What all of its usable rows are about; none where that differs, or there is none.
    pub fn kind(&self) -> Option<TargetKind> {
        let mut kinds = self.survey.lanes.iter().map(|lane| lane.action.target_kind());
        let first = kinds.next()?;
        kinds.all(|kind| kind == first).then_some(first)
    }

    /// The file's usable rows by action and account without those that are spared, and how many each rule spares. Repeats are
    /// not known before a file is loaded.
    ///
    /// # Errors
    /// The file changed since it was read.
    pub fn to_do(&self, options: &LoadOptions) -> Result<(Vec<LaneCount>, BTreeMap<Rule, u64>), CliError> {
        let mut lanes = self.survey.lanes.clone();
        let mut spared = BTreeMap::new();
        if options.rules.is_empty() {
            return Ok((lanes, spared));
        }
        let mut sieve = options.rules.begin(&self.survey, &self.source)?;
        let mut rows = self.survey.rows(&self.source)?;
        while let Some(row) = rows.next()? {
            let RowVerdict::Task { action, account, target } = row.verdict else { continue };
            if let Some(rule) = sieve.spares(row.line, (action, account, &target), row.cells, true)
                && let Some(lane) = lanes.iter_mut().find(|l| l.action == action && l.account.as_ref() == account)
            {
                lane.rows = lane.rows.saturating_sub(1);
                *spared.entry(rule).or_default() += 1;
            }
        }
        lanes.retain(|lane| lane.rows > 0);
        Ok((lanes, spared))
    }

    /// What "unchanged" is told by: the file's content, and what else decides what becomes of its rows.
    fn content_hash(&self, options: &LoadOptions) -> String {
        let file: String = self.survey.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let handles =
            if self.survey.handles > 0 { format!(":handles={}", options.handles_asked) } else { String::new() };
        format!("{file}:{}{handles}", options.rules.name())
    }

    fn new_job(&self, accounts: &Accounts, keep: Option<&PathBuf>) -> NewJob {
        NewJob {
            name: self.job.clone(),
            path: self.path.clone(),
            action: self.survey.default_action,
            account: accounts.default.filter(|_| self.wants_default_account()),
            keep: keep.cloned(),
        }
    }
}

/// How a file stands to the queue, before anything is loaded.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// The queue does not know the job.
    New,
    /// The content is what was loaded last; so many tasks are not settled.
    Unchanged {
        /// Tasks that are not settled.
        pending: u64,
    },
    /// The content has changed; so many tasks are not settled yet.
    Changed {
        /// Tasks that were not settled before.
        pending: u64,
    },
    /// It is finished, and starts over as a new round.
    Again,
    /// Somebody cancelled the job; nothing is loaded or sent.
    Cancelled,
}

/// Says how a file stands to the queue.
///
/// # Errors
/// Another path, action or account under the job's name (2); no usable row (65).
pub async fn stand(
    store: &mut Store,
    file: &Prepared,
    accounts: &Accounts,
    options: &LoadOptions,
) -> Result<Standing, CliError> {
    if let Some(refusal) = file.survey.refusal(file.strict) {
        return Err(refusal.into());
    }
    if file.wants_default_account() && accounts.default.is_none() {
        return Err(CliError::new(Kind::Usage, format!("{}: it is not known whose account to act for", file.survey.path)).hint("name one with --account, or set CLEANUP_X_USER_ID to your numeric user ID (load and check never ask the network)"));
    }
    let usable = file.usable(accounts);
    if usable == 0 || (file.strict && usable < file.survey.rows) {
        return Err(no_account_for_rows(file, accounts));
    }
    let Some(job) = store.job(&file.job).await? else { return Ok(Standing::New) };
    refuse_another(file, &job, accounts)?;
    let pending = job.pending;
    Ok(match (job.state, options.again && pending == 0) {
        (_, true) => Standing::Again,
        (JobState::Cancelled, false) => Standing::Cancelled,
        _ if job.content_hash == file.content_hash(options) => Standing::Unchanged { pending },
        _ => Standing::Changed { pending },
    })
}

/// Makes the accounts known that the files need, and says how every file stands to the queue. One file that cannot be loaded
/// refuses all, and then nothing has changed.
///
/// # Errors
/// As [`stand`]; nobody is known by the name `account` (2).
pub async fn stand_all(
    who: &Who,
    store: &mut Store,
    account: Option<&AccountName>,
    files: &[Prepared],
    options: &LoadOptions,
) -> Result<(Accounts, Vec<Standing>), CliError> {
    let before: Vec<_> = store.accounts().await?.into_iter().map(|account| account.id).collect();
    let named: Vec<_> = files.iter().flat_map(Prepared::named_accounts).collect();
    let accounts = who.introduce(store, account, &named).await?;
    let mut standings = Vec::with_capacity(files.len());
    for file in files {
        match stand(store, file, &accounts, options).await {
            Ok(standing) => standings.push(standing),
            Err(refusal) => {
                let now = store.accounts().await?.into_iter().map(|account| account.id);
                let new: Vec<_> = now.filter(|id| !before.contains(id)).collect();
                store.forget_unused_accounts(&new).await?;
                return Err(refusal);
            }
        }
    }
    Ok((accounts, standings))
}

/// A job's path, default action and account are fixed when it is first loaded.
fn refuse_another(file: &Prepared, job: &Job, accounts: &Accounts) -> Result<(), CliError> {
    let new = file.new_job(accounts, None);
    let word = |action: Option<Action>| action.map_or("none", Action::name);
    let difference = if job.path != new.path {
        format!("of another file, {}", job.path.display())
    } else if job.action != new.action {
        format!("of another action, {} (now {})", word(job.action), word(new.action))
    } else if job.account != new.account {
        "of another account".to_owned()
    } else {
        return Ok(());
    };
    let message =
        format!("{}: there is a job {} already, {difference}; nothing was changed", file.survey.path, job.name);
    Err(CliError::new(Kind::Usage, message).hint(format!("load it under another name: --job {}-2", job.name)))
}

fn no_account_for_rows(file: &Prepared, accounts: &Accounts) -> CliError {
    let why = file.misplaced(accounts).into_iter().next().unwrap_or_else(|| file.survey.path.clone());
    let known = accounts.names().join(", ");
    let known = if known.is_empty() { "none is known yet".to_owned() } else { format!("known here: {known}") };
    CliError::new(Kind::InputData, format!("{why}; nothing was queued")).hint(format!(
        "correct the row ({known}); an account becomes known under a name with CLEANUP_X_USER_ID and --account NAME"
    ))
}

/// Whose row it is, or why it is nobody's.
pub(super) fn place_of(
    accounts: &Accounts,
    name: Option<&AccountName>,
    action: Action,
) -> Result<crate::domain::AccountId, &'static str> {
    let (account, platform) = accounts.find(name).ok_or("unknown_account")?;
    if platform::find(platform, action).is_none() {
        return Err("action_not_offered");
    }
    Ok(account)
}

/// What loading a file did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// The job is new, or in a new round.
    Round(LoadSummary),
    /// It was compared with what was there.
    Again(ReloadSummary),
    /// There was nothing to do.
    Unchanged,
    /// The job was cancelled; nothing is loaded.
    Cancelled,
}

/// Loads a file as its [`Standing`] asks for.
///
/// # Errors
/// The queue cannot be written; the file changed while it was read; a reload would cancel more than half of what is in line
/// (65).
pub async fn load(
    store: &mut Store,
    file: &Prepared,
    standing: &Standing,
    accounts: &Accounts,
    options: &LoadOptions,
    now: Wall,
) -> Result<Loaded, CliError> {
    let (hash, keep) = (file.content_hash(options), options.rules.keep_path());
    match standing {
        Standing::Unchanged { .. } => {
            store.set_keep(&file.job, keep.map(PathBuf::as_path)).await?;
            Ok(Loaded::Unchanged)
        }
        Standing::Cancelled => Ok(Loaded::Cancelled),
        Standing::New | Standing::Again => {
            let columns = file.survey.has_header.then_some(file.survey.columns.as_slice());
            let seen = store.job(&file.job).await?;
            if seen.is_some() != (*standing == Standing::Again) {
                return Err(StoreError::LoadedMeanwhile { job: file.job.clone() }.into());
            }
            let book = HandleBook::of(store, file).await?;
            let mut loader =
                store.begin_round(&file.new_job(accounts, keep), seen.as_ref(), &hash, columns, now).await?;
            let tasks = push_rows(&mut loader, file, accounts, options, book).await?;
            if tasks == 0 {
                // Dropped unfinished, the round was never there.
                return Err(nobody_known(file));
            }
            Ok(Loaded::Round(loader.finish().await?))
        }
        Standing::Changed { .. } => {
            let Some(job) = store.job(&file.job).await? else {
                return Err(CliError::new(Kind::Fault, "the job went away while it was loaded").hint("type it again"));
            };
            let book = HandleBook::of(store, file).await?;
            let mut loader = store.begin_reload(&job, &hash, now).await?;
            push_rows(&mut loader, file, accounts, options, book).await?;
            match loader.apply(options.allow_shrink).await? {
                Reloaded::Applied(summary) => {
                    store.set_keep(&file.job, keep.map(PathBuf::as_path)).await?;
                    Ok(Loaded::Again(summary))
                }
                Reloaded::Shrinks { vanished, pending } => Err(shrinks(file, vanished, pending)),
            }
        }
    }
}

fn shrinks(file: &Prepared, vanished: u64, pending: u64) -> CliError {
    CliError::new(
        Kind::InputData,
        format!(
            "{}: {vanished} of the {} still in line {} no longer in the file; nothing was changed",
            file.survey.path,
            counted(pending, "row", "rows"),
            if vanished == 1 { "is" } else { "are" }
        ),
    )
    .hint("if the export is complete and you mean to drop them, add --allow-shrink")
}

/// Every row that could be used names a handle that nobody has asked about: there is nothing to queue.
fn nobody_known(file: &Prepared) -> CliError {
    let rows = file.survey.handles;
    let message = format!(
        "{}: its {} not known; nothing was queued",
        file.survey.path,
        counted(rows, "usable row names a handle whose ID is", "usable rows name handles whose IDs are")
    );
    CliError::new(Kind::InputData, message).hint("`cleanup run` with this file asks the platform whose they are")
}

async fn push_rows(
    loader: &mut Loader<'_>,
    file: &Prepared,
    accounts: &Accounts,
    options: &LoadOptions,
    mut book: HandleBook,
) -> Result<u64, CliError> {
    let mut sieve = options.rules.begin(&file.survey, &file.source).map_err(changed_under_us)?;
    let mut rows = file.survey.rows(&file.source)?;
    let mut tasks = 0;
    let mut batch = next_batch(&mut rows, accounts, options, &mut sieve, &mut book).await?;
    while !batch.is_empty() {
        tasks += batch.iter().filter(|row| matches!(row.place, RowPlace::Task { .. })).count() as u64;
        // The queue works on a thread of its own; meanwhile the next rows are read on this one.
        let reading = next_batch(&mut rows, accounts, options, &mut sieve, &mut book);
        let (pushed, read) = tokio::join!(biased; loader.push_all(batch), reading);
        pushed?;
        batch = read?;
    }
    Ok(tasks)
}

/// As many rows as the queue takes at once; none at the end.
async fn next_batch(
    rows: &mut Rows,
    accounts: &Accounts,
    options: &LoadOptions,
    sieve: &mut RowSieve<'_>,
    book: &mut HandleBook,
) -> Result<Vec<LoadRow>, CliError> {
    let mut batch = Vec::with_capacity(ROWS_PER_STATEMENT);
    while batch.len() < ROWS_PER_STATEMENT
        && let Some(row) = rows.next().map_err(changed_under_us)?
    {
        let place = match row.verdict {
            RowVerdict::Task { action, account, target } => match place_of(accounts, account, action) {
                Ok(id) => {
                    let placed = book.place(accounts.platform_of(account), action, target, options).await?;
                    let sends = !matches!(placed, Placed::Nobody(_));
                    match placed {
                        Placed::Target(target) | Placed::Nobody(target) => {
                            let spared = sieve.spares(row.line, (action, account, &target), row.cells, sends);
                            RowPlace::Task { action, account: id, target, spared: spared.map(Rule::name) }
                        }
                        Placed::Rejected(reason) => RowPlace::Rejected { reason: reason.to_owned() },
                    }
                }
                Err(reason) => RowPlace::Rejected { reason: reason.to_owned() },
            },
            RowVerdict::Rejected(rejection) => RowPlace::Rejected { reason: rejection.reason().to_owned() },
        };
        batch.push(LoadRow { line: row.line, place, record: row.cells.map(str::to_owned) });
    }
    Ok(batch)
}

/// What was pushed so far stays invisible and is swept away by the next load.
fn changed_under_us(error: JobFileError) -> CliError {
    error.into()
}
