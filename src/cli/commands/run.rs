//! `cleanup run`: read and judge every file, ask, load, drain, sum up. Nothing is queued before all of it can be.

use std::path::PathBuf;

use crate::app::request::{RowOptions, RunRequest};
use crate::app::{self, Identities, LoadOptions, Loaded, Prepared};
use crate::app::{RunReport, RunSummary};
use crate::cli::args::RunArgs;
use crate::cli::context::Context;
use crate::domain::Wall;
use crate::error::CommandError;
use crate::store::DrainLock;
use crate::web::EventCounters;

use super::check::{self, Findings};
use super::drain::{self, Drainer, How};
use super::job_files::{load_all, load_options, plan_all, prepare, refuse_for_new_queue};
use super::load_messages::say_loaded;
use super::run_summary;
use super::signals::Signals;
use super::untouched_jobs::UntouchedJobs;

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
    let within = Within { until, yes: args.drain.yes, json: args.drain.json, ..Within::default() };
    let ended = work(context, &request, within).await;
    context.notify(None, &ended).await;
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
    /// The jobs that no schedule loads are worked off in the same drain: a server does not let them wait.
    pub(super) with_others: bool,
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
    drainer.with_others(within.with_others);
    drainer.learn_users(context).await?;
    let who = drainer.identities();
    // Handles are asked about when somebody has said yes.
    load.awaits_handles = true;
    refuse_for_new_queue(who, rows, &files, &load, context).await?;
    if !drainer.can_be_agreed(context) {
        refuse_unasked(who, rows, &files, &load, context).await?;
    }
    let mut store = context.open_queue().await?;
    let lock = DrainLock::take(store.path())?;
    load.handles_asked = store.lists().handles_asked().await?;
    let before: Vec<_> = store.accounts().all().await?.into_iter().map(|account| account.id).collect();
    let (mut accounts, mut standings) = plan_all(who, &mut store, rows, &files, &load, context).await?;
    let asked = drain::Asked { files: &files, standings: &standings, accounts: &accounts, load: &load };
    let is_agreed = match drainer.ask(&mut store, &asked, context).await {
        Ok(is_agreed) => is_agreed,
        Err(refusal) => {
            app::forget_new_accounts(&mut store, &before).await?;
            return Err(refusal);
        }
    };
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

/// Where nobody can be asked, and something would be sent, no queue is made only for the run to be refused.
async fn refuse_unasked(
    who: &Identities,
    rows: &RowOptions,
    files: &[Prepared],
    load: &LoadOptions,
    context: &Context,
) -> Result<(), CommandError> {
    if let Some(store) = context.existing_queue().await? {
        store.close().await;
        return Ok(());
    }
    for forecast in app::forecast(who, None, rows.account.as_ref(), files, load).await? {
        if forecast?.targets() > 0 {
            return Err(drain::no_terminal(drain::LOOK));
        }
    }
    Ok(())
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
