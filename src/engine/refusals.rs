//! Refusals that do not identify their record: their tasks stand aside, and move on once it is known whose fault it was.
//!
//! In: answers and their verdicts, what earlier runs left undecided. Out: moves of the turn, and an endpoint that is left alone. What does not
//! belong here: when refusals are whose fault (`refusal_breaker`), which of them identify their record (the platform's classifier).

use std::collections::HashSet;

use super::consequences::Proof;
use super::dispatcher::Dispatcher;
use super::refusal_breaker::{Decision, REFUSALS_TO_TRIP, RefusedTask, put_back};
use super::settling::Gathered;
use super::verdict::Verdict;
use crate::domain::{
    Action, LaneId, NOT_FOUND_ACCEPTED, NOT_FOUND_UNCLEAR, NOT_FOUND_UNREADABLE, Reason, TaskState, Transition,
};
use crate::platform::{RefusalKind, find};
use crate::store::{Move, ParkedTask, Turn};

impl Dispatcher {
    /// Tasks that an earlier run left undecided.
    pub(super) fn restore_refused(&mut self, parked: &[ParkedTask]) {
        for task in parked {
            let index = self.account_index(task.account);
            let platform = self.roster.accounts[index].access.as_ref().map(|access| access.platform);
            let endpoint = platform.and_then(|platform| find(platform, task.action));
            // Only what was not found is treated in a way of its own; of the others the strictest is taken.
            let refusal = match task.reason.as_deref() {
                Some(NOT_FOUND_UNCLEAR) => RefusalKind::NotFound,
                Some(NOT_FOUND_UNREADABLE) => RefusalKind::UnreadableNotFound,
                _ => RefusalKind::Forbidden,
            };
            let refused = RefusedTask {
                task: task.task,
                lane: task.lane,
                refusal,
                maybe_done: task.unsure && endpoint.is_some_and(|endpoint| endpoint.repeat_looks_gone()),
            };
            self.breakers.entry((index, task.action)).or_default().restore(refused);
        }
    }

    /// A refusal that does not identify its record. The fifth in a row puts all five back, behind the others, and the account sends nothing more to this
    /// endpoint in this run: what it proves, it proves of the endpoint. A person may have said that such answers are to be believed.
    pub(super) fn hear_refusal(
        &mut self,
        gathered: &Gathered,
        refusal: RefusalKind,
        verdict: &mut Verdict,
        turn: &mut Turn,
    ) {
        let flight = &gathered.flight;
        let (index, action) = (flight.account, flight.lane.action);
        let maybe_done = flight.claimed.unsure && flight.endpoint.repeat_looks_gone();
        if self.settings.accept_unnamed {
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
            return;
        }
        let task = RefusedTask { task: flight.claimed.task, lane: flight.claimed.lane, refusal, maybe_done };
        let account = &self.roster.accounts[index];
        if account.refused.contains(&action) {
            // It was in flight with the fifth.
            self.write_decisions(vec![put_back(task)], turn);
            return;
        }
        if account.stopped {
            verdict.transition = Transition::Release;
            return;
        }
        let Some(trip) = self.breakers.entry((index, action)).or_default().refuse(task) else { return };
        self.breakers.remove(&(index, action));
        self.write_decisions(trip.put_back, turn);
        let said = said(gathered.reply.http_status, &gathered.reply.detail);
        let detail = format!("{action}: {}; the rows are back in the queue ({said})", in_words(trip.refusal));
        let reason = Reason::Borrowed(stop_reason(trip.refusal));
        self.keep_trouble(self.roster.accounts[index].id, &reason, &detail, turn);
        self.refuse_action(index, action, reason, detail);
    }

    /// An answer proves something of its endpoint: refusals before it that this explains were their rows' fault.
    pub(super) fn hear_proof(&mut self, index: usize, action: Action, proof: Proof, turn: &mut Turn) {
        let Some(breaker) = self.breakers.get_mut(&(index, action)) else { return };
        let decided = breaker.prove(proof);
        if breaker.is_empty() {
            self.breakers.remove(&(index, action));
        }
        self.write_decisions(decided, turn);
    }

    /// Tasks about which nothing can be proven any more, for nothing is left to send to their endpoint; and those that a person has
    /// decided.
    pub(super) fn decide_leftovers(&mut self, turn: &mut Turn) {
        let endpoints: Vec<(usize, Action)> = self.breakers.keys().copied().collect();
        for (index, action) in endpoints {
            let lanes = self.lanes_at_work(index, action);
            let is_over = self.has_nothing_to_send(index, action, &lanes);
            let Some(breaker) = self.breakers.get_mut(&(index, action)) else { continue };
            let among = |lane: LaneId| lanes.contains(&lane);
            let mut decided = Vec::new();
            if self.settings.accept_unnamed {
                decided.extend(breaker.accept(among));
            }
            if is_over {
                decided.extend(breaker.give_up(among));
            }
            if breaker.is_empty() {
                self.breakers.remove(&(index, action));
            }
            self.write_decisions(decided, turn);
        }
    }

    /// Whether an account has tasks in this run that are refused and not decided.
    pub(super) fn has_undecided(&self, index: usize) -> bool {
        let lanes = &self.roster.accounts[index].lanes;
        let mut own = self.breakers.iter().filter(|((account, _), _)| *account == index);
        own.any(|(_, breaker)| breaker.tasks().iter().any(|task| lanes.contains(&task.lane)))
    }

    fn lanes_at_work(&self, index: usize, action: Action) -> HashSet<LaneId> {
        let acts = |lane: &&LaneId| self.roster.lanes.get(lane).is_some_and(|known| known.action == action);
        self.roster.accounts[index].lanes.iter().filter(acts).copied().collect()
    }

    fn has_nothing_to_send(&self, index: usize, action: Action, lanes: &HashSet<LaneId>) -> bool {
        let account = &self.roster.accounts[index];
        let has_work = |id: &LaneId| self.roster.lanes.get(id).is_some_and(|lane| self.roster.has_work(*id, lane));
        account.is_open()
            && !account.refused.contains(&action)
            && !lanes.iter().any(has_work)
            && !self.roster.has_asked_last(index, action)
            && !self.is_aside((index, action))
            && !self.waiting.iter().any(|std::cmp::Reverse((_, _, lane))| lanes.contains(lane))
            && !self.in_flight.values().any(|flight| flight.account == index && flight.lane.action == action)
    }

    fn write_decisions(&mut self, decisions: Vec<Decision>, turn: &mut Turn) {
        for decision in decisions {
            let (task, to) = (decision.task.task, decision.state());
            if to == TaskState::Waiting
                && let Some(lane) = self.roster.lanes.get(&decision.task.lane)
            {
                self.roster.asked_last.push((lane.account, lane.action), task, decision.task.lane);
            }
            turn.moves.push(Move { task, from: TaskState::Provisional, to, reason: decision.reason });
        }
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
