//! The queue: jobs, their tasks, and whoever works on them: a drain turn by turn, or a person by hand.
//!
//! In: turns, commands that steer a job (pause, cancel, retry), ticks of worklists. Out: claimed tasks, a drain's start, slots.
//! What does not belong here: how rows come into the queue (`load`), and what people look at (`read`).

mod allowances;
mod at_work;
mod conflict_retries;
mod control;
mod dead_drains;
mod drain;
mod drain_lease;
mod drain_start;
mod drain_windows;
mod first_attempt;
mod generation;
mod job;
mod keep_lists;
mod lost_log;
mod outages;
mod peek;
mod plan_share;
mod recovery;
mod server;
mod server_drain;
mod share;
mod slot;
mod slots;
mod slots_postgres;
mod take_over;
mod task_records;
mod turn;
mod turn_lists;
mod turn_sql;
mod turn_sql_postgres;
mod work;
mod worklist;
mod write_turn;
mod write_turn_postgres;

pub use allowances::{NewAllowance, StoredAllowance};
pub use at_work::DrainAtWork;
pub use control::{Cancelled, Retried};
pub use drain::{Drain, LaneView};
pub use drain_start::{AsideTask, CrashedTask, DrainStart, LogLost, ParkedTask};
pub use drain_windows::DrainWindows;
pub use job::{Job, JobState, LoadedFrom, NewJob};
pub use keep_lists::{KeepReading, RoundKeep};
pub use lost_log::UnknownUntil;
pub use outages::{OutageChange, OutageState, StoredOutage};
pub use peek::{LanePeek, PeekedTask};
pub use server::{ServerAtWork, ServerState};
pub use share::{ShareRequest, Shared};
pub use slot::{AttemptSlot, RecentSlot};
pub use task_records::{RecordId, RecordsOfTask, TaskRecord};
pub use turn::{Claim, Move, NewHold, Settled, Turn, UndoneRecord};
pub use work::{DrainScope, WorkInProgress};
pub use worklist::{MAX_TICKS_PER_TRANSACTION, Taken, Worklist, WorklistTick};
pub use write_turn::{Claimed, TurnReceipt};

pub(in crate::store) use generation::bump_generation;
pub(in crate::store) use keep_lists::replace_keep_list;
pub(in crate::store) use keep_lists::text;
#[cfg(test)]
pub(in crate::store) use recovery::AT_A_START;

use super::db::Db;

/// Jobs, their tasks, and who works on them. [`Store::queue`](super::Store::queue) lends it.
#[derive(Debug)]
pub struct QueueStore<'s> {
    pub(super) db: &'s mut Db,
}
