//! What other processes have changed: a 1 Hz look at SQLite's own counter, and which lanes and accounts there are now.
//!
//! In: the queue. Out: the roster, and accounts to look at. What does not belong here: claiming from lanes (`claiming`).

use std::time::Duration;

use super::account::{AccountRun, Lane};
use super::dispatcher::Dispatcher;
use crate::domain::{AccountId, Tick};
use crate::limits::Values;
use crate::store::{LaneView, StoreError};

/// How often another process's changes are looked for.
const NEWS_EVERY: Duration = Duration::from_secs(1);

/// What was last seen of other processes' writes.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) next_look: Tick,
    data_version: i64,
    generation: i64,
}

impl Dispatcher {
    /// Another process may have loaded, paused, cancelled or retried something.
    pub(super) async fn look_for_news(&mut self, now: Tick) -> Result<(), StoreError> {
        self.news.next_look = now.after(NEWS_EVERY);
        let data_version = self.means.drain.data_version().await?;
        if data_version == self.news.data_version {
            return Ok(());
        }
        self.news.data_version = data_version;
        let generation = self.means.drain.generation().await?;
        if generation != self.news.generation {
            self.news.generation = generation;
            self.look_at_lanes().await?;
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
        self.roster.lanes.insert(view.lane, Lane { round, action, account, visible_to, pending });
        self.roster.accounts[account].lanes.push(view.lane);
        if pending && self.roster.accounts[account].due.is_none() {
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
