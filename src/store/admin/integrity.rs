//! What `doctor` asks of a queue: whether SQLite finds it whole, whether the counters are right, whether anything points
//! nowhere. Reads only. In: a queue. Out: numbers. What does not belong here: judging them.

use super::AdminStore;
use crate::domain::{CRASHED, CrashCount, UNKNOWN_AFTER_CRASH};
use crate::store::error::StoreError;

/// The most faults that SQLite lists.
const MAX_FAULTS: usize = 20;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Integrity {
    /// The SQLite that reads the queue.
    pub sqlite: String,
    /// What SQLite's own check says is broken; empty: nothing.
    pub faults: Vec<String>,
    /// Jobs whose counters are not what counting their tasks gives.
    pub miscounted: Vec<String>,
    /// Rows that point to something that is not there: what, and how many (never 0).
    pub orphans: Vec<(&'static str, u64)>,
    /// Jobs of which it is not known any more where each row stands in the file, so that receipts would lack rows or tell one twice.
    pub misplaced: Vec<String>,
    /// Jobs with rows that an older version gave up because processes died while they were in flight, and how many.
    pub blamed: Vec<(String, u64)>,
}

/// What counting gives for each round, and a statement about it.
macro_rules! counted {
    ($statement:literal) => {
        concat!(
            "
    with counted as (
        select lane.round_id as round_id, count(*) filter (where task.state < 4) as pending,
               count(*) filter (where task.state = 4) as done, count(*) filter (where task.state = 5) as gone,
               count(*) filter (where task.state = 6) as failed, count(*) filter (where task.state = 7) as cancelled,
               count(*) filter (where task.state = 8) as kept, count(*) filter (where task.state = 9) as rejected
          from task join lane on lane.id = task.lane_id join round on round.id = lane.round_id
         where task.id <= round.visible_to
         group by lane.round_id) ",
            $statement
        )
    };
}

/// The counters of a round beside those that counting gives. Tasks above `visible_to` belong to a load that has not finished.
const MISCOUNTED: &str = counted!(
    "select job.name
      from round join job on job.id = round.job_id left join counted c on c.round_id = round.id
     where round.pending <> coalesce(c.pending, 0) or round.done <> coalesce(c.done, 0)
        or round.gone <> coalesce(c.gone, 0) or round.failed <> coalesce(c.failed, 0)
        or round.cancelled <> coalesce(c.cancelled, 0) or round.kept <> coalesce(c.kept, 0)
        or round.rejected_tasks <> coalesce(c.rejected, 0)
     order by job.name"
);

const RECOUNT: &str = counted!(
    "update round
        set pending = coalesce(c.pending, 0), done = coalesce(c.done, 0), gone = coalesce(c.gone, 0),
            failed = coalesce(c.failed, 0), cancelled = coalesce(c.cancelled, 0), kept = coalesce(c.kept, 0),
            rejected_tasks = coalesce(c.rejected, 0)
       from round r left join counted c on c.round_id = r.id
      where round.id = r.id
        and (round.pending <> coalesce(c.pending, 0) or round.done <> coalesce(c.done, 0)
             or round.gone <> coalesce(c.gone, 0) or round.failed <> coalesce(c.failed, 0)
             or round.cancelled <> coalesce(c.cancelled, 0) or round.kept <> coalesce(c.kept, 0)
             or round.rejected_tasks <> coalesce(c.rejected, 0))"
);

/// Newest loads whose runs do not lead to as many tasks of their round as they say, or do not make up the file with the rows that
/// made no task.
macro_rules! misplaced {
    ($told:literal) => {
        concat!(
            "
    with newest as (
        select round.id as round_id, round.rows, round.job_id, max(load.id) as load_id
          from round join load on load.round_id = round.id where load.finished_at is not null group by round.id),
    runs as (
        select newest.round_id, newest.rows, newest.job_id, newest.load_id, cast(sum(r.rows) as bigint) as placed,
               (select count(*) from row_without_task w where w.load_id = newest.load_id) as others,
               (select count(distinct task.id)
                  from row_run one cross join task cross join load
                 where one.load_id = newest.load_id and task.id between one.task_id and one.task_id + one.rows - 1
                   and load.round_id = newest.round_id and task.id between load.first_task_id and load.last_task_id) as tasks
          from newest join row_run r on r.load_id = newest.load_id
         group by newest.round_id, newest.rows, newest.job_id, newest.load_id)
    select ",
            $told,
            " from runs join job on job.id = runs.job_id where placed <> tasks or placed + others <> runs.rows order by job.name"
        )
    };
}

const MISPLACED: &str = misplaced!("job.name");

/// So that the next load of the file is not taken for the last one, and places every row anew.
const PLACE_ANEW: [&str; 2] = [
    concat!("update round set torn = 1 where id in (", misplaced!("runs.round_id"), ")"),
    "update load set content_hash = 'misplaced'
      where id in (select max(load.id) from load join round on round.id = load.round_id
                    where round.torn = 1 and load.finished_at is not null group by round.id)",
];

/// Tasks that are being sent, and no attempt of which is open: no drain would ever take them up again.
const LOST: &str = "select count(*) from task where state = 1 and not exists (select 1 from attempt a where a.ended_at is null and a.task_id = task.id)";

const REQUEUE_LOST: &str = "
    update task set state = 2, unsure = 1, reason = $1
     where state = 1 and not exists (select 1 from attempt a where a.ended_at is null and a.task_id = task.id)";

/// Rows in the newest rounds that failed as crashed with fewer deaths on record than that takes (`$1`).
const BLAMED: &str = "
    select job.name, count(*)
      from task join lane on lane.id = task.lane_id join round on round.id = lane.round_id join job on job.id = round.job_id
     where task.state in (5, 6) and task.state = 6 and task.reason = $2 and task.crashes < $1
       and round.number = (select max(number) from round newest where newest.job_id = job.id)
     group by job.name order by job.name";

/// What no foreign key guards. Attempts of forgotten tasks are meant to be there: their slots still count.
const ORPHANS: [(&str, &str); 6] = [
    ("tasks that are being sent by nobody", LOST),
    ("tasks without a lane", "select count(*) from task where lane_id not in (select id from lane)"),
    ("attempts without an account", "select count(*) from attempt where account_id not in (select id from account)"),
    ("targets without a task", "select count(*) from task_key where task_id not in (select id from task)"),
    ("verifications without a task", "select count(*) from verification where task_id not in (select id from task)"),
    ("rows' cells without a task", "select count(*) from task_cells where task_id not in (select id from task)"),
];

impl AdminStore<'_> {
    /// Reads all of the queue and says what is wrong with it. Takes seconds per million tasks.
    ///
    /// # Errors
    /// The database cannot be read at all.
    pub async fn integrity(&mut self) -> Result<Integrity, StoreError> {
        let sqlite = self.db.sqlite_version().await?;
        let faults = match self.db.faults(MAX_FAULTS).await {
            Ok(faults) => faults,
            // A page that cannot be read ends the check itself.
            Err(StoreError::Damaged { detail, .. }) => vec![detail],
            Err(error) => return Err(error),
        };
        let mut found = Integrity { sqlite, faults, ..Integrity::default() };
        if !found.faults.is_empty() {
            return Ok(found);
        }
        let names: Vec<(String,)> = self.db.fetch_all(MISCOUNTED, args![]).await?;
        found.miscounted = names.into_iter().map(|(name,)| name).collect();
        let names: Vec<(String,)> = self.db.fetch_all(MISPLACED, args![]).await?;
        found.misplaced = names.into_iter().map(|(name,)| name).collect();
        for (what, sql) in ORPHANS {
            let (count,): (i64,) = self.db.fetch_one(sql, args![]).await?;
            if let Some(count) = u64::try_from(count).ok().filter(|count| *count > 0) {
                found.orphans.push((what, count));
            }
        }
        let blamed: Vec<(String, i64)> =
            self.db.fetch_all(BLAMED, args![i64::from(CrashCount::FAILED_FROM.number()), CRASHED]).await?;
        found.blamed = blamed.into_iter().map(|(name, count)| (name, count.unsigned_abs())).collect();
        Ok(found)
    }

    /// Has the next load of files of which it is not known any more where their rows stand place them anew. Says how many there are.
    pub async fn place_anew(&mut self) -> Result<u64, StoreError> {
        let mut rounds = 0;
        for sql in PLACE_ANEW {
            let done = self.db.execute(sql, args![]).await?;
            rounds = if rounds == 0 { done } else { rounds };
            if rounds == 0 {
                break;
            }
        }
        Ok(rounds)
    }

    /// Counts every round anew, and has tasks that are being sent by nobody sent again. Nobody drains meanwhile. Says how many rounds
    /// had counted wrongly, and how many tasks were lost.
    pub async fn recount(&mut self) -> Result<(u64, u64), StoreError> {
        let lost = self.db.execute(REQUEUE_LOST, args![UNKNOWN_AFTER_CRASH]).await?;
        let counted = self.db.execute(RECOUNT, args![]).await?;
        Ok((counted, lost))
    }
}
