//! Tasks that stand in line under a name: found, and settled by what the name came to. A task whose name is found is a task on that
//! target from then on, as if its row had named it.
//!
//! In: lanes, and what names came to. Out: tasks that wait for their names; what became of them. What does not belong here: asking the
//! platform, and what it said of names that no row has (`names`).

use std::collections::BTreeMap;

use super::ListStore;
use super::limit_places::fill_places;
use super::names::Resolution;
use crate::domain::{AccountId, Action, LaneId, Outcome, RoundId, Target, TargetName, TaskId, TaskState, Wall};
use crate::store::codes::{action_of, state_of};
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::lock::LoadLock;
use crate::store::queue::bump_generation;

/// So many tasks of a lane are looked at for names: a job of a million IDs may have one name at its end.
const MAX_TASKS_SEARCHED: i64 = 10_000;
/// The reason of a task whose name nobody has.
const NOT_FOUND: &str = "handle_not_found";
/// The reason of a row that repeats another, whatever either calls its target.
const DUPLICATE: &str = "duplicate";

/// A task in line under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedTask {
    /// Which.
    pub task: TaskId,
    /// What its row calls its target.
    pub name: TargetName,
}

/// What the name of a task came to, and when the platform said so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameMeaning {
    /// What.
    pub resolution: Resolution,
    /// When.
    pub told_at: Wall,
}

/// A task that got its outcome by what its name came to, without a request of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledByName {
    /// Its round.
    pub round: RoundId,
    /// Whose it was.
    pub account: AccountId,
    /// What was to be done.
    pub action: Action,
    /// The name.
    pub target: Target,
    /// Gone, failed, a duplicate, or that of a task on the same target whose row has gone.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
}

/// What became of tasks by what their names came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamesSettled {
    /// So many stand in line under what their names mean.
    pub found: u64,
    /// These have an outcome by it.
    pub settled: Vec<SettledByName>,
}

/// Only the heads of lanes: what is far behind is looked up when its turn comes.
const NAMED: &str = "
    select id, target
      from (select id, target from task where lane_id = $1 and state = 0 and id <= $2 order by id limit $3) head
     where target >= '@' and target < 'A' limit $4";

impl ListStore<'_> {
    /// The first tasks at the heads of these lanes that stand under a name. Lanes are told with the last task that is visible of each.
    pub async fn named_tasks(&mut self, lanes: &[(LaneId, TaskId)], most: u32) -> Result<Vec<NamedTask>, StoreError> {
        let mut named = Vec::new();
        for (lane, visible_to) in lanes {
            let args = args![lane.0, visible_to.0, MAX_TASKS_SEARCHED, most];
            let rows: Vec<(i64, String)> = self.db.fetch_all(NAMED, args).await?;
            for (task, text) in rows {
                let name = text.parse::<Target>().ok().and_then(|target| target.name());
                let name = name.ok_or_else(|| StoreError::impossible(format!("the name {text:?}")))?;
                named.push(NamedTask { task: TaskId(task), name });
            }
        }
        named.sort_unstable_by_key(|named| named.task);
        named.truncate(most as usize);
        Ok(named)
    }

    /// Settles tasks by what their names came to: a task on a target is one whose row named it, unless the lane has such a task already; a
    /// name that nobody has is settled. Loads wait meanwhile, and this waits for loads: a reload that
    /// compared its file with names would take the rows of those that have found their targets for new ones.
    ///
    /// # Errors
    /// The database cannot be written; then nothing has changed.
    pub async fn settle_names(
        &mut self,
        named: &[(NamedTask, NameMeaning)],
        now: Wall,
    ) -> Result<NamesSettled, StoreError> {
        let mut result = NamesSettled::default();
        if named.is_empty() {
            return Ok(result);
        }
        let _no_loads = LoadLock::wait(self.db.place()).await?;
        let mut tx = self.db.begin().await?;
        // By round, the places of a limit that come free, and who had the first.
        let mut free: BTreeMap<RoundId, (u64, TaskId)> = BTreeMap::new();
        for (task, NameMeaning { resolution, told_at }) in named {
            let Some(place) = place_of(&mut tx, task).await? else { continue };
            let taken = match resolution {
                Resolution::Target(target) => take_target(&mut tx, &place, target, now).await?,
                Resolution::Nobody(reason) => settle_missing(&mut tx, &place, reason, now).await?,
            };
            match taken {
                Taken::Found => result.found += 1,
                Taken::Settled(outcome, reason) => result.settled.push(place.settled(outcome, reason)),
                Taken::Dropped(outcome, reason) => {
                    // A load that knew it has given no place.
                    if outcome == Outcome::Duplicate || *told_at > place.loaded_at {
                        let (places, from) = free.entry(RoundId(place.round)).or_insert((0, task.task));
                        (*places, *from) = (*places + 1, (*from).min(task.task));
                    }
                    result.settled.push(place.settled(outcome, reason));
                }
                Taken::Later => {}
            }
        }
        for (round, places) in free {
            fill_places(&mut tx, round, places).await?;
        }
        bump_generation(&mut tx).await?;
        crate::store::failpoint::point("before-names");
        tx.commit().await?;
        crate::store::failpoint::point("after-names");
        Ok(result)
    }
}

