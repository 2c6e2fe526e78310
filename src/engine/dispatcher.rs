//! The dispatcher owns the only `select!`. While a turn commits, answers and due accounts gather; the next turn takes them all:
//! settle, claim, commit. Only after the commit are events told and requests sent.
//!
//! What one pass does is spread over files of their own: `heed` (signals, deadline, suspend), `news` (other processes' changes), `settling` (answers become the turn's writes), `claiming` (due accounts
//! become claims, and the turn's receipt becomes requests), `ending` (why and when the drain is over).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::account::{Lane, Roster};
use super::attempt::{Arrival, Road};
use super::budget::Budget;
use super::crash_queue::CrashQueue;
use super::event::{Event, Finish, Listener, Progress, Stopped, WindowLevel};
use super::guard::Guard;
use super::news::News;
use super::outage::Outage;
use super::outage_hold::EndpointKey;
use super::refusal_breaker::RefusalBreaker;
use super::settings::{Access, Settings};
use super::settling::Gathered;
use super::shutdown::{Shutdown, Urgency};
use super::silence::Silence;
use super::wire::{Ahead, MAX_AHEAD_PER_WORKER, Wire};
use crate::auth::{NoToken, TokenSource};
use crate::clock::SharedClock;
use crate::domain::{
    AccountId, Action, AttemptId, LaneId, MicroUsd, Moment, Platform, RoundId, Scope, TaskId, Tick, Wall,
};
use crate::limits::{WallTrust, Windows};
use crate::platform::{Client, Endpoint};
use crate::store::{Account, Claimed, Drain, DrainStart, QueueWatch, Store, StoreError, StoredAllowance, Turn};

/// What a dispatcher stands on.
pub struct Means {
    /// The queue, with the lock held.
    pub drain: Drain,
    /// The way to the platforms.
    pub client: Arc<Client>,
    /// Every account's credentials.
    pub tokens: Arc<TokenSource>,
    /// The time.
    pub clock: SharedClock,
    /// How a run is told to end.
    pub shutdown: Shutdown,
    /// Who wants to hear of events.
    pub listener: Box<dyn Listener>,
    /// Who says what must not be sent.
    pub guard: Box<dyn Guard>,
    /// Who tells of writes to the queue; none: it is looked at each second.
    pub watch: Option<QueueWatch>,
}

/// A request in flight, or ready to leave.
#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) claimed: Claimed,
    pub(super) account: usize,
    pub(super) lane: Lane,
    pub(super) endpoint: &'static Endpoint,
    pub(super) reserved: Moment,
    pub(super) price: MicroUsd,
}

/// An app at a platform.
pub(super) type App = (Platform, Arc<str>);

/// The first request of an app in this run: a refusal of the whole app must cost one request, not one for every worker.
#[derive(Debug, Default)]
pub(super) struct Probe {
    pub(super) answered: bool,
    pub(super) in_flight: bool,
    /// Accounts that wait for its answer.
    pub(super) waiting: Vec<usize>,
}

