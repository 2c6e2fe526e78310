//! What loading rows would come to, told by SQLite: they gather in a temporary table, so that memory does not grow with the file, and
//! are compared with each other and with the round that they go on with. Nothing of the queue is written.

use std::fmt::Write as _;

use super::super::forecast::{CountedTasks, LoadForecast};
use super::super::load_row::{LoadRow, RowPlace};
use crate::store::codes::write_target;
use crate::store::db::Db;
use crate::store::error::StoreError;
use crate::store::open::connect_in_memory;

/// Rows in a temporary table, so that memory does not grow with the file.
#[derive(Debug)]
pub(in super::super) struct TableForecaster {
    db: Db,
    /// The round that a load would go on with, and its pending tasks; none: it begins one.
    round: Option<(i64, u64)>,
}

impl TableForecaster {
    /// Begins for rows that are compared only with each other.
    pub(in super::super) async fn alone() -> Result<TableForecaster, StoreError> {
        TableForecaster::begin(connect_in_memory().await?, None).await
    }

    pub(in super::super) async fn begin(mut db: Db, round: Option<(i64, u64)>) -> Result<TableForecaster, StoreError> {
        db.execute(CREATE, args![]).await?;
        Ok(TableForecaster { db, round })
    }

    pub(in super::super) async fn push_all<'a>(
        &mut self,
        rows: impl Iterator<Item = &'a LoadRow>,
    ) -> Result<(), StoreError> {
        let json = rows_json(rows);
        self.db.execute(INSERT, args![json]).await.map(drop)
    }

    pub(in super::super) async fn finish(mut self) -> Result<LoadForecast, StoreError> {
        let (sql, round) = match self.round {
            Some((round, _)) => (COMPARE_WITH_ROUND, round),
            None => (COMPARE_ALONE, 0),
        };
        let counted: Vec<CountedTasks> = self.db.fetch_all(sql, args![round]).await?;
        let forecast = LoadForecast::of_counts(counted, self.round.map_or(0, |(_, pending)| pending))?;
        self.db.close().await;
        Ok(forecast)
    }
}

/// Rows as `[action, account, target, spared, rejected]`; those that name no task are left out.
fn rows_json<'a>(rows: impl Iterator<Item = &'a LoadRow>) -> String {
    let mut json = String::with_capacity(rows.size_hint().0 * 32 + 2);
    json.push('[');
    for row in rows {
        let (action, account, target, spared, rejected) = match &row.place {
            RowPlace::Task { action, account, target, spared } => (action, account, target, *spared, 0),
            RowPlace::Rejected { task: Some((action, account, target)), .. } => (action, account, target, None, 1),
            RowPlace::Rejected { task: None, .. } => continue,
        };
        if json.len() > 1 {
            json.push(',');
        }
        // Writing to a String cannot fail.
        let _ = write!(json, "[{},{},", action.code(), account.0);
        write_target(&mut json, target);
        let _ = match spared {
            Some(rule) => write!(json, ",\"{rule}\",{rejected}]"),
            None => write!(json, ",null,{rejected}]"),
        };
    }
    json.push(']');
    json
}

const CREATE: &str = "
    create temp table forecast_row (id integer primary key, action integer not null, account integer not null, target any not null,
                                    spared text, rejected integer not null) strict";

const INSERT: &str = "
    insert into temp.forecast_row (action, account, target, spared, rejected)
    select value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 from jsonb_each(?1)";

/// Of rows that mean one task the first that can be used decides, as in a load: `min` takes the other columns from its row.
macro_rules! first_rows {
    () => {
        "select action, account, target, spared, rejected as unusable, max(sum(not rejected) - 1, 0) as repeats, min(rejected * (1 << 60) + id)
           from temp.forecast_row group by action, account, target"
    };
}

const COMPARE_ALONE: &str = concat!(
    "select action, account, iif(unusable, 'rejected', iif(spared is null, 'to_send', 'kept')) as outcome, spared, count(*),
            sum(repeats), 0
       from (",
    first_rows!(),
    ") where ?1 is not null group by action, account, outcome, spared order by action, account"
);

/// As [`super::changes`] would do it: what is being sent is let finish; what vanished, was spared or was rejected comes back.
const COMPARE_WITH_ROUND: &str = concat!(
    "select action, account, outcome, iif(outcome = 'kept', spared, null) as rule, count(*), sum(repeats), sum(unsettled)
       from (
        select f.action, f.account, f.spared, f.repeats, coalesce(task.state in (0, 1, 2, 3), 0) as unsettled,
               case when task.state = 1 then 'to_send'
                    when task.state = 4 then 'done'
                    when task.state = 5 then 'gone'
                    when f.unusable then 'rejected'
                    when task.state = 6 then 'failed'
                    when task.state = 7 and task.reason is not 'row_vanished' then 'cancelled'
                    when f.spared is not null then 'kept'
                    else 'to_send' end as outcome
          from (",
    first_rows!(),
    ") f
          left join lane on lane.round_id = ?1 and lane.action = f.action and lane.account_id = f.account
          left join task_key key on key.lane_id = lane.id and key.target = f.target
          left join task on task.id = key.task_id)
      group by action, account, outcome, rule order by action, account"
);
