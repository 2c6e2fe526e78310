//! Slots on record: what of the past may still count in a window.
//!
//! In: accounts. Out: their slots. What does not belong here: whether they do count ([`crate::limits`]).

use std::collections::HashMap;
use std::time::Duration;

use super::columns::numbers;
use super::drain::{Drain, action_of};
use super::error::StoreError;
use super::open::Store;
use crate::domain::{AccountId, Action, AttemptId, Moment, Tick, Wall};

/// A slot on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredSlot {
    /// Whose.
    pub account: AccountId,
    /// What for.
    pub action: Action,
    /// When it was reserved.
    pub reserved: Moment,
    /// The latest moment at which the platform can have counted the request.
    pub upper: Tick,
    /// Whether its end was never seen, and never will be.
    pub open: bool,
    /// Whether it was reserved in this boot.
    pub same_boot: bool,
    /// Whether its drain's wall clock agreed with the platform's.
    pub clock_checked: bool,
}

/// A column of slots in each, and what stands in [`FLAGS`] behind them.
type SlotColumns = (Option<String>, Option<String>, Option<String>, Option<String>, Option<String>, Option<String>);

impl Drain {
    pub(super) async fn is_of_another_boot(&mut self, attempt: AttemptId) -> Result<bool, StoreError> {
        let sql = "select d.boot <> ?2 from attempt a join drain d on d.id = a.drain_id where a.id >= ?1 order by a.id limit 1";
        let found: Option<(i64,)> = sqlx::query_as(sql)
            .bind(attempt.0)
            .bind(&self.boot.0)
            .fetch_optional(&mut self.store.connection)
            .await
            .map_err(|e| self.store.sort(e))?;
        Ok(found == Some((1,)))
    }

    /// The slots on record that may still count, of these accounts, oldest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn slots(&mut self, accounts: &[AccountId]) -> Result<HashMap<AccountId, Vec<StoredSlot>>, StoreError> {
        let found = sqlx::query_as(SLOTS)
            .bind(&self.boot.0)
            .bind(serde_json::json!(accounts).to_string())
            .bind(self.slots_from.0)
            .bind(self.last_attempt.0)
            .fetch_one(&mut self.store.connection)
            .await;
        let mut slots: HashMap<AccountId, Vec<StoredSlot>> = HashMap::new();
        for slot in slots_of(found.map_err(|e| self.store.sort(e))?)? {
            slots.entry(slot.account).or_default().push(slot);
        }
        Ok(slots)
    }
}

impl Store {
    /// Attempts are in the order of time, so the first that can still count in a window of this length is found by halving. Within
    /// this boot by ticks; before it by the wall clock, with a day to spare because it may have been wrong.
    pub(super) async fn first_attempt_that_counts(
        &mut self,
        boot: &str,
        now: Moment,
        horizon_ms: i64,
    ) -> Result<AttemptId, StoreError> {
        // Neighbours' ends are not in the order of their reservations.
        const MARGIN_MS: i64 = 600_000;
        const DAY_MS: i64 = 86_400_000;
        let last = sqlx::query_as("select coalesce(max(id), 0) from attempt").fetch_one(&mut self.connection).await;
        let (last,): (i64,) = last.map_err(|e| self.sort(e))?;
        let (mut low, mut high) = (0_i64, last + 1);
        while low < high {
            let middle = low + (high - low) / 2;
            let found: Option<(i64, i64, i64, i64)> = sqlx::query_as(
                "select a.id, a.upper_tick, a.reserved_at, d.boot = ?2 from attempt a join drain d on d.id = a.drain_id
                  where a.id >= ?1 order by a.id limit 1",
            )
            .bind(middle)
            .bind(boot)
            .fetch_optional(&mut self.connection)
            .await
            .map_err(|e| self.sort(e))?;
            match found {
                Some((id, upper, reserved_at, same_boot)) => {
                    let over = if same_boot == 1 {
                        upper.saturating_add(horizon_ms).saturating_add(MARGIN_MS) < now.tick.0
                    } else {
                        reserved_at.saturating_add(horizon_ms).saturating_add(DAY_MS) < now.wall.0
                    };
                    if over { low = id + 1 } else { high = middle }
                }
                None => high = middle,
            }
        }
        Ok(AttemptId(low))
    }

    /// Of the newest `most` attempts of an account those that may still count in a window of this length, newest first.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn newest_attempts(
        &mut self,
        account: AccountId,
        most: u32,
        boot: &str,
        now: Moment,
        longest: Duration,
    ) -> Result<Vec<StoredSlot>, StoreError> {
        let horizon_ms = i64::try_from(longest.as_millis()).unwrap_or(i64::MAX);
        let from = self.first_attempt_that_counts(boot, now, horizon_ms).await?;
        let newest = sqlx::query_as(NEWEST).bind(boot).bind(account.0).bind(most).bind(from.0);
        let found = newest.fetch_one(&mut self.connection).await;
        slots_of(found.map_err(|e| self.sort(e))?)
    }
}

fn slots_of(columns: SlotColumns) -> Result<Vec<StoredSlot>, StoreError> {
    let (accounts, actions, ticks, walls, uppers, flags) = columns;
    let column = |text: Option<String>| numbers(text.as_deref()).map(Vec::into_iter);
    let when = column(ticks)?.zip(column(walls)?).zip(column(uppers)?);
    let whose = column(accounts)?.zip(column(actions)?).zip(column(flags)?);
    whose
        .zip(when)
        .map(|(((account, action), flags), ((tick, wall), upper))| {
            Ok(StoredSlot {
                account: AccountId(account),
                action: action_of(action)?,
                reserved: Moment { tick: Tick(tick), wall: Wall(wall) },
                upper: Tick(upper),
                open: flags & 1 != 0,
                same_boot: flags & 2 != 0,
                clock_checked: flags & 4 != 0,
            })
        })
        .collect()
}

/// Slots in one row with a text for each column, which is read several times faster than an array for each slot. In `$from`, `a` is
/// an attempt, `d` its drain, and `?1` this boot.
macro_rules! slots {
    ($from:literal) => {
        concat!(
            "select group_concat(account_id), group_concat(action), group_concat(reserved_tick), group_concat(reserved_at),
                    group_concat(upper_tick), group_concat(flags)
               from (select a.account_id, a.action, a.reserved_tick, a.reserved_at, a.upper_tick,
                            (a.ended_at is null) + 2 * (d.boot = ?1) + 4 * d.clock_checked as flags
                       from ",
            $from,
            ")"
        )
    };
}

pub(super) const SLOTS: &str = slots!(
    "json_each(?2) j
     join attempt a on a.account_id = j.value and a.id >= ?3 and a.id <= ?4
     join drain d on d.id = a.drain_id"
);

const NEWEST: &str = slots!(
    "attempt a join drain d on d.id = a.drain_id
      where a.account_id = ?2
        and a.id >= ?4
      order by a.id desc limit ?3"
);
