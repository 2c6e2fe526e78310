//! One request after the other, until there is a page or a reason to stop: slot, token, send, judge, wait.

use std::sync::Arc;
use std::time::Duration;

use super::limits::{Budget, windows_of};
use crate::auth::{NoToken, TokenSource};
use crate::clock::SharedClock;
use crate::domain::{AccountId, Action, BootId, Moment, Platform, Tick, UserId, Wall};
use crate::engine::{Shutdown, Signal, Urgency, backoff_after};
use crate::limits::{Answer, Answered, Hold, HoldReason, Values, hold_after};
use crate::platform::{BaseUrl, Client, Finding, Limited, Page, PageRequest, Reading, Reply, What};
use crate::store::{HoldNews, ReadAsk, ReadEnd, ReadHold, ReadId, ReadSlot, ReadWindow, Store, StoreError};

/// So many answers in a row that were the world's fault, and reading stops: what was read is kept.
const MAX_TROUBLES: u32 = 12;
/// A cap that does not say when it ends is asked about again after a day.
const UNKNOWN_CAP: Duration = Duration::from_secs(86_400);
/// How long a first signal waits for the request in flight.
const DRAIN_WAIT: Duration = Duration::from_secs(10);
/// Two clocks read one after the other differ by a little; nobody sleeps for less.
const MIN_SUSPEND: Duration = Duration::from_secs(1);

/// An account's way to its platform.
#[derive(Clone, Debug)]
pub struct Way {
    /// The account.
    pub account: AccountId,
    /// Its platform.
    pub platform: Platform,
    /// Its user there.
    pub user: UserId,
    /// Where that is.
    pub base: Arc<BaseUrl>,
    /// The app whose windows it shares with others.
    pub app: Arc<str>,
}

/// What a reader stands on.
pub struct Means {
    /// The queue.
    pub store: Store,
    /// The way to the platforms.
    pub client: Arc<Client>,
    /// Everybody's credentials.
    pub tokens: Arc<TokenSource>,
    /// The time.
    pub clock: SharedClock,
    /// How it is told to end.
    pub shutdown: Shutdown,
    /// How long a request may take.
    pub request_deadline: Duration,
    /// Stop after so long without any answer.
    pub give_up_after: Duration,
    /// Ask for nothing after this.
    pub until: Option<Tick>,
}

/// Why reading stopped before the last page. What was read is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// `--until` or `--for`, or no slot comes before it.
    Deadline,
    /// `--max-requests`.
    Requests,
    /// `--max-spend`.
    Spend,
    /// A cap that outlasts any reasonable wait, until then.
    Cap(Wall),
    /// A signal.
    Interrupted(Signal),
    /// The account or its app needs a person: one word, and what the platform said.
    Person(String, String),
    /// No answer at all for too long.
    Unreachable(String),
    /// The platform answers, and never with a page.
    World(String),
    /// The platform does not take what was asked: a cursor that has run out, most likely.
    Malformed(String),
}

/// What came of asking.
#[derive(Debug)]
pub enum Asked {
    /// A page, and its request: to be ended in the transaction that keeps the page.
    Page(Page, ReadId, ReadEnd),
    /// None.
    Stopped(Stop),
}

/// What a person may want to hear meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// Waiting until then, because.
    Waiting {
        /// Until when.
        until: Wall,
        /// Why, for people.
        why: String,
    },
    /// An answer that was no page; it is asked again.
    Trouble(String),
    /// A page: how many entries this reading has, and how many pages.
    Page {
        /// Entries kept.
        entries: u64,
        /// Pages read.
        pages: u64,
    },
}

/// What goes wrong on our side.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The queue.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The credentials cannot be used, for a reason of the configuration's.
    #[error(transparent)]
    Token(NoToken),
}

/// Reads for one account.
pub struct Reader {
    /// What it stands on.
    pub means: Means,
    /// What it may still ask for and spend.
    pub budget: Budget,
    way: Way,
    boot: BootId,
    listener: Box<dyn FnMut(News) + Send>,
    last_answer: Tick,
    awake: (Tick, Duration),
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("way", &self.way).field("budget", &self.budget).finish_non_exhaustive()
    }
}

/// What an endpoint's slots go by.
#[derive(Clone, Debug)]
pub struct Rules {
    account: AccountId,
    app: Arc<str>,
    boot: BootId,
    endpoint: &'static str,
    windows: Vec<ReadWindow>,
    values: Values,
}

impl Rules {
    /// The same as the queue is asked.
    pub fn ask(&self) -> ReadAsk<'_> {
        ReadAsk {
            account: self.account,
            app: &self.app,
            endpoint: self.endpoint,
            windows: &self.windows,
            boot: &self.boot,
            deadline: self.values.deadline,
            grace: self.values.grace,
        }
    }

    fn shortest(&self) -> Duration {
        self.windows.iter().map(|window| window.counts_for).min().unwrap_or_default()
    }
}

