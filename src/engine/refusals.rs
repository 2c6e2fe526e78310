//! Refusals that do not identify their record: their tasks stand aside, and move on once it is known whose fault it was.
//!
//! In: answers and their verdicts, what earlier runs left undecided. Out: moves of the turn, and an endpoint that is left alone. What does not
//! belong here: when refusals are whose fault (`refusal_breaker`), which of them identify their record (the platform's classifier).

use std::collections::{HashMap, HashSet};

use super::account::EndpointKey;
use super::account_troubles::AccountTroubles;
use super::consequences::Proof;
use super::job_groups::GroupIndex;
use super::outages::Outages;
use super::refusal_breaker::{Decision, REFUSALS_TO_TRIP, RefusalBreaker, RefusedTask, put_back};
use super::requeue::Delayed;
use super::roster::Roster;
use super::turn_draft::TurnDraft;
use super::verdict::Verdict;
use super::workers::{EndedRequest, InFlight, Workers};
use crate::domain::{
    LaneId, NOT_FOUND_ACCEPTED, NOT_FOUND_UNCLEAR, NOT_FOUND_UNREADABLE, Reason, TaskState, Transition,
};
use crate::platforms::{RefusalKind, find};
use crate::store::ParkedTask;

/// Refusals that nobody has been blamed for yet, by account and endpoint.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    breakers: HashMap<EndpointKey, RefusalBreaker>,
    /// A person believes such answers.
    accept_unnamed: bool,
}

impl Refusals {
    pub(super) fn new(accept_unnamed: bool) -> Refusals {
        Refusals { breakers: HashMap::new(), accept_unnamed }
    }

    /// Another drain works on these accounts.
    pub(super) fn forget_accounts(&mut self, accounts: &HashSet<usize>) {
        self.breakers.retain(|(account, _), _| !accounts.contains(account));
    }

    /// Accounts with tasks that are refused and not decided.
    pub(super) fn accounts(&self) -> impl Iterator<Item = usize> {
        self.breakers.keys().map(|(account, _)| *account)
    }

    /// Takes over the tasks that an earlier run left undecided.
    pub(super) fn restore(&mut self, parked: &[ParkedTask], roster: &mut Roster) {
        for task in parked {
            let key = (roster.account_index(task.account), task.action);
            self.breakers.entry(key).or_default().restore(refused_before(task, key, roster));
        }
    }

    /// A refusal that does not identify its record. The fifth in a row puts all five back, behind the others, and the account sends nothing more to this
    /// endpoint in this run: what it proves, it proves of the endpoint. A person may have said that such answers are to be believed.
    pub(super) fn hear_refusal(
        &mut self,
        EndedRequest { flight, reply, .. }: &EndedRequest,
        refusal: RefusalKind,
        verdict: &mut Verdict,
        roster: &mut Roster,
        troubles: &mut AccountTroubles,
        draft: &mut TurnDraft,
    ) {
        let key = flight.key();
        let maybe_done = flight.claimed.maybe_applied && flight.endpoint.repeat_looks_gone;
        if self.accept_unnamed {
            accept(refusal, maybe_done, verdict);
            return;
        }
        let task = RefusedTask { task: flight.claimed.task, lane: flight.claimed.lane, refusal, maybe_done };
        let account = &roster.accounts[key.0];
        if account.refused.contains(&key.1) {
            // It was in flight with the fifth.
            write_decisions(vec![put_back(task)], roster, draft);
            return;
        }
        if account.stopped {
            verdict.transition = Transition::Release;
            return;
        }
        let id = account.id;
        let Some(trip) = self.breakers.entry(key).or_default().refuse(task) else { return };
        self.breakers.remove(&key);
        write_decisions(trip.put_back, roster, draft);
        let said = said(reply.http_status, &reply.detail);
        let detail = format!("{}: {}; the rows are back in the queue ({said})", key.1, in_words(trip.refusal));
        let reason = Reason::Borrowed(stop_reason(trip.refusal));
        troubles.record(id, &reason, &detail, draft);
        troubles.refuse_action(roster, key, reason, detail, draft);
    }

    /// An answer proves something of its endpoint: refusals before it that this explains were their rows' fault.
    pub(super) fn hear_proof(&mut self, key: EndpointKey, proof: Proof, roster: &mut Roster, draft: &mut TurnDraft) {
        let Some(breaker) = self.breakers.get_mut(&key) else { return };
        let decided = breaker.prove(proof);
        if breaker.is_empty() {
            self.breakers.remove(&key);
        }
        write_decisions(decided, roster, draft);
    }

    /// Tasks about which nothing can be proven any more, for nothing is left to send to their endpoint; and those that a person has
    /// decided.
    pub(super) fn decide_leftovers(
        &mut self,
        roster: &mut Roster,
        outages: &Outages,
        delayed: &Delayed,
        workers: &Workers,
        draft: &mut TurnDraft,
    ) {
        let endpoints: Vec<EndpointKey> = self.breakers.keys().copied().collect();
        for key in endpoints {
            let lanes = lanes_at_work(key, roster);
            let is_over = has_nothing_to_send(key, &lanes, roster, outages, delayed)
                && !workers.in_flight().any(|flight| flight.key() == key);
            let Some(breaker) = self.breakers.get_mut(&key) else { continue };
            let among = |lane: LaneId| lanes.contains(&lane);
            let mut decided = Vec::new();
            if self.accept_unnamed {
                decided.extend(breaker.accept(among));
            }
            if is_over {
                decided.extend(breaker.give_up(among));
            }
            if breaker.is_empty() {
                self.breakers.remove(&key);
            }
            write_decisions(decided, roster, draft);
        }
    }

