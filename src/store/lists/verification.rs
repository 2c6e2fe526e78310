//! What the account's own lists say of what was done. In: the targets of a list, as a reading or an archive gave them. Out: a
//! verdict on every task that was done before. What does not belong here: reading the list, and knowing how far it reaches.

use super::ListStore;
use super::list_fetch::ReadingId;
use super::restored::{inverse_pairs, is_restored, restoring};
use crate::domain::{AccountId, Action, Target, TargetId, TaskId, Wall};
use crate::store::codes::{quoted_target, targets_json};
use crate::store::dialect::Sql;
use crate::store::error::StoreError;
use crate::store::load::ROWS_PER_TRANSACTION;
use crate::store::queue::Job;
use crate::store::queue::{QueueStore, bump_generation};

crate::domain::with_names! {
    /// What became of an effect, by the account's own list.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub enum VerifyResult {
        /// The newest reading after it was done does not list it.
        Confirmed => "confirmed",
        /// An earlier reading did not list it, and the newest does: it was off and is back.
        CameBack => "came_back",
        /// Reported done, and listed in every reading since.
        Ghost => "ghost",
        /// A job of the queue has taken it back since: nobody is surprised to see it listed. Never stored.
        Restored => "restored",
    }
}

impl VerifyResult {
    pub(in crate::store) fn stored(word: &str) -> Result<VerifyResult, StoreError> {
        VerifyResult::named(word).ok_or_else(|| StoreError::impossible(format!("the verdict {word:?}")))
    }
}

/// How far the absence of a target from a list proves that it is off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The list was read to its end, and the platform lists everything.
    Whole,
    /// The platform lists only what is newer: absence of this ID and of those above it proves something.
    From(TargetId),
    /// The platform lists only a part, in an order of its own: absence proves nothing.
    Nothing,
}

impl Reach {
    /// The ID from which on absence proves something; none: everywhere.
    fn absent_from(self) -> Option<i64> {
        match self {
            Reach::Whole => None,
            Reach::From(id) => Some(id.as_i64().unwrap_or(i64::MAX)),
            Reach::Nothing => Some(i64::MAX),
        }
    }
}

/// What a list says, and of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looked {
    /// Whose list it is.
    pub account: AccountId,
    /// The action whose effect it shows.
    pub action: Action,
    /// When the reading began, or when the archive was made. What was done later is not judged.
    pub read_at: Wall,
    /// How far it reaches.
    pub reach: Reach,
}

/// What is known of the done tasks of a round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VerdictCounts {
    /// Off the list.
    pub confirmed: u64,
    /// Off, and back.
    pub came_back: u64,
    /// Never off.
    pub ghosts: u64,
    /// Done, and nothing is known.
    pub undecided: u64,
    /// Done, and restored since by a job of the queue: nobody is surprised to see it listed.
    pub restored: u64,
}

