//! Slots on record as a server tells them: a row for each. What does not belong here: who asks, and what is made of them
//! ([`super::slots`]).

use std::collections::HashMap;

use super::slot::{AttemptSlot, RecentSlot};
use crate::domain::{AccountId, Moment, Tick, Wall};
use crate::store::codes::action_of;
use crate::store::db::Db;
use crate::store::error::StoreError;
use crate::store::value::Value;

/// `account, action, reserved_tick, reserved_at, upper_tick, whether it is open, of this boot, by a clock that was checked`.
type SlotRow = (i64, i64, i64, i64, i64, bool, bool, bool);

/// Slots that may still count, oldest first; the arguments are those of the other database's statement.
pub(super) async fn slots_of_server(db: &mut Db, args: Vec<Value>) -> Result<Vec<AttemptSlot>, StoreError> {
    let rows: Vec<SlotRow> = db.fetch_all(SLOTS, args).await?;
    rows.into_iter().map(slot_of).collect()
}

fn slot_of(row: SlotRow) -> Result<AttemptSlot, StoreError> {
    let (account, action, tick, wall, counted_until, open, same_boot, clock_checked) = row;
    Ok(AttemptSlot {
        account: AccountId(account),
        action: action_of(action)?,
        reserved: Moment { tick: Tick(tick), wall: Wall(wall) },
        counted_until: Tick(counted_until),
        open,
        same_boot,
        clock_checked,
    })
}

/// The newest slots of each account that may still count, newest first.
pub(super) async fn newest_of_server(
    db: &mut Db,
    args: Vec<Value>,
) -> Result<HashMap<AccountId, Vec<RecentSlot>>, StoreError> {
    let rows: Vec<(i64, i64, i64, bool, i64, i64)> = db.fetch_all(NEWEST, args).await?;
    let mut slots: HashMap<AccountId, Vec<RecentSlot>> = HashMap::new();
    for (account, counted_until, action, same_boot, tick, wall) in rows {
        let elsewhere = (!same_boot).then_some(Moment { tick: Tick(tick), wall: Wall(wall) });
        let slot = RecentSlot { action: action_of(action)?, counted_until: Tick(counted_until), elsewhere };
        slots.entry(AccountId(account)).or_default().push(slot);
    }
    Ok(slots)
}

/// `offset 0`: account by account, by the index that begins with it.
const SLOTS: &str = concat!(
    "
    select a.account_id, a.action, a.reserved_tick, a.reserved_at, a.upper_tick, a.ended_at is null, d.boot = $1, d.clock_checked
      from ",
    word!(postgres numbers "$2"),
    " asked
     cross join lateral (select * from attempt
                          where account_id = asked.value and id >= $3 and id <= $6
                            and (id >= $4 or ($5 >> cast(action as integer)) & 1 = 1)
                          order by id offset 0) a
      join drain d on d.id = a.drain_id
     order by a.id"
);

const NEWEST: &str = concat!(
    "
    select a.account_id, a.upper_tick, a.action, d.boot = $1, a.reserved_tick, a.reserved_at
      from ",
    word!(postgres numbers "$2"),
    " asked
     cross join lateral (select * from attempt
                          where account_id = asked.value and id >= $4
                            and (id >= $5 or ($6 >> cast(action as integer)) & 1 = 1)
                          order by id desc limit $3) a
      join drain d on d.id = a.drain_id
     order by a.id desc"
);
