//! Rows of a round picked by what became of them, with what is known of their targets. In: which rows. Out: pages of them, of one snapshot.
//! What does not belong here: what a cell says, where it is written.

use super::receipts::no_such_round;
use super::target_facts::{FactColumns, Facts};
use crate::error::CommandError;
use crate::store::{Job, PickOrder, PickedTask, Store, TaskFilter};

/// What was picked; its pages are of one snapshot until [`crate::store::ReadStore::end_picking`].
pub struct PickedRows {
    /// How many.
    pub total: u64,
    columns: FactColumns,
}

impl PickedRows {
    /// Picks rows of a round.
    ///
    /// # Errors
    /// There is no such round (2); the queue cannot be read.
    pub async fn pick(
        store: &mut Store,
        (job, round): (&Job, u32),
        wanted: &TaskFilter,
        order: PickOrder,
    ) -> Result<PickedRows, CommandError> {
        let picked = store.read().select_tasks(job, round, wanted, order).await?;
        let total = picked.ok_or_else(|| no_such_round(job, round))?;
        Ok(PickedRows { total, columns: FactColumns::of(store, job, round).await? })
    }

    /// So many of them, from the one at `from` on.
    pub async fn read(
        &self,
        store: &mut Store,
        from: u64,
        count: u64,
    ) -> Result<Vec<(PickedTask, Facts)>, CommandError> {
        let tasks = store.read().picked(from, count).await?;
        let facts = self.columns.facts(store, &tasks).await?;
        Ok(tasks.into_iter().zip(facts).collect())
    }

    /// Ends the snapshot, and closes the queue.
    ///
    /// # Errors
    /// The queue cannot be written.
    pub async fn finish(self, mut store: Store) -> Result<(), CommandError> {
        store.read().end_picking().await?;
        store.close().await;
        Ok(())
    }
}
