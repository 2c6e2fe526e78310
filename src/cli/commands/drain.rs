//! What `run` and `resume` share: who acts, the sentence before, the drain, the summary after.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Notify;

use super::group_listener::GroupListener;
use super::list::fetch_listener;
use super::load_messages::say_handles;
use super::partial_summary::PartialSummary;
use super::preflight;
use super::run_summary::{Closing, LookupBound, finish};
use super::signals::{Never, Signals};
use super::untouched_jobs::UntouchedJobs;
use crate::app::request::RunBounds;
use crate::app::schedules::unscheduled_jobs;
use crate::app::{self, Accounts, DrainDeps, DrainOptions, Identities, LoadOptions, LoadPlan, Prepared};
use crate::app::{Confirmation, PlatformSession, ReadingBounds, RunReport, RunSummary};
use crate::cli::context::{Context, queue_options};
use crate::cli::progress::{Plan, ProgressListener};
use crate::cli::prompt;
use crate::config::Settings;
use crate::domain::{AccountId, Action, JobId, MicroUsd, Platform, RoundId, Tick, Wall, counted};
use crate::engine::{EngineSettings, JobGroup, JobTerms, Listener, ShutdownSender, Signal, Stopped, Urgency, shutdown};
use crate::error::{CommandError, ErrorKind};
use crate::lists::fetch::{Budget, Stop};
use crate::store::{DrainLock, QueueWatch, Store, StoreError};
use crate::web::EventCounters;

/// Everything a drain needs that is not the queue.
pub(super) struct Drainer {
    session: PlatformSession,
    options: DrainOptions,
    /// Counts what is sent.
    hub: Option<EventCounters>,
    /// The jobs that no schedule loads are worked off as well, without the terms of this run.
    with_others: bool,
    /// What kept handles from being looked up.
    lookup: Option<LookupBound>,
    yes: bool,
    json: bool,
}

/// What ends a run before its work is done.
pub(super) fn bounds_text(
    (max_requests, max_spend): (Option<u64>, Option<MicroUsd>),
    until: Option<Wall>,
    context: &Context,
) -> Option<String> {
    let bounds: Vec<String> = [
        max_requests.map(|most| format!("after {}", counted(most, "request", "requests"))),
        max_spend.map(|most| format!("before it has spent more than {most}")),
        until.map(|until| format!("at {}", context.local_clock().text(until, context.clock.now().wall))),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!bounds.is_empty()).then(|| format!("this run ends {} at the latest", bounds.join(", or ")))
}

/// How far a run goes, and how it is told.
pub(super) struct How<'a> {
    pub(super) bounds: &'a RunBounds,
    /// Nothing is sent after this, by the wall clock.
    pub(super) until: Option<Wall>,
    /// Nobody is asked.
    pub(super) yes: bool,
    /// The end is one JSON object.
    pub(super) json: bool,
}

/// What a person is asked about.
pub(super) struct Asked<'a> {
    pub(super) files: &'a [Prepared],
    pub(super) standings: &'a [LoadPlan],
    pub(super) accounts: &'a Accounts,
    pub(super) load: &'a LoadOptions,
}

impl Drainer {
    /// Finds out who acts, starts the sandbox where it is asked for, and resolves the bounds of the run.
    pub(super) async fn prepare(
        how: &How<'_>,
        platform: Option<Platform>,
        context: &Context,
    ) -> Result<Drainer, CommandError> {
        let settings = &context.settings;
        let now = context.clock.now();
        let session = PlatformSession::open(settings, platform, &context.clock).await?;
        let until = how.until.map(|until| Tick(now.tick.0.saturating_add(until.0.saturating_sub(now.wall.0))));
        let options = DrainOptions::of(settings, how.bounds, until);
        Ok(Drainer { session, options, hub: None, with_others: false, lookup: None, yes: how.yes, json: how.json })
    }

    /// Asks the platforms whose credentials those of the environment are, where nobody said.
    pub(super) async fn learn_users(&mut self, context: &Context) -> Result<(), CommandError> {
        let stored = context.has_logins().await?;
        self.session.who.learn_users(&self.session.client, &context.clock, stored).await
    }