/// A task that stands in line under its name still.
struct Place {
    task: i64,
    name: String,
    lane: i64,
    round: i64,
    account: i64,
    action: Action,
    /// When the newest load of its round began.
    loaded_at: Wall,
}

impl Place {
    fn settled(&self, outcome: Outcome, reason: String) -> SettledByName {
        let (round, account) = (RoundId(self.round), AccountId(self.account));
        // It has been read from its text before.
        let target = self.name.parse().unwrap_or(Target::Id(crate::domain::TargetId::ZERO));
        SettledByName { round, account, action: self.action, target, outcome, reason }
    }
}

/// Whoever has changed the task meanwhile knows better.
async fn place_of(tx: &mut Tx<'_>, named: &NamedTask) -> Result<Option<Place>, StoreError> {
    const PLACE: &str = "
        select lane.id, lane.round_id, lane.account_id, lane.action,
               (select max(load.started_at) from load where load.round_id = lane.round_id and load.finished_at is not null)
          from task
          join lane on lane.id = task.lane_id
          join task_key key on key.lane_id = lane.id and key.target = task.target and key.task_id = task.id
         where task.id = $1 and task.state = 0 and task.target = $2";
    let (task, name) = (named.task.0, named.name.to_string());
    let found: Option<(i64, i64, i64, i64, Option<i64>)> = tx.fetch_optional(PLACE, args![task, &name]).await?;
    let Some((lane, round, account, action, loaded_at)) = found else { return Ok(None) };
    let loaded_at = Wall(loaded_at.unwrap_or(0));
    Ok(Some(Place { task, name, lane, round, account, action: action_of(action)?, loaded_at }))
}

/// What became of a task by what its name came to.
enum Taken {
    /// It stands in line under what its name means.
    Found,
    /// It has the outcome of a row that it takes the place of.
    Settled(Outcome, String),
    /// It has an outcome, and nothing is sent for it.
    Dropped(Outcome, String),
    /// Another task on the same target is being sent, and its row has gone: its answer comes first.
    Later,
}

/// Gives a task the target that its name means. Where the lane has a task on that already, this row is its repeat; where that one's row has
/// gone from the file, this row is its row, and what has become of it is this one's.
async fn take_target(tx: &mut Tx<'_>, place: &Place, target: &Target, now: Wall) -> Result<Taken, StoreError> {
    const OTHER: &str = "
        select task.id, task.state, task.vanished, task.reason
          from task_key key join task on task.id = key.task_id
         where key.lane_id = $1 and key.target = $2";
    let other: Option<(i64, i64, bool, Option<String>)> = tx.fetch_optional(OTHER, args![place.lane, target]).await?;
    let mut taken = Taken::Found;
    if let Some((other, state, has_vanished, reason)) = other {
        let state = state_of(state)?;
        if !has_vanished {
            for sql in REPEAT {
                tx.execute(sql, args![place.task, other]).await?;
            }
            let count = "update round set pending = pending - 1, duplicates = duplicates + 1 where id = $1";
            tx.execute(count, args![place.round]).await?;
            return Ok(Taken::Dropped(Outcome::Duplicate, DUPLICATE.to_owned()));
        }
        // A row that comes back is in line again, whatever had put it out of line.
        let returns = match (state, reason.as_deref()) {
            (TaskState::Sending, _) => return Ok(Taken::Later),
            (TaskState::Cancelled, Some("row_vanished")) => "update round set cancelled = cancelled - 1 where id = $1",
            (TaskState::Kept, _) => "update round set kept = kept - 1 where id = $1",
            (TaskState::Rejected, _) => "update round set rejected_tasks = rejected_tasks - 1 where id = $1",
            _ => {
                taken = Taken::Settled(state.outcome(), reason.unwrap_or_default());
                "update round set pending = pending - 1 where id = $1"
            }
        };
        tx.execute(returns, args![place.round]).await?;
        if matches!(taken, Taken::Settled(..)) {
            tx.execute(TAKE_OVER, args![other, place.task]).await?;
        }
        for sql in INHERIT {
            tx.execute(sql, args![other, place.task]).await?;
        }
    }
    let rename = "update task_key set target = $3 where lane_id = $1 and target = $2";
    tx.execute(rename, args![place.lane, &place.name, target]).await?;
    tx.execute("update task set target = $2 where id = $1", args![place.task, target]).await?;
    let name = "insert into task_name (task_id, name, found_at) values ($1, $2, $3)
                on conflict (task_id) do update set name = excluded.name, found_at = excluded.found_at";
    tx.execute(name, args![place.task, &place.name, now.0]).await?;
    // What was read of the account's own records before says nothing of this target.
    let distrust =
        "update own_record_reading set covers_to = 0 where account_id = $1 and action = $2 and covers_to > 0";
    tx.execute(distrust, args![place.account, place.action.code()]).await?;
    Ok(taken)
}

