//! The end of a drain: whether it is over and why, group by group; then the writing down of how it ended.
//!
//! In: what a pass has left. Out: why it stops, and what is told of it. What does not belong here: the rules of one drain's end (`ending`), the pass.

use std::time::Duration;

use super::Dispatcher;
use crate::domain::{MicroUsd, Moment, Tick};
use crate::engine::budget::UsedUp;
use crate::engine::ending::{RunDry, record_damage, what_is_left, worst_of};
use crate::engine::event::Event;
use crate::engine::finish::{Finish, Stopped};
use crate::engine::job_groups::GroupIndex;
use crate::engine::shutdown::Urgency;
use crate::engine::state::State;
use crate::store::{Store, StoreError};

/// How long a drain that was cut off tries to say so in the queue.
const MOST_TO_ABANDON: Duration = Duration::from_secs(3);

impl Dispatcher {
    /// Whether the drain is over. `is_idle`: the last pass found nothing to write.
    pub(super) async fn is_over(&mut self, is_idle: bool) -> Result<Option<Stopped>, StoreError> {
        let now = self.clock.now();
        // A refresh in flight is worth waiting for as well: its new token must be saved.
        // ... but not for somebody who has asked twice: the mark on disk says that it may have been sent.
        let is_patient = self.state.end.is_in_time(now.tick) && self.shutdown.now().0 < Urgency::Cancel;
        // A reading ends by itself at a signal and at the deadline; where the run is to end for another reason, nobody waits for it.
        if !matches!(self.state.end.stopping(), None | Some(Stopped::Interrupted(_) | Stopped::Deadline)) || !is_patient
        {
            self.state.readings.leave();
        }
        let is_asking = self.state.tokens.are_asked_for() && is_patient || self.state.readings.are_under_way();
        let is_busy = !self.state.workers.are_idle() || is_asking;
        if let Some(stopped) = self.state.end.stopping() {
            return Ok((!is_busy).then(|| self.over(stopped)));
        }
        if self.state.groups.look_is_due(is_idle, now.tick) {
            self.end_groups(now).await?;
        }
        if is_busy || !is_idle || !self.state.groups.going_on().is_empty() {
            return Ok(None);
        }
        let over = self.why_over(GroupIndex::OTHERS, now).await?;
        Ok(over.map(|(stopped, next_slot)| {
            self.state.end.next_slot = self.state.end.next_slot.or(next_slot);
            self.over(stopped)
        }))
    }

    /// Groups of which nothing more can be sent have ended, whatever the others do.
    async fn end_groups(&mut self, now: Moment) -> Result<(), StoreError> {
        for group in self.state.groups.going_on() {
            if self.state.groups.in_flight(group) > 0 || self.state.names.are_looked_up_for(group) {
                continue;
            }
            let Some((stopped, next_slot)) = self.why_over(group, now).await? else { continue };
            let withheld = self.state.guard.withheld_of(group, &self.state.roster);
            let stopped = worst_of(stopped, !withheld.is_empty());
            let is_left = next_slot.is_none() && stopped != Stopped::Finished;
            let soonest = if is_left { self.state.ending(&self.settings).next_departure(group) } else { None };
            self.state.groups.end(group, stopped, next_slot.or(soonest), withheld);
            self.state.roster.leave_group(group);
        }
        for ended in self.state.groups.take_ended(now) {
            self.reporter.tell(&Event::GroupEnded(ended));
        }
        Ok(())
    }

