//! The turn: settle what has come in, claim what may go out, commit. One transaction, one query string, one row back.

use serde::{Deserialize, Serialize};

use super::drain::Drain;
use super::drill;
use super::error::StoreError;
use crate::domain::{
    AccountId, Action, AttemptId, LaneId, Moment, Outcome, Reason, RoundId, Target, TargetId, TaskId, TaskState, Tick,
    Wall,
};

/// What one turn writes.
#[derive(Debug, Default)]
pub struct Turn {
    /// Attempts that ended, and what became of their tasks.
    pub settled: Vec<Settled>,
    /// Tasks that stood aside and move on: woken, convicted, acquitted.
    pub moves: Vec<Move>,
    /// How many tasks to claim from which lanes.
    pub claims: Vec<Claim>,
    /// Holds that began, with the rung of the ladder of hidden caps.
    pub holds: Vec<NewHold>,
    /// Accounts that need a person, and why; an empty reason takes it back.
    pub troubles: Vec<(AccountId, Option<String>)>,
    /// Whether the wall clock agrees with the platform's, where that has changed.
    pub clock_checked: Option<bool>,
}

impl Turn {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        let Turn { settled, moves, claims, holds, troubles, clock_checked } = self;
        settled.is_empty()
            && moves.is_empty()
            && claims.is_empty()
            && holds.is_empty()
            && troubles.is_empty()
            && clock_checked.is_none()
    }
}

/// An attempt that ended.
#[derive(Debug)]
pub struct Settled {
    /// Which.
    pub attempt: AttemptId,
    /// Its task.
    pub task: TaskId,
    /// Its task's round.
    pub round: RoundId,
    /// The state the task goes to from `sending`.
    pub state: TaskState,
    /// The latest moment at which the platform can have counted the request.
    pub upper: Tick,
    /// When it ended.
    pub ended_at: Wall,
    /// The HTTP status, if an answer came.
    pub http_status: Option<u16>,
    /// What the answer meant, in one word.
    pub finding: &'static str,
    /// Why the task is where it is now.
    pub reason: Option<Reason>,
    /// What the platform said.
    pub detail: String,
    /// Answers so far that were the world's fault or could not be read.
    pub troubles: u32,
    /// The attempt of the first of them.
    pub first_trouble: Option<AttemptId>,
    /// An attempt may have had its effect unseen.
    pub unsure: bool,
}

/// A task that moves without an attempt. It moves only if it still is where we think it is.
#[derive(Debug)]
pub struct Move {
    /// Which.
    pub task: TaskId,
    /// From where.
    pub from: TaskState,
    /// To where: `pending`, `failed` or `kept`.
    pub to: TaskState,
    /// Why, where it settles.
    pub reason: Option<Reason>,
}

/// So many tasks from the head of a lane.
#[derive(Debug)]
pub struct Claim {
    /// Which lane.
    pub lane: LaneId,
    /// Whose it is.
    pub account: AccountId,
    /// What it does.
    pub action: Action,
    /// How many.
    pub count: u32,
    /// Tasks above belong to a load that has not finished.
    pub visible_to: TaskId,
    /// Tasks above have not been looked at, where tasks are looked at before they are claimed.
    pub looked_to: Option<TaskId>,
    /// Until its end is known, each slot counts as if the platform might count it as late as this.
    pub upper: Tick,
}

/// A hold that begins.
#[derive(Debug)]
pub struct NewHold {
    /// Whose.
    pub account: AccountId,
    /// Its end; none takes the hold and its rung back.
    pub until: Option<(Tick, Wall)>,
    /// How long it is, in milliseconds.
    pub length_ms: i64,
    /// Why.
    pub reason: String,
    /// Hidden caps in a row.
    pub rung: u8,
}

/// What one turn claimed.
#[derive(Debug, Default)]
pub struct TurnReceipt {
    /// The tasks, each with its attempt and slot on disk.
    pub claimed: Vec<Claimed>,
    /// Lanes asked in this turn that have nobody left in line.
    pub drained: Vec<LaneId>,
}