/// What follows from an answer that was no page.
enum Next {
    Again,
    AfterBackoff,
    Refresh,
    Stop(Stop),
}

impl Reader {
    /// A reader for an account. `listener` hears what a person may want to know.
    pub fn new(means: Means, way: Way, budget: Budget, listener: Box<dyn FnMut(News) + Send>) -> Reader {
        let (now, boot) = (means.clock.now().tick, means.clock.boot());
        let awake = (now, means.clock.suspended());
        Reader { means, budget, way, boot, listener, last_answer: now, awake }
    }

    /// Whose account it reads.
    pub fn way(&self) -> &Way {
        &self.way
    }

    /// Tells whoever listens.
    pub fn tell(&mut self, news: News) {
        (self.listener)(news);
    }

    /// What an endpoint's slots go by.
    pub fn rules(&self, reading: &Reading) -> Rules {
        let windows = windows_of(self.way.platform, reading);
        let shortest = windows.iter().map(|window| window.counts_for).min().unwrap_or_default();
        Rules {
            account: self.way.account,
            app: Arc::clone(&self.way.app),
            boot: self.boot.clone(),
            endpoint: reading.collection.name(),
            windows,
            values: Values::new(shortest, self.means.request_deadline),
        }
    }

    /// Asks until there is a page, or a reason to stop.
    ///
    /// # Errors
    /// The queue cannot be written, or the credentials cannot be opened. Nothing leaves without a slot on disk.
    pub async fn ask(&mut self, reading: &'static Reading, what: What<'_>) -> Result<Asked, FetchError> {
        let mut troubles = 0_u32;
        let rules = self.rules(reading);
        let values = rules.values;
        loop {
            if let Some(stop) = self.told_to_stop() {
                return Ok(Asked::Stopped(stop));
            }
            self.heed_suspend(&values).await?;
            let current = match self.means.tokens.current(self.way.account).await {
                Ok(current) => current,
                Err(NoToken::Later { until, detail, .. }) => match self.wait(until, &detail).await {
                    None => continue,
                    Some(stop) => return Ok(Asked::Stopped(stop)),
                },
                Err(error @ NoToken::NeedLogin { .. }) => {
                    let stop = Stop::Person(NoToken::LOGIN_NEEDED.to_owned(), error.to_string());
                    return Ok(Asked::Stopped(stop));
                }
                Err(error) => return Err(FetchError::Token(error)),
            };
            let id = match self.slot(&rules).await? {
                Ok(id) => id,
                Err(None) => continue,
                Err(Some(stop)) => return Ok(Asked::Stopped(stop)),
            };
            let reserved = self.means.clock.now();
            self.budget.requests += 1;
            let (base, user) = (Arc::clone(&self.way.base), self.way.user.clone());
            let request = PageRequest {
                reading,
                what,
                base: &base,
                credentials: &current.credentials,
                user: &user,
                send_by: reserved.tick.after(values.send_by),
                deadline: reserved.tick.after(values.deadline),
                clock: &*self.means.clock.clone(),
            };
            let Some(answer) = self.send(request).await else {
                self.write_off(id, reserved, &rules).await?;
                let signal = self.means.shutdown.now().1.unwrap_or(Signal::Interrupt);
                return Ok(Asked::Stopped(Stop::Interrupted(signal)));
            };
            let now = self.means.clock.now();
            let reply = match answer {
                Ok((page, reply)) => {
                    self.last_answer = now.tick;
                    let entries = page.entries.len() as u64 + u64::from(page.unreadable);
                    self.budget.pay(reading.price, entries);
                    let end = ended(&reply, now.tick, now.wall, entries);
                    return Ok(Asked::Page(page, id, end));
                }
                Err(reply) => reply,
            };
            match self.judge(id, &reply, reserved.tick, &rules).await? {
                Next::Again => {}
                Next::Stop(stop) => return Ok(Asked::Stopped(stop)),
                Next::Refresh => {
                    if let Some(stop) = self.refresh(current.generation, &reply.detail).await? {
                        return Ok(Asked::Stopped(stop));
                    }
                }
                Next::AfterBackoff => {
                    troubles += 1;
                    if let Some(stop) = self.after_trouble(troubles, &reply).await {
                        return Ok(Asked::Stopped(stop));
                    }
                }
            }
        }
    }

