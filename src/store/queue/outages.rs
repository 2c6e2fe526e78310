//! Outages on record: endpoints that give an account no good answer. Turns write them; a drain reads them when it begins, and
//! whoever shows how things stand.

use super::QueueStore;
use crate::domain::{AccountId, Action, Moment, Tick, Wall};
use crate::store::codes::action_of;
use crate::store::error::StoreError;

/// What a turn writes about an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutageChange {
    /// Whose requests fail.
    pub account: AccountId,
    /// Which.
    pub action: Action,
    /// How it stands; none: it is over.
    pub outage: Option<OutageState>,
}

/// How an outage stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutageState {
    /// When the first failed request ended.
    pub since: Wall,
    /// Requests in a row that failed.
    pub failures: u32,
    /// Pauses so far.
    pub pauses: u32,
    /// Whether a task fails in it that has not failed before while others were served.
    pub newcomers: bool,
    /// Nothing is sent before.
    pub until: Tick,
    /// The same by the wall clock.
    pub until_at: Wall,
    /// How long the pause was when it began, in milliseconds.
    pub length_ms: i64,
    /// What the last failed request came to.
    pub detail: String,
}

/// An outage on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredOutage {
    /// Whose requests fail.
    pub account: AccountId,
    /// Which.
    pub action: Action,
    /// How it stood when it was written.
    pub state: OutageState,
    /// The boot in which it was written.
    pub boot: String,
    /// Whether that drain's wall clock agreed with the platform's.
    pub clock_checked: bool,
}

impl OutageState {
    /// When its pause began.
    pub fn paused_at(&self) -> Moment {
        Moment {
            tick: Tick(self.until.0.saturating_sub(self.length_ms)),
            wall: Wall(self.until_at.0.saturating_sub(self.length_ms)),
        }
    }
}

type OutageRow = (i64, i64, i64, i64, i64, bool, i64, i64, i64, String, String, bool);

impl QueueStore<'_> {
    /// Every outage, by account.
    pub async fn outages(&mut self) -> Result<Vec<StoredOutage>, StoreError> {
        let sql =
            "select o.account_id, o.action, o.since_at, o.failures, o.pauses, o.newcomers, o.until_tick, o.until_at,
                          o.length_ms, o.detail, d.boot, d.clock_checked
                     from endpoint_outage o join drain d on d.id = o.drain_id order by o.account_id, o.action";
        let rows: Vec<OutageRow> = self.db.fetch_all(sql, args![]).await?;
        rows.into_iter().map(outage_of).collect()
    }
}

fn outage_of(row: OutageRow) -> Result<StoredOutage, StoreError> {
    let (account, action, since, failures, pauses, newcomers, tick, at, length_ms, detail, boot, clock_checked) = row;
    let state = OutageState {
        since: Wall(since),
        failures: u32::try_from(failures).unwrap_or(u32::MAX),
        pauses: u32::try_from(pauses).unwrap_or(u32::MAX),
        newcomers,
        until: Tick(tick),
        until_at: Wall(at),
        length_ms,
        detail,
    };
    Ok(StoredOutage { account: AccountId(account), action: action_of(action)?, state, boot, clock_checked })
}
