//! `cleanup run`: read and judge every file, ask, load, drain, sum up. Nothing is queued before all of it can be.

use std::path::PathBuf;

use crate::app::request::{ReloadOptions, RowOptions, RunRequest};
use crate::app::{self, Accounts, FileOptions, Identities, LoadOptions, LoadPlan, Loaded, Prepared, RowRules};
use crate::app::{RunReport, RunSummary};
use crate::cli::args::RunArgs;
use crate::cli::context::Context;
use crate::cli::notify;
use crate::domain::{Action, JobId, Wall, counted};
use crate::error::CommandError;
use crate::jobfile::{JobFileError, NAME_COLUMNS};
use crate::store::{DrainLock, Job, Store};
use crate::text::escaped;
use crate::web::EventCounters;

use super::check::{self, Findings};
use super::drain::{self, Drainer, How};
use super::keep_option;
use super::load::{say_loaded, say_rejected};
use super::run_summary;
use super::signals::Signals;
use super::untouched_jobs::UntouchedJobs;
use super::whose::Whose;

/// Loads the files and works on their jobs.
///
/// # Errors
/// A file, the queue, the network or the account is in the way; nothing of any file is queued where one of them cannot be.
pub async fn run(context: &Context, args: &RunArgs) -> Result<u8, CommandError> {
    let request = args.request();
    if args.dry_run {
        let files = prepare(&request.files, request.job.as_deref(), &request.rows, context).await?;
        return dry_run(&files, &request, args.drain.json, context).await;
    }
    let until = args.drain.deadline(context.clock.now(), &context.zone)?;
    let within = Within { until, yes: args.drain.yes, json: args.drain.json, hub: None };
    let ended = work(context, &request, within).await;
    notify::after(context, None, &ended).await;
    ended.map(|report| report.code)
}

/// How a run is asked for, beside what is to be done.
#[derive(Default)]
pub(super) struct Within {
    /// Nothing is sent after this, by the wall clock.
    pub(super) until: Option<Wall>,
    /// Nobody is asked.
    pub(super) yes: bool,
    /// The end is one JSON object.
    pub(super) json: bool,
    /// Counts what is sent.
    pub(super) hub: Option<EventCounters>,
}

/// The same within something greater, and without telling anybody of its end.
///
/// # Errors
/// As [`run`].
pub(super) async fn work(context: &Context, request: &RunRequest, within: Within) -> Result<RunReport, CommandError> {
    let rows = &request.rows;
    let files = prepare(&request.files, request.job.as_deref(), rows, context).await?;
    let mut load = load_options(rows, &files, request.reload, context)?;
    load.settles_handles = true;
    if let Some(report) = already_finished(&files, rows, &mut load, within.json, context).await? {
        return Ok(report);
    }
    let how = How { bounds: &request.bounds, until: within.until, yes: within.yes, json: within.json };
    let mut drainer = Drainer::prepare(&how, rows.platform, context).await?;
    drainer.count_in(within.hub);
    drainer.learn_users(context).await?;
    let who = drainer.identities();
    // Handles are asked about when somebody has said yes.
    load.awaits_handles = true;
    refuse_for_new_queue(who, rows, &files, &load, context).await?;
    let mut store = context.open_queue().await?;
    let lock = DrainLock::take(store.path())?;
    load.handles_asked = store.lists().handles_asked().await?;
    let (mut accounts, mut standings) = plan_all(who, &mut store, rows, &files, &load, context).await?;
    let asked = drain::Asked { files: &files, standings: &standings, accounts: &accounts, load: &load };
    let is_agreed = drainer.ask(&mut store, &asked, context).await?;
    load.awaits_handles = false;
    if !is_agreed {
        return run_summary::declined(&[], "nothing was queued, nothing was sent", within.json, context);
    }
    let mut signals = Signals::listen()?;
    if app::resolving_account(&files, &accounts).is_some() {
        if let Some(signal) = drainer.resolve(&mut store, &files, &accounts, &mut signals, context).await? {
            return drainer.interrupted_early(signal, context);
        }
        load.handles_asked = store.lists().handles_asked().await?;
        (accounts, standings) = plan_all(drainer.identities(), &mut store, rows, &files, &load, context).await?;
    }
    load.leaves_unknown = drainer.has_unasked_handles();
    let loading = load_all(&mut store, &files, &standings, &accounts, &load, context);
    let jobs = tokio::select! {
        jobs = loading => jobs?,
        signal = signals.first() => return drainer.interrupted_early(signal, context),
    };
    drainer.drain(store, lock, (Some(jobs), UntouchedJobs::default()), signals, context).await
}

/// Finished jobs whose files are unchanged: they say so and nobody is asked for a login. None: there may be something to do.
async fn already_finished(
    files: &[Prepared],
    rows: &RowOptions,
    load: &mut LoadOptions,
    json: bool,
    context: &Context,
) -> Result<Option<RunReport>, CommandError> {
    let Some(mut store) = context.existing_queue().await? else { return Ok(None) };
    load.handles_asked = store.lists().handles_asked().await?;
    let Some(jobs) = app::finished_jobs(&mut store, rows.account.as_ref(), files, load).await? else {
        store.close().await;
        return Ok(None);
    };
    for file in files {
        // The keep list may have moved, as with any other load.
        store.queue().set_keep(&file.job, load.rules.keep_path().map(PathBuf::as_path)).await?;
        say_loaded(&file.job, &Loaded::Unchanged, context);
    }
    run_summary::nothing_to_send(store, Some(&jobs), json, context).await
}

/// What would happen. With `--json` stdout holds the object of every run, of which nothing has been done.
async fn dry_run(files: &[Prepared], request: &RunRequest, json: bool, context: &Context) -> Result<u8, CommandError> {
    let findings = if json { Findings::Talk } else { Findings::Text };
    let code = check::show(files, &request.rows, request.reload, context, findings).await?;
    if !json {
        return Ok(code);
    }
    context.printer.closing_json(&RunSummary::unsent("finished", code))?;
    Ok(code)
}

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
        Some(Whose::of(context, rows).await.platform(rows.account.as_ref()))
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
    format!("{}: its file is {} now, and was {}", escaped(&job.name), escaped(&new), escaped(&old))
}