    /// A slot; or none because a wait is over, or because there is a reason to stop.
    async fn slot(&mut self, rules: &Rules) -> Result<Result<ReadId, Option<Stop>>, FetchError> {
        let now = self.means.clock.now();
        Ok(match self.means.store.reserve_read(&rules.ask(), now).await? {
            ReadSlot::Granted(id) => Ok(id),
            ReadSlot::Full(until) => Err(self.wait(until, "the window of this list is used up").await),
            ReadSlot::Held(hold) => {
                let capped = HoldReason::parse(&hold.reason)
                    .is_some_and(|reason| matches!(reason, HoldReason::UsageCap | HoldReason::SpendCap));
                if capped {
                    return Ok(Err(Some(Stop::Cap(now.wall_at(hold.until)))));
                }
                Err(self.wait(hold.until, "the platform asks to wait").await)
            }
        })
    }

    /// Sends; none where a second signal, or the patience after a first, has ended first.
    async fn send(&mut self, request: PageRequest<'_>) -> Option<Result<(Page, Reply), Reply>> {
        let (mut drain, mut cancel) = (self.means.shutdown.clone(), self.means.shutdown.clone());
        let patience = async {
            drain.at_least(Urgency::Drain).await;
            let clock = &self.means.clock;
            clock.sleep_until(clock.now().tick.after(DRAIN_WAIT)).await;
        };
        tokio::select! {
            answer = self.means.client.page(request) => Some(answer),
            () = cancel.at_least(Urgency::Cancel) => None,
            () = patience => None,
        }
    }

    /// Nobody waits for this answer any more.
    async fn write_off(&mut self, id: ReadId, reserved: Moment, rules: &Rules) -> Result<(), FetchError> {
        let now = self.means.clock.now();
        let end = ReadEnd {
            upper: rules.values.unknown_end(reserved.tick, now.tick),
            ended_at: now.wall,
            http_status: None,
            finding: "unseen",
            detail: String::new(),
            resources: 0,
        };
        Ok(self.means.store.end_read(id, &end, HoldNews::Same, &rules.ask()).await?)
    }

    /// Writes down what an answer that was no page means, and says what follows.
    async fn judge(&mut self, id: ReadId, reply: &Reply, reserved: Tick, rules: &Rules) -> Result<Next, FetchError> {
        let now = self.means.clock.now();
        if reply.http_status.is_some() {
            self.last_answer = now.tick;
        }
        let unseen =
            reply.http_status.is_none() && matches!(reply.finding, Finding::Unanswered { maybe_sent: true, .. });
        let upper = if unseen { rules.values.unknown_end(reserved, now.tick) } else { now.tick };
        let end = ended(reply, upper, now.wall, 0);
        let (next, hold) = match &reply.finding {
            Finding::Limited(limited) => {
                let hold = self.hold_for(limited, reply, reserved, rules).await?;
                let capped = matches!(limited, Limited::Usage { .. } | Limited::Spend { .. });
                let next = if capped { Next::Stop(Stop::Cap(hold.until_at)) } else { Next::Again };
                (next, Some(hold))
            }
            Finding::Unauthorized { .. } => (Next::Refresh, None),
            Finding::Account { reason } | Finding::App { reason } | Finding::Ambiguous { reason } => {
                (Next::Stop(Stop::Person(reason.to_string(), reply.detail.clone())), None)
            }
            Finding::Malformed { .. } => (Next::Stop(Stop::Malformed(reply.detail.clone())), None),
            Finding::NotSent => (Next::Again, None),
            Finding::World { .. } | Finding::Unknown { .. } | Finding::Unanswered { .. } => (Next::AfterBackoff, None),
            // A request without a target is never answered so.
            Finding::Done { .. } | Finding::Gone { .. } | Finding::Refused { .. } => (Next::AfterBackoff, None),
        };
        let news = hold.as_ref().map_or(HoldNews::Same, HoldNews::Set);
        self.means.store.end_read(id, &end, news, &rules.ask()).await?;
        Ok(next)
    }

    /// The hold that follows from a refusal: by its headers, and longer each time it comes again at once.
    async fn hold_for(
        &mut self,
        limited: &Limited,
        reply: &Reply,
        reserved: Tick,
        rules: &Rules,
    ) -> Result<ReadHold, FetchError> {
        let now = self.means.clock.now();
        let (reason, until) = match limited {
            Limited::Usage { until } => (HoldReason::UsageCap, *until),
            Limited::Spend { until } => (HoldReason::SpendCap, *until),
            Limited::Rate | Limited::Hidden => {
                let last = self.means.store.last_read_hold(&rules.ask(), now).await?.map(|hold| Hold {
                    until: hold.until,
                    reason: HoldReason::parse(&hold.reason).unwrap_or(HoldReason::RateLimit),
                    rung: hold.rung,
                });
                let answered = if *limited == Limited::Hidden { Answered::Capped } else { Answered::Limited };
                // Which action it was says nothing about how long to wait.
                let answer = Answer { action: Action::Unfollow, reserved, answered, facts: reply.facts };
                return Ok(stored(hold_after(&answer, last, rules.shortest(), now.tick), now));
            }
        };
        let length = until.map_or(UNKNOWN_CAP, |until| until.since(reply.facts.date.unwrap_or(now.wall)));
        Ok(stored(Hold { until: now.tick.after(length), reason, rung: 0 }, now))
    }

