//! When a drain is over, and why.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::budget::UsedUp;
use super::dispatcher::Dispatcher;
use super::event::Stopped;
use super::shutdown::Urgency;
use crate::domain::{MicroUsd, Moment, Tick};
use crate::store::{DamagedTask, JobState, StoreError, TurnReceipt};

impl Dispatcher {
    /// Whether the drain is over. `idle`: the last pass found nothing to write.
    pub(super) async fn is_over(&mut self, idle: bool) -> Result<Option<Stopped>, StoreError> {
        // A refresh in flight is worth waiting for as well: its new token must be saved.
        let in_time = self.drain_until.is_none_or(|until| self.means.clock.now().tick < until);
        // ... but not for somebody who has asked twice: the mark on disk says that it may have been sent.
        let patient = self.means.shutdown.now().0 < Urgency::Cancel;
        let asking = self.asking > 0 && in_time && patient;
        if !self.in_flight.is_empty() || !self.gathered.is_empty() || asking {
            return Ok(None);
        }
        if let Some(stopped) = self.stopping {
            return self.over(stopped).map(Some);
        }
        if !idle {
            return Ok(None);
        }
        let now = self.means.clock.now().tick;
        // The first account at work answers for all: with 100,000 of them, and often nothing in flight, nobody is listed.
        let somebody_works = (0..self.roster.accounts.len()).any(|index| self.is_at_work(index));
        if !somebody_works && !self.somebody_waits() {
            return self.run_dry(now).await;
        }
        if let Some(used_up) = self.nothing_affordable() {
            let stopped = match used_up {
                UsedUp::Requests => Stopped::Requests,
                UsedUp::Spend => Stopped::Spend,
            };
            return self.over(stopped).map(Some);
        }
        if let Some(until) = self.settings.until {
            let next = self.next_departure();
            if now >= until || next.is_some_and(|next| next >= until) {
                return self.over(Stopped::Deadline).map(Some);
            }
        }
        Ok(None)
    }

    /// Whether a task stands aside that can still be sent in this run.
    fn somebody_waits(&self) -> bool {
        let aside = |index: usize| self.roster.accounts[index].is_open() && self.has_tasks_aside(index);
        let mut endpoints = self.outages.keys();
        endpoints.any(|(index, _)| aside(*index))
            || self.waiting.iter().any(|Reverse((_, _, lane))| {
                self.roster.lanes.get(lane).is_some_and(|lane| self.roster.accounts[lane.account].is_open())
            })
    }

    fn is_at_work(&self, index: usize) -> bool {
        self.roster.accounts[index].is_open() && self.roster.has_pending(index)
    }

