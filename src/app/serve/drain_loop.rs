//! Drains whenever there is work. One drain lasts as long as there is something to send; what ends it decides how long it rests.
//! The lock is the server's all the time, so that no other process sends in between.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedMutexGuard, watch};

use super::controls::{Orders, ServeControls};
use super::served_groups::ServedGroups;
use super::state::EngineState;
use crate::app::run::{EventTap, ServerDrain};
use crate::app::signals::Never;
use crate::app::status::{TroubledAccount, only_unfinished};
use crate::app::{self, AppDeps, Ended, Notice};
use crate::domain::Tick;
use crate::engine::{Finish, Signal, Stopped};
use crate::error::{CommandError, ErrorKind};
use crate::sandbox::Sandbox;
use crate::store::{ChangeCounters, DrainLock, JobState, JobStatus, ServerState, Store};

/// How often a rest looks whether somebody has told the queue something.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long it rests when nobody answers, at first and at most; each time twice as long.
const SILENCE_SECONDS: u64 = 60;
const MAX_SILENCE_SECONDS: u64 = 900;
/// How long it rests when the disk or the configuration is in the way.
const STUCK_SECONDS: u64 = 60;

/// What drains for a server.
pub(super) struct DrainLoop<'a> {
    pub(super) deps: AppDeps<'a>,
    pub(super) controls: Arc<ServeControls>,
    /// Hears of what is sent.
    pub(super) tap: Arc<dyn EventTap>,
    /// The right to drain, and the way in of schedules' runs.
    pub(super) server: Arc<ServerDrain>,
    /// The runs that are worked off beside the other jobs.
    pub(super) groups: ServedGroups,
    orders: watch::Receiver<Orders>,
    pub(super) sandbox: Option<Arc<Sandbox>>,
    silence: Duration,
    /// How often the configuration had been read when work was last looked for.
    pub(super) reloads: u64,
    /// What others can read of what it is doing; none: what the server before it has left.
    told_others: Option<ServerState>,
}

/// What it knew when it looked for work.
pub(super) struct Seen {
    pub(super) news: ChangeCounters,
    pub(super) schedules: Vec<i64>,
}

/// Why a rest ends.
enum Rest {
    /// Until somebody tells the queue something.
    ChangeCounters,
    /// ... or so long at most.
    Until(Tick),
}

