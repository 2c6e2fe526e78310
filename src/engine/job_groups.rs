//! Jobs that share terms: until when something is sent of them, how much they may send and spend together, and why they ended while others
//! go on.
//!
//! In: requests as they are planned and end. Out: what is left of the terms. What does not belong here: whether anything is left to send
//! (`ending`), which lane is next (`roster`).

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::budget::{Budget, LookupBounds, UsedUp};
use super::finish::{GroupEnd, Stopped};
use super::settings::{EngineSettings, JobTerms};
use crate::domain::{JobId, MicroUsd, Moment, Tick};

/// How often groups are looked at while there is always something else to write.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The place of a group: the first is that of all jobs that are in no other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct GroupIndex(usize);

/// The jobs of a drain by the terms that they share.
#[derive(Debug)]
pub(super) struct JobGroups {
    groups: Vec<Group>,
    of_job: HashMap<JobId, GroupIndex>,
    /// The jobs that are worked on; none: all.
    scope: Option<Vec<JobId>>,
    /// When it is next looked whether a group has ended, at the latest.
    next_look: Tick,
}

#[derive(Debug)]
struct Group {
    until: Option<Tick>,
    budget: Budget,
    /// Accounts that found nothing left in the budget. What is in flight may leave something.
    turned_away: BTreeSet<usize>,
    /// Something has been given back to the budget since they were.
    has_more: bool,
    end: Option<End>,
}

/// How a group ended while others go on.
#[derive(Clone, Debug)]
struct End {
    stopped: Stopped,
    next_slot: Option<Tick>,
    withheld: Vec<String>,
    told: bool,
}

impl Group {
    fn new(terms: JobTerms) -> Group {
        Group {
            until: terms.until,
            budget: Budget::new(terms.max_requests, terms.max_spend),
            turned_away: BTreeSet::new(),
            has_more: false,
            end: None,
        }
    }
}

impl GroupIndex {
    /// The group of all jobs that are in no other.
    pub(super) const OTHERS: GroupIndex = GroupIndex(0);

    /// How long its turn is away, where this group had the last of so many.
    pub(super) fn turns_after(self, last: GroupIndex, groups: usize) -> usize {
        (self.0 + groups - last.0 - 1) % groups
    }
}

impl JobGroups {
    pub(super) fn new(settings: &EngineSettings) -> JobGroups {
        let own = settings.groups.iter().enumerate();
        let of_job = own.flat_map(|(place, group)| group.jobs.iter().map(move |job| (*job, GroupIndex(place + 1))));
        let terms = std::iter::once(settings.terms).chain(settings.groups.iter().map(|group| group.terms));
        JobGroups {
            of_job: of_job.collect(),
            groups: terms.map(Group::new).collect(),
            scope: settings.jobs.clone(),
            next_look: Tick(i64::MIN),
        }
    }

    fn group(&self, group: GroupIndex) -> &Group {
        &self.groups[group.0]
    }

    fn group_mut(&mut self, group: GroupIndex) -> &mut Group {
        &mut self.groups[group.0]
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.groups.len()
    }

    /// The group of a job.
    pub(super) fn of(&self, job: JobId) -> GroupIndex {
        self.of_job.get(&job).copied().unwrap_or_default()
    }

    /// Whether a job is worked on, and in this group.
    pub(super) fn has(&self, group: GroupIndex, job: JobId) -> bool {
        self.of(job) == group && self.scope.as_ref().is_none_or(|jobs| jobs.contains(&job))
    }

    /// The groups with terms of their own that have not ended.
    pub(super) fn going_on(&self) -> Vec<GroupIndex> {
        (1..self.groups.len()).filter(|place| self.groups[*place].end.is_none()).map(GroupIndex).collect()
    }

    /// Whether nothing more is sent of a group, whatever comes.
    pub(super) fn has_ended(&self, group: GroupIndex) -> bool {
        self.group(group).end.is_some()
    }

    /// Whether something may be sent of a group at that time, as far as its deadline goes.
    pub(super) fn is_open(&self, group: GroupIndex, now: Tick) -> bool {
        let group = self.group(group);
        group.end.is_none() && group.until.is_none_or(|until| now < until)
    }

    /// The same of any.
    pub(super) fn is_any_open(&self, now: Tick) -> bool {
        (0..self.groups.len()).any(|place| self.is_open(GroupIndex(place), now))
    }

    /// Nothing of a group is sent after this.
    pub(super) fn until(&self, group: GroupIndex) -> Option<Tick> {
        self.group(group).until
    }

    /// The next deadline to come.
    pub(super) fn next_deadline(&self, now: Tick) -> Option<Tick> {
        let open = self.groups.iter().filter(|group| group.end.is_none());
        open.filter_map(|group| group.until).filter(|until| *until > now).min()
    }

    /// When nothing at all is sent any more; none: there is no such time.
    pub(super) fn last_deadline(&self) -> Option<Tick> {
        let open = self.groups.iter().filter(|group| group.end.is_none());
        open.map(|group| group.until).try_fold(Tick(i64::MIN), |last, until| Some(last.max(until?)))
    }

    /// How many requests of this price may leave for a group, `want` at most.
    pub(super) fn allows(&self, group: GroupIndex, price: MicroUsd, want: u32) -> Result<u32, UsedUp> {
        self.group(group).budget.allows(price, want)
    }

