//! The dispatcher owns the only `select!`. While a turn commits, answers and due accounts gather; the next turn takes them all:
//! settle, claim, commit. Only after the commit are events told and requests sent.
//!
//! What a pass works on is a [`State`]; its parts are changed by the files that define them. The steps of a pass say what they may touch:
//! `interrupts` (signals, deadline, suspend), `change_watcher` (other processes' changes), `account_sharing` (other drains), `settling` (answers become writes), `claiming`
//! (due accounts become claims), `sending` (claims become requests), `over` and `ending` (why it is over).

mod over;

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::change_watcher::{ChangeWatcher, written};
use super::claiming::Plan;
use super::deps::EngineDeps;
use super::event::Event;
use super::finish::{Finish, Stopped};
use super::interrupts::{handle_deadlines, handle_signals, handle_suspend};
use super::readings::Readings;
use super::reporter::Reporter;
use super::request_worker::WorkerMessage;
use super::roster::Roster;
use super::send_guard::{Lists, SendGuard};
use super::settings::{Access, EngineSettings};
use super::shutdown::{Shutdown, Urgency};
use super::state::State;
use super::suspend::SuspendWatch;
use super::tokens::TokenRequests;
use super::turn_draft::TurnDraft;
use super::workers::{Planned, Workers};
use crate::clock::SharedClock;
use crate::domain::{AccountId, Moment, Tick};
use crate::platforms::Client;
use crate::store::{Account, Drain, DrainStart, QueueWatch, Store, StoreError};

struct Dispatcher {
    drain: Drain,
    client: Arc<Client>,
    clock: SharedClock,
    shutdown: Shutdown,
    watch: Option<QueueWatch>,
    settings: EngineSettings,
    messages: mpsc::Receiver<WorkerMessage>,
    changes: ChangeWatcher,
    suspend: SuspendWatch,
    reporter: Reporter,
    /// What a pass works on.
    state: State,
}

/// Works on the queue until nothing is left, a bound is reached or somebody says stop. Gives the queue back.
///
/// # Errors
/// The queue could not be written. Nothing was sent that was not written down; what was in flight is recovered by the next
/// drain.
pub async fn run(
    deps: EngineDeps,
    start: DrainStart,
    accounts: Vec<Account>,
    access: HashMap<AccountId, Access>,
    settings: EngineSettings,
) -> Result<(Finish, Store), StoreError> {
    let mut dispatcher = Dispatcher::new(deps, &start, accounts, access, settings);
    dispatcher.reporter.tell(&Event::Started { recovered: start.recovered, crashed: start.crashed });
    if start.log_lost.as_ref().is_some_and(|lost| lost.is_news) {
        dispatcher.reporter.tell(&Event::LogLost { was_restored: start.was_restored });
    }
    match dispatcher.work_to_the_end(&start).await {
        Ok(stopped) => dispatcher.finish(stopped).await,
        Err(error) => {
            dispatcher.abandon().await;
            Err(error)
        }
    }
}

impl Dispatcher {
    fn new(
        deps: EngineDeps,
        start: &DrainStart,
        accounts: Vec<Account>,
        access: HashMap<AccountId, Access>,
        settings: EngineSettings,
    ) -> Dispatcher {
        let EngineDeps { drain, client, tokens, clock, shutdown, listener, guard, reader, watch } = deps;
        let bounds = (settings.request_deadline, 1 + settings.groups.len());
        let roster = Roster::new(access, bounds, &start.undecided);
        let (workers, sender, messages) = Workers::new(
            settings.workers,
            Arc::clone(&client),
            Arc::clone(&tokens),
            Arc::clone(&clock),
            shutdown.clone(),
            Arc::clone(&reader),
        );
        let (tokens, began) = (TokenRequests::new(tokens, sender.clone()), clock.now());
        let (guard, readings) = (SendGuard::new(guard), Readings::new(reader, sender));
        Dispatcher {
            state: State::new(roster, workers, tokens, (guard, readings), accounts, (start, began), &settings),
            suspend: SuspendWatch::new(&*clock),
            reporter: Reporter::new(listener),
            changes: ChangeWatcher::default(),
            drain,
            client,
            clock,
            shutdown,
            watch,
            settings,
            messages,
        }
    }

    /// Takes over what earlier drains have left.
    async fn begin(&mut self, start: &DrainStart) -> Result<(), StoreError> {
        if start.other_boots || !start.undecided.is_empty() {
            self.state.ask_the_time(&mut self.drain, &self.client, &*self.clock).await?;
        }
        if self.drain.is_shared() {
            return self.share().await;
        }
        self.state.restore_limits(&mut self.drain, &self.settings, &*self.clock).await?;
        let now = self.clock.now();
        self.state.changes(&mut self.drain, &self.settings).take_over_lanes(now.tick).await?;
        self.state.restore_tasks(start, now);
        Ok(())
    }

