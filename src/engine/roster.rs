//! The accounts and lanes of a drain, and when to look at which account: who is next, and whether anybody is left.
//!
//! In: lanes as the queue has them, tasks that stand behind them. Out: answers, and accounts that are due. What does not belong here:
//! slots, budgets, and writing anything (`requeue` moves tasks).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use super::account::{AccountRun, EndpointKey, Lane};
use super::asked_last::AskedLast;
use super::crash_queue::CrashQueue;
use super::job_groups::GroupIndex;
use super::settings::Access;
use crate::domain::{AccountId, Action, LaneId, Platform, Tick};
use crate::limits::Values;
use crate::store::{CrashedTask, LaneView};

/// The accounts and lanes of a drain.
#[derive(Debug)]
pub(super) struct Roster {
    pub(super) accounts: Vec<AccountRun>,
    pub(super) index: HashMap<AccountId, usize>,
    pub(super) lanes: HashMap<LaneId, Lane>,
    /// Whom the credentials at hand act for.
    pub(super) access: HashMap<AccountId, Arc<Access>>,
    request_deadline: Duration,
    /// How many groups of jobs take turns at an account.
    groups: usize,
    /// When to look at which account next.
    due: BinaryHeap<Reverse<(Tick, usize)>>,
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
    /// Without accounts and lanes yet; with the tasks whose outcome a crash has left open.
    pub(super) fn new(
        access: HashMap<AccountId, Access>,
        (request_deadline, groups): (Duration, usize),
        undecided: &[CrashedTask],
    ) -> Roster {
        Roster {
            accounts: Vec::new(),
            index: HashMap::new(),
            lanes: HashMap::new(),
            access: access.into_iter().map(|(id, access)| (id, Arc::new(access))).collect(),
            request_deadline,
            groups,
            due: BinaryHeap::new(),
            crashed: CrashQueue::of(undecided),
            asked_last: AskedLast::default(),
        }
    }

    /// The account's place; it takes one where it has none.
    pub(super) fn account_index(&mut self, id: AccountId) -> usize {
        if let Some(index) = self.index.get(&id) {
            return *index;
        }
        let index = self.accounts.len();
        self.accounts.push(self.new_account(id));
        self.index.insert(id, index);
        index
    }

    fn new_account(&self, id: AccountId) -> AccountRun {
        let (access, deadline) = (self.access.get(&id).cloned(), self.request_deadline);
        let values = access
            .as_ref()
            .map_or_else(|| Values::new(Duration::from_secs(900), deadline), |access| access.values(deadline));
        AccountRun::new(id, access, values)
    }

    /// This drain has got an account: nothing is known of it yet, whatever was before.
    pub(super) fn gain_account(&mut self, id: AccountId) {
        let index = self.account_index(id);
        self.accounts[index] = self.new_account(id);
    }

    /// Another drain has these accounts, or may: their lanes.
    pub(super) fn give_accounts(&mut self, accounts: &HashSet<usize>) -> HashSet<LaneId> {
        for index in accounts {
            self.accounts[*index] = AccountRun { is_elsewhere: true, ..self.new_account(self.accounts[*index].id) };
        }
        let lanes: HashSet<LaneId> =
            self.lanes.extract_if(|_, lane| accounts.contains(&lane.account)).map(|(id, _)| id).collect();
        self.crashed.forget(&lanes);
        self.asked_last.forget_accounts(accounts);
        lanes
    }

    /// The app that the account's credentials belong to; none where it has none.
    pub(super) fn app_of(&self, index: usize) -> Option<(Platform, Arc<str>)> {
        self.accounts[index].access.as_ref().map(|access| access.app_key())
    }

    /// Looks at an account again at a tick; what was planned before is forgotten.
    pub(super) fn schedule(&mut self, account: usize, at: Tick) {
        self.accounts[account].due = Some(at);
        self.due.push(Reverse((at, account)));
    }

    /// The same, not before it may ask for its token again.
    pub(super) fn schedule_rested(&mut self, account: usize, at: Tick) {
        self.schedule(account, at.max(self.accounts[account].rest_until));
    }

    /// When the next account is due, as far as the agenda says; it may be out of date.
    pub(super) fn next_due(&self) -> Option<Tick> {
        self.due.peek().map(|Reverse((at, _))| *at)
    }

