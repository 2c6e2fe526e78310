//! Outages in a drain: an endpoint that serves nobody pauses, its tasks stand aside, and both end with the first good answer.
//!
//! In: answers that have been judged, what is on record. Out: what the turn writes, which tasks may be claimed. What does not belong
//! here: the law ([`Outage`]).

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use super::account::EndpointKey;
use super::event::Event;
use super::job_groups::GroupIndex;
use super::limit_records::LimitRecords;
use super::outage::{Admission, Evidence, Failure, Outage, Restored, TaskAside};
use super::patience::Patience;
use super::requeue::{Delayed, put_in_line};
use super::roster::Roster;
use super::run_end::RunEnd;
use super::turn_draft::TurnDraft;
use super::verdict::Verdict;
use super::workers::{EndedRequest, InFlight};
use crate::clock::{Backoff, Clock};
use crate::domain::{AccountId, Action, LaneId, Moment, TaskId, Tick};
use crate::limits::StoredUntil;
use crate::platforms::Reply;
use crate::store::{AsideTask, Drain, OutageChange, OutageState, StoreError};

/// People are told of an outage that lasts longer.
const TOLD_AFTER: Duration = Duration::from_secs(10);

/// Endpoints that give no good answer.
#[derive(Debug, Default)]
pub(super) struct Outages {
    by_endpoint: HashMap<EndpointKey, Outage>,
    /// Those of which the queue has a record.
    recorded: HashSet<EndpointKey>,
    /// Those whose record is out of date.
    changed: HashSet<EndpointKey>,
}

impl Outages {
    /// Another drain works on these accounts.
    pub(super) fn forget_accounts(&mut self, accounts: &HashSet<usize>) {
        self.by_endpoint.retain(|(account, _), _| !accounts.contains(account));
        self.recorded.retain(|(account, _)| !accounts.contains(account));
        self.changed.retain(|(account, _)| !accounts.contains(account));
    }

    /// Takes over the outages on record of accounts that this drain works on.
    pub(super) async fn restore(
        &mut self,
        drain: &mut Drain,
        is_ours: impl Fn(AccountId) -> bool,
        roster: &mut Roster,
        limits: &LimitRecords,
        clock: &dyn Clock,
    ) -> Result<(), StoreError> {
        let stored = drain.store().queue().outages().await?;
        let (now, boot) = (clock.now(), clock.boot());
        let here = limits.this_boot(now);
        for outage in stored {
            if !roster.access.contains_key(&outage.account) || !is_ours(outage.account) {
                continue;
            }
            let key = (roster.account_index(outage.account), outage.action);
            let until = here.until(&StoredUntil {
                same_boot: outage.boot == boot.0,
                set: outage.state.paused_at(),
                until: outage.state.until,
                wall_trusted: outage.clock_checked,
            });
            let OutageState { since, failures, pauses, newcomers, detail, .. } = outage.state;
            let record = Restored { since, failures, pauses, newcomers, until, detail };
            self.by_endpoint.insert(key, Outage::restored(record, now));
            self.recorded.insert(key);
        }
        Ok(())
    }

    /// Tasks that failed in an outage on record stand behind the others again. Those of jobs that are not worked on get in line.
    pub(super) fn restore_aside(
        &mut self,
        tasks: &[AsideTask],
        roster: &mut Roster,
        delayed: &mut Delayed,
        now: Moment,
    ) {
        for AsideTask { task, lane, account, action } in tasks.iter().copied() {
            if !roster.lanes.contains_key(&lane) {
                delayed.push(now.tick, task, lane);
                continue;
            }
            let index = roster.account_index(account);
            let outage = self.by_endpoint.entry((index, action)).or_insert_with(|| Outage::begins(now));
            outage.put_aside(TaskAside { task, lane, not_before: now.tick });
            // Where nobody is in line, nobody else has the account looked at.
            roster.schedule(index, now.tick);
        }
    }

    /// What the endpoint's other answers say about a task.
    pub(super) fn evidence(&self, key: EndpointKey, task: TaskId, roster: &Roster, now: Moment) -> Evidence {
        let served = roster.accounts[key.0].served.contains(&key.1);
        match self.by_endpoint.get(&key) {
            Some(outage) => outage.evidence(task, served, now),
            None => Evidence::of_no_outage(served),
        }
    }