pub(super) struct Dispatcher {
    pub(super) means: Means,
    pub(super) settings: Settings,
    pub(super) access: HashMap<AccountId, Arc<Access>>,
    /// Accounts with a hold or a trouble when the drain began: their holds are restored with their slots.
    pub(super) known: HashMap<AccountId, Account>,
    /// What is left of the platform's windows, as earlier drains were told: restored with the slots.
    pub(super) allowances: HashMap<AccountId, Vec<StoredAllowance>>,
    pub(super) roster: Roster,
    /// When to look at which account next.
    pub(super) due: BinaryHeap<Reverse<(Tick, usize)>>,
    /// Refusals that nobody has been blamed for yet, by account and endpoint; those that have some.
    pub(super) breakers: HashMap<(usize, Action), RefusalBreaker>,
    /// Tasks that stand aside, by the end of their backoff.
    pub(super) waiting: BinaryHeap<Reverse<(Tick, TaskId, LaneId)>>,
    pub(super) in_flight: HashMap<AttemptId, InFlight>,
    pub(super) carriers: JoinSet<()>,
    /// Tasks that ask for tokens.
    pub(super) askers: JoinSet<()>,
    pub(super) wire: Arc<Wire>,
    pub(super) ahead: Ahead,
    pub(super) road: Arc<Road>,
    pub(super) arrivals: mpsc::Receiver<Arrival>,
    pub(super) arrive: mpsc::Sender<Arrival>,
    /// Windows that all accounts of a platform share.
    pub(super) app_windows: HashMap<Platform, Windows>,
    /// Apps that have had no answer yet send one request, and wait for what it says.
    pub(super) probes: HashMap<App, Probe>,
    pub(super) budget: Budget,
    pub(super) wall: WallTrust,
    pub(super) wall_saved: bool,
    pub(super) taken_over: Tick,
    /// Endpoints that give no good answer.
    pub(super) outages: HashMap<EndpointKey, Outage>,
    /// Those of which the queue has a record, and those whose record is out of date.
    pub(super) recorded_outages: HashSet<EndpointKey>,
    pub(super) changed_outages: HashSet<EndpointKey>,
    /// Since when the endpoints that this run has given up served nobody.
    pub(super) given_up: Option<Wall>,
    /// The platform has answered in this run.
    pub(super) answered: bool,
    /// Since when nobody has answered, and what went wrong last.
    pub(super) silence: Option<Silence>,
    pub(super) stopping: Option<Stopped>,
    /// Rounds of which nothing is sent for now, and what is wrong with their keep lists.
    pub(super) withheld: HashMap<RoundId, String>,
    /// What is wrong with the keep list of all jobs.
    pub(super) lost_list: Option<String>,
    /// Tasks that are not what their files said.
    pub(super) damaged: Vec<TaskId>,
    /// How far ahead lanes are looked at, where all that were looked at last were spared.
    pub(super) depths: HashMap<LaneId, u32>,
    pub(super) drain_until: Option<Tick>,
    pub(super) troubles: Vec<(AccountId, crate::domain::Reason, String)>,
    pub(super) next_slot: Option<Tick>,
    /// Tokens that are being asked for.
    pub(super) asking: usize,
    /// Accounts that got none.
    pub(super) no_tokens: Vec<(usize, NoToken)>,
    /// Answers that wait for the next turn.
    pub(super) gathered: Vec<Gathered>,
    /// To be told once the turn is on disk.
    pub(super) settled_events: Vec<Event>,
    pub(super) put_back: Vec<Event>,
    /// The account that worked last, for whoever shows windows.
    shown: Option<usize>,
    pub(super) news: News,
    /// When it was last looked, and how long the machine had been suspended by then.
    pub(super) awake: (Tick, Duration),
}

/// Works on the queue until nothing is left, a bound is reached or somebody says stop. Gives the queue back.
///
/// # Errors
/// The queue could not be written. Nothing was sent that was not written down; what was in flight is recovered by the next
/// drain.
pub async fn run(
    means: Means,
    start: DrainStart,
    accounts: Vec<Account>,
    access: HashMap<AccountId, Access>,
    settings: Settings,
) -> Result<(Finish, Store), StoreError> {
    let mut dispatcher = Dispatcher::new(means, &start, accounts, access, settings);
    dispatcher.tell(&Event::Started { recovered: start.recovered, crashed: start.crashed });
    match dispatcher.work_to_the_end(&start).await {
        Ok(stopped) => dispatcher.finish(stopped).await,
        Err(error) => {
            dispatcher.abandon().await;
            Err(error)
        }
    }
}