    /// When the next account is due. Entries that are out of date are dropped on the way.
    pub(super) fn next_true_due(&mut self) -> Option<Tick> {
        while let Some(Reverse((at, index))) = self.due.peek() {
            if self.accounts[*index].due == Some(*at) {
                break;
            }
            self.due.pop();
        }
        self.next_due()
    }

    /// The next account whose time has come, once; none where there is none left.
    pub(super) fn pop_due(&mut self, now: Tick) -> Option<usize> {
        while let Some(Reverse((at, account))) = self.due.peek().copied() {
            if at > now {
                return None;
            }
            self.due.pop();
            if self.accounts[account].due == Some(at) {
                self.accounts[account].due = None;
                return Some(account);
            }
        }
        None
    }

    /// The lanes are going to be told anew.
    pub(super) fn forget_lanes(&mut self) {
        self.lanes.values_mut().for_each(|lane| lane.pending = false);
        self.accounts.iter_mut().for_each(|account| account.lanes.clear());
    }

    /// Nothing more is sent of these jobs.
    pub(super) fn leave_group(&mut self, group: GroupIndex) {
        let lanes = &self.lanes;
        for account in &mut self.accounts {
            account.lanes.retain(|id| lanes.get(id).is_none_or(|lane| lane.group != group));
        }
    }

    /// Takes over a lane; of one that is left out nothing is sent.
    pub(super) fn take_over_lane(&mut self, view: &LaneView, group: GroupIndex, is_left_out: bool, now: Tick) {
        let account = self.account_index(view.account);
        let LaneView { round, action, visible_to, has_pending: pending, has_names, .. } = *view;
        let (uncovered, awaits_names, awaits_kept) = (false, false, false);
        let lane = Lane {
            round,
            action,
            account,
            group,
            visible_to,
            pending,
            uncovered,
            has_names,
            awaits_names,
            awaits_kept,
        };
        self.lanes.insert(view.lane, lane);
        if is_left_out {
            return;
        }
        self.accounts[account].lanes.push(view.lane);
        let is_left = self.has_work(view.lane, &lane) || self.has_asked_last(account, |lane| lane.action == action);
        if is_left && self.accounts[account].due.is_none() {
            self.schedule(account, now);
        }
    }

    /// The records of an endpoint's tasks are looked for anew: whom that finds is seen in the next turn.
    pub(super) fn cover_lanes(&mut self, (account, action): EndpointKey) {
        let its = self.lanes.values_mut().filter(|lane| (lane.account, lane.action) == (account, action));
        its.for_each(|lane| lane.uncovered = false);
    }

    /// Names have been looked up for an endpoint: what that has found is seen in the next turn.
    pub(super) fn end_lookup(&mut self, (account, action): EndpointKey) {
        let its = self.lanes.values_mut().filter(|lane| (lane.account, lane.action) == (account, action));
        its.for_each(|lane| (lane.awaits_names, lane.awaits_kept) = (false, false));
    }

    /// What is done in the lanes of an account that wait for names, and for whose jobs; once for each action.
    pub(super) fn lookups_awaited(&self, account: usize) -> Vec<(Action, GroupIndex)> {
        let lanes = self.accounts[account].lanes.iter().filter_map(|id| self.lanes.get(id));
        let mut awaited: Vec<(Action, GroupIndex)> = Vec::new();
        for lane in lanes.filter(|lane| lane.awaits_names && lane.pending) {
            if !awaited.iter().any(|(action, _)| *action == lane.action) {
                awaited.push((lane.action, lane.group));
            }
        }
        awaited
    }

    /// What is done in the lanes of an account of which nobody is left whose records are known.
    pub(super) fn uncovered_actions(&self, account: usize) -> Vec<Action> {
        let lanes = self.accounts[account].lanes.iter().filter_map(|id| self.lanes.get(id));
        let mut actions: Vec<Action> =
            lanes.filter(|lane| lane.uncovered && lane.pending).map(|lane| lane.action).collect();
        actions.dedup();
        actions
    }