    /// The endpoint has served somebody: whatever stood aside for it is in line again.
    pub(super) fn note_served(
        &mut self,
        key: EndpointKey,
        roster: &mut Roster,
        delayed: &mut Delayed,
        draft: &mut TurnDraft,
        now: Tick,
    ) {
        let (index, action) = key;
        let run = &mut roster.accounts[index];
        if !run.served.contains(&action) {
            run.served.push(action);
        }
        let account = run.id;
        let Some(mut outage) = self.by_endpoint.remove(&key) else { return };
        self.changed.insert(key);
        if outage.told {
            draft.tell(Event::OutageEnded { account, action, since: outage.since });
        }
        for aside in outage.take_aside() {
            if aside.not_before > now {
                delayed.push(aside.not_before, aside.task, aside.lane);
            } else {
                put_in_line(aside.task, aside.lane, roster, draft, now);
            }
        }
    }

    /// The endpoint has failed a request: it pauses where it has failed several.
    pub(super) fn note_failure(
        &mut self,
        EndedRequest { flight, reply, ended, .. }: &EndedRequest,
        verdict: &Verdict,
        patience: &Patience,
        roster: &Roster,
        draft: &mut TurnDraft,
    ) {
        let key = flight.key();
        let (task, counted) = (flight.claimed.task, verdict.transient_failures);
        let failure = Failure { task, counted, reserved: flight.reserved.tick, ended: *ended };
        // Where nobody answers at all, the run decides at the end of its patience by a request of then.
        let left = patience.left(ended.tick);
        let pause = |pauses| Backoff::ENDPOINT.wait(pauses).min(left.unwrap_or(Duration::MAX));
        let outage = self.by_endpoint.entry(key).or_insert_with(|| Outage::begins(*ended));
        let pauses = outage.fail(failure, pause);
        outage.detail = said(reply);
        self.changed.insert(key);
        // Where nobody answers at all that is what is said.
        if pauses && !patience.is_tried() {
            tell(outage, roster, key, draft, *ended);
        }
    }

    /// A task that failed stands aside until somebody is served, or nobody else is left to ask for.
    pub(super) fn put_aside(&mut self, flight: &InFlight, not_before: Tick) {
        if let Some(outage) = self.by_endpoint.get_mut(&flight.key()) {
            outage.put_aside(TaskAside { task: flight.claimed.task, lane: flight.claimed.lane, not_before });
        }
    }

    /// A request came back unsent, or with an answer that says nothing of an outage.
    pub(super) fn note_inconclusive(&mut self, key: EndpointKey, reserved: Tick) {
        if let Some(outage) = self.by_endpoint.get_mut(&key) {
            outage.inconclusive(reserved);
        }
    }

    /// Nobody waits any longer for this endpoint in this run. Its tasks stay in line.
    fn give_up(&mut self, key: EndpointKey, roster: &mut Roster, end: &mut RunEnd, draft: &mut TurnDraft, now: Tick) {
        let (index, action) = key;
        let Some(outage) = self.by_endpoint.get_mut(&key) else { return };
        end.give_up(outage.since);
        let run = &mut roster.accounts[index];
        if !run.given_up.contains(&action) {
            run.given_up.push(action);
        }
        for aside in outage.take_aside() {
            put_in_line(aside.task, aside.lane, roster, draft, now);
        }
    }

    /// How many requests may leave for an endpoint, of so many; or when one may, as far as that is known.
    pub(super) fn admit(&self, key: EndpointKey, want: u32, now: Tick) -> Result<u32, Option<Tick>> {
        match self.by_endpoint.get(&key).map_or(Admission::All, |outage| outage.admission(now)) {
            Admission::All => Ok(want),
            Admission::Probe => Ok(want.min(1)),
            Admission::NotBefore(until) => Err(Some(until)),
            Admission::AfterProbe => Err(None),
        }
    }

    /// A request leaves.
    pub(super) fn note_sent(&mut self, key: EndpointKey) {
        if let Some(outage) = self.by_endpoint.get_mut(&key) {
            outage.sent();
        }
    }

