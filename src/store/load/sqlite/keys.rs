//! The keys of a load's new tasks, gathered while the tasks are appended.
//!
//! In: rows with their lanes. Out: their keys in sorted order. What belongs to [`super::index_keys`]: writing them.

use std::path::Path;

use super::super::sorter::{Key, Sorter};
use super::batch::Buffered;
use crate::store::codes::number_of;

/// The keys of tasks that are being appended.
#[derive(Debug)]
pub(super) struct Keys {
    pub(super) sorter: Sorter,
    /// There are targets that are no numbers: their tasks are sorted when all are there.
    pub(super) others: bool,
}

impl Keys {
    pub(super) fn beside(queue: &Path) -> Keys {
        Keys { sorter: Sorter::beside(queue), others: false }
    }

    /// Notes the keys of tasks, the first of which has the ID `first`.
    ///
    /// # Errors
    /// They do not fit into memory and cannot be written out.
    pub(super) fn note(&mut self, tasks: &[&Buffered], first: i64) -> std::io::Result<()> {
        for (task, item) in (first..).zip(tasks) {
            let (Some(lane), Some(target)) = (item.lane, item.target()) else { continue };
            match number_of(target) {
                Some(target) => self.sorter.push(Key { lane: lane.0, target, task })?,
                None => self.others = true,
            }
        }
        Ok(())
    }
}
