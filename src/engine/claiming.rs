//! Due accounts become claims: as many tasks as their windows, their pace, the free workers (and some ahead of them) and the budget allow.
//!
//! In: accounts that are due. Out: the claims of a turn, and what is planned for each. What does not belong here: what must not be sent
//! (`send_guard`), requests (`sending`).

use std::collections::HashMap;

use super::account::Lane;
use super::account_troubles::AccountTroubles;
use super::app_probes::AppProbes;
use super::job_groups::{GroupIndex, JobGroups};
use super::limit_records::LimitRecords;
use super::names::{NameLookups, resolver_of};
use super::outages::Outages;
use super::own_records::OwnRecords;
use super::readings::Readings;
use super::refusals::Refusals;
use super::requeue::{Delayed, claim_alone, claim_asked_last};
use super::roster::{NextTasks, Roster};
use super::settings::{Access, EngineSettings};
use super::tokens::TokenRequests;
use super::turn_draft::TurnDraft;
use super::workers::{Planned, Workers};
use crate::auth::Current;
use crate::domain::{Action, LaneId, MicroUsd, Moment, Reason, Scope, Tick};
use crate::limits::{ALONE, Reservation, Wait};
use crate::platforms::{Endpoint, find};
use crate::store::Claim;

/// Accounts looked at in one turn; the next turn goes on with the rest.
const ACCOUNTS_PER_TURN: usize = 2_000;

/// What claiming may touch. Requests in flight are looked at only; what is in the queue changes by the draft alone.
pub(super) struct Claiming<'a> {
    pub(super) settings: &'a EngineSettings,
    pub(super) roster: &'a mut Roster,
    pub(super) limits: &'a mut LimitRecords,
    pub(super) groups: &'a mut JobGroups,
    pub(super) outages: &'a mut Outages,
    pub(super) refusals: &'a Refusals,
    pub(super) delayed: &'a Delayed,
    pub(super) probes: &'a mut AppProbes,
    pub(super) workers: &'a Workers,
    pub(super) tokens: &'a mut TokenRequests,
    pub(super) troubles: &'a mut AccountTroubles,
    pub(super) readings: &'a Readings,
    pub(super) names: &'a mut NameLookups,
    pub(super) records: &'a mut OwnRecords,
    pub(super) now: Moment,
}

/// What came of planning a turn.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) claims: Vec<Planned>,
    /// More accounts wanted to send than there was room.
    pub(super) is_full: bool,
    /// Slots left beside those taken.
    pub(super) free_slots: u64,
}

/// What the next claim of an account is for.
struct Next<'a> {
    id: LaneId,
    lane: Lane,
    tasks: NextTasks,
    endpoint: &'static Endpoint,
    access: &'a Access,
    price: MicroUsd,
}

/// What an account leaves out in a pass.
struct LeftOut {
    actions: Vec<Action>,
    /// Those for which a group's budget has nothing left.
    unaffordable: Vec<(GroupIndex, Action)>,
    now: Tick,
}

impl LeftOut {
    fn allows(&self, lane: &Lane, groups: &JobGroups) -> bool {
        !lane.uncovered
            && !lane.awaits_names
            && !self.actions.contains(&lane.action)
            && !self.unaffordable.contains(&(lane.group, lane.action))
            && groups.is_open(lane.group, self.now)
    }
}

/// What keeps an action from being claimed for.
enum NotNow {
    /// The budget of its jobs has nothing left; answers that are not billed may leave something.
    Budget,
    /// It is left out of this pass; it may be looked at again then.
    Action(Option<Tick>),
    /// So are all others of the account.
    Account(Option<Tick>),
    /// A request has to go alone, and others are out.
    AfterOthers,
}

