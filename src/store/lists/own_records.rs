//! The records of an account's own repository that tasks name, being read page by page: how far that has come, and what it has found.
//!
//! In: pages of the repository's collections; or, of what restores, answers about the targets of its tasks. Out: where a reading stands, and
//! which tasks it covers. What does not belong here: which record
//! a task gets (`queue::task_records`), and what its deletion changes (a turn).

use super::ListStore;
use super::read_quota::{HoldNews, write_end, write_hold};
use super::read_request::{ReadAsk, ReadEnd, ReadId};
use crate::domain::{AccountId, Action, OwnRecord, Target, TaskId, Wall};
use crate::store::codes::{quoted_target, target_value};
use crate::store::db::Tx;
use crate::store::dialect::Sql;
use crate::store::error::StoreError;

/// Where a reading of an account's own records stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordReading {
    /// Of tasks up to this one it knows all records, once it is finished.
    pub covers_to: TaskId,
    /// Which of the endpoint's collections is read.
    pub collection: usize,
    /// Where its next page begins; none: at its beginning.
    pub cursor: Option<String>,
    /// Entries read, of all collections.
    pub entries: u64,
    /// When it began.
    pub begun_at: Wall,
    /// Whether the last page has been read.
    pub finished: bool,
}

/// A page of a collection.
#[derive(Debug)]
pub struct RecordPage<'a> {
    /// Whose records, and which action deletes them.
    pub of: (AccountId, Action),
    /// The collection's place among those of the endpoint.
    pub place: usize,
    /// The records by their subjects.
    pub records: &'a [(Target, OwnRecord)],
    /// Entries of the page.
    pub entries: u64,
    /// Where reading goes on, as collection and cursor; none: this was the last page.
    pub next: Option<(usize, Option<&'a str>)>,
}

type StateRow = (i64, i64, Option<String>, i64, i64, bool);

const STATE: &str = "
    select covers_to, collection, cursor, entries, begun_at, finished_at is not null
      from own_record_reading where account_id = $1 and action = $2";

/// What was visible when it began. Loads take turns, so whatever gets visible later has higher numbers.
const BEGIN: &str = "
    insert into own_record_reading (account_id, action, covers_to, after_attempt_id, begun_at)
    select $1, $2, coalesce(max(round.visible_to), 0), (select coalesce(max(id), 0) from attempt), $3
      from lane join round on round.id = lane.round_id where lane.account_id = $1 and lane.action = $2
        on conflict (account_id, action) do update
       set covers_to = excluded.covers_to, after_attempt_id = excluded.after_attempt_id, collection = 0, cursor = null,
           entries = 0, begun_at = excluded.begun_at, finished_at = null";

/// Of the account's records only those that a task names: an account has a million likes, and a job a hundred rows. Lanes are few, and the
/// planner would begin with all keys there are.
pub(super) const KEEP: Sql = sql!(
    "
    insert into own_record (account_id, action, subject, place, collection, key, cid, value)
    select $1, $2, found.subject, $3, found.collection, found.key, found.cid, found.value
      from ",
    rows("$4", target "subject" 0, text "collection" 1, text "key" 2, text "cid" 3, text "value" 4),
    " found
     where exists (select 1 from lane cross join task_key key
                    where lane.account_id = $1 and lane.action = $2
                      and key.lane_id = lane.id and key.target = found.subject)
        on conflict do nothing"
);

/// Of the tasks that are not settled those that may still be claimed.
const TASKS_BEHIND: Sql = sql!(
    "
    select id, ",
    quoted("target"),
    " from (
        select t.id, t.target from lane join task t on t.lane_id = lane.id and t.state = 0 and t.id > $3
         where lane.account_id = $1 and lane.action = $2
        union all
        select t.id, t.target from task t",
    indexed_by("task_parked"),
    " join lane on lane.id = t.lane_id
         where t.state in (2, 3) and t.id > $3 and lane.account_id = $1 and lane.action = $2) unsettled
     order by id limit $4"
);

const COVER: &str = "
    update own_record_reading
       set covers_to = coalesce($3, (select coalesce(max(round.visible_to), 0) from lane join round on round.id = lane.round_id
                                      where lane.account_id = $1 and lane.action = $2)),
           finished_at = $4
     where account_id = $1 and action = $2";

const TURN_PAGE: &str = "
    update own_record_reading
       set collection = $3, cursor = $4, entries = entries + $5, finished_at = case when $6 = 1 then cast($7 as bigint) end
     where account_id = $1 and action = $2
    returning covers_to, collection, cursor, entries, begun_at, finished_at is not null";