/// Nobody has the name: the task is gone. Somebody who cannot be acted on: it has failed.
async fn settle_missing(tx: &mut Tx<'_>, place: &Place, reason: &str, now: Wall) -> Result<Taken, StoreError> {
    let is_gone = reason == "not_found";
    let (state, why) = if is_gone { (TaskState::Gone, NOT_FOUND) } else { (TaskState::Failed, reason) };
    let sql = "update task set state = $2, reason = $3, finished_at = $4 where id = $1";
    tx.execute(sql, args![place.task, state.code(), why, now.0]).await?;
    let count = if is_gone {
        "update round set pending = pending - 1, gone = gone + 1 where id = $1"
    } else {
        "update round set pending = pending - 1, failed = failed + 1 where id = $1"
    };
    tx.execute(count, args![place.round]).await?;
    Ok(Taken::Dropped(state.outcome(), why.to_owned()))
}

/// The task `$1` repeats `$2`: its row is a duplicate, as it would have been if it had named the ID.
const REPEAT: [&str; 5] = [
    "insert into row_without_task (load_id, line, outcome, reason, task_id, record)
     select newest.id, coalesce((select r.line + task.id - r.task_id from row_run r
                                  where r.load_id = newest.id and task.id between r.task_id and r.task_id + r.rows - 1 limit 1),
                                task.line),
            'duplicate', 'duplicate', $2, c.record
       from task
       join lane on lane.id = task.lane_id
       join load newest on newest.id = (select max(id) from load where round_id = lane.round_id and finished_at is not null)
       left join task_cells c on c.task_id = task.id
      where task.id = $1",
    "update row_without_task set task_id = $2
      where task_id = $1
        and load_id = (select max(load.id) from task join lane on lane.id = task.lane_id
                         join load on load.round_id = lane.round_id and load.finished_at is not null
                        where task.id = $1)",
    "delete from task_key where (lane_id, target) in (select lane_id, target from task where id = $1)",
    "delete from task_cells where task_id = $1",
    "delete from task where id = $1",
];

/// The task `$2` is where `$1` was.
const TAKE_OVER: &str = "
    update task set state = o.state, reason = o.reason, http_status = o.http_status, finished_at = o.finished_at,
           last_attempt_id = o.last_attempt_id
      from task o where o.id = $1 and task.id = $2";

/// The task `$2` goes on with what was sent for `$1`, whose row is no longer in the file.
const INHERIT: [&str; 7] = [
    "update task
        set attempts = o.attempts, last_attempt_id = o.last_attempt_id, troubles = o.troubles, first_trouble_id = o.first_trouble_id,
            unsure = o.unsure
       from task o where o.id = $1 and task.id = $2",
    "with recursive chain (id, previous_id) as (
         select a.id, a.previous_id from task join attempt a on a.id = task.last_attempt_id where task.id = $2
         union all
         select a.id, a.previous_id from chain join attempt a on a.id = chain.previous_id)
     update attempt set task_id = $2 where id in (select id from chain) and task_id = $1",
    "delete from task_key where (lane_id, target) in (select lane_id, target from task where id = $1)",
    "delete from task_cells where task_id = $1",
    "delete from task_name where task_id = $1",
    "delete from verification where task_id = $1",
    "delete from task where id = $1",
];

#[cfg(test)]
#[path = "named_tasks_tests.rs"]
mod tests;