    /// A keep list for every job of this run, looked at before anything is sent.
    pub(super) fn keep(&mut self, file: Option<PathBuf>) {
        self.options.keep = file;
    }

    /// Refusals that do not name their row are believed: what is not found is gone, the rest has failed.
    pub(super) fn accept_unnamed(&mut self, accept: bool) {
        self.options.run.accept_unnamed = accept;
    }

    /// Has what is sent counted.
    pub(super) fn count_in(&mut self, hub: Option<EventCounters>) {
        self.hub = hub;
    }

    /// Has the jobs that no schedule loads worked off in the same drain.
    pub(super) fn with_others(&mut self, with_others: bool) {
        self.with_others = with_others;
    }

    pub(super) fn identities(&self) -> &Identities {
        &self.session.who
    }

    /// Makes the account of the credentials known.
    pub(super) async fn register_self(&self, store: &mut Store) -> Result<(), CommandError> {
        self.session.who.register_accounts(store, None, &[]).await.map(|_| ())
    }

    /// One sentence and a question, before a real platform is touched; true: yes.
    pub(super) async fn ask(
        &self,
        store: &mut Store,
        asked: &Asked<'_>,
        context: &Context,
    ) -> Result<bool, CommandError> {
        for file in asked.files {
            say_handles(file, context);
        }
        let Asked { files, standings, accounts, load } = asked;
        let about = app::confirm_files(store, files, standings, (accounts, load), &context.settings).await?;
        self.ask_about(about, LOOK, context)
    }

    /// The same for jobs that are in the queue already.
    pub(super) async fn ask_for_jobs(
        &self,
        store: &mut Store,
        jobs: &[JobId],
        context: &Context,
    ) -> Result<bool, CommandError> {
        let about = app::confirm_jobs(store, Some(jobs), &context.settings).await?;
        let look = format!("{LOOK}; {} shows what is queued", context.command(&["status"]));
        self.ask_about(about, &look, context)
    }

    /// Whether somebody has agreed already, can be asked, or need not be.
    pub(super) fn can_be_agreed(&self, context: &Context) -> bool {
        context.settings.is_sandbox() || self.yes || prompt::can_ask()
    }

    /// `look` names what shows more to somebody who cannot be asked.
    fn ask_about(&self, about: Option<Confirmation>, look: &str, context: &Context) -> Result<bool, CommandError> {
        let Some(Confirmation { warnings, sentences }) = about else { return Ok(true) };
        for warning in &warnings {
            context.printer.warn(warning);
        }
        for sentence in &sentences {
            context.printer.say(sentence);
        }
        let JobTerms { max_requests, max_spend, until } = self.options.run.terms;
        let until = until.map(|until| context.clock.now().wall_at(until));
        if let Some(bounds) = bounds_text((max_requests, max_spend), until, context) {
            context.printer.say(&bounds);
        }
        if context.settings.is_sandbox() || self.yes {
            return Ok(true);
        }
        if !self.can_be_agreed(context) {
            return Err(no_terminal(look));
        }
        prompt::confirm("Continue?").map_err(|error| CommandError::io("the terminal", error))
    }