    /// Whether an account has tasks of a group in this run that are refused and not decided.
    pub(super) fn has_undecided(&self, index: usize, group: GroupIndex, roster: &Roster) -> bool {
        if self.breakers.is_empty() {
            return false;
        }
        let lanes = roster.lanes_where(index, |lane| lane.group == group);
        let mut own = self.breakers.iter().filter(|((account, _), _)| *account == index);
        own.any(|(_, breaker)| breaker.tasks().iter().any(|task| lanes.contains(&task.lane)))
    }

    /// How many of those that are asked for last may leave now: none while a task of the endpoint waits for its backoff, and with those
    /// in flight and those that are refused already never more than show that the endpoint still refuses.
    pub(super) fn most_asked_last(
        &self,
        key: EndpointKey,
        want: u32,
        roster: &Roster,
        outages: &Outages,
        delayed: &Delayed,
        workers: &Workers,
    ) -> u32 {
        let is_own = |lane: LaneId| roster.lanes.get(&lane).is_some_and(|lane| (lane.account, lane.action) == key);
        if delayed.lanes().any(is_own) || outages.is_aside(key) {
            return 0;
        }
        if self.accept_unnamed {
            return want;
        }
        let out = workers.in_flight().filter(|flight: &&InFlight| flight.key() == key).count();
        let refused = self.breakers.get(&key).map_or(0, |breaker| breaker.tasks().len());
        let room = REFUSALS_TO_TRIP.saturating_sub(refused).max(1).saturating_sub(out);
        want.min(u32::try_from(room).unwrap_or(u32::MAX))
    }
}

/// A task that an earlier run left undecided.
fn refused_before(task: &ParkedTask, (index, action): EndpointKey, roster: &Roster) -> RefusedTask {
    let platform = roster.accounts[index].access.as_ref().map(|access| access.platform);
    let endpoint = platform.and_then(|platform| find(platform, action));
    // Only what was not found is treated in a way of its own; of the others the strictest is taken.
    let refusal = match task.reason.as_deref() {
        Some(NOT_FOUND_UNCLEAR) => RefusalKind::NotFound,
        Some(NOT_FOUND_UNREADABLE) => RefusalKind::UnreadableNotFound,
        _ => RefusalKind::Forbidden,
    };
    let maybe_done = task.maybe_applied && endpoint.is_some_and(|endpoint| endpoint.repeat_looks_gone);
    RefusedTask { task: task.task, lane: task.lane, refusal, maybe_done }
}

/// A person believes the answer.
fn accept(refusal: RefusalKind, maybe_done: bool, verdict: &mut Verdict) {
    let (transition, reason) = match (refusal, maybe_done) {
        (RefusalKind::NotFound | RefusalKind::UnreadableNotFound, true) => {
            (Transition::Succeed, Some(Reason::Borrowed("confirmed_by_repeat")))
        }
        (RefusalKind::NotFound | RefusalKind::UnreadableNotFound, false) => {
            (Transition::FindGone, Some(Reason::Borrowed(NOT_FOUND_ACCEPTED)))
        }
        _ => (Transition::Fail, verdict.reason.take()),
    };
    (verdict.transition, verdict.reason) = (transition, reason);
}

fn lanes_at_work((index, action): EndpointKey, roster: &Roster) -> HashSet<LaneId> {
    let acts = |lane: &&LaneId| roster.lanes.get(lane).is_some_and(|known| known.action == action);
    roster.accounts[index].lanes.iter().filter(acts).copied().collect()
}

/// Whether nothing is left that has not left yet.
fn has_nothing_to_send(
    (index, action): EndpointKey,
    lanes: &HashSet<LaneId>,
    roster: &Roster,
    outages: &Outages,
    delayed: &Delayed,
) -> bool {
    let account = &roster.accounts[index];
    let has_work = |id: &LaneId| roster.lanes.get(id).is_some_and(|lane| roster.has_work(*id, lane));
    account.is_open()
        && !account.refused.contains(&action)
        && !lanes.iter().any(has_work)
        && !roster.has_asked_last(index, |lane| lane.action == action)
        && !outages.is_aside((index, action))
        && !delayed.lanes().any(|lane| lanes.contains(&lane))
}

fn write_decisions(decisions: Vec<Decision>, roster: &mut Roster, draft: &mut TurnDraft) {
    for decision in decisions {
        let (task, to) = (decision.task.task, decision.state());
        if to == TaskState::Waiting
            && let Some(lane) = roster.lanes.get(&decision.task.lane)
        {
            roster.asked_last.push((lane.account, lane.action), task, decision.task.lane);
        }
        draft.move_task(task, TaskState::Provisional, to, decision.reason);
    }
}

/// The word for an account that stops.
const fn stop_reason(refusal: RefusalKind) -> &'static str {
    match refusal {
        RefusalKind::NotFound | RefusalKind::UnreadableNotFound => "endpoint_not_found",
        RefusalKind::BadRequest => "request_refused",
        RefusalKind::Forbidden => "forbidden",
        RefusalKind::OtherRecord => "acting_user",
    }
}

fn in_words(refusal: RefusalKind) -> String {
    let what = match refusal {
        RefusalKind::NotFound | RefusalKind::UnreadableNotFound => "say \"not found\" and do not name the target",
        RefusalKind::BadRequest => "refuse the request itself, whatever its target",
        RefusalKind::Forbidden => "refuse without a reason",
        RefusalKind::OtherRecord => "are about the acting user or another record, not about the target",
    };
    format!("{REFUSALS_TO_TRIP} answers in a row {what}")
}

fn said(status: Option<u16>, detail: &str) -> String {
    let status = status.map_or_else(|| "no status".to_owned(), |status| format!("HTTP {status}"));
    if detail.is_empty() { status } else { format!("{status}: {detail}") }
}
