//! The processes that drain a queue at this moment, for whoever only looks: which they are, and how many accounts each has.

use super::QueueStore;
use crate::domain::Wall;
use crate::store::error::StoreError;
use crate::store::lock::DrainLock;
use crate::store::lock_holder::LockHolder;

/// A process that drains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainAtWork {
    /// Which process, and since when.
    pub process: LockHolder,
    /// The accounts that it has: in a file's queue all that have rows left.
    pub accounts: u64,
}

impl QueueStore<'_> {
    /// The drains that are alive, as far as they say who they are.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn drains_at_work(&mut self) -> Result<Vec<DrainAtWork>, StoreError> {
        if self.db.is_postgres() {
            let rows: Vec<(String, i64, i64)> = self.db.fetch_all(ON_SERVER, args![]).await?;
            let drain = |(name, since, accounts): (String, i64, i64)| {
                let process = LockHolder::of_session(&name, Wall(since))?;
                Some(DrainAtWork { process, accounts: accounts.unsigned_abs() })
            };
            return Ok(rows.into_iter().filter_map(drain).collect());
        }
        if self.work_in_progress().await?.drain.is_none() {
            return Ok(Vec::new());
        }
        let Some(process) = DrainLock::holder(self.db.place().clone()).await else { return Ok(Vec::new()) };
        let (accounts,): (i64,) = self.db.fetch_one(IN_FILE, args![]).await?;
        Ok(vec![DrainAtWork { process, accounts: accounts.unsigned_abs() }])
    }
}

const ON_SERVER: &str = concat!(
    "select holder, started_at, (select count(*) from account where account.lease_drain_id = drain.id)
       from drain where holder is not null and ended_at is null and alive_until > ",
    server_now!(),
    " order by id"
);

const IN_FILE: &str = "
    select count(distinct lane.account_id) from round join job on job.id = round.job_id join lane on lane.round_id = round.id
     where job.state = 'active' and round.pending > 0";
