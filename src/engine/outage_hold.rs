//! Outages in a drain: an endpoint that serves nobody pauses, its tasks stand aside, and both end with the first good answer.
//!
//! In: answers that have been judged, what is on record. Out: what the turn writes, which tasks may be claimed. What does not belong
//! here: the law ([`Outage`]).

use std::cmp::Reverse;
use std::time::Duration;

use super::dispatcher::{Dispatcher, InFlight};
use super::event::Event;
use super::outage::{Admission, Evidence, Failure, Outage, Restored, TaskAside};
use super::retry::pause_after;
use super::settling::Gathered;
use super::verdict::Verdict;
use crate::domain::{Action, Moment, TaskId, Tick};
use crate::limits::StoredUntil;
use crate::platform::Reply;
use crate::store::{AsideTask, OutageChange, OutageState, StoreError, Turn};

/// People are told of an outage that lasts longer.
const TOLD_AFTER: Duration = Duration::from_secs(10);

/// One endpoint for one account.
pub(super) type EndpointKey = (usize, Action);

impl Dispatcher {
    /// Takes over the outages on record.
    pub(super) async fn restore_outages(&mut self) -> Result<(), StoreError> {
        let stored = self.means.drain.store().outages().await?;
        if stored.is_empty() {
            return Ok(());
        }
        let (now, boot) = (self.means.clock.now(), self.means.clock.boot());
        let here = self.this_boot(now);
        for outage in stored {
            if !self.access.contains_key(&outage.account) {
                continue;
            }
            let index = self.account_index(outage.account);
            let until = here.until(&StoredUntil {
                same_boot: outage.boot == boot.0,
                set: outage.state.paused_at(),
                until: outage.state.until,
                wall_trusted: outage.clock_checked,
            });
            let OutageState { since, failures, pauses, newcomers, detail, .. } = outage.state;
            let record = Restored { since, failures, pauses, newcomers, until, detail };
            self.outages.insert((index, outage.action), Outage::restored(record, now));
            self.recorded_outages.insert((index, outage.action));
        }
        Ok(())
    }

    /// Tasks that failed in an outage on record stand behind the others again. Those of jobs that are not worked on get in line.
    pub(super) fn restore_aside(&mut self, tasks: &[AsideTask]) {
        let now = self.means.clock.now();
        for AsideTask { task, lane, account, action } in tasks.iter().copied() {
            if !self.roster.lanes.contains_key(&lane) {
                self.waiting.push(Reverse((now.tick, task, lane)));
                continue;
            }
            let index = self.account_index(account);
            let outage = self.outages.entry((index, action)).or_insert_with(|| Outage::begins(now));
            outage.put_aside(TaskAside { task, lane, not_before: now.tick });
            // Where nobody is in line, nobody else has the account looked at.
            self.schedule(index, now.tick);
        }
    }

    /// What the endpoint's other answers say about a task.
    pub(super) fn evidence(&self, (index, action): EndpointKey, task: TaskId) -> Evidence {
        let served = self.roster.accounts[index].served.contains(&action);
        match self.outages.get(&(index, action)) {
            Some(outage) => outage.evidence(task, served),
            None => Evidence::of_no_outage(served),
        }
    }

    /// The endpoint has served somebody: whatever stood aside for it is in line again.
    pub(super) fn note_served(&mut self, key: EndpointKey, turn: &mut Turn) {
        let (index, action) = key;
        let run = &mut self.roster.accounts[index];
        if !run.served.contains(&action) {
            run.served.push(action);
        }
        let account = run.id;
        let Some(mut outage) = self.outages.remove(&key) else { return };
        self.changed_outages.insert(key);
        if outage.told {
            self.put_back.push(Event::OutageEnded { account, action, since: outage.since });
        }
        let now = self.means.clock.now().tick;
        for aside in outage.take_aside() {
            if aside.not_before > now {
                self.waiting.push(Reverse((aside.not_before, aside.task, aside.lane)));
            } else {
                self.put_in_line(aside.task, aside.lane, turn);
            }
        }
    }

    /// The endpoint has failed a request: it pauses where it has failed several.
    pub(super) fn note_failure(&mut self, gathered: &Gathered, verdict: &Verdict) {
        let Gathered { flight, reply, ended, .. } = gathered;
        let key = (flight.account, flight.lane.action);
        let task = flight.claimed.task;
        let failure =
            Failure { task, counted: verdict.transient_failures, reserved: flight.reserved.tick, ended: *ended };
        // Where nobody answers at all, the run decides at the end of its patience by a request of then.
        let patience = self.silence.as_ref().map(|silence| silence.since.after(self.settings.give_up_after));
        let patience = patience.map(|end| end.since(ended.tick)).filter(|left| !left.is_zero());
        let pause = |pauses| patience.map_or_else(|| pause_after(pauses), |left| pause_after(pauses).min(left));
        let outage = self.outages.entry(key).or_insert_with(|| Outage::begins(*ended));
        let pauses = outage.fail(failure, pause);
        outage.detail = said(reply);
        self.changed_outages.insert(key);
        if pauses {
            self.tell_outage(key, *ended);
        }
    }

    /// A task that failed stands aside until somebody is served, or nobody else is left to ask for.
    pub(super) fn put_aside(&mut self, flight: &InFlight, not_before: Tick) {
        let key = (flight.account, flight.lane.action);
        if let Some(outage) = self.outages.get_mut(&key) {
            outage.put_aside(TaskAside { task: flight.claimed.task, lane: flight.claimed.lane, not_before });
        }
    }

