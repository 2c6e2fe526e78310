//! What is due, run now, or one schedule, because somebody asks for it: here, or by the process that works on schedules already.

use std::collections::HashSet;

use super::due_end::DueEnd;
use super::recount::recount_interrupted;
use super::scheduled_work::InProcess;
use super::{RUN, find_schedule, understood};
use crate::app::deps::AppDeps;
use crate::app::signals::Signals;
use crate::app::{Notice, take_due_snapshot};
use crate::config::Overrides;
use crate::error::{CommandError, ErrorKind, gravest};
use crate::schedule::control::{self, RunNowOutcome};
use crate::schedule::plan::Schedule;
use crate::schedule::scheduler;
use crate::store::{DrainLock, FiringLock, ScheduleLock, ServeLock, Store};
use crate::text::escaped;

/// How a schedule was run because somebody asked for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunNowEnd {
    /// Here; its exit code.
    Ran(u8),
    /// It is left to the process that works on this queue's schedules.
    HandedOver,
    /// Nothing was changed: a run is in progress, or waiting already.
    Running,
}

/// Runs what is due now, one schedule after the other, and ends.
///
/// # Errors
/// The queue is in the way, or another process drains it (75); what is due then stays due.
pub async fn run_due(deps: AppDeps<'_>, overrides: &Overrides) -> Result<DueEnd, CommandError> {
    let Some(mut store) = deps.existing_queue().await? else { return Ok(DueEnd::NoQueue) };
    let (due, next) = scheduler::due(&mut store, deps.clock.now().wall).await?;
    if due.is_empty() {
        store.close().await;
        copy_queue(deps).await;
        return Ok(DueEnd::Ran { next, exit_code: 0 });
    }
    let Some(_lock) = free_to_run(deps, &store, &due.join(", ")).await? else { return Ok(DueEnd::Elsewhere) };
    let mut work =
        InProcess { deps, overrides, served: None, signals: Signals::listen()?, is_attended: false, broken: 0 };
    recount_interrupted(&mut store, &HashSet::new(), deps).await?;
    let (ends, next) = scheduler::work_off(&mut store, &**deps.clock, &mut work).await?;
    store.close().await;
    copy_queue(deps).await;
    let broken = (work.broken > 0).then_some(ErrorKind::Config.exit_code());
    let exit_code = gravest(ends.iter().map(|end| end.exit_code).chain(broken));
    Ok(DueEnd::Ran { next, exit_code })
}

/// Copies the queue where today's copy is missing. Nobody's night fails for want of one.
async fn copy_queue(deps: AppDeps<'_>) {
    if let Err(error) = take_due_snapshot(deps).await {
        deps.tell(Notice::Failed(&error));
    }
}

/// Runs a schedule now: here, or by the process that works on schedules already.
///
/// # Errors
/// There is no such schedule, the queue is in the way, or a run that knows no schedules drains it (75).
pub async fn run_now(deps: AppDeps<'_>, overrides: &Overrides, name: &str) -> Result<RunNowEnd, CommandError> {
    let (mut store, stored) = find_schedule(deps, name).await?;
    let schedule = understood(&stored)?;
    if ServeLock::is_held(store.place()).await? {
        return hand_over(deps, store, &schedule).await;
    }
    let Some(lock) = free_to_run(deps, &store, name).await? else {
        return hand_over(deps, store, &schedule).await;
    };
    let mut work =
        InProcess { deps, overrides, served: None, signals: Signals::listen()?, is_attended: true, broken: 0 };
    let Some(firing) = control::begin_now(&mut store, schedule, deps.clock.now().wall).await? else {
        return Err(was_removed(name));
    };
    let held = FiringLock::try_take(store.place(), firing.id).await?;
    // On a server others decide on their schedules meanwhile.
    let _locks = (held, store.place().file().is_some().then_some(lock));
    deps.log_audit_event(&mut store, RUN, None, &format!("{name} was run, as asked")).await;
    let end = scheduler::run(&mut store, &**deps.clock, &mut work, &firing).await?;
    store.close().await;
    Ok(RunNowEnd::Ran(end.exit_code))
}

/// Another process works on this queue's schedules: it begins what is asked for.
async fn hand_over(deps: AppDeps<'_>, mut store: Store, schedule: &Schedule) -> Result<RunNowEnd, CommandError> {
    let name = &schedule.name;
    let end = match control::ask(&mut store, schedule, deps.clock.now().wall).await? {
        RunNowOutcome::Noted => {
            deps.log_audit_event(&mut store, RUN, None, &format!("{name}: to be run now")).await;
            RunNowEnd::HandedOver
        }
        RunNowOutcome::Running => RunNowEnd::Running,
        RunNowOutcome::Gone => return Err(was_removed(name)),
    };
    store.close().await;
    Ok(end)
}

fn was_removed(name: &str) -> CommandError {
    CommandError::new(ErrorKind::Usage, format!("{} was removed meanwhile", escaped(name))).hint("nothing was run")
}

/// The right to run schedules; none where another process has it. A queue that somebody drains is left alone: what is due
/// stays due, and is not begun and ended for nothing.
async fn free_to_run(deps: AppDeps<'_>, store: &Store, due: &str) -> Result<Option<ScheduleLock>, CommandError> {
    let Some(lock) = ScheduleLock::try_take(store.place()).await? else { return Ok(None) };
    // On a server it is sent beside the other.
    let Some(_) = store.place().file() else { return Ok(Some(lock)) };
    if let Err(held) = DrainLock::refuse_if_held(store.place()).await {
        let busy = CommandError::from(held);
        let status = deps.command(&["status"]);
        return Err(busy.hint(format!(
            "{} is due and starts later, if its hours allow; {status} shows how far the other run is",
            escaped(due)
        )));
    }
    Ok(Some(lock))
}
