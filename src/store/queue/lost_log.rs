//! A write-ahead log that is gone: deleted beside the file, or a file that was copied without it while a drain was at work or after it was
//! killed. SQLite opens what is left as if nothing were missing: outcomes of the last minutes are pending again, and slots are unused.
//!
//! In: a drain that begins or goes on. Out: a mark in the file, and what a drain finds of it. The mark is set and copied into the file, and
//! taken back at once; that it is taken back stands in the log, until something copies the log into the file: then nothing is missing, however
//! the process ended. From there to the next mark a loss goes unnoticed, so there is one every [`BETWEEN_MARKS`] of work. What does not belong
//! here: what a loss means for windows (`engine::limit_records`).

use std::time::Duration;

use super::QueueStore;
use super::drain::Drain;
use super::drain_start::LogLost;
use crate::domain::{BootId, Moment, Tick, Wall};
use crate::store::db::Db;
use crate::store::error::StoreError;

/// How long a loss may go unnoticed once SQLite has copied the log into the file, which it does each 16 MiB.
const BETWEEN_MARKS: Duration = Duration::from_secs(10);

impl Drain {
    /// Takes down whether the log of the drain before was lost, and marks the file for this one. What earlier drains have found comes back.
    pub(super) async fn look_for_lost_log(&mut self, now: Moment) -> Result<Option<LogLost>, StoreError> {
        if !self.store.db.is_postgres() {
            self.store.db.execute(NOTE_LOSS, args![self.fence.0]).await?;
            self.mark_log(now.tick).await?;
        }
        let own = self.fence.0;
        let found: Option<(i64, String, i64, i64, bool)> = self.store.db.fetch_optional(NEWEST_LOSS, args![]).await?;
        Ok(found.map(|(id, boot, tick, wall, clock_checked)| LogLost {
            noticed: Moment { tick: Tick(tick), wall: Wall(wall) },
            boot: BootId(boot),
            clock_checked,
            is_news: id == own,
        }))
    }

    /// Marks the file again, where that is long ago.
    pub(super) async fn mark_log_in_time(&mut self, now: Tick) -> Result<(), StoreError> {
        if now < self.next_mark { Ok(()) } else { self.mark_log(now).await }
    }

    async fn mark_log(&mut self, now: Tick) -> Result<(), StoreError> {
        self.next_mark = now.after(BETWEEN_MARKS);
        set_mark(&mut self.store.db, true).await?;
        // Where somebody reads what it would replace, the next mark gets there.
        self.store.db.copy_log().await?;
        set_mark(&mut self.store.db, false).await
    }
}

/// Until when nobody knows what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownUntil {
    /// The moment at which that was found out.
    pub at: Moment,
    /// Whether its tick is one of this boot.
    pub is_of_this_boot: bool,
}

impl QueueStore<'_> {
    /// Until when nobody knows what was sent, for a log was lost, or the queue was taken back to a snapshot: until now, where no drain has
    /// begun since.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn unknown_until(&mut self, boot: &BootId, now: Moment) -> Result<Option<UnknownUntil>, StoreError> {
        // A drain that is at work sets its own mark for a moment now and then.
        let is_marked = !self.db.is_postgres() && self.db.fetch_one::<(bool,)>(IS_MARKED, args![]).await?.0;
        if is_marked && self.work_in_progress().await?.drain.is_none() {
            return Ok(Some(UnknownUntil { at: now, is_of_this_boot: true }));
        }
        let found: Option<(i64, String, i64, i64, bool)> = self.db.fetch_optional(NEWEST_LOSS, args![]).await?;
        Ok(found.map(|(_, its_boot, tick, wall, _)| UnknownUntil {
            at: Moment { tick: Tick(tick), wall: Wall(wall) },
            is_of_this_boot: its_boot == boot.0,
        }))
    }
}

async fn set_mark(db: &mut Db, is_open: bool) -> Result<(), StoreError> {
    db.execute("update queue set log_open = $1 where id = 1", args![is_open]).await.map(drop)
}

const IS_MARKED: &str = "select log_open from queue where id = 1";

const NOTE_LOSS: &str = "update drain set log_lost = 1 where id = $1 and (select log_open from queue where id = 1) = 1";

const NEWEST_LOSS: &str = "
    select id, boot, started_tick, started_at, clock_checked from drain
     where id = (select max(id) from drain where log_lost = 1)";

#[cfg(test)]
#[path = "lost_log_tests.rs"]
mod tests;