    /// Asks the platform whose the handles of the files are. A signal, where one came meanwhile; what was told is kept.
    pub(super) async fn resolve(
        &mut self,
        store: &mut Store,
        files: &[Prepared],
        accounts: &Accounts,
        signals: &mut Signals,
        context: &Context,
    ) -> Result<Option<Signal>, CommandError> {
        let Some(asker) = app::resolving_account(files, accounts) else { return Ok(None) };
        let account = app::account_of(store, Some(asker)).await?;
        let (sender, receiver) = shutdown();
        let mut aborted = receiver.clone();
        let budget = Budget {
            max_requests: self.options.run.terms.max_requests,
            max_spend: self.options.run.terms.max_spend,
            ..Budget::default()
        };
        let bounds = ReadingBounds {
            budget,
            until: self.options.run.terms.until,
            give_up_after: self.options.run.give_up_after,
        };
        let beside = store.open_second().await?;
        let deps = (&context.settings, &context.clock);
        let way = (&self.session.who, &self.session.client);
        let heard = (receiver, fetch_listener(context));
        let mut reader = app::list_reader(deps, way, beside, &account, bounds, heard).await?;
        let resolved = tokio::select! {
            resolved = app::resolve(&mut reader, files, accounts) => resolved?,
            signal = signals.relay(&sender, context) => match signal {},
            () = aborted.at_least(Urgency::Abort) => return Ok(Some(aborted.now().1.unwrap_or(Signal::Interrupt))),
        };
        // What asking has used up is not there for undoing.
        let Budget { requests, spent, .. } = reader.budget;
        self.options.run.terms.max_requests =
            self.options.run.terms.max_requests.map(|most| most.saturating_sub(requests));
        self.options.run.terms.max_spend =
            self.options.run.terms.max_spend.map(|most| MicroUsd(most.0.saturating_sub(spent.0)));
        if requests > 0 {
            let cost = if context.settings.is_sandbox() { String::new() } else { format!(", {spent}") };
            let requests = counted(requests, "request", "requests");
            context.printer.say(&format!(
                "handles looked up: {} found, {} not found or suspended; {requests}{cost}",
                resolved.found, resolved.missing
            ));
        }
        match resolved.stopped {
            None => Ok(None),
            Some(Stop::Interrupted(signal)) => Ok(Some(signal)),
            Some(stop) => {
                self.lookup = Some(bound_of(&stop)?);
                context.printer.warn(
                    "not every handle could be looked up within the limits of this run; the rows of the others are rejected as \
                     handle_not_resolved for now; run the same command again to look them up",
                );
                Ok(None)
            }
        }
    }

    /// Whether a bound of this run has kept handles from being looked up.
    pub(super) fn has_unasked_handles(&self) -> bool {
        self.lookup.is_some()
    }

    /// Drains, sums up, and says how to resume.
    pub(super) async fn drain(
        self,
        mut store: Store,
        lock: DrainLock,
        (jobs, bystanders): (Option<Vec<JobId>>, UntouchedJobs),
        mut signals: Signals,
        context: &Context,
    ) -> Result<RunReport, CommandError> {
        store.lists().settle_missing_handles(context.clock.now().wall).await?;
        let mut plan = plan(&mut store, (jobs.as_deref(), &bystanders), context).await?;
        let (run, now) = (&self.options.run, context.clock.now());
        plan.until = run.terms.until.map(|until| now.wall_at(until));
        plan.is_capped = run.terms.max_requests.is_some() || run.terms.max_spend.is_some();
        let work: Vec<(AccountId, Action)> = plan.work.iter().map(|(account, action, _)| (*account, *action)).collect();
        let settings = &context.settings;
        let unpriced = unpriced(&mut store, &work, settings).await?;
        let listener = ProgressListener::new(
            settings.run.progress,
            plan,
            context.printer,
            context.clock.clone(),
            context.local_clock(),
        );
        let (sender, receiver) = shutdown();
        let others = if self.with_others { others_than(&mut store, jobs.as_deref()).await? } else { Vec::new() };
        let (mut options, ours, is_shared) = (self.options, jobs.clone(), !others.is_empty());
        options.run.jobs = jobs;
        if is_shared {
            share_with(&mut options.run, others);
        }
        let began = context.clock.now().tick;
        let mut aborted = receiver.clone();
        let accounts = store.accounts().all().await?;
        let tokens = app::open_tokens(settings, &self.session.who, &accounts, context.clock.clone()).await?;
        let (noting, so_far) = PartialSummary::beside(Box::new(listener));
        let mut listener: Box<dyn Listener> = Box::new(noting);
        let mut group = None;
        if is_shared {
            let rounds = rounds_of(&mut store, ours.as_deref().unwrap_or_default()).await?;
            let (own, ended) = GroupListener::new(rounds, listener);
            (listener, group) = (Box::new(own), Some(ended));
        }
        if let Some(hub) = self.hub {
            listener = Box::new(hub.beside(listener));
        }
        let (client, clock) = (Arc::clone(&self.session.client), context.clock.clone());
        let running = async {
            preflight::look(&mut store, &self.session.who, &tokens, &client, &work, context).await?;
            let watch = QueueWatch::of(store.path());
            let footing = DrainDeps { store, lock, client, tokens, clock, shutdown: receiver, listener, watch };
            app::drain(footing, &self.session.who, options).await
        };
        let ended = tokio::select! {
            ended = running => ended,
            signal = signals.relay(&sender, context) => match signal {},
            never = end_with(group, &sender) => match never {},
            () = aborted.at_least(Urgency::Abort) => {
                let signal = aborted.now().1;
                let code = signal.map_or(130, Signal::exit_code);
                context.printer.say("stopped at once; the next run sends the requests again that were in flight");
                let summary = RunSummary::new(Vec::new(), &so_far.interrupted(signal.unwrap_or(Signal::Interrupt)), code);
                if signal.is_some() && self.json {
                    context.printer.closing_json(&summary)?;
                }
                return Ok(RunReport::of(summary));
            }
        };
        self.session.close().await;
        let ended = match (ended, &ours) {
            (Ok(ended), Some(ours)) if is_shared => {
                ended.of_only_group(ours, &work.iter().map(|(account, _)| *account).collect())
            }
            (ended, _) => ended,
        };
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => return so_far.tell_failure(error, (ours.as_deref(), &bystanders), self.json, context).await,
        };
        let took = context.clock.now().tick.since(began);
        finish(ended, Closing { bystanders, lookup: self.lookup, took, json: self.json, unpriced }, context).await
    }

    /// A signal came while files were loaded: nothing of them is in line.
    pub(super) fn interrupted_early(&self, signal: Signal, context: &Context) -> Result<RunReport, CommandError> {
        context.printer.say(&format!(
            "stopped by {} while loading; a file that was not loaded to its end is not queued; run the command again to continue",
            signal.name()
        ));
        let summary = RunSummary::new(Vec::new(), &PartialSummary::default().interrupted(signal), signal.exit_code());
        if self.json {
            context.printer.closing_json(&summary)?;
        }
        Ok(RunReport::of(summary))
    }
}

