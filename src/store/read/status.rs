//! Numbers for people and programs: read from counters that every settling transaction keeps, never counted anew.

use super::ReadStore;
use crate::domain::{AccountId, Action, RoundId};
use crate::store::codes::action_of;
use crate::store::error::StoreError;
use crate::store::queue::QueueStore;
use crate::store::queue::{Job, JobState};

/// What became of a round's rows. The outcomes add up to the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutcomeCounts {
    /// The effect is confirmed.
    pub done: u64,
    /// The target no longer exists.
    pub gone: u64,
    /// Given up.
    pub failed: u64,
    /// Vanished from the file or cancelled with the job.
    pub cancelled: u64,
    /// Spared by a keep list.
    pub kept: u64,
    /// Repeats of an earlier row.
    pub duplicate: u64,
    /// Unusable rows.
    pub rejected: u64,
    /// Not settled.
    pub pending: u64,
}

impl OutcomeCounts {
    /// All rows: the file's, and those that have vanished from it since.
    pub const fn rows(&self) -> u64 {
        self.settled() + self.pending
    }

    /// The rows that have an outcome other than pending.
    pub const fn settled(&self) -> u64 {
        self.done + self.gone + self.failed + self.cancelled + self.kept + self.duplicate + self.rejected
    }

    /// The tasks that are settled: rows without duplicates and rejected ones.
    pub const fn settled_tasks(&self) -> u64 {
        self.done + self.gone + self.failed + self.cancelled + self.kept
    }
}

/// A job and its numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobStatus {
    /// The job.
    pub job: Job,
    /// Its newest round's counts.
    pub counts: OutcomeCounts,
}

impl JobStatus {
    /// `paused`, `unverified`, `cancelled`, `finished` or `pending`.
    pub const fn state(&self) -> &'static str {
        match (self.job.state, self.counts.pending) {
            (JobState::Cancelled, _) => "cancelled",
            (_, 0) => "finished",
            (JobState::Paused, _) => "paused",
            (JobState::Unverified, _) => "unverified",
            (JobState::Active, _) => "pending",
        }
    }
}

/// The lanes of tasks that are being sent or stand aside, which are few: those in line have an index of their own.
macro_rules! with_aside {
    ($statement:literal) => {
        concat!(
            "with aside (lane_id, n) as materialized (
                       select lane_id, count(*) from (
                           select lane_id from task where state in (2, 3)
                           union all
                           select task.lane_id from attempt join task on task.id = attempt.task_id
                            where attempt.ended_at is null and task.state = 1 and task.last_attempt_id = attempt.id) out_of_line
                        group by lane_id) ",
            $statement
        )
    };
}

type CountRow = (i64, i64, i64, i64, i64, i64, i64, i64, i64);

