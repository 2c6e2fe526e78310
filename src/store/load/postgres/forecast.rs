//! What loading rows would come to on a server: they gather in a temporary table of a connection of their own, and are compared with each
//! other and with the round that they go on with. Nothing of the queue is written.

use super::super::forecast::{CountedTasks, LoadForecast};
use super::super::load_row::LoadRow;
use super::stage::Stage;
use crate::store::db::Db;
use crate::store::error::StoreError;
use crate::store::queue::Job;

/// Rows on their way to a round.
#[derive(Debug)]
pub(in super::super) struct PostgresForecaster {
    db: Db,
    stage: Stage,
    round: i64,
    /// The round's pending tasks.
    pending: u64,
}

impl PostgresForecaster {
    /// Begins for rows that go on with a job.
    pub(in super::super) async fn begin(mut db: Db, job: &Job) -> Result<PostgresForecaster, StoreError> {
        db.execute(SORT_IN_MEMORY, args![]).await?;
        let stage = Stage::begin(&mut db).await?;
        Ok(PostgresForecaster { db, stage, round: job.round.0, pending: job.pending })
    }

    pub(in super::super) async fn push_all(&mut self, rows: &[LoadRow]) -> Result<(), StoreError> {
        for row in rows {
            // What its other cells say changes no count.
            self.stage.push(&mut self.db, row.line, &row.place, None).await?;
        }
        Ok(())
    }

    pub(in super::super) async fn finish(mut self) -> Result<LoadForecast, StoreError> {
        self.stage.finish(&mut self.db).await?;
        let counted: Vec<CountedTasks> = self.db.fetch_all(COMPARE, args![self.round]).await?;
        let forecast = LoadForecast::of_counts(counted, self.pending)?;
        self.db.close().await;
        Ok(forecast)
    }
}

/// As in a load (`compare`).
const SORT_IN_MEMORY: &str = "set work_mem = '64MB'";

/// As a reload would do it: what is being sent is let finish; what vanished, was spared or was rejected comes back. Of rows that mean one
/// task the first that can be used decides.
const COMPARE: &str = "
    select action, account_id, outcome, case when outcome = 'kept' then spared end as rule, count(*), cast(sum(repeats) as bigint),
           count(*) filter (where is_unsettled)
      from (
        select f.action, f.account_id, f.spared, f.repeats, coalesce(task.state < 4, false) as is_unsettled,
               case when task.state = 1 then 'to_send'
                    when task.state = 4 then 'done'
                    when task.state = 5 then 'gone'
                    when f.is_rejected then 'rejected'
                    when task.state = 6 then 'failed'
                    when task.state = 7 and task.reason is distinct from 'row_vanished' then 'cancelled'
                    when f.spared is not null then 'kept'
                    else 'to_send' end as outcome
          from (select distinct on (action, account_id, target)
                       action, account_id, target, spared, rejected is not null as is_rejected,
                       greatest(count(*) filter (where rejected is null) over (partition by action, account_id, target) - 1, 0) as repeats
                  from pg_temp.incoming where action is not null
                 order by action, account_id, target, rejected is not null, id) f
          left join lane on lane.round_id = $1 and lane.action = f.action and lane.account_id = f.account_id
          left join task_key key on key.lane_id = lane.id and key.target = f.target
          left join task on task.id = key.task_id) judged
      group by action, account_id, outcome, rule order by action, account_id";
