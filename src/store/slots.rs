//! Slots on record: what of the past may still count in a window.
//!
//! In: accounts. Out: their slots. What does not belong here: whether they do count ([`crate::limits`]).

use std::collections::HashMap;
use std::time::Duration;

use super::columns::{each_number, numbers, parse_each};
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

/// A slot as whoever only looks needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecentSlot {
    /// What for.
    pub action: Action,
    /// The latest moment at which the platform can have counted the request, by the ticks of its boot.
    pub upper: Tick,
    /// When it was reserved, where that was in another boot, whose ticks say nothing in this one.
    pub elsewhere: Option<Moment>,
}

/// A column of slots in each. The last says of each whether it is open (1), of this boot (2), by a clock that was checked (4).
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
    /// Attempts were reserved in the order of time, so the first that can still count in a window of this length is found by halving.
    /// Within this boot by ticks; before it by the wall clock, with a day to spare because it may have been wrong. The few whose end
    /// came late or never stand out of the order and have indexes of their own.
    pub(super) async fn first_attempt_that_counts(
        &mut self,
        boot: &str,
        now: Moment,
        horizon_ms: i64,
    ) -> Result<AttemptId, StoreError> {
        // An ordinary request ends this much after its reservation at most; later ends are in the index `attempt_late`.
        const MARGIN_MS: i64 = 600_000;
        const DAY_MS: i64 = 86_400_000;
        let found = sqlx::query_as(FIRST_THAT_COUNTS)
            .bind(boot)
            .bind(now.tick.0.saturating_sub(horizon_ms).saturating_sub(MARGIN_MS))
            .bind(now.wall.0.saturating_sub(horizon_ms).saturating_sub(DAY_MS))
            .fetch_one(&mut self.connection)
            .await;
        let (first,): (i64,) = found.map_err(|e| self.sort(e))?;
        Ok(AttemptId(first))
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
    ) -> Result<Vec<RecentSlot>, StoreError> {
        let horizon_ms = i64::try_from(longest.as_millis()).unwrap_or(i64::MAX);
        let from = self.first_attempt_that_counts(boot, now, horizon_ms).await?;
        let newest = sqlx::query_as(NEWEST).bind(boot).bind(account.0).bind(most).bind(from.0);
        let found: Result<(Option<String>, Option<String>, Option<String>), _> =
            newest.fetch_one(&mut self.connection).await;
        let (uppers, actions, elsewhere) = found.map_err(|e| self.sort(e))?;
        let elsewhere = parse_each(elsewhere.as_deref(), another_boots_moment);
        let slots = each_number(uppers.as_deref()).zip(each_number(actions.as_deref())).zip(elsewhere);
        slots
            .map(|((upper, action), elsewhere)| {
                Ok(RecentSlot { action: action_of(action?)?, upper: Tick(upper?), elsewhere: elsewhere? })
            })
            .collect()
    }
}

