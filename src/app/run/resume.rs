//! What is in the queue, worked on: every unfinished job, or those named.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::drainer::{Drainer, Jobs, RunTerms};
use super::keep_file::watched_file;
use super::outcome::RunEnd;
use super::untouched_jobs::UntouchedJobs;
use crate::app::deps::AppDeps;
use crate::app::notice::Notice;
use crate::app::request::RunBounds;
use crate::app::signals::Signals;
use crate::app::{Confirmation, confirm_jobs, recheck};
use crate::domain::JobId;
use crate::error::{CommandError, ErrorKind};
use crate::lists::read_keep_list;
use crate::store::{DrainLock, Job, JobState, JobStatus, Store, StoreError};
use crate::text::escaped;

/// What is to be worked on, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct ResumeRequest {
    /// The names of jobs; none: every unfinished one.
    pub jobs: Vec<String>,
    /// A keep list, beside what the jobs were loaded with.
    pub keep: Option<PathBuf>,
    /// Refusals that do not name their row are believed.
    pub accept_not_found: bool,
    /// Jobs that wait because the queue was restored from a snapshot go on.
    pub accept_repeats: bool,
    /// How far and how fast it goes.
    #[serde(flatten)]
    pub bounds: RunBounds,
}

/// What resuming would do.
#[derive(Debug)]
pub struct ResumeForecast {
    /// The jobs that would be worked on; none: there is no queue.
    pub jobs: Option<Vec<JobStatus>>,
    /// What a person would be asked about.
    pub confirmation: Option<Confirmation>,
    /// A job has rejected rows.
    pub has_rejected: bool,
}

/// Works on every unfinished job, or on those named. `until` resolves a deadline once it is known that there may be something to do.
///
/// # Errors
/// A job is not known, the queue or the account is in the way.
pub async fn resume(
    deps: AppDeps<'_>,
    request: &ResumeRequest,
    terms: impl FnOnce() -> Result<RunTerms, CommandError>,
) -> Result<RunEnd, CommandError> {
    let mut jobs = named_jobs(deps, request).await?;
    let is_named = !request.jobs.is_empty();
    let Some(mut store) = deps.existing_queue().await? else { return Ok(RunEnd::NoQueue) };
    let waiting = if request.accept_repeats { unverified(&mut store, &jobs).await? } else { Vec::new() };
    if waiting.is_empty()
        && let Some(end) = RunEnd::with_nothing_to_send(store, is_named.then_some(jobs.as_slice())).await?
    {
        return Ok(end);
    }
    let mut drainer = Drainer::prepare(&request.bounds, terms()?, None, deps).await?;
    drainer.keep(request.keep.as_deref().and_then(watched_file));
    drainer.accept_unnamed(request.accept_not_found);
    drainer.learn_users(deps).await?;
    let mut store = deps.open_queue().await?;
    let lock = DrainLock::take(store.place()).await.map_err(|error| of_busy(error, &waiting))?;
    drainer.register_self(&mut store).await?;
    if jobs.is_empty() {
        jobs = store.queue().jobs().await?.into_iter().filter(|job| job.pending > 0).map(|job| job.id).collect();
    }
    // New jobs that somebody loads meanwhile are worked on too, unless some were named.
    let only = is_named.then(|| jobs.clone());
    let untouched = UntouchedJobs::of(&mut store, only.as_deref()).await?;
    tell_held_back(&mut store, &jobs, deps).await?;
    accept_repeats(&mut store, &waiting, JobState::Active).await?;
    let is_agreed = drainer.ask_for_jobs(&mut store, &jobs, deps).await;
    if !matches!(is_agreed, Ok(true)) {
        accept_repeats(&mut store, &waiting, JobState::Unverified).await?;
    }
    if !is_agreed? {
        let mut left = store.read().status(None).await?;
        left.retain(|status| jobs.contains(&status.job.id));
        return Ok(RunEnd::Declined { queued: Some(left) });
    }
    for job in &waiting {
        deps.log_audit_event(&mut store, "accept-repeats", Some(&job.name), "").await;
    }
    let signals = Signals::listen()?;
    drainer.drain(store, lock, Jobs { only, untouched }, signals, deps).await
}

