//! The turn: settle what has come in, claim what may go out, commit. One transaction, one query string, one row back.

use serde::Deserialize;

use super::allowances::NewAllowance;
use super::drain::Drain;
use super::outages::OutageChange;
use super::turn_sql::Words;
use crate::domain::{
    AccountId, Action, AttemptId, LaneId, Moment, Reason, RoundId, Target, TargetId, TaskId, TaskState, Tick, Wall,
};
use crate::store::error::StoreError;
use crate::store::failpoint;

/// What one turn writes.
#[derive(Debug, Default)]
pub struct Turn {
    /// Attempts that ended, and what became of their tasks.
    pub settled: Vec<Settled>,
    /// Tasks that stood aside and move on: woken, decided, put back.
    pub moves: Vec<Move>,
    /// How many tasks to claim from which lanes.
    pub claims: Vec<Claim>,
    /// Holds that began, with the rung of the ladder of hidden caps.
    pub holds: Vec<NewHold>,
    /// Accounts that need a person, and why; an empty reason takes it back.
    pub troubles: Vec<(AccountId, Option<String>)>,
    /// Whether the wall clock agrees with the platform's, where that has changed.
    pub clock_checked: Option<bool>,
    /// Endpoints whose outage began, went on or ended.
    pub outages: Vec<OutageChange>,
    /// What answers said is left of the platform's windows, where it is less than was known.
    pub allowances: Vec<NewAllowance>,
    /// The platform has answered this drain for the first time.
    pub first_answer: bool,
}

impl Turn {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        let Turn { settled, moves, claims, holds, troubles, clock_checked, outages, allowances, first_answer } = self;
        settled.is_empty()
            && moves.is_empty()
            && claims.is_empty()
            && holds.is_empty()
            && troubles.is_empty()
            && clock_checked.is_none()
            && outages.is_empty()
            && allowances.is_empty()
            && !first_answer
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
    /// Failed tries that count against it.
    pub troubles: u32,
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
    /// To where: `pending`, `done`, `gone`, `failed` or `kept`; or `waiting`, where it is asked for last from now on.
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
    /// This task and no other.
    pub only: Option<TaskId>,
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
    /// Tasks at the head of their lanes that are not what the file said: because of them nothing was claimed.
    pub damaged: Vec<TaskId>,
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
    /// Failed tries that count against it.
    pub troubles: u32,
    /// An earlier attempt may have had its effect unseen.
    pub unsure: bool,
}

#[derive(Deserialize)]
struct ReceiptDocument {
    claimed: Vec<(i64, i64, i64, serde_json::Value, u32, u32, u8)>,
    drained: Vec<i64>,
    damaged: Vec<i64>,
}

impl Drain {
    /// Writes a turn: all of it, or nothing.
    ///
    /// # Errors
    /// [`StoreError::FenceLost`] where a newer drain has begun; a full disk; a busy or damaged database. Nothing was written,
    /// and nothing of this turn's claims may be sent.
    pub async fn turn(&mut self, turn: &Turn, now: Moment) -> Result<TurnReceipt, StoreError> {
        let words = Words::of(turn, now.wall)?;
        failpoint::point("before-commit");
        let args = args![
            self.fence.0,
            self.last_attempt.0,
            now.tick.0,
            now.wall.0,
            words.settled,
            words.counts,
            words.claims,
            words.moves,
            words.holds,
            words.troubles,
            turn.clock_checked,
            words.outages,
            turn.first_answer,
            words.allowances
        ];
        let rows = self.store.db.fetch_all::<(String,)>(words.sql, args).await;
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => return Err(self.roll_back(error).await),
        };
        failpoint::point("after-commit");
        let text = rows.first().map_or("", |(text,)| text.as_str());
        let receipt: ReceiptDocument = serde_json::from_str(text).map_err(|e| StoreError::impossible(e.to_string()))?;
        let claimed = receipt.claimed.into_iter().map(claimed_of).collect::<Result<Vec<_>, _>>()?;
        self.last_attempt = claimed.iter().map(|claimed| claimed.attempt).max().unwrap_or(self.last_attempt);
        let drained = receipt.drained.into_iter().map(LaneId).collect();
        Ok(TurnReceipt { claimed, drained, damaged: receipt.damaged.into_iter().map(TaskId).collect() })
    }

    async fn roll_back(&mut self, error: StoreError) -> StoreError {
        // A full disk has rolled back already; then there is nothing left to roll back, which is no second error.
        if let Err(error) = self.store.db.execute("rollback", args![]).await {
            tracing::debug!(%error, "nothing to roll back");
        }
        if error.breaks("drain.id") { StoreError::FenceLost } else { error }
    }
}

fn claimed_of(row: (i64, i64, i64, serde_json::Value, u32, u32, u8)) -> Result<Claimed, StoreError> {
    let (attempt, task, lane, target, attempts, troubles, unsure) = row;
    Ok(Claimed {
        attempt: AttemptId(attempt),
        task: TaskId(task),
        lane: LaneId(lane),
        target: target_of(&target)?,
        attempts,
        troubles,
        unsure: unsure != 0,
    })
}

/// A target as the database's JSON writes it.
pub(in crate::store) fn target_of(value: &serde_json::Value) -> Result<Target, StoreError> {
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
