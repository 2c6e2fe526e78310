//! Slots on record: what of the past may still count in a window.
//!
//! In: accounts. Out: their slots. What does not belong here: whether they do count ([`crate::limits`]).

use super::QueueStore;
use std::collections::HashMap;

use super::drain::Drain;
use super::slot::{AttemptSlot, RecentSlot};
use super::slots_postgres::{newest_of_server, slots_of_server};
use crate::domain::{AccountId, Horizons, Moment, Tick, Wall};
use crate::store::codes::action_of;
use crate::store::columns::{each_number, numbers, parse_each};
use crate::store::error::StoreError;

/// A column of slots in each. The last says of each whether it is open (1), of this boot (2), by a clock that was checked (4).
type SlotColumns = (Option<String>, Option<String>, Option<String>, Option<String>, Option<String>, Option<String>);

impl Drain {
    /// The slots on record that may still count, of these accounts, oldest first.
    pub async fn slots(&mut self, accounts: &[AccountId]) -> Result<HashMap<AccountId, Vec<AttemptSlot>>, StoreError> {
        let args = args![
            &self.boot.0,
            serde_json::json!(accounts).to_string(),
            self.slots_from.far.0,
            self.slots_from.near.0,
            self.slots_from.far_actions,
            // On a server nobody else writes any of an account that this drain has.
            if self.lease.is_some() { i64::MAX } else { self.last_attempt.0 }
        ];
        let found = match self.store.db.is_postgres() {
            true => slots_of_server(&mut self.store.db, args).await?,
            false => slots_of(self.store.db.fetch_one(SLOTS, args).await?)?,
        };
        let mut slots: HashMap<AccountId, Vec<AttemptSlot>> = HashMap::new();
        for slot in found {
            slots.entry(slot.account).or_default().push(slot);
        }
        Ok(slots)
    }
}

impl QueueStore<'_> {
    /// The newest `most` attempts of each of these accounts that may still count, newest first.
    pub async fn newest_attempts(
        &mut self,
        accounts: &[AccountId],
        most: u32,
        boot: &str,
        now: Moment,
        horizons: &Horizons,
    ) -> Result<HashMap<AccountId, Vec<RecentSlot>>, StoreError> {
        let from = self.first_that_count(boot, now, horizons).await?;
        if self.db.is_postgres() {
            let asked = serde_json::json!(accounts).to_string();
            return newest_of_server(self.db, args![boot, asked, most, from.far.0, from.near.0, from.far_actions])
                .await;
        }
        let mut slots = HashMap::new();
        for account in accounts {
            let args = args![boot, account.0, most, from.far.0, from.near.0, from.far_actions];
            let newest = newest_of(self.db.fetch_one(NEWEST, args).await?)?;
            slots.insert(*account, newest);
        }
        Ok(slots)
    }
}

fn newest_of(columns: (Option<String>, Option<String>, Option<String>)) -> Result<Vec<RecentSlot>, StoreError> {
    let (uppers, actions, elsewhere) = columns;
    let elsewhere = parse_each(elsewhere.as_deref(), b',', another_boots_moment);
    let slots = each_number(uppers.as_deref()).zip(each_number(actions.as_deref())).zip(elsewhere);
    slots
        .map(|((counted_until, action), elsewhere)| {
            Ok(RecentSlot { action: action_of(action?)?, counted_until: Tick(counted_until?), elsewhere: elsewhere? })
        })
        .collect()
}

/// `tick:wall`, or nothing for this boot's.
fn another_boots_moment(text: &[u8]) -> Option<Option<Moment>> {
    if text.is_empty() {
        return Some(None);
    }
    let (tick, wall) = std::str::from_utf8(text).ok()?.split_once(':')?;
    Some(Some(Moment { tick: Tick(tick.parse().ok()?), wall: Wall(wall.parse().ok()?) }))
}

fn slots_of(columns: SlotColumns) -> Result<Vec<AttemptSlot>, StoreError> {
    let (accounts, actions, ticks, walls, uppers, flags) = columns;
    let column = |text: Option<String>| numbers(text.as_deref()).map(Vec::into_iter);
    let when = column(ticks)?.zip(column(walls)?).zip(column(uppers)?);
    let whose = column(accounts)?.zip(column(actions)?).zip(column(flags)?);
    whose
        .zip(when)
        .map(|(((account, action), flags), ((tick, wall), counted_until))| {
            Ok(AttemptSlot {
                account: AccountId(account),
                action: action_of(action)?,
                reserved: Moment { tick: Tick(tick), wall: Wall(wall) },
                counted_until: Tick(counted_until),
                open: flags & 1 != 0,
                same_boot: flags & 2 != 0,
                clock_checked: flags & 4 != 0,
            })
        })
        .collect()
}

/// Slots in one row with a text for each column, which is read several times faster than an array for each slot. Which of them count is
/// read off the index alone.
pub(super) const SLOTS: &str = "
    select group_concat(account_id), group_concat(action), group_concat(reserved_tick), group_concat(reserved_at),
           group_concat(upper_tick), group_concat(flags)
      from (select a.account_id, a.action, a.reserved_tick, a.reserved_at, a.upper_tick,
                   (a.ended_at is null) + 2 * (d.boot = ?1) + 4 * d.clock_checked as flags
              from json_each(?2) j
              join attempt a on a.account_id = j.value and a.id >= ?3 and a.id <= ?6 and (a.id >= ?4 or (?5 >> a.action) & 1)
              join drain d on d.id = a.drain_id)";

const NEWEST: &str = "
    select group_concat(upper_tick), group_concat(action), group_concat(elsewhere)
      from (select a.upper_tick, a.action, iif(d.boot = ?1, '', a.reserved_tick || ':' || a.reserved_at) as elsewhere
              from attempt a join drain d on d.id = a.drain_id
             where a.account_id = ?2 and a.id >= ?4 and (a.id >= ?5 or (?6 >> a.action) & 1)
             order by a.id desc limit ?3)";

#[cfg(test)]
#[path = "slots_tests.rs"]
mod tests;
