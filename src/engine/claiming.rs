//! Due accounts become claims, and a committed turn's claims become requests.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::account::NextTasks;
use super::attempt::{Departure, carry};
use super::dispatcher::{Dispatcher, InFlight};
use super::settings::Access;
use super::wire::Pass;
use crate::domain::{Action, LaneId, MicroUsd, Moment, Reason, TaskId, Tick};
use crate::limits::{Reservation, Wait};
use crate::platform::{Endpoint, find};
use crate::store::{Claim, StoreError, Turn, TurnReceipt};

/// Accounts looked at in one turn; the next turn goes on with the rest.
const ACCOUNTS_PER_TURN: usize = 2_000;

/// Slots taken for a lane in this turn; what finds no task is given back.
#[derive(Debug)]
pub(super) struct Planned {
    account: usize,
    pub(super) lane: LaneId,
    action: Action,
    count: u32,
    price: MicroUsd,
    endpoint: &'static Endpoint,
    pass: Pass,
    /// The tasks that may be sent, where a guard has looked; none: any.
    pub(super) looked: Option<HashSet<TaskId>>,
}

impl Dispatcher {
    /// For every due account, as many tasks as its windows, its pace, the free workers (and some ahead of them) and the budget allow.
    pub(super) async fn plan_claims(&mut self, turn: &mut Turn, now: Moment) -> Result<Vec<Planned>, StoreError> {
        let busy = self.wire.busy();
        self.ahead.look(self.in_flight.len().saturating_sub(busy), self.settings.workers.saturating_sub(busy));
        let mut room = self.room();
        let mut plan = Vec::new();
        if room == 0 || self.settings.until.is_some_and(|until| now.tick >= until) {
            return Ok(plan);
        }
        let cleared_for = self.roster.crashed.cleared_for();
        let mut due = self.take_due(now.tick, room);
        self.order_by_company(&mut due, cleared_for);
        if due.is_empty() || !self.lists_are_read().await {
            return Ok(plan);
        }
        self.restore_limiters(&due, now).await?;
        // Slots left beside those taken; an account that finds no room has one at least.
        let mut free_slots = 0;
        for account in due {
            if room == 0 {
                self.schedule(account, now.tick);
                free_slots += 1;
                continue;
            }
            let taken = self.plan_account(account, room, now, turn, &mut plan);
            room = if self.roster.crashed.is_planned() { 0 } else { room.saturating_sub(taken as usize) };
            free_slots += self.free_slots(plan.last().filter(|_| taken > 0), now);
        }
        self.ahead.planned(room == 0, free_slots);
        self.guard_claims(turn, &mut plan).await?;
        Ok(plan)
    }

    /// How many slots are free beside those just planned.
    fn free_slots(&mut self, planned: Option<&Planned>, now: Moment) -> u64 {
        let Some(planned) = planned else { return 0 };
        let run = &mut self.roster.accounts[planned.account];
        let app = run.access.as_ref().and_then(|access| self.app_windows.get_mut(&access.platform));
        run.limiter.as_mut().map_or(0, |limiter| u64::from(limiter.free(planned.action, now.tick, app)))
    }

    /// Accounts whose time has come, in the order of their IDs: neighbours' tasks lie on neighbouring pages.
    fn take_due(&mut self, now: Tick, room: usize) -> Vec<usize> {
        let mut due = Vec::new();
        while due.len() < room.min(ACCOUNTS_PER_TURN) {
            let Some(Reverse((at, account))) = self.due.peek().copied() else { break };
            if at > now {
                break;
            }
            self.due.pop();
            let run = &mut self.roster.accounts[account];
            if run.due == Some(at) {
                run.due = None;
                if run.is_open() && (self.roster.has_pending(account) || self.has_tasks_aside(account)) {
                    due.push(account);
                }
            }
        }
        due.sort_unstable();
        due
    }

