//! What other processes have changed: a look at SQLite's own counter, and which lanes and accounts there are now. Where the kernel
//! tells of writes to the queue ([`QueueWatch`](crate::store::QueueWatch)), whoever waits is left alone until then; otherwise it
//! looks each second.
//!
//! In: the queue. Out: the roster, and accounts to look at. What does not belong here: claiming from lanes (`claiming`).

use std::time::Duration;

use super::account::{AccountRun, Lane};
use super::dispatcher::Dispatcher;
use crate::domain::{AccountId, Tick};
use crate::limits::Values;
use crate::store::{LaneView, StoreError};

/// How often another process's changes are looked for, at most; and at least while there is work, or where nobody tells of them.
const NEWS_EVERY: Duration = Duration::from_secs(1);
/// A look all the same, where somebody does: the queue may lie where the kernel does not see another machine's writes, and what woke
/// from a suspend may be late by as much.
const NEWS_UNTOLD: Duration = Duration::from_secs(30);

/// What was last seen of other processes' writes.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) next_look: Tick,
    /// The earliest moment at which the next look may be.
    pub(super) soonest: Tick,
    /// Something was written since the last look.
    told: bool,
    data_version: i64,
    generation: i64,
}

impl News {
    /// Something was written, by us or by others.
    pub(super) fn look_soon(&mut self) {
        self.told = true;
        self.next_look = self.next_look.min(self.soonest);
    }

    /// The lanes are to be taken over anew before the next turn, whatever others have written.
    pub(super) fn look_anew(&mut self) {
        (self.data_version, self.generation) = (-1, -1);
        self.next_look = Tick(i64::MIN);
    }

    /// Somebody looks now. What woke it may have been written and not be committed yet, for SQLite waits for the disk in between and
    /// nothing is written after; so after a wake there is another look, whatever this one sees.
    fn looked(&mut self, now: Tick, is_told_of_writes: bool) {
        let wait = if is_told_of_writes && !std::mem::take(&mut self.told) { NEWS_UNTOLD } else { NEWS_EVERY };
        self.soonest = now.after(NEWS_EVERY);
        self.next_look = now.after(wait);
    }
}

impl Dispatcher {
    /// Another process may have loaded, paused, cancelled or retried something.
    pub(super) async fn look_for_news(&mut self, now: Tick) -> Result<(), StoreError> {
        self.news.looked(now, self.means.watch.is_some());
        let data_version = self.means.drain.data_version().await?;
        if data_version == self.news.data_version {
            return Ok(());
        }
        self.news.data_version = data_version;
        let generation = self.means.drain.generation().await?;
        if generation != self.news.generation {
            self.news.generation = generation;
            self.look_at_lanes().await?;
            self.look_at_logins().await?;
        }
        Ok(())
    }

    /// Somebody may have logged an account out: nothing more is sent for it.
    async fn look_at_logins(&mut self) -> Result<(), StoreError> {
        for (account, error) in self.means.tokens.forget_logged_out().await? {
            if let Some(index) = self.roster.index.get(&account) {
                self.no_tokens.push((*index, error));
            }
        }
        Ok(())
    }

    /// Takes over which lanes there are and in which somebody stands.
    pub(super) async fn look_at_lanes(&mut self) -> Result<(), StoreError> {
        let views = self.means.drain.lanes(self.settings.jobs.as_deref()).await?;
        for lane in self.roster.lanes.values_mut() {
            lane.pending = false;
        }
        for account in &mut self.roster.accounts {
            account.lanes.clear();
        }
        let now = self.means.clock.now().tick;
        for view in views {
            self.take_over_lane(view, now);
        }
        self.look_at_keeps().await
    }

    pub(super) fn take_over_lane(&mut self, view: LaneView, now: Tick) {
        let account = self.account_index(view.account);
        let LaneView { round, action, visible_to, has_pending: pending, .. } = view;
        let lane = Lane { round, action, account, visible_to, pending };
        self.roster.lanes.insert(view.lane, lane);
        if self.withheld.contains_key(&round) {
            return;
        }
        self.roster.accounts[account].lanes.push(view.lane);
        let is_left = self.roster.has_work(view.lane, &lane) || self.roster.has_asked_last(account, action);
        if is_left && self.roster.accounts[account].due.is_none() {
            self.schedule(account, now);
        }
    }

    pub(super) fn account_index(&mut self, id: AccountId) -> usize {
        if let Some(index) = self.roster.index.get(&id) {
            return *index;
        }
        let access = self.access.get(&id).cloned();
        let deadline = self.settings.request_deadline;
        let values = access
            .as_ref()
            .map_or_else(|| Values::new(Duration::from_secs(900), deadline), |access| access.values(deadline));
        let index = self.roster.accounts.len();
        self.roster.accounts.push(AccountRun::new(id, access, values));
        self.roster.index.insert(id, index);
        index
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_wake_there_is_another_look_and_then_silence() {
        let at = |seconds: u64| Tick(0).after(Duration::from_secs(seconds));
        let mut news = News::default();
        news.looked(at(0), true);
        assert_eq!(news.next_look, at(30));
        news.look_soon();
        assert_eq!(news.next_look, at(1), "not more often than once a second");
        news.looked(at(1), true);
        assert_eq!(news.next_look, at(2), "what was written may have been committed a moment later");
        news.looked(at(2), true);
        assert_eq!(news.next_look, at(32));
        news.looked(at(32), false);
        assert_eq!(news.next_look, at(33), "where nobody tells");
    }
}
