//! The beginning and the end of a drain on a server, beside others. What does not belong here: the same in a file's queue ([`super::drain`]).

use super::conflict_retries::ConflictRetries;
use super::dead_drains::{Buried, bury};
use super::drain::Drain;
use super::drain_lease::DrainLease;
use super::drain_start::DrainStart;
use super::drain_windows::refuse_other_windows;
use super::recovery::write_drain;
use super::share::{CHANGED, begin_sharing, lock_own_row};
use super::take_over::taken_over;
use super::work::DrainScope;
use crate::domain::Moment;
use crate::store::error::StoreError;
use crate::store::lock_holder::session_name;
use crate::store::open::Store;
use crate::store::place::QueuePlace;
use crate::store::server_lock::wait_for_releases;

impl Drain {
    /// Writes down that this drain has begun, behind the end of those that are over, and keeps it alive.
    pub(super) async fn begin_on_server(&mut self, scope: &DrainScope, now: Moment) -> Result<DrainStart, StoreError> {
        // A drain of this process that was dropped a moment ago says that it is over.
        if let QueuePlace::Server(place) = self.store.place() {
            wait_for_releases(place).await;
        }
        // A process that stands still in the middle of a transaction must not keep all others from theirs.
        self.store.db.execute("set idle_in_transaction_session_timeout = '5s'", args![]).await?;
        // A drain's statements take milliseconds; behind a minute its lease is over, and it begins again.
        self.store.db.execute("set statement_timeout = '60s'", args![]).await?;
        let (lives_ms, from) = DrainLease::first();
        let mut tx = self.store.db.begin().await?;
        begin_sharing(&mut tx).await?;
        let buried = bury(&mut tx, &self.boot.0, now, self.deadline_ms).await?;
        refuse_other_windows(&mut tx, scope).await?;
        let fence = write_drain(&mut tx, &self.boot, scope, now).await?;
        tx.execute(IS_ALIVE, args![fence.0, session_name(), lives_ms]).await?;
        tx.execute(CHANGED, args![1]).await?;
        let taken_over = taken_over(&mut tx, &self.boot.0, now).await?;
        let (other_boots,): (bool,) = tx.fetch_one(OTHER_BOOTS, args![&self.boot.0, now.wall.0]).await?;
        tx.commit().await?;
        self.fence = fence;
        self.lease = DrainLease::keep(self.store.place(), self.fence, from).await?;
        let Buried { recovered, crashed, .. } = buried;
        Ok(DrainStart { recovered, crashed, taken_over, other_boots, ..DrainStart::default() })
    }

    /// Writes down that this drain is over: its accounts are anybody's. What is in flight still stands aside.
    pub(super) async fn end_on_server(mut self, now: Moment, stopped: &str) -> Result<Store, StoreError> {
        let mut tries = ConflictRetries::default();
        loop {
            match self.try_end(now, stopped).await {
                Err(StoreError::Conflict) if tries.pause().await => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(self.store),
            }
        }
    }

    async fn try_end(&mut self, now: Moment, stopped: &str) -> Result<(), StoreError> {
        let mut tx = self.store.db.begin_turn(true).await?;
        begin_sharing(&mut tx).await?;
        match lock_own_row(&mut tx, self.fence).await {
            Ok(()) => {}
            // Others have said so already.
            Err(StoreError::FenceLost) => return Ok(()),
            Err(error) => return Err(error),
        }
        tx.execute(END, args![self.fence.0, now.wall.0, stopped]).await?;
        bury(&mut tx, &self.boot.0, now, self.deadline_ms).await?;
        tx.execute(CHANGED, args![1]).await?;
        tx.commit().await
    }
}

/// `$1` the drain, `$2` its process, `$3` how long it lives, in milliseconds.
const IS_ALIVE: &str = concat!("update drain set holder = $2, alive_until = ", server_now!(), " + $3 where id = $1");

/// `$1` the drain, `$2` when, `$3` why.
const END: &str = "
    update drain set ended_at = $2, stopped = $3, last_beside = (select max(id) from drain) where id = $1";

/// `$1` this boot, `$2` the time: whether drains of other boots have been alive in the last forty days. Whose slots may count is told by the
/// wall clock, and it is asked now whether that is right.
const OTHER_BOOTS: &str = "
    select exists (select 1 from drain where boot <> $1 and (ended_at is null or ended_at > $2 - 3456000000))";
