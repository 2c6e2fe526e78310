//! Slots of requests that read: the same exact window as for undos, kept here because two processes may read at once. A slot is
//! taken in one `BEGIN IMMEDIATE` transaction that counts what counts, so no two processes can both take the last one.
//!
//! In: an endpoint's windows, the time. Out: a slot on disk, or when one is free. What does not belong here: sending; how long a
//! hold lasts (`limits`).

use super::ListStore;
use std::time::Duration;

use super::read_allowance::{allowance_used_up, write_left};
use super::read_request::{ReadAsk, ReadEnd, ReadId, ReadWindow, end_here};
use crate::domain::{AccountId, BootId, Moment, Tick, Wall};
use crate::store::db::Tx;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;

/// Slots of another boot are forgotten a day after they must be over by the wall clock, because it may have been wrong.
const WALL_CLOCK_DOUBT_MS: i64 = 86_400_000;

/// A slot, and what was left beside it: what an answer says is held against that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadGrant {
    /// The request.
    pub id: ReadId,
    /// Slots that were free when it took one, itself counted, in the tightest window.
    pub free: u32,
    /// Other requests to the endpoint whose end nobody had seen.
    pub open: u32,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadSlot {
    /// The slot is on disk; its request may leave.
    Granted(ReadGrant),
    /// Every slot of a window is taken until this tick.
    Full(Tick),
    /// The platform said to wait.
    Held(ReadHold),
}

/// The platform said to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadHold {
    /// Its end, in this boot's ticks.
    pub until: Tick,
    /// Its end by the wall clock.
    pub until_at: Wall,
    /// How long it was when it began.
    pub length: Duration,
    /// Why.
    pub reason: String,
    /// Hidden caps in a row, 0 to 4.
    pub backoff_level: u8,
}

/// Slots of another boot: their ticks mean nothing here. The machine has been off since, so nothing of theirs is under way, and
/// they count from now.
const ADOPT: Sql = sql!(
    "
    update read_request
       set boot = $1, reserved_tick = ",
    least("$2", "reserved_tick"),
    ", upper_tick = $2, ended_at = coalesce(ended_at, $3)
     where boot <> $1"
);
const FORGET_OLD: &str = "delete from read_request where boot <> $1 and reserved_at + $2 < $3";
/// Open, and past all that was granted them: whoever asked is dead, or was suspended and has woken a moment ago.
const BURY: Sql = sql!(
    "
    update read_request set upper_tick = ",
    greatest("reserved_tick + $2", "$3"),
    " + $4, ended_at = $5, finding = 'unseen'
     where boot = $1 and ended_at is null and upper_tick < $3"
);
const COUNT: &str = "
    select count(*) from read_request
     where endpoint = $1 and upper_tick > $2 and (case when $3 = 1 then app = $4 else account_id = $5 end)";
const NEXT: &str = "
    select upper_tick from read_request
     where endpoint = $1 and upper_tick > $2 and (case when $3 = 1 then app = $4 else account_id = $5 end)
     order by upper_tick limit 1 offset $6";
const OPEN: &str = "select count(*) from read_request where endpoint = $1 and account_id = $2 and ended_at is null";
const TAKE: &str = "
    insert into read_request (account_id, app, endpoint, boot, reserved_tick, reserved_at, upper_tick)
    values ($1, $2, $3, $4, $5, $6, $7) returning id";
const END: Sql = sql!(
    "
    update read_request set upper_tick = ",
    greatest("reserved_tick", "$2"),
    ", ended_at = $3, http_status = $4, finding = $5, detail = $6, resources = $7
     where id = $1"
);

