//! One request after the other, until there is a page or a reason to stop: slot, token, send, judge, wait.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::judging::{Next, ended};
use super::limits::{Budget, windows_of};
use super::means::{Asked, FetchError, Means, News, Stop, Way};
use crate::auth::NoToken;
use crate::domain::{AccountId, BootId, Moment, Tick};
use crate::engine::{Signal, Urgency, backoff_after};
use crate::limits::{HoldReason, Values};
use crate::platform::{Page, PageRequest, Reading, Reply, Vocabulary, What};
use crate::store::{HoldNews, ReadAsk, ReadEnd, ReadGrant, ReadId, ReadSlot, ReadWindow};

/// So many answers in a row that were the world's fault, and reading stops: what was read is kept.
const MAX_TROUBLES: u32 = 12;
/// A page that something in between may have refused is asked for so often, as an undo is.
const REFUSALS_TO_STOP: u32 = 5;
/// How long a first signal waits for the request in flight.
const DRAIN_WAIT: Duration = Duration::from_secs(10);
/// Two clocks read one after the other differ by a little; nobody sleeps for less.
const MIN_SUSPEND: Duration = Duration::from_secs(1);

/// Reads for one account.
pub struct Reader {
    /// What it stands on.
    pub means: Means,
    /// What it may still ask for and spend.
    pub budget: Budget,
    way: Way,
    boot: BootId,
    listener: Box<dyn FnMut(News) + Send>,
    pub(super) last_answer: Tick,
    awake: (Tick, Duration),
    /// By endpoint, what it is asked in.
    pub(super) vocabularies: HashMap<&'static str, Vocabulary>,
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
    pub(super) endpoint: &'static str,
    windows: Vec<ReadWindow>,
    pub(super) values: Values,
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

    pub(super) fn shortest(&self) -> Duration {
        self.windows.iter().map(|window| window.counts_for).min().unwrap_or_default()
    }
}

impl Reader {
    /// A reader for an account. `listener` hears what a person may want to know.
    pub fn new(means: Means, way: Way, budget: Budget, listener: Box<dyn FnMut(News) + Send>) -> Reader {
        let (now, boot) = (means.clock.now().tick, means.clock.boot());
        let awake = (now, means.clock.suspended());
        Reader { means, budget, way, boot, listener, last_answer: now, awake, vocabularies: HashMap::new() }
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
        let (mut troubles, mut refusals) = (0_u32, 0_u32);
        let rules = self.rules(reading);
        let values = rules.values;
        let mut vocabulary = self.vocabulary(reading).await?;
        let mut has_asked_otherwise = false;
        loop {
            if let Some(stop) = self.told_to_stop() {
                return Ok(Asked::Stopped(stop));
            }
            self.heed_suspend(&values).await?;
            if let Some(error) = self.means.tokens.was_logged_out(self.way.account).await? {
                let stop = Stop::Person(NoToken::LOGIN_NEEDED.to_owned(), error.to_string());
                return Ok(Asked::Stopped(stop));
            }
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
            let grant = match self.slot(&rules).await? {
                Ok(grant) => grant,
                Err(None) => continue,
                Err(Some(stop)) => return Ok(Asked::Stopped(stop)),
            };
            let reserved = self.means.clock.now();
            self.budget.requests += 1;
            let (base, user) = (Arc::clone(&self.way.base), self.way.user.clone());
            let request = PageRequest {
                reading,
                what,
                vocabulary,
                base: &base,
                credentials: &current.credentials,
                user: &user,
                send_by: reserved.tick.after(values.send_by),
                deadline: reserved.tick.after(values.deadline),
                clock: &*self.means.clock.clone(),
            };
            let Some(answer) = self.send(request).await else {
                self.write_off(grant.id, reserved, &rules).await?;
                let signal = self.means.shutdown.now().1.unwrap_or(Signal::Interrupt);
                return Ok(Asked::Stopped(Stop::Interrupted(signal)));
            };
            let now = self.means.clock.now();
            let reply = match answer {
                Ok((page, reply)) => {
                    self.last_answer = now.tick;
                    let entries = page.entries.len() as u64 + u64::from(page.unreadable);
                    self.budget.pay(reading.price_with(vocabulary.bills_newest_posts(&what)), entries);
                    let end = ended(&reply, &grant, &rules, now.tick, now, entries);
                    return Ok(Asked::Page(page, grant.id, end));
                }
                Err(reply) if reply.refuses_names() && !has_asked_otherwise => {
                    has_asked_otherwise = true;
                    vocabulary = self.names_refused(&grant, &reply, vocabulary, &rules).await?;
                    continue;
                }
                Err(reply) => reply,
            };
            let next = self.judge(&grant, &reply, reserved.tick, &rules).await?;
            refusals = if matches!(next, Next::IfRepeated(_)) { refusals + 1 } else { 0 };
            match next {
                Next::Again => {}
                Next::IfRepeated(stop) if refusals >= REFUSALS_TO_STOP => return Ok(Asked::Stopped(stop)),
                Next::Stop(stop) => return Ok(Asked::Stopped(stop)),
                Next::Refresh => {
                    if let Some(stop) = self.refresh(current.generation, &reply.detail).await? {
                        return Ok(Asked::Stopped(stop));
                    }
                }
                Next::AfterBackoff | Next::IfRepeated(_) => {
                    troubles += 1;
                    if let Some(stop) = self.after_trouble(troubles, &reply).await {
                        return Ok(Asked::Stopped(stop));
                    }
                }
            }
        }
    }

    /// A slot; or none because a wait is over, or because there is a reason to stop.
    async fn slot(&mut self, rules: &Rules) -> Result<Result<ReadGrant, Option<Stop>>, FetchError> {
        let now = self.means.clock.now();
        Ok(match self.means.store.reserve_read(&rules.ask(), now).await? {
            ReadSlot::Granted(grant) => Ok(grant),
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
            left: Vec::new(),
        };
        Ok(self.means.store.end_read(id, &end, HoldNews::Same, &rules.ask()).await?)
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