/// A task whose request may now leave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The attempt.
    pub attempt: AttemptId,
    /// The task.
    pub task: TaskId,
    /// Its lane.
    pub lane: LaneId,
    /// What to act on.
    pub target: Target,
    /// Attempts so far, this one counted.
    pub attempts: u32,
    /// Answers before this one that were the world's fault or could not be read.
    pub troubles: u32,
    /// The attempt of the first of them.
    pub first_trouble: Option<AttemptId>,
    /// An earlier attempt may have had its effect unseen.
    pub unsure: bool,
}

const TURN: &str = "
begin immediate;

insert into drain (id, boot, started_tick, started_at)
select id, boot, started_tick, started_at from drain
 where id = ?1 ->> '$.fence' and exists (select 1 from drain newer where newer.id > ?1 ->> '$.fence');

update drain set clock_checked = ?1 ->> '$.clock_checked'
 where ?1 ->> '$.clock_checked' is not null and id = ?1 ->> '$.fence';

update attempt
   set upper_tick = j.value ->> 1, ended_at = j.value ->> 2, http_status = j.value ->> 3, finding = j.value ->> 4,
       reason = j.value ->> 5, detail = j.value ->> 6
  from json_each(?1, '$.ends') j
 where attempt.id = j.value ->> 0;

update task
   set state = j.value ->> 2, reason = j.value ->> 3, http_status = j.value ->> 4, finished_at = j.value ->> 5,
       troubles = j.value ->> 6, first_trouble_id = j.value ->> 7, unsure = j.value ->> 8
  from json_each(?1, '$.tasks') j
 where task.id = j.value ->> 0 and task.state = 1 and task.last_attempt_id = j.value ->> 1;

update round
   set pending = pending - (j.value ->> 1) - (j.value ->> 2) - (j.value ->> 3), done = done + (j.value ->> 1),
       gone = gone + (j.value ->> 2), failed = failed + (j.value ->> 3)
  from json_each(?1, '$.counts') j
 where round.id = j.value ->> 0;

update round
   set pending = pending - m.convicted - m.spared, failed = failed + m.convicted, kept = kept + m.spared
  from (select lane.round_id, sum(j.value ->> 2 = 6) as convicted, sum(j.value ->> 2 = 8) as spared
          from json_each(?1, '$.moves') j
          join task on task.id = j.value ->> 0 and task.state = j.value ->> 1
          join lane on lane.id = task.lane_id
         where j.value ->> 2 in (6, 8)
         group by lane.round_id) m
 where round.id = m.round_id;

update task
   set state = j.value ->> 2, reason = coalesce(j.value ->> 3, reason), finished_at = j.value ->> 4
  from json_each(?1, '$.moves') j
 where task.id = j.value ->> 0 and task.state = j.value ->> 1;

update account
   set hold_until_tick = j.value ->> 1, hold_until_at = j.value ->> 2, hold_length_ms = j.value ->> 3,
       hold_reason = j.value ->> 4, hold_rung = j.value ->> 5, hold_drain_id = ?1 ->> '$.fence'
  from json_each(?1, '$.holds') j
 where account.id = j.value ->> 0;

update account set trouble = j.value ->> 1 from json_each(?1, '$.troubles') j where account.id = j.value ->> 0;

insert into attempt (id, account_id, task_id, previous_id, drain_id, action, reserved_tick, reserved_at, upper_tick)
with recursive line (lane, account, action, claim_to, upper, want, id) as (
    select j.value ->> 0, j.value ->> 1, j.value ->> 2, j.value ->> 6, j.value ->> 5, j.value ->> 3,
           (select t.id from task t
             where t.lane_id = j.value ->> 0 and t.state = 0 and t.id <= j.value ->> 6
             order by t.id limit 1)
      from json_each(?1, '$.claims') j
    union all
    select lane, account, action, claim_to, upper, want - 1,
           (select t.id from task t
             where t.lane_id = line.lane and t.state = 0 and t.id > line.id and t.id <= line.claim_to
             order by t.id limit 1)
      from line
     where want > 1 and id is not null
)
select (?1 ->> '$.after') + row_number() over (), line.account, line.id, task.last_attempt_id, ?1 ->> '$.fence',
       line.action, ?1 ->> '$.tick', ?1 ->> '$.at', line.upper
  from line join task on task.id = line.id;

