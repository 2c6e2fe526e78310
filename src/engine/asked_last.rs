//! Tasks that went back when five refusals in a row stopped their endpoint: they are asked for again after everything else of their
//! endpoint, so that whoever runs a job every night reaches the rows behind them.
//!
//! In: tasks that go back, their answers. Out: which of them are next. What does not belong here: when refusals are whose fault
//! (`refusal_breaker`), moves of a turn (`requeue`).

use std::collections::{HashMap, HashSet, VecDeque};

use super::account::EndpointKey;
use crate::domain::{LaneId, TaskId};

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

    /// Another drain works on these accounts.
    pub(super) fn forget_accounts(&mut self, accounts: &HashSet<usize>) {
        for (_, queue) in self.queues.extract_if(|(account, _), _| accounts.contains(account)) {
            for (task, _) in queue {
                self.members.remove(&task);
            }
        }
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
