//! What stands in line, judged by this version of the reader where an older one has judged it last. A drain begins with it, for it
//! reads no job file: what the older one let pass and this one would not is never sent.
//!
//! In: a queue. Out: tasks that are rejected now, and how many. What does not belong here: loading; rows that this version accepts and an
//! older one did not are found when the file is loaded.

use std::collections::BTreeMap;

use super::preparing::trusted_ids;
use super::reposts::repost_id_of;
use super::row_ids::RowOwners;
use crate::domain::{JobId, Outcome, Platform, Target, TaskId, Wall};
use crate::error::CommandError;
use crate::jobfile::{
    JobFileError, READER_OF_CUT_ROWS, READER_VERSION, ReadOptions, RowVerdict, Rows, RowsAgain, Source, Survey,
    cells_from_stored, is_target_column, read_target,
};
use crate::store::{Job, RowOutcome, Store, StoreError};

/// The reason of tasks whose row names another target for this version of the reader.
pub const READ_DIFFERENTLY: &str = "read_differently";
/// Rows in which the column of the targets is looked for.
const MAX_SAMPLED_ROWS: usize = 1_000;

/// Tasks of one job that are rejected now, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldBack {
    /// The job.
    pub job: String,
    /// Why, in one word.
    pub reason: String,
    /// How many.
    pub tasks: u64,
}

/// Judges what stands in line of these jobs, or of all: only where an older version of the reader did so last.
///
/// # Errors
/// The queue cannot be read or written, or the folder for temporary files is full; then nothing may be sent.
pub async fn recheck(store: &mut Store, jobs: Option<&[JobId]>, now: Wall) -> Result<Vec<HeldBack>, CommandError> {
    let mut held = Vec::new();
    for job in store.queue().jobs().await? {
        // What a restore has is no reading of a file.
        if job.restores.is_some()
            || job.checked_by >= READER_VERSION
            || jobs.is_some_and(|jobs| !jobs.contains(&job.id))
        {
            continue;
        }
        let rejected = if store.loading().may_send(job.round).await? { judge(store, &job).await? } else { Vec::new() };
        let mut by_reason: BTreeMap<&str, u64> = BTreeMap::new();
        for (_, reason) in &rejected {
            *by_reason.entry(reason).or_default() += 1;
        }
        store.loading().reject_tasks(&job, &rejected, READER_VERSION, now).await?;
        let of = |(reason, tasks): (&str, u64)| HeldBack { job: job.name.clone(), reason: reason.to_owned(), tasks };
        held.extend(by_reason.into_iter().map(of));
    }
    Ok(held)
}

/// The column that the user named when a job was loaded by a program that did not keep it: the one that all targets stand in, if only a
/// user can have meant it.
pub async fn named_column(store: &mut Store, job: &Job) -> Result<Option<String>, CommandError> {
    let Some(columns) = store.read().columns(job, job.round_number).await? else { return Ok(None) };
    let (mut sampled, mut found) = (0, vec![0_usize; columns.len()]);
    let each = |row: RowOutcome| -> Result<(), Enough> {
        let Some(target) = &row.target else { return Ok(()) };
        let cells = row.record.as_deref().map_or_else(|| vec![target.to_string()], cells_from_stored);
        let names = |cell: &String| {
            let named = read_target(cell.as_bytes(), None).ok().or_else(|| cell.trim().parse().ok());
            named.is_some_and(|named| named == *target)
        };
        let at: Vec<usize> =
            cells.iter().take(found.len()).enumerate().filter(|(_, cell)| names(cell)).map(|(at, _)| at).collect();
        sampled += usize::from(!at.is_empty());
        at.into_iter().for_each(|at| found[at] += 1);
        if sampled < MAX_SAMPLED_ROWS { Ok(()) } else { Err(Enough::Rows) }
    };
    match store.read().report(job, job.round_number, each).await {
        Ok(_) | Err(Enough::Rows) => {}
        Err(Enough::Store(error)) => return Err(error.into()),
    }
    let all: Vec<&String> =
        columns.iter().zip(found).filter(|(_, n)| *n > 0 && *n == sampled).map(|(name, _)| name).collect();
    let chosen_by_itself = all.iter().any(|name| is_target_column(name));
    Ok(all.first().filter(|_| !chosen_by_itself).map(|name| (*name).clone()))
}

enum Enough {
    Rows,
    Store(StoreError),
}

