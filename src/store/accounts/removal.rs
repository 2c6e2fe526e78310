//! Dropping an account. In: an account. Out: whether it could go whole. What does not belong here: its login, and asking.

use super::AccountStore;
use super::credential_wipe::delete_credential;
use crate::domain::{AccountId, Wall};
use crate::store::error::StoreError;

/// What became of an account that was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removal {
    /// Nothing of it is left.
    Gone,
    /// It has no credentials any more, but its name and history stay: jobs speak of it, or so many of its attempts may still
    /// count in a window, and a forgotten slot would be a broken limit.
    HistoryStays {
        /// Jobs that have rows of it.
        jobs: u64,
        /// Attempts that may still count.
        slots: u64,
    },
}

impl AccountStore<'_> {
    /// Forgets an account's credentials, and the account itself where no job speaks of it and no attempt reserved at
    /// `keep_from` or later is on record. The caller holds the drain lock, so that nobody acts for it meanwhile.
    ///
    /// # Errors
    /// The database cannot be written; then nothing has changed.
    pub async fn remove_account(&mut self, account: AccountId, keep_from: Wall) -> Result<Removal, StoreError> {
        let mut tx = self.begin_wiping().await?;
        delete_credential(&mut tx, account).await?;
        let sql = "select (select count(*) from job where account_id = $1 or id in
                             (select round.job_id from lane join round on round.id = lane.round_id where lane.account_id = $1)),
                          (select count(*) from attempt
                            where account_id = $1 and (reserved_at >= $2 or ended_at is null))
                          + (select count(*) from read_request
                              where account_id = $1 and (reserved_at >= $2 or ended_at is null))";
        let (jobs, slots): (i64, i64) = tx.fetch_one(sql, args![account.0, keep_from.0]).await?;
        // Where its history stays, it acts for nobody any more.
        let sql = "update account set is_default = 0 where id = $1";
        tx.execute(sql, args![account.0]).await?;
        if jobs == 0 && slots == 0 {
            for sql in [
                "delete from attempt where account_id = $1",
                "delete from read_request where account_id = $1",
                "delete from account where id = $1",
            ] {
                tx.execute(sql, args![account.0]).await?;
            }
        }
        tx.commit().await?;
        self.wipe_log_or_warn().await;
        Ok(match (u64::try_from(jobs).unwrap_or(0), u64::try_from(slots).unwrap_or(0)) {
            (0, 0) => Removal::Gone,
            (jobs, slots) => Removal::HistoryStays { jobs, slots },
        })
    }
}
