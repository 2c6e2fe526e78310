//! Places of a limit that come free: a row that was taken for one of the first N, and of which a lookup says that nothing is sent for it, leaves
//! its place to the next row that the limit spares. So N rows are sent for where there are N.
//!
//! In: rounds, and how many places came free. Out: rows in line again. What does not belong here: which rows a limit takes first (`app`).

use crate::domain::{RoundId, TaskId};
use crate::store::db::Tx;
use crate::store::error::StoreError;

/// The reason of a row that a limit spares.
const LIMIT: &str = "limit";
/// What the name of a load's rules has where there is a limit.
const LIMITED: &str = "%:limit=%";
/// What it has where an order decides which rows the limit takes: which would be next, the queue does not know.
const ORDERED: &str = "%:order=%";

/// The next tasks of a round that its limit spares, from `$2` on, so many at most. Rows behind the last that was taken come first, so that few are
/// looked at.
const NEXT: &str = "
    select task.id from task
     where task.id >= $2 and task.state = 8 and task.reason = $3 and task.vanished = 0
       and task.lane_id in (select id from lane where round_id = $1)
     order by task.id limit $4";

/// So many places of a round's limit have come free, and the first of those who had them is `from`.
pub(super) async fn fill_places(
    tx: &mut Tx<'_>,
    round: RoundId,
    (places, from): (u64, TaskId),
) -> Result<(), StoreError> {
    const IS_LIMITED: &str = "
        select round.kept > 0 and load.content_hash like $2 and load.content_hash not like $3
          from round join load on load.round_id = round.id
         where round.id = $1 and load.finished_at is not null
         order by load.id desc limit 1";
    let limited: Option<(bool,)> = tx.fetch_optional(IS_LIMITED, args![round.0, LIMITED, ORDERED]).await?;
    if limited != Some((true,)) {
        return Ok(());
    }
    let mut next: Vec<(i64,)> = Vec::new();
    // Where a later load has put new rows before old ones, the next row may be older.
    for start in [from.0, 0] {
        if (next.len() as u64) < places {
            next = tx.fetch_all(NEXT, args![round.0, start, LIMIT, places as i64]).await?;
        }
    }
    let tasks = serde_json::json!(next.iter().map(|(task,)| task).collect::<Vec<_>>()).to_string();
    let back = sql!(
        "update task set state = 0, reason = null, finished_at = null, crashes = 0, asked_last = 0 where id in ",
        numbers("$1")
    );
    tx.execute(back, args![&tasks]).await?;
    let count = "update round set kept = kept - $2, pending = pending + $2 where id = $1";
    tx.execute(count, args![round.0, next.len() as i64]).await?;
    // What was read of the account's own records before says nothing of these.
    let distrust = sql!(
        "update own_record_reading set covers_to = 0
          where covers_to > 0 and exists (select 1 from task join lane on lane.id = task.lane_id
                 where lane.account_id = own_record_reading.account_id and lane.action = own_record_reading.action
                   and task.id in ",
        numbers("$1"),
        ")"
    );
    tx.execute(distrust, args![&tasks]).await.map(drop)
}