/// `tick:wall`, or nothing for this boot's.
fn another_boots_moment(text: &[u8]) -> Option<Option<Moment>> {
    if text.is_empty() {
        return Some(None);
    }
    let (tick, wall) = std::str::from_utf8(text).ok()?.split_once(':')?;
    Some(Some(Moment { tick: Tick(tick.parse().ok()?), wall: Wall(wall.parse().ok()?) }))
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

/// Slots in one row with a text for each column, which is read several times faster than an array for each slot.
pub(super) const SLOTS: &str = "
    select group_concat(account_id), group_concat(action), group_concat(reserved_tick), group_concat(reserved_at),
           group_concat(upper_tick), group_concat(flags)
      from (select a.account_id, a.action, a.reserved_tick, a.reserved_at, a.upper_tick,
                   (a.ended_at is null) + 2 * (d.boot = ?1) + 4 * d.clock_checked as flags
              from json_each(?2) j
              join attempt a on a.account_id = j.value and a.id >= ?3 and a.id <= ?4
              join drain d on d.id = a.drain_id)";

const NEWEST: &str = "
    select group_concat(upper_tick), group_concat(action), group_concat(elsewhere)
      from (select a.upper_tick, a.action, iif(d.boot = ?1, '', a.reserved_tick || ':' || a.reserved_at) as elsewhere
              from attempt a join drain d on d.id = a.drain_id
             where a.account_id = ?2 and a.id >= ?4
             order by a.id desc limit ?3)";

/// What was reserved before `?2` by its boot's ticks, or before `?3` by the wall clock where its boot is another, cannot count; halved
/// between what cannot and what can. Late ends are looked at one by one; and an attempt of another boot without an end was over when the
/// next drain had the queue.
pub(super) const FIRST_THAT_COUNTS: &str = "
    with recursive search (low, high) as (
        select 0, (select coalesce(max(id), 0) + 1 from attempt)
        union all
        select iif(iif(d.boot = ?1, a.reserved_tick < ?2, a.reserved_at < ?3), a.id + 1, low),
               iif(iif(d.boot = ?1, a.reserved_tick < ?2, a.reserved_at < ?3), high, (low + high) / 2)
          from search
          join attempt a on a.id = (select min(id) from attempt where id >= (low + high) / 2)
          join drain d on d.id = a.drain_id
         where low < high)
    select min(id) from (
        select coalesce(max(low), 0) as id from search where low >= high
        union all
        select min(a.id) from attempt a cross join drain d on d.id = a.drain_id
         where a.upper_tick - a.reserved_tick > 600000
           and iif(d.boot = ?1, a.upper_tick >= ?2, a.reserved_at + a.upper_tick - a.reserved_tick >= ?3)
        union all
        select min(a.id) from attempt a cross join drain d on d.id = a.drain_id
         where a.ended_at is null and d.boot <> ?1
           and exists (select 1 from drain next where next.id = d.id + 1
                          and iif(next.boot = ?1, next.started_tick >= ?2, next.started_at >= ?3)))";

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::QueueKind;

    const HOUR: i64 = 3_600_000;

    /// Attempt `n` of 1 to 100, but for every seventh, which are missing: one an hour, the first 40 in another boot, whose ticks ran
    /// ahead of this one's. The drain that followed had the queue at hour 40.
    async fn attempts(folder: &std::path::Path) -> Store {
        let mut store = Store::open(&folder.join("q.db"), QueueKind::Real).await.unwrap();
        for sql in [
            "insert into drain (id, boot, started_tick, started_at) values (1, 'before', 0, 0), (2, 'now', 40 * 3600000, 40 * 3600000)",
            "insert into attempt (id, account_id, task_id, drain_id, action, reserved_tick, reserved_at, upper_tick, ended_at)
             with recursive n (n) as (select 1 union all select n + 1 from n where n < 100)
             select n, 1, n, iif(n <= 40, 1, 2), 1, tick, n * 3600000, tick + 1000, tick + 1000
               from (select n, (n + iif(n <= 40, 1000, 0)) * 3600000 as tick from n where n % 7 <> 0)",
        ] {
            sqlx::query(sql).execute(&mut store.connection).await.unwrap();
        }
        store
    }

    #[tokio::test(flavor = "current_thread")]
    async fn nothing_that_counts_is_left_behind_and_what_is_left_behind_is_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = attempts(folder.path()).await;
        for (hour, horizon) in (0..140).flat_map(|hour| [0, 1, 24, 744].map(|horizon| (hour, horizon))) {
            let now = Moment { tick: Tick(hour * HOUR), wall: Wall(hour * HOUR) };
            let found = store.first_attempt_that_counts("now", now, horizon * HOUR).await.unwrap().0;
            let mut ids = (1..=100).filter(|n| n % 7 != 0);
            // An attempt's end and the margin together are less than an hour.
            let first = ids.find(|n| hour - n <= horizon).unwrap_or(101);
            assert!(found <= first, "at hour {hour}, {horizon} hours: {found}, and {first} counts");
            let before = (1..found).rev().find(|n| n % 7 != 0);
            let over = before.is_none_or(|n| hour - n > horizon + if n <= 40 { 24 } else { 0 });
            assert!(over, "at hour {hour}, {horizon} hours: {found}, and {before:?} is not over");
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn late_ends_and_none_are_not_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = attempts(folder.path()).await;
        let mut first = async |sql: &'static str, hour: i64| {
            sqlx::query(sql).execute(&mut store.connection).await.unwrap();
            let now = Moment { tick: Tick(hour * HOUR), wall: Wall(hour * HOUR) };
            store.first_attempt_that_counts("now", now, HOUR).await.unwrap().0
        };
        assert_eq!(first("select 1", 70).await, 69);
        // Died at hour 50; somebody came at hour 69.
        assert_eq!(first("update attempt set upper_tick = 69 * 3600000 where id = 50", 70).await, 50);
        assert_eq!(first("select 1", 73).await, 72, "over by now");
        // In the boot before: its process slept for 30 hours; and one that never ended, at the latest when the next drain came.
        assert_eq!(first("update attempt set upper_tick = reserved_tick + 30 * 3600000 where id = 30", 73).await, 30);
        assert_eq!(first("update attempt set upper_tick = reserved_tick + 1000 where id = 30", 73).await, 72);
        assert_eq!(first("update attempt set ended_at = null where id = 3", 41).await, 3);
        assert!(first("select 1", 43).await > 3, "the drain that followed began more than an hour ago");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn the_newest_say_which_are_of_another_boot() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = attempts(folder.path()).await;
        let now = Moment { tick: Tick(100 * HOUR), wall: Wall(100 * HOUR) };
        let newest = store.newest_attempts(AccountId(1), 3, "now", now, Duration::from_secs(86_400)).await.unwrap();
        let uppers: Vec<i64> = newest.iter().map(|slot| slot.upper.0 - 1000).collect();
        assert_eq!(uppers, [100 * HOUR, 99 * HOUR, 97 * HOUR]);
        assert!(newest.iter().all(|slot| slot.elsewhere.is_none()));
        let then = Moment { tick: Tick(41 * HOUR), wall: Wall(41 * HOUR) };
        let two = store.newest_attempts(AccountId(1), 52, "now", then, Duration::from_secs(86_400)).await.unwrap();
        let elsewhere = Moment { tick: Tick(1040 * HOUR), wall: Wall(40 * HOUR) };
        assert_eq!((two.len(), two[51].elsewhere), (52, Some(elsewhere)));
        assert!(store.newest_attempts(AccountId(2), 3, "now", now, Duration::ZERO).await.unwrap().is_empty());
    }
}
