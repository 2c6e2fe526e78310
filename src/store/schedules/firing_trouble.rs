//! Firings that met trouble which may pass. In: what a try met. Out: it is on record, and when the next try may be. What does not belong
//! here: deciding whether there is one.

use super::ScheduleStore;
use super::firing::FiringEnd;
use crate::domain::{MicroUsd, Wall};
use crate::store::error::StoreError;

/// A try that met trouble.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiringTrouble {
    /// How it ended.
    pub end: FiringEnd,
    /// What it met, in one word.
    pub trouble: String,
    /// Tries in a row that met trouble, with this one.
    pub transient_failures: u32,
    /// Not tried again before this.
    pub retry_at: Wall,
}

impl ScheduleStore<'_> {
    /// Writes down that a firing which met trouble is tried again. False where it has ended.
    pub async fn try_firing_again(&mut self, firing: i64) -> Result<bool, StoreError> {
        Ok(self
            .db
            .execute("update firing set retry_at = null where id = $1 and state = 'running'", args![firing])
            .await?
            == 1)
    }

    /// Has a firing that waits because of trouble tried again with the next look. False where none of the schedule's waits so.
    pub async fn hurry_firing(&mut self, schedule: i64, now: Wall) -> Result<bool, StoreError> {
        let sql = "update firing set retry_at = $2 where schedule_id = $1 and state = 'running' and retry_at > $2";
        Ok(self.db.execute(sql, args![schedule, now.0]).await? > 0)
    }

    /// Writes down that a try met trouble, and when the next one may be. False where the firing has ended, or its schedule is gone.
    pub async fn note_trouble(&mut self, firing: i64, met: &FiringTrouble) -> Result<bool, StoreError> {
        let sql = "update firing set retry_at = $2, troubles = $3, trouble = $4, exit_code = $5, stopped = $6,
                          requests = coalesce(requests, 0) + $7, spent_microusd = spent_microusd + $8
                    where id = $1 and state = 'running'";
        let args = args![
            firing,
            met.retry_at.0,
            i64::from(met.transient_failures),
            &met.trouble,
            met.end.exit_code.map(i64::from),
            &met.end.stopped,
            met.end.requests.cast_signed(),
            met.end.spent.0.cast_signed()
        ];
        Ok(self.db.execute(sql, args).await? == 1)
    }

    /// Adds what a run has sent to a firing that another process goes on with.
    pub async fn count_in_firing(&mut self, firing: i64, requests: u64, spent: MicroUsd) -> Result<(), StoreError> {
        let sql = "update firing set requests = coalesce(requests, 0) + $2, spent_microusd = spent_microusd + $3
                    where id = $1 and state = 'running'";
        self.db.execute(sql, args![firing, requests.cast_signed(), spent.0.cast_signed()]).await.map(drop)
    }

    /// Ends a firing whose last try met trouble as that try ended. False where it has ended before.
    pub async fn end_troubled_firing(&mut self, firing: i64, now: Wall) -> Result<bool, StoreError> {
        let sql =
            "update firing set state = 'ended', ended_at = $2, retry_at = null where id = $1 and state = 'running'";
        Ok(self.db.execute(sql, args![firing, now.0]).await? == 1)
    }
}
