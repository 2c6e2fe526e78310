//! The files of a command: read with what their jobs remember, planned against the queue, loaded.
//!
//! In: paths and options. Out: files that have been judged, and jobs that have their rows. What belongs to [`super::run`]: sending.

use std::path::PathBuf;

use super::keep_option;
use super::load_messages::{say_loaded, say_rejected};
use super::row_platforms::RowPlatforms;
use crate::app::request::{ReloadOptions, RowOptions};
use crate::app::{self, Accounts, FileOptions, Identities, LoadOptions, LoadPlan, Loaded, Prepared, RowRules};
use crate::cli::context::Context;
use crate::domain::{Action, JobId, counted};
use crate::error::CommandError;
use crate::jobfile::{JobFileError, NAME_COLUMNS};
use crate::store::{Job, Store};
use crate::text::escaped;

/// Reads and judges the files, with what their jobs remember.
pub(super) async fn prepare(
    files: &[PathBuf],
    job: Option<&str>,
    rows: &RowOptions,
    context: &Context,
) -> Result<Vec<Prepared>, CommandError> {
    // A queue that cannot be read is told by whoever needs it.
    let known = known_jobs(files, job, context).await.unwrap_or_default();
    // Only reposts are read differently for platforms, so only for them the accounts are looked up.
    let may_unrepost = rows.action.is_none_or(|action| action == Action::Unrepost);
    let platform = if may_unrepost && !context.settings.is_sandbox() {
        Some(RowPlatforms::of(context, rows).await.platform(rows.account.as_ref()))
    } else {
        None
    };
    let options = FileOptions {
        action: rows.action,
        column: rows.column.clone(),
        job: job.map(str::to_owned),
        strict: rows.strict,
        platform,
        trust_ids: rows.trust_ids,
        shown: None,
        known,
    };
    app::prepare(files, &options)
}

/// What `check` needs to see what this command has seen.
fn check_with_the_same_options(error: CommandError, rows: &RowOptions, context: &Context) -> CommandError {
    let source = error.source.as_ref().and_then(|source| source.downcast_ref::<JobFileError>());
    let Some(JobFileError::NoUsableRow { path, .. } | JobFileError::Strict { path, .. }) = source else { return error };
    let action = rows.action.map(|action| action.to_string());
    let mut words = vec!["check", path.as_str()];
    for (option, value) in [("--action", action.as_deref()), ("--column", rows.column.as_deref())] {
        words.extend(value.into_iter().flat_map(|value| [option, value]));
    }
    let (bare, whole) = (format!("`cleanup check {path}`"), context.command(&words));
    let hint = error.hint.as_ref().map(|hint| hint.replace(&bare, &whole));
    CommandError { hint, ..error }
}

async fn known_jobs(files: &[PathBuf], job: Option<&str>, context: &Context) -> Result<Vec<Job>, CommandError> {
    let Some(mut store) = context.existing_queue().await? else { return Ok(Vec::new()) };
    let known = app::known_jobs(&mut store, files, job).await;
    store.close().await;
    known
}

/// The lists are read before anything is queued, for they must not be half of one, and ages are counted back from one now.
pub(super) fn load_options(
    rows: &RowOptions,
    files: &[Prepared],
    reload: ReloadOptions,
    context: &Context,
) -> Result<LoadOptions, CommandError> {
    let mut kinds = files.iter().map(Prepared::kind);
    let first = kinds.next().flatten();
    let kind = first.filter(|_| kinds.all(|kind| kind == first));
    let filter = rows.which.wanted.resolve(kind, context.clock.now().wall, &context.zone)?;
    let keep = rows.which.wanted.keep.as_deref().and_then(|path| keep_option::watchable(path, context.printer));
    let rules = RowRules::new(filter, rows.which.take, keep);
    for file in files {
        let blind = rules.blind_handles(&file.survey);
        if blind > 0 {
            context.printer.warn(&format!(
                "{}: {} nobody whose row has only an ID, because the file has no column {}; add numeric IDs to the keep list",
                escaped(&file.survey.path),
                counted(blind, "handle on the keep list spares", "handles on the keep list spare"),
                NAME_COLUMNS.join(", ")
            ));
        }
    }
    Ok(LoadOptions {
        again: reload.again,
        allow_shrink: reload.allow_shrink,
        moved: reload.moved,
        rules,
        ..LoadOptions::default()
    })
}

/// Makes the accounts known that the files need, and says how every file stands to the queue. One file that cannot be loaded
/// refuses all, and then nothing has changed.
pub(super) async fn plan_all(
    who: &Identities,
    store: &mut Store,
    rows: &RowOptions,
    files: &[Prepared],
    options: &LoadOptions,
    context: &Context,
) -> Result<(Accounts, Vec<LoadPlan>), CommandError> {
    let planned = app::plan_loads(who, store, rows.account.as_ref(), files, options).await;
    planned.map_err(|error| check_with_the_same_options(error, rows, context))
}

/// Where there is no queue yet: refuses what a new one would refuse, before one is made.
pub(super) async fn refuse_for_new_queue(
    who: &Identities,
    rows: &RowOptions,
    files: &[Prepared],
    options: &LoadOptions,
    context: &Context,
) -> Result<(), CommandError> {
    if let Some(store) = context.existing_queue().await? {
        store.close().await;
        return Ok(());
    }
    let refused = app::refuse_for_new_queue(who, rows.account.as_ref(), files, options).await;
    refused.map_err(|error| check_with_the_same_options(error, rows, context))
}

/// Loads every file and says what that did.
pub(super) async fn load_all(
    store: &mut Store,
    files: &[Prepared],
    standings: &[LoadPlan],
    accounts: &Accounts,
    options: &LoadOptions,
    context: &Context,
) -> Result<Vec<JobId>, CommandError> {
    let mut jobs = Vec::with_capacity(files.len());
    for (file, standing) in files.iter().zip(standings) {
        let before = store.queue().job(&file.job).await?;
        let loaded = app::load(store, file, standing, accounts, options, context.clock.now().wall).await?;
        say_rejected(file, accounts, context);
        if let Some(job) = before.filter(|job| job.path != file.path && loaded != Loaded::Cancelled) {
            context.printer.say(&moved_text(&job, file));
        }
        say_loaded(&file.job, &loaded, context);
        if let Some(job) = store.queue().job(&file.job).await? {
            jobs.push(job.id);
        }
    }
    Ok(jobs)
}

fn moved_text(job: &Job, file: &Prepared) -> String {
    let (old, new) = (job.path.to_string_lossy(), file.path.to_string_lossy());
    format!("{}: its file was moved: it is {} now, and was {}", escaped(&job.name), escaped(&new), escaped(&old))
}
