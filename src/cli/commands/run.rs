//! `cleanup run`: read and judge every file, ask, load, drain, sum up. Nothing is queued before all of it can be.

use std::path::PathBuf;

use crate::app::{self, Accounts, FileOptions, LoadOptions, Loaded, Prepared, RowRules, Standing, Who};
use crate::cli::args::{ReloadArgs, RowArgs, RunArgs};
use crate::cli::context::Context;
use crate::cli::notify;
use crate::cli::summary::{Report, run_summary};
use crate::domain::{Action, JobId, Wall, counted};
use crate::engine::{Finish, Stopped};
use crate::error::CommandError;
use crate::jobfile::{JobFileError, NAME_COLUMNS};
use crate::store::{DrainLock, Job, Store};
use crate::text::escaped;
use crate::web::Hub;

use super::bystanders::Bystanders;
use super::check::{self, Findings};
use super::closing;
use super::drain::{self, Drainer};
use super::guard;
use super::load::{say_loaded, say_rejected};
use super::signals::Signals;
use super::whose::Whose;

/// Loads the files and works on their jobs.
///
/// # Errors
/// A file, the queue, the network or the account is in the way; nothing of any file is queued where one of them cannot be.
pub async fn run(context: &Context, args: &RunArgs) -> Result<u8, CommandError> {
    if args.dry_run {
        let files = prepare(&args.files.files, args.files.job.as_deref(), &args.rows, context).await?;
        return dry_run(&files, args, context).await;
    }
    let ended = work(context, args, Within::default()).await;
    notify::after(context, None, &ended).await;
    ended.map(|report| report.code)
}

/// What a run within something greater is told beside its words.
#[derive(Default)]
pub(super) struct Within {
    /// Nothing is sent after this, by the wall clock.
    pub(super) end: Option<Wall>,
    /// Counts what is sent.
    pub(super) hub: Option<Hub>,
}

/// The same within something greater, and without telling anybody of its end.
///
/// # Errors
/// As [`run`].
pub(super) async fn work(context: &Context, args: &RunArgs, within: Within) -> Result<Report, CommandError> {
    let files = prepare(&args.files.files, args.files.job.as_deref(), &args.rows, context).await?;
    let mut load = load_options(&args.rows, &files, args.reload, context)?;
    load.settles_handles = true;
    if let Some(report) = already_finished(&files, &args.rows, &mut load, args.drain.json, context).await? {
        return Ok(report);
    }
    let mut drainer = Drainer::prepare(&args.drain, args.rows.platform, context).await?;
    if let Some(end) = within.end {
        drainer.end_by(end, context);
    }
    drainer.count_in(within.hub);
    drainer.learn_users(context).await?;
    let who = drainer.who();
    // Handles are asked about when somebody has said yes.
    load.awaits_handles = true;
    refuse_for_new_queue(who, &args.rows, &files, &load, context).await?;
    let mut store = context.open_queue().await?;
    let lock = DrainLock::take(store.path())?;
    load.handles_asked = store.handles_asked().await?;
    let (mut accounts, mut standings) = stand(who, &mut store, &args.rows, &files, &load, context).await?;
    let asked = drain::Asked { files: &files, standings: &standings, accounts: &accounts, load: &load };
    let is_agreed = drainer.ask(&mut store, &asked, context).await?;
    load.awaits_handles = false;
    if !is_agreed {
        return closing::declined(&[], "nothing was queued, nothing was sent", args.drain.json, context);
    }
    let mut signals = Signals::listen()?;
    if app::resolving_account(&files, &accounts).is_some() {
        if let Some(signal) = drainer.resolve(&mut store, &files, &accounts, &mut signals, context).await? {
            return drainer.interrupted_early(signal, context);
        }
        load.handles_asked = store.handles_asked().await?;
        (accounts, standings) = stand(drainer.who(), &mut store, &args.rows, &files, &load, context).await?;
    }
    load.leaves_unknown = drainer.has_unasked_handles();
    let loading = load_all(&mut store, &files, &standings, &accounts, &load, context);
    let jobs = tokio::select! {
        jobs = loading => jobs?,
        signal = signals.first() => return drainer.interrupted_early(signal, context),
    };
    drainer.drain(store, lock, (Some(jobs), Bystanders::default()), signals, context).await
}