/// Comes when something has been written to the queue; never, where nobody tells.
async fn written(watch: Option<&QueueWatch>) {
    match watch {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

/// Nothing is asked of the others, and of 100,000 they would be 26 MiB.
fn has_a_past(account: &Account) -> bool {
    account.hold.is_some() || account.trouble.is_some()
}

impl Dispatcher {
    fn new(
        means: Means,
        start: &DrainStart,
        accounts: Vec<Account>,
        access: HashMap<AccountId, Access>,
        settings: Settings,
    ) -> Dispatcher {
        let (arrive, arrivals) = mpsc::channel(settings.workers * (1 + MAX_AHEAD_PER_WORKER));
        let wire = Arc::new(Wire::new(settings.workers));
        let road = Arc::new(Road {
            client: Arc::clone(&means.client),
            tokens: Arc::clone(&means.tokens),
            clock: Arc::clone(&means.clock),
            wire: Arc::clone(&wire),
            shutdown: means.shutdown.clone(),
            arrivals: arrive.clone(),
        });
        let awake = (means.clock.now().tick, means.clock.suspended());
        let mut app_windows = HashMap::new();
        for access in access.values() {
            if access.windows.iter().any(|spec| spec.scope == Scope::App) {
                app_windows.entry(access.platform).or_insert_with(|| Windows::new(&access.windows, Scope::App));
            }
        }
        Dispatcher {
            budget: Budget::new(settings.max_requests, settings.max_spend),
            ahead: Ahead::new(settings.workers),
            means,
            settings,
            access: access.into_iter().map(|(id, access)| (id, Arc::new(access))).collect(),
            known: accounts.into_iter().filter(has_a_past).map(|account| (account.id, account)).collect(),
            roster: Roster { crashed: CrashQueue::of(&start.undecided), ..Roster::default() },
            due: BinaryHeap::new(),
            breakers: HashMap::new(),
            waiting: BinaryHeap::new(),
            in_flight: HashMap::new(),
            carriers: JoinSet::new(),
            askers: JoinSet::new(),
            wire,
            road,
            arrivals,
            arrive,
            app_windows,
            probes: HashMap::new(),
            wall: WallTrust::default(),
            wall_saved: false,
            taken_over: start.taken_over,
            allowances: HashMap::new(),
            outages: HashMap::new(),
            recorded_outages: HashSet::new(),
            changed_outages: HashSet::new(),
            given_up: None,
            answered: false,
            silence: None,
            stopping: None,
            withheld: HashMap::new(),
            lost_list: None,
            damaged: Vec::new(),
            depths: HashMap::new(),
            drain_until: None,
            troubles: Vec::new(),
            next_slot: None,
            asking: 0,
            no_tokens: Vec::new(),
            gathered: Vec::new(),
            settled_events: Vec::new(),
            put_back: Vec::new(),
            shown: None,
            news: News::default(),
            awake,
        }
    }

    async fn begin(&mut self, start: &DrainStart) -> Result<(), StoreError> {
        if start.other_boots || !start.undecided.is_empty() {
            self.ask_the_time().await?;
        }
        self.restore_app_windows().await?;
        self.restore_outages().await?;
        self.read_allowances().await?;
        self.look_at_lanes().await?;
        self.restore_aside(&start.aside);
        self.restore_asked_last(&start.asked_last);
        self.restore_refused(&start.provisional);
        Ok(())
    }

    /// Slots of another boot can be placed by the wall clock only if the platform agrees with it; asking what o'clock it is
    /// costs one request without credentials, and saves waiting a whole window after a reboot.
    ///
    /// Behind a death it also says that this process lives through an exchange with the platform: if it dies of the rows it sends next,
    /// that was not its start.
    async fn ask_the_time(&mut self) -> Result<(), StoreError> {
        let Some(access) = self.access.values().next().cloned() else { return Ok(()) };
        let sent = self.means.clock.now();
        let Some(date) = self.means.client.platform_date(&access.base).await else { return Ok(()) };
        let now = self.means.clock.now();
        self.wall.check(date, sent, now);
        self.answered = true;
        let turn = Turn { first_answer: true, ..Turn::default() };
        self.means.drain.turn(&turn, now).await.map(|_| ())
    }

    async fn work_to_the_end(&mut self, start: &DrainStart) -> Result<Stopped, StoreError> {
        self.begin(start).await?;
        self.work().await
    }

    async fn work(&mut self) -> Result<Stopped, StoreError> {
        loop {
            self.heed_shutdown();
            self.heed_deadline();
            self.heed_suspend().await?;
            self.close_the_wire().await;
            // Before anything of the next turn is put together: what is on disk does not know yet whom that puts back in line.
            let now = self.means.clock.now();
            if now.tick >= self.news.next_look {
                self.look_for_news(now.tick).await?;
            }
            let mut turn = Turn::default();
            self.settle_arrivals(&mut turn);
            self.record_outages(&mut turn);
            let queue = self.settle_tokens(&mut turn);
            let now = self.means.clock.now();
            self.wake_waiting(&mut turn, now.tick);
            self.wake_crashed(&mut turn, now.tick);
            self.decide_leftovers(&mut turn);
            let goes_on = self.stopping.is_none() && queue.is_ok();
            let plan = if goes_on { self.plan_claims(&mut turn, now).await? } else { Vec::new() };
            let idle = turn.is_empty();
            if !turn.claims.is_empty() && !self.means.drain.lock_is_intact() {
                return Err(StoreError::LockLost { path: self.means.drain.store().path().to_path_buf() });
            }
            if !idle {
                let began = std::time::Instant::now();
                let receipt = self.means.drain.turn(&turn, now).await?;
                self.tell(&Event::Committed { took: began.elapsed() });
                self.tell_settled(&turn);
                self.note_damage(&receipt);
                self.send_out(receipt, plan, now);
                self.news.look_soon();
                self.tell_progress();
            } else {
                // What needs no turn (nobody answers, an action that is left out) is told all the same.
                self.tell_unwritten();
            }
            // Not before what was answered is on record.
            queue?;
            if let Some(stopped) = self.is_over(idle).await? {
                return Ok(stopped);
            }
            if idle {
                self.wait().await?;
            } else {
                // Under load there is always a next turn; the carriers need the thread too.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Waits for whatever comes first: an answer, a due account, a task's backoff, another process's news, the deadline of
    /// the run, a signal.
    async fn wait(&mut self) -> Result<(), StoreError> {
        let until = self.next_look();
        let (urgency, _) = self.means.shutdown.now();
        let more_urgent = match urgency {
            Urgency::None => Urgency::Drain,
            Urgency::Drain => Urgency::Cancel,
            Urgency::Cancel | Urgency::Abort => Urgency::Abort,
        };
        let clock = Arc::clone(&self.means.clock);
        tokio::select! {
            arrival = self.arrivals.recv() => {
                if let Some(arrival) = arrival {
                    self.note_arrival(arrival);
                }
            }
            () = clock.sleep_until(until) => {}
            () = self.means.shutdown.at_least(more_urgent) => {}
            () = written(self.means.watch.as_ref()), if self.news.soonest < self.news.next_look => self.news.look_soon(),
        }
        Ok(())
    }

    fn next_look(&self) -> Tick {
        let mut next = self.news.next_look;
        if let Some(Reverse((due, ..))) = self.waiting.peek() {
            next = next.min(*due);
        }
        if self.stopping.is_some() {
            return self.drain_until.map_or(next, |until| next.min(until));
        }
        let has_room = self.room() > 0;
        if let Some(Reverse((due, _))) = self.due.peek().filter(|_| has_room) {
            next = next.min(*due);
        }
        self.settings.until.map_or(next, |until| next.min(until))
    }

    /// Once the run is to end, what stands ready comes back, before anybody waits for what is out.
    async fn close_the_wire(&mut self) {
        if self.stopping.is_some() && self.wire.close() {
            // They hand themselves in as soon as they run.
            tokio::task::yield_now().await;
        }
    }

    /// How many tasks may be claimed: as many as workers are free, and some ahead of them.
    pub(super) fn room(&self) -> usize {
        if self.roster.crashed.keeps_the_wire(self.in_flight.len()) {
            return 0;
        }
        (self.settings.workers + self.ahead.now()).saturating_sub(self.in_flight.len())
    }

    /// Looks at an account again at a tick; what was planned before is forgotten.
    pub(super) fn schedule(&mut self, account: usize, at: Tick) {
        self.roster.accounts[account].due = Some(at);
        self.due.push(Reverse((at, account)));
    }

    pub(super) fn price(&self, platform: Platform, action: Action) -> MicroUsd {
        self.settings.prices.get(&(platform, action)).copied().unwrap_or_default()
    }

    pub(super) fn tell(&mut self, event: &Event) {
        self.means.listener.hear(event);
    }

    pub(super) fn show(&mut self, account: usize) {
        self.shown = Some(account);
    }

    fn tell_progress(&mut self) {
        let now = self.means.clock.now();
        let levels = |usage: crate::limits::WindowUsage| WindowLevel { spec: usage.spec, used: usage.used };
        let limiter = self.shown.and_then(|account| self.roster.accounts[account].limiter.as_mut());
        let progress = Progress {
            requests: self.budget.requests(),
            spent: self.budget.spent(),
            in_flight: self.wire.busy(),
            claimed: self.in_flight.len(),
            next_slot_at: self.due.peek().map(|Reverse((due, _))| now.wall_at(*due)),
            windows: limiter
                .map(|limiter| limiter.usage(now.tick).into_iter().map(levels).collect())
                .unwrap_or_default(),
        };
        self.tell(&Event::Progress(progress));
    }

    /// The queue could not be read or written, and what is in flight is left to the next drain. This process did not die of it: that is
    /// put on record, as far as the queue can be written after all.
    async fn abandon(mut self) {
        self.carriers.shutdown().await;
        if let Err(error) = self.means.drain.end(self.means.clock.now(), "error").await {
            tracing::debug!(%error, "the end of the drain could not be put on record");
        }
    }

    async fn finish(mut self, stopped: Stopped) -> Result<(Finish, Store), StoreError> {
        let now = self.means.clock.now();
        let finish = Finish {
            stopped,
            requests: self.budget.requests(),
            spent: self.budget.spent(),
            next_slot_at: self.next_slot.map(|tick| now.wall_at(tick)),
            troubles: std::mem::take(&mut self.troubles),
            given_up: self.given_up,
            bad_certificate: self.silence.take().filter(|silence| silence.is_certificate).map(|silence| silence.detail),
            withheld: self.lost_lists(),
            damaged: self.record_damage(now).await?,
        };
        self.carriers.shutdown().await;
        let store = self.means.drain.end(now, stopped.name()).await?;
        Ok((finish, store))
    }
}
