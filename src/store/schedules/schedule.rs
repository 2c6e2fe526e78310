//! Schedules. In: what is to be run again and again. Out: what is on record of it. What does not belong here: what became of their
//! slots (`firing`), deciding.

use super::ScheduleStore;
use crate::domain::{Wall, name_forms};
use crate::store::error::StoreError;

/// A schedule to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSchedule {
    /// Its name, unique in the queue.
    pub name: String,
    /// Five fields.
    pub cron: String,
    /// A name of the IANA time zone database.
    pub zone: String,
    /// The time of day at which its hours end, as `06:00:00`.
    pub until_time: Option<String>,
    /// How long its hours are, in milliseconds.
    pub for_ms: Option<u64>,
    /// The most that a start is put off by, in milliseconds.
    pub jitter_ms: u64,
    /// What decides by how much.
    pub jitter_seed: u64,
    /// What is run each time, as JSON.
    pub request: String,
}

/// A schedule to be changed.
#[derive(Clone, Debug)]
pub struct ScheduleEdit<'a> {
    /// As it was when somebody looked: changed meanwhile, it is left alone.
    pub seen: &'a StoredSchedule,
    /// What becomes of it. Name and seed stay.
    pub new: &'a NewSchedule,
    /// Its times are others: slots up to here are nobody's, and these skips are of slots that do not come any more.
    pub slots_begin_at: Option<(Wall, Vec<Wall>)>,
}

/// A schedule on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredSchedule {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Five fields.
    pub cron: String,
    /// A name of the IANA time zone database.
    pub zone: String,
    /// The time of day at which its hours end.
    pub until_time: Option<String>,
    /// How long its hours are, in milliseconds.
    pub for_ms: Option<u64>,
    /// The most that a start is put off by, in milliseconds.
    pub jitter_ms: u64,
    /// What decides by how much.
    pub jitter_seed: u64,
    /// What is run each time, as JSON.
    pub request: String,
    /// When it was made.
    pub created_at: Wall,
    /// Slots up to here have been dealt with.
    pub settled_to: Wall,
    /// Slots to come that somebody wants skipped.
    pub skipped: Vec<Wall>,
}

type ScheduleRow = (i64, String, String, String, Option<String>, Option<i64>, i64, i64, String, i64, i64);

impl ScheduleStore<'_> {
    /// Keeps a schedule whose slots begin after `now`. False where the name is taken; then nothing has changed.
    pub async fn add_schedule(&mut self, new: &NewSchedule, now: Wall) -> Result<bool, StoreError> {
        let sql = "insert into schedule (name, cron, zone, until_time, for_ms, jitter_ms, jitter_seed, request,
                     created_at, settled_to) select $1, $2, $3, $4, $5, $6, $7, $8, $9, $9
              where not exists (select 1 from schedule where name in ($1, $10, $11))";
        let [typed, composed, decomposed] = name_forms(&new.name);
        let args = args![
            typed,
            &new.cron,
            &new.zone,
            &new.until_time,
            new.for_ms.map(u64::cast_signed),
            new.jitter_ms.cast_signed(),
            new.jitter_seed.cast_signed(),
            &new.request,
            now.0,
            composed,
            decomposed
        ];
        Ok(self.db.execute(sql, args).await? == 1)
    }

    /// Changes a schedule. False where it was changed or removed meanwhile; then nothing has changed.
    ///
    /// # Errors
    /// The database cannot be written; then nothing has changed.
    pub async fn edit_schedule(&mut self, edit: &ScheduleEdit<'_>) -> Result<bool, StoreError> {
        let ScheduleEdit { seen, new, slots_begin_at } = edit;
        let mut tx = self.db.begin().await?;
        let sql =
            "update schedule set cron = $3, zone = $4, until_time = $5, for_ms = $6, jitter_ms = $7, request = $8,
                          settled_to = case when $9 > settled_to then $9 else settled_to end
                    where id = $1 and request = $2 and cron = $10 and zone = $11 and jitter_ms = $12
                      and until_time is not distinct from $13 and for_ms is not distinct from $14";
        let args = args![
            seen.id,
            &seen.request,
            &new.cron,
            &new.zone,
            &new.until_time,
            new.for_ms.map(u64::cast_signed),
            new.jitter_ms.cast_signed(),
            &new.request,
            slots_begin_at.as_ref().map(|(at, _)| at.0),
            &seen.cron,
            &seen.zone,
            seen.jitter_ms.cast_signed(),
            &seen.until_time,
            seen.for_ms.map(u64::cast_signed)
        ];
        if tx.execute(sql, args).await? == 0 {
            return Ok(false);
        }
        let gone = slots_begin_at.as_ref().map_or(&[][..], |(_, gone)| gone.as_slice());
        let gone = serde_json::json!(gone.iter().map(|at| at.0).collect::<Vec<_>>()).to_string();
        let sql =
            sql!("delete from firing where schedule_id = $1 and state = 'skipped' and slot_at in ", numbers("$2"));
        tx.execute(sql, args![seen.id, gone]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Drops a schedule and what is on record of its slots; jobs and receipts stay. False where there is none of that name.
    pub async fn remove_schedule(&mut self, name: &str) -> Result<bool, StoreError> {
        Ok(self.db.execute("delete from schedule where name = $1", args![name]).await? == 1)
    }

    /// Every schedule, by name.
    pub async fn all(&mut self) -> Result<Vec<StoredSchedule>, StoreError> {
        let sql = "select id, name, cron, zone, until_time, for_ms, jitter_ms, jitter_seed, request,
                          created_at, settled_to from schedule order by name";
        let rows: Vec<ScheduleRow> = self.db.fetch_all(sql, args![]).await?;
        let sql = "select f.schedule_id, f.slot_at from firing f join schedule s on s.id = f.schedule_id
                    where f.state = 'skipped' and f.slot_at > s.settled_to order by f.slot_at";
        let skipped: Vec<(i64, i64)> = self.db.fetch_all(sql, args![]).await?;
        rows.into_iter().map(|row| schedule_of(row, &skipped)).collect()
    }
}

fn schedule_of(row: ScheduleRow, skipped: &[(i64, i64)]) -> Result<StoredSchedule, StoreError> {
    let (id, name, cron, zone, until_time, for_ms, jitter_ms, jitter_seed, request, created_at, settled_to) = row;
    Ok(StoredSchedule {
        id,
        name,
        cron,
        zone,
        until_time,
        for_ms: for_ms.map(i64::cast_unsigned),
        jitter_ms: jitter_ms.cast_unsigned(),
        jitter_seed: jitter_seed.cast_unsigned(),
        request,
        created_at: Wall(created_at),
        settled_to: Wall(settled_to),
        skipped: skipped.iter().filter(|(schedule, _)| *schedule == id).map(|(_, at)| Wall(*at)).collect(),
    })
}
