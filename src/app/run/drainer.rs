//! What a run and the resuming of jobs share: who acts, what a person is asked, the drain.
//!
//! In: what is asked for, jobs of the queue. Out: how that ended. What does not belong here: which jobs (`files`, `resume`), a drain that
//! is a server's (`joined`), when a request may leave (`engine`).

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::job_files::PlannedFiles;
use super::outcome::{Closing, RunEnd, RunOutcome};
use super::partial_usage::PartialUsage;
use super::untouched_jobs::UntouchedJobs;
use super::warnings::warn_before_sending;
use super::work_ahead::{plan, unpriced};
use crate::app::deps::AppDeps;
use crate::app::notice::{BoundsOfRun, Notice, RunPlan, Stoppable};
use crate::app::request::RunBounds;
use crate::app::signals::Signals;
use crate::app::{self, Confirmation, DrainDeps, DrainOptions, Ended, Identities, PlatformSession, StoredLogins};
use crate::auth::TokenSource;
use crate::domain::{AccountId, Action, JobId, MicroUsd, Platform, Tick, Wall};
use crate::engine::{JobTerms, Listener, Signal, Urgency, shutdown};
use crate::error::{CommandError, ErrorKind};
use crate::store::{DrainLock, JobStatus, QueueWatch, Store};

/// How far a run goes, who agrees to it, and who hears of it.
#[derive(Default)]
pub struct RunTerms {
    /// Nothing is sent after this, by the wall clock.
    pub until: Option<Wall>,
    /// Nobody is asked.
    pub yes: bool,
    /// Hears of everything that is sent.
    pub tap: Option<Arc<dyn EventTap>>,
    /// The run of a schedule that it is, where that is noted once its files are loaded.
    pub firing: Option<i64>,
}

/// Hears every event of a drain beside whoever else does.
pub trait EventTap {
    /// A listener that hears beside another.
    fn beside(&self, next: Box<dyn Listener>) -> Box<dyn Listener>;
}

/// Everything a drain needs that is not the queue.
pub(super) struct Drainer {
    pub(super) session: PlatformSession,
    pub(super) options: DrainOptions,
    terms: RunTerms,
}

/// What a run has before it.
pub(super) struct WorkAhead {
    /// For whoever shows it.
    pub(super) plan: RunPlan,
    /// What is done for whom.
    pub(super) work: Vec<(AccountId, Action)>,
    /// Actions whose price nobody knows.
    pub(super) unpriced: BTreeSet<Action>,
    /// Every account's credentials.
    pub(super) tokens: Arc<TokenSource>,
}

/// What a drain works on.
pub(super) struct Jobs {
    /// None: every unfinished one.
    pub(super) only: Option<Vec<JobId>>,
    pub(super) untouched: UntouchedJobs,
}

impl Drainer {
    /// Finds out who acts, starts the sandbox where it is asked for, and resolves the bounds of the run.
    pub(super) async fn prepare(
        bounds: &RunBounds,
        terms: RunTerms,
        platform: Option<Platform>,
        deps: AppDeps<'_>,
    ) -> Result<Drainer, CommandError> {
        let now = deps.clock.now();
        let session = PlatformSession::open(deps.settings, platform, deps.clock).await?;
        let until = terms.until.map(|until| Tick(now.tick.0.saturating_add(until.0.saturating_sub(now.wall.0))));
        let options = DrainOptions::of(deps.settings, bounds, until);
        Ok(Drainer { session, options, terms })
    }

    /// Asks the platforms whose credentials those of the environment are, where nobody said.
    pub(super) async fn learn_users(&mut self, deps: AppDeps<'_>) -> Result<(), CommandError> {
        let stored = StoredLogins::at(deps.settings).await?;
        self.session.who.learn_users(&self.session.client, deps.clock, &stored).await
    }

    /// A keep list for every job of this run, looked at before anything is sent.
    pub(super) fn keep(&mut self, file: Option<PathBuf>) {
        self.options.keep = file;
    }