impl From<StoreError> for Enough {
    fn from(error: StoreError) -> Enough {
        Enough::Store(error)
    }
}

/// Tasks that may be sent sooner or later and must not be, and why.
type Rejected = Vec<(TaskId, &'static str)>;

async fn judge(store: &mut Store, job: &Job) -> Result<Rejected, CommandError> {
    let column = match &job.target_column {
        None if job.loaded_from.reader == 0 => named_column(store, job).await?,
        column => column.clone(),
    };
    if let Some(column) = &column {
        store.queue().set_target_column(job.id, column).await?;
    }
    let source = rows_again(store, job).await?;
    let trust_ids = trusted_ids(&job.loaded_from);
    let accounts = store.accounts().all().await?;
    let platform = accounts.iter().find(|account| Some(account.id) == job.account).map(|account| account.platform);
    let repost_id = platform.map(repost_id_of).unwrap_or_default();
    let is_sandbox = platform.is_some_and(Platform::is_sandbox);
    let default = platform.unwrap_or_default();
    let ids = RowOwners { known: accounts, default, is_sandbox, ..RowOwners::default() }.ids(job.account);
    let options = ReadOptions { action: job.action, column, repost_id, trust_ids, ids, is_of_list: None };
    let mut rows = match Survey::of(&source, &options).and_then(|survey| survey.rows(&source)) {
        Ok(rows) => Some(rows),
        Err(error) if error.is_machine_fault() => return Err(error.into()),
        // It would not load such a file: what its rows mean is not known.
        Err(error) => {
            tracing::warn!(job = job.name, %error, "this version reads the job's file differently");
            None
        }
    };
    let mut rejected = Rejected::new();
    let each = |row: RowOutcome| -> Result<(), Broken> {
        if row.line.is_none() {
            return Ok(());
        }
        let reason = match &mut rows {
            None => Some(READ_DIFFERENTLY),
            Some(rows) => reason_against(rows, row.target.as_ref())?,
        };
        if let (Some(task), Some(reason), Outcome::Pending | Outcome::Failed) = (row.task, reason, row.outcome) {
            rejected.push((task, reason));
        }
        Ok(())
    };
    store.read().report(job, job.round_number, each).await?;
    Ok(rejected)
}

/// The rows of a job's file, as far as the queue keeps them.
async fn rows_again(store: &mut Store, job: &Job) -> Result<Source, CommandError> {
    let columns = store.read().columns(job, job.round_number).await?;
    let mut again = RowsAgain::begin(&job.path.to_string_lossy(), columns.as_deref())?;
    let each = |row: RowOutcome| -> Result<(), Broken> {
        if row.line.is_some() {
            let plain = || row.target.as_ref().map(ToString::to_string).unwrap_or_default();
            again.push(&row.record.clone().unwrap_or_else(plain))?;
        }
        Ok(())
    };
    store.read().report(job, job.round_number, each).await?;
    Ok(again.finish(job.loaded_from.reader >= READER_OF_CUT_ROWS)?)
}

/// Why the next row is no row that leads to this target; none: it is.
fn reason_against(rows: &mut Rows, target: Option<&Target>) -> Result<Option<&'static str>, JobFileError> {
    let Some(row) = rows.next()? else { return Ok(Some(READ_DIFFERENTLY)) };
    Ok(match (row.verdict, target) {
        (RowVerdict::Rejected { rejection, .. }, _) => Some(rejection.reason()),
        // What the name means has been looked up.
        (RowVerdict::Task { target: named, .. }, Some(target)) if named.is_name() && !target.is_name() => None,
        (RowVerdict::Task { target: named, .. }, Some(target)) => (named != *target).then_some(READ_DIFFERENTLY),
        (RowVerdict::Task { .. }, None) => None,
    })
}

/// Why a reading of the queue's rows broke off.
enum Broken {
    Store(StoreError),
    File(JobFileError),
}

impl From<StoreError> for Broken {
    fn from(error: StoreError) -> Broken {
        Broken::Store(error)
    }
}

impl From<JobFileError> for Broken {
    fn from(error: JobFileError) -> Broken {
        Broken::File(error)
    }
}

impl From<Broken> for CommandError {
    fn from(broken: Broken) -> CommandError {
        match broken {
            Broken::Store(error) => error.into(),
            Broken::File(error) => error.into(),
        }
    }
}
