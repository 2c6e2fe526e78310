//! Drains on a server that are over: their time is past and nobody put it off, or they have said so. What was in flight stands aside, what they
//! had is anybody's.
//!
//! In: a transaction that has the right to share ([`super::share`]). Out: how many tasks stand aside. What does not belong here: what is known
//! of a death in a file's queue ([`super::recovery`], whose rules these are).

use std::collections::{BTreeMap, HashMap};

use super::recovery::{InFlightRow, after_death};
use crate::domain::{CRASHED, CrashCount, Death, Moment};
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
    let earlier = earlier_deaths(tx, boot, &in_flight.iter().map(|row| row.0).collect::<Vec<_>>()).await?;
    for (task, round, crashes, same_boot, answered, drain) in in_flight {
        let crashes = crashes.max(earlier.get(&task).map_or(0, |count| i64::from(count.number())));
        of_drain.entry(drain).or_default().push((task, round, crashes, same_boot, answered));
    }
    let mut buried = Buried { any: !dead.is_empty(), ..Buried::default() };
    let mut to_blame = Vec::new();
    for (drain, rows) in &of_drain {
        let out = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        tx.execute("update drain set in_flight = $2 where id = $1", args![*drain, out]).await?;
        let after = after_death(rows, now);
        let withdrawn = after.write(tx, now).await?;
        buried.recovered += after.tasks - after.failed - withdrawn;
        buried.crashed += after.failed;
        to_blame.extend(after.failed_tasks);
    }
    tx.execute(CLOSE_ATTEMPTS, args![now.wall.0, now.tick.0, deadline_ms, boot]).await?;
    if !to_blame.is_empty() {
        tx.execute(BLAME, args![serde_json::json!(to_blame).to_string(), CRASHED]).await?;
    }
    tx.execute(FREE_ACCOUNTS, args![]).await?;
    Ok(buried)
}

/// What earlier deaths count against tasks, by what is known of them now. That the machine of a process which died went on may have been seen only
/// later, when another had taken over.
async fn earlier_deaths(tx: &mut Tx<'_>, boot: &str, tasks: &[i64]) -> Result<HashMap<i64, CrashCount>, StoreError> {
    let mut counts: HashMap<i64, CrashCount> = HashMap::new();
    if tasks.is_empty() {
        return Ok(counts);
    }
    let tasks = serde_json::json!(tasks).to_string();
    let deaths: Vec<(i64, bool, bool, bool)> = tx.fetch_all(EARLIER_DEATHS, args![boot, tasks]).await?;
    for (task, same_boot, answered, alone) in deaths {
        let count = counts.entry(task).or_default();
        *count = count.after(Death { same_boot, answered, alone });
    }
    Ok(counts)
}

/// The machine of the drain `d` went on after that had died, under the same boot: it is this one, or another drain of that boot has been heard of so
/// much later that both cannot have gone silent together. A drain says every three seconds that it is alive. `$1` this boot.
macro_rules! machine_went_on {
    () => {
        "(d.boot = $1 or exists (
             select 1 from drain other
              where other.boot = d.boot and d.alive_until > 0 and other.alive_until >= d.alive_until + 10000
                and (other.id > d.id or other.ended_at is null)))"
    };
}

/// `$1` this boot, `$2` tasks: the deaths at which each was in flight since its last answer, or since it has failed for them, before the present one,
/// oldest first.
const EARLIER_DEATHS: &str = concat!(
    "
    with recursive chain (task_id, drain_id, previous_id, nth) as (
        select task.id, a.drain_id, a.previous_id, 0
          from task join attempt a on a.id = task.last_attempt_id where task.id in ",
    word!(postgres numbers "$2"),
    " union all
        select chain.task_id, a.drain_id, a.previous_id, chain.nth + 1
          from chain join attempt a on a.id = chain.previous_id
         where a.finding = 'crashed' and a.reason = 'process_died' and chain.nth < 100
    )
    select chain.task_id, coalesce(d.stopped = 'died', false) and ",
    machine_went_on!(),
    ", d.answered = 1, coalesce(d.in_flight = 1, false)
      from chain join drain d on d.id = chain.drain_id
     where chain.nth > 0
     order by chain.task_id, chain.nth desc"
);

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
    select task.id, coalesce(lane.round_id, 0), task.crashes, ",
    machine_went_on!(),
    " and d.id in ",
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

/// `$1` tasks that have failed for their deaths: where a person has them tried again, those do not count any more. `$2` the reason.
const BLAME: &str = concat!(
    "update attempt set reason = $2 from task where attempt.id = task.last_attempt_id and task.id in ",
    word!(postgres numbers "$1")
);

const FREE_ACCOUNTS: &str = "
    update account set lease_drain_id = null, lease_since = null
      from drain d
     where d.id = account.lease_drain_id and d.ended_at is not null";