    /// Refusals that do not name their row are believed: what is not found is gone, the rest has failed.
    pub(super) fn accept_unnamed(&mut self, accept: bool) {
        self.options.run.accept_unnamed = accept;
    }

    /// The run of a schedule that it is, if it is one.
    pub(super) fn firing(&self) -> Option<i64> {
        self.terms.firing
    }

    pub(super) fn identities(&self) -> &Identities {
        &self.session.who
    }

    /// Makes the account of the credentials known.
    pub(super) async fn register_self(&self, store: &mut Store) -> Result<(), CommandError> {
        self.session.who.register_accounts(store, None, &[]).await.map(|_| ())
    }

    /// A question, before a real platform is touched; true: yes.
    pub(super) async fn ask(
        &self,
        store: &mut Store,
        planned: &PlannedFiles,
        deps: AppDeps<'_>,
    ) -> Result<bool, CommandError> {
        let PlannedFiles { files, options, accounts, plans } = planned;
        for file in files {
            deps.tell(Notice::Names(file));
        }
        let about = app::confirm_files(store, files, plans, (accounts, options), deps.settings).await?;
        self.ask_about(about, LOOK, deps)
    }

    /// The same for jobs that are in the queue already.
    pub(super) async fn ask_for_jobs(
        &self,
        store: &mut Store,
        jobs: &[JobId],
        deps: AppDeps<'_>,
    ) -> Result<bool, CommandError> {
        let about = app::confirm_jobs(store, Some(jobs), deps.settings).await?;
        let look = format!("{LOOK}; {} shows what is queued", deps.command(&["status"]));
        self.ask_about(about, &look, deps)
    }

    /// Whether somebody has agreed already, can be asked, or need not be.
    pub(super) fn can_be_agreed(&self, deps: AppDeps<'_>) -> bool {
        deps.settings.is_sandbox() || self.terms.yes || deps.front.can_ask()
    }

    /// `look` names what shows more to somebody who cannot be asked.
    pub(super) fn ask_about(
        &self,
        about: Option<Confirmation>,
        look: &str,
        deps: AppDeps<'_>,
    ) -> Result<bool, CommandError> {
        let Some(about) = about else { return Ok(true) };
        let JobTerms { max_requests, max_spend, until } = self.options.run.terms;
        let until = until.map(|until| deps.clock.now().wall_at(until));
        deps.tell(Notice::Asking(&about, &BoundsOfRun { max_requests, max_spend, until }));
        if deps.settings.is_sandbox() || self.terms.yes {
            return Ok(true);
        }
        if !self.can_be_agreed(deps) {
            return Err(no_terminal(look));
        }
        deps.front.confirm()
    }

    /// Looks at what is before a run, and at who does it.
    pub(super) async fn look_ahead(
        &self,
        store: &mut Store,
        jobs: &Jobs,
        deps: AppDeps<'_>,
    ) -> Result<WorkAhead, CommandError> {
        let now = deps.clock.now();
        let mut plan = plan(store, (jobs.only.as_deref(), &jobs.untouched), deps.settings).await?;
        let terms = &self.options.run.terms;
        plan.until = terms.until.map(|until| now.wall_at(until));
        plan.is_capped = terms.max_requests.is_some() || terms.max_spend.is_some();
        let work: Vec<(AccountId, Action)> = plan.work.iter().map(|(account, action, _)| (*account, *action)).collect();
        let unpriced = unpriced(store, &work, deps.settings).await?;
        let accounts = store.accounts().all().await?;
        let tokens = app::open_tokens(deps.settings, &self.session.who, &accounts, deps.clock.clone()).await?;
        Ok(WorkAhead { plan, work, unpriced, tokens })
    }

