//! What became of the slots of schedules. In: decisions about slots. Out: what is on record. Each decision is one transaction, and a
//! slot is decided on once. What does not belong here: deciding.

use std::collections::HashSet;

use super::ScheduleStore;
use crate::domain::{CLOCK_TOLERANCE, MicroUsd, Wall};
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::lock::is_held_beside;
use crate::store::lock_name::LockName;

crate::domain::with_names! {
    /// What became of a slot.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum FiringState {
        /// It has begun and not ended.
        Running => "running",
        /// It has ended.
        Ended => "ended",
        /// Somebody wanted it skipped.
        Skipped => "skipped",
        /// Nobody was there in its hours.
        Missed => "missed",
    }
}

impl FiringState {
    fn parse(text: &str) -> Result<FiringState, StoreError> {
        FiringState::named(text).ok_or_else(|| StoreError::impossible(format!("the firing state {text:?}")))
    }
}

/// A slot and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFiring {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub schedule: i64,
    /// When the slot was.
    pub slot_at: Wall,
    /// Somebody asked for it; it is no slot of the recurrence.
    pub asked_for: bool,
    /// What became of it.
    pub state: FiringState,
    /// Earlier slots that it makes up for.
    pub missed: u64,
    /// When it began.
    pub began_at: Option<Wall>,
    /// Nothing is sent after this.
    pub ends_by: Option<Wall>,
    /// Processes that have worked on it; 0: somebody asked for it, and it has not begun.
    pub runs: u32,
    /// When it ended.
    pub ended_at: Option<Wall>,
    /// How the last run ended.
    pub exit_code: Option<u8>,
    /// Why it stopped, in the word of `run --json`.
    pub stopped: Option<String>,
    /// The requests it sent, of all its runs that somebody saw the end of.
    pub requests: Option<u64>,
    /// What they cost.
    pub spent: MicroUsd,
    /// It met trouble, and is not tried again before this.
    pub retry_at: Option<Wall>,
    /// Tries in a row that met trouble.
    pub transient_failures: u32,
    /// The trouble that was told last, in one word.
    pub trouble: Option<String>,
    /// It has loaded its files.
    pub is_loaded: bool,
}

/// A slot that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewFiring {
    /// Whose.
    pub schedule: i64,
    /// When the slot is.
    pub slot_at: Wall,
    /// Somebody asked for it.
    pub asked_for: bool,
    /// Earlier slots that it makes up for.
    pub missed: u64,
    /// Nothing is sent after this.
    pub ends_by: Option<Wall>,
}

/// How a firing ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FiringEnd {
    /// The exit code that `cleanup run` would have ended with; none: nobody saw the end.
    pub exit_code: Option<u8>,
    /// Why it stopped.
    pub stopped: String,
    /// Requests sent by this run.
    pub requests: u64,
    /// What they cost.
    pub spent: MicroUsd,
}

macro_rules! firings {
    ($which:literal) => {
        concat!(
            "select id, schedule_id, slot_at, asked_for, state, missed, began_at, ends_by, runs, ended_at,
                    exit_code, stopped, requests, spent_microusd, retry_at, troubles, trouble, loaded from firing ",
            $which
        )
    };
}

const RUNNING: &str = firings!("where state = 'running' order by slot_at, id");
const OF_SCHEDULE: &str = firings!("where schedule_id = $1 order by slot_at desc limit $2");

