//! A list being read, page by page: where it stands, what it has brought, and its end. Whoever is killed in between goes on from
//! the page that was in flight.

use super::ListStore;
use super::read_quota::{HoldNews, write_end, write_hold};
use super::read_request::{ReadAsk, ReadEnd, ReadId};
use super::target_metadata::{REMEMBER, TargetMetadata, to_remember};
use crate::domain::{AccountId, Action, Platform, Target, TargetKind, Wall};
use crate::store::codes::{action_of, quoted_target, target_value, targets_json};
use crate::store::dialect::Sql;
use crate::store::error::StoreError;

/// What the reading of an account's is called that asks which users of a list are still there.
pub const PROFILES_READING: &str = "profiles";
/// The same of the one that asks which posts are pinned.
pub const PINNED_READING: &str = "pinned";

/// The number of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReadingId(pub i64);

/// Where a reading stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingState {
    /// Which.
    pub id: ReadingId,
    /// When it began.
    pub started_at: Wall,
    /// Where the next page begins; none: at the beginning.
    pub cursor: Option<String>,
    /// Pages read.
    pub pages: u64,
    /// Entries kept, each once.
    pub entries: u64,
    /// Entries handed over, repeats counted: what costs.
    pub resources: u64,
    /// Whether the last page has been read.
    pub finished: bool,
    /// Whether what it has was handed over although pages are left, and nothing was read since.
    pub handed_over: bool,
}

/// One entry of a page, ready to be kept.
#[derive(Clone, Debug)]
pub struct PageEntry {
    /// Which user or post.
    pub target: Target,
    /// What is known of it, for people.
    pub known: TargetMetadata,
    /// All that was told of it, as JSON; the store does not look inside.
    pub facts: String,
}

/// A page as it came.
#[derive(Debug)]
pub struct NewPage<'a> {
    /// What it brought, in the platform's order.
    pub entries: &'a [PageEntry],
    /// Where the next page begins; none: it was the last.
    pub next: Option<&'a str>,
    /// Whose IDs they are, and of what.
    pub of: (Platform, TargetKind),
}

type StateRow = (i64, i64, Option<String>, i64, i64, i64, bool, bool);

const STATE: &str = "
    select id, started_at, cursor, pages, entries, resources, finished_at is not null and cursor is null,
           finished_at is not null and cursor is not null
      from reading where account_id = $1 and list = $2";

