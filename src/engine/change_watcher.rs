//! What other processes have changed: a look at SQLite's own counter, and which lanes and accounts there are now. Where the kernel
//! tells of writes to the queue ([`QueueWatch`](crate::store::QueueWatch)), whoever waits is left alone until then; otherwise it
//! looks each second.
//!
//! In: the queue. Out: the roster, and accounts to look at. What does not belong here: claiming from lanes (`claiming`).

use std::time::Duration;

use super::job_groups::JobGroups;
use super::own_records::OwnRecords;
use super::roster::Roster;
use super::send_guard::SendGuard;
use super::tokens::TokenRequests;
use crate::domain::{JobId, Tick};
use crate::store::{Drain, QueueWatch, StoreError};

/// How often another process's changes are looked for, at most; and at least while there is work, or where nobody tells of them.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A look all the same, where somebody does: the queue may lie where the kernel does not see another machine's writes, and what woke
/// from a suspend may be late by as much.
const LOOK_UNTOLD: Duration = Duration::from_secs(30);

/// What was last seen of other processes' writes.
#[derive(Debug, Default)]
pub(super) struct ChangeWatcher {
    next_look: Tick,
    /// The earliest moment at which the next look may be.
    soonest: Tick,
    /// Something was written since the last look.
    told: bool,
    data_version: i64,
    generation: i64,
}

/// What a change of the queue may touch.
pub(super) struct Changes<'a> {
    pub(super) drain: &'a mut Drain,
    pub(super) roster: &'a mut Roster,
    pub(super) groups: &'a JobGroups,
    pub(super) guard: &'a mut SendGuard,
    pub(super) tokens: &'a mut TokenRequests,
    pub(super) records: &'a mut OwnRecords,
    /// The jobs that this run works on; none: all.
    pub(super) jobs: Option<&'a [JobId]>,
}

impl ChangeWatcher {
    /// When the next look is.
    pub(super) fn next_look(&self) -> Tick {
        self.next_look
    }

    /// Whether a write would bring the next look forward.
    pub(super) fn can_be_sooner(&self) -> bool {
        self.soonest < self.next_look
    }

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
        let wait = if is_told_of_writes && !std::mem::take(&mut self.told) { LOOK_UNTOLD } else { LOOK_EVERY };
        self.soonest = now.after(LOOK_EVERY);
        self.next_look = now.after(wait);
    }

    /// Another process may have loaded, paused, cancelled or retried something; whether one has.
    pub(super) async fn look(
        &mut self,
        is_told_of_writes: bool,
        mut changes: Changes<'_>,
        now: Tick,
    ) -> Result<bool, StoreError> {
        self.looked(now, is_told_of_writes);
        let data_version = changes.drain.data_version().await?;
        if data_version == self.data_version {
            return Ok(false);
        }
        self.data_version = data_version;
        let generation = changes.drain.generation().await?;
        if generation == self.generation {
            return Ok(false);
        }
        self.generation = generation;
        changes.take_over_lanes(now).await?;
        changes.records.look_at_all_again();
        changes.tokens.forget_logged_out(changes.roster).await?;
        Ok(true)
    }
}

impl Changes<'_> {
    /// Takes over which lanes there are, in which somebody stands, and which rounds have a keep list.
    pub(super) async fn take_over_lanes(&mut self, now: Tick) -> Result<(), StoreError> {
        let views = self.drain.lanes(self.jobs).await?;
        self.roster.forget_lanes();
        for view in views {
            let group = self.groups.of(view.job);
            let is_left_out = self.guard.withholds(view.round) || self.groups.has_ended(group);
            self.roster.take_over_lane(&view, group, is_left_out, now);
        }
        self.guard.watch(self.drain.keeps(self.jobs).await?);
        Ok(())
    }
}

/// Comes when something has been written to the queue; never, where nobody tells.
pub(super) async fn written(watch: Option<&QueueWatch>) {
    match watch {
        Some(watch) => watch.changed().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_wake_there_is_another_look_and_then_silence() {
        let at = |seconds: u64| Tick(0).after(Duration::from_secs(seconds));
        let mut watcher = ChangeWatcher::default();
        watcher.looked(at(0), true);
        assert_eq!(watcher.next_look, at(30));
        watcher.look_soon();
        assert_eq!(watcher.next_look, at(1), "not more often than once a second");
        watcher.looked(at(1), true);
        assert_eq!(watcher.next_look, at(2), "what was written may have been committed a moment later");
        watcher.looked(at(2), true);
        assert_eq!(watcher.next_look, at(32));
        watcher.looked(at(32), false);
        assert_eq!(watcher.next_look, at(33), "where nobody tells");
    }
}
