//! A committed turn's claims become requests, and slots that found no task are given back.

use std::collections::HashMap;
use std::sync::Arc;

use super::app_probes::AppProbes;
use super::job_groups::JobGroups;
use super::limit_records::LimitRecords;
use super::outages::Outages;
use super::request_worker::OutgoingRequest;
use super::roster::Roster;
use super::workers::{InFlight, Planned, Workers};
use crate::domain::{LaneId, Moment, Tick};
use crate::store::{Claimed, TurnReceipt};

/// What sending may touch.
pub(super) struct Sending<'a> {
    pub(super) roster: &'a mut Roster,
    pub(super) workers: &'a mut Workers,
    pub(super) outages: &'a mut Outages,
    pub(super) limits: &'a mut LimitRecords,
    pub(super) groups: &'a mut JobGroups,
    pub(super) probes: &'a mut AppProbes,
    /// When the turn's slots were reserved.
    pub(super) reserved: Moment,
    /// From then on another drain may work on the accounts.
    pub(super) ours_until: Option<Tick>,
}

impl Sending<'_> {
    /// The turn is on disk: its claims leave, and what found no task is given back. `now`: for accounts that may be looked at again.
    pub(super) fn send(&mut self, receipt: TurnReceipt, plan: &[Planned], now: Tick) {
        for lane in &receipt.drained {
            if let Some(lane) = self.roster.lanes.get_mut(lane) {
                lane.pending = false;
            }
        }
        let mut found: HashMap<LaneId, u32> = HashMap::with_capacity(plan.len());
        let plans: HashMap<LaneId, &Planned> = plan.iter().map(|planned| (planned.lane, planned)).collect();
        self.roster.crashed.left(receipt.claimed.first().map(|claimed| claimed.attempt));
        for claimed in receipt.claimed {
            let Some(planned) = plans.get(&claimed.lane) else { continue };
            let lane = claimed.lane;
            *found.entry(lane).or_default() += u32::from(self.start(claimed, planned));
        }
        for planned in plan {
            let unused = planned.count - found.get(&planned.lane).copied().unwrap_or(0).min(planned.count);
            if unused > 0 {
                self.give_back(planned, unused, now);
            }
        }
    }

    /// False: its lane is not known any more.
    fn start(&mut self, claimed: Claimed, planned: &Planned) -> bool {
        let Some(lane) = self.roster.lanes.get(&claimed.lane).copied() else { return false };
        let run = &self.roster.accounts[planned.account];
        let Some(access) = run.access.clone() else { return true };
        let (account, endpoint, reserved) = (planned.account, planned.endpoint, self.reserved);
        // Put in line by somebody since tasks were looked at: its slot is spent, but nothing leaves before it is looked at.
        let record = planned.records.get(&claimed.task).map(Arc::clone);
        let is_lacking = endpoint.needs_record() && record.is_none();
        let unseen = is_lacking || planned.looked.as_ref().is_some_and(|looked| !looked.contains(&claimed.task));
        let bounds = [self.groups.until(lane.group), self.ours_until];
        let latest = bounds.into_iter().flatten().fold(reserved.tick.after(run.values.send_by), Tick::min);
        let request = OutgoingRequest {
            account: run.id,
            attempt: claimed.attempt,
            endpoint,
            access,
            target: claimed.target.clone(),
            record: record.clone(),
            breaker: Arc::clone(&run.breaker),
            epoch: planned.epoch,
            send_by: if unseen { Tick(i64::MIN) } else { latest },
            deadline: reserved.tick.after(run.values.deadline),
        };
        let flight = InFlight { account, lane, endpoint, reserved, price: planned.price, claimed, record };
        self.outages.note_sent(flight.key());
        self.workers.start(request, flight);
        true
    }

    fn give_back(&mut self, planned: &Planned, unused: u32, now: Tick) {
        let run = &mut self.roster.accounts[planned.account];
        self.limits.give_back(run, planned.action, unused);
        self.groups.unplan(planned.group, planned.price, unused);
        if let Some(access) = run.access.clone().filter(|_| unused == planned.count) {
            self.probes.hear(&access, false, self.roster, now);
        }
    }
}
