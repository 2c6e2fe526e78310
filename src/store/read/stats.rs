//! A round at a glance: reasons with their counts, the course of its settling, an account's newest requests, and whether
//! anything has moved. Everything here is bounded, for it is asked again and again.

use super::ReadStore;
use super::explain::{TASK_HISTORY, TaskHistory, TaskRow};
use crate::domain::{AccountId, Action, JobId, Outcome, TaskId, Wall};
use crate::store::codes::{action_of, state_of};
use crate::store::columns::numbers;
use crate::store::error::StoreError;
use crate::store::queue::Job;

/// Rows read for the reasons of an outcome.
const MAX_REASON_ROWS: i64 = 100_000;
/// Tasks read for a chart, spread evenly over the round.
pub const MAX_SAMPLED_TASKS: u64 = 5_000;
/// An account's newest attempts that are read for its rate and its day.
const MAX_RECENT_ATTEMPTS: i64 = 10_000;
/// The newest attempts in which accounts at work are looked for.
const MAX_ATTEMPTS_FOR_ACCOUNTS: i64 = 2_000;

/// How often a reason was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopReason {
    /// What became of the rows.
    pub outcome: Outcome,
    /// Why.
    pub reason: String,
    /// How many rows.
    pub rows: u64,
}

/// When sampled tasks were settled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgressSamples {
    /// Every sampled task: its outcome, and when it was settled.
    pub tasks: Vec<(Outcome, Option<Wall>)>,
    /// The round's tasks; more than were sampled where it is a big one.
    pub total: u64,
}

/// One of an account's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecentAttempt {
    /// What for.
    pub action: Action,
    /// When its slot was written down.
    pub reserved_at: Wall,
    /// Whether the platform answered 2xx, which is what it bills.
    pub billed: bool,
}

/// Numbers that move when somebody has told the queue something: loaded, paused, retried, logged in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangeCounters {
    /// Commands about jobs.
    pub generation: i64,
    /// Accounts there are.
    pub accounts: i64,
    /// Sets of credentials, each counted as often as it was renewed.
    pub credentials: i64,
    /// Accounts that wait for a login.
    pub logins_needed: i64,
}

