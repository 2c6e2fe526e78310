//! What of a server's work is a schedule's: whether one is due, reading and loading what it needs, and how its run ended. The loads come
//! one after the other; what has been loaded is sent in the server's drain, and nothing waits for its end.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::watch;

use super::controls::{Orders, ServeControls};
use super::drain_loop::LOOK_EVERY;
use crate::app::run::{EventTap, ServerDrain};
use crate::app::schedules::{DueEnd, LeftToOthers, RunInProgress, ScheduleServer};
use crate::app::signals::{Never, Signals};
use crate::app::{AppDeps, Notice};
use crate::config::Overrides;
use crate::domain::Tick;
use crate::error::{CommandError, ErrorKind, gravest};
use crate::schedule::firing::End;
use crate::schedule::scheduler;
use crate::store::{FiringLock, ScheduleLock, Store};

/// The shortest time between two looks at what is due, where a look has begun nothing or a run has left it to the next.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// The same where another process decides on schedules at this moment.
const LOOK_WHILE_BUSY: Duration = Duration::from_secs(3);

/// The runs in progress; each gives the number of its firing with its end.
type Runs<'a> = FuturesUnordered<Pin<Box<dyn Future<Output = (i64, Result<End, CommandError>)> + 'a>>>;

/// What begins schedules for a server.
pub(super) struct ScheduleLoop<'a> {
    deps: AppDeps<'a>,
    /// What the options said of the settings.
    overrides: &'a Overrides,
    controls: Arc<ServeControls>,
    /// Hears of what is sent.
    tap: Arc<dyn EventTap>,
    drain: Arc<ServerDrain>,
    orders: watch::Receiver<Orders>,
    /// Moves when a person has told a schedule something.
    told: watch::Receiver<u64>,
    runs: Runs<'a>,
    in_progress: Vec<InProgress>,
    /// In a file's queue held while there are runs.
    lock: Option<ScheduleLock>,
    left: LeftToOthers,
    /// The exit codes of the runs that have ended since nothing was in progress.
    exit_codes: Vec<u8>,
    /// No schedule is begun before this, unless somebody asks for one.
    next_look: Tick,
    /// The last run that somebody asked for and that was looked after.
    last_asked: i64,
    /// How often the configuration had been read when it was last looked at what is due.
    reloads: u64,
}

/// A run in progress.
struct InProgress {
    firing: i64,
    run: RunInProgress,
    /// How often the configuration had been read when it began.
    reloads: u64,
    _lock: FiringLock,
}