    async fn work_to_the_end(&mut self, start: &DrainStart) -> Result<Stopped, StoreError> {
        self.begin(start).await?;
        loop {
            let is_idle = self.pass().await?;
            if let Some(stopped) = self.is_over(is_idle).await? {
                return Ok(stopped);
            }
            if is_idle {
                self.wait().await;
            } else {
                // Under load there is always a next turn; the workers need the thread too.
                tokio::task::yield_now().await;
            }
        }
    }

    /// One turn, from what has come in to what leaves. True: there was nothing to write.
    async fn pass(&mut self) -> Result<bool, StoreError> {
        self.handle_interrupts().await?;
        // Before anything of the next turn is put together: what is on disk does not know yet whom that puts back in line.
        let now = self.clock.now().tick;
        if now >= self.changes.next_look() {
            self.look_for_changes(now).await?;
        }
        self.share().await?;
        let mut draft = TurnDraft::default();
        self.settle(&mut draft);
        let now = self.clock.now();
        self.state.record_outages(&mut draft, now);
        let reading_error = self.state.settle_readings(&mut draft, now);
        let queue_error = self.state.settle_tokens(&mut draft, now.tick).or(reading_error);
        let now = self.clock.now();
        self.state.limits.watch_wall(now, &mut draft.writes);
        self.state.wake_tasks(&mut draft, now.tick);
        let goes_on = self.state.end.stopping().is_none() && queue_error.is_none();
        let plan = if goes_on { self.claim(&mut draft, now).await? } else { Vec::new() };
        let is_idle = draft.writes.is_empty();
        if is_idle {
            // What needs no turn (nobody answers, an action that is left out) is told all the same.
            self.reporter.tell_draft(&mut draft);
        } else {
            self.commit(draft, &plan, now).await?;
        }
        for ended in self.state.groups.take_ended(now) {
            self.reporter.tell(&Event::GroupEnded(ended));
        }
        // Not before what was answered is on record.
        queue_error.map_or(Ok(()), Err)?;
        self.begin_readings().await?;
        Ok(is_idle)
    }

    /// What endpoints want to know of names and records before they claim: what this turn has written of them is on disk.
    async fn begin_readings(&mut self) -> Result<(), StoreError> {
        let (now, until) = (self.clock.now(), self.state.groups.last_deadline());
        let State { readings, names, records, groups, roster, workers, guard, end, .. } = &mut self.state;
        if end.stopping().is_some() {
            return Ok(());
        }
        let looked_up = names.look((roster, guard), groups, readings, now.tick);
        let sought = records.look(&mut self.drain, (roster, workers), readings, until, now).await?;
        for begun in looked_up.into_iter().chain(sought) {
            self.reporter.tell(&begun);
        }
        Ok(())
    }

    /// Writes the turn; only then is it told, and its claims leave.
    async fn commit(&mut self, mut draft: TurnDraft, plan: &[Planned], now: Moment) -> Result<(), StoreError> {
        if !draft.claims_nothing() && !self.drain.lock_is_intact() {
            return Err(StoreError::LockLost { queue: self.drain.store().place().clone() });
        }
        let began = std::time::Instant::now();
        let receipt = self.drain.turn(&draft.writes, now).await?;
        self.reporter.tell(&Event::Committed { took: began.elapsed() });
        self.reporter.tell_draft(&mut draft);
        self.state.end.note_damage(&receipt.damaged);
        let sent_at = self.clock.now();
        let ours_until = self.drain.sends_for().map(|left| sent_at.tick.after(left));
        self.state.sending(now, ours_until).send(receipt, plan, sent_at.tick);
        self.changes.look_soon();
        self.reporter.tell_progress(&mut self.state.roster, &self.state.groups, &self.state.workers, self.clock.now());
        Ok(())
    }

    async fn handle_interrupts(&mut self) -> Result<(), StoreError> {
        let now = self.clock.now().tick;
        handle_signals(&mut self.state.end, &self.shutdown, now);
        let is_asking = self.state.tokens.are_asked_for() || self.state.readings.are_under_way();
        let is_busy = self.state.workers.claimed() > 0 || is_asking;
        let State { end, groups, roster, .. } = &mut self.state;
        handle_deadlines(end, groups, roster, is_busy, now);
        let (suspend, drain) = (&mut self.suspend, &mut self.drain);
        handle_suspend(suspend, &*self.clock, &mut self.state.roster, &mut self.state.limits, drain).await?;
        // Once the run is to end, what stands ready comes back, before anybody waits for what is out.
        if self.state.end.stopping().is_some() && self.state.workers.close() {
            // They hand themselves in as soon as they run.
            tokio::task::yield_now().await;
        }
        Ok(())
    }