impl<'a> DrainLoop<'a> {
    pub(super) fn new(
        deps: AppDeps<'a>,
        controls: Arc<ServeControls>,
        tap: Arc<dyn EventTap>,
        server: Arc<ServerDrain>,
        sandbox: Option<Arc<Sandbox>>,
    ) -> DrainLoop<'a> {
        let orders = controls.orders();
        let silence = Duration::from_secs(SILENCE_SECONDS);
        let groups = ServedGroups::default();
        DrainLoop { deps, controls, tap, server, groups, orders, sandbox, silence, reloads: 0, told_others: None }
    }

    /// Works until it is told to end; gives the exit code.
    ///
    /// # Errors
    /// What neither time nor a person nor another configuration mends.
    pub(super) async fn work(&mut self) -> Result<u8, CommandError> {
        loop {
            if let Some(signal) = self.ending() {
                self.say(EngineState::Stopping);
                return Ok(signal.exit_code());
            }
            self.reloads = self.orders.borrow().reloads;
            let (seen, ended) = match self.look_and_drain().await {
                Ok((_, None)) => continue,
                Ok((seen, Some(ended))) => (Some(seen), ended),
                // A file that cannot be opened any more is no server that comes back.
                Err(error) if self.deps.settings.db()?.file().is_some() => return Err(error),
                Err(error) => (None, self.trouble(error)?),
            };
            let (state, rest) = ended;
            let told = self.state_of(&state, &rest);
            self.say(state);
            // A queue that cannot be read tells nobody when it has changed.
            let rested = match seen {
                Some(seen) => self.rest(&seen, rest, told).await,
                None => {
                    self.rest_blindly(rest).await;
                    Ok(())
                }
            };
            if let Err(error) = rested {
                if self.deps.settings.db()?.file().is_some() {
                    return Err(error);
                }
                let (state, rest) = self.trouble(error)?;
                self.say(state);
                self.rest_blindly(rest).await;
            }
        }
    }

    /// One drain, if there is anything to drain, and what was known before it; then how it stands, and how long it rests.
    async fn look_and_drain(&mut self) -> Result<(Seen, Option<(EngineState, Rest)>), CommandError> {
        let mut store = self.open().await?;
        self.tell(&mut store, ServerState::Works).await;
        let turn = self.turn().await;
        self.take_in_runs();
        // Both before anything is decided by them, so that what changes meanwhile ends the rest.
        let seen =
            Seen { news: store.read().change_counters().await?, schedules: Self::schedules_of(&mut store).await? };
        self.controls.set_status(|status| status.knows = seen.news);
        let ended = match self.drain_once(store, &turn, &seen).await {
            Ok(ended) => ended,
            Err(error) => Some(self.trouble(error)?),
        };
        Ok((seen, ended))
    }

    /// Rests without looking at the queue.
    async fn rest_blindly(&mut self, rest: Rest) {
        let until = match rest {
            Rest::Until(until) => until,
            Rest::ChangeCounters => self.deps.clock.now().tick.after(Duration::from_secs(STUCK_SECONDS)),
        };
        let orders = self.orders.borrow_and_update().clone();
        if !orders.end.is_empty() || orders.reloads != self.reloads {
            return;
        }
        tokio::select! {
            () = self.controls.woken() => {}
            _ = self.orders.changed() => {}
            () = self.deps.clock.sleep_until(until) => {}
        }
    }

    /// Nothing is drained any more: runs that are in the drain, or come to it, are told why.
    pub(super) async fn turn_away(&mut self, ended: &Result<u8, CommandError>) -> Never {
        loop {
            self.groups.take_in(self.server.take_requests());
            match (ended, self.ending()) {
                (Err(error), _) => self.groups.fail(error, &[]),
                (Ok(_), signal) => self.groups.interrupt(signal.unwrap_or(Signal::Terminate), |_| true),
            }
            self.server.wanted().await;
        }
    }

    /// The right to drain. A run that has the queue to itself is waited for.
    async fn turn(&self) -> OwnedMutexGuard<DrainLock> {
        match self.server.try_turn() {
            Some(turn) => turn,
            None => {
                self.say(EngineState::Working);
                self.server.turn().await
            }
        }
    }

    /// Runs that have loaded their rows. One that began by another configuration begins anew.
    fn take_in_runs(&mut self) {
        self.groups.take_in(self.server.take_requests());
        let settings = self.controls.settings();
        self.groups.interrupt(Signal::Hangup, |request| !Arc::ptr_eq(&request.settings, &settings));
    }

    /// One drain, if there is anything to drain; how it stands then, and how long it rests. None: go on at once.
    async fn drain_once(
        &mut self,
        mut store: Store,
        lock: &DrainLock,
        seen: &Seen,
    ) -> Result<Option<(EngineState, Rest)>, CommandError> {
        let jobs = self.own_jobs(&mut store).await?;
        let has_work = |status: &JobStatus| {
            let is_ours = jobs.as_ref().is_none_or(|jobs| jobs.contains(&status.job.id));
            is_ours && status.job.state == JobState::Active && status.counts.pending > 0
        };
        if self.groups.is_empty() && !store.read().status(None).await?.iter().any(has_work) {
            store.close().await;
            return Ok(Some((EngineState::Idle, Rest::ChangeCounters)));
        }
        self.say(EngineState::Working);
        let ended = self.drain(store, lock.share(), jobs, seen).await?;
        let names = self.names_of(&ended.finish).await?;
        let Ended { finish, store, .. } = ended;
        store.close().await;
        if finish.stopped != Stopped::Unreachable {
            self.silence = Duration::from_secs(SILENCE_SECONDS);
        }
        let now = self.deps.clock.now();
        Ok(match finish.stopped {
            // Told to end, or to begin anew with what has changed; or a run in it has ended.
            Stopped::Interrupted(_) => None,
            Stopped::Account => Some((EngineState::NeedsPerson { why: names }, Rest::ChangeCounters)),
            Stopped::Unreachable => {
                let until = now.tick.after(self.silence);
                self.silence = (self.silence * 2).min(Duration::from_secs(MAX_SILENCE_SECONDS));
                let outage = finish.given_up.is_some();
                let why =
                    if outage { "The platform answers with errors" } else { "The platform does not answer" }.to_owned();
                Some((EngineState::Waiting { until: now.wall_at(until), why }, Rest::Until(until)))
            }
            Stopped::Cap => {
                let at = finish.next_slot_at.unwrap_or(now.wall.after(self.silence));
                let until = now.tick.after(at.since(now.wall));
                let why =
                    "The platform accepts no more requests yet from the accounts that have rows queued".to_owned();
                Some((EngineState::Waiting { until: at, why }, Rest::Until(until)))
            }
            _ => Some((EngineState::Idle, Rest::ChangeCounters)),
        })
    }

    /// Who needs a person, in words.
    async fn names_of(&self, finish: &Finish) -> Result<String, CommandError> {
        if finish.troubles.is_empty() {
            return Ok(
                "The rows that are left belong to an account that has stopped; `cleanup doctor` says why".to_owned()
            );
        }
        const MOST: usize = 3;
        let settings = self.controls.settings();
        let mut store = Store::reopen(settings.db()?).await?;
        let (names, jobs) = (app::account_names(&mut store).await?, store.queue().jobs().await?);
        let to_name = app::login_actions_of(&mut store, finish.troubles.iter().map(|(account, ..)| *account)).await?;
        let said = finish.troubles.iter().take(MOST).map(|(account, reason, detail)| {
            let name = names.get(account).map_or("an account", String::as_str);
            let detail = if detail.is_empty() { String::new() } else { format!(" ({detail})") };
            let (job, login_actions) = (only_unfinished(&jobs), to_name.get(account).map_or(&[][..], Vec::as_slice));
            let remedy = TroubledAccount { settings: &settings, name, job, login_actions }.remedy(reason);
            format!("{name}: {reason}{detail}. {remedy}")
        });
        let mut said: Vec<String> = said.collect();
        if finish.troubles.len() > MOST {
            said.push(format!("and {} more", finish.troubles.len() - MOST));
        }
        Ok(said.join("; "))
    }

    /// An error that time, a person or a reload can mend is waited for; the others end the process.
    fn trouble(&mut self, error: CommandError) -> Result<(EngineState, Rest), CommandError> {
        self.deps.tell(Notice::Failed(&error));
        let why =
            error.hint.as_ref().map_or_else(|| error.message.clone(), |hint| format!("{}; {hint}", error.message));
        let now = self.deps.clock.now();
        let after = |seconds| Rest::Until(now.tick.after(Duration::from_secs(seconds)));
        Ok(match error.kind {
            ErrorKind::Person => (EngineState::NeedsPerson { why }, Rest::ChangeCounters),
            ErrorKind::Unreachable => {
                let until = now.tick.after(self.silence);
                self.silence = (self.silence * 2).min(Duration::from_secs(MAX_SILENCE_SECONDS));
                (EngineState::Waiting { until: now.wall_at(until), why }, Rest::Until(until))
            }
            ErrorKind::Io | ErrorKind::Config => (EngineState::Stuck { why }, after(STUCK_SECONDS)),
            // Another process drains, or a fault of ours: a restart does better than going on.
            ErrorKind::Busy | ErrorKind::Fault | ErrorKind::Usage | ErrorKind::InputData => return Err(error),
        })
    }

    /// Rests; a command to the queue, a person, a schedule's run, another configuration or the end ends it.
    async fn rest(&mut self, seen: &Seen, rest: Rest, told: ServerState) -> Result<(), CommandError> {
        let mut store = self.open().await?;
        self.tell(&mut store, told).await;
        loop {
            let now = self.deps.clock.now().tick;
            let over = matches!(rest, Rest::Until(until) if now >= until);
            let orders = self.orders.borrow_and_update().clone();
            if over
                || !orders.end.is_empty()
                || orders.reloads != self.reloads
                || store.read().change_counters().await? != seen.news
                || Self::schedules_of(&mut store).await? != seen.schedules
                || self.server.is_wanted()
            {
                break;
            }
            tokio::select! {
                () = self.controls.woken() => break,
                () = self.server.wanted() => {}
                changed = self.orders.changed() => if changed.is_err() { break },
                () = self.deps.clock.sleep_until(now.after(LOOK_EVERY)) => {}
            }
        }
        store.close().await;
        Ok(())
    }

    /// Tells other processes what this one is doing. Where that cannot be written down they say for a while what it did before.
    async fn tell(&mut self, store: &mut Store, state: ServerState) {
        if self.told_others.as_ref() == Some(&state) {
            return;
        }
        match store.queue().set_server_state(&state).await {
            Ok(()) => self.told_others = Some(state),
            Err(error) => tracing::warn!(%error, "what the server is doing is not written down"),
        }
    }

    /// What a rest means to others.
    fn state_of(&self, state: &EngineState, rest: &Rest) -> ServerState {
        let now = self.deps.clock.now();
        match (state, rest) {
            (EngineState::NeedsPerson { why }, _) => ServerState::NeedsPerson { why: why.clone() },
            (_, Rest::Until(until)) => ServerState::Rests { until: now.wall_at(*until) },
            (_, Rest::ChangeCounters) => ServerState::Works,
        }
    }

    /// What the process is told.
    pub(super) fn orders(&self) -> watch::Receiver<Orders> {
        self.orders.clone()
    }

    fn ending(&self) -> Option<Signal> {
        self.orders.borrow().end.first().copied()
    }

    fn say(&self, state: EngineState) {
        self.controls.set_status(|status| status.state = state);
    }

    pub(super) async fn open(&self) -> Result<Store, CommandError> {
        Ok(Store::reopen(self.deps.settings.db()?).await?)
    }
}
