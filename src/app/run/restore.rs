//! What a round of a job has undone, restored through the platforms' own inverse endpoints: a job of its own, `JOB-restore`, which the same
//! engine drains. In: a job. Out: how the run ended. What does not belong here: which rows (`undone_rows`), restoring by hand
//! (`restore_list`).

use super::drainer::{Drainer, Jobs, RunTerms};
use super::outcome::RunEnd;
use super::undone_rows::{LeftOut, UndoneRows};
use super::untouched_jobs::UntouchedJobs;
use crate::app::deps::AppDeps;
use crate::app::request::RunBounds;
use crate::app::restore_list::comes_back;
use crate::app::signals::Signals;
use crate::app::{self, Confirmation, irreversible, no_such_round};
use crate::domain::{AccountId, Action, Platform, RoundId};
use crate::error::{CommandError, ErrorKind};
use crate::jobfile::READER_VERSION;
use crate::store::{
    DrainLock, Job, JobState, LoadForecast, LoadForecaster, LoadedFrom, NewJob, Reloaded, Store, StoreError,
};

/// What is to be restored, and how far the run goes.
#[derive(Clone, Debug, Default)]
pub struct RestoreRequest {
    /// The job that has undone it.
    pub job: String,
    /// Its round; none: the newest.
    pub round: Option<u32>,
    /// How far and how fast it goes.
    pub bounds: RunBounds,
}

/// A round whose effects are taken back, and the job that does so.
struct Restore {
    /// The job that has undone them.
    undone: Job,
    round: (RoundId, u32),
    /// The job that restores them.
    name: String,
    /// The same, where it was begun before.
    begun: Option<Job>,
}

/// Restores what a round of a job has undone, as far as the platforms offer that.
///
/// # Errors
/// There is no such job or round, nothing of it can be restored, nobody has agreed (2); the queue or the account is in the way.
pub async fn restore(deps: AppDeps<'_>, request: &RestoreRequest, terms: RunTerms) -> Result<RunEnd, CommandError> {
    let (mut store, undone) = deps.job(&request.job).await?;
    let restore = Restore::of(&mut store, undone, request.round).await?;
    let mut rows = UndoneRows::pick(store, &restore.undone, restore.round.1).await?;
    let forecast = restore.forecast(&mut rows).await?;
    if forecast.to_send.is_empty() {
        let left_out = rows.left_out().clone();
        rows.finish().await?;
        return restore.nothing_to_send(&left_out, deps).await;
    }
    let mut drainer = Drainer::prepare(&request.bounds, terms, None, deps).await?;
    drainer.learn_users(deps).await?;
    let mut store = deps.open_queue().await?;
    let lock = DrainLock::take(store.place()).await?;
    drainer.register_self(&mut store).await?;
    let about = restore.confirmation(&mut store, &forecast.to_send, &rows, deps).await?;
    let look = format!("{} lists what would be restored", deps.command(&["undo", &restore.undone.name]));
    if !drainer.ask_about(about, &look, deps)? {
        return Ok(RunEnd::Declined { queued: None });
    }
    let mut signals = Signals::listen()?;
    let loading = restore.load(&mut store, &mut rows, deps);
    tokio::select! {
        loaded = loading => loaded?,
        signal = signals.first() => return Ok(RunEnd::StoppedLoading(signal)),
    }
    rows.finish().await?;
    let job = store.queue().job(&restore.name).await?.map(|job| job.id);
    let jobs = Jobs { only: Some(job.into_iter().collect()), untouched: UntouchedJobs::default() };
    let detail = format!("from {}", restore.undone.name);
    deps.log_audit_event(&mut store, "restore", Some(&restore.name), &detail).await;
    drainer.drain(store, lock, jobs, signals, deps).await
}

/// What restoring would send, for somebody who decides; nothing has been queued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreForecast {
    /// The job that would do it.
    pub job: String,
    /// Rows that it would send.
    pub rows: u64,
    /// How long it takes, what it costs, and what it does not bring back, in sentences.
    pub sentences: Vec<String>,
}

/// Says what restoring a job would send.
///
/// # Errors
/// There is no such job or round, or it restores another one itself (2).
pub async fn restore_forecast(deps: AppDeps<'_>, request: &RestoreRequest) -> Result<RestoreForecast, CommandError> {
    let (mut store, undone) = deps.job(&request.job).await?;
    let restore = Restore::of(&mut store, undone, request.round).await?;
    let mut rows = UndoneRows::pick(store, &restore.undone, restore.round.1).await?;
    let forecast = restore.forecast(&mut rows).await?;
    let mut store = deps.open_queue().await?;
    let about = restore.confirmation(&mut store, &forecast.to_send, &rows, deps).await?;
    store.close().await;
    let sentences = match about {
        Some(about) => about.sentences.into_iter().chain(about.warnings).collect(),
        None => restore.left_out(rows.left_out(), deps),
    };
    rows.finish().await?;
    Ok(RestoreForecast { job: restore.name, rows: forecast.to_send.iter().map(|(_, _, rows)| rows).sum(), sentences })
}