    /// What is restored in a sandbox of this process has to be undone there first, as an earlier one has left it.
    async fn recall_undone(&self, store: &mut Store, work: &[(AccountId, Action)]) -> Result<(), CommandError> {
        let restoring: BTreeSet<AccountId> =
            work.iter().filter(|(_, action)| !action.is_undoing()).map(|(account, _)| *account).collect();
        for account in store.accounts().all().await?.iter().filter(|account| restoring.contains(&account.id)) {
            self.session.recall(store, account).await?;
        }
        Ok(())
    }

    /// Drains, and says how that ended.
    pub(super) async fn drain(
        mut self,
        mut store: Store,
        lock: DrainLock,
        jobs: Jobs,
        mut signals: Signals,
        deps: AppDeps<'_>,
    ) -> Result<RunEnd, CommandError> {
        let WorkAhead { plan, work, unpriced, tokens } = self.look_ahead(&mut store, &jobs, deps).await?;
        self.recall_undone(&mut store, &work).await?;
        let Jobs { only, untouched } = jobs;
        self.options.run.jobs.clone_from(&only);
        let Drainer { session, options, terms } = self;
        let (sender, receiver) = shutdown();
        let (began, mut aborted) = (deps.clock.now().tick, receiver.clone());
        let (noting, usage) = PartialUsage::beside(deps.front.progress(deps, plan));
        let mut listener: Box<dyn Listener> = Box::new(noting);
        if let Some(tap) = &terms.tap {
            listener = tap.beside(listener);
        }
        let (client, clock) = (Arc::clone(&session.client), deps.clock.clone());
        let running = async {
            warn_before_sending(&mut store, &session.who, &tokens, &client, &work, deps).await?;
            let watch = QueueWatch::of(store.place()).await;
            let drain = DrainDeps { store, lock, client, tokens, clock, shutdown: receiver, listener, watch };
            app::drain(drain, &session.who, options).await
        };
        let ended = tokio::select! {
            ended = running => ended,
            signal = signals.relay(&sender, deps) => match signal {},
            () = aborted.at_least(Urgency::Abort) => {
                deps.tell(Notice::StoppedAtOnce(Stoppable::Sending));
                let signal = aborted.now().1.unwrap_or(Signal::Interrupt);
                return Ok(RunEnd::StoppedAtOnce { signal, usage: usage.so_far() });
            }
        };
        session.close().await;
        let took = deps.clock.now().tick.since(began);
        let closing = Closing { untouched, took, unpriced };
        end_of(ended, only.as_deref(), closing, usage.so_far(), deps).await
    }
}

/// How a run has ended whose rows were sent, or could not be.
pub(super) async fn end_of(
    ended: Result<Ended, CommandError>,
    only: Option<&[JobId]>,
    closing: Closing,
    usage: (u64, MicroUsd),
    deps: AppDeps<'_>,
) -> Result<RunEnd, CommandError> {
    match ended {
        Ok(ended) => Ok(RunEnd::Ended(Box::new(RunOutcome::of(ended, closing).await?))),
        Err(error) => {
            let jobs = jobs_as_saved(only, deps).await;
            Ok(RunEnd::Failed { error, jobs, untouched: closing.untouched, usage })
        }
    }
}

/// How the jobs stand, if that can still be read.
async fn jobs_as_saved(only: Option<&[JobId]>, deps: AppDeps<'_>) -> Vec<JobStatus> {
    let Ok(Some(mut store)) = deps.existing_queue().await else { return Vec::new() };
    let mut jobs = store.read().status(None).await.unwrap_or_default();
    jobs.retain(|status| only.is_none_or(|only| only.contains(&status.job.id)));
    store.close().await;
    jobs
}

/// What shows more to somebody who cannot be asked.
pub(super) const LOOK: &str = "the same command with --dry-run shows what would be sent";

/// Nobody has agreed, and nobody can be asked.
pub(super) fn no_terminal(look: &str) -> CommandError {
    let message =
        "this acts on a real account, and there is no terminal to ask on; nothing was queued, nothing was sent";
    CommandError::new(ErrorKind::Usage, message).hint(format!("add --yes if you mean it; {look}"))
}