impl ListStore<'_> {
    /// What a round's tasks do, for whom, how many of them are done, and when the last was.
    pub async fn done_lanes(&mut self, job: &Job) -> Result<Vec<(Action, AccountId, u64, Wall)>, StoreError> {
        let sql = "select lane.action, lane.account_id, count(*), max(task.finished_at)
                     from load cross join task join lane on lane.id = task.lane_id
                    where load.round_id = $1 and load.finished_at is not null
                      and task.id between load.first_task_id and load.last_task_id and task.state = 4
                    group by lane.id order by lane.id";
        let rows: Vec<(i64, i64, i64, i64)> = self.db.fetch_all(sql, args![job.round.0]).await?;
        rows.into_iter()
            .map(|(action, account, done, at)| {
                let done = u64::try_from(done).unwrap_or(0);
                Ok((crate::store::codes::action_of(action)?, AccountId(account), done, Wall(at)))
            })
            .collect()
    }

    /// Begins to gather what a list holds.
    ///
    /// # Errors
    /// There is no room for the temporary table.
    pub async fn begin_listed(&mut self) -> Result<(), StoreError> {
        for sql in [
            sql!("drop table if exists ", either("temp.listed", "pg_temp.listed")),
            sql!(
                "create temp table listed (target ",
                either("any primary key) strict", "text collate \"C\" primary key)")
            ),
        ] {
            self.db.execute(sql, args![]).await?;
        }
        Ok(())
    }

    /// Gathers targets that the list holds; repeats are one.
    ///
    /// # Errors
    /// There is no room for them.
    pub async fn add_listed(&mut self, targets: &[Target]) -> Result<(), StoreError> {
        let sql = sql!(
            "insert into listed select listed.value from ",
            targets("$1"),
            " listed where true on conflict do nothing"
        );
        self.db.execute(sql, args![targets_json(targets)]).await.map(drop)
    }

    /// Gathers all that a reading brought, and gives its lowest ID, where there is one.
    pub async fn add_reading(&mut self, reading: ReadingId) -> Result<Option<TargetId>, StoreError> {
        self.db
            .execute(
                "insert into listed select target from reading_entry where reading_id = $1 on conflict do nothing",
                args![reading.0],
            )
            .await?;
        let sql = sql!("select min(", number("target"), ") from listed where ", is_number("target"));
        let (lowest,): (Option<i64>,) = self.db.fetch_one(sql, args![]).await?;
        Ok(lowest.and_then(|lowest| TargetId::from_i64(lowest).ok()))
    }

    /// Judges the tasks of the job's newest round by what was gathered, some 50,000 in a transaction. A task that was judged by a
    /// newer reading stays as it is.
    ///
    /// # Errors
    /// The database cannot be written; what was judged until then is true by itself.
    pub async fn judge(&mut self, job: &Job, looked: &Looked) -> Result<(), StoreError> {
        let ranges = QueueStore { db: &mut *self.db }.task_ranges(job).await?;
        for (first, last) in ranges {
            let mut from = first;
            while from <= last {
                let to = last.min(from + ROWS_PER_TRANSACTION - 1);
                self.judge_some(job, (from, to), looked).await?;
                from = to + 1;
            }
        }
        Ok(())
    }

    /// Settles what is left of a job whose queue was taken back to a snapshot, as far as what was gathered proves that it has been done: as
    /// something whose answer was lost. How many those are.
    ///
    /// # Errors
    /// The database cannot be written; what was settled until then is true by itself.
    pub async fn settle_absent(&mut self, job: &Job, looked: &Looked, now: Wall) -> Result<u64, StoreError> {
        let ranges = QueueStore { db: &mut *self.db }.task_ranges(job).await?;
        let mut settled = 0;
        for (first, last) in ranges {
            let mut from = first;
            while from <= last {
                let to = last.min(from + ROWS_PER_TRANSACTION - 1);
                let mut tx = self.db.begin().await?;
                let (account, action) = (looked.account.0, looked.action.code());
                let args = args![from, to, job.round.0, account, action, now.0, looked.reach.absent_from()];
                let count = tx.execute(SETTLE_ABSENT, args).await?;
                tx.execute(COUNT_DONE, args![job.round.0, count as i64]).await?;
                bump_generation(&mut tx).await?;
                tx.commit().await?;
                settled += count;
                from = to + 1;
            }
        }
        Ok(settled)
    }

    async fn judge_some(&mut self, job: &Job, (from, to): (i64, i64), looked: &Looked) -> Result<(), StoreError> {
        let absent_from = looked.reach.absent_from();
        let (account, action) = (looked.account.0, looked.action.code());
        let mut tx = self.db.begin().await?;
        let args = args![from, to, job.round.0, account, action, looked.read_at.0, absent_from, inverse_pairs()];
        tx.execute(JUDGE, args).await?;
        tx.commit().await
    }

    /// Tasks of the job's newest round that are done and of which no list has said anything, in their order behind one of them.
    pub async fn undecided(
        &mut self,
        job: &Job,
        (account, action): (AccountId, Action),
        behind: TaskId,
        most: u32,
    ) -> Result<Vec<(TaskId, Target)>, StoreError> {
        let args = args![job.round.0, account.0, action.code(), behind.0, inverse_pairs(), most];
        let rows: Vec<(i64, String)> = self.db.fetch_all(UNDECIDED, args).await?;
        rows.into_iter().map(|(task, target)| Ok((TaskId(task), quoted_target(&target)?))).collect()
    }

    /// Judges one task of the job's newest round by what was said of it alone.
    ///
    /// # Errors
    /// The database cannot be written.
    pub async fn judge_one(
        &mut self,
        job: &Job,
        (task, target): (TaskId, &Target),
        looked: &Looked,
        is_listed: bool,
    ) -> Result<(), StoreError> {
        self.begin_listed().await?;
        if is_listed {
            self.add_listed(std::slice::from_ref(target)).await?;
        }
        self.judge_some(job, (task.0, task.0), looked).await
    }

    /// What is known of the done tasks of the job's newest round.
    pub async fn verdicts(&mut self, job: &Job) -> Result<VerdictCounts, StoreError> {
        let rows: Vec<(Option<String>, i64)> = self.db.fetch_all(VERDICTS, args![job.round.0, inverse_pairs()]).await?;
        let mut counts = VerdictCounts::default();
        for (verdict, count) in rows {
            let place = match verdict.as_deref().map(VerifyResult::stored).transpose()? {
                None => &mut counts.undecided,
                Some(VerifyResult::Confirmed) => &mut counts.confirmed,
                Some(VerifyResult::CameBack) => &mut counts.came_back,
                Some(VerifyResult::Ghost) => &mut counts.ghosts,
                Some(VerifyResult::Restored) => &mut counts.restored,
            };
            *place = u64::try_from(count).unwrap_or(0);
        }
        Ok(counts)
    }
}

