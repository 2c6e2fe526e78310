//! What became of the ticks of one saved worklist.

use crate::store::Taken;

/// What became of the ticks of one saved worklist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicksTaken {
    /// The job.
    pub job: String,
    /// What the queue did with them.
    pub taken: Taken,
    /// Rows without a tick.
    pub unticked: u64,
    /// Ticked rows that could not be read.
    pub unreadable: u64,
    /// The lines of the first of them.
    pub unreadable_lines: Vec<u64>,
}

impl TicksTaken {
    /// Ticked rows that were not taken, because task and target do not belong together.
    pub fn refused(&self) -> u64 {
        self.taken.foreign_lines.len() as u64 + self.unreadable
    }
}
