//! Writing a turn: settle what has come in, claim what may go out, commit. One transaction, one query string, one row back.

use serde::Deserialize;

use super::drain::Drain;
use super::turn::Turn;
use super::turn_lists::{TurnLists, grouped_answers};
use super::turn_sql::query_of;
use crate::domain::{AttemptId, LaneId, Moment, Target, TaskId};
use crate::store::codes::target_of;
use crate::store::error::StoreError;
use crate::store::failpoint;

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
    pub transient_failures: u32,
    /// An earlier attempt may have had its effect unseen.
    pub maybe_applied: bool,
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
    /// and nothing of this turn's claims may be sent. [`StoreError::CommitUnknown`]: all of it was written, or nothing; its claims may not be
    /// sent either, and the next drain finds them as those of a process that died.
    pub async fn turn(&mut self, turn: &Turn, now: Moment) -> Result<TurnReceipt, StoreError> {
        let receipt = if self.store.db.is_postgres() {
            self.turn_on_server(turn, now).await
        } else {
            self.turn_in_file(turn, now).await
        };
        let receipt = receipt?;
        self.last_attempt = receipt.claimed.iter().map(|claimed| claimed.attempt).max().unwrap_or(self.last_attempt);
        Ok(receipt)
    }

    async fn turn_in_file(&mut self, turn: &Turn, now: Moment) -> Result<TurnReceipt, StoreError> {
        let lists = TurnLists::of(turn, now.wall)?;
        self.mark_log_in_time(now.tick).await?;
        failpoint::point("before-commit");
        let args = args![
            self.fence.0,
            self.last_attempt.0,
            now.tick.0,
            now.wall.0,
            grouped_answers(&turn.settled)?,
            lists.counts,
            lists.claims,
            lists.moves,
            lists.holds,
            lists.account_troubles,
            turn.clock_checked,
            lists.outages,
            turn.first_answer,
            lists.allowances,
            lists.undone,
            lists.stale_records,
            lists.deleted_texts
        ];
        // What a record held is forgotten when it is put back. It is text that people may delete again one day, and forget: it is overwritten,
        // which costs only the turns that do so.
        let forgets = turn.undone.iter().any(|undone| undone.is_back);
        if forgets {
            self.store.db.overwrite_deleted(true).await?;
        }
        let rows = self.store.db.fetch_all::<(String,)>(query_of(turn), args).await;
        let rows = match rows {
            Ok(rows) => rows,
            Err(error) => return Err(self.roll_back(error).await),
        };
        if forgets && let Err(error) = self.store.db.overwrite_deleted(false).await {
            // The turn is written: what it says holds, and the next ones are a little slower.
            tracing::debug!(%error, "what is deleted is still overwritten");
        }
        failpoint::point("after-commit");
        let text = rows.first().map_or("", |(text,)| text.as_str());
        let receipt: ReceiptDocument = serde_json::from_str(text).map_err(|e| StoreError::impossible(e.to_string()))?;
        let claimed = receipt.claimed.into_iter().map(claimed_of).collect::<Result<Vec<_>, _>>()?;
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
    let (attempt, task, lane, target, attempts, transient_failures, maybe_applied) = row;
    Ok(Claimed {
        attempt: AttemptId(attempt),
        task: TaskId(task),
        lane: LaneId(lane),
        target: target_of(&target)?,
        attempts,
        transient_failures,
        maybe_applied: maybe_applied != 0,
    })
}