    /// Whether a task of the account's stands aside that can still be sent in this run.
    pub(super) fn has_tasks_aside(&self, index: usize, roster: &Roster) -> bool {
        let left_out = roster.accounts[index].left_out();
        let stands_aside = |action: &Action| self.is_aside((index, *action)) && !left_out.contains(action);
        !self.by_endpoint.is_empty() && Action::ALL.iter().any(stands_aside)
    }

    /// The same of a group's tasks.
    pub(super) fn has_aside_of(&self, index: usize, group: GroupIndex, roster: &Roster) -> bool {
        let left_out = roster.accounts[index].left_out();
        let mut actions = Action::ALL.iter().filter(|action| !left_out.contains(action));
        !self.by_endpoint.is_empty() && actions.any(|action| self.is_aside_of((index, *action), group, roster))
    }

    /// Accounts with outages.
    pub(super) fn accounts(&self) -> impl Iterator<Item = usize> {
        self.by_endpoint.keys().map(|(index, _)| *index)
    }

    /// Whether a group's task stands aside for an endpoint.
    pub(super) fn is_aside_of(&self, key: EndpointKey, group: GroupIndex, roster: &Roster) -> bool {
        let is_own = |lane: LaneId| roster.lanes.get(&lane).is_some_and(|lane| lane.group == group);
        self.by_endpoint.get(&key).is_some_and(|outage| outage.lanes_aside().any(is_own))
    }

    /// Whether a task of an endpoint stands aside.
    pub(super) fn is_aside(&self, key: EndpointKey) -> bool {
        self.by_endpoint.get(&key).is_some_and(Outage::has_tasks_aside)
    }

    /// Where nobody else is in line for an endpoint, one of those who stand aside is in line again. When that can next be.
    pub(super) fn wake_aside(
        &mut self,
        index: usize,
        roster: &mut Roster,
        draft: &mut TurnDraft,
        now: Tick,
    ) -> Option<Tick> {
        let mut next: Option<Tick> = None;
        let left_out = roster.accounts[index].left_out();
        for action in Action::ALL.into_iter().filter(|action| !left_out.contains(action)) {
            let Some(outage) = self.by_endpoint.get_mut(&(index, action)) else { continue };
            while !roster.has_pending_for(index, action) {
                // A task of a job that was paused meanwhile gets in line as well, and nobody is asked for.
                match outage.next_aside(now) {
                    Ok(aside) => put_in_line(aside.task, aside.lane, roster, draft, now),
                    Err(at) => {
                        next = [next, at].into_iter().flatten().min();
                        break;
                    }
                }
            }
        }
        next
    }

    /// What has changed about outages since the last turn is written with this one. A run without a deadline gives up on those of which
    /// there is no hope.
    pub(super) fn record(
        &mut self,
        has_a_deadline: bool,
        roster: &mut Roster,
        end: &mut RunEnd,
        draft: &mut TurnDraft,
        now: Moment,
    ) {
        for key in std::mem::take(&mut self.changed) {
            if !has_a_deadline && self.by_endpoint.get(&key).is_some_and(|outage| outage.is_hopeless(now.tick)) {
                self.give_up(key, roster, end, draft, now.tick);
            }
            let (account, action) = (roster.accounts[key.0].id, key.1);
            let outage = self.by_endpoint.get(&key).map(|outage| state(outage, now));
            let was_on_record = self.recorded.remove(&key);
            if outage.is_some() {
                self.recorded.insert(key);
            }
            if was_on_record || outage.is_some() {
                draft.writes.outages.push(OutageChange { account, action, outage });
            }
        }
    }
}

fn tell(outage: &mut Outage, roster: &Roster, key: EndpointKey, draft: &mut TurnDraft, now: Moment) {
    if outage.since.age(now.wall).is_some_and(|age| age < TOLD_AFTER) {
        return;
    }
    outage.told = true;
    let (account, action) = (roster.accounts[key.0].id, key.1);
    let (since, next_at, detail) = (outage.since, now.wall_at(outage.until), outage.detail.clone());
    draft.tell(Event::Outage { account, action, since, next_at, detail });
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
