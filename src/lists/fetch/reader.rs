//! One request after the other, until there is a page or a reason to stop: slot, token, send, judge, wait.

use std::sync::Arc;

use super::deps::{FetchDeps, Way};
use super::judging::{Next, ended, judge_answer};
use super::limits::Budget;
use super::outcome::{FetchError, FetchEvent, PageAnswer, Stop};
use super::rules::Rules;
use super::vocabulary::Vocabularies;
use crate::auth::NoToken;
use crate::clock::Backoff;
use crate::domain::{BootId, Moment, Tick};
use crate::engine::{Blame, Patience, REFUSALS_TO_TRIP, Signal, SuspendWatch, Urgency, consequences_of};
use crate::limits::{HoldReason, Values};
use crate::platforms::{ListEndpoint, PageRequest, Reply, Vocabulary, What};
use crate::store::{HoldNews, ReadEnd, ReadGrant, ReadId, ReadSlot};

/// So many failures of the platform in a row, with an answer each, and reading stops: what was read is kept. An undo is tried less often
/// before it fails, but only while others are served; beside a page there is nobody whose answers say whose fault it is.
const MAX_FAILURES_OF_A_PAGE: u32 = 12;
/// So many pages in a row that nobody can read, and reading stops: the platform may bill each.
const MAX_UNREADABLE_PAGES: u32 = 5;

/// Reads for one account.
pub struct Reader {
    /// What it stands on.
    pub deps: FetchDeps,
    /// What it may still ask for and spend.
    pub budget: Budget,
    way: Way,
    boot: BootId,
    listener: Box<dyn FnMut(FetchEvent) + Send>,
    patience: Patience,
    suspend: SuspendWatch,
    /// By endpoint, what it is asked in.
    vocabularies: Vocabularies,
    /// Waits for slots, holds and tokens.
    waits: bool,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("way", &self.way).field("budget", &self.budget).finish_non_exhaustive()
    }
}

impl Reader {
    /// A reader for an account. `listener` hears what a person may want to know.
    pub fn new(deps: FetchDeps, way: Way, budget: Budget, listener: Box<dyn FnMut(FetchEvent) + Send>) -> Reader {
        let (boot, suspend) = (deps.clock.boot(), SuspendWatch::new(&*deps.clock));
        let patience = Patience::new(deps.give_up_after);
        Reader {
            deps,
            budget,
            way,
            boot,
            listener,
            patience,
            suspend,
            vocabularies: Vocabularies::default(),
            waits: true,
        }
    }

    /// One that does not wait for slots, holds and tokens: it says how long that would be.
    pub fn without_waiting(self) -> Reader {
        Reader { waits: false, ..self }
    }

    /// Whose account it reads.
    pub fn way(&self) -> &Way {
        &self.way
    }

    /// Tells whoever listens.
    pub fn tell(&mut self, event: FetchEvent) {
        (self.listener)(event);
    }

    /// What an endpoint's slots go by.
    pub fn rules(&self, reading: &ListEndpoint) -> Rules {
        Rules::of(&self.way, reading, self.boot.clone(), self.deps.request_deadline)
    }