/// The job that restores another one.
#[derive(Clone, Debug)]
pub struct QueuedRestore {
    /// That job.
    pub job: Job,
    /// Rows were queued. False: all that can be restored was restored before, or was queued.
    pub is_new: bool,
}

/// Queues what restores a job, beside whoever drains. Asked for a second time it queues what was undone since.
///
/// # Errors
/// As [`restore_forecast`]; nothing of it can be restored through the API (2).
pub async fn queue_restore(deps: AppDeps<'_>, request: &RestoreRequest) -> Result<QueuedRestore, CommandError> {
    let (mut store, undone) = deps.job(&request.job).await?;
    let restore = Restore::of(&mut store, undone, request.round).await?;
    let mut rows = UndoneRows::pick(store, &restore.undone, restore.round.1).await?;
    if restore.forecast(&mut rows).await?.to_send.is_empty() {
        let left_out = rows.left_out().clone();
        rows.finish().await?;
        return match &restore.begun {
            Some(begun) => Ok(QueuedRestore { job: begun.clone(), is_new: false }),
            None => Err(restore.why_nothing(&left_out, deps).await?),
        };
    }
    let mut store = deps.open_queue().await?;
    restore.load(&mut store, &mut rows, deps).await?;
    rows.finish().await?;
    let detail = format!("from {}", restore.undone.name);
    deps.log_audit_event(&mut store, "restore", Some(&restore.name), &detail).await;
    let job = store.queue().job(&restore.name).await?;
    store.close().await;
    let job = job.ok_or_else(|| {
        CommandError::new(ErrorKind::Fault, "the job that restores was not made").hint("please report this")
    })?;
    Ok(QueuedRestore { job, is_new: true })
}

impl Restore {
    async fn of(store: &mut Store, undone: Job, round: Option<u32>) -> Result<Restore, CommandError> {
        if undone.restores.is_some() {
            let message =
                format!("{} restores what another job has undone, and has undone nothing itself", undone.name);
            return Err(CommandError::new(ErrorKind::Usage, message)
                .hint("to undo it once more, run the other job's file again with --again"));
        }
        let number = round.unwrap_or(undone.round_number);
        let id = store.read().round_id(&undone, number).await?.ok_or_else(|| no_such_round(&undone, number))?;
        let name = match number {
            1 => format!("{}-restore", undone.name),
            later => format!("{}-restore-{later}", undone.name),
        };
        let begun = store.queue().job(&name).await?;
        if begun.as_ref().is_some_and(|job| job.restores != Some(id)) {
            let message =
                format!("there is a job {name} already, and it does not restore this round of {}", undone.name);
            return Err(CommandError::new(ErrorKind::Usage, message).hint(format!(
                "if you no longer need it, `cleanup forget {}` deletes it",
                crate::text::shell_word(&name)
            )));
        }
        if begun.as_ref().is_some_and(|job| job.state == JobState::Cancelled) {
            let message = format!("{name} was cancelled, so nothing of it is sent");
            return Err(CommandError::new(ErrorKind::Usage, message).hint(format!(
                "`cleanup forget {}` deletes it, and then the same command begins anew",
                crate::text::shell_word(&name)
            )));
        }
        Ok(Restore { undone, round: (id, number), name, begun })
    }

    /// What restoring would send: without what was restored before.
    async fn forecast(&self, rows: &mut UndoneRows) -> Result<LoadForecast, CommandError> {
        let mut forecaster = match &self.begun {
            Some(job) => LoadForecaster::beside(rows.queue(), job).await?,
            None => LoadForecaster::alone(),
        };
        rows.rewind();
        loop {
            let batch = rows.next_batch().await?;
            if batch.is_empty() {
                return Ok(forecaster.finish().await?);
            }
            forecaster.push_all(&batch).await?;
        }
    }

    /// Says so, with what cannot be restored here.
    async fn nothing_to_send(&self, left_out: &LeftOut, deps: AppDeps<'_>) -> Result<RunEnd, CommandError> {
        if let Some(job) = &self.begun {
            let store = deps.open_queue().await?;
            if let Some(end) = RunEnd::with_nothing_to_send(store, Some(&[job.id])).await? {
                return Ok(end);
            }
        }
        Err(self.why_nothing(left_out, deps).await?)
    }

