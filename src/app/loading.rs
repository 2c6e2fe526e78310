//! Files that have been judged into the queue, as they stand to it.

use super::accounts::{Accounts, FileAccounts};
use super::damage::{Mended, mend_by_file};
use super::handles::{HANDLE_NOT_RESOLVED, HandleBook, Placed};
use super::load_plan::{LoadPlan, place_of};
use super::preparing::Prepared;
use super::reposts::repost_target;
use super::row_filter::{RowRules, RowSieve, SievedRow};
use crate::domain::{Wall, counted};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::{JobFileError, RowVerdict, Rows};
use crate::lists::filter::Rule;
use crate::store::{
    LoadRow, LoadSummary, Loader, ROWS_PER_STATEMENT, ReloadSummary, Reloaded, RowPlace, Store, StoreError,
};

/// How files are loaded.
#[derive(Debug, Default)]
pub struct LoadOptions {
    /// A finished job starts over.
    pub again: bool,
    /// A reload may cancel more than half of what is in line.
    pub allow_shrink: bool,
    /// A file in another place is the job's, which has moved.
    pub moved: bool,
    /// Which rows go on; the others are spared.
    pub rules: RowRules,
    /// How many handles have been asked about: a file that names handles is another one when there is news of them.
    pub handles_asked: u64,
    /// Handles that nobody has become tasks, which the run that loads them settles; else their rows are rejected.
    pub settles_handles: bool,
    /// Handles that nobody has asked about count as tasks: the run that is told of here asks before it loads.
    pub awaits_handles: bool,
    /// A file without one row that can be queued waits for handles that the run could not look up, and is not bad.
    pub leaves_unknown: bool,
}

/// What loading a file did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// The job is new, or in a new round.
    Round(LoadSummary),
    /// It was compared with what was there, after damaged rows were put right.
    Again(ReloadSummary, Mended),
    /// There was nothing to do.
    Unchanged,
    /// The job was cancelled; nothing is loaded.
    Cancelled,
    /// So many rows name handles that have not been looked up, and no other can be queued; nothing is loaded.
    Unknown(u64),
}

/// Loads a file as its [`LoadPlan`] asks for.
///
/// # Errors
/// The queue cannot be written; the file changed while it was read; a reload would cancel more than half of what is in line
/// (65).
pub async fn load(
    store: &mut Store,
    file: &Prepared,
    standing: &LoadPlan,
    accounts: &Accounts,
    options: &LoadOptions,
    now: Wall,
) -> Result<Loaded, CommandError> {
    let (from, keep) = (file.loaded_from(options), options.rules.keep_path());
    let mended = match standing {
        LoadPlan::Unchanged { .. } | LoadPlan::Changed { .. } => {
            mend_by_file(store, file, accounts, options, now).await?
        }
        LoadPlan::New | LoadPlan::Again | LoadPlan::Cancelled => Mended::default(),
    };
    match standing {
        LoadPlan::Unchanged { .. } if mended.is_empty() => {
            store.queue().set_files(&file.new_job(accounts, keep)).await?;
            Ok(Loaded::Unchanged)
        }
        LoadPlan::Cancelled => Ok(Loaded::Cancelled),
        LoadPlan::New | LoadPlan::Again => {
            let columns = file.survey.has_header.then_some(file.survey.columns.as_slice());
            let seen = store.queue().job(&file.job).await?;
            if seen.is_some() != (*standing == LoadPlan::Again) {
                return Err(StoreError::LoadedMeanwhile { job: file.job.clone() }.into());
            }
            let book = HandleBook::of(store, file).await?;
            let mut loader =
                store.loading().begin_round(&file.new_job(accounts, keep), seen.as_ref(), &from, columns, now).await?;
            let Pushed { tasks, unasked } = push_rows(&mut loader, file, accounts, options, book).await?;
            if tasks == 0 {
                // Dropped unfinished, the round was never there.
                if options.leaves_unknown && unasked > 0 {
                    return Ok(Loaded::Unknown(unasked));
                }
                return Err(nobody_known(file));
            }
            Ok(Loaded::Round(loader.finish().await?))
        }
        LoadPlan::Unchanged { .. } | LoadPlan::Changed { .. } => {
            let Some(job) = store.queue().job(&file.job).await? else {
                return Err(CommandError::new(ErrorKind::Fault, "the job went away while it was loaded")
                    .hint("give the command again"));
            };
            let book = HandleBook::of(store, file).await?;
            let mut loader = store.loading().begin_reload(&job, &from, now).await?;
            push_rows(&mut loader, file, accounts, options, book).await?;
            // Rows of the same file do not vanish because an export broke off: they are read differently.
            let allow_shrink = options.allow_shrink || from.is_same_file(&job.loaded_from);
            match loader.apply(allow_shrink).await? {
                Reloaded::Applied(summary) => {
                    store.queue().set_files(&file.new_job(accounts, keep)).await?;
                    Ok(Loaded::Again(summary, mended))
                }
                Reloaded::Shrinks { vanished, pending } => Err(shrinks(file, vanished, pending)),
            }
        }
    }
}

