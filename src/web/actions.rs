//! What a person tells the queue, through the store exactly as the command line does it, and written into the audit log.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Form, State};
use axum::response::Redirect;
use serde::Deserialize;

use super::address::AddressKey;
use super::middleware::Visitor;
use super::problem::Problem;
use super::state::Web;
use crate::domain::{JobId, TaskId, counted};
use crate::error::CommandError;
use crate::store::{AuditEvent, Job, JobState, Store, StoreError};

/// A command under way: the queue on a connection of its own, the job, and who gives it.
struct Command<'a> {
    web: &'a Web,
    store: Store,
    job: Job,
    actor: String,
}

impl<'a> Command<'a> {
    async fn on(web: &'a Web, visitor: Visitor, job: i64) -> Result<Command<'a>, Problem> {
        let mut store = web.write_store().await?;
        let job = find(&mut store, job).await?;
        Ok(Command { web, store, job, actor: visitor.actor() })
    }

    /// Writes it down, and goes back to the job's page, which then says what was done.
    async fn done(mut self, deed: &str, detail: &str, said: &str) -> Result<Redirect, Problem> {
        let Command { web, ref mut store, ref job, ref actor } = self;
        web.log_audit_event(store, &AuditEvent { actor, deed, job: Some(&job.name), detail }).await;
        let id = job.id.0;
        self.store.close().await;
        web.note_change();
        Ok(Redirect::to(&format!("/jobs/{id}?said={said}")))
    }
}

/// The job of that number.
pub(super) async fn find(store: &mut Store, job: i64) -> Result<Job, Problem> {
    let jobs = store.queue().jobs().await?;
    jobs.into_iter().find(|known| known.id == JobId(job)).ok_or_else(|| Problem::not_found("There is no such job."))
}

pub(super) async fn pause(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(job): AddressKey<i64>,
) -> Result<Redirect, Problem> {
    let mut command = Command::on(&web, visitor, job).await?;
    match command.job.state {
        JobState::Active if command.job.pending > 0 => {
            command.store.queue().set_job_state(command.job.id, JobState::Paused).await?;
            command.done("pause", "", "paused").await
        }
        JobState::Active | JobState::Paused => Ok(Redirect::to(&format!("/jobs/{job}"))),
        JobState::Unverified => Err(waits_for_word(&command.job)),
        JobState::Cancelled => Err(is_cancelled(&command.job)),
    }
}

pub(super) async fn unpause(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(job): AddressKey<i64>,
) -> Result<Redirect, Problem> {
    let mut command = Command::on(&web, visitor, job).await?;
    match command.job.state {
        JobState::Paused => {
            command.store.queue().set_job_state(command.job.id, JobState::Active).await?;
            command.done("unpause", "", "unpaused").await
        }
        JobState::Active => Ok(Redirect::to(&format!("/jobs/{job}"))),
        JobState::Unverified => Err(waits_for_word(&command.job)),
        JobState::Cancelled => Err(is_cancelled(&command.job)),
    }
}

/// Somebody knows, or does not mind, that rows may be sent again that were sent after the snapshot to which the queue was taken back.
pub(super) async fn accept_repeats(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(job): AddressKey<i64>,
) -> Result<Redirect, Problem> {
    let mut command = Command::on(&web, visitor, job).await?;
    if command.job.state != JobState::Unverified {
        return Ok(Redirect::to(&format!("/jobs/{job}")));
    }
    command.store.queue().set_job_state(command.job.id, JobState::Active).await?;
    command.done("accept-repeats", "", "accepted").await
}

pub(super) async fn cancel(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(job): AddressKey<i64>,
) -> Result<Redirect, Problem> {
    let mut command = Command::on(&web, visitor, job).await?;
    if command.job.state == JobState::Active && command.job.pending == 0 {
        // Cancelled it would be deaf to the next night's rows.
        return Ok(Redirect::to(&format!("/jobs/{job}")));
    }
    let cancelled = command.store.queue().cancel_job(&command.job, web.clock.now().wall).await.map_err(in_part)?;
    let detail = format!("{} not be sent", counted(cancelled.tasks, "row will", "rows will"));
    command.done("cancel", &detail, "cancelled").await
}

#[derive(Deserialize)]
pub(super) struct Which {
    /// Only those that failed for this reason; empty: all.
    #[serde(default)]
    reason: String,
}

pub(super) async fn retry(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(job): AddressKey<i64>,
    Form(which): Form<Which>,
) -> Result<Redirect, Problem> {
    let mut command = Command::on(&web, visitor, job).await?;
    let now = web.clock.now().wall;
    let retried = match which.reason.as_str() {
        "" => command.store.queue().retry_job(&command.job, now).await.map_err(in_part)?,
        reason => command.store.queue().retry_reason(&command.job, reason, now).await.map_err(in_part)?,
    };
    if retried.tasks == 0 && retried.vanished > 0 {
        return Err(in_no_file());
    }
    let what = if which.reason.is_empty() { String::new() } else { format!(" ({})", which.reason) };
    let left = match retried.vanished {
        0 => String::new(),
        vanished => format!("; {} no longer in the file", counted(vanished, "failed row is", "failed rows are")),
    };
    let detail = format!("{} queued again{what}{left}", counted(retried.tasks, "failed row is", "failed rows are"));
    command.done("retry", &detail, "retried").await
}

pub(super) async fn retry_row(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey((job, task)): AddressKey<(i64, i64)>,
) -> Result<Redirect, Problem> {
    let mut command = Command::on(&web, visitor, job).await?;
    let retried = command.store.queue().retry_task(&command.job, TaskId(task)).await?;
    if retried.vanished > 0 {
        return Err(in_no_file());
    }
    if retried.tasks == 0 {
        return Err(Problem::unusable("This row has not failed, so there is nothing to try again.", ""));
    }
    command.done("retry", "1 failed row is queued again", "retried").await
}

/// Nothing is sent for a target that no file names.
fn in_no_file() -> Problem {
    let why = "What failed is no longer in the file of its job, so it is not sent again.";
    Problem::unusable(why, "Load the file with it, and it can be tried again.")
}

/// The engine rests because an account needs a person, or because nobody answered: try again now.
pub(super) async fn wake(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Redirect, Problem> {
    let deed = AuditEvent {
        actor: &visitor.actor(),
        deed: "try-again",
        job: None,
        detail: "the engine was asked to try again",
    };
    web.write_store().await?.admin().log_audit_event(web.clock.now().wall, &deed).await?;
    web.wake_engine();
    Ok(Redirect::to("/"))
}

/// Many rows are changed some thousands at a time.
fn in_part(error: StoreError) -> Problem {
    let hint = "A part of its rows may be changed already: the page of the job shows them. Do it again for the others.";
    let error = CommandError::from(error);
    let hint = error.hint.as_ref().map_or_else(|| hint.to_owned(), |first| format!("{hint} ({first})"));
    error.hint(hint).into()
}

/// A job whose queue was taken back to a snapshot.
fn waits_for_word(job: &Job) -> Problem {
    Problem::unusable(
        format!("The queue of {} was restored from a snapshot, and nobody knows what was sent since.", job.name),
        "Its page offers to verify it, and to send what is left all the same.",
    )
}

fn is_cancelled(job: &Job) -> Problem {
    Problem::unusable(
        format!("{} is cancelled.", job.name),
        "Upload its file again and choose “start over” to begin a new round.",
    )
}