    /// Why nothing can be restored here.
    async fn why_nothing(&self, left_out: &LeftOut, deps: AppDeps<'_>) -> Result<CommandError, CommandError> {
        let (why, by_hand) = (self.left_out(left_out, deps), self.list_command(["--html", "restore.html"], deps));
        if why.is_empty() {
            return self.nothing_done(deps).await;
        }
        let message = format!("nothing of {} can be restored through the API: {}", self.undone.name, why.join("; "));
        let hint = format!("{by_hand} makes a page of links to do it by hand");
        Ok(CommandError::new(ErrorKind::Usage, message).hint(hint))
    }

    /// A round that has done nothing: the newest before it that has.
    async fn nothing_done(&self, deps: AppDeps<'_>) -> Result<CommandError, CommandError> {
        let (name, number) = (&self.undone.name, self.round.1);
        let mut store = deps.open_queue().await?;
        let earlier = store.read().newest_round_done_before(&self.undone, number).await?;
        store.close().await;
        let message = format!("round {number} of {name} has done nothing, so there is nothing to restore");
        let error = CommandError::new(ErrorKind::Usage, message);
        Ok(match earlier {
            Some(round) => {
                let round = round.to_string();
                let words = ["undo", name.as_str(), "--apply", "--round", &round];
                error.hint(format!("{} restores what round {round} has done", deps.command(&words)))
            }
            None => error.hint(format!("{} shows what became of its rows", deps.command(&["report", name]))),
        })
    }

    /// What a person is asked: how many, how long, what it costs, what does not come back.
    async fn confirmation(
        &self,
        store: &mut Store,
        to_send: &[(Action, AccountId, u64)],
        rows: &UndoneRows,
        deps: AppDeps<'_>,
    ) -> Result<Option<Confirmation>, CommandError> {
        let Some(mut about) = app::confirm_work(store, to_send, deps.settings).await? else { return Ok(None) };
        let accounts = store.accounts().all().await?;
        let undone = to_send.iter().filter_map(|(action, account, _)| {
            let platform = accounts.iter().find(|known| known.id == *account)?.platform;
            Some((platform, action.undoing()))
        });
        let new_ones = undone.filter(|(platform, action)| !comes_back(*platform, *action));
        let undone: Vec<(Platform, Action)> = new_ones.collect();
        about.sentences.extend(irreversible(&undone).into_iter().map(str::to_owned));
        let left_out = self.left_out(rows.left_out(), deps);
        if !left_out.is_empty() {
            let by_hand = self.list_command(["--html", "restore.html"], deps);
            about.sentences.push(format!("not restored: {}; {by_hand} makes a page of links", left_out.join("; ")));
        }
        Ok(Some(about))
    }

    fn left_out(&self, left_out: &LeftOut, deps: AppDeps<'_>) -> Vec<String> {
        let apply = |job: &str| deps.command(&["undo", job, "--apply"]);
        left_out.sentences(&self.list_command(["-o", "undo.csv"], deps), apply)
    }

    /// The command that writes what the round has done into a file.
    fn list_command(&self, into: [&str; 2], deps: AppDeps<'_>) -> String {
        let round = self.round.1.to_string();
        let mut words = vec!["undo", &self.undone.name];
        if self.round.1 != self.undone.round_number {
            words.extend(["--round", &round]);
        }
        words.extend(into);
        deps.command(&words)
    }

    /// Queues the rows: a job of its own, or what is new of one that was begun.
    async fn load(&self, store: &mut Store, rows: &mut UndoneRows, deps: AppDeps<'_>) -> Result<(), CommandError> {
        let now = deps.clock.now().wall;
        let from = LoadedFrom::new(format!("restore:{}", self.round.0.0), READER_VERSION);
        let columns = store.read().columns(&self.undone, self.round.1).await?;
        let job = NewJob::restoring(self.name.clone(), self.round.0);
        let mut loader = match &self.begun {
            None => store.loading().begin_round(&job, None, &from, columns.as_deref(), now).await?,
            Some(begun) => store.loading().begin_reload(begun, &from, now).await?,
        };
        rows.rewind();
        loop {
            let batch = rows.next_batch().await?;
            if batch.is_empty() {
                break;
            }
            loader.push_all(batch).await?;
        }
        if self.begun.is_none() {
            loader.finish().await?;
            return Ok(());
        }
        // A row that is no longer undone need not be restored, however many there are.
        match loader.apply(true).await? {
            Reloaded::Applied(_) => Ok(()),
            Reloaded::Shrinks { .. } => Err(StoreError::LoadedMeanwhile { job: self.name.clone() }.into()),
        }
    }
}