update task set state = 1, attempts = attempts + 1, last_attempt_id = a.id
  from attempt a
 where a.id > ?1 ->> '$.after' and task.id = a.task_id;

select json_object(
    'claimed',
    (select json_group_array(json_array(a.id, t.id, t.lane_id, t.target, t.attempts, t.troubles, t.first_trouble_id, t.unsure))
       from attempt a join task t on t.id = a.task_id
      where a.id > ?1 ->> '$.after'),
    'drained',
    (select json_group_array(j.value ->> 0)
       from json_each(?1, '$.claims') j
      where not exists (select 1 from task t
                         where t.lane_id = j.value ->> 0 and t.state = 0 and t.id <= j.value ->> 4)));

commit";

#[derive(Serialize)]
struct Document<'a> {
    fence: i64,
    after: i64,
    tick: i64,
    at: i64,
    clock_checked: Option<u8>,
    ends: Vec<(i64, i64, i64, Option<u16>, &'a str, Option<&'a str>, &'a str)>,
    tasks: Vec<(i64, i64, i64, Option<&'a str>, Option<u16>, Option<i64>, u32, Option<i64>, u8)>,
    counts: Vec<(i64, u32, u32, u32)>,
    moves: Vec<(i64, i64, i64, Option<&'a str>, Option<i64>)>,
    holds: Vec<(i64, Option<i64>, Option<i64>, i64, Option<&'a str>, u8)>,
    troubles: Vec<(i64, Option<&'a str>)>,
    claims: Vec<(i64, i64, i64, u32, i64, i64, i64)>,
}

#[derive(Deserialize)]
struct ReceiptDocument {
    claimed: Vec<(i64, i64, i64, serde_json::Value, u32, u32, Option<i64>, u8)>,
    drained: Vec<i64>,
}

impl Drain {
    /// Writes a turn: all of it, or nothing.
    ///
    /// # Errors
    /// [`StoreError::FenceLost`] where a newer drain has begun; a full disk; a busy or damaged database. Nothing was written,
    /// and nothing of this turn's claims may be sent.
    pub async fn turn(&mut self, turn: &Turn, now: Moment) -> Result<TurnReceipt, StoreError> {
        let document =
            serde_json::to_string(&self.document(turn, now)).map_err(|e| StoreError::impossible(e.to_string()))?;
        drill::point("before-commit");
        let rows = sqlx::query_as::<_, (String,)>(TURN).bind(document).fetch_all(&mut self.store.connection).await;
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => return Err(self.roll_back(error).await),
        };
        drill::point("after-commit");
        let text = rows.first().map_or("", |(text,)| text.as_str());
        let receipt: ReceiptDocument = serde_json::from_str(text).map_err(|e| StoreError::impossible(e.to_string()))?;
        let claimed = receipt.claimed.into_iter().map(claimed_of).collect::<Result<Vec<_>, _>>()?;
        self.last_attempt = claimed.iter().map(|claimed| claimed.attempt).max().unwrap_or(self.last_attempt);
        Ok(TurnReceipt { claimed, drained: receipt.drained.into_iter().map(LaneId).collect() })
    }

    async fn roll_back(&mut self, error: sqlx::Error) -> StoreError {
        // A full disk has rolled back already; then there is nothing left to roll back, which is no second error.
        if let Err(error) = sqlx::query("rollback").execute(&mut self.store.connection).await {
            tracing::debug!(%error, "nothing to roll back");
        }
        let fence_lost = matches!(&error, sqlx::Error::Database(e) if e.message().contains("drain.id"));
        if fence_lost { StoreError::FenceLost } else { self.store.sort(error) }
    }

    fn document<'a>(&self, turn: &'a Turn, now: Moment) -> Document<'a> {
        let settled_at = |state: TaskState, at: Wall| (state.outcome() != Outcome::Pending).then_some(at.0);
        Document {
            fence: self.fence.0,
            after: self.last_attempt.0,
            tick: now.tick.0,
            at: now.wall.0,
            clock_checked: turn.clock_checked.map(u8::from),
            ends: turn.settled.iter().map(end_of).collect(),
            tasks: turn
                .settled
                .iter()
                .map(|s| {
                    let finished = settled_at(s.state, s.ended_at);
                    let first = s.first_trouble.map(|id| id.0);
                    let reason = s.reason.as_deref();
                    let (task, attempt) = (s.task.0, s.attempt.0);
                    (
                        task,
                        attempt,
                        s.state.code(),
                        reason,
                        s.http_status,
                        finished,
                        s.troubles,
                        first,
                        u8::from(s.unsure),
                    )
                })
                .collect(),
            counts: counts_of(&turn.settled),
            moves: turn
                .moves
                .iter()
                .map(|m| (m.task.0, m.from.code(), m.to.code(), m.reason.as_deref(), settled_at(m.to, now.wall)))
                .collect(),
            holds: turn
                .holds
                .iter()
                .map(|h| {
                    let (tick, at) = (h.until.map(|u| u.0.0), h.until.map(|u| u.1.0));
                    (h.account.0, tick, at, h.length_ms, h.until.map(|_| h.reason.as_str()), h.rung)
                })
                .collect(),
            troubles: turn.troubles.iter().map(|(account, why)| (account.0, why.as_deref())).collect(),
            claims: turn
                .claims
                .iter()
                .map(|c| {
                    let claim_to = c.looked_to.unwrap_or(c.visible_to).min(c.visible_to);
                    (c.lane.0, c.account.0, c.action.code(), c.count, c.visible_to.0, c.upper.0, claim_to.0)
                })
                .collect(),
        }
    }
}

fn end_of(s: &Settled) -> (i64, i64, i64, Option<u16>, &str, Option<&str>, &str) {
    (s.attempt.0, s.upper.0, s.ended_at.0, s.http_status, s.finding, s.reason.as_deref(), s.detail.as_str())
}

/// How many of each round's tasks were settled, by outcome. The counts are exact because only the drain that holds the lock
/// can move a task that is `sending`.
fn counts_of(settled: &[Settled]) -> Vec<(i64, u32, u32, u32)> {
    let mut counts: Vec<(i64, u32, u32, u32)> = Vec::new();
    for item in settled {
        let (done, gone, failed) = match item.state {
            TaskState::Done => (1, 0, 0),
            TaskState::Gone => (0, 1, 0),
            TaskState::Failed => (0, 0, 1),
            _ => continue,
        };
        match counts.iter_mut().find(|count| count.0 == item.round.0) {
            Some(count) => {
                count.1 += done;
                count.2 += gone;
                count.3 += failed;
            }
            None => counts.push((item.round.0, done, gone, failed)),
        }
    }
    counts
}

fn claimed_of(row: (i64, i64, i64, serde_json::Value, u32, u32, Option<i64>, u8)) -> Result<Claimed, StoreError> {
    let (attempt, task, lane, target, attempts, troubles, first_trouble, unsure) = row;
    Ok(Claimed {
        attempt: AttemptId(attempt),
        task: TaskId(task),
        lane: LaneId(lane),
        target: target_of(&target)?,
        attempts,
        troubles,
        first_trouble: first_trouble.map(AttemptId),
        unsure: unsure != 0,
    })
}

/// A target as the database's JSON writes it.
pub(super) fn target_of(value: &serde_json::Value) -> Result<Target, StoreError> {
    let complain = || StoreError::impossible(format!("the target {value}"));
    match value {
        serde_json::Value::Number(number) => {
            let id = number.as_i64().ok_or_else(complain)?;
            TargetId::from_i64(id).map(Target::Id).map_err(|_| complain())
        }
        serde_json::Value::String(text) => text.parse().map_err(|_| complain()),
        _ => Err(complain()),
    }
}
