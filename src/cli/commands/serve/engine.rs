//! Drains whenever there is work. One drain lasts as long as there is something to send; what ends it decides how long it rests.
//! The lock is held all the time, so that nobody else sends in between.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::app::{self, Bases, DrainOptions, Ended, Footing, Who};
use crate::cli::commands::drain::prices;
use crate::cli::commands::schedule;
use crate::cli::commands::sentence::names;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::progress::{Plan, ProgressListener};
use crate::config::{ProgressMode, Settings};
use crate::domain::{JobId, Platform, Tick};
use crate::engine::{Event, Finish, Listener, Settings as RunSettings, ShutdownSender, Signal, Stopped, shutdown};
use crate::platform::{Client, Settings as ClientSettings};
use crate::sandbox::{Options as SandboxOptions, Sandbox};
use crate::schedule::plan::Schedule;
use crate::schedule::scheduler;
use crate::store::{DrainLock, JobState, JobStatus, News, Store, StoreError};
use crate::web::{EngineState, EngineStatus, Hub, Web};

/// How often a rest looks whether somebody has told the queue something.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The shortest time between two looks at what is due.
const FIRE_EVERY: Duration = Duration::from_secs(60);
/// How long it rests when nobody answers, at first and at most; each time twice as long.
const SILENCE_SECONDS: u64 = 60;
const MAX_SILENCE_SECONDS: u64 = 900;
/// How long it rests when the disk or the configuration is in the way.
const STUCK_SECONDS: u64 = 60;

/// What the process has been told.
#[derive(Clone, Debug, Default)]
pub(super) struct Orders {
    /// Signals to end, oldest first.
    pub(super) end: Vec<Signal>,
    /// How often the configuration was read again.
    pub(super) reloads: u64,
}

/// The engine of a server.
pub(super) struct Engine<'a> {
    context: &'a Context,
    web: Arc<Web>,
    hub: Hub,
    /// None while a schedule is run.
    lock: Option<DrainLock>,
    status: watch::Sender<EngineStatus>,
    orders: watch::Receiver<Orders>,
    sandbox: Option<Sandbox>,
    silence: Duration,
    /// No schedule is fired before this.
    next_fire: Tick,
}

/// What a drain knew when it began.
struct Begun {
    knows: News,
    jobs: Option<Vec<JobId>>,
}

/// Why a rest ends.
enum Rest {
    /// Until somebody tells the queue something.
    News,
    /// ... or so long at most.
    Until(Tick),
}

/// Both the dashboard and the terminal hear.
struct Both {
    hub: Hub,
    terminal: ProgressListener,
}

impl Listener for Both {
    fn hear(&mut self, event: &Event) {
        self.hub.hear(event);
        self.terminal.hear(event);
    }
}