impl ListStore<'_> {
    /// Where the newest reading of an account's own records for an action stands; none: there is none.
    pub async fn record_reading(
        &mut self,
        (account, action): (AccountId, Action),
    ) -> Result<Option<RecordReading>, StoreError> {
        let found: Option<StateRow> = self.db.fetch_optional(STATE, args![account.0, action.code()]).await?;
        Ok(found.map(state_of))
    }

    /// Begins a reading anew. What an earlier one has found is forgotten, but for the records that were deleted.
    pub async fn begin_record_reading(
        &mut self,
        (account, action): (AccountId, Action),
        now: Wall,
    ) -> Result<RecordReading, StoreError> {
        let key = || args![account.0, action.code()];
        let mut tx = self.db.begin().await?;
        let sql = "delete from own_record where account_id = $1 and action = $2 and undone_by is null";
        tx.execute(sql, key()).await?;
        tx.execute(BEGIN, args![account.0, action.code(), now.0]).await?;
        let begun: StateRow = tx.fetch_one(STATE, key()).await?;
        tx.commit().await?;
        Ok(state_of(begun))
    }

    /// The next tasks of an account's action behind one, and their targets.
    pub async fn tasks_behind(
        &mut self,
        (account, action): (AccountId, Action),
        behind: TaskId,
        most: u32,
    ) -> Result<Vec<(TaskId, Target)>, StoreError> {
        let rows: Vec<(i64, String)> =
            self.db.fetch_all(TASKS_BEHIND, args![account.0, action.code(), behind.0, most]).await?;
        rows.into_iter().map(|(task, target)| Ok((TaskId(task), quoted_target(&target)?))).collect()
    }

    /// What is asked about task by task is known up to this one; none: of all there are.
    pub async fn cover_tasks(
        &mut self,
        (account, action): (AccountId, Action),
        to: Option<TaskId>,
        now: Wall,
    ) -> Result<(), StoreError> {
        let args = args![account.0, action.code(), to.map(|task| task.0), now.0];
        self.db.execute(COVER, args).await.map(drop)
    }

    /// Writes down a page and its request's end: all of it, or nothing. None: the reading is no more, for somebody has forgotten it.
    ///
    /// # Errors
    /// The database cannot be written; then the page is asked for again.
    pub async fn keep_record_page(
        &mut self,
        page: &RecordPage<'_>,
        (id, end): (ReadId, &ReadEnd),
        ask: &ReadAsk<'_>,
    ) -> Result<Option<RecordReading>, StoreError> {
        let (account, action) = (page.of.0.0, page.of.1.code());
        let (collection, cursor) = page.next.unwrap_or((page.place, None));
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let mut tx = self.db.begin().await?;
        let args = args![
            account,
            action,
            number(collection),
            cursor,
            i64::try_from(page.entries).unwrap_or(i64::MAX),
            page.next.is_none(),
            end.ended_at.0
        ];
        let state: Option<StateRow> = tx.fetch_optional(TURN_PAGE, args).await?;
        if state.is_some() && !page.records.is_empty() {
            let row = |(subject, record): &(Target, OwnRecord)| {
                let OwnRecord { collection, key, cid, value } = record;
                serde_json::json!([target_value(subject), collection, key, cid, value])
            };
            let rows = serde_json::Value::Array(page.records.iter().map(row).collect()).to_string();
            tx.execute(KEEP, args![account, action, number(page.place), rows]).await?;
        }
        write_end(&mut tx, id, end).await?;
        write_hold(&mut tx, id, HoldNews::Cleared, ask).await?;
        crate::store::failpoint::point("before-page");
        tx.commit().await?;
        crate::store::failpoint::point("after-page");
        Ok(state.map(state_of))
    }
}

/// Settled tasks come back into line, or tasks change their targets: what was read before says nothing of them.
pub(in crate::store) async fn distrust_record_readings(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    tx.execute(DISTRUST, args![]).await.map(drop)
}

/// As [`distrust_record_readings`].
pub(in crate::store) const DISTRUST: &str = "update own_record_reading set covers_to = 0 where covers_to > 0";

fn state_of((covers_to, collection, cursor, entries, begun_at, finished): StateRow) -> RecordReading {
    RecordReading {
        covers_to: TaskId(covers_to),
        collection: usize::try_from(collection).unwrap_or(0),
        cursor,
        entries: u64::try_from(entries).unwrap_or(0),
        begun_at: Wall(begun_at),
        finished,
    }
}