impl ListStore<'_> {
    /// Takes a slot in every window of an endpoint, if all have room and no hold is in force.
    ///
    /// # Errors
    /// The database cannot be written; then no slot is taken and nothing may be sent.
    pub async fn reserve_read(&mut self, ask: &ReadAsk<'_>, now: Moment) -> Result<ReadSlot, StoreError> {
        let mut tx = self.db.begin().await?;
        tidy(&mut tx, ask, now).await?;
        if let Some(hold) = hold_in_force(&mut tx, ask, now).await? {
            tx.commit().await?;
            return Ok(ReadSlot::Held(hold));
        }
        let mut full = allowance_used_up(&mut tx, ask, now).await?;
        let mut free = u32::MAX;
        for window in ask.windows {
            match room_of(&mut tx, ask, window, now.tick).await? {
                Ok(slots) => free = free.min(slots),
                Err(free_at) => full = full.max(Some(free_at)),
            }
        }
        if let Some(until) = full {
            tx.commit().await?;
            return Ok(ReadSlot::Full(until));
        }
        let (open,): (u32,) = tx.fetch_one(OPEN, args![ask.endpoint, ask.account.0]).await?;
        let args = args![
            ask.account.0,
            ask.app,
            ask.endpoint,
            &ask.boot.0,
            now.tick.0,
            now.wall.0,
            now.tick.after(ask.deadline).after(ask.grace).0
        ];
        let (id,): (i64,) = tx.fetch_one(TAKE, args).await?;
        tx.commit().await?;
        Ok(ReadSlot::Granted(ReadGrant { id: ReadId(id), free, open }))
    }

    /// When the next request to an endpoint can leave for an account, where its windows have no room now, or the platform said to wait. Only a
    /// look: nothing is taken.
    pub async fn next_read_at(
        &mut self,
        (account, endpoint): (AccountId, &str),
        windows: &[ReadWindow],
        (boot, now): (&BootId, Moment),
    ) -> Result<Option<Wall>, StoreError> {
        let app = "select app from read_request where account_id = $1 and endpoint = $2 order by id desc limit 1";
        let mut tx = self.db.begin().await?;
        // Who has never asked has no slots.
        let found: Option<(String,)> = tx.fetch_optional(app, args![account.0, endpoint]).await?;
        let app = found.map_or_else(String::new, |(app,)| app);
        let none = Duration::ZERO;
        let ask = ReadAsk { account, app: &app, endpoint, windows, boot, deadline: none, grace: none };
        let mut next = hold_in_force(&mut tx, &ask, now).await?.map(|hold| hold.until);
        next = next.max(allowance_used_up(&mut tx, &ask, now).await?);
        for window in windows {
            next = next.max(room_of(&mut tx, &ask, window, now.tick).await?.err());
        }
        Ok(next.filter(|next| *next > now.tick).map(|next| now.wall_at(next)))
    }

    /// Writes down how a request ended, and the hold that followed from it: none takes an earlier one back.
    ///
    /// # Errors
    /// The database cannot be written; the slot then counts as one whose end nobody saw.
    pub async fn end_read(
        &mut self,
        id: ReadId,
        end: &ReadEnd,
        hold: HoldNews<'_>,
        ask: &ReadAsk<'_>,
    ) -> Result<(), StoreError> {
        let mut tx = self.db.begin().await?;
        write_end(&mut tx, id, end).await?;
        write_hold(&mut tx, id, hold, ask).await?;
        tx.commit().await
    }

    /// The hold that was last set on an endpoint, over or not; it is remembered until a request is served.
    pub async fn last_read_hold(&mut self, ask: &ReadAsk<'_>, now: Moment) -> Result<Option<ReadHold>, StoreError> {
        let found: Option<HoldRow> = self.db.fetch_optional(HOLD, args![ask.account.0, ask.endpoint]).await?;
        Ok(found.map(|row| hold_of(row, ask, now)))
    }

    /// The machine was suspended from `asleep_from` or later, and is awake: requests whose end nobody saw count until `woken` at
    /// least, for the kernel may have sent them only now.
    pub async fn reads_woke(&mut self, boot: &BootId, asleep_from: Tick, woken: Tick) -> Result<(), StoreError> {
        let sql = "update read_request set upper_tick = $3
                    where boot = $1 and http_status is null and upper_tick > $2 and upper_tick < $3";
        self.db.execute(sql, args![&boot.0, asleep_from.0, woken.0]).await.map(drop)
    }
}

/// What an answer changed about an endpoint's hold.
#[derive(Clone, Copy, Debug)]
pub enum HoldNews<'a> {
    /// Nothing.
    Same,
    /// A request was served: what was remembered is forgotten.
    Cleared,
    /// The platform said to wait.
    Set(&'a ReadHold),
}

pub(super) async fn write_end(db: &mut Tx<'_>, id: ReadId, end: &ReadEnd) -> Result<(), StoreError> {
    let args = args![
        id.0,
        end.counted_until.0,
        end.ended_at.0,
        end.http_status,
        end.finding,
        &end.detail,
        i64::try_from(end.resources).unwrap_or(i64::MAX)
    ];
    db.execute(END, args).await?;
    write_left(db, id, end).await
}

/// One that was under way before a hold began says nothing about after it.
const CLEAR_HOLD: &str = "
    delete from read_hold
     where account_id = $1 and endpoint = $2
       and exists (select 1 from read_request r
                    where r.id = $3 and case when r.boot = read_hold.boot then r.reserved_tick >= read_hold.until_tick
                                             else r.reserved_at >= read_hold.until_at end)";