    /// Takes slots for one account; says how many, and when to look at it again.
    fn plan_account(
        &mut self,
        account: usize,
        room: usize,
        now: Moment,
        turn: &mut Turn,
        plan: &mut Vec<Planned>,
    ) -> u32 {
        let Some(access) = self.roster.accounts[account].access.clone() else {
            self.stop_account(account, Reason::Borrowed("no_credentials"), String::new(), turn);
            return 0;
        };
        if !self.roster.accounts[account].is_open() {
            return 0;
        }
        let Some(current) = self.token_at_hand(account) else { return 0 };
        let Some(room) = self.room_of_app(account, &access, room) else { return 0 };
        let mut again = self.wake_aside(account, now.tick, turn);
        let mut waits = self.roster.accounts[account].left_out();
        while let Some((id, lane, next)) = self.roster.next_claim(account, &waits) {
            let Some(endpoint) = find(access.platform, lane.action) else {
                waits.push(lane.action);
                self.refuse_action(account, lane.action, "action_not_offered".into(), lane.action.to_string());
                continue;
            };
            if !endpoint.auth.takes(&current.credentials) {
                waits.push(lane.action);
                let (reason, detail) = endpoint.auth.wrong_kind();
                let detail = format!("{}: {detail}; its other actions go on", lane.action);
                self.refuse_action(account, lane.action, reason.into(), detail);
                continue;
            }
            let price = self.price(access.platform, lane.action);
            let alone = next == NextTasks::Alone;
            let room = if alone { 1 } else { room };
            let want = match self.budget.allows(price, u32::try_from(room).unwrap_or(u32::MAX)) {
                Ok(want) => want,
                Err(_) => {
                    // Not affordable now; answers that are not billed may free the money.
                    waits.push(lane.action);
                    continue;
                }
            };
            let want = match self.admit((account, lane.action), want, now.tick) {
                Ok(want) => want,
                Err(until) => {
                    waits.push(lane.action);
                    again = [again, until].into_iter().flatten().min();
                    continue;
                }
            };
            let want = match next {
                NextTasks::AskedLast => self.most_asked_last((account, lane.action), want),
                NextTasks::InLine | NextTasks::Alone => want,
            };
            if want == 0 {
                // The answers that are out have it looked at again.
                waits.push(lane.action);
                continue;
            }
            if alone && !(self.in_flight.is_empty() && turn.claims.is_empty()) {
                self.roster.crashed.clear_for(account);
                self.schedule(account, now.tick);
                return 0;
            }
            let app = self.app_windows.get_mut(&access.platform);
            let run = &mut self.roster.accounts[account];
            let Some(limiter) = run.limiter.as_mut() else { return 0 };
            match limiter.reserve(lane.action, want, now.tick, app) {
                Reservation::Granted(count) => {
                    let upper = run.values.unknown_end(now.tick, now.tick);
                    let (visible_to, action) = (lane.visible_to, lane.action);
                    let account_id = run.id;
                    let only = if alone { self.claim_alone(id, turn) } else { None };
                    if next == NextTasks::AskedLast {
                        self.claim_asked_last((account, action), id, count, turn);
                    }
                    let run = &self.roster.accounts[account];
                    turn.claims.push(Claim {
                        lane: id,
                        account: account_id,
                        action,
                        count,
                        visible_to,
                        looked_to: None,
                        only,
                        upper,
                    });
                    let pass = run.gate.pass();
                    plan.push(Planned { account, lane: id, action, count, price, endpoint, pass, looked: None });
                    self.budget.plan(price, count);
                    self.note_probe(&access, true);
                    // Look again in the next turn, when it is known how many tasks there were.
                    self.schedule(account, now.tick);
                    self.show(account);
                    return count;
                }
                Reservation::Wait { until, why } => {
                    if let Wait::Hold(_) = why {
                        again = until;
                        break;
                    }
                    waits.push(lane.action);
                    again = [again, until].into_iter().flatten().min();
                }
            }
        }
        // No tick: all its slots are in flight, and their answers will have it looked at again.
        if let Some(at) = again {
            self.schedule(account, at.max(self.roster.accounts[account].rest_until));
        }
        0
    }

    /// How many requests of the account's app may leave: one until its first answer has come; none while that one is out.
    fn room_of_app(&mut self, account: usize, access: &Access, room: usize) -> Option<usize> {
        let probe = self.probes.entry((access.platform, Arc::clone(&access.app))).or_default();
        match (probe.answered, probe.in_flight) {
            (true, _) => Some(room),
            (false, false) => Some(1),
            (false, true) => {
                probe.waiting.push(account);
                None
            }
        }
    }

    fn note_probe(&mut self, access: &Access, in_flight: bool) {
        if let Some(probe) = self.probes.get_mut(&(access.platform, Arc::clone(&access.app))) {
            probe.in_flight = in_flight;
        }
    }

    /// The turn is on disk: its claims leave, and what found no task is given back.
    pub(super) fn send_out(&mut self, receipt: TurnReceipt, plan: Vec<Planned>, now: Moment) {
        for lane in receipt.drained {
            if let Some(lane) = self.roster.lanes.get_mut(&lane) {
                lane.pending = false;
            }
        }
        let last_departure = self.settings.until.unwrap_or(Tick(i64::MAX));
        let mut found: HashMap<LaneId, u32> = HashMap::with_capacity(plan.len());
        let plans: HashMap<LaneId, &Planned> = plan.iter().map(|planned| (planned.lane, planned)).collect();
        self.roster.crashed.left(receipt.claimed.first().map(|claimed| claimed.attempt));
        for claimed in receipt.claimed {
            let Some(planned) = plans.get(&claimed.lane) else { continue };
            let Some(lane) = self.roster.lanes.get(&claimed.lane).copied() else { continue };
            *found.entry(claimed.lane).or_default() += 1;
            let run = &self.roster.accounts[planned.account];
            let Some(access) = run.access.clone() else { continue };
            // Put in line by somebody since the guard looked: its slot is spent, but nothing leaves before it is looked at.
            let unseen = planned.looked.as_ref().is_some_and(|looked| !looked.contains(&claimed.task));
            let departure = Departure {
                account: run.id,
                attempt: claimed.attempt,
                endpoint: planned.endpoint,
                access,
                target: claimed.target.clone(),
                gate: Arc::clone(&run.gate),
                pass: planned.pass,
                send_by: if unseen { Tick(i64::MIN) } else { now.tick.after(run.values.send_by).min(last_departure) },
                deadline: now.tick.after(run.values.deadline),
            };
            let (account, endpoint, price) = (planned.account, planned.endpoint, planned.price);
            let flight = InFlight { account, lane, endpoint, reserved: now, price, claimed };
            self.note_sent((account, lane.action));
            self.in_flight.insert(flight.claimed.attempt, flight);
            self.carriers.spawn(carry(departure, Arc::clone(&self.road)));
        }
        for planned in plan {
            let unused = planned.count - found.get(&planned.lane).copied().unwrap_or(0).min(planned.count);
            if unused > 0 {
                self.give_back(&planned, unused);
            }
        }
    }

    fn give_back(&mut self, planned: &Planned, unused: u32) {
        let run = &mut self.roster.accounts[planned.account];
        if let Some(limiter) = &mut run.limiter {
            limiter.give_back(planned.action, unused);
        }
        let access = run.access.clone();
        if let Some(access) = &access
            && let Some(windows) = self.app_windows.get_mut(&access.platform)
        {
            windows.give_back(planned.action, unused);
        }
        self.budget.unplan(planned.price, unused);
        if let Some(access) = access.filter(|_| unused == planned.count) {
            self.hear_probe(&access, false);
        }
    }
}
