//! Settled jobs, dropped with their receipts. Slots that may still count in a window stay, whatever window a run was given.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::deps::AppDeps;
use super::request::length;
use crate::domain::{Rate, Wall, counted};
use crate::error::{CommandError, ErrorKind};
use crate::store::{Forgotten, Job, Store};

/// Beyond the longest window: deadline, grace and margin of a request, and a wall clock that was set.
const SLACK: Duration = Duration::from_secs(86_400);

/// Which jobs are to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ForgetRequest {
    /// This one.
    Job(String),
    /// Every one that was settled longer ago than this.
    OlderThan(#[serde(with = "length")] Duration),
}

/// Jobs that can be forgotten. Nothing has been dropped yet.
pub struct Forgettable {
    /// Which.
    pub jobs: Vec<Job>,
    /// Jobs that were settled in the future, as a clock that was wrong had it: their age is unknown, and they are kept.
    pub from_the_future: Vec<(String, Wall)>,
    store: Store,
}

/// A job that would be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ForgetForecast {
    /// Its name.
    pub job: String,
    /// Its tasks, of all rounds.
    pub tasks: u64,
    /// How many rounds it has.
    pub rounds: u32,
    /// When it was settled, where that is known.
    pub settled_at: Option<Wall>,
}

/// Finds the jobs. None: there is no queue.
///
/// # Errors
/// There is no such job, or it is not settled (2).
pub async fn forgettable(deps: AppDeps<'_>, request: &ForgetRequest) -> Result<Option<Forgettable>, CommandError> {
    match request {
        ForgetRequest::Job(name) => {
            let (mut store, job) = deps.job(name).await?;
            check_settled(deps, &mut store, &job).await?;
            Ok(Some(Forgettable { jobs: vec![job], from_the_future: Vec::new(), store }))
        }
        ForgetRequest::OlderThan(age) => {
            let Some(mut store) = deps.existing_queue().await? else { return Ok(None) };
            let (jobs, from_the_future) = old_jobs(deps.clock.now().wall, &mut store, *age).await?;
            Ok(Some(Forgettable { jobs, from_the_future, store }))
        }
    }
}

impl Forgettable {
    /// What forgetting them would drop.
    ///
    /// # Errors
    /// The queue cannot be read.
    pub async fn forecast(mut self) -> Result<Vec<ForgetForecast>, CommandError> {
        let mut forecasts = Vec::with_capacity(self.jobs.len());
        for job in &self.jobs {
            forecasts.push(ForgetForecast {
                job: job.name.clone(),
                tasks: self.store.admin().tasks_of_all_rounds(job).await?,
                rounds: job.round_number,
                settled_at: self.store.admin().settled_at(job).await?,
            });
        }
        self.store.close().await;
        Ok(forecasts)
    }

    /// Drops them; each is told as soon as it is gone.
    ///
    /// # Errors
    /// The queue cannot be written.
    pub async fn forget(
        mut self,
        deps: AppDeps<'_>,
        mut told: impl FnMut(&str, &Forgotten),
    ) -> Result<(), CommandError> {
        let keep_from = keep_from(deps, &mut self.store).await?;
        for job in &self.jobs {
            let forgotten = self.store.admin().forget(job, keep_from).await?;
            told(&job.name, &forgotten);
        }
        self.store.close().await;
        Ok(())
    }
}

/// Slots reserved since then may count in some window: by this machine's clock, or by what it said earlier in this boot, where somebody has
/// set it forward since.
///
/// # Errors
/// The queue cannot be read.
pub async fn keep_from(deps: AppDeps<'_>, store: &mut Store) -> Result<Wall, CommandError> {
    let now = deps.clock.now();
    let by_boot = store.admin().wall_of_boot(&deps.clock.boot(), now.tick).await?;
    Ok(longest_before(by_boot.map_or(now.wall, |by_boot| by_boot.min(now.wall))))
}

fn longest_before(now: Wall) -> Wall {
    let longest = Rate::MAX_WINDOW + SLACK;
    Wall(now.0.saturating_sub(i64::try_from(longest.as_millis()).unwrap_or(i64::MAX)))
}

async fn check_settled(deps: AppDeps<'_>, store: &mut Store, job: &Job) -> Result<(), CommandError> {
    if job.pending == 0
        && (store.admin().settled_at(job).await?.is_some()
            || store.read().counts(job.round).await?.settled_tasks() == 0)
    {
        return Ok(());
    }
    let error = CommandError::new(
        ErrorKind::Usage,
        format!("{} is not settled: {} pending", job.name, counted(job.pending, "task is", "tasks are")),
    );
    let (resume, cancel) = (deps.command(&["resume", &job.name]), deps.command(&["cancel", &job.name]));
    Err(error.hint(format!("finish it with {resume}, or end it with {cancel}")))
}

type FromTheFuture = Vec<(String, Wall)>;

async fn old_jobs(now: Wall, store: &mut Store, age: Duration) -> Result<(Vec<Job>, FromTheFuture), CommandError> {
    let (mut old, mut from_the_future) = (Vec::new(), Vec::new());
    for job in store.queue().jobs().await? {
        let settled_at = store.admin().settled_at(&job).await?;
        if let Some(at) = settled_at.filter(|at| at.is_ahead_of(now)) {
            from_the_future.push((job.name.clone(), at));
        }
        if settled_at.is_some_and(|at| now.since(at) > age || (age.is_zero() && at <= now)) {
            old.push(job);
        }
    }
    Ok((old, from_the_future))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn slots_of_the_longest_window_stay() {
        let now = Wall(4_000_000_000_000);
        assert_eq!(now.since(longest_before(now)), Duration::from_secs(32 * 86_400));
    }

    #[test]
    fn a_request_is_kept_in_the_words_of_the_command() {
        let age = ForgetRequest::OlderThan(Duration::from_secs(90 * 86_400));
        let job = ForgetRequest::Job("a b".into());
        for (request, text) in [(age, r#"{"older-than":"90d"}"#), (job, r#"{"job":"a b"}"#)] {
            assert_eq!(serde_json::to_string(&request).unwrap(), text);
            assert_eq!(serde_json::from_str::<ForgetRequest>(text).unwrap(), request);
        }
        assert!(serde_json::from_str::<ForgetRequest>(r#"{"older-than":"soon"}"#).is_err());
    }
}
