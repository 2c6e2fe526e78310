//! Tasks that went back when five refusals in a row stopped their endpoint: they are asked for again after everything else of their
//! endpoint, so that whoever runs a job every night reaches the rows behind them.
//!
//! In: tasks that go back, those on record from earlier runs, their answers. Out: which of them are next, and the moves of a turn. What
//! does not belong here: when refusals are whose fault (`refusal_breaker`), slots and budgets (`claiming`).

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet, VecDeque};

use super::account::Lane;
use super::dispatcher::{Dispatcher, InFlight};
use super::outage_hold::EndpointKey;
use super::refusal_breaker::REFUSALS_TO_TRIP;
use super::verdict::Verdict;
use crate::domain::{LaneId, TaskId, TaskState, Transition};
use crate::store::{AsideTask, Move, Turn};

/// The tasks that are asked for last, by endpoint; whoever was asked for first is at the front. One queue for all lanes of an endpoint:
/// the rows of one job must not keep those of the next from being reached.
#[derive(Debug, Default)]
pub(super) struct AskedLast {
    queues: HashMap<EndpointKey, VecDeque<(TaskId, LaneId)>>,
    /// Those that have no answer yet that says something of them, wherever they are.
    members: HashSet<TaskId>,
}

impl AskedLast {
    pub(super) fn push(&mut self, endpoint: EndpointKey, task: TaskId, lane: LaneId) {
        self.members.insert(task);
        self.queues.entry(endpoint).or_default().push_back((task, lane));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queues.is_empty()
    }

    pub(super) fn has(&self, task: TaskId) -> bool {
        self.members.contains(&task)
    }

    /// An answer has decided about the task.
    pub(super) fn forget(&mut self, task: TaskId) {
        self.members.remove(&task);
    }

    /// The lane of the next one, among lanes that are worked on.
    pub(super) fn next_lane(&self, endpoint: EndpointKey, lanes: &[LaneId]) -> Option<LaneId> {
        self.queues.get(&endpoint)?.iter().map(|(_, lane)| *lane).find(|lane| lanes.contains(lane))
    }

    /// Takes so many at most from a lane, as long as nobody of another lane that is worked on is before them.
    pub(super) fn take(&mut self, endpoint: EndpointKey, lane: LaneId, lanes: &[LaneId], most: usize) -> Vec<TaskId> {
        let Some(queue) = self.queues.get_mut(&endpoint) else { return Vec::new() };
        let mut taken = Vec::new();
        let mut rest = VecDeque::with_capacity(queue.len());
        let mut is_over = false;
        for (task, own) in queue.drain(..) {
            is_over |= taken.len() == most || (own != lane && lanes.contains(&own));
            if own == lane && !is_over { taken.push(task) } else { rest.push_back((task, own)) }
        }
        if rest.is_empty() {
            self.queues.remove(&endpoint);
        } else {
            *queue = rest;
        }
        taken
    }
}

impl Dispatcher {
    /// Takes over those of earlier runs.
    pub(super) fn restore_asked_last(&mut self, tasks: &[AsideTask]) {
        let now = self.means.clock.now().tick;
        for AsideTask { task, lane, account, action } in tasks.iter().copied() {
            let index = self.account_index(account);
            self.roster.asked_last.push((index, action), task, lane);
            if self.roster.lanes.contains_key(&lane) {
                // Where nobody is in line, nobody else has the account looked at.
                self.schedule(index, now);
            }
        }
    }

    /// How many of them may leave now: none while a task of the endpoint waits for its backoff, and with those in flight and those that
    /// are refused already never more than show that the endpoint still refuses.
    pub(super) fn most_asked_last(&self, endpoint: EndpointKey, want: u32) -> u32 {
        let (account, action) = endpoint;
        let is_own = |lane: &Lane| lane.account == account && lane.action == action;
        let mut waiting = self.waiting.iter().filter_map(|Reverse((_, _, lane))| self.roster.lanes.get(lane));
        if waiting.any(is_own) || self.is_aside(endpoint) {
            return 0;
        }
        if self.settings.accept_unnamed {
            return want;
        }
        let out = self.in_flight.values().filter(|flight| is_own(&flight.lane)).count();
        let refused = self.breakers.get(&endpoint).map_or(0, |breaker| breaker.tasks().len());
        let room = REFUSALS_TO_TRIP.saturating_sub(refused).max(1).saturating_sub(out);
        want.min(u32::try_from(room).unwrap_or(u32::MAX))
    }