/// The jobs that no schedule loads, but for those of the run.
async fn others_than(store: &mut Store, own: Option<&[JobId]>) -> Result<Vec<JobId>, StoreError> {
    let Some(own) = own else { return Ok(Vec::new()) };
    let mut others = match unscheduled_jobs(store).await? {
        Some(jobs) => jobs,
        None => store.queue().jobs().await?.into_iter().map(|job| job.id).collect(),
    };
    others.retain(|job| !own.contains(job));
    Ok(others)
}

/// The jobs of the run keep its terms; the others have none.
fn share_with(run: &mut EngineSettings, others: Vec<JobId>) {
    let own = run.jobs.take().unwrap_or_default();
    run.jobs = Some(own.iter().copied().chain(others).collect());
    run.groups = vec![JobGroup { jobs: own, terms: std::mem::take(&mut run.terms) }];
}

/// The rounds of these jobs.
async fn rounds_of(store: &mut Store, jobs: &[JobId]) -> Result<HashSet<RoundId>, StoreError> {
    let all = store.read().status(None).await?.into_iter();
    Ok(all.filter(|status| jobs.contains(&status.job.id)).map(|status| status.job.round).collect())
}

/// A drain that works on other jobs as well ends when those of its run have ended; the server goes on with the others.
async fn end_with(group: Option<Arc<Notify>>, drain: &ShutdownSender) -> Never {
    if let Some(ended) = group {
        ended.notified().await;
        drain.signal(Signal::Terminate);
    }
    std::future::pending().await
}

/// What shows more to somebody who cannot be asked.
pub(super) const LOOK: &str = "the same command with --dry-run shows what would be sent";

/// Nobody has agreed, and nobody can be asked.
pub(super) fn no_terminal(look: &str) -> CommandError {
    let message =
        "this acts on a real account, and there is no terminal to ask on; nothing was queued, nothing was sent";
    CommandError::new(ErrorKind::Usage, message).hint(format!("add --yes if you mean it; {look}"))
}

