//! What `run` and `resume` share: who acts, the sentence before, the drain, the summary after.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::app::{self, Accounts, DrainOptions, Ended, Prepared, Standing, Who};
use crate::cli::args::DrainArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::estimate;
use crate::cli::progress::{Plan, ProgressListener};
use crate::cli::summary::{JobCounts, failure_with, run_summary};
use crate::cli::timing::{clock_text, span_text};
use crate::cli::{escape::escaped, prompt};
use crate::domain::{AccountId, Action, JobId, MicroUsd, Platform, Tick, Wall, WindowSpec};
use crate::engine::{Event, Finish, Listener, Signal, Stopped, Urgency, shutdown};
use crate::platform::{BaseUrl, Client, Settings as ClientSettings, Tier, find};
use crate::sandbox::{Options as SandboxOptions, Sandbox};
use crate::store::{DrainLock, JobState, Store};

/// Everything a drain needs that is not the queue.
pub(super) struct Drainer {
    who: Who,
    client: Arc<Client>,
    sandbox: Option<Sandbox>,
    options: DrainOptions,
    yes: bool,
    json: bool,
}

/// What a person is asked about.
pub(super) struct Asked<'a> {
    pub(super) files: &'a [Prepared],
    pub(super) standings: &'a [Standing],
    pub(super) accounts: &'a Accounts,
}

/// So many tasks of an action for an account.
type Work = BTreeMap<(AccountId, Action), u64>;

impl Drainer {
    /// Finds out who acts, starts the sandbox where it is asked for, and resolves the bounds of the run.
    pub(super) async fn prepare(args: &DrainArgs, context: &Context) -> Result<Drainer, CliError> {
        let settings = &context.settings;
        let now = context.clock.now();
        let until = args.deadline(now, &context.zone).map_err(|error| CliError::new(Kind::Usage, error.to_string()))?;
        let (sandbox, base) = if settings.is_sandbox() {
            let sandbox = Sandbox::start(SandboxOptions::default(), context.clock.clone()).await;
            let sandbox = sandbox.map_err(super::sandbox::explain)?;
            let base = base_url(&sandbox.base_url())?;
            (Some(sandbox), base)
        } else {
            (None, base_url(&settings.x_api)?)
        };
        for warning in settings.window_warnings(platform_of(context)) {
            context.printer.warn(&warning);
        }
        let connections =
            ClientSettings { connections: usize::from(settings.run.workers), ..ClientSettings::default() };
        let client = Client::new(&[&base], connections).map_err(|error| {
            CliError::new(Kind::Config, error.to_string()).hint("see `cleanup run --sandbox` meanwhile")
        })?;
        let mut who = Who::of(settings, Some(Arc::new(base)));
        who.learn_user(&client, &context.clock).await?;
        let options = DrainOptions {
            jobs: None,
            workers: usize::from(settings.run.workers),
            pace: settings.run.pace,
            request_deadline: settings.run.request_deadline,
            give_up_after: settings.run.give_up_after,
            until: until.map(|until| Tick(now.tick.0.saturating_add(until.0.saturating_sub(now.wall.0)))),
            max_requests: args.max_requests,
            max_spend: args.max_spend,
            prices: prices(context),
            windows: Platform::ALL.into_iter().map(|platform| (platform, settings.windows(platform).into())).collect(),
        };
        Ok(Drainer { who, client: Arc::new(client), sandbox, options, yes: args.yes, json: args.json })
    }

    pub(super) fn who(&self) -> &Who {
        &self.who
    }

    /// Makes the account of the credentials known.
    pub(super) async fn introduce_self(&self, store: &mut Store) -> Result<(), CliError> {
        self.who.introduce(store, None, &[]).await.map(|_| ())
    }

    /// One sentence and a question, before a real platform is touched; true: go on.
    pub(super) async fn ask(&self, store: &mut Store, asked: &Asked<'_>, context: &Context) -> Result<bool, CliError> {
        let mut work = Work::new();
        let mut some_new = false;
        for (file, standing) in asked.files.iter().zip(asked.standings) {
            match standing {
                Standing::New | Standing::Again => add_rows(&mut work, file, asked.accounts),
                Standing::Unchanged { .. } | Standing::Changed { .. } => {
                    some_new |= matches!(standing, Standing::Changed { .. });
                    if let Some(job) = store.job(&file.job).await? {
                        add_pending(&mut work, store, job.id).await?;
                    }
                }
                Standing::Cancelled => {}
            }
        }
        self.ask_about(store, &work, some_new, context).await
    }

