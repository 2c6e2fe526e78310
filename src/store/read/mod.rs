//! What people and programs look at: counts, pages of rows, receipts, the history of a target. Nothing here writes to the queue.
//!
//! In: a job and a question. Out: numbers and rows. What does not belong here: showing them (`pages`, `web`, `cli`).

mod attempts;
mod browse;
mod done_before;
mod explain;
mod histogram;
mod receipts;
mod select_tasks;
mod stats;
mod status;

pub use attempts::{AttemptSpan, ReadSpan};
pub use browse::{MAX_PAGE_ROWS, RowPage, RowQuery};
pub use explain::{AttemptView, NameLookup, RecordView, TaskHistory};
pub use histogram::{Bucket, Histogram, ReasonCount, RejectedRow};
pub use receipts::RowOutcome;
pub use select_tasks::{PickOrder, PickedTask, TaskFilter};
pub use stats::{ChangeCounters, MAX_SAMPLED_TASKS, ProgressSamples, RecentAttempt, TopReason};
pub use status::{JobStatus, OutcomeCounts};

use super::db::Db;

/// What people and programs look at. [`Store::read`](super::Store::read) lends it.
#[derive(Debug)]
pub struct ReadStore<'s> {
    pub(super) db: &'s mut Db,
}
