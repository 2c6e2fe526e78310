//! Loads that never finished, taken back.
//!
//! In: a queue whose load lock is held. Out: the same without what such loads left. What does not belong here: loading.

use super::LoadStore;
use super::loader::{Loader, ROWS_PER_TRANSACTION};
use crate::store::error::StoreError;

impl<'s> LoadStore<'s> {
    /// Removes what loads left that never finished. Whoever holds the load lock knows that nobody is at work on them.
    pub(super) async fn sweep_unfinished_loads(&mut self) -> Result<(), StoreError> {
        let unfinished: Vec<(i64, i64)> = self
            .db
            .fetch_all("select id, first_task_id from load where finished_at is null order by id desc", args![])
            .await?;
        for (load, first) in unfinished {
            loop {
                let mut tx = self.db.begin().await?;
                let mut swept = 0;
                for sql in SWEEP_TASKS {
                    swept = tx.execute(sql, args![first, ROWS_PER_TRANSACTION / 5]).await?;
                }
                tx.commit().await?;
                if swept == 0 {
                    break;
                }
            }
            let mut tx = self.db.begin().await?;
            for sql in SWEEP_LOAD {
                tx.execute(sql, args![load]).await?;
            }
            tx.commit().await?;
        }
        Ok(())
    }
}

impl Loader<'_> {
    /// Takes the load back; nothing of it is left.
    pub(super) async fn abandon(&mut self) -> Result<(), StoreError> {
        self.begin().await?;
        for sql in SWEEP_LOAD {
            self.run(sql, &[self.load]).await?;
        }
        self.commit().await?;
        self.db.sync_each_commit(true).await
    }
}

const SWEEP_TASKS: [&str; 3] = [
    "delete from task_key where (lane_id, target) in (select lane_id, target from task where id >= ?1 order by id desc limit ?2)
        and task_id >= ?1",
    "delete from task_cells where task_id in (select id from task where id >= ?1 order by id desc limit ?2)",
    "delete from task where id in (select id from task where id >= ?1 order by id desc limit ?2)",
];

const SWEEP_LOAD: [&str; 6] = [
    "delete from row_run where load_id = ?1",
    "delete from row_without_task where load_id = ?1",
    "delete from load where id = ?1",
    "delete from lane where round_id not in (select round_id from load)",
    "delete from round where id not in (select round_id from load)",
    "delete from job where id not in (select job_id from round)",
];