    /// The same for jobs that are in the queue already.
    pub(super) async fn ask_for_jobs(
        &self,
        store: &mut Store,
        jobs: &[JobId],
        _: &Asked<'_>,
        context: &Context,
    ) -> Result<bool, CliError> {
        let mut work = Work::new();
        for job in jobs {
            add_pending(&mut work, store, *job).await?;
        }
        self.ask_about(store, &work, false, context).await
    }

    async fn ask_about(
        &self,
        store: &mut Store,
        work: &Work,
        some_new: bool,
        context: &Context,
    ) -> Result<bool, CliError> {
        if work.is_empty() && !some_new {
            return Ok(true);
        }
        let names = names(store).await?;
        for sentence in sentences(work, &names, some_new, context) {
            context.printer.say(&sentence);
        }
        if context.settings.is_sandbox() || self.yes {
            return Ok(true);
        }
        if !prompt::can_ask() {
            return Err(CliError::new(
                Kind::Usage,
                "this acts on a real account, and there is no terminal to ask on; nothing was queued",
            )
            .hint("add --yes if you mean it, or look first with --dry-run"));
        }
        prompt::confirm("Go on?").map_err(|error| CliError::io("the terminal", error))
    }

    /// Drains, sums up, and says how to go on.
    pub(super) async fn drain(
        self,
        mut store: Store,
        lock: DrainLock,
        jobs: Option<Vec<JobId>>,
        mut signals: Signals,
        context: &Context,
    ) -> Result<u8, CliError> {
        let plan = plan(&mut store, jobs.as_deref(), context).await?;
        let settings = &context.settings;
        let listener = ProgressListener::new(
            settings.run.progress,
            plan,
            context.printer,
            context.clock.clone(),
            context.zone.clone(),
        );
        let (sender, receiver) = shutdown();
        let mut options = self.options;
        options.jobs = jobs;
        let began = context.clock.now().tick;
        let (listener, so_far) = SoFar::beside(Box::new(listener));
        let ours = options.jobs.clone();
        let mut aborted = receiver.clone();
        let running = app::drain(
            store,
            lock,
            &self.who,
            self.client,
            context.clock.clone(),
            receiver,
            Box::new(listener),
            options,
        );
        let ended = tokio::select! {
            ended = running => ended,
            signal = signals.relay(&sender, context) => match signal {},
            () = aborted.at_least(Urgency::Abort) => {
                let code = aborted.now().1.map_or(130, Signal::exit_code);
                context.printer.say("stopped at once; what was in flight is recovered by the next run");
                if let Some(signal) = aborted.now().1.filter(|_| self.json) {
                    context.printer.json(&run_summary(&[], &so_far.finish(signal), code))?;
                }
                return Ok(code);
            }
        };
        if let Some(sandbox) = self.sandbox {
            sandbox.shut_down().await;
        }
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => return failed_under_way(error, &so_far, ours.as_deref(), self.json, context).await,
        };
        let took = context.clock.now().tick.since(began);
        finish(ended, took, self.json, context).await
    }

    /// A signal came while files were loaded: nothing of them is in line.
    pub(super) fn interrupted_early(&self, signal: Signal, context: &Context) -> Result<u8, CliError> {
        context.printer.say(&format!(
            "stopped by {} while loading; what was not loaded whole was not queued; give the command again",
            signal.name()
        ));
        if self.json {
            context.printer.json(&run_summary(&[], &SoFar::default().finish(signal), signal.exit_code()))?;
        }
        Ok(signal.exit_code())
    }
}

/// What a run has used, as far as it is saved: for ends that the engine does not tell of.
#[derive(Clone, Default)]
struct SoFar(Arc<Mutex<(u64, MicroUsd)>>);

/// Notes what a run uses, and hands every event on.
struct Noting {
    so_far: SoFar,
    next: Box<dyn Listener>,
}

impl SoFar {
    fn beside(next: Box<dyn Listener>) -> (Noting, SoFar) {
        let so_far = SoFar::default();
        (Noting { so_far: so_far.clone(), next }, so_far)
    }

