//! Times on record that a wrong clock has written. In: a moment that is believed. Out: what lies behind it, told, or undone as far
//! as it has not happened. What does not belong here: deciding what is believed.

use super::AdminStore;
use std::collections::HashMap;

use crate::domain::{BootId, Tick, Wall};
use crate::store::error::StoreError;

/// What is taken back of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockUndo {
    /// Which schedule.
    pub schedule: i64,
    /// Up to where its slots are taken for dealt with now: another process that was quicker is left alone.
    pub seen: Wall,
    /// ... and are from now on.
    pub settled_to: Wall,
    /// Slots later than this have not come.
    pub believed: Wall,
}

impl AdminStore<'_> {
    /// When the platform's clock last agreed with ours, as far as is on record; none: never. In a sandbox's queue it always agrees, for it is
    /// the same clock.
    pub async fn last_agreement(&mut self) -> Result<Option<Wall>, StoreError> {
        let sql = "select max(at) from (
                       select * from (select coalesce(ended_at, started_at) as at from drain
                                       where clock_checked = 1 order by id desc limit 1) newest
                       union all
                       select coalesce(a.ended_at, a.reserved_at)
                         from (select * from attempt order by id desc limit 1) a join drain d on d.id = a.drain_id
                        where d.clock_checked = 1) agreed
                    where (select kind from queue) = 'real'";
        let found: (Option<i64>,) = self.db.fetch_one(sql, args![]).await?;
        Ok(found.0.map(Wall))
    }

    /// What the wall clock would show at a tick of this boot, had nobody set it since the last drain began; none where none did in this boot.
    pub async fn wall_of_boot(&mut self, boot: &BootId, tick: Tick) -> Result<Option<Wall>, StoreError> {
        let sql = "select started_at, started_tick from drain where boot = $1 order by id desc limit 1";
        let found: Option<(i64, i64)> = self.db.fetch_optional(sql, args![&boot.0]).await?;
        Ok(found.map(|(wall, began)| Wall(wall).after(tick.since(Tick(began)))))
    }

    /// The latest time on record of each kind of thing that has happened, with its name.
    pub async fn latest_times(&mut self) -> Result<Vec<(String, Wall)>, StoreError> {
        // The newest rows by number: a look through all of them would take long in a great queue.
        let sql = "select 'the newest request', max(reserved_at)
                     from (select reserved_at from attempt order by id desc limit 1000) sent
                    union all select 'the newest request of a list', max(reserved_at)
                     from (select reserved_at from read_request order by id desc limit 1000) asked
                    union all select 'the reading of a list', max(started_at) from reading
                    union all select 'a look-up of names', max(asked_at) from name_resolution
                    union all select 'the load of a file', max(started_at) from load";
        let rows: Vec<(String, Option<i64>)> = self.db.fetch_all(sql, args![]).await?;
        Ok(rows.into_iter().filter_map(|(what, at)| Some((what, Wall(at?)))).collect())
    }

    /// The last slot of each schedule, up to a moment, that was begun or let go.
    pub async fn slots_decided_by(&mut self, moment: Wall) -> Result<HashMap<i64, Wall>, StoreError> {
        let sql = "select schedule_id, max(slot_at) from firing
                    where slot_at <= $1 and asked_for = 0 and state <> 'skipped' group by schedule_id";
        let rows: Vec<(i64, i64)> = self.db.fetch_all(sql, args![moment.0]).await?;
        Ok(rows.into_iter().map(|(schedule, at)| (schedule, Wall(at))).collect())
    }

    /// Takes back what was settled in the future: slots there that were let go, and runs that met nothing but
    /// trouble, have not happened; all others stay on record. False where the schedule has moved on meanwhile.
    ///
    /// # Errors
    /// The database cannot be written; then nothing has changed.
    pub async fn undo_settled(&mut self, undo: &ClockUndo) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let sql =
            "update schedule set settled_to = $3, created_at = case when created_at < $3 then created_at else $3 end
                    where id = $1 and settled_to = $2";
        if tx.execute(sql, args![undo.schedule, undo.seen.0, undo.settled_to.0]).await? == 0 {
            return Ok(false);
        }
        let sql = "delete from firing where schedule_id = $1 and slot_at > $2 and asked_for = 0
                      and (state = 'missed' or state = 'ended' and troubles > 0 and coalesce(requests, 0) = 0)";
        tx.execute(sql, args![undo.schedule, undo.believed.0]).await?;
        tx.commit().await?;
        Ok(true)
    }
}