impl<'a> ScheduleLoop<'a> {
    pub(super) fn new(
        deps: AppDeps<'a>,
        overrides: &'a Overrides,
        controls: Arc<ServeControls>,
        tap: Arc<dyn EventTap>,
        drain: Arc<ServerDrain>,
    ) -> ScheduleLoop<'a> {
        let (orders, told) = (controls.orders(), controls.schedules_told());
        ScheduleLoop {
            deps,
            overrides,
            controls,
            tap,
            drain,
            orders,
            told,
            runs: FuturesUnordered::new(),
            in_progress: Vec::new(),
            lock: None,
            left: LeftToOthers::default(),
            exit_codes: Vec::new(),
            next_look: Tick(i64::MIN),
            last_asked: 0,
            reloads: 0,
        }
    }

    /// Begins what is due, until it is dropped. Runs in progress are kept for [`ScheduleLoop::finish`].
    pub(super) async fn work(&mut self) -> Never {
        let mut store = None;
        loop {
            if let Err(error) = self.begin_due(&mut store).await {
                store = None;
                self.deps.tell(Notice::Failed(&looked_at_again(error)));
                self.look_later();
            }
            self.wait().await;
        }
    }

    /// Waits for the end of the runs in progress. After trouble that ends the process nobody waits for files that are still read or
    /// loaded: the next process begins that again.
    pub(super) async fn finish(mut self, is_trouble: bool) {
        while self.in_progress.len() > usize::from(is_trouble && self.drain.try_load_turn().is_none())
            && let Some((firing, end)) = self.runs.next().await
        {
            self.note_end(firing, end).await;
        }
    }

    /// Waits for the end of a run, for a person, for another configuration, or until it is time to look.
    async fn wait(&mut self) {
        let later = self.deps.clock.now().tick.after(LOOK_EVERY);
        tokio::select! {
            Some((firing, end)) = self.runs.next(), if !self.runs.is_empty() => self.note_end(firing, end).await,
            // Its sender is kept by `controls`.
            Ok(()) = self.told.changed() => self.next_look = Tick(i64::MIN),
            Ok(()) = self.orders.changed() => {}
            () = self.deps.clock.sleep_until(later) => {}
        }
    }

    /// Begins what is due and need not wait for a run in progress, if no other run is loading its files.
    async fn begin_due(&mut self, store: &mut Option<Store>) -> Result<(), CommandError> {
        let reloads = self.orders.borrow().reloads;
        if reloads != self.reloads {
            // A run that was stopped to go by another configuration goes on at once.
            (self.reloads, self.next_look) = (reloads, Tick(i64::MIN));
        }
        let Some(turn) = self.drain.try_load_turn() else { return Ok(()) };
        let store = match store {
            Some(store) => store,
            None => store.insert(Store::reopen(self.deps.settings.db()?).await?),
        };
        // Somebody who asked for a run, here or in another process, is not kept waiting.
        let asked = Self::asked(store).await?;
        if self.deps.clock.now().tick < self.next_look && asked <= self.last_asked {
            return Ok(());
        }
        let settings = self.controls.settings();
        let server = ScheduleServer { tap: Arc::clone(&self.tap), settings, drain: Arc::clone(&self.drain) };
        let runs: Vec<&RunInProgress> = self.in_progress.iter().map(|one| &one.run).collect();
        let held_back = server.held_back(store, &runs, &mut self.left, self.overrides, self.deps).await?;
        let Some(held_back) = held_back else {
            return Ok(());
        };
        self.last_asked = asked.max(self.last_asked);
        let Some((decides, held_back)) = self.may_decide(store, &server, held_back).await? else { return Ok(()) };
        // From here on the run hears signals by itself.
        let signals = Signals::listen()?;
        if !self.orders.borrow().end.is_empty() {
            return Ok(());
        }
        let next = ScheduleServer::next_firing(store, &held_back, self.deps).await?;
        let held = match &next {
            Some(firing) => FiringLock::try_take(store.place(), firing.id).await?,
            None => None,
        };
        // On a server others decide on other schedules while this run lasts.
        drop(decides);
        match next.zip(held) {
            Some((firing, lock)) => {
                let run = RunInProgress::of(&firing);
                self.in_progress.push(InProgress { firing: firing.id, run, reloads, _lock: lock });
                self.show_runs();
                let (deps, overrides) = (self.deps, self.overrides);
                let run = async move { (firing.id, server.run(firing, turn, signals, overrides, deps).await) };
                self.runs.push(Box::pin(run));
            }
            None => {
                self.look_later();
                self.show_runs();
            }
        }
        Ok(())
    }

    /// The right to decide, until it is dropped, and what may not begin; none: another process has it.
    async fn may_decide(
        &mut self,
        store: &mut Store,
        server: &ScheduleServer,
        held_back: HashSet<i64>,
    ) -> Result<Option<(Option<ScheduleLock>, HashSet<i64>)>, CommandError> {
        if store.place().file().is_some() {
            if self.lock.is_none() {
                self.lock = ScheduleLock::try_take(store.place()).await?;
            }
            if self.lock.is_none() {
                self.deps.tell(Notice::Due(&DueEnd::Elsewhere));
                self.look_later();
                return Ok(None);
            }
            return Ok(Some((None, held_back)));
        }
        let Some(lock) = ScheduleLock::try_take(store.place()).await? else {
            // Somebody decides at this moment; a command that runs what is due does so for longer.
            self.next_look = self.deps.clock.now().tick.after(LOOK_WHILE_BUSY);
            return Ok(None);
        };
        // Another may have begun something since it was looked.
        let runs: Vec<&RunInProgress> = self.in_progress.iter().map(|one| &one.run).collect();
        let held_back = server.held_back(store, &runs, &mut self.left, self.overrides, self.deps).await?;
        Ok(held_back.map(|held_back| (Some(lock), held_back)))
    }

    /// A run has ended, and that has been written down.
    async fn note_end(&mut self, firing: i64, end: Result<End, CommandError>) {
        let place = self.in_progress.iter().position(|one| one.firing == firing);
        let began = place.map(|place| self.in_progress.swap_remove(place).reloads);
        let is_left = match end {
            Ok(end) => {
                self.exit_codes.push(end.exit_code);
                end.is_last
            }
            Err(error) => {
                self.deps.tell(Notice::Failed(&error));
                self.exit_codes.push(error.kind.exit_code());
                true
            }
        };
        // What was stopped to go by another configuration goes on at once.
        if is_left && began == Some(self.orders.borrow().reloads) {
            self.look_later();
        }
        if self.in_progress.is_empty() {
            self.tell_next().await;
        }
        self.show_runs();
    }

    /// Says when something is due next.
    async fn tell_next(&mut self) {
        let exit_code = gravest(std::mem::take(&mut self.exit_codes).into_iter());
        let next = async {
            let mut store = Store::reopen(self.deps.settings.db()?).await?;
            let (_, next) = scheduler::due(&mut store, self.deps.clock.now().wall).await?;
            store.close().await;
            Ok::<_, CommandError>(next)
        };
        // What is in the way of looking is told by the next look.
        if let Ok(next) = next.await {
            self.deps.tell(Notice::Due(&DueEnd::Ran { next, exit_code }));
        }
    }

    /// Shows what is in progress. Without a run the right to run schedules is nobody's.
    fn show_runs(&mut self) {
        if self.in_progress.is_empty() {
            self.lock = None;
        }
        let firings = self.in_progress.iter().map(|one| one.firing).collect();
        self.controls.set_status(|status| status.firings = firings);
    }

    /// What stays due costs a look a minute.
    fn look_later(&mut self) {
        self.next_look = self.deps.clock.now().tick.after(LOOK_AGAIN);
    }

    /// The newest run that somebody asked for and that has not begun, by its number; 0: there is none.
    async fn asked(store: &mut Store) -> Result<i64, CommandError> {
        let running = store.schedules().running_firings().await?.into_iter();
        Ok(running.filter(|firing| firing.runs == 0).map(|firing| firing.id).max().unwrap_or(0))
    }
}

/// Nobody has to type anything for schedules to be looked at again.
fn looked_at_again(error: CommandError) -> CommandError {
    let again = "the server looks at its schedules again in a minute";
    let hint = match (error.kind, &error.hint) {
        (ErrorKind::Io, _) => format!("check the disk (`df -h` for room, `dmesg` for faults); {again}"),
        (_, Some(hint)) => format!("{hint}; {again}"),
        (_, None) => again.to_owned(),
    };
    error.hint(hint)
}