/// What would be sent. Nothing is changed and nobody is asked.
///
/// # Errors
/// As [`resume`].
pub async fn forecast_resume(deps: AppDeps<'_>, request: &ResumeRequest) -> Result<ResumeForecast, CommandError> {
    let named = named_jobs(deps, request).await?;
    let is_named = !request.jobs.is_empty();
    let Some(mut store) = deps.existing_queue().await? else {
        return Ok(ResumeForecast { jobs: None, confirmation: None, has_rejected: false });
    };
    let mut jobs = store.read().status(None).await?;
    jobs.retain(|status| !is_named || named.contains(&status.job.id));
    let has_rejected = jobs.iter().any(|status| status.counts.rejected > 0);
    jobs.retain(|status| is_named || status.counts.pending > 0);
    let ids: Vec<JobId> = jobs.iter().map(|status| status.job.id).collect();
    let confirmation = confirm_jobs(&mut store, Some(&ids), deps.settings).await?;
    store.close().await;
    Ok(ResumeForecast { jobs: Some(jobs), confirmation, has_rejected })
}

/// Those of these jobs that wait because the queue was restored.
async fn unverified(store: &mut Store, jobs: &[JobId]) -> Result<Vec<Job>, CommandError> {
    let all = store.queue().jobs().await?.into_iter();
    Ok(all.filter(|job| jobs.contains(&job.id) && job.state == JobState::Unverified).collect())
}

/// Somebody knows, or does not mind, that rows may be sent again that were sent after the snapshot; or has said no to the rest.
async fn accept_repeats(store: &mut Store, waiting: &[Job], state: JobState) -> Result<(), CommandError> {
    for job in waiting {
        store.queue().set_job_state(job.id, state).await?;
    }
    Ok(())
}

/// Whoever works on the queue would send what waits at once, without the bounds and keep lists of this command: it goes on waiting.
fn of_busy(error: StoreError, waiting: &[Job]) -> CommandError {
    let is_draining = matches!(error, StoreError::Draining { .. });
    let error = CommandError::from(error);
    match waiting.first() {
        Some(job) if is_draining => error.hint(format!(
            "nothing was changed, and {} waits; end that process (its service, too), and run the command again",
            escaped(&job.name)
        )),
        _ => error,
    }
}

/// The jobs that are named; none where all are meant.
async fn named_jobs(deps: AppDeps<'_>, request: &ResumeRequest) -> Result<Vec<JobId>, CommandError> {
    let mut jobs: Vec<JobId> = Vec::with_capacity(request.jobs.len());
    for name in &request.jobs {
        let (store, job) = deps.job(name).await?;
        jobs.push(job.id);
        store.close().await;
    }
    request.keep.as_deref().map_or(Ok(()), refuse_pipe)?;
    Ok(jobs)
}

/// A keep list that cannot be read at all is bad input, before anything is touched.
fn refuse_pipe(path: &Path) -> Result<(), CommandError> {
    read_keep_list(path)?;
    if watched_file(path).is_some() {
        return Ok(());
    }
    let message = format!("--keep {}: that is no file", path.display());
    Err(CommandError::new(ErrorKind::Usage, message)
        .hint("the list is read again while rows are sent: write it to a file and name that"))
}

/// Rows that an older version queued are judged before anybody is asked about them, so that only those are counted that will be sent.
async fn tell_held_back(store: &mut Store, jobs: &[JobId], deps: AppDeps<'_>) -> Result<(), CommandError> {
    for held in recheck(store, Some(jobs), deps.clock.now().wall).await? {
        deps.tell(Notice::HeldBack(&held));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_request_is_kept_by_the_names_of_its_options() {
        let text = r#"{"jobs":["a"],"accept-not-found":true,"max-requests":5,"give-up-after":"90s"}"#;
        let request: ResumeRequest = serde_json::from_str(text).unwrap();
        assert_eq!((request.jobs.as_slice(), request.accept_not_found), (&["a".to_owned()][..], true));
        assert_eq!(request.bounds.max_requests, Some(5));
        let again = serde_json::to_string(&request).unwrap();
        assert_eq!(serde_json::from_str::<ResumeRequest>(&again).unwrap(), request);
        assert!(again.contains(r#""accept-not-found":true"#) && again.contains(r#""give-up-after":"90s""#), "{again}");
    }
}
