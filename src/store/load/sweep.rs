//! Loads that never finished, taken back.
//!
//! In: a queue whose load lock is held. Out: the same without what such loads left. What does not belong here: loading.

use super::LoadStore;
use super::reload_sizes::ROWS_PER_TRANSACTION;
use crate::store::db::{Executor, Link};
use crate::store::error::StoreError;

impl LoadStore<'_> {
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
            take_back(&mut tx, load).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// Takes a load back that has no tasks; nothing of it is left. Part of a transaction.
pub(super) async fn take_back<C: Link>(db: &mut Executor<C>, load: i64) -> Result<(), StoreError> {
    db.execute("delete from row_run where load_id = $1", args![load]).await?;
    db.execute("delete from row_without_task where load_id = $1", args![load]).await?;
    db.execute("delete from load where id = $1", args![load]).await?;
    for sql in WITHOUT_A_LOAD {
        db.execute(sql, args![]).await?;
    }
    Ok(())
}

const SWEEP_TASKS: [&str; 3] = [
    "delete from task_key where (lane_id, target) in (select lane_id, target from task where id >= $1 order by id desc limit $2)
        and task_id >= $1",
    "delete from task_cells where task_id in (select id from task where id >= $1 order by id desc limit $2)",
    "delete from task where id in (select id from task where id >= $1 order by id desc limit $2)",
];

const WITHOUT_A_LOAD: [&str; 3] = [
    "delete from lane where round_id not in (select round_id from load)",
    "delete from round where id not in (select round_id from load)",
    "delete from job where id not in (select job_id from round)",
];