    /// A request came back unsent, or with an answer that says nothing of an outage.
    pub(super) fn note_inconclusive(&mut self, key: EndpointKey, reserved: Tick) {
        if let Some(outage) = self.outages.get_mut(&key) {
            outage.inconclusive(reserved);
        }
    }

    fn tell_outage(&mut self, key: EndpointKey, now: Moment) {
        let Some(outage) = self.outages.get_mut(&key) else { return };
        // Where nobody answers at all that is what is said.
        if outage.since.age(now.wall).is_some_and(|age| age < TOLD_AFTER) || self.silence.is_some() {
            return;
        }
        outage.told = true;
        let (account, action) = (self.roster.accounts[key.0].id, key.1);
        let (since, next_at, detail) = (outage.since, now.wall_at(outage.until), outage.detail.clone());
        self.put_back.push(Event::Outage { account, action, since, next_at, detail });
    }

    /// Nobody waits any longer for this endpoint in this run. Its tasks stay in line.
    fn give_up(&mut self, key: EndpointKey, turn: &mut Turn) {
        let (index, action) = key;
        let Some(outage) = self.outages.get(&key) else { return };
        let since = outage.since;
        self.given_up = Some(self.given_up.map_or(since, |earlier| earlier.min(since)));
        let run = &mut self.roster.accounts[index];
        if !run.given_up.contains(&action) {
            run.given_up.push(action);
        }
        for aside in self.outages.get_mut(&key).map(Outage::take_aside).unwrap_or_default() {
            self.put_in_line(aside.task, aside.lane, turn);
        }
    }

    /// How many requests may leave for an endpoint, of so many; or when one may, as far as that is known.
    pub(super) fn admit(&self, key: EndpointKey, want: u32, now: Tick) -> Result<u32, Option<Tick>> {
        match self.outages.get(&key).map_or(Admission::All, |outage| outage.admission(now)) {
            Admission::All => Ok(want),
            Admission::Probe => Ok(want.min(1)),
            Admission::NotBefore(until) => Err(Some(until)),
            Admission::AfterProbe => Err(None),
        }
    }

    /// A request leaves.
    pub(super) fn note_sent(&mut self, key: EndpointKey) {
        if let Some(outage) = self.outages.get_mut(&key) {
            outage.sent();
        }
    }

    /// Whether a task of the account's stands aside that can still be sent in this run.
    pub(super) fn has_tasks_aside(&self, index: usize) -> bool {
        let left_out = self.roster.accounts[index].left_out();
        let stands_aside = |action: &Action| self.is_aside((index, *action)) && !left_out.contains(action);
        !self.outages.is_empty() && Action::ALL.iter().any(stands_aside)
    }

    /// Whether a task of an endpoint stands aside.
    pub(super) fn is_aside(&self, key: EndpointKey) -> bool {
        self.outages.get(&key).is_some_and(Outage::has_tasks_aside)
    }

    /// Where nobody else is in line for an endpoint, one of those who stand aside is in line again. When that can next be.
    pub(super) fn wake_aside(&mut self, index: usize, now: Tick, turn: &mut Turn) -> Option<Tick> {
        let mut next: Option<Tick> = None;
        for action in Action::ALL {
            let is_left_out = self.roster.accounts[index].left_out().contains(&action);
            if !self.outages.contains_key(&(index, action)) || is_left_out {
                continue;
            }
            while !self.roster.has_pending_for(index, action) {
                // A task of a job that was paused meanwhile gets in line as well, and nobody is asked for.
                match self.outages.get_mut(&(index, action)).map_or(Err(None), |outage| outage.next_aside(now)) {
                    Ok(aside) => self.put_in_line(aside.task, aside.lane, turn),
                    Err(at) => {
                        next = [next, at].into_iter().flatten().min();
                        break;
                    }
                }
            }
        }
        next
    }

    /// What has changed about outages since the last turn is written with this one.
    pub(super) fn record_outages(&mut self, turn: &mut Turn) {
        let now = self.means.clock.now();
        for key in std::mem::take(&mut self.changed_outages) {
            let has_a_deadline = self.settings.until.is_some();
            if !has_a_deadline && self.outages.get(&key).is_some_and(|outage| outage.is_hopeless(now.tick)) {
                self.give_up(key, turn);
            }
            let (account, action) = (self.roster.accounts[key.0].id, key.1);
            let outage = self.outages.get(&key).map(|outage| state(outage, now));
            let was_on_record = self.recorded_outages.remove(&key);
            if outage.is_some() {
                self.recorded_outages.insert(key);
            }
            if was_on_record || outage.is_some() {
                turn.outages.push(OutageChange { account, action, outage });
            }
        }
    }
}

fn state(outage: &Outage, now: Moment) -> OutageState {
    let until = outage.until.max(now.tick);
    OutageState {
        since: outage.since,
        failures: outage.failures,
        pauses: outage.pauses,
        newcomers: outage.newcomers,
        until,
        until_at: now.wall_at(until),
        length_ms: until.0.saturating_sub(now.tick.0),
        detail: outage.detail.clone(),
    }
}

fn said(reply: &Reply) -> String {
    match reply.http_status {
        Some(status) if reply.detail.is_empty() => format!("HTTP {status}"),
        Some(status) => format!("HTTP {status}: {}", reply.detail),
        None => reply.detail.clone(),
    }
}
