//! What a reload's leftover rows are: fresh, repeats of others, or old tasks that have changed; and which old tasks have vanished.
//!
//! In: rows that were not as they were (`temp.incoming`), old rows that were not met again (`temp.unmatched`), and where the
//! others stand (`temp.run`). Out: a temporary table of each kind. What belongs to [`super::changes`]: writing them.

use super::loader::SqliteLoader;
use crate::store::error::StoreError;

impl SqliteLoader<'_> {
    /// Sorts the incoming rows and matches them with the key: repeats, matches, fresh rows, vanished tasks.
    pub(super) async fn compare(&mut self) -> Result<(), StoreError> {
        for sql in DROP_COMPARISON.iter().chain(&CREATE_COMPARISON) {
            self.run(sql, &[]).await?;
        }
        for sql in [FILL_SORTED_INCOMING, FILL_MATCHED, FILL_FRESH, FILL_REPEATED] {
            self.run(sql, &[]).await?;
        }
        self.run(FILL_VANISHED, &[self.round.0]).await
    }

    /// How many tasks that were not settled have vanished, as they stood when they were read.
    pub(super) async fn vanished_unsettled(&mut self) -> Result<i64, StoreError> {
        let (vanished,): (i64,) = self.one("select coalesce(sum(unsettled), 0) from temp.vanished", &[]).await?;
        Ok(vanished)
    }
}

pub(super) const DROP_COMPARISON: [&str; 7] = [
    "drop table if exists temp.placed",
    "drop table if exists temp.sorted_incoming",
    "drop table if exists temp.repeated",
    "drop table if exists temp.matched",
    "drop table if exists temp.fresh",
    "drop table if exists temp.vanished",
    "drop table if exists temp.changed",
];

const CREATE_COMPARISON: [&str; 7] = [
    "create temp table placed (line integer not null, task_id integer not null, rows integer not null) strict",
    "create temp table sorted_incoming (id integer not null, repeats integer not null, task_id integer) strict",
    "create temp table repeated (id integer not null) strict",
    "create temp table matched (task_id integer primary key, incoming_id integer not null) strict",
    "create temp table fresh (incoming_id integer not null) strict",
    "create temp table vanished (task_id integer not null, unsettled integer not null) strict",
    "create temp table changed (task_id integer not null, incoming_id integer not null) strict",
];

/// In the order of the key, which is asked for each of them once. Whoever repeats the row before it has the same task; of rows that
/// mean one task those that can be used come first.
const FILL_SORTED_INCOMING: &str = "
    insert into temp.sorted_incoming
    select id, repeats, iif(repeats, null, (select key.task_id from task_key key where key.lane_id = i.lane_id and key.target = i.target))
      from (select id, lane_id, target, lane_id is lag(lane_id) over w and target is lag(target) over w as repeats
              from temp.incoming window w as (order by lane_id, target, rejected is not null, id)) i";

/// The tasks that leftover rows mean, but for those that stood in the file before and were met in passing.
const FILL_MATCHED: &str = "
    insert into temp.matched
    select s.task_id, s.id from temp.sorted_incoming s
     where s.task_id is not null
       and not coalesce((select s.task_id < run.task_id + run.rows from temp.run
                          where run.task_id <= s.task_id order by run.task_id desc limit 1), 0)
     order by s.task_id";

/// Rows that make no task: they repeat another leftover one, or one met in passing, or cannot be used and never could.
const FILL_REPEATED: &str = "
    insert into temp.repeated
    select s.id from temp.sorted_incoming s join temp.incoming i on i.id = s.id
     where s.repeats
        or (s.task_id is not null and not exists (select 1 from temp.matched m where m.task_id = s.task_id))
        or (s.task_id is null and i.rejected is not null)
     order by s.id";

const FILL_FRESH: &str = "
    insert into temp.fresh
    select s.id from temp.sorted_incoming s join temp.incoming i on i.id = s.id
     where not s.repeats and s.task_id is null and i.rejected is null order by s.id";

/// Two tables are filled: what vanished (or had vanished while it was being sent, and came back unsettled), and what changed
/// among what matched.
const FILL_VANISHED: &str = "
    insert into temp.vanished
    select id, max(unsettled) from (
        select u.task_id as id, u.unsettled from temp.unmatched u
        union all
        select task.id, 1 from load
         cross join task indexed by task_vanished on task.id between load.first_task_id and load.last_task_id
         where load.round_id = ?1 and load.finished_at is not null and task.vanished = 1 and task.state in (0, 2, 3))
     where not exists (select 1 from temp.matched where matched.task_id = id)
     group by id order by id;
    insert into temp.changed
    select m.task_id, m.incoming_id from temp.matched m
      join task on task.id = m.task_id
      join temp.incoming i on i.id = m.incoming_id
      left join task_cells c on c.task_id = m.task_id
     where task.vanished = 1 or c.record is not i.record
        or (i.spared is not null and task.state in (0, 1, 2, 3))
        or (i.rejected is not null and task.state in (0, 1, 2, 3, 6, 7, 8))
        or (task.state = 9 and i.rejected is not task.reason)
        or (task.state = 8 and i.spared is not task.reason) or (task.state = 7 and task.reason = 'row_vanished')
     order by m.task_id";
