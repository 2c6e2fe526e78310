//! Files that have been judged into the queue, as they stand to it.

use super::damaged_rows::{Mended, mend_by_file};
use super::load_options::LoadOptions;
use super::load_plan::LoadPlan;
use super::named_accounts::Accounts;
use super::names::NameBook;
use super::preparing::Prepared;
use super::row_batches::{changed_under_us, next_batch};
use crate::domain::{Wall, counted};
use crate::error::{CommandError, ErrorKind};
use crate::store::{LoadSummary, Loader, ReloadSummary, Reloaded, RowPlace, Store, StoreError};

/// What loading a file did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// The job is new, or in a new round.
    Round(LoadSummary),
    /// It was compared with what was there, after damaged rows were put right.
    Again(ReloadSummary, Mended),
    /// There was nothing to do.
    Unchanged,
    /// The list has no entry, and no job that is there has rows of it.
    Empty,
    /// The job was cancelled; nothing is loaded.
    Cancelled,
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
    let (from, keep) = (file.loaded_from(options), options.rules.keep_reading(now));
    let mended = match standing {
        LoadPlan::Unchanged { .. } | LoadPlan::Changed { .. } => {
            mend_by_file(store, file, accounts, options, now).await?
        }
        LoadPlan::New | LoadPlan::Again | LoadPlan::Cancelled => Mended::default(),
    };
    match standing {
        LoadPlan::Unchanged { .. } if mended.is_empty() => {
            store.queue().set_files(&file.new_job(accounts, keep.as_ref())).await?;
            Ok(Loaded::Unchanged)
        }
        LoadPlan::Cancelled => Ok(Loaded::Cancelled),
        LoadPlan::New | LoadPlan::Again if file.survey.rows == 0 => Ok(Loaded::Empty),
        LoadPlan::New | LoadPlan::Again => {
            let columns = file.survey.has_header.then_some(file.survey.columns.as_slice());
            let seen = store.queue().job(&file.job).await?;
            if seen.is_some() != (*standing == LoadPlan::Again) {
                return Err(StoreError::LoadedMeanwhile { job: file.job.clone() }.into());
            }
            let book = NameBook::of(store, file).await?;
            let mut loader = store
                .loading()
                .begin_round(&file.new_job(accounts, keep.as_ref()), seen.as_ref(), &from, columns, now)
                .await?;
            if push_rows(&mut loader, file, accounts, options, book).await? == 0 {
                // Dropped unfinished, the round was never there.
                return Err(nobody_known(file));
            }
            Ok(Loaded::Round(loader.finish().await?))
        }
        LoadPlan::Unchanged { .. } | LoadPlan::Changed { .. } => {
            let Some(job) = store.queue().job(&file.job).await? else {
                return Err(CommandError::new(ErrorKind::Fault, "the job was deleted while it was loaded")
                    .hint("run the command again"));
            };
            let book = NameBook::of(store, file).await?;
            let mut loader = store.loading().begin_reload(&job, &from, now).await?;
            push_rows(&mut loader, file, accounts, options, book).await?;
            // Rows of the same file do not vanish because an export broke off: they are read differently.
            let allow_shrink = options.reload.allow_shrink || from.is_same_file(&job.loaded_from);
            match loader.apply(allow_shrink).await? {
                Reloaded::Applied(summary) => {
                    store.queue().set_files(&file.new_job(accounts, keep.as_ref())).await?;
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

/// Every row that could be used names a handle, and nobody can be asked whose it is: there is nothing to queue.
pub(super) fn nobody_known(file: &Prepared) -> CommandError {
    let rows = file.survey.names;
    let message = format!(
        "{}: its {} not known; nothing was queued",
        file.survey.path,
        counted(rows, "usable row names a handle whose ID is", "usable rows name handles whose IDs are")
    );
    CommandError::new(ErrorKind::InputData, message)
        .hint("this platform does not say whose a handle is: write numeric IDs")
}

/// Puts all rows into the load; so many of them are tasks.
async fn push_rows(
    loader: &mut Loader<'_>,
    file: &Prepared,
    accounts: &Accounts,
    options: &LoadOptions,
    mut book: NameBook,
) -> Result<u64, CommandError> {
    let (accounts, mut tasks) = (accounts.of_job(&file.job), 0);
    let mut sieve = options.rules.begin(&file.survey, &file.source, accounts).map_err(changed_under_us)?;
    let mut rows = file.survey.rows(&file.source)?;
    let mut batch = next_batch(&mut rows, accounts, &mut sieve, &mut book).await?;
    while !batch.is_empty() {
        tasks += batch.iter().filter(|row| matches!(row.place, RowPlace::Task { .. })).count() as u64;
        // The queue works on a thread of its own; meanwhile the next rows are read on this one.
        let reading = next_batch(&mut rows, accounts, &mut sieve, &mut book);
        let (written, read) = tokio::join!(biased; loader.push_all(batch), reading);
        written?;
        batch = read?;
    }
    Ok(tasks)
}