    fn read(&self) -> (u64, MicroUsd) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, signal: Signal) -> Finish {
        let (requests, spent) = self.read();
        Finish { stopped: Stopped::Interrupted(signal), requests, spent, next_slot_at: None, troubles: Vec::new() }
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

/// The queue failed under way. Whoever reads the JSON is told what is known: how the jobs stand, if they can still be read.
async fn failed_under_way(
    error: CliError,
    so_far: &SoFar,
    ours: Option<&[JobId]>,
    json: bool,
    context: &Context,
) -> Result<u8, CliError> {
    let mut jobs = Vec::new();
    if let Ok(Some(mut store)) = context.existing_queue().await {
        jobs = store.status(None).await.unwrap_or_default();
        jobs.retain(|status| ours.is_none_or(|ours| ours.contains(&status.job.id)));
        store.close().await;
    }
    context.printer.error(&error);
    let jobs: Vec<JobCounts> = jobs.iter().map(|s| JobCounts::new(&s.job.name, &s.counts)).collect();
    for job in &jobs {
        context.printer.say(&format!(
            "saved: {}: {} ({} rows)",
            escaped(&job.job),
            job.counts.phrase(),
            job.counts.rows
        ));
    }
    if json {
        let (requests, spent) = so_far.read();
        context.printer.json(&failure_with(&jobs, requests, spent, &error))?;
    }
    Ok(error.kind.exit_code())
}

fn base_url(text: &str) -> Result<BaseUrl, CliError> {
    text.parse().map_err(|error: crate::platform::InvalidBaseUrl| {
        CliError::new(Kind::Config, error.to_string())
            .hint("set CLEANUP_X_API to an https address (http only on loopback)")
    })
}

fn platform_of(context: &Context) -> Platform {
    if context.settings.is_sandbox() { Platform::Sandbox } else { Platform::XV2 }
}

fn prices(context: &Context) -> HashMap<(Platform, Action), MicroUsd> {
    let pairs =
        Platform::ALL.into_iter().flat_map(|platform| Action::ALL.into_iter().map(move |action| (platform, action)));
    pairs.filter_map(|(p, a)| context.settings.price(p, a).map(|price| ((p, a), price))).collect()
}

fn add_rows(work: &mut Work, file: &Prepared, accounts: &Accounts) {
    for lane in &file.survey.lanes {
        if let Some((account, _)) = accounts.find(lane.account.as_ref()) {
            *work.entry((account, lane.action)).or_default() += lane.rows;
        }
    }
}

async fn add_pending(work: &mut Work, store: &mut Store, job: JobId) -> Result<(), CliError> {
    let found = store.jobs().await?.into_iter().find(|known| known.id == job);
    let Some(job) = found else { return Ok(()) };
    for (action, account, count) in store.pending_by_lane(job.round).await? {
        *work.entry((account, action)).or_default() += count;
    }
    Ok(())
}

async fn names(store: &mut Store) -> Result<HashMap<AccountId, (String, Platform)>, CliError> {
    let accounts = store.accounts().await?.into_iter();
    Ok(accounts.map(|account| (account.id, (account.name.to_string(), account.platform))).collect())
}

/// What will be done, by whom, how many, how long it takes and what it costs; and what the platform permits.
fn sentences(
    work: &Work,
    names: &HashMap<AccountId, (String, Platform)>,
    some_new: bool,
    context: &Context,
) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut by_account: BTreeMap<AccountId, Vec<(Action, u64)>> = BTreeMap::new();
    for ((account, action), count) in work {
        by_account.entry(*account).or_default().push((*action, *count));
    }
    const MOST_SENTENCES: usize = 5;
    let accounts = by_account.len();
    for (account, work) in by_account.into_iter().take(MOST_SENTENCES) {
        let Some((name, platform)) = names.get(&account) else { continue };
        let windows = context.settings.windows(*platform);
        let phrase: Vec<String> = work.iter().map(|(action, count)| action.phrase(*count)).collect();
        let length = estimate::from_empty(&work, &windows, context.settings.run.pace);
        let price = |action| context.settings.price(*platform, action);
        let cost = work.iter().try_fold(MicroUsd(0), |sum, (action, n)| Some(sum.plus(price(*action)?.times(*n))));
        let cost = cost.map_or("price not known".to_owned(), |cost| format!("{cost} at listed prices"));
        let limits: Vec<String> = windows.iter().filter(|w| applies(w, &work)).map(|w| w.rate.to_string()).collect();
        sentences.push(format!(
            "{} as {} on {platform}, at most {}: about {}, {cost}",
            phrase.join(", "),
            escaped(name),
            limits.join(" and "),
            span_text(length)
        ));
    }
    if accounts > MOST_SENTENCES {
        sentences.push(format!("... and so on for {} more accounts", accounts - MOST_SENTENCES));
    }
    if some_new {
        sentences.push("rows that are new in a changed file come on top".to_owned());
    }
    if !context.settings.is_sandbox() {
        sentences.extend(what_is_permitted(work, names));
    }
    sentences
}

