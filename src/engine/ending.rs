//! When a drain is over, and why.

use super::account::Lane;
use super::budget::UsedUp;
use super::finish::Stopped;
use super::job_groups::{GroupIndex, JobGroups};
use super::names::lookup_price;
use super::outages::Outages;
use super::refusals::Refusals;
use super::requeue::Delayed;
use super::roster::Roster;
use super::settings::EngineSettings;
use crate::domain::{JobId, LaneId, MicroUsd, Moment, TaskId, Tick, Wall};
use crate::platforms::find_name_resolver;
use crate::store::{DamagedTask, Drain, JobState, StoreError};

/// What tells whether a drain is over. It changes nothing but the agenda, where entries that are out of date are dropped.
pub(super) struct Ending<'a> {
    pub(super) settings: &'a EngineSettings,
    pub(super) roster: &'a mut Roster,
    pub(super) outages: &'a Outages,
    pub(super) refusals: &'a Refusals,
    pub(super) delayed: &'a Delayed,
    pub(super) groups: &'a JobGroups,
}

/// Why nothing is left to send.
pub(super) enum RunDry {
    /// An account needs a person, an endpoint was given up, or what is left is held for longer than this run; with the end of the hold.
    Stopped(Stopped, Option<Tick>),
    /// As far as this drain knows there is nothing; the queue may know better.
    Nothing,
}

impl Ending<'_> {
    /// Whether somebody of a group is left to send for, now or later in this run. The first account at work answers for all: with 100,000 of
    /// them, and often nothing in flight, nobody is listed.
    pub(super) fn is_anybody_left(&self, group: GroupIndex) -> bool {
        self.is_anybody_at_work(group) || self.is_anybody_aside(group)
    }

    /// Whether any account may send for somebody in line.
    pub(super) fn is_anybody_at_work(&self, group: GroupIndex) -> bool {
        (0..self.roster.accounts.len()).any(|index| self.is_at_work(index, group))
    }

    /// Whether a task stands aside that can still be sent in this run.
    fn is_anybody_aside(&self, group: GroupIndex) -> bool {
        let mut accounts = self.outages.accounts();
        accounts.any(|index| self.is_open(index, group) && self.outages.has_aside_of(index, group, self.roster))
            || self.delayed_accounts(group).any(|index| self.is_open(index, group))
    }

    fn is_open(&self, index: usize, group: GroupIndex) -> bool {
        self.roster.accounts[index].is_open_until(self.groups.until(group))
    }

    fn is_at_work(&self, index: usize, group: GroupIndex) -> bool {
        self.is_open(index, group) && self.roster.has_pending_where(index, |lane| lane.group == group)
    }

    fn is_of(&self, lane: LaneId, group: GroupIndex) -> bool {
        self.roster.lanes.get(&lane).is_some_and(|lane| lane.group == group)
    }

    /// The accounts of a group's tasks that wait for the end of their backoff.
    fn delayed_accounts(&self, group: GroupIndex) -> impl Iterator<Item = usize> {
        let lanes = self.delayed.lanes().filter_map(|lane| self.roster.lanes.get(&lane));
        lanes.filter(move |lane| lane.group == group).map(|lane| lane.account)
    }

    /// Whether a group's task of an account's stands aside.
    fn has_aside(&self, index: usize, group: GroupIndex) -> bool {
        self.delayed_accounts(group).any(|account| account == index)
            || self.outages.has_aside_of(index, group, self.roster)
    }

    /// Why a group ends of which somebody is left; none: it goes on.
    pub(super) fn used_up(&mut self, group: GroupIndex, now: Tick) -> Option<Stopped> {
        match self.nothing_affordable(group) {
            Some(UsedUp::Requests) => return Some(Stopped::Requests),
            Some(UsedUp::Spend) => return Some(Stopped::Spend),
            None => {}
        }
        let until = self.groups.until(group)?;
        let next = self.next_departure(group);
        (now >= until || next.is_some_and(|next| next >= until)).then_some(Stopped::Deadline)
    }

    /// The soonest tick at which anything of a group can leave, as far as that is known.
    pub(super) fn next_departure(&mut self, group: GroupIndex) -> Option<Tick> {
        if self.groups.count() == 1 {
            return [self.roster.next_true_due(), self.delayed.next()].into_iter().flatten().min();
        }
        let mut next = self.delayed.next_where(|lane| self.is_of(lane, group));
        for index in 0..self.roster.accounts.len() {
            let waits = self.is_at_work(index, group)
                || (self.is_open(index, group) && self.outages.has_aside_of(index, group, self.roster));
            if waits {
                // One that is not due waits for an answer to somebody else's request, or for its token.
                let due = self.roster.accounts[index].due?;
                next = Some(next.map_or(due, |next: Tick| next.min(due)));
            }
        }
        next
    }

    fn nothing_affordable(&self, group: GroupIndex) -> Option<UsedUp> {
        let mut why = self.groups.allows(group, MicroUsd(0), 1).err();
        if why.is_some() {
            return why;
        }
        for index in (0..self.roster.accounts.len()).filter(|index| self.is_at_work(*index, group)) {
            let account = &self.roster.accounts[index];
            let access = account.access.as_ref()?;
            let lanes = account.lanes.iter().filter_map(|id| Some((*id, self.roster.lanes.get(id)?)));
            for (id, lane) in lanes.filter(|(_, lane)| lane.group == group) {
                let is_alike = |other: &Lane| other.group == group && other.action == lane.action;
                let is_left = self.roster.has_work(id, lane) || self.roster.has_asked_last(index, is_alike);
                if is_left && !account.left_out().contains(&lane.action) {
                    let sent = self.settings.price(access.platform, lane.action);
                    // What the next task's name means has to be paid for first.
                    let looked_up = find_name_resolver(access.platform).filter(|_| lane.awaits_names).map(lookup_price);
                    let price = looked_up.unwrap_or(sent);
                    why = Some(self.groups.allows(group, price, 1).err()?);
                }
            }
        }
        why
    }

    /// Nobody of a group is left to send for: the reason is found.
    pub(super) fn run_dry(&self, group: GroupIndex) -> RunDry {
        let (roster, accounts) = (&*self.roster, &self.roster.accounts);
        let is_own = |lane: &Lane| lane.group == group;
        // A row that stands aside for its backoff waits for its account as well.
        let held_back = |index: &usize| {
            roster.has_pending_where(*index, is_own)
                || self.has_aside(*index, group)
                || self.refusals.has_undecided(*index, group, roster)
        };
        let is_refused = |index: usize| {
            let mut refused = accounts[index].refused.iter();
            roster.has_refused(index, group)
                || refused.any(|action| self.outages.is_aside_of((index, *action), group, roster))
        };
        let needs_a_person = |index: usize| is_refused(index) || (accounts[index].stopped && held_back(&index));
        if (0..accounts.len()).any(needs_a_person) {
            return RunDry::Stopped(Stopped::Account, None);
        }
        if (0..accounts.len()).any(|index| roster.has_given_up(index, group)) {
            return RunDry::Stopped(Stopped::Unreachable, None);
        }
        let until = self.groups.until(group);
        let held = (0..accounts.len()).filter(held_back);
        let capped = held.filter_map(|index| accounts[index].capped_beyond(until)).min();
        capped.map_or(RunDry::Nothing, |until| RunDry::Stopped(Stopped::Cap, Some(until)))
    }
}