    async fn refresh(&mut self, generation: i64, said: &str) -> Result<Option<Stop>, FetchError> {
        match self.means.tokens.rejected(self.way.account, generation).await {
            Ok(_) => Ok(None),
            Err(NoToken::NeedLogin { .. }) => Ok(Some(Stop::Person("unauthorized".to_owned(), said.to_owned()))),
            Err(NoToken::Later { until, detail, .. }) => Ok(self.wait(until, &detail).await),
            Err(error) => Err(FetchError::Token(error)),
        }
    }

    async fn after_trouble(&mut self, troubles: u32, reply: &Reply) -> Option<Stop> {
        let now = self.means.clock.now();
        let what = match reply.http_status {
            Some(status) => format!("HTTP {status}: {}", reply.detail),
            None => reply.detail.clone(),
        };
        if now.tick.since(self.last_answer) >= self.means.give_up_after {
            return Some(Stop::Unreachable(what));
        }
        if troubles >= MAX_TROUBLES && reply.http_status.is_some() {
            return Some(Stop::World(what));
        }
        self.tell(News::Trouble(what));
        self.wait_silently(now.tick.after(backoff_after(troubles))).await
    }

    fn told_to_stop(&self) -> Option<Stop> {
        if let (Urgency::Drain | Urgency::Cancel | Urgency::Abort, signal) = self.means.shutdown.now() {
            return Some(Stop::Interrupted(signal.unwrap_or(Signal::Interrupt)));
        }
        if self.means.until.is_some_and(|until| self.means.clock.now().tick >= until) {
            return Some(Stop::Deadline);
        }
        (!self.budget.allows_request()).then_some(Stop::Requests)
    }

    /// Waits, and says so; a reason to stop where that comes first, at once where the wait outlasts the deadline.
    async fn wait(&mut self, until: Tick, why: &str) -> Option<Stop> {
        let now = self.means.clock.now();
        if self.means.until.is_some_and(|end| until >= end) {
            return Some(Stop::Deadline);
        }
        self.tell(News::Waiting { until: now.wall_at(until), why: why.to_owned() });
        self.wait_silently(until).await
    }

    async fn wait_silently(&mut self, until: Tick) -> Option<Stop> {
        let end = self.means.until.map_or(until, |end| until.min(end));
        let mut shutdown = self.means.shutdown.clone();
        tokio::select! {
            () = self.means.clock.sleep_until(end) => {}
            () = shutdown.at_least(Urgency::Drain) => {}
        }
        self.told_to_stop()
    }

    /// After a suspend, slots whose end nobody saw count anew: the kernel may have sent them only on waking.
    async fn heed_suspend(&mut self, values: &Values) -> Result<(), FetchError> {
        let (now, suspended) = (self.means.clock.now().tick, self.means.clock.suspended());
        let (asleep_from, before) = std::mem::replace(&mut self.awake, (now, suspended));
        if suspended.saturating_sub(before) >= MIN_SUSPEND {
            self.means.store.reads_woke(&self.boot, asleep_from, values.woken(now)).await?;
        }
        Ok(())
    }
}

fn stored(hold: Hold, now: Moment) -> ReadHold {
    ReadHold {
        until: hold.until,
        until_at: now.wall_at(hold.until),
        length: hold.until.since(now.tick),
        reason: hold.reason.name().to_owned(),
        rung: hold.rung,
    }
}

fn ended(reply: &Reply, upper: Tick, at: Wall, resources: u64) -> ReadEnd {
    let finding = match &reply.finding {
        Finding::Done { .. } => "page",
        Finding::Limited(_) => "limited",
        Finding::Unauthorized { .. } => "unauthorized",
        Finding::Account { .. } => "account",
        Finding::App { .. } => "app",
        Finding::Malformed { .. } => "malformed",
        Finding::Ambiguous { .. } => "ambiguous",
        Finding::World { .. } => "world",
        Finding::Unanswered { .. } => "unanswered",
        Finding::NotSent => "not_sent",
        Finding::Unknown { .. } | Finding::Gone { .. } | Finding::Refused { .. } => "unknown",
    };
    ReadEnd { upper, ended_at: at, http_status: reply.http_status, finding, detail: reply.detail.clone(), resources }
}