impl Claiming<'_> {
    /// Accounts whose time has come, in the order of their IDs: neighbours' tasks lie on neighbouring pages. The account for which
    /// everybody else has been kept waiting comes first, and others that have to go alone come last: between two of those everybody has
    /// a turn.
    pub(super) fn take_due(&mut self, room: usize) -> Vec<usize> {
        for account in self.groups.take_turned_away().into_iter().chain(self.limits.take_kept_out()) {
            self.roster.schedule_rested(account, self.now.tick);
        }
        let cleared_for = self.roster.crashed.cleared_for();
        let mut due = Vec::new();
        while due.len() < room.min(ACCOUNTS_PER_TURN) {
            let Some(account) = self.roster.pop_due(self.now.tick) else { break };
            let is_left = self.roster.has_pending(account) || self.outages.has_tasks_aside(account, self.roster);
            let run = &self.roster.accounts[account];
            if run.is_open() && !run.is_leaving && is_left {
                due.push(account);
            }
        }
        due.sort_unstable();
        if !self.roster.crashed.is_empty() {
            due.sort_by_key(|account| (cleared_for != Some(*account), self.roster.goes_alone(*account), *account));
        }
        due
    }

    /// Claims for accounts that are due.
    pub(super) fn plan(&mut self, due: &[usize], mut room: usize, draft: &mut TurnDraft) -> Plan {
        let mut plan = Plan::default();
        for account in due.iter().copied() {
            if room == 0 {
                self.roster.schedule(account, self.now.tick);
                // An account that finds no room has one at least.
                plan.free_slots += 1;
                continue;
            }
            if let Some(planned) = self.plan_account(account, room, draft) {
                room = room.saturating_sub(planned.count as usize);
                plan.free_slots += self.free_slots(&planned);
                plan.claims.push(planned);
            }
            if self.roster.crashed.is_planned() {
                room = 0;
            }
        }
        plan.is_full = room == 0;
        plan
    }

    /// How many slots are free beside those just planned.
    fn free_slots(&mut self, planned: &Planned) -> u64 {
        let run = &mut self.roster.accounts[planned.account];
        let shared = run.access.as_ref().map_or(ALONE, |access| self.limits.shared_with(access));
        run.limiter.as_mut().map_or(0, |limiter| u64::from(limiter.free(planned.action, self.now.tick, shared)))
    }

    /// Takes slots for one account, for its first action that may send; says when to look at it again.
    fn plan_account(&mut self, account: usize, room: usize, draft: &mut TurnDraft) -> Option<Planned> {
        let Some(access) = self.roster.accounts[account].access.clone() else {
            let reason = Reason::Borrowed("no_credentials");
            self.troubles.stop_account(self.roster, account, reason, String::new(), draft);
            return None;
        };
        if !self.roster.accounts[account].is_open() {
            return None;
        }
        let current = self.tokens.cached(account, &mut self.roster.accounts[account])?;
        let room = self.probes.room(account, &access, room)?;
        let mut again = self.outages.wake_aside(account, self.roster, draft, self.now.tick);
        let actions = self.roster.accounts[account].left_out();
        let mut out = LeftOut { actions, unaffordable: Vec::new(), now: self.now.tick };
        while let Some((id, lane, tasks)) = self.roster.next_claim(account, |lane| out.allows(lane, self.groups)) {
            let Some(endpoint) = self.endpoint((account, lane.action), &access, &current, draft) else {
                out.actions.push(lane.action);
                continue;
            };
            if endpoint.reads_first()
                && let Err(until) = self.records.admit((account, lane.action), endpoint, self.readings, self.now.tick)
            {
                out.actions.push(lane.action);
                again = [again, until].into_iter().flatten().min();
                continue;
            }
            let price = self.settings.price(access.platform, lane.action);
            let next = Next { id, lane, tasks, endpoint, access: &access, price };
            match self.claim(account, &next, &out, room, draft) {
                Ok(planned) => return Some(planned),
                Err(NotNow::AfterOthers) => {
                    self.roster.crashed.clear_for(account);
                    self.roster.schedule(account, self.now.tick);
                    return None;
                }
                Err(NotNow::Account(until)) => {
                    again = until;
                    break;
                }
                Err(NotNow::Budget) => {
                    self.groups.turn_away(lane.group, account);
                    out.unaffordable.push((lane.group, lane.action));
                }
                Err(NotNow::Action(until)) => {
                    out.actions.push(lane.action);
                    again = [again, until].into_iter().flatten().min();
                }
            }
        }
        let (records, names) = (self.want_newer_records(account, &access), self.want_names(account, &access));
        again = [again, records, names].into_iter().flatten().min();
        // No tick: all its slots are in flight, and their answers will have it looked at again.
        if let Some(at) = again {
            self.roster.schedule_rested(account, at);
        }
        None
    }

    /// Nothing else of the account can be sent now: records are looked for of tasks that no reading covers. When that can be, where it
    /// is known.
    fn want_newer_records(&mut self, account: usize, access: &Access) -> Option<Tick> {
        let mut again: Option<Tick> = None;
        for action in self.roster.uncovered_actions(account) {
            let Some(endpoint) = find(access.platform, action) else { continue };
            let until = self.records.want_newer((account, action), endpoint, self.readings, self.now.tick);
            again = [again, until].into_iter().flatten().min();
        }
        again
    }

    /// The next task of a lane stands under a name: it is looked up what that means. When that can be, where it is known.
    fn want_names(&mut self, account: usize, access: &Access) -> Option<Tick> {
        let mut again: Option<Tick> = None;
        for (action, group) in self.roster.lookups_awaited(account) {
            let is_resolved = find(access.platform, action).and_then(|endpoint| resolver_of(access.platform, endpoint));
            if is_resolved.is_some() && self.groups.is_open(group, self.now.tick) {
                let until = self.names.want((account, action), group, self.readings, self.now.tick);
                again = [again, until].into_iter().flatten().min();
            }
        }
        again
    }

    /// Where the action is sent; none where the platform does not offer it, or not with these credentials.
    fn endpoint(
        &mut self,
        (account, action): (usize, Action),
        access: &Access,
        current: &Current,
        draft: &mut TurnDraft,
    ) -> Option<&'static Endpoint> {
        let (reason, detail) = match find(access.platform, action) {
            None => ("action_not_offered", action.to_string()),
            Some(endpoint) if endpoint.auth.takes(&current.credentials) => return Some(endpoint),
            Some(endpoint) => {
                let (reason, detail) = endpoint.auth.wrong_kind();
                (reason, format!("{action}: {detail}; its other actions continue"))
            }
        };
        self.troubles.refuse_action(self.roster, (account, action), reason.into(), detail, draft);
        None
    }

    /// How many requests may leave for it, of so many: by the budget, by outages, by what is asked for last.
    fn want(&self, account: usize, next: &Next<'_>, room: usize) -> Result<u32, NotNow> {
        let key = (account, next.lane.action);
        let room = if next.tasks == NextTasks::Alone { 1 } else { room };
        let want = u32::try_from(room).unwrap_or(u32::MAX);
        let want = self.groups.allows(next.lane.group, next.price, want).map_err(|_| NotNow::Budget)?;
        let want = self.outages.admit(key, want, self.now.tick).map_err(NotNow::Action)?;
        let want = match next.tasks {
            NextTasks::AskedLast => {
                self.refusals.most_asked_last(key, want, self.roster, self.outages, self.delayed, self.workers)
            }
            NextTasks::InLine | NextTasks::Alone => want,
        };
        // The answers that are out have it looked at again.
        if want == 0 { Err(NotNow::Action(None)) } else { Ok(want) }
    }

    /// Takes slots, and claims as many tasks.
    fn claim(
        &mut self,
        account: usize,
        next: &Next<'_>,
        out: &LeftOut,
        room: usize,
        draft: &mut TurnDraft,
    ) -> Result<Planned, NotNow> {
        let want = self.want(account, next, room)?;
        let (alone, action) = (next.tasks == NextTasks::Alone, next.lane.action);
        if alone && !(self.workers.claimed() == 0 && draft.claims_nothing()) {
            return Err(NotNow::AfterOthers);
        }
        let run = &mut self.roster.accounts[account];
        let Some(limiter) = run.limiter.as_mut() else { return Err(NotNow::Account(None)) };
        let count = match limiter.reserve(action, want, self.now.tick, self.limits.shared_with(next.access)) {
            Reservation::Granted(count) => count,
            Reservation::Wait { until, why: Wait::Hold(_) } => return Err(NotNow::Account(until)),
            Reservation::Wait { until: None, why: Wait::Window(spec) } if spec.scope != Scope::Account => {
                self.limits.wait_for_others(account);
                return Err(NotNow::Action(None));
            }
            Reservation::Wait { until, .. } => return Err(NotNow::Action(until)),
        };
        let counted_until = run.values.unknown_end(self.now.tick, self.now.tick);
        let (id, epoch) = (run.id, run.breaker.epoch());
        let only = if alone { claim_alone(next.id, self.roster, draft) } else { None };
        if next.tasks == NextTasks::AskedLast {
            let lanes = self.roster.lanes_where(account, |lane| out.allows(lane, self.groups));
            claim_asked_last((account, action), (next.id, &lanes), count, self.roster, draft);
        }
        let (lane, group, visible_to) = (next.id, next.lane.group, next.lane.visible_to);
        self.roster.accounts[account].last_group = group;
        draft.writes.claims.push(Claim {
            lane,
            account: id,
            action,
            count,
            visible_to,
            looked_to: None,
            only,
            counted_until,
        });
        self.groups.plan(group, next.price, count);
        self.probes.note_planned(next.access);
        // Look again in the next turn, when it is known how many tasks there were.
        self.roster.schedule(account, self.now.tick);
        let (price, endpoint) = (next.price, next.endpoint);
        let (looked, records) = (None, HashMap::new());
        Ok(Planned { account, lane, group, action, count, price, endpoint, epoch, looked, records })
    }
}