    /// Asks until there is a page, or a reason to stop.
    ///
    /// # Errors
    /// The queue cannot be written, or the credentials cannot be opened. Nothing leaves without a slot on disk.
    pub async fn ask(&mut self, reading: &'static ListEndpoint, what: What<'_>) -> Result<PageAnswer, FetchError> {
        let (mut failures, mut refusals, mut unreadable) = (0_u32, 0, 0_u32);
        let rules = self.rules(reading);
        let values = rules.values;
        let mut vocabulary = self.vocabularies.of(reading, &mut self.deps.store).await?;
        let mut has_asked_otherwise = false;
        loop {
            if let Some(stop) = self.told_to_stop() {
                return Ok(PageAnswer::Stopped(stop));
            }
            self.handle_suspend(&values).await?;
            if let Some(error) = self.deps.tokens.was_logged_out(self.way.account).await? {
                let stop = Stop::Person(NoToken::LOGIN_NEEDED.to_owned(), error.to_string());
                return Ok(PageAnswer::Stopped(stop));
            }
            let current = match self.deps.tokens.current(self.way.account).await {
                Ok(current) => current,
                Err(NoToken::Later { until, detail, .. }) => match self.wait_for_token(until, detail).await {
                    None => continue,
                    Some(stop) => return Ok(PageAnswer::Stopped(stop)),
                },
                Err(error @ NoToken::NeedLogin { .. }) => {
                    let stop = Stop::Person(NoToken::LOGIN_NEEDED.to_owned(), error.to_string());
                    return Ok(PageAnswer::Stopped(stop));
                }
                Err(error) => return Err(FetchError::Token(error)),
            };
            let grant = match self.slot(&rules).await? {
                Ok(grant) => grant,
                Err(None) => continue,
                Err(Some(stop)) => return Ok(PageAnswer::Stopped(stop)),
            };
            let reserved = self.deps.clock.now();
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
                clock: &*self.deps.clock.clone(),
            };
            let asked = self.deps.client.page(request);
            let Some(answer) = self.deps.shutdown.finish_in_time(&*self.deps.clock, asked).await else {
                self.write_off(grant.id, reserved, &rules).await?;
                let signal = self.deps.shutdown.now().1.unwrap_or(Signal::Interrupt);
                return Ok(PageAnswer::Stopped(Stop::Interrupted(signal)));
            };
            let now = self.deps.clock.now();
            let reply = match answer {
                Ok((page, reply)) => {
                    self.patience.note_answer();
                    let entries = page.entries.len() as u64 + u64::from(page.unreadable);
                    self.budget.pay(reading.price_with(what.bills_newest_posts(vocabulary)), entries);
                    let end = ended(&reply, &grant, &rules, now.tick, now, entries);
                    return Ok(PageAnswer::Page(page, grant.id, end));
                }
                Err(reply) if reply.refuses_names() && !has_asked_otherwise => {
                    has_asked_otherwise = true;
                    let now = self.deps.clock.now();
                    let end =
                        ReadEnd { finding: vocabulary.refusal(), ..ended(&reply, &grant, &rules, now.tick, now, 0) };
                    self.deps.store.lists().end_read(grant.id, &end, HoldNews::Same, &rules.ask()).await?;
                    vocabulary = self.vocabularies.refused(&rules, vocabulary);
                    continue;
                }
                Err(reply) => reply,
            };
            let next = self.judge(&grant, &reply, reserved.tick, &rules).await?;
            if reply.http_status == Some(200) && !self.pays_unread(reading, what, vocabulary) {
                return Ok(PageAnswer::Stopped(Stop::Spend));
            }
            refusals = if matches!(next, Next::IfRepeated(_)) { refusals + 1 } else { 0 };
            match next {
                Next::Again => {}
                Next::IfRepeated(stop) if refusals >= REFUSALS_TO_TRIP => return Ok(PageAnswer::Stopped(stop)),
                Next::Stop(stop) => return Ok(PageAnswer::Stopped(stop)),
                Next::Refresh => {
                    if let Some(stop) = self.refresh(current.generation, &reply.detail).await? {
                        return Ok(PageAnswer::Stopped(stop));
                    }
                }
                Next::AfterBackoff | Next::IfRepeated(_) => {
                    unreadable = if reply.http_status == Some(200) { unreadable + 1 } else { 0 };
                    if unreadable >= MAX_UNREADABLE_PAGES {
                        return Ok(PageAnswer::Stopped(Stop::World(format!("HTTP 200: {}", reply.detail))));
                    }
                    failures += 1;
                    if let Some(stop) = self.after_failure(failures, &reply).await {
                        return Ok(PageAnswer::Stopped(stop));
                    }
                }
            }
        }
    }

    /// An answer that is no page: the platform bills what it hands over, read or not, so it counts as all that was asked for. Whether the
    /// money suffices to ask once more.
    fn pays_unread(&mut self, reading: &ListEndpoint, what: What<'_>, vocabulary: Vocabulary) -> bool {
        let price = reading.price_with(what.bills_newest_posts(vocabulary));
        let asked = what.entries();
        self.budget.pay(price, u64::from(asked));
        self.budget.affords(price.1, asked) == asked
    }

    /// A slot; or none because a wait is over, or because there is a reason to stop.
    async fn slot(&mut self, rules: &Rules) -> Result<Result<ReadGrant, Option<Stop>>, FetchError> {
        let now = self.deps.clock.now();
        Ok(match self.deps.store.lists().reserve_read(&rules.ask(), now).await? {
            ReadSlot::Granted(grant) => Ok(grant),
            ReadSlot::Full(until) => Err(self.wait(until, "the window of this list is used up").await),
            ReadSlot::Held(hold) => {
                let capped = HoldReason::named(&hold.reason)
                    .is_some_and(|reason| matches!(reason, HoldReason::UsageCap | HoldReason::SpendCap));
                if capped {
                    return Ok(Err(Some(Stop::Cap(now.wall_at(hold.until)))));
                }
                Err(self.wait(hold.until, "the platform asks to wait").await)
            }
        })
    }

    /// Hears what an answer means that was no page: it is written down, and what follows is said.
    async fn judge(
        &mut self,
        grant: &ReadGrant,
        reply: &Reply,
        reserved: Tick,
        rules: &Rules,
    ) -> Result<Next, FetchError> {
        let row = consequences_of(&reply.finding);
        if reply.http_status.is_some() {
            self.patience.note_answer();
        } else if row.blame == Blame::Network {
            self.patience.note_silence(self.deps.clock.now().tick);
        }
        if row.never_left {
            self.budget.requests = self.budget.requests.saturating_sub(1);
        }
        judge_answer(&mut self.deps, grant, reply, reserved, rules).await
    }

    /// Nobody waits for this answer any more.
    async fn write_off(&mut self, id: ReadId, reserved: Moment, rules: &Rules) -> Result<(), FetchError> {
        let now = self.deps.clock.now();
        let end = ReadEnd {
            counted_until: rules.values.unknown_end(reserved.tick, now.tick),
            ended_at: now.wall,
            http_status: None,
            finding: "unseen",
            detail: String::new(),
            resources: 0,
            left: Vec::new(),
        };
        Ok(self.deps.store.lists().end_read(id, &end, HoldNews::Same, &rules.ask()).await?)
    }

    async fn refresh(&mut self, generation: i64, said: &str) -> Result<Option<Stop>, FetchError> {
        match self.deps.tokens.rejected(self.way.account, generation).await {
            Ok(_) => Ok(None),
            Err(NoToken::NeedLogin { .. }) => Ok(Some(Stop::Person("unauthorized".to_owned(), said.to_owned()))),
            Err(NoToken::Later { until, detail, .. }) => Ok(self.wait_for_token(until, detail).await),
            Err(error) => Err(FetchError::Token(error)),
        }
    }

    /// The authorization server is out of reach: silence like any other.
    async fn wait_for_token(&mut self, until: Tick, detail: String) -> Option<Stop> {
        let now = self.deps.clock.now().tick;
        self.patience.note_silence(now);
        if self.patience.is_over(now) {
            return Some(Stop::Unreachable(detail));
        }
        self.wait(until, &detail).await
    }

    async fn after_failure(&mut self, failures: u32, reply: &Reply) -> Option<Stop> {
        let now = self.deps.clock.now();
        let what = match reply.http_status {
            Some(status) => format!("HTTP {status}: {}", reply.detail),
            None => reply.detail.clone(),
        };
        if self.patience.is_over(now.tick) {
            return Some(Stop::Unreachable(what));
        }
        if failures >= MAX_FAILURES_OF_A_PAGE && reply.http_status.is_some() {
            return Some(Stop::World(what));
        }
        self.tell(FetchEvent::Trouble(what));
        self.wait_silently(now.tick.after(Backoff::REQUEST.wait(failures))).await
    }

    fn told_to_stop(&self) -> Option<Stop> {
        if let (Urgency::Drain | Urgency::Cancel | Urgency::Abort, signal) = self.deps.shutdown.now() {
            return Some(Stop::Interrupted(signal.unwrap_or(Signal::Interrupt)));
        }
        if self.deps.until.is_some_and(|until| self.deps.clock.now().tick >= until) {
            return Some(Stop::Deadline);
        }
        (!self.budget.allows_request()).then_some(Stop::Requests)
    }

    /// Waits, and says so; a reason to stop where that comes first, at once where the wait outlasts the deadline.
    async fn wait(&mut self, until: Tick, why: &str) -> Option<Stop> {
        let now = self.deps.clock.now();
        if !self.waits {
            return Some(Stop::Later(now.wall_at(until), why.to_owned()));
        }
        if self.deps.until.is_some_and(|end| until >= end) {
            return Some(Stop::Deadline);
        }
        self.tell(FetchEvent::Waiting { until: now.wall_at(until), why: why.to_owned() });
        self.wait_silently(until).await
    }

    async fn wait_silently(&mut self, until: Tick) -> Option<Stop> {
        let end = self.deps.until.map_or(until, |end| until.min(end));
        let mut shutdown = self.deps.shutdown.clone();
        tokio::select! {
            () = self.deps.clock.sleep_until(end) => {}
            () = shutdown.at_least(Urgency::Drain) => {}
        }
        self.told_to_stop()
    }

    /// After a suspend, slots whose end nobody saw count anew: the kernel may have sent them only on waking.
    async fn handle_suspend(&mut self, values: &Values) -> Result<(), FetchError> {
        if let Some(suspend) = self.suspend.look(&*self.deps.clock) {
            let woken = values.woken(suspend.awake_at);
            self.deps.store.lists().reads_woke(&self.boot, suspend.asleep_from, woken).await?;
        }
        Ok(())
    }
}
