//! Readings of lists that still hold the texts of posts which a forgotten job has deleted: such a reading can be continued for a day. It begins
//! anew instead. In: a job. Out: nothing of those texts. What does not belong here: what else is forgotten of a job (`forget`).

use crate::domain::AccountId;
use crate::store::db::Db;
use crate::store::error::StoreError;
use crate::store::lock::ListLock;
use crate::store::queue::Job;

/// The readings of the accounts of a job that name posts which it was to delete.
const NAMING: &str = "
    select distinct r.id, r.account_id, r.list
      from round join lane on lane.round_id = round.id and lane.action = 6
      join reading r on r.account_id = lane.account_id
     where round.job_id = $1
       and exists (select 1 from reading_entry e join task_key k on k.lane_id = lane.id and k.target = e.target
                    where e.reading_id = r.id)";

/// Where another process turns the pages, it goes on, and what was written of these posts goes.
const DROP_ENTRIES: &str = "
    delete from reading_entry
     where reading_id = $2
       and target in (select k.target from round join lane on lane.round_id = round.id and lane.action = 6
                        join task_key k on k.lane_id = lane.id where round.job_id = $1)";

/// Drops what readings hold of the posts that a job was to delete. Deleted rows are overwritten.
pub(super) async fn forget_readings(db: &mut Db, job: &Job) -> Result<(), StoreError> {
    let readings: Vec<(i64, i64, String)> = db.fetch_all(NAMING, args![job.id.0]).await?;
    for (reading, account, list) in readings {
        let lock = ListLock::try_take(db.place(), AccountId(account), &list).await?;
        match lock {
            Some(_) => db.execute("delete from reading where id = $1", args![reading]).await?,
            None => db.execute(DROP_ENTRIES, args![job.id.0, reading]).await?,
        };
    }
    Ok(())
}
