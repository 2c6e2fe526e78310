//! An account in a drain: its limiter, its lanes, and what is held against it.

use std::collections::HashMap;
use std::sync::Arc;

use super::asked_last::AskedLast;
use super::crash_queue::CrashQueue;
use super::settings::Access;
use super::wire::Gate;
use crate::domain::{AccountId, Action, LaneId, Reason, RoundId, TaskId, Tick};
use crate::limits::{Limiter, Values};

/// An account and where it stands.
#[derive(Debug)]
pub(super) struct AccountRun {
    pub(super) id: AccountId,
    /// None where there are no credentials for it.
    pub(super) access: Option<Arc<Access>>,
    pub(super) values: Values,
    /// Made, and filled with the slots on record, when the account first comes due: 100,000 accounts have five million slots.
    pub(super) limiter: Option<Limiter>,
    /// Calls back what was claimed ahead.
    pub(super) gate: Arc<Gate>,
    /// In the order of jobs.
    pub(super) lanes: Vec<LaneId>,
    /// When it is looked at next; entries of the heap that say something else are out of date.
    pub(super) due: Option<Tick>,
    /// Actions whose endpoint has served it in this run.
    pub(super) served: Vec<Action>,
    /// Actions whose endpoint has served nobody for so long that this run does not wait for it any more.
    pub(super) given_up: Vec<Action>,
    /// It waits for its token until then.
    pub(super) rest_until: Tick,
    /// Its token is being asked for.
    pub(super) asking: bool,
    /// What the platform said when it rejected the token.
    pub(super) rejected: Option<(Reason, String)>,
    /// Actions its credentials are not good for.
    pub(super) refused: Vec<Action>,
    /// It needs a person; nothing more is sent for it in this run.
    pub(super) stopped: bool,
    /// Its hold outlasts this run.
    pub(super) capped_until: Option<Tick>,
}

impl AccountRun {
    pub(super) fn new(id: AccountId, access: Option<Arc<Access>>, values: Values) -> AccountRun {
        AccountRun {
            id,
            access,
            values,
            limiter: None,
            gate: Arc::default(),
            lanes: Vec::new(),
            due: None,
            served: Vec::new(),
            given_up: Vec::new(),
            rest_until: Tick(i64::MIN),
            asking: false,
            rejected: None,
            refused: Vec::new(),
            stopped: false,
            capped_until: None,
        }
    }

    /// Actions for which nothing more is sent in this run.
    pub(super) fn left_out(&self) -> Vec<Action> {
        [&self.refused[..], &self.given_up[..]].concat()
    }

    /// Whether anything may still be sent for it in this run.
    pub(super) fn is_open(&self) -> bool {
        !self.stopped && self.capped_until.is_none()
    }
}

/// A lane in a drain.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lane {
    pub(super) round: RoundId,
    pub(super) action: Action,
    pub(super) account: usize,
    pub(super) visible_to: TaskId,
    /// Whether anybody may stand in line.
    pub(super) pending: bool,
}

/// The accounts and lanes of a drain.
#[derive(Debug, Default)]
pub(super) struct Roster {
    pub(super) accounts: Vec<AccountRun>,
    pub(super) index: HashMap<AccountId, usize>,
    pub(super) lanes: HashMap<LaneId, Lane>,
    /// Tasks that stand behind their lanes since a process died.
    pub(super) crashed: CrashQueue,
    /// Tasks that stand behind all lanes of their endpoint since it refused five in a row.
    pub(super) asked_last: AskedLast,
}

/// Who is next in a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NextTasks {
    /// Those at the head of its line.
    InLine,
    /// One that must have no company since a process died.
    Alone,
    /// Those that are asked for last.
    AskedLast,
}

impl Roster {
    /// Whether anybody may be left to send for in a lane: in line, or behind it since a process died.
    pub(super) fn has_work(&self, id: LaneId, lane: &Lane) -> bool {
        lane.pending || self.crashed.waits_in(id)
    }

    /// The first lane of an account in which somebody is left, leaving out those whose action has to wait.
    pub(super) fn next_lane(&self, account: usize, waits: &[Action]) -> Option<(LaneId, Lane)> {
        self.accounts[account].lanes.iter().find_map(|id| {
            let lane = self.lanes.get(id)?;
            (self.has_work(*id, lane) && !waits.contains(&lane.action)).then_some((*id, *lane))
        })
    }

    /// The same, and behind all of an endpoint those that are asked for last; and who that is.
    pub(super) fn next_claim(&self, account: usize, waits: &[Action]) -> Option<(LaneId, Lane, NextTasks)> {
        if let Some((id, lane)) = self.next_lane(account, waits) {
            // Those that may have company have got in line by now.
            return Some((id, lane, if lane.pending { NextTasks::InLine } else { NextTasks::Alone }));
        }
        if self.asked_last.is_empty() {
            return None;
        }
        let lanes = &self.accounts[account].lanes;
        Action::ALL.into_iter().filter(|action| !waits.contains(action)).find_map(|action| {
            let id = self.asked_last.next_lane((account, action), lanes)?;
            Some((id, *self.lanes.get(&id)?, NextTasks::AskedLast))
        })
    }

    /// Whether anybody is left for an account and action who is asked for last.
    pub(super) fn has_asked_last(&self, account: usize, action: Action) -> bool {
        self.asked_last.next_lane((account, action), &self.accounts[account].lanes).is_some()
    }

    /// Whether the account's next request has to go alone.
    pub(super) fn goes_alone(&self, account: usize) -> bool {
        self.next_lane(account, &self.accounts[account].left_out()).is_some_and(|(_, lane)| !lane.pending)
    }

    /// Whether anybody is left to send for whom an account can serve.
    pub(super) fn has_pending(&self, account: usize) -> bool {
        self.next_claim(account, &self.accounts[account].left_out()).is_some()
    }

    /// Whether anybody stands in line for an account and action.
    pub(super) fn has_pending_for(&self, account: usize, action: Action) -> bool {
        let mut lanes = self.accounts[account].lanes.iter().filter_map(|id| self.lanes.get(id));
        lanes.any(|lane| lane.pending && lane.action == action)
    }

    /// Whether anybody is left whose endpoint this run does not wait for any more.
    pub(super) fn has_given_up(&self, account: usize) -> bool {
        self.is_left_among(account, &self.accounts[account].given_up)
    }

    /// Whether anybody is left whom the account cannot serve with the credentials it has, or whose endpoint refuses.
    pub(super) fn has_refused(&self, account: usize) -> bool {
        self.is_left_among(account, &self.accounts[account].refused)
    }

    fn is_left_among(&self, account: usize, actions: &[Action]) -> bool {
        let mut lanes = self.accounts[account].lanes.iter().filter_map(|id| Some((*id, self.lanes.get(id)?)));
        lanes.any(|(id, lane)| self.has_work(id, lane) && actions.contains(&lane.action))
            || actions.iter().any(|action| self.has_asked_last(account, *action))
    }
}