impl ListStore<'_> {
    /// The reading of a list that is under way, or finished and not yet delivered; none.
    pub async fn reading(&mut self, account: AccountId, list: &str) -> Result<Option<ReadingState>, StoreError> {
        let found: Option<StateRow> = self.db.fetch_optional(STATE, args![account.0, list]).await?;
        Ok(found.map(state_of))
    }

    /// Begins a reading anew; what an earlier one of the list had brought is dropped.
    pub async fn begin_reading(
        &mut self,
        account: AccountId,
        list: &str,
        now: Wall,
    ) -> Result<ReadingState, StoreError> {
        let mut tx = self.db.begin().await?;
        tx.execute("delete from reading where account_id = $1 and list = $2", args![account.0, list]).await?;
        tx.execute(
            "insert into reading (account_id, list, started_at) values ($1, $2, $3)",
            args![account.0, list, now.0],
        )
        .await?;
        let begun: StateRow = tx.fetch_one(STATE, args![account.0, list]).await?;
        tx.commit().await?;
        Ok(state_of(begun))
    }

    /// Writes down a page, its request's end, and what it says of its targets: all of it, or nothing.
    ///
    /// # Errors
    /// The database cannot be written; then the page is asked for again.
    pub async fn keep_page(
        &mut self,
        reading: ReadingId,
        page: &NewPage<'_>,
        request: (ReadId, &ReadEnd),
        ask: &ReadAsk<'_>,
    ) -> Result<ReadingState, StoreError> {
        const KEEP: Sql = sql!(
            "
            insert into reading_entry (reading_id, position, target, facts)
            select $2, (select coalesce(max(position), 0) from reading_entry where reading_id = $2) + 1 + entry.nth,
                   entry.target, entry.facts
              from ",
            rows("$1", target "target" 0, text "facts" 1),
            " entry where true on conflict do nothing"
        );
        const TURN_PAGE: &str = "
            update reading set cursor = $2, pages = pages + 1, resources = resources + $3, entries = entries + $4,
                   finished_at = case when cast($2 as text) is null then cast($5 as bigint) end
             where id = $1 returning id, started_at, cursor, pages, entries, resources,
                   finished_at is not null and cursor is null, finished_at is not null and cursor is not null";
        let (id, end) = request;
        let rows = page.entries.iter().map(|entry| serde_json::json!([target_value(&entry.target), entry.facts]));
        let rows = serde_json::Value::Array(rows.collect()).to_string();
        let mut tx = self.db.begin().await?;
        let kept = tx.execute(KEEP, args![rows, reading.0]).await?;
        let seen = page.entries.iter().map(|entry| (&entry.target, &entry.known));
        tx.execute(REMEMBER, to_remember(page.of, seen, end.ended_at)).await?;
        write_end(&mut tx, id, end).await?;
        write_hold(&mut tx, id, HoldNews::Cleared, ask).await?;
        let args = args![
            reading.0,
            page.next,
            i64::try_from(end.resources).unwrap_or(i64::MAX),
            i64::try_from(kept).unwrap_or(i64::MAX),
            end.ended_at.0
        ];
        let state: StateRow = tx.fetch_one(TURN_PAGE, args).await?;
        crate::store::failpoint::point("before-page");
        tx.commit().await?;
        crate::store::failpoint::point("after-page");
        Ok(state_of(state))
    }

    /// At most `most` entries of a reading behind a position (0: from the first), with their positions, in the platform's order.
    pub async fn reading_entries(
        &mut self,
        reading: ReadingId,
        behind: i64,
        most: u32,
    ) -> Result<Vec<(i64, Target, String)>, StoreError> {
        let sql = sql!(
            "select position, ",
            quoted("target"),
            ", facts from reading_entry where reading_id = $1 and position > $2 order by position limit $3"
        );
        let rows: Vec<(i64, String, String)> = self.db.fetch_all(sql, args![reading.0, behind, most]).await?;
        rows.into_iter().map(|(position, target, facts)| Ok((position, quoted_target(&target)?, facts))).collect()
    }

    /// Which of these targets stand in a reading.
    pub async fn in_reading(
        &mut self,
        reading: ReadingId,
        targets: &[Target],
    ) -> Result<std::collections::HashSet<Target>, StoreError> {
        let sql = sql!(
            "select ",
            quoted("e.target"),
            " from ",
            targets("$1"),
            " asked join reading_entry e on e.reading_id = $2 and e.target = asked.value"
        );
        let rows: Vec<(String,)> = self.db.fetch_all(sql, args![targets_json(targets), reading.0]).await?;
        rows.into_iter().map(|(target,)| quoted_target(&target)).collect()
    }

    /// At most `most` targets an account's jobs report as done, of the tasks behind one, in the order of tasks. Handles are left out.
    pub async fn done_by(
        &mut self,
        account: AccountId,
        behind: i64,
        most: u32,
    ) -> Result<Vec<(i64, Action, Target)>, StoreError> {
        let sql = sql!(
            "select task.id, lane.action, ",
            quoted("task.target"),
            " from task join lane on lane.id = task.lane_id
              where lane.account_id = $1 and task.state = 4 and task.id > $2
                and not (task.target >= '@' and task.target < 'A')
              order by task.id limit $3"
        );
        let rows: Vec<(i64, i64, String)> = self.db.fetch_all(sql, args![account.0, behind, most]).await?;
        rows.into_iter().map(|(task, action, target)| Ok((task, action_of(action)?, quoted_target(&target)?))).collect()
    }

    /// Writes down that what a reading has so far was handed over, and that pages are left: whoever wants all of the list goes
    /// on from its cursor.
    pub async fn hand_over_reading(&mut self, reading: ReadingId, now: Wall) -> Result<(), StoreError> {
        // A cursor beside the end says that it is not the end of the list.
        self.db
            .execute(
                "update reading set finished_at = $2 where id = $1 and cursor is not null",
                args![reading.0, now.0],
            )
            .await?;
        Ok(())
    }

    /// Whether an account has sent an action since a moment: what was read before may be undone by now.
    pub(crate) async fn has_sent_since(
        &mut self,
        account: AccountId,
        action: Action,
        since: Wall,
    ) -> Result<bool, StoreError> {
        let sql = "select reserved_at from attempt where account_id = $1 and action = $2 order by id desc limit 1";
        let newest: Option<(i64,)> = self.db.fetch_optional(sql, args![account.0, action.code()]).await?;
        Ok(newest.is_some_and(|(at,)| at >= since.0))
    }

    /// Drops a reading whose file has been written.
    pub async fn drop_reading(&mut self, reading: ReadingId) -> Result<(), StoreError> {
        self.db.execute("delete from reading where id = $1", args![reading.0]).await.map(drop)
    }
}

fn state_of((id, started_at, cursor, pages, entries, resources, finished, handed_over): StateRow) -> ReadingState {
    let count = |number: i64| u64::try_from(number).unwrap_or(0);
    ReadingState {
        id: ReadingId(id),
        started_at: Wall(started_at),
        cursor,
        pages: count(pages),
        entries: count(entries),
        resources: count(resources),
        finished,
        handed_over,
    }
}