/// Whether what is left in the queue belongs to jobs that somebody paused or cancelled. What was in flight when its job was cancelled and
/// came back unsettled is cancelled.
pub(super) async fn what_is_left(
    drain: &mut Drain,
    is_ours: impl Fn(JobId) -> bool,
    now: Wall,
) -> Result<Stopped, StoreError> {
    let mut left = Stopped::Finished;
    for status in drain.store().read().status(None).await? {
        match (is_ours(status.job.id), status.job.state, status.counts.pending) {
            (false, ..) | (_, _, 0) | (_, JobState::Active, _) => {}
            (_, JobState::Cancelled, _) => {
                drain.store().queue().cancel_job(&status.job, now).await?;
                if left == Stopped::Finished {
                    left = Stopped::Cancelled;
                }
            }
            (_, JobState::Paused | JobState::Unverified, _) => left = Stopped::Paused,
        }
    }
    Ok(left)
}

/// Of what several jobs come to a lost keep list has to be mended first; a signal is an order, damage is worse, and who waits for a person
/// or for the platform is not asked again sooner because of it.
pub(super) fn worst_of(stopped: Stopped, list_is_lost: bool) -> Stopped {
    let is_worse =
        matches!(stopped, Stopped::Interrupted(_) | Stopped::Damaged | Stopped::Account | Stopped::Unreachable);
    if list_is_lost && !is_worse { Stopped::KeepList } else { stopped }
}

/// What is damaged, and a note of it for the next load of its file.
pub(super) async fn record_damage(
    tasks: Vec<TaskId>,
    drain: &mut Drain,
    now: Moment,
) -> Result<Vec<DamagedTask>, StoreError> {
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let store = drain.store();
    store.admin().note_damage(&tasks, now.wall).await?;
    let noted = store.admin().damaged_tasks(None).await?;
    Ok(noted.into_iter().filter(|damaged| tasks.contains(&damaged.task)).collect())
}