    /// The soonest tick at which anything can leave. Entries of the heap that are out of date are dropped on the way.
    fn next_departure(&mut self) -> Option<Tick> {
        while let Some(Reverse((at, index))) = self.due.peek() {
            if self.roster.accounts[*index].due == Some(*at) {
                break;
            }
            self.due.pop();
        }
        let account = self.due.peek().map(|Reverse((at, _))| *at);
        let waiting = self.waiting.peek().map(|Reverse((at, ..))| *at);
        [account, waiting].into_iter().flatten().min()
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
                    why = Some(self.budget.allows(self.price(access.platform, lane.action), 1).err()?);
                }
            }
        }
        why
    }

    /// Nobody is left to send for: the reason is found.
    async fn run_dry(&mut self, now: Tick) -> Result<Option<Stopped>, StoreError> {
        // A row that stands aside for its backoff waits for its account as well.
        let aside = |index: usize| {
            let mut lanes = self.waiting.iter().filter_map(|Reverse((_, _, lane))| self.roster.lanes.get(lane));
            lanes.any(|lane| lane.account == index) || self.has_tasks_aside(index)
        };
        let held_back = |index: &usize| self.roster.has_pending(*index) || aside(*index) || self.has_undecided(*index);
        let accounts = &self.roster.accounts;
        let is_refused = |index: usize| {
            let aside_too = accounts[index].refused.iter().any(|action| self.is_aside((index, *action)));
            self.roster.has_refused(index) || aside_too
        };
        let needs_a_person = |index: usize| is_refused(index) || (accounts[index].stopped && held_back(&index));
        if (0..accounts.len()).any(needs_a_person) {
            return self.over(Stopped::Account).map(Some);
        }
        if (0..accounts.len()).any(|index| self.roster.has_given_up(index)) {
            return self.over(Stopped::Unreachable).map(Some);
        }
        let capped = (0..accounts.len()).filter(held_back).filter_map(|index| accounts[index].capped_until).min();
        if let Some(until) = capped {
            self.next_slot = Some(until);
            return self.over(Stopped::Cap).map(Some);
        }
        if self.has_news(now).await? {
            return Ok(None);
        }
        let stopped = self.what_is_left().await?;
        self.over(stopped).map(Some)
    }

    /// A job loaded or retried a moment ago is work as well.
    async fn has_news(&mut self, now: Tick) -> Result<bool, StoreError> {
        self.look_for_news(now).await?;
        Ok((0..self.roster.accounts.len()).any(|index| self.is_at_work(index)))
    }

    /// Whether what is left belongs to jobs that somebody paused or cancelled.
    async fn what_is_left(&mut self) -> Result<Stopped, StoreError> {
        let mut left = Stopped::Finished;
        let only = self.settings.jobs.clone();
        for status in self.means.drain.store().status(None).await? {
            let ours = only.as_ref().is_none_or(|jobs| jobs.contains(&status.job.id));
            match (ours, status.job.state, status.counts.pending) {
                (false, ..) | (_, _, 0) | (_, JobState::Active, _) => {}
                (_, JobState::Cancelled, _) => {
                    // What was in flight when the job was cancelled and came back unsettled.
                    let now = self.means.clock.now().wall;
                    self.means.drain.store().cancel_job(&status.job, now).await?;
                    if left == Stopped::Finished {
                        left = Stopped::Cancelled;
                    }
                }
                (_, JobState::Paused, _) => left = Stopped::Paused,
            }
        }
        Ok(left)
    }

    /// Nothing more leaves where a task is not what the file said: whoever is damaged once may be so twice.
    pub(super) fn note_damage(&mut self, receipt: &TurnReceipt) {
        if !receipt.damaged.is_empty() {
            self.damaged.clone_from(&receipt.damaged);
            self.stopping = Some(Stopped::Damaged);
        }
    }

    /// What is damaged, and a note of it for the next load of its file.
    pub(super) async fn record_damage(&mut self, now: Moment) -> Result<Vec<DamagedTask>, StoreError> {
        if self.damaged.is_empty() {
            return Ok(Vec::new());
        }
        let tasks = std::mem::take(&mut self.damaged);
        let store = self.means.drain.store();
        store.note_damage(&tasks, now.wall).await?;
        let noted = store.damaged_tasks(None).await?;
        Ok(noted.into_iter().filter(|damaged| tasks.contains(&damaged.task)).collect())
    }

    /// What is wrong with keep lists, each said once.
    pub(super) fn lost_lists(&mut self) -> Vec<String> {
        let own: BTreeSet<String> = std::mem::take(&mut self.withheld).into_values().collect();
        self.lost_list.take().into_iter().chain(own).collect()
    }

    fn over(&mut self, stopped: Stopped) -> Result<Stopped, StoreError> {
        // Of what several jobs come to this has to be mended first; a signal is an order, damage is worse, and who waits for a person or for
        // the platform is not asked again sooner because of it.
        let is_worse =
            matches!(stopped, Stopped::Interrupted(_) | Stopped::Damaged | Stopped::Account | Stopped::Unreachable);
        let stopped = if self.withheld.is_empty() || is_worse { stopped } else { Stopped::KeepList };
        if self.next_slot.is_none() && stopped != Stopped::Finished {
            self.next_slot = self.next_departure();
        }
        Ok(stopped)
    }
}