fn applies(window: &WindowSpec, work: &[(Action, u64)]) -> bool {
    work.iter().any(|(action, _)| window.applies.counts(*action))
}

/// Said before the first request, because the first answer may come too late for an account.
fn what_is_permitted(work: &Work, names: &HashMap<AccountId, (String, Platform)>) -> Vec<String> {
    let mut said = vec![
        "X forbids bulk and aggressive actions, and any action without the account owner's express consent; \
         following rules is yours to judge"
            .to_owned(),
    ];
    let closed = |(account, action): &(AccountId, Action)| {
        let platform = names.get(account).map(|(_, platform)| *platform)?;
        let endpoint = find(platform, *action)?;
        (endpoint.tier == Tier::Enterprise).then_some(*action)
    };
    let mut actions: Vec<Action> = work.keys().filter_map(closed).collect();
    actions.sort();
    actions.dedup();
    for action in actions {
        said.push(format!(
            "{action} is open to Enterprise apps only (X closed it to self-serve apps on 20 April 2026, unblock earlier): \
             with a self-serve app expect a refusal, and a stop, at the first requests"
        ));
    }
    said
}

async fn plan(store: &mut Store, jobs: Option<&[JobId]>, context: &Context) -> Result<Plan, CliError> {
    let mut plan = Plan { pace: context.settings.run.pace, ..Plan::default() };
    for status in store.status(None).await? {
        if jobs.is_some_and(|jobs| !jobs.contains(&status.job.id)) {
            continue;
        }
        plan.settled += status.counts.settled_tasks();
        plan.total += status.counts.settled_tasks() + status.counts.pending;
        if status.counts.pending > 0 {
            let pending = store.pending_by_lane(status.job.round).await?;
            plan.work.extend(pending.into_iter().map(|(action, account, count)| (account, action, count)));
        }
    }
    plan.names = names(store).await?.into_iter().map(|(id, (name, _))| (id, name)).collect();
    Ok(plan)
}

/// The summary: what became of the rows, what it took, what is left, and what to type next.
async fn finish(ended: Ended, took: std::time::Duration, json: bool, context: &Context) -> Result<u8, CliError> {
    let Ended { finish, jobs, mut store } = ended;
    let counts: Vec<_> = jobs.iter().map(|status| status.counts).collect();
    let code = app::exit_code(finish.stopped, &counts);
    let accounts = names(&mut store).await?;
    store.close().await;
    let printer = &context.printer;
    for status in &jobs {
        let counts = JobCounts::new(&status.job.name, &status.counts);
        printer.say(&format!(
            "{}: {} ({} rows)",
            escaped(&status.job.name),
            counts.counts.phrase(),
            counts.counts.rows
        ));
    }
    let requests = if finish.requests == 1 { "1 request".to_owned() } else { format!("{} requests", finish.requests) };
    printer.say(&format!("{requests} in {}, {}", span_text(took), finish.spent));
    for (account, reason, detail) in &finish.troubles {
        let name = accounts.get(account).map_or("an account", |(name, _)| name.as_str());
        let said = if detail.is_empty() { String::new() } else { format!(": {}", escaped(detail)) };
        printer.warn(&format!("{} needs you ({reason}){said}. {}", escaped(name), remedy(reason)));
    }
    for line in what_next(&finish, &jobs, context) {
        printer.say(&line);
    }
    if json {
        let jobs: Vec<JobCounts> = jobs.iter().map(|s| JobCounts::new(&s.job.name, &s.counts)).collect();
        printer.json(&run_summary(&jobs, &finish, code))?;
    }
    Ok(code)
}

/// What a person does about an account that stopped.
fn remedy(reason: &str) -> &'static str {
    match reason {
        "no_credentials" => "Set CLEANUP_X_TOKEN and CLEANUP_X_USER_ID to this account's and resume.",
        "credits_depleted" => "Buy credits in the developer console, then resume.",
        "account_locked" | "account_suspended" | "automation_suspected" => {
            "Log in at x.com and do what it asks, then resume."
        }
        "unauthorized" | "invalid_token" => "Set CLEANUP_X_TOKEN to a fresh user token, then resume.",
        "action_not_offered" => "This platform does not offer the action; use another.",
        _ => "See what the platform said with `cleanup explain ID`; mend it, then resume.",
    }
}

