//! Tasks that stand aside and get in line again: after their backoff, behind their lane since a process died, or behind their endpoint since
//! it refused five in a row.
//!
//! In: tasks whose time has come, answers. Out: moves of a turn. What does not belong here: why a task stands aside (`outages`,
//! `refusals`, [`crate::domain::CrashCount`]), slots and budgets.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use super::account::EndpointKey;
use super::roster::Roster;
use super::turn_draft::TurnDraft;
use super::verdict::Verdict;
use super::workers::InFlight;
use crate::domain::{LaneId, Reason, TaskId, TaskState, Tick, Transition, UNKNOWN_AFTER_CRASH};
use crate::platforms::Reply;
use crate::store::AsideTask;

/// Tasks in backoff, by its end.
#[derive(Debug, Default)]
pub(super) struct Delayed {
    tasks: BinaryHeap<Reverse<(Tick, TaskId, LaneId)>>,
}

impl Delayed {
    pub(super) fn push(&mut self, until: Tick, task: TaskId, lane: LaneId) {
        self.tasks.push(Reverse((until, task, lane)));
    }

    /// When the next of them gets in line.
    pub(super) fn next(&self) -> Option<Tick> {
        self.tasks.peek().map(|Reverse((until, ..))| *until)
    }

    /// Their lanes.
    pub(super) fn lanes(&self) -> impl Iterator<Item = LaneId> {
        self.tasks.iter().map(|Reverse((_, _, lane))| *lane)
    }

    /// When the next of those in lanes like these gets in line.
    pub(super) fn next_where(&self, is_own: impl Fn(LaneId) -> bool) -> Option<Tick> {
        self.tasks.iter().filter(|Reverse((_, _, lane))| is_own(*lane)).map(|Reverse((until, ..))| *until).min()
    }

    /// Another drain works on these lanes.
    pub(super) fn forget(&mut self, lanes: &HashSet<LaneId>) {
        self.tasks.retain(|Reverse((_, _, lane))| !lanes.contains(lane));
    }

    /// Those whose backoff has passed get in line.
    pub(super) fn wake(&mut self, roster: &mut Roster, draft: &mut TurnDraft, now: Tick) {
        while let Some(Reverse((until, task, lane))) = self.tasks.peek().copied() {
            if until > now {
                break;
            }
            self.tasks.pop();
            put_in_line(task, lane, roster, draft, now);
        }
    }
}

/// A task that stood aside gets in line again; behind its lane where it must have no company, behind its endpoint where it is asked
/// for last.
pub(super) fn put_in_line(task: TaskId, lane: LaneId, roster: &mut Roster, draft: &mut TurnDraft, now: Tick) {
    if park_crashed(task, lane, roster, now) || park_asked_last(task, lane, roster, now) {
        return;
    }
    draft.wake(task);
    if let Some(lane) = roster.lanes.get_mut(&lane) {
        lane.pending = true;
        let account = lane.account;
        roster.schedule_rested(account, now);
    }
}

/// Where nothing else of a lane is left, those that were in flight when a process died and may have company get in line.
pub(super) fn wake_crashed(roster: &mut Roster, draft: &mut TurnDraft, now: Tick) {
    for id in roster.crashed.lanes() {
        let Some(lane) = roster.lanes.get_mut(&id).filter(|lane| !lane.pending) else { continue };
        let account = lane.account;
        if !roster.accounts[account].is_open() {
            continue;
        }
        let woken = roster.crashed.wake(id);
        lane.pending = !woken.is_empty();
        let is_pending = lane.pending;
        woken.into_iter().for_each(|task| draft.wake(task));
        if is_pending {
            roster.schedule_rested(account, now);
        }
    }
}

/// The lane's next task that must have no company gets in line and is claimed in the same turn.
pub(super) fn claim_alone(lane: LaneId, roster: &mut Roster, draft: &mut TurnDraft) -> Option<TaskId> {
    let task = roster.crashed.take_alone(lane)?;
    draft.wake(task);
    Some(task)
}

/// The next of those that are asked for last get in line and are claimed in the same turn: none of them ever stands before the others in
/// the queue. `lanes`: those that may be claimed from now.
pub(super) fn claim_asked_last(
    endpoint: EndpointKey,
    (lane, lanes): (LaneId, &[LaneId]),
    count: u32,
    roster: &mut Roster,
    draft: &mut TurnDraft,
) {
    let tasks = roster.asked_last.take(endpoint, lane, lanes, count as usize);
    tasks.into_iter().for_each(|task| draft.wake(task));
}

/// Takes over those that earlier runs ask for last.
pub(super) fn restore_asked_last(tasks: &[AsideTask], roster: &mut Roster, now: Tick) {
    for AsideTask { task, lane, account, action } in tasks.iter().copied() {
        let index = roster.account_index(account);
        roster.asked_last.push((index, action), task, lane);
        if roster.lanes.contains_key(&lane) {
            // Where nobody is in line, nobody else has the account looked at.
            roster.schedule(index, now);
        }
    }
}

/// One whose request came to nothing (a limit, an end of the run) is asked for last again. True: it stands there.
pub(super) fn ask_last_again(flight: &InFlight, verdict: &mut Verdict, roster: &mut Roster) -> bool {
    let task = flight.claimed.task;
    match verdict.state() {
        _ if !roster.asked_last.has(task) => false,
        TaskState::Pending => {
            verdict.transition = Transition::Postpone;
            roster.asked_last.push(flight.key(), task, flight.claimed.lane);
            true
        }
        // One that goes back with four others stands there already.
        TaskState::Waiting | TaskState::Provisional => false,
        _ => {
            roster.asked_last.forget(task);
            false
        }
    }
}

/// An answer decides what a crash left open. Without one the task stays undecided, and alone where it must be.
pub(super) fn note_crashed_end(flight: &InFlight, reply: &Reply, verdict: &mut Verdict, roster: &mut Roster) {
    let (task, crashed) = (flight.claimed.task, &mut roster.crashed);
    crashed.ended(flight.claimed.attempt);
    if reply.http_status.is_some() {
        crashed.decide(task);
    } else if crashed.is_undecided(task) && verdict.state() == TaskState::Pending {
        verdict.reason = Some(Reason::Borrowed(UNKNOWN_AFTER_CRASH));
        if crashed.is_sent_alone(task) {
            verdict.transition = Transition::Postpone;
        }
    }
}

/// Whether a task must have no company: then it stands behind its lane again.
fn park_crashed(task: TaskId, lane: LaneId, roster: &mut Roster, now: Tick) -> bool {
    if !roster.crashed.is_sent_alone(task) {
        return false;
    }
    roster.crashed.put_back(lane, task);
    if let Some(account) = roster.lanes.get(&lane).map(|lane| lane.account) {
        roster.schedule_rested(account, now);
    }
    true
}

/// Whether a task is asked for last: then it stands there again.
fn park_asked_last(task: TaskId, lane: LaneId, roster: &mut Roster, now: Tick) -> bool {
    let Some(known) = roster.lanes.get(&lane).copied().filter(|_| roster.asked_last.has(task)) else {
        return false;
    };
    roster.asked_last.push((known.account, known.action), task, lane);
    roster.schedule_rested(known.account, now);
    true
}