    /// Why nothing more is sent of a group of which nothing is out, and when something could be; none: it goes on.
    async fn why_over(
        &mut self,
        group: GroupIndex,
        now: Moment,
    ) -> Result<Option<(Stopped, Option<Tick>)>, StoreError> {
        let mut ending = self.state.ending(&self.settings);
        if ending.is_anybody_left(group) {
            return Ok(ending.used_up(group, now.tick).map(|stopped| (stopped, None)));
        }
        if self.drain.is_shared()
            && let Some(why) = self.why_over_beside_others(group, now).await?
        {
            return Ok(why);
        }
        let ending = self.state.ending(&self.settings);
        if let RunDry::Stopped(stopped, until) = ending.run_dry(group) {
            return Ok(Some((stopped, until)));
        }
        // A job loaded or retried a moment ago is work as well.
        self.look_for_changes(now.tick).await?;
        if self.state.ending(&self.settings).is_anybody_at_work(group) {
            return Ok(None);
        }
        let groups = &self.state.groups;
        let left = what_is_left(&mut self.drain, |job| groups.has(group, job), self.clock.now().wall).await?;
        Ok(Some((left, None)))
    }

    /// The same where other drains work on the queue, of a group of which this one has nothing left to send: it waits until the others have
    /// nothing either, for what they give back is its own. None: nobody has anything, and nothing is left that this drain shuns.
    async fn why_over_beside_others(
        &mut self,
        group: GroupIndex,
        now: Moment,
    ) -> Result<Option<Option<(Stopped, Option<Tick>)>>, StoreError> {
        self.state.sharing.look_now();
        self.share().await?;
        if self.state.ending(&self.settings).is_anybody_left(group) {
            return Ok(Some(None));
        }
        let State { sharing, groups, .. } = &self.state;
        if sharing.is_elsewhere(|job| groups.has(group, job)) {
            let used_up = match groups.allows(group, MicroUsd(0), 1) {
                Err(UsedUp::Requests) => Some(Stopped::Requests),
                Err(UsedUp::Spend) => Some(Stopped::Spend),
                Ok(_) => (!groups.is_open(group, now.tick)).then_some(Stopped::Deadline),
            };
            return Ok(Some(used_up.map(|stopped| (stopped, None))));
        }
        Ok(sharing.why_left(|job| groups.has(group, job)).map(Some))
    }

    fn over(&mut self, stopped: Stopped) -> Stopped {
        let withheld = self.state.guard.withheld_of(GroupIndex::OTHERS, &self.state.roster);
        let stopped = worst_of(stopped, !withheld.is_empty());
        if self.state.end.next_slot.is_none() && stopped != Stopped::Finished {
            let mut ending = self.state.ending(&self.settings);
            self.state.end.next_slot = ending.next_departure(GroupIndex::OTHERS);
        }
        stopped
    }

    /// The queue could not be read or written, and what is in flight is left to the next drain. This process did not die of it: that is
    /// put on record, as far as the queue can be written after all.
    pub(super) async fn abandon(mut self) {
        self.state.workers.shutdown().await;
        let (now, clock) = (self.clock.now(), self.clock);
        tokio::select! {
            ended = self.drain.end(now, "error") => if let Err(error) = ended {
                tracing::debug!(%error, "the end of the run could not be recorded");
            },
            // A server that says nothing is told by whoever waits for it.
            () = clock.sleep_until(now.tick.after(MOST_TO_ABANDON)) => {}
        }
    }

    pub(super) async fn finish(mut self, stopped: Stopped) -> Result<(Finish, Store), StoreError> {
        let now = self.clock.now();
        let finish = Finish {
            stopped,
            groups: self.state.groups.ends(stopped, self.state.end.next_slot, now),
            requests: self.state.groups.requests(),
            spent: self.state.groups.spent(),
            looked_up: self.state.groups.looked_up(),
            next_slot_at: self.state.end.next_slot.map(|tick| now.wall_at(tick)),
            troubles: self.state.troubles.take(),
            given_up: self.state.end.given_up,
            bad_certificate: self.state.reachability.bad_certificate(),
            withheld: self.state.guard.take_lost_lists(),
            damaged: record_damage(std::mem::take(&mut self.state.end.damaged), &mut self.drain, now).await?,
        };
        self.state.workers.shutdown().await;
        let store = self.drain.end(now, stopped.name()).await?;
        Ok((finish, store))
    }
}