fn what_next(finish: &Finish, jobs: &[crate::store::JobStatus], context: &Context) -> Vec<String> {
    let is_paused =
        |status: &&crate::store::JobStatus| status.job.state == JobState::Paused && status.counts.pending > 0;
    let paused: u64 = jobs.iter().filter(is_paused).map(|status| status.counts.pending).sum();
    let left = jobs.iter().map(|status| status.counts.pending).sum::<u64>() - paused;
    let now = context.clock.now().wall;
    let mut lines = Vec::new();
    let why = match finish.stopped {
        Stopped::Finished => None,
        Stopped::Deadline => Some("the deadline has come, or no slot comes before it".to_owned()),
        Stopped::Requests => Some("--max-requests is used up".to_owned()),
        Stopped::Spend => Some("--max-spend is used up".to_owned()),
        Stopped::Cap => Some("the platform holds the account for longer than this run".to_owned()),
        Stopped::Interrupted(signal) => Some(format!("stopped by {}; progress is saved", signal.name())),
        Stopped::Paused => Some("what is left is paused".to_owned()),
        Stopped::Cancelled => Some("the job was cancelled".to_owned()),
        Stopped::Account => Some("an account needs you".to_owned()),
        Stopped::Unreachable => Some("nobody answers: is the network up?".to_owned()),
    };
    if left > 0 {
        let at = finish.next_slot_at.filter(|at| *at > now);
        let at = at.map_or(String::new(), |at: Wall| format!(", next slot at {}", clock_text(at, now, &context.zone)));
        let why = why.map_or(String::new(), |why| format!(" ({why})"));
        lines.push(format!("{left} left{why}{at}; go on with {}", context.command("resume")));
    } else if let Some(why) = why.filter(|_| matches!(finish.stopped, Stopped::Interrupted(_))) {
        lines.push(why);
    } else if paused == 0 && finish.requests == 0 && finish.stopped == Stopped::Finished {
        lines.push("nothing was left to do, nothing was sent; --again starts finished files over".to_owned());
    }
    // Resuming a paused job sends nothing.
    for status in jobs.iter().filter(is_paused) {
        let job = escaped(&status.job.name);
        let unpause = context.command(&format!("unpause {job}"));
        lines.push(format!("{job} is paused with {} left; let it go on with {unpause}", status.counts.pending));
    }
    for status in jobs.iter().filter(|status| status.counts.failed > 0 || status.counts.rejected > 0) {
        let job = escaped(&status.job.name);
        let report = context.command(&format!("report {job}"));
        let retry = context.command(&format!("retry {job}"));
        let retry = if status.counts.failed > 0 { format!("; {retry} tries the failed again") } else { String::new() };
        lines.push(format!("row by row: {report}{retry}"));
    }
    lines
}

/// The signals that end a run.
pub(super) struct Signals(mpsc::Receiver<Signal>);

/// Relaying never ends by itself.
pub(super) enum Never {}

impl Signals {
    /// Begins to listen; from here on the default of dying at once is off.
    pub(super) fn listen() -> Result<Signals, CliError> {
        const MOST_WAITING: usize = 8;
        let (sender, receiver) = mpsc::channel(MOST_WAITING);
        for (kind, meaning) in [
            (SignalKind::interrupt(), Signal::Interrupt),
            (SignalKind::terminate(), Signal::Terminate),
            (SignalKind::hangup(), Signal::Hangup),
        ] {
            let mut stream = signal(kind).map_err(|error| CliError::io("signals", error))?;
            let sender = sender.clone();
            tokio::spawn(async move {
                while stream.recv().await.is_some() {
                    if sender.send(meaning).await.is_err() {
                        return;
                    }
                }
            });
        }
        Ok(Signals(receiver))
    }

    /// The next signal.
    pub(super) async fn first(&mut self) -> Signal {
        match self.0.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }

    /// Hands every signal on, and tells the person what it will do.
    async fn relay(&mut self, to: &crate::engine::ShutdownSender, context: &Context) -> Never {
        let said = [
            "waiting up to 10 s for requests in flight; again to stop waiting",
            "not waiting; saving; once more to end at once",
        ];
        for words in said.iter().map(Some).chain(std::iter::repeat(None)) {
            let signal = self.first().await;
            if let Some(words) = words {
                context.printer.say(&format!("{}: {words}", signal.name()));
            }
            to.signal(signal);
        }
        std::future::pending().await
    }
}
