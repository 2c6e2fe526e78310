//! What a drain on a server finds of the accounts that it has just got: the tasks that others have left aside. The rules are those of a start in
//! a file's queue ([`super::recovery`]), for these accounts alone.

use super::drain_start::DrainStart;
use super::first_attempt::since_takeover;
use super::recovery::{ParkedRow, aside_of, parked_of, undecided_of};
use crate::domain::{AccountId, Moment, Tick, UNKNOWN_AFTER_CRASH};
use crate::store::db::Tx;
use crate::store::error::StoreError;

/// Puts in line what nobody stands in the way of, and tells the rest.
pub(super) async fn take_over(
    tx: &mut Tx<'_>,
    accounts: &[AccountId],
    boot: &str,
    now: Moment,
) -> Result<DrainStart, StoreError> {
    let ids = serde_json::json!(accounts).to_string();
    tx.execute(WAKE_WAITING, args![&ids, UNKNOWN_AFTER_CRASH]).await?;
    let provisional: Vec<ParkedRow> = tx.fetch_all(PROVISIONAL, args![&ids]).await?;
    let aside: Vec<(i64, i64, i64, i64)> = tx.fetch_all(ASIDE, args![&ids, UNKNOWN_AFTER_CRASH]).await?;
    let asked_last: Vec<(i64, i64, i64, i64)> = tx.fetch_all(ASKED_LAST, args![&ids]).await?;
    let undecided: Vec<(i64, i64, i64)> = tx.fetch_all(UNDECIDED, args![&ids, UNKNOWN_AFTER_CRASH]).await?;
    Ok(DrainStart {
        provisional: provisional.into_iter().map(parked_of).collect::<Result<_, _>>()?,
        aside: aside.into_iter().map(aside_of).collect::<Result<_, _>>()?,
        asked_last: asked_last.into_iter().map(aside_of).collect::<Result<_, _>>()?,
        undecided: undecided.into_iter().map(undecided_of).collect(),
        taken_over: taken_over(tx, boot, now).await?,
        ..DrainStart::default()
    })
}

/// From when on slots of other boots count: when a drain of this boot began behind the end of the last of those; now, where one of those may
/// have been alive a moment ago.
pub(super) async fn taken_over(tx: &mut Tx<'_>, boot: &str, now: Moment) -> Result<Tick, StoreError> {
    let (begun,): (Option<i64>,) = tx.fetch_one(TAKEN_OVER, args![boot]).await?;
    Ok(begun.map_or(now.tick, Tick))
}

/// The accounts' tasks that stand aside, `$1` the accounts; each statement ends with what else it asks of them.
macro_rules! set_aside {
    ($columns:literal, $rest:literal) => {
        concat!(
            "select ",
            $columns,
            " from task join lane on lane.id = task.lane_id where task.state in (2, 3) and lane.account_id in ",
            word!(postgres numbers "$1"),
            " and ",
            $rest
        )
    };
}

const WAKE_WAITING: &str = concat!(
    "
    update task set state = 0
      from lane
     where lane.id = task.lane_id and lane.account_id in ",
    word!(postgres numbers "$1"),
    "  and task.state in (2, 3) and task.state <> 3 and task.crashes = 0 and task.asked_last = 0 and task.reason is distinct from $2
       and not exists (select 1 from endpoint_outage o where o.account_id = lane.account_id and o.action = lane.action)"
);

const ASIDE: &str = set_aside!(
    "task.id, lane.id, lane.account_id, lane.action",
    "task.state = 2 and task.crashes = 0 and task.asked_last = 0 and task.reason is distinct from $2 order by task.last_attempt_id"
);

const ASKED_LAST: &str = set_aside!(
    "task.id, lane.id, lane.account_id, lane.action",
    "task.state = 2 and task.asked_last = 1 order by task.last_attempt_id"
);

const PROVISIONAL: &str = set_aside!(
    "task.id, lane.id, lane.account_id, lane.action, task.reason, task.unsure",
    "task.state = 3 order by task.id"
);

/// Those that were in flight last come last.
const UNDECIDED: &str = set_aside!(
    "task.id, lane.id, task.crashes",
    "task.state = 2 and (task.crashes > 0 or task.reason = $2) order by task.last_attempt_id"
);

const TAKEN_OVER: &str = concat!("select min(started_tick) from ", since_takeover!());
