//! Drains on a server that are over: their time is past and nobody put it off, or they have said so. What was in flight stands aside, what they
//! had is anybody's.
//!
//! In: a transaction that has the right to share ([`super::share`]). Out: how many tasks stand aside. What does not belong here: what is known
//! of a death in a file's queue ([`super::recovery`], whose rules these are).

use std::collections::BTreeMap;

use super::recovery::{InFlightRow, after_death};
use crate::domain::Moment;
use crate::store::db::Tx;
use crate::store::error::StoreError;

/// What was found of drains that are over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Buried {
    /// Tasks that stand aside.
    pub(super) recovered: u64,
    /// Those besides that have failed.
    pub(super) crashed: u64,
    /// Whether any drain has died.
    pub(super) any: bool,
}

/// Takes what they had from all drains that are over. `deadline_ms` is what a request may take.
pub(super) async fn bury(tx: &mut Tx<'_>, boot: &str, now: Moment, deadline_ms: i64) -> Result<Buried, StoreError> {
    let dead: Vec<(i64,)> = tx.fetch_all(DEAD, args![]).await?;
    let dead: Vec<i64> = dead.into_iter().map(|(id,)| id).collect();
    let ids = serde_json::json!(dead).to_string();
    if !dead.is_empty() {
        tx.execute(HAVE_DIED, args![&ids, now.wall.0]).await?;
    }
    // Whoever was in flight with somebody else is not alone, but in another process he was.
    let mut of_drain: BTreeMap<i64, Vec<InFlightRow>> = BTreeMap::new();
    let in_flight: Vec<(i64, i64, i64, bool, bool, i64)> = tx.fetch_all(IN_FLIGHT, args![boot, &ids]).await?;
    for (task, round, crashes, same_boot, answered, drain) in in_flight {
        of_drain.entry(drain).or_default().push((task, round, crashes, same_boot, answered));
    }
    let mut buried = Buried { any: !dead.is_empty(), ..Buried::default() };
    for rows in of_drain.values() {
        let after = after_death(rows, now);
        after.write(tx).await?;
        buried.recovered += after.tasks - after.failed;
        buried.crashed += after.failed;
    }
    tx.execute(CLOSE_ATTEMPTS, args![now.wall.0, now.tick.0, deadline_ms, boot]).await?;
    tx.execute(FREE_ACCOUNTS, args![]).await?;
    Ok(buried)
}

/// One whose row somebody has locked is alive: it is writing a turn, or its time is being put off.
const DEAD: &str = concat!(
    "select id from drain where ended_at is null and coalesce(alive_until, 0) < ",
    server_now!(),
    " for update skip locked"
);

/// `$1` those that have died, `$2` when that was found out.
const HAVE_DIED: &str = concat!(
    "update drain set ended_at = $2, stopped = 'died', last_beside = (select max(id) from drain) where id in ",
    word!(postgres numbers "$1")
);

/// `$1` this boot, `$2` those that have died; one that could not write any more, and ended, did not.
const IN_FLIGHT: &str = concat!(
    "
    select task.id, coalesce(lane.round_id, 0), task.crashes, d.boot = $1 and d.id in ",
    word!(postgres numbers "$2"),
    ", d.answered = 1, d.id
      from attempt a
      join drain d on d.id = a.drain_id
      join task on task.id = a.task_id
      left join lane on lane.id = task.lane_id
     where a.ended_at is null and a.finding is null and d.ended_at is not null
       and task.state = 1 and task.last_attempt_id = a.id
     order by a.id"
);

/// As [`super::recovery`] closes them, each once.
const CLOSE_ATTEMPTS: &str = "
    update attempt
       set finding = 'crashed', reason = 'process_died',
           ended_at = case when d.boot = $4 then cast($1 as bigint) end,
           upper_tick = case when d.boot = $4
                             then greatest(attempt.upper_tick, $2, $2 + attempt.upper_tick - attempt.reserved_tick - $3)
                             else attempt.upper_tick end
      from drain d
     where d.id = attempt.drain_id and attempt.ended_at is null and attempt.finding is null and d.ended_at is not null";

const FREE_ACCOUNTS: &str = "
    update account set lease_drain_id = null, lease_since = null
      from drain d
     where d.id = account.lease_drain_id and d.ended_at is not null";