/// The bound of the run that looking handles up has met. Where a person, the network or an outage of the platform is in the way, so it is
/// for the rest of the run: a row is not rejected because nobody could say whom it means.
fn bound_of(stop: &Stop) -> Result<LookupBound, CommandError> {
    let bound = |stopped| Ok(LookupBound { stopped, next_slot_at: None });
    let in_the_way = |kind, why: String| {
        let error = CommandError::new(kind, format!("{why}; nothing was queued"));
        Err(error.hint(
            "mend that and run the same command again: handles that were found are kept; rows with numeric IDs need no lookup",
        ))
    };
    match stop {
        Stop::Deadline => bound(Stopped::Deadline),
        Stop::Requests => bound(Stopped::Requests),
        Stop::Spend => bound(Stopped::Spend),
        Stop::Cap(until) => Ok(LookupBound { stopped: Stopped::Cap, next_slot_at: Some(*until) }),
        Stop::Interrupted(signal) => bound(Stopped::Interrupted(*signal)),
        Stop::Person(reason, said) => {
            in_the_way(ErrorKind::Person, format!("handles cannot be looked up ({reason}): {said}"))
        }
        Stop::Malformed(said) => {
            in_the_way(ErrorKind::Person, format!("the platform refuses the lookup of handles as malformed: {said}"))
        }
        Stop::Unreachable(said) => in_the_way(
            ErrorKind::Unreachable,
            format!("handles cannot be looked up: no answer from the platform: {said}"),
        ),
        Stop::World(said) => in_the_way(
            ErrorKind::Unreachable,
            format!("handles cannot be looked up: the platform answers with an error: {said}"),
        ),
        Stop::Untold(_) => in_the_way(
            ErrorKind::Unreachable,
            "the platform does not say which accounts the handles belong to".to_owned(),
        ),
    }
}

/// Actions of this work whose price nobody knows.
async fn unpriced(
    store: &mut Store,
    work: &[(AccountId, Action)],
    settings: &Settings,
) -> Result<BTreeSet<Action>, CommandError> {
    let accounts = store.accounts().all().await?;
    let platform_of =
        |id: &AccountId| accounts.iter().find(|account| account.id == *id).map(|account| account.platform);
    let is_unpriced = |account: &AccountId, action: Action| {
        platform_of(account).is_some_and(|platform| settings.price(platform, action).is_none())
    };
    Ok(work.iter().filter(|(account, action)| is_unpriced(account, *action)).map(|(_, action)| *action).collect())
}

async fn plan(
    store: &mut Store,
    (jobs, bystanders): (Option<&[JobId]>, &UntouchedJobs),
    context: &Context,
) -> Result<Plan, CommandError> {
    let command_options = queue_options(&context.settings);
    let mut plan = Plan { pace: context.settings.run.pace, command_options, ..Plan::default() };
    for status in store.read().status(None).await? {
        if jobs.is_some_and(|jobs| !jobs.contains(&status.job.id)) || bystanders.has(&status) {
            continue;
        }
        plan.settled += status.counts.settled_tasks();
        plan.total += status.counts.settled_tasks() + status.counts.pending;
        if status.counts.pending > 0 {
            let pending = store.read().pending_by_lane(status.job.round).await?;
            plan.work.extend(pending.into_iter().map(|(action, account, count)| (account, action, count)));
        }
    }
    plan.names = app::account_names(store).await?;
    Ok(plan)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lookup_ends_as_its_fault_says_and_an_outage_rejects_no_handle() {
        let said = || "HTTP 503: over capacity".to_owned();
        for stop in [Stop::World(said()), Stop::Unreachable(said())] {
            assert!(
                bound_of(&stop)
                    .is_err_and(|error| error.kind == ErrorKind::Unreachable && error.message.contains("503"))
            );
        }
        for stop in [Stop::Person("unauthorized".to_owned(), said()), Stop::Malformed(said())] {
            assert!(bound_of(&stop).is_err_and(|error| error.kind == ErrorKind::Person));
        }
        let bound = |stop| bound_of(&stop).ok().map(|bound| (bound.stopped, bound.next_slot_at));
        assert_eq!(bound(Stop::Requests), Some((Stopped::Requests, None)));
        assert_eq!(bound(Stop::Spend), Some((Stopped::Spend, None)));
        assert_eq!(bound(Stop::Deadline), Some((Stopped::Deadline, None)));
        assert_eq!(bound(Stop::Cap(Wall(7))), Some((Stopped::Cap, Some(Wall(7)))));
    }
}
