//! A turn: what has come in and is settled, what moves, what is to be claimed. What does not belong here: how it is written
//! ([`super::write_turn`]).

use super::allowances::NewAllowance;
use super::outages::OutageChange;
use super::task_records::RecordId;
use crate::domain::{AccountId, Action, AttemptId, LaneId, Reason, RoundId, TaskId, TaskState, Tick, Wall};

/// What one turn writes.
#[derive(Debug, Default)]
pub struct Turn {
    /// Attempts that ended, and what became of their tasks.
    pub settled: Vec<Settled>,
    /// Tasks that stood aside and move on: woken, decided, put back.
    pub moves: Vec<Move>,
    /// How many tasks to claim from which lanes.
    pub claims: Vec<Claim>,
    /// Holds that began, with the level of the backoff for hidden caps.
    pub holds: Vec<NewHold>,
    /// Accounts that need a person, and why; an empty reason takes it back.
    pub account_troubles: Vec<(AccountId, Option<String>)>,
    /// Whether the wall clock agrees with the platform's, where that has changed.
    pub clock_checked: Option<bool>,
    /// Endpoints whose outage began, went on or ended.
    pub outages: Vec<OutageChange>,
    /// What answers said is left of the platform's windows, where it is less than was known.
    pub allowances: Vec<NewAllowance>,
    /// The platform has answered this drain for the first time.
    pub first_answer: bool,
    /// Records that are not there any more, or are there again.
    pub undone: Vec<UndoneRecord>,
    /// Whose records, and which action deletes them, have changed since they were read.
    pub stale_records: Vec<(AccountId, Action)>,
    /// The last copies of what tasks have deleted.
    pub deleted_texts: Vec<(TaskId, String)>,
}

impl Turn {
    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        let Turn { settled, moves, claims, holds, account_troubles, clock_checked, outages, allowances, .. } = self;
        let Turn { first_answer, undone, stale_records, deleted_texts, .. } = self;
        settled.is_empty()
            && moves.is_empty()
            && claims.is_empty()
            && holds.is_empty()
            && account_troubles.is_empty()
            && clock_checked.is_none()
            && outages.is_empty()
            && allowances.is_empty()
            && !first_answer
            && undone.is_empty()
            && stale_records.is_empty()
            && deleted_texts.is_empty()
    }
}

impl Turn {
    /// Tasks that have deleted a record and are in line again, for others of their subjects.
    pub fn stepped(&self) -> impl Iterator<Item = TaskId> {
        let undone = self.undone.iter().map(|undone| undone.by).collect::<std::collections::HashSet<_>>();
        let is_step =
            move |settled: &&Settled| settled.state == TaskState::Pending && undone.contains(&settled.attempt);
        self.settled.iter().filter(is_step).map(|settled| settled.task)
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
    pub counted_until: Tick,
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
    pub transient_failures: u32,
    /// An attempt may have had its effect unseen.
    pub maybe_applied: bool,
}

/// A record that is not there any more, or is there again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UndoneRecord {
    /// Which.
    pub record: RecordId,
    /// The attempt that deleted it, or found it deleted; or that put it back.
    pub by: AttemptId,
    /// Whether it is there again: then nothing has to be kept of it.
    pub is_back: bool,
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
    pub counted_until: Tick,
}

/// A hold that begins.
#[derive(Debug)]
pub struct NewHold {
    /// Whose.
    pub account: AccountId,
    /// Its end; none takes the hold and its backoff back.
    pub until: Option<(Tick, Wall)>,
    /// How long it is, in milliseconds.
    pub length_ms: i64,
    /// Why.
    pub reason: String,
    /// Hidden caps in a row.
    pub backoff_level: u8,
}
