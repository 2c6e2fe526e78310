//! The attempts on record, handed out as they were made, so that somebody else can count them again.

use serde_json::json;

use super::ReadStore;
use crate::domain::{AccountId, Action, Fence, Moment, Tick, Wall};
use crate::store::codes::action_of;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::value::Value;

/// When one request may have been counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptSpan {
    /// Which drain sent it.
    pub drain: Fence,
    /// Which boot its ticks count from.
    pub boot: String,
    /// Whether the wall clock of its drain agreed with the platform's.
    pub clock_checked: bool,
    /// What for.
    pub action: Action,
    /// When its slot was written down: not before this.
    pub reserved: Moment,
    /// Not after this.
    pub counted_until: Tick,
}

/// When one request that reads may have been counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadSpan {
    /// Of which endpoint.
    pub endpoint: String,
    /// Which boot its ticks count from by now.
    pub boot: String,
    /// When its slot was written down. The tick of a slot from before the machine booted is not of its own boot any more.
    pub reserved: Moment,
    /// Not after this.
    pub counted_until: Tick,
}

/// Attempts in one page.
const PAGE_ROWS: i64 = 10_000;

impl ReadStore<'_> {
    /// Hands every attempt of an account to `each`, oldest first.
    pub async fn attempts_of(&mut self, account: AccountId, each: impl FnMut(AttemptSpan)) -> Result<(), StoreError> {
        let sql =
            "select a.id, a.action, a.reserved_tick, a.reserved_at, a.upper_tick, a.drain_id, d.boot, d.clock_checked
                     from attempt a join drain d on d.id = a.drain_id
                    where a.account_id = $1 and a.id > $2 order by a.id limit $3";
        self.page_through(sql, account.0, each).await
    }

    /// Hands every attempt of several accounts to `each`, oldest first.
    pub async fn attempts_of_all(
        &mut self,
        accounts: &[AccountId],
        each: impl FnMut(AttemptSpan),
    ) -> Result<(), StoreError> {
        let sql = sql!(
            "select a.id, a.action, a.reserved_tick, a.reserved_at, a.upper_tick, a.drain_id, d.boot, d.clock_checked
               from attempt a cross join drain d
              where d.id = a.drain_id and a.account_id in ",
            numbers("$1"),
            " and a.id > $2 order by a.id limit $3"
        );
        let accounts: Vec<i64> = accounts.iter().map(|account| account.0).collect();
        self.page_through(sql, json!(accounts).to_string().as_str(), each).await
    }

    async fn page_through(
        &mut self,
        sql: impl Into<Sql>,
        whose: impl Copy + Into<Value>,
        mut each: impl FnMut(AttemptSpan),
    ) -> Result<(), StoreError> {
        let (sql, mut behind) = (sql.into(), 0);
        loop {
            let page: Vec<(i64, i64, i64, i64, i64, i64, String, i64)> =
                self.db.fetch_all(sql, args![whose, behind, PAGE_ROWS]).await?;
            let Some(last) = page.last() else { return Ok(()) };
            behind = last.0;
            for (_, action, tick, at, counted_until, drain, boot, checked) in page {
                each(AttemptSpan {
                    drain: Fence(drain),
                    boot,
                    clock_checked: checked != 0,
                    action: action_of(action)?,
                    reserved: Moment { tick: Tick(tick), wall: Wall(at) },
                    counted_until: Tick(counted_until),
                });
            }
        }
    }

    /// Hands every request of an account that read to `each`, oldest first.
    pub async fn reads_of(&mut self, account: AccountId, mut each: impl FnMut(ReadSpan)) -> Result<(), StoreError> {
        let sql = "select id, endpoint, boot, reserved_tick, reserved_at, upper_tick from read_request
                    where account_id = $1 and id > $2 order by id limit $3";
        let mut behind = 0;
        loop {
            let page: Vec<(i64, String, String, i64, i64, i64)> =
                self.db.fetch_all(sql, args![account.0, behind, PAGE_ROWS]).await?;
            let Some(last) = page.last() else { return Ok(()) };
            behind = last.0;
            for (_, endpoint, boot, tick, at, counted_until) in page {
                let reserved = Moment { tick: Tick(tick), wall: Wall(at) };
                each(ReadSpan { endpoint, boot, reserved, counted_until: Tick(counted_until) });
            }
        }
    }
}