impl<'a> Engine<'a> {
    /// An engine, and the pretend platform where that is what it drains to.
    pub(super) async fn new(
        context: &'a Context,
        web: Arc<Web>,
        hub: Hub,
        lock: DrainLock,
        status: watch::Sender<EngineStatus>,
        orders: watch::Receiver<Orders>,
    ) -> Result<Engine<'a>, CliError> {
        let sandbox = if context.settings.is_sandbox() {
            let sandbox = Sandbox::start(SandboxOptions::default(), context.clock.clone()).await;
            Some(sandbox.map_err(crate::cli::commands::sandbox::explain)?)
        } else {
            None
        };
        let silence = Duration::from_secs(SILENCE_SECONDS);
        Ok(Engine { context, web, hub, lock: Some(lock), status, orders, sandbox, silence, next_fire: Tick(i64::MIN) })
    }

    /// Works until it is told to end; gives the exit code.
    pub(super) async fn work(mut self) -> Result<u8, CliError> {
        loop {
            if let Some(signal) = self.ending() {
                self.say(EngineState::Stopping);
                return Ok(signal.exit_code());
            }
            let mut store = self.open().await?;
            if self.is_due(&mut store).await? {
                store.close().await;
                self.say(EngineState::Working);
                self.fire().await?;
                continue;
            }
            let knows = store.news().await?;
            self.status.send_modify(|status| status.knows = knows);
            let (state, rest) = match self.stretch(store).await {
                Ok(Some((state, rest))) => (state, rest),
                Ok(None) => continue,
                Err(error) => self.trouble(error)?,
            };
            self.say(state);
            self.rest(knows, rest).await?;
        }
    }

    /// Whether a schedule's slot has come. Nothing is fired again within a minute, so that what stays due (another process works
    /// on it) costs a look a minute; one that cannot be understood is left to `cleanup schedule list`.
    async fn is_due(&self, store: &mut Store) -> Result<bool, CliError> {
        let now = self.context.clock.now();
        if now.tick < self.next_fire {
            return Ok(false);
        }
        let (due, _) = scheduler::due(store, now.wall).await?;
        if due.is_empty() {
            return Ok(false);
        }
        let schedules = store.schedules().await?;
        let understood = schedules.iter().filter(|stored| Schedule::of(stored).is_ok());
        Ok(understood.into_iter().any(|stored| due.contains(&stored.name)))
    }

    /// Runs what is due as `cleanup schedule due` does, with the lock let go for it. Other jobs wait meanwhile: one process sends,
    /// one run at a time.
    async fn fire(&mut self) -> Result<(), CliError> {
        self.lock = None;
        let fired = schedule::run_due(self.context).await;
        self.next_fire = self.context.clock.now().tick.after(FIRE_EVERY);
        if let Err(error) = &fired {
            self.context.printer.error(error);
        }
        // Somebody else may have been quicker; then this process waits for its turn.
        loop {
            match DrainLock::take(self.lock_path()) {
                Ok(lock) => {
                    self.lock = Some(lock);
                    return Ok(());
                }
                Err(StoreError::Draining { .. }) if self.ending().is_none() => {
                    let why = "Another process drains this queue".to_owned();
                    let later = self.context.clock.now().tick.after(LOOK_EVERY);
                    self.say(EngineState::Waiting { until: self.context.clock.now().wall_at(later), why });
                    self.context.clock.sleep_until(later).await;
                }
                Err(StoreError::Draining { .. }) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The jobs that are worked off at any hour; none: all. Those of schedules have hours of their own.
    async fn own_jobs(&self, store: &mut Store) -> Result<Option<Vec<JobId>>, CliError> {
        let scheduled = schedule::jobs_of(&store.schedules().await?);
        if scheduled.is_empty() {
            return Ok(None);
        }
        let jobs = store.jobs().await?.into_iter().filter(|job| !scheduled.contains(&job.name));
        Ok(Some(jobs.map(|job| job.id).collect()))
    }

    /// One drain, if there is anything to drain; how it stands then, and how long it rests. None: go on at once.
    async fn stretch(&mut self, mut store: Store) -> Result<Option<(EngineState, Rest)>, CliError> {
        let jobs = self.own_jobs(&mut store).await?;
        let has_work = |status: &JobStatus| {
            let is_ours = jobs.as_ref().is_none_or(|jobs| jobs.contains(&status.job.id));
            is_ours && status.job.state == JobState::Active && status.counts.pending > 0
        };
        if !store.status(None).await?.iter().any(has_work) {
            store.close().await;
            return Ok(Some((EngineState::Idle, Rest::News)));
        }
        self.say(EngineState::Working);
        let ended = self.drain(store, jobs).await?;
        let names = self.names_of(&ended.finish).await?;
        let Ended { finish, store, .. } = ended;
        store.close().await;
        if finish.stopped != Stopped::Unreachable {
            self.silence = Duration::from_secs(SILENCE_SECONDS);
        }
        let now = self.context.clock.now();
        Ok(match finish.stopped {
            // Told to end, or to begin anew with what has changed.
            Stopped::Interrupted(_) => None,
            Stopped::Account => Some((EngineState::NeedsPerson { why: names }, Rest::News)),
            Stopped::Unreachable => {
                let until = now.tick.after(self.silence);
                self.silence = (self.silence * 2).min(Duration::from_secs(MAX_SILENCE_SECONDS));
                let why = "Nobody answers".to_owned();
                Some((EngineState::Waiting { until: now.wall_at(until), why }, Rest::Until(until)))
            }
            Stopped::Cap => {
                let at = finish.next_slot_at.unwrap_or(now.wall.after(self.silence));
                let until = now.tick.after(at.since(now.wall));
                let why = "The platform holds every account that has work".to_owned();
                Some((EngineState::Waiting { until: at, why }, Rest::Until(until)))
            }
            _ => Some((EngineState::Idle, Rest::News)),
        })
    }

    /// Who needs a person, in words.
    async fn names_of(&self, finish: &Finish) -> Result<String, CliError> {
        if finish.troubles.is_empty() {
            return Ok("What is left belongs to an account that stopped".to_owned());
        }
        const MOST: usize = 3;
        let names = names(&mut Store::once_more(self.web.settings().db()?).await?).await?;
        let said = finish.troubles.iter().take(MOST).map(|(account, reason, detail)| {
            let name = names.get(account).map_or("an account", |(name, _)| name.as_str());
            if detail.is_empty() { format!("{name}: {reason}") } else { format!("{name}: {reason} ({detail})") }
        });
        let mut said: Vec<String> = said.collect();
        if finish.troubles.len() > MOST {
            said.push(format!("and {} more", finish.troubles.len() - MOST));
        }
        Ok(said.join("; "))
    }

    /// An error that time, a person or a reload can mend is waited for; the others end the process.
    fn trouble(&mut self, error: CliError) -> Result<(EngineState, Rest), CliError> {
        self.context.printer.error(&error);
        let why =
            error.hint.as_ref().map_or_else(|| error.message.clone(), |hint| format!("{}; {hint}", error.message));
        let now = self.context.clock.now();
        let after = |seconds| Rest::Until(now.tick.after(Duration::from_secs(seconds)));
        Ok(match error.kind {
            Kind::Person => (EngineState::NeedsPerson { why }, Rest::News),
            Kind::Unreachable => {
                let until = now.tick.after(self.silence);
                self.silence = (self.silence * 2).min(Duration::from_secs(MAX_SILENCE_SECONDS));
                (EngineState::Waiting { until: now.wall_at(until), why }, Rest::Until(until))
            }
            Kind::Io | Kind::Config => (EngineState::Stuck { why }, after(STUCK_SECONDS)),
            // Another process drains, or a fault of ours: a restart does better than going on.
            Kind::Busy | Kind::Fault | Kind::Usage | Kind::InputData => return Err(error),
        })
    }

    async fn drain(&mut self, mut store: Store, jobs: Option<Vec<JobId>>) -> Result<Ended, CliError> {
        let settings = self.web.settings();
        let context = self.context;
        let bases = self.bases(&settings)?;
        let connections =
            ClientSettings { connections: usize::from(settings.run.workers), ..ClientSettings::default() };
        let client = Client::new(&[&bases.x, &bases.aisa], connections);
        let client = Arc::new(client.map_err(|error| CliError::new(Kind::Config, error.to_string()).because(error))?);
        let mut who = Who::of(&settings, None, Some(Arc::clone(&bases.x)))?;
        let stored = store.has_credentials().await?;
        who.learn_users(&client, &context.clock, stored).await?;
        who.introduce(&mut store, None, &[]).await?;
        let knows = store.news().await?;
        self.status.send_modify(|status| status.knows = knows);
        let accounts = store.accounts().await?;
        let tokens = app::open_tokens(&settings, &who, &accounts, context.clock.clone()).await?;
        let listener = self.listener(&mut store).await?;
        let (sender, receiver) = shutdown();
        let lock = self.lock.as_ref().map(DrainLock::share);
        let lock = lock.ok_or_else(|| CliError::new(Kind::Fault, "the lock was let go"))?;
        let clock = context.clock.clone();
        let footing = Footing { store, lock, client, tokens, clock, shutdown: receiver, listener };
        let mut orders = self.orders.clone();
        let begun = Begun { knows, jobs: jobs.clone() };
        tokio::select! {
            ended = app::drain(footing, &who, options(&settings, jobs)) => ended,
            error = self.interrupt(&sender, &mut orders, &begun) => Err(error),
        }
    }

    /// Ends the drain when the process is told to end, or to begin anew: when there is an account it does not know, a new
    /// login, another configuration. Never ends but by an error.
    async fn interrupt(
        &self,
        sender: &ShutdownSender,
        orders: &mut watch::Receiver<Orders>,
        drain: &Begun,
    ) -> CliError {
        let begun = orders.borrow_and_update().clone();
        let (mut told, mut renewing) = (begun.end.len(), false);
        let mut store = match Store::once_more(self.lock_path()).await {
            Ok(store) => store,
            Err(error) => return error.into(),
        };
        loop {
            let now = orders.borrow_and_update().clone();
            for signal in now.end.iter().skip(told) {
                sender.signal(*signal);
            }
            told = now.end.len();
            let anew = now.reloads != begun.reloads || self.is_out_of_date(&mut store, drain).await.unwrap_or(false);
            if anew && !renewing && told == 0 {
                renewing = true;
                sender.signal(Signal::Terminate);
            }
            let look = self.context.clock.now().tick.after(LOOK_EVERY);
            tokio::select! {
                changed = orders.changed() => if changed.is_err() { return std::future::pending().await },
                () = self.context.clock.sleep_until(look) => {}
            }
        }
    }

    /// Whether there is what the drain does not know of: an account, a login, a job beside those of schedules; or a schedule is
    /// due. Refreshing tokens is the drain's own doing. An error here the drain itself will meet as well.
    async fn is_out_of_date(&self, store: &mut Store, drain: &Begun) -> Result<bool, CliError> {
        let news = store.news().await?;
        let new_people = news.accounts != drain.knows.accounts || news.logins_needed < drain.knows.logins_needed;
        let new_jobs = news.generation != drain.knows.generation && self.own_jobs(store).await? != drain.jobs;
        Ok(new_people || new_jobs || self.is_due(store).await?)
    }

    async fn listener(&self, store: &mut Store) -> Result<Box<dyn Listener>, CliError> {
        let names = names(store).await?.into_iter().map(|(id, (name, _))| (id, name)).collect();
        let plan = Plan { names, ..Plan::default() };
        let (clock, zone) = (self.context.clock.clone(), self.context.zone.clone());
        let terminal = ProgressListener::new(ProgressMode::None, plan, self.context.printer, clock, zone);
        Ok(Box::new(Both { hub: self.hub.clone(), terminal }))
    }

    fn bases(&self, settings: &Settings) -> Result<Bases, CliError> {
        let Some(sandbox) = &self.sandbox else { return Bases::of(settings) };
        let base = sandbox.base_url().parse();
        let base = Arc::new(base.map_err(|error| CliError::new(Kind::Fault, format!("{error}")))?);
        Ok(Bases { x: Arc::clone(&base), aisa: base })
    }

    /// Rests; a command to the queue, a person, another configuration or the end ends it.
    async fn rest(&mut self, seen: News, rest: Rest) -> Result<(), CliError> {
        let mut store = self.open().await?;
        let begun = self.orders.borrow_and_update().reloads;
        loop {
            let now = self.context.clock.now().tick;
            let over = matches!(rest, Rest::Until(until) if now >= until);
            let orders = self.orders.borrow_and_update().clone();
            if over
                || !orders.end.is_empty()
                || orders.reloads != begun
                || store.news().await? != seen
                || self.is_due(&mut store).await?
            {
                break;
            }
            tokio::select! {
                () = self.web.woken() => break,
                changed = self.orders.changed() => if changed.is_err() { break },
                () = self.context.clock.sleep_until(now.after(LOOK_EVERY)) => {}
            }
        }
        store.close().await;
        Ok(())
    }

    fn ending(&self) -> Option<Signal> {
        self.orders.borrow().end.first().copied()
    }

    fn say(&self, state: EngineState) {
        self.status.send_modify(|status| status.state = state);
        self.web.note_change();
    }

    async fn open(&self) -> Result<Store, CliError> {
        Ok(Store::once_more(self.lock_path()).await?)
    }

    fn lock_path(&self) -> &std::path::Path {
        // Asked for and found before the engine began.
        self.context.settings.db().map_or(std::path::Path::new(""), |path| path.as_path())
    }
}

fn options(settings: &Settings, jobs: Option<Vec<JobId>>) -> DrainOptions {
    let run = RunSettings {
        jobs,
        workers: usize::from(settings.run.workers),
        pace: settings.run.pace,
        request_deadline: settings.run.request_deadline,
        give_up_after: settings.run.give_up_after,
        until: None,
        max_requests: None,
        max_spend: None,
        prices: prices(settings),
    };
    let windows = Platform::ALL.into_iter().map(|platform| (platform, settings.windows(platform).into())).collect();
    DrainOptions { run, windows, keep: None }
}
