//! Ends that the engine cannot tell of: the queue failed under way, or somebody meant it. Whoever reads the JSON is still told
//! what is known.

use std::sync::{Arc, Mutex, PoisonError};

use super::untouched_jobs::UntouchedJobs;
use crate::app::status::JobCounts;
use crate::app::{RunReport, RunSummary};
use crate::cli::context::Context;
use crate::domain::{JobId, MicroUsd, counted};
use crate::engine::{Event, Finish, Listener, Signal, Stopped};
use crate::error::CommandError;
use crate::text::escaped;

/// What a run has used, as far as it is saved.
#[derive(Clone, Default)]
pub(super) struct PartialSummary(Arc<Mutex<(u64, MicroUsd)>>);

/// Notes what a run uses, and hands every event on.
pub(super) struct Noting {
    so_far: PartialSummary,
    next: Box<dyn Listener>,
}

impl PartialSummary {
    /// A listener that notes beside another, and what it notes.
    pub(super) fn beside(next: Box<dyn Listener>) -> (Noting, PartialSummary) {
        let so_far = PartialSummary::default();
        (Noting { so_far: so_far.clone(), next }, so_far)
    }

    /// How a run that a signal ended has ended.
    pub(super) fn interrupted(&self, signal: Signal) -> Finish {
        let (requests, spent) = self.read();
        Finish { requests, spent, ..Finish::unsent(Stopped::Interrupted(signal)) }
    }

    /// Tells of an error under way: how the jobs stand, if that can still be read.
    ///
    /// # Errors
    /// Nobody reads stdout.
    pub(super) async fn tell_failure(
        &self,
        error: CommandError,
        (ours, bystanders): (Option<&[JobId]>, &UntouchedJobs),
        json: bool,
        context: &Context,
    ) -> Result<RunReport, CommandError> {
        let mut jobs = Vec::new();
        if let Ok(Some(mut store)) = context.existing_queue().await {
            jobs = store.read().status(None).await.unwrap_or_default();
            jobs.retain(|status| ours.is_none_or(|ours| ours.contains(&status.job.id)));
            store.close().await;
        }
        for status in jobs.iter().filter(|status| !bystanders.has(status)) {
            let JobCounts { job, counts } = JobCounts::new(&status.job.name, &status.counts);
            let rows = counted(counts.rows, "row", "rows");
            context.printer.say(&format!("{} is saved: {} ({rows})", escaped(&job), counts.phrase()));
        }
        let jobs: Vec<JobCounts> = jobs.iter().map(|s| JobCounts::new(&s.job.name, &s.counts)).collect();
        context.printer.error(&error);
        let (requests, spent) = self.read();
        let summary = RunSummary { jobs, requests, spent, ..RunSummary::failed(&error) };
        if json {
            context.printer.closing_json(&summary)?;
        }
        Ok(RunReport::of(summary))
    }

    fn read(&self) -> (u64, MicroUsd) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener for Noting {
    fn hear(&mut self, event: &Event) {
        if let Event::Progress(progress) = event {
            *self.so_far.0.lock().unwrap_or_else(PoisonError::into_inner) = (progress.requests, progress.spent);
        }
        self.next.hear(event);
    }
}