    /// Whether anybody may be left to send for in a lane: in line, or behind it since a process died.
    pub(super) fn has_work(&self, id: LaneId, lane: &Lane) -> bool {
        lane.pending || self.crashed.waits_in(id)
    }

    /// The first lane of an account in which somebody is left, among those that may be claimed from. Groups of jobs take turns: one with a
    /// million rows keeps no other waiting.
    fn next_lane(&self, account: usize, may: impl Fn(&Lane) -> bool) -> Option<(LaneId, Lane)> {
        let run = &self.accounts[account];
        let mut left = run.lanes.iter().filter_map(|id| {
            let lane = self.lanes.get(id)?;
            (may(lane) && self.has_work(*id, lane)).then_some((*id, *lane))
        });
        if self.groups == 1 {
            return left.next();
        }
        left.min_by_key(|(_, lane)| lane.group.turns_after(run.last_group, self.groups))
    }

    /// The same, and behind all of an endpoint those that are asked for last; and who that is.
    pub(super) fn next_claim(&self, account: usize, may: impl Fn(&Lane) -> bool) -> Option<(LaneId, Lane, NextTasks)> {
        if let Some((id, lane)) = self.next_lane(account, &may) {
            // Those that may have company have got in line by now.
            return Some((id, lane, if lane.pending { NextTasks::InLine } else { NextTasks::Alone }));
        }
        let id = self.next_asked_last(account, may)?;
        Some((id, *self.lanes.get(&id)?, NextTasks::AskedLast))
    }

    /// Whether anybody is left for an account who is asked for last, in lanes like these.
    pub(super) fn has_asked_last(&self, account: usize, may: impl Fn(&Lane) -> bool) -> bool {
        self.next_asked_last(account, may).is_some()
    }

    fn next_asked_last(&self, account: usize, may: impl Fn(&Lane) -> bool) -> Option<LaneId> {
        if self.asked_last.is_empty() {
            return None;
        }
        let lanes = self.lanes_where(account, may);
        Action::ALL.into_iter().find_map(|action| self.asked_last.next_lane((account, action), &lanes))
    }

    /// The lanes of an account that are like these.
    pub(super) fn lanes_where(&self, account: usize, may: impl Fn(&Lane) -> bool) -> Vec<LaneId> {
        let lanes = self.accounts[account].lanes.iter();
        lanes.filter(|id| self.lanes.get(id).is_some_and(&may)).copied().collect()
    }

    /// Whether the account's next request has to go alone.
    pub(super) fn goes_alone(&self, account: usize) -> bool {
        let left_out = self.accounts[account].left_out();
        self.next_lane(account, |lane| !left_out.contains(&lane.action)).is_some_and(|(_, lane)| !lane.pending)
    }

    /// Whether anybody is left to send for whom an account can serve.
    pub(super) fn has_pending(&self, account: usize) -> bool {
        self.has_pending_where(account, |_| true)
    }

    /// The same in lanes like these.
    pub(super) fn has_pending_where(&self, account: usize, may: impl Fn(&Lane) -> bool) -> bool {
        let left_out = self.accounts[account].left_out();
        self.next_claim(account, |lane| !left_out.contains(&lane.action) && may(lane)).is_some()
    }

    /// Whether anybody stands in line for an account and action.
    pub(super) fn has_pending_for(&self, account: usize, action: Action) -> bool {
        let mut lanes = self.accounts[account].lanes.iter().filter_map(|id| self.lanes.get(id));
        lanes.any(|lane| lane.pending && lane.action == action)
    }

    /// Whether anybody of a group is left whose endpoint this run does not wait for any more.
    pub(super) fn has_given_up(&self, account: usize, group: GroupIndex) -> bool {
        self.is_left_among(account, &self.accounts[account].given_up, group)
    }

    /// Whether anybody of a group is left whom the account cannot serve with the credentials it has, or whose endpoint refuses.
    pub(super) fn has_refused(&self, account: usize, group: GroupIndex) -> bool {
        self.is_left_among(account, &self.accounts[account].refused, group)
    }

    fn is_left_among(&self, account: usize, actions: &[Action], group: GroupIndex) -> bool {
        !actions.is_empty()
            && self.next_claim(account, |lane| lane.group == group && actions.contains(&lane.action)).is_some()
    }
}