impl ScheduleStore<'_> {
    /// Writes down that a slot begins, and that everything up to it has been dealt with; gives the firing's number. None where
    /// the slot has been decided on before, or the schedule is gone.
    ///
    /// # Errors
    /// The database cannot be written; then nothing has changed.
    pub async fn begin_firing(&mut self, new: &NewFiring, now: Wall) -> Result<Option<i64>, StoreError> {
        let mut tx = self.db.begin().await?;
        if !new.asked_for && !move_on(&mut tx, new.schedule, new.slot_at).await? {
            return Ok(None);
        }
        let sql = "insert into firing (schedule_id, slot_at, asked_for, state, missed, began_at, ends_by, runs)
                   select id, $2, $3, 'running', $4, $5, $6, 1 from schedule where id = $1
                   on conflict (schedule_id, slot_at) do nothing returning id";
        let args = args![
            new.schedule,
            new.slot_at.0,
            new.asked_for,
            new.missed.cast_signed(),
            now.0,
            new.ends_by.map(|at| at.0)
        ];
        let id: Option<(i64,)> = tx.fetch_optional(sql, args).await?;
        tx.commit().await?;
        Ok(id.map(|(id,)| id))
    }

    /// Writes down that somebody wants a schedule run now, for whoever works on schedules to begin; gives the firing's number. Until
    /// that has begun nobody has worked on it, and `began_at` is when it was asked for. None where a firing of the schedule has begun
    /// and not ended, or waits so already, or the schedule is gone.
    pub async fn ask_firing(
        &mut self,
        schedule: i64,
        ends_by: Option<Wall>,
        now: Wall,
    ) -> Result<Option<i64>, StoreError> {
        let sql = "insert into firing (schedule_id, slot_at, asked_for, state, began_at, ends_by, runs)
                   select id, $2, 1, 'running', $2, $3, 0 from schedule where id = $1
                      and not exists (select 1 from firing where schedule_id = $1 and state = 'running')
                   on conflict (schedule_id, slot_at) do nothing returning id";
        let id: Option<(i64,)> = self.db.fetch_optional(sql, args![schedule, now.0, ends_by.map(|at| at.0)]).await?;
        Ok(id.map(|(id,)| id))
    }

    /// Writes down that a firing that somebody asked for begins. False where it has begun or ended before.
    pub async fn begin_asked(&mut self, firing: i64, ends_by: Option<Wall>, now: Wall) -> Result<bool, StoreError> {
        let sql =
            "update firing set runs = 1, began_at = $2, ends_by = $3 where id = $1 and state = 'running' and runs = 0";
        Ok(self.db.execute(sql, args![firing, now.0, ends_by.map(|at| at.0)]).await? == 1)
    }

    /// Calls off a firing that somebody asked for. False where it has begun or ended.
    pub async fn call_off_firing(&mut self, firing: i64, stopped: &str, now: Wall) -> Result<bool, StoreError> {
        let sql = "update firing set state = 'ended', ended_at = $2, stopped = $3, requests = 0
                    where id = $1 and state = 'running' and runs = 0";
        Ok(self.db.execute(sql, args![firing, now.0, stopped]).await? == 1)
    }

    /// Writes down that a slot is let go, and everything before it. False where it has been decided on before.
    ///
    /// # Errors
    /// The database cannot be written; then nothing has changed.
    pub async fn pass_slot(
        &mut self,
        schedule: i64,
        slot_at: Wall,
        missed: u64,
        state: FiringState,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        if !move_on(&mut tx, schedule, slot_at).await? {
            return Ok(false);
        }
        let sql = "insert into firing (schedule_id, slot_at, state, missed) values ($1, $2, $3, $4)
                   on conflict (schedule_id, slot_at) do update set missed = excluded.missed";
        tx.execute(sql, args![schedule, slot_at.0, state.name(), missed.cast_signed()]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Has a slot to come skipped. False where it is skipped already, or has been decided on.
    pub async fn skip_slot(&mut self, schedule: i64, slot_at: Wall) -> Result<bool, StoreError> {
        let sql = "insert into firing (schedule_id, slot_at, state) select id, $2, 'skipped' from schedule
                    where id = $1 on conflict (schedule_id, slot_at) do nothing";
        Ok(self.db.execute(sql, args![schedule, slot_at.0]).await? == 1)
    }

    /// Has a slot that was to be skipped come after all. False where nobody wanted it skipped, or it has been passed over.
    pub async fn unskip_slot(&mut self, schedule: i64, slot_at: Wall, now: Wall) -> Result<bool, StoreError> {
        // What a clock that was ahead has settled is no slot that was passed over.
        let sql = "delete from firing where schedule_id = $1 and slot_at = $2 and state = 'skipped'
                      and exists (select 1 from schedule where id = $1 and (settled_to < $2 or settled_to > $3))";
        Ok(self.db.execute(sql, args![schedule, slot_at.0, now.after(CLOCK_TOLERANCE).0]).await? == 1)
    }

    /// Writes down that another process goes on with a firing. False where it has ended.
    pub async fn resume_firing(&mut self, firing: i64) -> Result<bool, StoreError> {
        Ok(self
            .db
            .execute("update firing set runs = runs + 1 where id = $1 and state = 'running'", args![firing])
            .await?
            == 1)
    }

    /// Writes down that a firing has loaded its files: whoever goes on with it need not have them.
    pub async fn note_loaded(&mut self, firing: i64) -> Result<(), StoreError> {
        self.db
            .execute("update firing set loaded = 1 where id = $1 and state = 'running'", args![firing])
            .await
            .map(drop)
    }

    /// Writes down how a firing ended; what it sent before is added. False where it has ended before, or its schedule is gone.
    pub async fn end_firing(&mut self, firing: i64, end: &FiringEnd, now: Wall) -> Result<bool, StoreError> {
        let sql = "update firing set state = 'ended', ended_at = $2, exit_code = $3, stopped = $4, retry_at = null,
                          requests = coalesce(requests, 0) + $5, spent_microusd = spent_microusd + $6
                    where id = $1 and state = 'running'";
        let args = args![
            firing,
            now.0,
            end.exit_code.map(i64::from),
            &end.stopped,
            end.requests.cast_signed(),
            end.spent.0.cast_signed()
        ];
        Ok(self.db.execute(sql, args).await? == 1)
    }

    /// Firings that have begun and not ended, oldest first.
    pub async fn running_firings(&mut self) -> Result<Vec<StoredFiring>, StoreError> {
        let rows: Vec<FiringRow> = self.db.fetch_all(RUNNING, args![]).await?;
        rows.into_iter().map(firing_of).collect()
    }

    /// Which of these firings processes run now, by their numbers, where each has a lock of its own. In a file's queue none: whoever has the
    /// [`ScheduleLock`](crate::store::ScheduleLock) runs them all.
    pub async fn held_firings(&mut self, firings: &[StoredFiring]) -> Result<HashSet<i64>, StoreError> {
        let mut held = HashSet::new();
        if self.db.is_postgres() {
            for firing in firings.iter().filter(|firing| firing.runs > 0) {
                if is_held_beside(self.db, LockName::Firing(firing.id)).await? {
                    held.insert(firing.id);
                }
            }
        }
        Ok(held)
    }

    /// What became of a schedule's slots, the newest first, at most `most` of them.
    pub async fn firings(&mut self, schedule: i64, most: u32) -> Result<Vec<StoredFiring>, StoreError> {
        let rows: Vec<FiringRow> = self.db.fetch_all(OF_SCHEDULE, args![schedule, most]).await?;
        rows.into_iter().map(firing_of).collect()
    }
}

/// Everything up to a slot has been dealt with; false where it had been before.
async fn move_on(tx: &mut Tx<'_>, schedule: i64, slot_at: Wall) -> Result<bool, StoreError> {
    let sql = "update schedule set settled_to = $2 where id = $1 and settled_to < $2";
    Ok(tx.execute(sql, args![schedule, slot_at.0]).await? == 1)
}

type FiringRow = (
    i64,
    i64,
    i64,
    bool,
    String,
    i64,
    Option<i64>,
    Option<i64>,
    i64,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<i64>,
    i64,
    Option<i64>,
    i64,
    Option<String>,
    bool,
);

fn firing_of(row: FiringRow) -> Result<StoredFiring, StoreError> {
    let (id, schedule, slot_at, asked_for, state, missed, began_at, ends_by, runs, ended_at, exit_code, stopped, ..) =
        row;
    let (.., requests, spent, retry_at, troubles, trouble, is_loaded) = row;
    Ok(StoredFiring {
        id,
        schedule,
        slot_at: Wall(slot_at),
        asked_for,
        state: FiringState::parse(&state)?,
        missed: missed.cast_unsigned(),
        began_at: began_at.map(Wall),
        ends_by: ends_by.map(Wall),
        runs: u32::try_from(runs).unwrap_or(u32::MAX),
        ended_at: ended_at.map(Wall),
        exit_code: exit_code.and_then(|code| u8::try_from(code).ok()),
        stopped,
        requests: requests.map(i64::cast_unsigned),
        spent: MicroUsd(spent.cast_unsigned()),
        retry_at: retry_at.map(Wall),
        transient_failures: u32::try_from(troubles).unwrap_or(u32::MAX),
        trouble,
        is_loaded,
    })
}