/// Writes what a request's answer changed about the hold.
pub(super) async fn write_hold(
    db: &mut Tx<'_>,
    id: ReadId,
    news: HoldNews<'_>,
    ask: &ReadAsk<'_>,
) -> Result<(), StoreError> {
    match news {
        HoldNews::Same => Ok(()),
        HoldNews::Cleared => db.execute(CLEAR_HOLD, args![ask.account.0, ask.endpoint, id.0]).await.map(drop),
        HoldNews::Set(hold) => {
            let sql = "insert into read_hold
                              (account_id, endpoint, boot, until_tick, until_at, length_ms, reason, rung)
                       values ($1, $2, $3, $4, $5, $6, $7, $8)
                           on conflict (account_id, endpoint) do update
                          set boot = excluded.boot, until_tick = excluded.until_tick, until_at = excluded.until_at,
                              length_ms = excluded.length_ms, reason = excluded.reason, rung = excluded.rung";
            let args = args![
                ask.account.0,
                ask.endpoint,
                &ask.boot.0,
                hold.until.0,
                hold.until_at.0,
                i64::try_from(hold.length.as_millis()).unwrap_or(i64::MAX),
                &hold.reason,
                hold.backoff_level
            ];
            db.execute(sql, args).await.map(|_| ())
        }
    }
}

/// Puts slots of other boots on this boot's ticks, and ends those whose end nobody will see.
async fn tidy(db: &mut Tx<'_>, ask: &ReadAsk<'_>, now: Moment) -> Result<(), StoreError> {
    let longest = ask.windows.iter().map(|window| window.counts_for).max().unwrap_or_default();
    let horizon_ms = i64::try_from(longest.as_millis()).unwrap_or(i64::MAX / 2) + WALL_CLOCK_DOUBT_MS;
    db.execute(FORGET_OLD, args![&ask.boot.0, horizon_ms, now.wall.0]).await?;
    db.execute(ADOPT, args![&ask.boot.0, now.tick.0, now.wall.0]).await?;
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4);
    db.execute(BURY, args![&ask.boot.0, millis(ask.deadline), now.tick.0, millis(ask.grace), now.wall.0])
        .await
        .map(|_| ())
}

/// How many slots of a window are free; none: when one is again.
async fn room_of(
    db: &mut Tx<'_>,
    ask: &ReadAsk<'_>,
    window: &ReadWindow,
    now: Tick,
) -> Result<Result<u32, Tick>, StoreError> {
    let counts_ms = i64::try_from(window.counts_for.as_millis()).unwrap_or(i64::MAX / 4);
    // Counts while upper + counts_for > now.
    let over = now.0.saturating_sub(counts_ms);
    let (used,): (i64,) =
        db.fetch_one(COUNT, args![ask.endpoint, over, window.is_shared, ask.app, ask.account.0]).await?;
    let excess = used - i64::from(window.limit);
    if excess < 0 {
        return Ok(Ok(u32::try_from(-excess).unwrap_or(u32::MAX)));
    }
    let (upper,): (i64,) =
        db.fetch_one(NEXT, args![ask.endpoint, over, window.is_shared, ask.app, ask.account.0, excess]).await?;
    Ok(Err(Tick(upper.saturating_add(counts_ms))))
}

async fn hold_in_force(db: &mut Tx<'_>, ask: &ReadAsk<'_>, now: Moment) -> Result<Option<ReadHold>, StoreError> {
    let found: Option<HoldRow> = db.fetch_optional(HOLD, args![ask.account.0, ask.endpoint]).await?;
    Ok(found.map(|row| hold_of(row, ask, now)).filter(|hold| now.tick < hold.until))
}

const HOLD: &str = "
    select boot, until_tick, until_at, length_ms, reason, rung from read_hold where account_id = $1 and endpoint = $2";

type HoldRow = (String, i64, i64, i64, String, i64);

/// The hold on record, on this boot's ticks.
fn hold_of((boot, tick, at, length_ms, reason, rung): HoldRow, ask: &ReadAsk<'_>, now: Moment) -> ReadHold {
    let until = end_here(boot == ask.boot.0, Tick(tick), Wall(at), length_ms, now);
    let length = Duration::from_millis(u64::try_from(length_ms).unwrap_or(0));
    ReadHold { until, until_at: Wall(at), length, reason, backoff_level: u8::try_from(rung).unwrap_or(4) }
}
