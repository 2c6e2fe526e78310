//! Writing a turn to a server: one transaction, a statement for each thing that the turn has. What does not belong here: the statements
//! ([`super::turn_sql_postgres`]).

use super::conflict_retries::ConflictRetries;
use super::drain::Drain;
use super::share::lock_own_row;
use super::turn::Turn;
use super::turn_lists::{TurnLists, each_answer};
use super::turn_sql_postgres as sql;
use super::write_turn::{Claimed, TurnReceipt};
use crate::domain::{AttemptId, Fence, LaneId, Moment, TaskId};
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::failpoint;

/// `attempt, task, lane, target, attempts, troubles, unsure`.
type ClaimedRow = (i64, i64, i64, String, u32, u32, bool);

impl Drain {
    /// Writes a turn to a server; see [`Drain::turn`]. Where another process was writing the same rows (counts of one round) it is written
    /// again.
    pub(super) async fn turn_on_server(&mut self, turn: &Turn, now: Moment) -> Result<TurnReceipt, StoreError> {
        let lists = TurnLists::of(turn, now.wall)?;
        let mut tries = ConflictRetries::default();
        loop {
            match self.try_turn(turn, &lists, now).await {
                Err(StoreError::Conflict) if tries.pause().await => {}
                written => return written,
            }
        }
    }

    async fn try_turn(&mut self, turn: &Turn, lists: &TurnLists, now: Moment) -> Result<TurnReceipt, StoreError> {
        let fence = self.fence;
        let tells = self.tells_soon.is_due();
        let mut tx = self.store.db.begin_turn(tells).await?;
        // Whoever says that this drain is over has its row first, or comes behind this turn and sees what is written here.
        lock_own_row(&mut tx, fence).await?;
        if !turn.settled.is_empty() {
            tx.execute(sql::SETTLE, args![each_answer(&turn.settled)?, &lists.counts]).await?;
            if let Some(unsettled) = &lists.unsettled {
                tx.execute(sql::WITHDRAW, args![unsettled, now.wall.0]).await?;
            }
        }
        write_rarer(&mut tx, turn, lists, fence).await?;
        write_records(&mut tx, lists).await?;
        let receipt = if turn.claims.is_empty() {
            TurnReceipt::default()
        } else {
            claim(&mut tx, &lists.claims, fence, now).await?
        };
        failpoint::point("before-commit");
        tx.commit().await?;
        failpoint::point("after-commit");
        Ok(receipt)
    }
}

async fn write_rarer(tx: &mut Tx<'_>, turn: &Turn, lists: &TurnLists, fence: Fence) -> Result<(), StoreError> {
    if turn.clock_checked.is_some() {
        tx.execute(sql::CHECK_CLOCK, args![fence.0, turn.clock_checked]).await?;
    }
    if turn.first_answer {
        tx.execute(sql::ANSWERED, args![fence.0]).await?;
    }
    if let Some(moves) = &lists.moves {
        tx.execute(sql::MOVE, args![moves]).await?;
    }
    if let Some(holds) = &lists.holds {
        tx.execute(sql::HOLD, args![holds, fence.0]).await?;
    }
    if let Some(troubles) = &lists.account_troubles {
        tx.execute(sql::TROUBLE, args![troubles]).await?;
    }
    if let Some(outages) = &lists.outages {
        tx.execute(sql::END_OUTAGES, args![outages]).await?;
        tx.execute(sql::SAVE_OUTAGES, args![outages, fence.0]).await?;
    }
    if let Some(allowances) = &lists.allowances {
        tx.execute(sql::SAVE_ALLOWANCES, args![allowances, fence.0]).await?;
    }
    Ok(())
}

async fn write_records(tx: &mut Tx<'_>, lists: &TurnLists) -> Result<(), StoreError> {
    if let Some(undone) = &lists.undone {
        tx.execute(sql::UNDONE, args![undone]).await?;
        tx.execute(sql::MAKE_ROOM, args![undone]).await?;
        tx.execute(sql::PUT_BACK, args![undone]).await?;
    }
    if let Some(stale) = &lists.stale_records {
        tx.execute(sql::STALE, args![stale]).await?;
    }
    if let Some(texts) = &lists.deleted_texts {
        tx.execute(sql::SAVE_TEXTS, args![texts]).await?;
    }
    Ok(())
}

async fn claim(tx: &mut Tx<'_>, claims: &String, fence: Fence, now: Moment) -> Result<TurnReceipt, StoreError> {
    let rows: Vec<ClaimedRow> = tx.fetch_all(sql::CLAIM, args![claims, fence.0, now.tick.0, now.wall.0]).await?;
    let mut claimed = rows.into_iter().map(claimed_of).collect::<Result<Vec<_>, _>>()?;
    claimed.sort_by_key(|claimed| claimed.attempt);
    let damaged: Vec<(i64,)> =
        if claimed.is_empty() { tx.fetch_all(sql::DAMAGED, args![claims]).await? } else { Vec::new() };
    let drained: Vec<(i64,)> = tx.fetch_all(sql::DRAINED, args![claims]).await?;
    Ok(TurnReceipt {
        claimed,
        drained: drained.into_iter().map(|(lane,)| LaneId(lane)).collect(),
        damaged: damaged.into_iter().map(|(task,)| TaskId(task)).collect(),
    })
}

fn claimed_of(row: ClaimedRow) -> Result<Claimed, StoreError> {
    let (attempt, task, lane, target, attempts, transient_failures, maybe_applied) = row;
    let target = target.parse().map_err(|_| StoreError::impossible(format!("the target {target:?}")))?;
    Ok(Claimed {
        attempt: AttemptId(attempt),
        task: TaskId(task),
        lane: LaneId(lane),
        target,
        attempts,
        transient_failures,
        maybe_applied,
    })
}