    /// Requests of a group that are planned or out.
    pub(super) fn in_flight(&self, group: GroupIndex) -> u64 {
        self.group(group).budget.in_flight()
    }

    /// Requests of all groups.
    pub(super) fn requests(&self) -> u64 {
        self.groups.iter().map(|group| group.budget.requests()).sum()
    }

    /// What they cost.
    pub(super) fn spent(&self) -> MicroUsd {
        self.groups.iter().fold(MicroUsd(0), |sum, group| sum.plus(group.budget.spent()))
    }

    /// Requests of all groups that have looked names up, and what they cost.
    pub(super) fn looked_up(&self) -> (u64, MicroUsd) {
        let each = self.groups.iter().map(|group| group.budget.looked_up());
        each.fold((0, MicroUsd(0)), |(requests, spent), (more, cost)| (requests + more, spent.plus(cost)))
    }

    /// Requests of each group with terms of its own, and what they cost.
    pub(super) fn used(&self) -> Vec<(u64, MicroUsd)> {
        self.groups.iter().skip(1).map(|group| (group.budget.requests(), group.budget.spent())).collect()
    }

    pub(super) fn plan(&mut self, group: GroupIndex, price: MicroUsd, count: u32) {
        self.group_mut(group).budget.plan(price, count);
    }

    /// So many of what was planned found no task, or were not sent.
    pub(super) fn unplan(&mut self, group: GroupIndex, price: MicroUsd, count: u32) {
        let group = self.group_mut(group);
        group.budget.unplan(price, count);
        group.has_more = true;
    }

    /// A request has ended, and was billed so much.
    pub(super) fn settle(&mut self, group: GroupIndex, staked: MicroUsd, billed: MicroUsd) {
        let group = self.group_mut(group);
        group.budget.settle(staked, billed);
        group.has_more |= billed < staked;
    }

    /// All that a group has left, for a lookup of names.
    pub(super) fn stake_rest(&mut self, group: GroupIndex) -> LookupBounds {
        self.group_mut(group).budget.stake_rest()
    }

    /// A lookup that might use so much has used that.
    pub(super) fn unstake(&mut self, group: GroupIndex, within: LookupBounds, requests: u64, spent: MicroUsd) {
        let group = self.group_mut(group);
        group.budget.unstake(within, requests, spent);
        group.has_more = true;
    }

    /// The account found nothing left in the group's budget.
    pub(super) fn turn_away(&mut self, group: GroupIndex, account: usize) {
        self.group_mut(group).turned_away.insert(account);
    }

    /// Those for which something may be left by now.
    pub(super) fn take_turned_away(&mut self) -> Vec<usize> {
        let mut back = Vec::new();
        for group in &mut self.groups {
            if std::mem::take(&mut group.has_more) {
                back.extend(std::mem::take(&mut group.turned_away));
            }
        }
        back
    }

    /// Whether it is time to look which groups have ended.
    pub(super) fn look_is_due(&mut self, is_idle: bool, now: Tick) -> bool {
        let is_due = self.groups.len() > 1 && (is_idle || now >= self.next_look);
        if is_due {
            self.next_look = now.after(LOOK_EVERY);
        }
        is_due
    }

    /// Groups whose deadline has come while requests of theirs are out; for the others it is looked whether anything is left.
    pub(super) fn overdue(&self, now: Tick) -> Vec<GroupIndex> {
        let is_overdue = |group: &GroupIndex| !self.is_open(*group, now) && self.in_flight(*group) > 0;
        self.going_on().into_iter().filter(is_overdue).collect()
    }

    /// Nothing more is sent of a group.
    pub(super) fn end(&mut self, group: GroupIndex, stopped: Stopped, next_slot: Option<Tick>, withheld: Vec<String>) {
        self.group_mut(group).end.get_or_insert(End { stopped, next_slot, withheld, told: false });
    }

    /// The groups that have ended and of which nothing is out any more, each once.
    pub(super) fn take_ended(&mut self, now: Moment) -> Vec<GroupEnd> {
        let mut ended = Vec::new();
        for (place, group) in self.groups.iter_mut().enumerate().skip(1) {
            let is_over = group.budget.in_flight() == 0;
            if let Some(end) = group.end.as_mut().filter(|end| !end.told && is_over) {
                end.told = true;
                let end = end.clone();
                ended.push(group_end(place, group, end, now));
            }
        }
        ended
    }

    /// How the groups with terms of their own have ended; those that had not by then end with the drain.
    pub(super) fn ends(&self, stopped: Stopped, next_slot: Option<Tick>, now: Moment) -> Vec<GroupEnd> {
        let with_all = End { stopped, next_slot, withheld: Vec::new(), told: true };
        let own = self.groups.iter().enumerate().skip(1);
        own.map(|(place, group)| group_end(place, group, group.end.clone().unwrap_or_else(|| with_all.clone()), now))
            .collect()
    }
}

fn group_end(place: usize, group: &Group, end: End, now: Moment) -> GroupEnd {
    GroupEnd {
        group: place - 1,
        stopped: end.stopped,
        requests: group.budget.requests(),
        spent: group.budget.spent(),
        looked_up: group.budget.looked_up(),
        next_slot_at: end.next_slot.map(|tick| now.wall_at(tick)),
        withheld: end.withheld,
    }
}

#[cfg(test)]
#[path = "job_groups_tests.rs"]
mod tests;
