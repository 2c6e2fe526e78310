//! Job files into the queue without running them, and without the network. Saved worklists are taken back.
//!
//! In: a request. Out: jobs that have their rows, and what is left of them. What does not belong here: words, sending.

mod saved_worklists;
mod ticks;

use self::saved_worklists::SavedWorklists;
pub use self::ticks::TicksTaken;
use super::accounts::Identities;
use super::deps::AppDeps;
use super::preparing::Prepared;
use super::request::LoadRequest;
use super::run::JudgedFiles;
use super::status::JobCounts;
use crate::error::CommandError;
use crate::store::{Job, JobState, ServeLock, Store};

/// What loading has done, and what is left to do.
#[derive(Clone, Debug)]
pub struct LoadReport {
    /// Rows were rejected, or ticks not taken.
    pub is_rejected: bool,
    /// The files' jobs with their numbers.
    pub jobs: Vec<JobCounts>,
    /// What is left of the files' jobs; none where only worklists were taken back.
    pub left: Option<WorkLeft>,
}

/// What is left to do of some jobs.
#[derive(Clone, Debug)]
pub struct WorkLeft {
    /// Those that have unsettled rows.
    pub jobs: Vec<Job>,
    /// A server works on this queue and picks up what can be sent.
    pub is_served: bool,
}

/// Queues the files.
///
/// # Errors
/// A file or the queue is in the way; nothing of any file is queued where one of them cannot be.
pub async fn load_job_files(deps: AppDeps<'_>, request: &LoadRequest) -> Result<LoadReport, CommandError> {
    let (files, saved) = SavedWorklists::split(&request.files)?;
    let request = LoadRequest { files, ..request.clone() };
    let judged = JudgedFiles::read(&request, deps).await?;
    let who = Identities::of(deps.settings, request.rows.platform, None)?;
    let mut store = match deps.existing_queue().await? {
        Some(store) => store,
        None => {
            saved.refuse_foreign(deps)?;
            judged.refuse_for_new_queue(&who, deps).await?;
            deps.open_queue().await?
        }
    };
    let worklists = saved.find(&mut store, deps).await?;
    if request.files.is_empty() {
        let is_rejected = worklists.take(&mut store, deps).await?;
        store.close().await;
        return Ok(LoadReport { is_rejected, jobs: Vec::new(), left: None });
    }
    let planned = judged.plan(&who, &mut store, deps).await?;
    let mut is_rejected = worklists.take(&mut store, deps).await?;
    let (planned, _) = planned.load_beside_others(&request, &who, &mut store, deps).await?;
    for file in &planned.files {
        is_rejected |= file.usable(&planned.accounts) < file.survey.rows;
        is_rejected |= cannot_be_looked_up(&mut store, file).await?;
    }
    let mut jobs = Vec::with_capacity(planned.files.len());
    for file in &planned.files {
        let status = store.read().status(Some(&file.job)).await?;
        jobs.extend(status.iter().map(|status| JobCounts::new(&status.job.name, &status.counts)));
    }
    let left = work_left(&mut store, &planned.files).await?;
    store.close().await;
    Ok(LoadReport { is_rejected, jobs, left: Some(left) })
}

impl LoadReport {
    /// The exit code.
    pub const fn exit_code(&self) -> u8 {
        if self.is_rejected { 3 } else { 0 }
    }
}

async fn work_left(store: &mut Store, files: &[Prepared]) -> Result<WorkLeft, CommandError> {
    let is_of_file = |job: &Job| files.iter().any(|file| file.job == job.name);
    let mut jobs = store.queue().jobs().await?;
    jobs.retain(|job| is_of_file(job) && job.pending > 0);
    let is_active = jobs.iter().any(|job| job.state == JobState::Active);
    Ok(WorkLeft { is_served: is_active && ServeLock::is_held(store.place()).await?, jobs })
}

/// Whether rows of the file were rejected because their handles cannot be looked up.
async fn cannot_be_looked_up(store: &mut Store, file: &Prepared) -> Result<bool, CommandError> {
    if file.survey.names == 0 {
        return Ok(false);
    }
    let status = store.read().status(Some(&file.job)).await?;
    Ok(status.first().is_some_and(|status| status.counts.rejected > file.survey.rejected))
}