/// `$1` to `$2` the tasks, `$3` the round, `$4` the account, `$5` the action, `$6` when the list was read, `$7` from which ID on
/// absence proves something (null: everywhere), `$8` pairs for [`restoring`]: what was restored is not judged.
const JUDGE: Sql = sql!(
    "with ",
    restoring!("$8"),
    "
    insert into verification (task_id, finished_at, verdict, read_at, off_at)
    select task.id, task.finished_at,
           case when l.target is null then 'confirmed' when old.off_at is not null then 'came_back' else 'ghost' end,
           $6, case when l.target is null then coalesce(old.off_at, $6) else old.off_at end
      from task
      join lane on lane.id = task.lane_id and lane.round_id = $3 and lane.account_id = $4 and lane.action = $5
      left join listed l on l.target = task.target
      left join verification old on old.task_id = task.id and old.finished_at = task.finished_at
     where task.id between $1 and $2 and task.state = 4 and task.finished_at < $6
       and (old.task_id is null or old.read_at <= $6)
       and (l.target is not null or cast($7 as bigint) is null or case when ",
    is_number("task.target"),
    " then ",
    number("task.target"),
    " >= $7 else false end)
       and not ",
    is_restored!(),
    "
    on conflict (task_id) do update
       set finished_at = excluded.finished_at, verdict = excluded.verdict, read_at = excluded.read_at,
           off_at = excluded.off_at"
);

/// `$1` to `$5` and `$7` as in [`JUDGE`], `$6` the time. A row that still names its target is on no list of IDs.
const SETTLE_ABSENT: Sql = sql!(
    "
    update task set state = 4, reason = 'confirmed_by_reading', finished_at = $6, asked_last = 0
     where id between $1 and $2 and state < 4
       and lane_id in (select id from lane where round_id = $3 and account_id = $4 and action = $5)
       and not (target >= '@' and target < 'A')
       and not exists (select 1 from listed where listed.target = task.target)
       and (cast($7 as bigint) is null or case when ",
    is_number("task.target"),
    " then ",
    number("task.target"),
    " >= $7 else false end)"
);

const COUNT_DONE: &str = "update round set pending = pending - $2, done = done + $2 where id = $1";

/// `$1` the round, `$2` the account, `$3` the action, `$4` the task behind which they stand, `$5` pairs for [`restoring`], `$6` how many.
const UNDECIDED: Sql = sql!(
    "with ",
    restoring!("$5"),
    " select task.id, ",
    quoted("task.target"),
    "
        from load cross join task
        join lane on lane.id = task.lane_id and lane.account_id = $2 and lane.action = $3
        left join verification v on v.task_id = task.id and v.finished_at = task.finished_at
       where load.round_id = $1 and load.finished_at is not null
         and task.id between load.first_task_id and load.last_task_id and task.id > $4 and task.state = 4
         and v.task_id is null and not ",
    is_restored!(),
    " order by task.id limit $6"
);

/// `$1` the round, `$2` pairs for [`restoring`]. The verdict is what is grouped by, so that it is made once for each row.
const VERDICTS: Sql = sql!(
    "with ",
    restoring!("$2"),
    " select case when ",
    is_restored!(),
    " then 'restored' else v.verdict end, count(*)
        from load cross join task
        join lane on lane.id = task.lane_id
        left join verification v on v.task_id = task.id and v.finished_at = task.finished_at
       where load.round_id = $1 and load.finished_at is not null
         and task.id between load.first_task_id and load.last_task_id and task.state = 4
       group by 1"
);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::own_records::KEEP;
    use super::*;
    use crate::store::{QueueKind, Store};

    /// A look through all keys for each task that is done took a minute for 5,000 of them.
    #[tokio::test]
    async fn no_row_has_all_keys_looked_through() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
        store.lists().begin_listed().await.unwrap();
        for sql in [VERDICTS, JUDGE, UNDECIDED, KEEP] {
            let plan: Vec<(i64, i64, i64, String)> = store
                .db
                .fetch_all(sqlx::AssertSqlSafe(format!("explain query plan {}", sql.sqlite)), args![])
                .await
                .unwrap();
            let keys: Vec<&str> =
                plan.iter().map(|(.., step)| step.as_str()).filter(|step| step.contains(" key ")).collect();
            assert_eq!(keys, ["SEARCH key USING PRIMARY KEY (lane_id=? AND target=?)"], "{sql:?}");
        }
    }
}
