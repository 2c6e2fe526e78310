//! Allowances on record: what answers said is left of the platform's windows for an action, where that is less than our own windows
//! allow. Turns write them; a drain reads them when it begins, and whoever shows how things stand.

use super::QueueStore;
use crate::domain::{AccountId, Action, BootId, Moment, Tick, Wall};
use crate::store::codes::action_of;
use crate::store::error::StoreError;

/// What a turn writes: an answer has tightened an allowance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewAllowance {
    /// Whose.
    pub account: AccountId,
    /// Of which action.
    pub action: Action,
    /// Whether it is the window of 24 hours.
    pub day: bool,
    /// Requests that may follow those of the turns before this one.
    pub remaining: u32,
    /// When it ends, by both clocks.
    pub until: (Tick, Wall),
    /// How long that is from now, in milliseconds.
    pub length_ms: i64,
}

/// An allowance on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAllowance {
    /// Whose.
    pub account: AccountId,
    /// Of which action.
    pub action: Action,
    /// Whether it is the window of 24 hours.
    pub day: bool,
    /// Requests that may still be sent: those sent since it was written are taken off.
    pub remaining: u32,
    /// Its end by the ticks of its boot.
    pub until: Tick,
    /// Its end by the wall clock.
    pub until_at: Wall,
    /// How long it was when it was written, in milliseconds.
    pub length_ms: i64,
    /// Whether it was written in this boot.
    pub same_boot: bool,
    /// Whether that drain's wall clock agreed with the platform's.
    pub clock_checked: bool,
}

impl StoredAllowance {
    /// When it was written.
    pub fn set_at(&self) -> Moment {
        Moment {
            tick: Tick(self.until.0.saturating_sub(self.length_ms)),
            wall: Wall(self.until_at.0.saturating_sub(self.length_ms)),
        }
    }
}

type AllowanceRow = (i64, i64, bool, i64, i64, i64, i64, bool, bool);

/// Those that are over are left out: of this boot by its ticks, of another by the wall clock, which may be wrong by a month.
const ALLOWANCES: &str = "
    select e.account_id, e.action, e.day,
           e.remaining - (select count(*) from attempt a
                           where a.account_id = e.account_id and a.id > e.after_attempt_id and a.action = e.action),
           e.until_tick, e.until_at, e.length_ms, d.boot = $1, d.clock_checked
      from endpoint_allowance e join drain d on d.id = e.drain_id
     where case when d.boot = $1 then e.until_tick > $2 else e.until_at + 2678400000 > $3 end
     order by e.account_id, e.action, e.day";

impl QueueStore<'_> {
    /// Every allowance that may be in force, by account.
    pub async fn allowances(&mut self, boot: &BootId, now: Moment) -> Result<Vec<StoredAllowance>, StoreError> {
        let rows: Vec<AllowanceRow> = self.db.fetch_all(ALLOWANCES, args![&boot.0, now.tick.0, now.wall.0]).await?;
        rows.into_iter().map(allowance_of).collect()
    }
}

fn allowance_of(row: AllowanceRow) -> Result<StoredAllowance, StoreError> {
    let (account, action, day, remaining, tick, at, length_ms, same_boot, clock_checked) = row;
    Ok(StoredAllowance {
        account: AccountId(account),
        action: action_of(action)?,
        day,
        remaining: u32::try_from(remaining).unwrap_or(0),
        until: Tick(tick),
        until_at: Wall(at),
        length_ms,
        same_boot,
        clock_checked,
    })
}