    /// The next of them get in line and are claimed in the same turn: none of them ever stands before the others in the queue.
    pub(super) fn claim_asked_last(&mut self, endpoint: EndpointKey, lane: LaneId, count: u32, turn: &mut Turn) {
        let lanes = &self.roster.accounts[endpoint.0].lanes;
        let tasks = self.roster.asked_last.take(endpoint, lane, lanes, count as usize);
        let in_line = |task| Move { task, from: TaskState::Waiting, to: TaskState::Pending, reason: None };
        turn.moves.extend(tasks.into_iter().map(in_line));
    }

    /// One whose request came to nothing (a limit, an end of the run) is asked for last again. True: it stands there.
    pub(super) fn ask_last_again(&mut self, flight: &InFlight, verdict: &mut Verdict) -> bool {
        let task = flight.claimed.task;
        match verdict.state() {
            _ if !self.roster.asked_last.has(task) => false,
            TaskState::Pending => {
                verdict.transition = Transition::Postpone;
                self.roster.asked_last.push((flight.account, flight.lane.action), task, flight.claimed.lane);
                true
            }
            // One that goes back with four others stands there already.
            TaskState::Waiting | TaskState::Provisional => false,
            _ => {
                self.roster.asked_last.forget(task);
                false
            }
        }
    }

    /// Whether a task whose outage is over is asked for last: then it stands there again.
    pub(super) fn is_asked_last(&mut self, task: TaskId, lane: LaneId) -> bool {
        let Some(known) = self.roster.lanes.get(&lane).copied().filter(|_| self.roster.asked_last.has(task)) else {
            return false;
        };
        self.roster.asked_last.push((known.account, known.action), task, lane);
        let now = self.means.clock.now().tick;
        self.schedule(known.account, now.max(self.roster.accounts[known.account].rest_until));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Action;
    use proptest::prelude::*;

    const ENDPOINT: EndpointKey = (0, Action::Unfollow);

    fn queue(entries: &[(i64, i64)]) -> AskedLast {
        let mut queue = AskedLast::default();
        for (task, lane) in entries {
            queue.push(ENDPOINT, TaskId(*task), LaneId(*lane));
        }
        queue
    }

    #[test]
    fn lanes_take_turns_in_the_order_in_which_their_tasks_were_asked_for() {
        let mut queue = queue(&[(1, 10), (2, 30), (3, 10), (4, 20), (5, 10)]);
        let lanes = [LaneId(10), LaneId(20)];
        assert_eq!(queue.next_lane(ENDPOINT, &lanes), Some(LaneId(10)));
        assert_eq!(queue.next_lane((1, Action::Unfollow), &lanes), None);
        // The lane in between is not worked on in this run.
        assert_eq!(queue.take(ENDPOINT, LaneId(10), &lanes, 9), [TaskId(1), TaskId(3)]);
        assert_eq!(queue.next_lane(ENDPOINT, &lanes), Some(LaneId(20)));
        assert_eq!(queue.take(ENDPOINT, LaneId(20), &lanes, 9), [TaskId(4)]);
        assert_eq!(queue.take(ENDPOINT, LaneId(10), &lanes, 9), [TaskId(5)]);
        assert_eq!(queue.next_lane(ENDPOINT, &lanes), None);
        assert_eq!(queue.next_lane(ENDPOINT, &[LaneId(30)]), Some(LaneId(30)));
    }

    proptest! {
        #[test]
        fn nobody_is_lost_and_nobody_overtakes(
            entries in prop::collection::vec(0_i64..4, 0..30), most in 1_usize..7,
        ) {
            let entries: Vec<(i64, i64)> = entries.into_iter().enumerate().map(|(n, lane)| (n as i64, lane)).collect();
            let mut queue = queue(&entries);
            let lanes: Vec<LaneId> = (0..4).map(LaneId).collect();
            let mut order = Vec::new();
            while let Some(lane) = queue.next_lane(ENDPOINT, &lanes) {
                let taken = queue.take(ENDPOINT, lane, &lanes, most);
                prop_assert!((1..=most).contains(&taken.len()));
                order.extend(taken.into_iter().map(|task| task.0));
            }
            prop_assert_eq!(order, entries.iter().map(|(task, _)| *task).collect::<Vec<_>>());
            prop_assert!(queue.is_empty());
        }
    }
}