pub(super) fn shrinks(file: &Prepared, vanished: u64, pending: u64) -> CommandError {
    CommandError::new(
        ErrorKind::InputData,
        format!(
            "{}: {vanished} of the {} still queued {} no longer in the file; nothing was changed",
            file.survey.path,
            counted(pending, "row", "rows"),
            if vanished == 1 { "is" } else { "are" }
        ),
    )
    .hint("if the export is complete and you mean to drop them, add --allow-shrink")
}

/// Every row that could be used names a handle that nobody has asked about: there is nothing to queue.
pub(super) fn nobody_known(file: &Prepared) -> CommandError {
    let rows = file.survey.handles;
    let message = format!(
        "{}: its {} not known; nothing was queued",
        file.survey.path,
        counted(rows, "usable row names a handle whose ID is", "usable rows name handles whose IDs are")
    );
    CommandError::new(ErrorKind::InputData, message)
        .hint("`cleanup run` with this file looks up their IDs at the platform")
}

/// What of a file went into the queue.
#[derive(Clone, Copy, Debug, Default)]
struct Pushed {
    /// Rows that are tasks.
    tasks: u64,
    /// Rows whose handle nobody has asked about.
    unasked: u64,
}

async fn push_rows(
    loader: &mut Loader<'_>,
    file: &Prepared,
    accounts: &Accounts,
    options: &LoadOptions,
    mut book: HandleBook,
) -> Result<Pushed, CommandError> {
    let mut sieve = options.rules.begin(&file.survey, &file.source).map_err(changed_under_us)?;
    let mut rows = file.survey.rows(&file.source)?;
    let (accounts, mut pushed) = (accounts.of_job(&file.job), Pushed::default());
    let mut batch = next_batch(&mut rows, accounts, options, &mut sieve, &mut book).await?;
    while !batch.is_empty() {
        for row in &batch {
            match &row.place {
                RowPlace::Task { .. } => pushed.tasks += 1,
                RowPlace::Rejected { reason, .. } => pushed.unasked += u64::from(reason == HANDLE_NOT_RESOLVED),
            }
        }
        // The queue works on a thread of its own; meanwhile the next rows are read on this one.
        let reading = next_batch(&mut rows, accounts, options, &mut sieve, &mut book);
        let (written, read) = tokio::join!(biased; loader.push_all(batch), reading);
        written?;
        batch = read?;
    }
    Ok(pushed)
}

/// As many rows as the queue takes at once; none at the end.
pub(super) async fn next_batch(
    rows: &mut Rows,
    accounts: FileAccounts<'_>,
    options: &LoadOptions,
    sieve: &mut RowSieve<'_>,
    book: &mut HandleBook,
) -> Result<Vec<LoadRow>, CommandError> {
    let mut batch = Vec::with_capacity(ROWS_PER_STATEMENT);
    while batch.len() < ROWS_PER_STATEMENT
        && let Some(row) = rows.next().map_err(changed_under_us)?
    {
        let place = match row.verdict {
            RowVerdict::Task { action, account, target, repost } => match place_of(accounts, account, action) {
                Ok(id) => {
                    let platform = accounts.platform_of(account);
                    let (target, placed) = match repost_target(platform, target.clone(), repost) {
                        Ok(target) => (target.clone(), book.place(platform, action, target, options).await?),
                        Err(reason) => (target, Placed::Rejected(reason)),
                    };
                    let written = target.clone();
                    let sends = !matches!(placed, Placed::Nobody(_));
                    match placed {
                        Placed::Target(target) | Placed::Nobody(target) => {
                            let row = SievedRow { line: row.line, written: &written, cells: row.cells };
                            let spared = sieve.spares(row, (action, account, &target), sends);
                            RowPlace::Task { action, account: id, target, spared: spared.map(Rule::name) }
                        }
                        Placed::Rejected(reason) => {
                            RowPlace::Rejected { reason: reason.to_owned(), task: Some((action, id, target)) }
                        }
                    }
                }
                Err(reason) => RowPlace::Rejected { reason: reason.to_owned(), task: None },
            },
            RowVerdict::Rejected { rejection, task } => {
                let task = task
                    .and_then(|row| Some((row.action, place_of(accounts, row.account, row.action).ok()?, row.target)));
                RowPlace::Rejected { reason: rejection.reason().to_owned(), task }
            }
        };
        batch.push(LoadRow { line: row.line, place, record: row.cells.map(str::to_owned) });
    }
    Ok(batch)
}

/// What was pushed so far stays invisible and is swept away by the next load.
fn changed_under_us(error: JobFileError) -> CommandError {
    error.into()
}
