//! When a drain is over, and why.

use super::budget::{Budget, UsedUp};
use super::event::Stopped;
use super::outages::Outages;
use super::refusals::Refusals;
use super::requeue::Delayed;
use super::roster::Roster;
use super::settings::EngineSettings;
use crate::domain::{JobId, MicroUsd, Moment, TaskId, Tick, Wall};
use crate::store::{DamagedTask, Drain, JobState, StoreError};

/// What tells whether a drain is over. It changes nothing but the agenda, where entries that are out of date are dropped.
pub(super) struct Ending<'a> {
    pub(super) settings: &'a EngineSettings,
    pub(super) roster: &'a mut Roster,
    pub(super) outages: &'a Outages,
    pub(super) refusals: &'a Refusals,
    pub(super) delayed: &'a Delayed,
    pub(super) budget: &'a Budget,
}

/// Why nothing is left to send.
pub(super) enum RunDry {
    /// An account needs a person, an endpoint was given up, or what is left is held for longer than this run; with the end of the hold.
    Stopped(Stopped, Option<Tick>),
    /// As far as this drain knows there is nothing; the queue may know better.
    Nothing,
}

impl Ending<'_> {
    /// Whether somebody is left to send for, now or later in this run. The first account at work answers for all: with 100,000 of them,
    /// and often nothing in flight, nobody is listed.
    pub(super) fn is_anybody_left(&self) -> bool {
        self.is_anybody_at_work() || self.is_anybody_aside()
    }

    /// Whether any account may send for somebody in line.
    pub(super) fn is_anybody_at_work(&self) -> bool {
        (0..self.roster.accounts.len()).any(|index| self.is_at_work(index))
    }

    /// Whether a task stands aside that can still be sent in this run.
    fn is_anybody_aside(&self) -> bool {
        let is_open = |account: usize| self.roster.accounts[account].is_open();
        self.outages.has_anybody_aside(self.roster)
            || self.delayed.lanes().any(|lane| self.roster.lanes.get(&lane).is_some_and(|lane| is_open(lane.account)))
    }

    fn is_at_work(&self, index: usize) -> bool {
        self.roster.accounts[index].is_open() && self.roster.has_pending(index)
    }

    /// Why a run ends in which somebody is left; none: it goes on.
    pub(super) fn used_up(&mut self, now: Tick) -> Option<Stopped> {
        match self.nothing_affordable() {
            Some(UsedUp::Requests) => return Some(Stopped::Requests),
            Some(UsedUp::Spend) => return Some(Stopped::Spend),
            None => {}
        }
        let until = self.settings.until?;
        let next = self.next_departure();
        (now >= until || next.is_some_and(|next| next >= until)).then_some(Stopped::Deadline)
    }

    /// The soonest tick at which anything can leave.
    pub(super) fn next_departure(&mut self) -> Option<Tick> {
        [self.roster.next_true_due(), self.delayed.next()].into_iter().flatten().min()
    }

    fn nothing_affordable(&self) -> Option<UsedUp> {
        let mut why = self.budget.allows(MicroUsd(0), 1).err();
        if why.is_some() {
            return why;
        }
        for index in (0..self.roster.accounts.len()).filter(|index| self.is_at_work(*index)) {
            let account = &self.roster.accounts[index];
            let access = account.access.as_ref()?;
            for (id, lane) in account.lanes.iter().filter_map(|id| Some((*id, self.roster.lanes.get(id)?))) {
                let is_left = self.roster.has_work(id, lane) || self.roster.has_asked_last(index, lane.action);
                if is_left && !account.left_out().contains(&lane.action) {
                    let price = self.settings.price(access.platform, lane.action);
                    why = Some(self.budget.allows(price, 1).err()?);
                }
            }
        }
        why
    }

    /// Nobody is left to send for: the reason is found.
    pub(super) fn run_dry(&self) -> RunDry {
        let roster = &self.roster;
        // A row that stands aside for its backoff waits for its account as well.
        let aside = |index: usize| {
            let mut lanes = self.delayed.lanes().filter_map(|lane| roster.lanes.get(&lane));
            lanes.any(|lane| lane.account == index) || self.outages.has_tasks_aside(index, roster)
        };
        let held_back =
            |index: &usize| roster.has_pending(*index) || aside(*index) || self.refusals.has_undecided(*index, roster);
        let accounts = &roster.accounts;
        let is_refused = |index: usize| {
            let aside_too = accounts[index].refused.iter().any(|action| self.outages.is_aside((index, *action)));
            roster.has_refused(index) || aside_too
        };
        let needs_a_person = |index: usize| is_refused(index) || (accounts[index].stopped && held_back(&index));
        if (0..accounts.len()).any(needs_a_person) {
            return RunDry::Stopped(Stopped::Account, None);
        }
        if (0..accounts.len()).any(|index| roster.has_given_up(index)) {
            return RunDry::Stopped(Stopped::Unreachable, None);
        }
        let capped = (0..accounts.len()).filter(held_back).filter_map(|index| accounts[index].capped_until).min();
        capped.map_or(RunDry::Nothing, |until| RunDry::Stopped(Stopped::Cap, Some(until)))
    }
}

/// Whether what is left in the queue belongs to jobs that somebody paused or cancelled. What was in flight when its job was cancelled and
/// came back unsettled is cancelled.
pub(super) async fn what_is_left(drain: &mut Drain, jobs: Option<&[JobId]>, now: Wall) -> Result<Stopped, StoreError> {
    let mut left = Stopped::Finished;
    for status in drain.store().read().status(None).await? {
        let ours = jobs.is_none_or(|jobs| jobs.contains(&status.job.id));
        match (ours, status.job.state, status.counts.pending) {
            (false, ..) | (_, _, 0) | (_, JobState::Active, _) => {}
            (_, JobState::Cancelled, _) => {
                drain.store().queue().cancel_job(&status.job, now).await?;
                if left == Stopped::Finished {
                    left = Stopped::Cancelled;
                }
            }
            (_, JobState::Paused, _) => left = Stopped::Paused,
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