/// Finished jobs whose files are unchanged: they say so and nobody is asked for a login. None: there may be something to do.
async fn already_finished(
    files: &[Prepared],
    rows: &RowArgs,
    load: &mut LoadOptions,
    json: bool,
    context: &Context,
) -> Result<Option<Report>, CommandError> {
    let Some(mut store) = context.existing_queue().await? else { return Ok(None) };
    load.handles_asked = store.handles_asked().await?;
    let Some(jobs) = app::finished_jobs(&mut store, rows.account.as_ref(), files, load).await? else {
        store.close().await;
        return Ok(None);
    };
    for file in files {
        // The keep list may have moved, as with any other load.
        store.set_keep(&file.job, load.rules.keep_path().map(PathBuf::as_path)).await?;
        say_loaded(&file.job, &Loaded::Unchanged, context);
    }
    closing::nothing_to_send(store, Some(&jobs), json, context).await
}

/// What would happen. With `--json` stdout holds the object of every run, of which nothing has been done.
async fn dry_run(files: &[Prepared], args: &RunArgs, context: &Context) -> Result<u8, CommandError> {
    if !args.drain.json {
        return check::show(files, &args.rows, args.reload, context, Findings::Text).await;
    }
    let code = check::show(files, &args.rows, args.reload, context, Findings::Talk).await?;
    context.printer.closing_json(&run_summary(&[], &Finish::unsent(Stopped::Finished), code))?;
    Ok(code)
}

/// Reads and judges the files, with what their jobs remember.
pub(super) async fn prepare(
    files: &[PathBuf],
    job: Option<&str>,
    rows: &RowArgs,
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
fn check_with_the_same_options(error: CommandError, rows: &RowArgs, context: &Context) -> CommandError {
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
    rows: &RowArgs,
    files: &[Prepared],
    reload: ReloadArgs,
    context: &Context,
) -> Result<LoadOptions, CommandError> {
    let mut kinds = files.iter().map(Prepared::kind);
    let first = kinds.next().flatten();
    let kind = first.filter(|_| kinds.all(|kind| kind == first));
    let filter = rows.which.wanted().resolve(kind, context.clock.now().wall, &context.zone)?;
    let keep = rows.which.keep.as_deref().and_then(|path| guard::watchable(path, context.printer));
    let rules = RowRules::new(filter, rows.which.take(), keep);
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
pub(super) async fn stand(
    who: &Who,
    store: &mut Store,
    rows: &RowArgs,
    files: &[Prepared],
    options: &LoadOptions,
    context: &Context,
) -> Result<(Accounts, Vec<Standing>), CommandError> {
    let stood = app::stand_all(who, store, rows.account.as_ref(), files, options).await;
    stood.map_err(|error| check_with_the_same_options(error, rows, context))
}

/// Where there is no queue yet: refuses what a new one would refuse, before one is made.
pub(super) async fn refuse_for_new_queue(
    who: &Who,
    rows: &RowArgs,
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
    standings: &[Standing],
    accounts: &Accounts,
    options: &LoadOptions,
    context: &Context,
) -> Result<Vec<JobId>, CommandError> {
    let mut jobs = Vec::with_capacity(files.len());
    for (file, standing) in files.iter().zip(standings) {
        let before = store.job(&file.job).await?;
        let loaded = app::load(store, file, standing, accounts, options, context.clock.now().wall).await?;
        say_rejected(file, accounts, context);
        if let Some(job) = before.filter(|job| job.path != file.path && loaded != Loaded::Cancelled) {
            context.printer.say(&moved_text(&job, file));
        }
        say_loaded(&file.job, &loaded, context);
        if let Some(job) = store.job(&file.job).await? {
            jobs.push(job.id);
        }
    }
    Ok(jobs)
}

fn moved_text(job: &Job, file: &Prepared) -> String {
    let (old, new) = (job.path.to_string_lossy(), file.path.to_string_lossy());
    format!("{}: its file is {} now, and was {}", escaped(&job.name), escaped(&new), escaped(&old))
}