    async fn look_for_changes(&mut self, now: Tick) -> Result<(), StoreError> {
        let changes = self.state.changes(&mut self.drain, &self.settings);
        if self.changes.look(self.watch.is_some(), changes, now).await? {
            self.state.sharing.look_anew();
        }
        self.state.sharing.look_soon();
        Ok(())
    }

    /// Where other drains work on the same queue: takes accounts, and gives some back. One that is about to end takes none.
    async fn share(&mut self) -> Result<(), StoreError> {
        let is_due = self.drain.is_shared() && self.clock.now().tick >= self.state.sharing.next_look();
        if !is_due || self.state.end.stopping().is_some() {
            return Ok(());
        }
        if let Some((gained, given)) = self.state.share(&mut self.drain, &self.settings, &*self.clock).await? {
            self.reporter.tell(&Event::Shared { gained, given });
        }
        Ok(())
    }

    /// Everything that has come in since the last turn; and where nobody waits any longer, what is still out.
    fn settle(&mut self, draft: &mut TurnDraft) {
        while let Ok(message) = self.messages.try_recv() {
            self.state.note(message, self.clock.now().tick);
        }
        let now = self.clock.now();
        let (ended, end) = (self.state.workers.take_ended(), &self.state.end);
        let is_overdue = !end.is_in_time(now.tick) || self.shutdown.now().0 >= Urgency::Cancel;
        let given_up: Vec<_> = if is_overdue { self.state.workers.abort().collect() } else { Vec::new() };
        let mut settling = self.state.settling(now.tick);
        ended.iter().for_each(|request| settling.settle(request, draft));
        given_up.into_iter().for_each(|flight| settling.write_off(flight, now, draft));
    }

    /// Claims for accounts that are due, without what a keep list spares and what has no record to delete.
    async fn claim(&mut self, draft: &mut TurnDraft, now: Moment) -> Result<Vec<Planned>, StoreError> {
        self.state.workers.plan_ahead();
        let room = self.state.room();
        if room == 0 || !self.state.groups.is_any_open(now.tick) {
            return Ok(Vec::new());
        }
        let due = self.state.claiming(&self.settings, now).take_due(room);
        if due.is_empty() {
            return Ok(Vec::new());
        }
        let State { guard, roster, end, .. } = &mut self.state;
        match guard.look((&mut self.drain, &*self.clock), roster, end, draft).await? {
            Lists::Lost => return Ok(Vec::new()),
            Lists::Stale => {
                self.changes.look_anew();
                return Ok(Vec::new());
            }
            Lists::Back => self.changes.look_anew(),
            Lists::Same => {}
        }
        let (drain, roster, until) = (&mut self.drain, &mut self.state.roster, self.state.groups.last_deadline());
        let pace = self.settings.pace;
        self.state.limits.restore_limiters(&due, roster, drain, (pace, until), &*self.clock, now).await?;
        let Plan { mut claims, is_full, free_slots } = self.state.claiming(&self.settings, now).plan(&due, room, draft);
        self.state.workers.prefetch.planned(is_full, free_slots);
        if let Some(planned) = claims.last() {
            self.reporter.show(planned.account);
        }
        self.state.looking(now.tick).look(&mut self.drain, &mut claims, draft).await?;
        Ok(claims)
    }

    /// Waits for whatever comes first: an answer, a due account, a task's backoff, another process's changes, the deadline of
    /// the run, a signal.
    async fn wait(&mut self) {
        let until = self.next_look();
        let more_urgent = match self.shutdown.now().0 {
            Urgency::None => Urgency::Drain,
            Urgency::Drain => Urgency::Cancel,
            Urgency::Cancel | Urgency::Abort => Urgency::Abort,
        };
        let clock = Arc::clone(&self.clock);
        tokio::select! {
            message = self.messages.recv() => {
                if let Some(message) = message {
                    self.state.note(message, self.clock.now().tick);
                }
            }
            () = clock.sleep_until(until) => {}
            () = self.shutdown.at_least(more_urgent) => {}
            () = written(self.watch.as_ref()), if self.changes.can_be_sooner() => self.changes.look_soon(),
        }
    }

    fn next_look(&self) -> Tick {
        let next = self.state.delayed.next().map_or(self.changes.next_look(), |due| due.min(self.changes.next_look()));
        if self.state.end.stopping().is_some() {
            return self.state.end.drain_until().map_or(next, |until| next.min(until));
        }
        let due = self.state.roster.next_due().filter(|_| self.state.room() > 0);
        let deadline = self.state.groups.next_deadline(self.clock.now().tick);
        let share = self.drain.is_shared().then(|| self.state.sharing.next_look());
        [due, deadline, share].into_iter().flatten().fold(next, Tick::min)
    }
}
