//! A run of job files: read and judge every file, ask, load, drain. Nothing is queued before all of it can be. One whose files another process has
//! loaded goes on without them.

use super::drainer::{Drainer, Jobs, LOOK, RunTerms, no_terminal};
use super::job_files::JudgedFiles;
use super::outcome::RunEnd;
use super::server_drain::{DrainSeat, HeldSeat};
use super::untouched_jobs::UntouchedJobs;
use crate::app::deps::AppDeps;
use crate::app::notice::Notice;
use crate::app::request::{RowOptions, RunRequest};
use crate::app::signals::Signals;
use crate::app::{self, Identities, Loaded};
use crate::domain::JobId;
use crate::error::CommandError;
use crate::store::Store;

/// Loads the files and works on their jobs.
///
/// # Errors
/// A file, the queue, the network or the account is in the way; nothing of any file is queued where one of them cannot be.
pub async fn run_files(
    deps: AppDeps<'_>,
    request: &RunRequest,
    terms: RunTerms,
    seat: DrainSeat,
) -> Result<RunEnd, CommandError> {
    let rows = &request.load.rows;
    let judged = tokio::select! {
        judged = JudgedFiles::read(&request.load, deps) => judged?,
        signal = seat.signal()? => return Ok(RunEnd::StoppedLoading(signal)),
    };
    if let Some(end) = already_finished(&judged, rows, deps).await? {
        return Ok(end);
    }
    let mut drainer = Drainer::prepare(&request.bounds, terms, rows.platform, deps).await?;
    drainer.learn_users(deps).await?;
    let who = drainer.identities();
    let mut store = match deps.existing_queue().await? {
        Some(store) => store,
        None => {
            judged.refuse_for_new_queue(who, deps).await?;
            if !drainer.can_be_agreed(deps) {
                refuse_unasked(who, rows, &judged).await?;
            }
            deps.open_queue().await?
        }
    };
    let seat = seat.held(store.place()).await?;
    let before: Vec<_> = store.accounts().all().await?.into_iter().map(|account| account.id).collect();
    let planned = judged.plan(who, &mut store, deps).await?;
    let is_agreed = match drainer.ask(&mut store, &planned, deps).await {
        Ok(is_agreed) => is_agreed,
        Err(refusal) => {
            app::forget_new_accounts(&mut store, &before).await?;
            return Err(refusal);
        }
    };
    if !is_agreed {
        return Ok(RunEnd::Declined { queued: None });
    }
    let mut signals = Signals::listen()?;
    let jobs = tokio::select! {
        loaded = planned.load_beside_others(&request.load, drainer.identities(), &mut store, deps) => loaded?.1,
        signal = signals.first() => return Ok(RunEnd::StoppedLoading(signal)),
    };
    if let Some(firing) = drainer.firing() {
        store.schedules().note_loaded(firing).await?;
    }
    if jobs.is_empty() {
        store.close().await;
        return Ok(RunEnd::NothingListed);
    }
    send(drainer, store, seat, jobs, signals, deps).await
}

/// Works on the jobs of files that an earlier run has loaded, and that are not read again.
///
/// # Errors
/// The queue, the network or the account is in the way.
pub async fn run_loaded(
    deps: AppDeps<'_>,
    request: &RunRequest,
    terms: RunTerms,
    seat: DrainSeat,
) -> Result<RunEnd, CommandError> {
    let Some(mut store) = deps.existing_queue().await? else { return Ok(RunEnd::NoQueue) };
    let known = app::known_jobs(&mut store, &request.load.files, request.load.job.as_deref()).await?;
    let jobs: Vec<_> = known.into_iter().map(|job| job.id).collect();
    if let Some(end) = RunEnd::with_nothing_to_send(store, Some(&jobs)).await? {
        return Ok(end);
    }
    let mut drainer = Drainer::prepare(&request.bounds, terms, request.load.rows.platform, deps).await?;
    drainer.learn_users(deps).await?;
    let mut store = deps.open_queue().await?;
    let seat = seat.held(store.place()).await?;
    drainer.register_self(&mut store).await?;
    if !drainer.ask_for_jobs(&mut store, &jobs, deps).await? {
        return Ok(RunEnd::Declined { queued: None });
    }
    send(drainer, store, seat, jobs, Signals::listen()?, deps).await
}

/// Drains the jobs from where the run has its seat.
async fn send(
    drainer: Drainer,
    store: Store,
    seat: HeldSeat,
    jobs: Vec<JobId>,
    signals: Signals,
    deps: AppDeps<'_>,
) -> Result<RunEnd, CommandError> {
    let of_run = |jobs| Jobs { only: Some(jobs), untouched: UntouchedJobs::default() };
    match seat {
        HeldSeat::Own(lock) => drainer.drain(store, lock, of_run(jobs), signals, deps).await,
        HeldSeat::Alone(seat) => {
            let turn = seat.drain.alone().await;
            drainer.drain(store, turn.lock(), of_run(jobs), signals, deps).await
        }
        HeldSeat::Joined(seat) => drainer.join(store, seat, jobs, deps).await,
    }
}

/// Where nobody can be asked, and something would be sent, no queue is made only for the run to be refused.
async fn refuse_unasked(who: &Identities, rows: &RowOptions, judged: &JudgedFiles<'_>) -> Result<(), CommandError> {
    for forecast in app::forecast(who, None, rows.account.as_ref(), &judged.files, &judged.options).await? {
        if forecast?.targets() > 0 {
            return Err(no_terminal(LOOK));
        }
    }
    Ok(())
}

/// Finished jobs whose files are unchanged: they say so and nobody is asked for a login. None: there may be something to do.
async fn already_finished(
    judged: &JudgedFiles<'_>,
    rows: &RowOptions,
    deps: AppDeps<'_>,
) -> Result<Option<RunEnd>, CommandError> {
    let JudgedFiles { files, options: load, .. } = judged;
    let Some(mut store) = deps.existing_queue().await? else { return Ok(None) };
    let Some(jobs) = app::finished_jobs(&mut store, rows.account.as_ref(), files, load).await? else {
        store.close().await;
        return Ok(None);
    };
    let keep = load.rules.keep_reading(deps.clock.now().wall);
    for file in files {
        // The keep list may have moved, as with any other load.
        store.queue().set_keep(&file.job, keep.as_ref()).await?;
        deps.tell(Notice::Loaded(&file.job, &Loaded::Unchanged));
    }
    RunEnd::with_nothing_to_send(store, Some(&jobs)).await
}
