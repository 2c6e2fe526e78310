//! Who stands at the head of a line, for a drain that looks at tasks before it claims them. In: lanes. Out: tasks with their
//! rows' cells. What does not belong here: claiming.

use super::drain::Drain;
use crate::domain::{LaneId, Target, TaskId};
use crate::store::codes::target_of;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;

/// So many tasks from the head of a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LanePeek {
    /// Which lane.
    pub lane: LaneId,
    /// Tasks above belong to a load that has not finished.
    pub visible_to: TaskId,
    /// How many.
    pub tasks: u32,
}

/// A task in line, or about to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeekedTask {
    /// Which.
    pub task: TaskId,
    /// Its lane.
    pub lane: LaneId,
    /// What it acts on; none: its row and its key differ, and no claim will take it.
    pub target: Option<Target>,
    /// Its row's cells as they are stored, where they say more than the target does.
    pub record: Option<String>,
}

const PEEK: Sql = sql!(
    "
    with recursive line (lane, visible_to, want, id) as (
        select head.lane, head.visible_to, head.want,
               (select t.id from task t
                 where t.lane_id = head.lane and t.state = 0 and t.id <= head.visible_to
                 order by t.id limit 1)
          from ",
    rows("$1", number "lane" 0, number "visible_to" 1, number "want" 2),
    " head
        union all
        select lane, visible_to, want - 1,
               (select t.id from task t
                 where t.lane_id = line.lane and t.state = 0 and t.id > line.id and t.id <= line.visible_to
                 order by t.id limit 1)
          from line
         where want > 1 and id is not null
    )
    select ",
    json_rows("t.lane_id, t.id, case when k.task_id = t.id then t.target end, c.record"),
    " from (select id from line where id is not null order by id) l
      join task t on t.id = l.id
      left join task_key k on k.lane_id = t.lane_id and k.target = t.target
      left join task_cells c on c.task_id = t.id"
);

const RETURNING: Sql = sql!(
    "select ",
    json_rows("t.lane_id, t.id, case when k.task_id = t.id then t.target end, c.record"),
    " from ",
    numbers("$1"),
    " back
      join task t on t.id = back.value
      left join task_key k on k.lane_id = t.lane_id and k.target = t.target
      left join task_cells c on c.task_id = t.id"
);

type Row = (i64, i64, serde_json::Value, Option<String>);

impl Drain {
    /// The tasks at the heads of these lanes, each lane's in the order of its line; and these tasks, wherever they are.
    pub async fn peek(
        &mut self,
        lanes: &[LanePeek],
        tasks: &[TaskId],
    ) -> Result<(Vec<PeekedTask>, Vec<PeekedTask>), StoreError> {
        let asked: Vec<_> = lanes.iter().map(|ask| (ask.lane, ask.visible_to, ask.tasks)).collect();
        let mut ahead = self.rows_ahead(PEEK, &serde_json::json!(asked).to_string()).await?;
        ahead.sort_by_key(|task| task.task);
        let back = if tasks.is_empty() {
            Vec::new()
        } else {
            self.rows_ahead(RETURNING, &serde_json::json!(tasks).to_string()).await?
        };
        Ok((ahead, back))
    }

    async fn rows_ahead(&mut self, sql: Sql, asked: &str) -> Result<Vec<PeekedTask>, StoreError> {
        let (text,): (String,) = self.store.db.fetch_one(sql, args![asked]).await?;
        let rows: Vec<Row> = serde_json::from_str(&text).map_err(|e| StoreError::impossible(e.to_string()))?;
        let each = |(lane, task, target, record)| {
            Ok(PeekedTask { lane: LaneId(lane), task: TaskId(task), target: target_of(&target).ok(), record })
        };
        rows.into_iter().map(each).collect()
    }
}
