//! Numbers for people and programs: read from counters that every settling transaction keeps, never counted anew.

use crate::domain::{AccountId, Action, RoundId};
use crate::store::error::StoreError;
use crate::store::open::Store;
use crate::store::queue::{Job, JobState};

/// What became of a round's rows. The outcomes add up to the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
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

impl Counts {
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
    pub counts: Counts,
}

impl JobStatus {
    /// `paused`, `cancelled`, `finished` or `pending`.
    pub const fn state(&self) -> &'static str {
        match (self.job.state, self.counts.pending) {
            (JobState::Cancelled, _) => "cancelled",
            (_, 0) => "finished",
            (JobState::Paused, _) => "paused",
            (JobState::Active, _) => "pending",
        }
    }
}

type CountRow = (i64, i64, i64, i64, i64, i64, i64, i64, i64);

impl Store {
    /// Every job with its numbers, oldest first; only the one named, where one is.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn status(&mut self, name: Option<&str>) -> Result<Vec<JobStatus>, StoreError> {
        let jobs = match name {
            Some(name) => self.job(name).await?.into_iter().collect(),
            None => self.jobs().await?,
        };
        let mut status = Vec::with_capacity(jobs.len());
        for job in jobs {
            let counts = self.counts(job.round).await?;
            status.push(JobStatus { job, counts });
        }
        Ok(status)
    }

    /// The counts of a round.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn counts(&mut self, round: RoundId) -> Result<Counts, StoreError> {
        let sql = "select id, done, gone, failed, cancelled, kept, duplicates, rejected + rejected_tasks, pending from round where id = ?1";
        let (_, done, gone, failed, cancelled, kept, duplicate, rejected, pending): CountRow =
            self.db.fetch_one(sql, args![round.0]).await?;
        let n = |count: i64| u64::try_from(count).unwrap_or(0);
        Ok(Counts {
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
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn pending_by_lane(&mut self, round: RoundId) -> Result<Vec<(Action, AccountId, u64)>, StoreError> {
        let only = "select lane.action, lane.account_id, round.pending from round join lane on lane.round_id = round.id
                     where round.id = ?1
                       and (select count(*) from (select 1 from lane where round_id = ?1 limit 2)) = 1";
        // Those in line by their index; the few that are being sent or stand aside by theirs.
        let walk = "with aside (lane_id, n) as (
                       select lane_id, count(*) from (
                           select lane_id from task where state in (2, 3)
                           union all
                           select task.lane_id from attempt join task on task.id = attempt.task_id
                            where attempt.ended_at is null and task.state = 1 and task.last_attempt_id = attempt.id)
                        group by lane_id)
                   select lane.action, lane.account_id,
                          (select count(*) from task
                            where task.lane_id = lane.id and task.state = 0 and task.id <= round.visible_to)
                          + coalesce((select n from aside where aside.lane_id = lane.id), 0)
                     from lane join round on round.id = lane.round_id
                    where lane.round_id = ?1 order by lane.id";
        let mut rows: Vec<(i64, i64, i64)> = Vec::new();
        for sql in [only, walk] {
            if rows.is_empty() {
                let found = self.db.fetch_all(sql, args![round.0]).await;
                rows = found?;
            }
        }
        rows.into_iter()
            .filter(|(_, _, n)| *n > 0)
            .map(|(action, account, n)| Ok((crate::store::queue::action_of(action)?, AccountId(account), n as u64)))
            .collect()
    }
}