impl ReadStore<'_> {
    /// Why rows of a job's newest round failed, were gone, rejected or duplicate, the most frequent first; true where there are
    /// more rows than were read.
    pub async fn top_reasons(&mut self, job: &Job) -> Result<(Vec<TopReason>, bool), StoreError> {
        // Some rejected rows are tasks.
        let sql = sql!(
            "select outcome, reason, cast(sum(counted) as bigint) from (
                   select outcome, reason, count(*) as counted from (
                       select case task.state when 5 then 'gone' else 'failed' end as outcome,
                              coalesce(task.reason, '') as reason
                         from load cross join task",
            indexed_by("task_troubled"),
            "            where load.round_id = $1 and load.finished_at is not null
                          and task.state in (5, 6) and task.id between load.first_task_id and load.last_task_id
                        limit $3) troubled
                    group by outcome, reason
                    union all
                   select outcome, reason, count(*) from (
                       select outcome, reason from row_without_task where load_id = $2 limit $3) unusable
                    group by outcome, reason
                    union all
                   select 'rejected', reason, count(*) from (
                       select task.reason from (select id from round where id = $1 and rejected_tasks > 0) r
                        cross join load cross join task",
            indexed_by("task_rejected"),
            "            where load.round_id = r.id and load.finished_at is not null
                          and task.state = 9 and task.id between load.first_task_id and load.last_task_id
                        limit $3) rejected
                    group by reason) each
                    group by outcome, reason order by 3 desc limit 50"
        );
        let found: Vec<(String, String, i64)> =
            self.db.fetch_all(sql, args![job.round.0, job.load, MAX_REASON_ROWS]).await?;
        let read: i64 = found.iter().map(|(.., rows)| rows).sum();
        let reasons = found.into_iter().map(|(outcome, reason, rows)| TopReason {
            outcome: match outcome.as_str() {
                "gone" => Outcome::Gone,
                "failed" => Outcome::Failed,
                "duplicate" => Outcome::Duplicate,
                _ => Outcome::Rejected,
            },
            reason,
            rows: u64::try_from(rows).unwrap_or(0),
        });
        Ok((reasons.collect(), read >= MAX_REASON_ROWS))
    }

    /// When the tasks of a job's newest round were settled: all of them, or [`MAX_SAMPLED_TASKS`] spread evenly.
    pub async fn course(&mut self, job: &Job) -> Result<ProgressSamples, StoreError> {
        let sql = "select first_task_id, last_task_id from load
                    where round_id = $1 and finished_at is not null and last_task_id is not null order by id";
        let ranges: Vec<(i64, i64)> = self.db.fetch_all(sql, args![job.round.0]).await?;
        let numbers_given = ranges.iter().map(|(first, last)| u64::try_from(last - first + 1).unwrap_or(0)).sum();
        // Repeats of a first load have given theirs back.
        let sql = "select pending + done + gone + failed + cancelled + kept + rejected_tasks from round where id = $1";
        let (total,): (i64,) = self.db.fetch_one(sql, args![job.round.0]).await?;
        let sql = sql!(
            "select ",
            joined("task.state"),
            ", ",
            joined("coalesce(task.finished_at, -1)"),
            " from ",
            numbers("$1"),
            " sample join task on task.id = sample.value"
        );
        let (states, times): (Option<String>, Option<String>) =
            self.db.fetch_one(sql, args![serde_json::json!(spread(&ranges, numbers_given)).to_string()]).await?;
        let states = numbers(states.as_deref())?.into_iter();
        let tasks = states.zip(numbers(times.as_deref())?).map(|(state, at)| {
            let at = (at >= 0).then_some(Wall(at));
            state_of(state).map(|state| (state.outcome(), at))
        });
        Ok(ProgressSamples { tasks: tasks.collect::<Result<_, _>>()?, total: u64::try_from(total).unwrap_or(0) })
    }

    /// The newest requests of an account since `since`, newest first, at most 10,000.
    pub async fn recent_attempts(&mut self, account: AccountId, since: Wall) -> Result<Vec<RecentAttempt>, StoreError> {
        let sql = sql!(
            "select ",
            joined("action"),
            ", ",
            joined("reserved_at"),
            ", ",
            joined("case when http_status between 200 and 299 then 1 else 0 end"),
            " from (select action, reserved_at, http_status from attempt where account_id = $1 order by id desc limit $2) newest
              where reserved_at >= $3"
        );
        let texts: (Option<String>, Option<String>, Option<String>) =
            self.db.fetch_one(sql, args![account.0, MAX_RECENT_ATTEMPTS, since.0]).await?;
        let actions = numbers(texts.0.as_deref())?.into_iter();
        let columns = actions.zip(numbers(texts.1.as_deref())?).zip(numbers(texts.2.as_deref())?);
        columns
            .map(|((action, at), billed)| {
                Ok(RecentAttempt { action: action_of(action)?, reserved_at: Wall(at), billed: billed != 0 })
            })
            .collect()
    }

    /// The accounts of the newest requests, at most `most`, the lowest number first.
    pub async fn accounts_at_work(&mut self, most: u32) -> Result<Vec<AccountId>, StoreError> {
        let sql = "select distinct account_id from (select account_id from attempt order by id desc limit $1) newest
                    order by account_id limit $2";
        let found: Vec<(i64,)> = self.db.fetch_all(sql, args![MAX_ATTEMPTS_FOR_ACCOUNTS, most]).await?;
        Ok(found.into_iter().map(|(id,)| AccountId(id)).collect())
    }

    /// A task of a job, with every attempt at it; none where the job has no such task.
    pub async fn task(&mut self, job: JobId, task: TaskId) -> Result<Option<(TaskHistory, String)>, StoreError> {
        let found: Option<TaskRow> = self.db.fetch_optional(TASK_HISTORY, args![job.0, task.0]).await?;
        let Some(row) = found else { return Ok(None) };
        let sql = "select cast(target as text) from task where id = $1";
        let (target,): (String,) = self.db.fetch_one(sql, args![task.0]).await?;
        Ok(Some((self.history_of(row).await?, target)))
    }

    /// Whether anything has moved: equal numbers mean no.
    pub async fn change_counters(&mut self) -> Result<ChangeCounters, StoreError> {
        let sql = "select (select generation from queue where id = 1), (select count(*) from account),
                          (select cast(coalesce(sum(generation), 0) as bigint) + count(*) from credential),
                          (select count(login_needed) from credential)";
        let (generation, accounts, credentials, logins_needed): (i64, i64, i64, i64) =
            self.db.fetch_one(sql, args![]).await?;
        Ok(ChangeCounters { generation, accounts, credentials, logins_needed })
    }

    /// SQLite's own count of other connections' commits; asking is all but free.
    pub async fn data_version(&mut self) -> Result<i64, StoreError> {
        self.db.data_version().await
    }
}

/// IDs out of these ranges, [`MAX_SAMPLED_TASKS`] at most, as far from each other as that takes.
fn spread(ranges: &[(i64, i64)], total: u64) -> Vec<i64> {
    let step = total.div_ceil(MAX_SAMPLED_TASKS).max(1);
    let mut ids = Vec::new();
    let (mut passed, mut wanted) = (0_u64, 0_u64);
    for (first, last) in ranges {
        let length = u64::try_from(last - first + 1).unwrap_or(0);
        while wanted < passed + length {
            ids.push(first + (wanted - passed) as i64);
            wanted += step;
        }
        passed += length;
    }
    ids
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_sample_is_spread_over_all_ranges(lengths in proptest::collection::vec(0_i64..9_000, 0..6)) {
            let mut first = 1;
            let mut ranges = Vec::new();
            for length in lengths {
                ranges.push((first, first + length - 1));
                first += length + 10;
            }
            let total: u64 = ranges.iter().map(|(a, b)| (b - a + 1) as u64).sum();
            let ids = spread(&ranges, total);
            prop_assert!(ids.len() as u64 <= MAX_SAMPLED_TASKS);
            prop_assert!(total > MAX_SAMPLED_TASKS || ids.len() as u64 == total);
            prop_assert!(ids.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(ids.iter().all(|id| ranges.iter().any(|(a, b)| a <= id && id <= b)));
        }
    }
}