impl ReadStore<'_> {
    /// Every job with its numbers, oldest first; only the one named, where one is.
    pub async fn status(&mut self, name: Option<&str>) -> Result<Vec<JobStatus>, StoreError> {
        let jobs = match name {
            Some(name) => QueueStore { db: &mut *self.db }.job(name).await?.into_iter().collect(),
            None => QueueStore { db: &mut *self.db }.jobs().await?,
        };
        let mut status = Vec::with_capacity(jobs.len());
        for job in jobs {
            let counts = self.counts(job.round).await?;
            status.push(JobStatus { job, counts });
        }
        Ok(status)
    }

    /// The counts of a round.
    pub async fn counts(&mut self, round: RoundId) -> Result<OutcomeCounts, StoreError> {
        let sql = "select id, done, gone, failed, cancelled, kept, duplicates, rejected + rejected_tasks, pending from round where id = $1";
        let (_, done, gone, failed, cancelled, kept, duplicate, rejected, pending): CountRow =
            self.db.fetch_one(sql, args![round.0]).await?;
        let n = |count: i64| u64::try_from(count).unwrap_or(0);
        Ok(OutcomeCounts {
            done: n(done),
            gone: n(gone),
            failed: n(failed),
            cancelled: n(cancelled),
            kept: n(kept),
            duplicate: n(duplicate),
            rejected: n(rejected),
            pending: n(pending),
        })
    }

    /// How the unsettled tasks of a round spread over actions and accounts. Where all are of one action and account, which is
    /// nearly always, a counter says so at once; else the tasks in line are walked.
    pub async fn pending_by_lane(&mut self, round: RoundId) -> Result<Vec<(Action, AccountId, u64)>, StoreError> {
        if let Some(only) = self.pending_of_only_lane(round).await? {
            return Ok(Vec::from_iter(Some(only).filter(|(.., n)| *n > 0)));
        }
        let walk = with_aside!(
            "select lane.action, lane.account_id,
                          (select count(*) from task
                            where task.lane_id = lane.id and task.state = 0 and task.id <= round.visible_to)
                          + coalesce(aside.n, 0)
                     from lane join round on round.id = lane.round_id left join aside on aside.lane_id = lane.id
                    where lane.round_id = $1 order by lane.id"
        );
        let rows: Vec<(i64, i64, i64)> = self.db.fetch_all(walk, args![round.0]).await?;
        rows.into_iter().filter(|(_, _, n)| *n > 0).map(lane_of).collect()
    }

    /// The actions and accounts of which a round has unsettled tasks: one look into an index for each, however many tasks there are.
    pub async fn pending_lanes(&mut self, round: RoundId) -> Result<Vec<(Action, AccountId)>, StoreError> {
        let look = with_aside!(
            "select lane.action, lane.account_id, 1 from lane join round on round.id = lane.round_id
                    where lane.round_id = $1
                      and (exists (select 1 from task
                                    where task.lane_id = lane.id and task.state = 0 and task.id <= round.visible_to)
                           or lane.id in (select lane_id from aside))
                    order by lane.id"
        );
        let rows: Vec<(i64, i64, i64)> = self.db.fetch_all(look, args![round.0]).await?;
        rows.into_iter().map(|row| lane_of(row).map(|(action, account, _)| (action, account))).collect()
    }

    /// The unsettled tasks of a round whose tasks are all of one action and account, from its counter; none: they are of several.
    pub async fn pending_of_only_lane(
        &mut self,
        round: RoundId,
    ) -> Result<Option<(Action, AccountId, u64)>, StoreError> {
        let sql = "select lane.action, lane.account_id, round.pending from round join lane on lane.round_id = round.id
                     where round.id = $1
                       and (select count(*) from (select 1 from lane where round_id = $1 limit 2) two) = 1";
        let row: Option<(i64, i64, i64)> = self.db.fetch_optional(sql, args![round.0]).await?;
        row.map(lane_of).transpose()
    }
}

fn lane_of((action, account, n): (i64, i64, i64)) -> Result<(Action, AccountId, u64), StoreError> {
    Ok((action_of(action)?, AccountId(account), u64::try_from(n).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::store::{QueueKind, Store};

    /// The lanes that have work are those that counting finds work in, whatever became of their tasks.
    #[tokio::test]
    async fn lanes_with_work_are_those_that_counting_finds() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
        for sql in [
            "insert into account (id, name, platform, user_id)
             values (1, 'ada', 'x-v2', '42'), (2, 'bea', 'x-v2', '43'), (3, 'cid', 'x-v2', '44')",
            "insert into job (id, name, path, created_at) values (1, 'mixed', '/x', 0)",
            "insert into round (id, job_id, number, visible_to, rows, pending) values (1, 1, 1, 9, 9, 9)",
            "insert into lane (id, round_id, action, account_id) values (1, 1, 1, 1), (2, 1, 2, 1), (3, 1, 1, 2), (4, 1, 1, 3)",
            "insert into drain (id, boot, started_tick, started_at) values (1, 'here', 0, 0)",
        ] {
            store.db.execute(sql, args![]).await.unwrap();
        }
        for seed in 0..200_u64 {
            let mut random = fastrand::Rng::with_seed(seed);
            for sql in ["delete from attempt", "delete from task"] {
                store.db.execute(sql, args![]).await.unwrap();
            }
            // Those above 9 belong to a load that has not finished.
            for id in 1..=11_i64 {
                let (lane, state) = (random.i64(1..=4), random.i64(0..=8));
                let sql = "insert into task (id, lane_id, line, target, state, last_attempt_id, finished_at) values ($1, $2, 1, $1, $3, $4, $5)";
                let attempt = (1..=3).contains(&state).then_some(id);
                let finished_at = (state >= 4).then_some(0_i64);
                store.db.execute(sql, args![id, lane, state, attempt, finished_at]).await.unwrap();
                if attempt.is_some() {
                    let sql = "insert into attempt (id, account_id, task_id, drain_id, action, reserved_tick, reserved_at, upper_tick, ended_at)
                               values ($1, 1, $1, 1, 1, 0, 0, 0, $2)";
                    let ended_at = (state != 1).then_some(0_i64);
                    store.db.execute(sql, args![id, ended_at]).await.unwrap();
                }
            }
            let counted = store.read().pending_by_lane(RoundId(1)).await.unwrap();
            let counted: Vec<_> = counted.into_iter().map(|(action, account, _)| (action, account)).collect();
            assert_eq!(store.read().pending_lanes(RoundId(1)).await.unwrap(), counted, "seed {seed}");
        }
    }
}
