//! What a credential was is gone from the queue's files once it has been replaced or forgotten. In: changes of the table of
//! credentials. Out: the same changes, with the old bytes overwritten. What does not belong here: what is changed.
//!
//! SQLite marks what it deletes as free and leaves the bytes there: in a page, on the list of free pages, in the write-ahead log.
//! A sealed login that was logged out could be opened from there for as long as its key is. So every change of credentials
//! overwrites what it frees (`secure_delete`), and afterwards the log is copied into the queue and cut to nothing.

use super::AccountStore;
use super::credential::{ALL, Row};
use crate::domain::AccountId;
use crate::store::db::Tx;
use crate::store::error::StoreError;

/// Free pages that are overwritten at most: 64 MiB.
const MAX_FREE_PAGES: i64 = 16_384;

const AGAIN: &str = "
    insert into credential (account_id, kind, sealed, scopes, expires_at, lifetime_ms, client_id, confidential, generation,
                            refresh_started_at, refresh_tries, login_needed, saved_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";

impl AccountStore<'_> {
    /// A transaction that overwrites what it deletes or replaces. Behind its commit belongs [`AccountStore::wipe_log`] where it was the
    /// end of a credential, [`AccountStore::end_wiping`] where it was not.
    pub(super) async fn begin_wiping(&mut self) -> Result<Tx<'_>, StoreError> {
        self.db.overwrite_deleted(true).await?;
        self.db.begin().await
    }

    /// Behind the commit: what else is deleted is nobody's secret, and overwriting it would double what is written. Where this
    /// fails, it costs time and nothing else.
    pub(super) async fn end_wiping(&mut self) {
        if let Err(error) = self.db.overwrite_deleted(false).await {
            tracing::debug!(%error, "ending to overwrite what is deleted");
        }
    }

    /// [`AccountStore::end_wiping`], and cuts the write-ahead log to nothing, with all that it tells of credentials of the past. False: others read the queue, and
    /// the log stays until the next such change, or until the last of them closes the queue.
    pub(in crate::store) async fn wipe_log(&mut self) -> bool {
        self.end_wiping().await;
        match self.db.cut_log().await {
            Ok(was_cut) => was_cut,
            Err(error) => {
                tracing::debug!(%error, "wiping the write-ahead log");
                false
            }
        }
    }

    /// The same behind a command of a person, who is told where it was not possible.
    pub(super) async fn wipe_log_or_warn(&mut self) {
        if !self.wipe_log().await {
            tracing::warn!(
                "another process reads {}, so its write-ahead log ({}-wal) still has the encrypted login; it goes when that process ends",
                self.db.place(),
                self.db.place(),
            );
        }
    }
}

/// Forgets an account's credentials, and what earlier versions of the program have left of any in the table's pages: the others
/// are written anew. Whether there were any.
pub(super) async fn delete_credential(tx: &mut Tx<'_>, account: AccountId) -> Result<bool, StoreError> {
    if tx.is_postgres() {
        return Ok(tx.execute("delete from credential where account_id = $1", args![account.0]).await? > 0);
    }
    let all: Vec<Row> = tx.fetch_all(ALL, args![]).await?;
    // A deleted row is overwritten, and what lies between the rows is not: only a page that is given back is overwritten as a whole.
    let schema = "select sql from sqlite_schema where type = 'table' and name = 'credential'";
    let (schema,): (String,) = tx.fetch_one(schema, args![]).await?;
    tx.execute("drop table credential", args![]).await?;
    tx.execute(sqlx::AssertSqlSafe(schema), args![]).await?;
    let there_was = all.iter().any(|row| row.0 == account.0);
    for row in all.into_iter().filter(|row| row.0 != account.0) {
        let (
            account,
            kind,
            sealed,
            scopes,
            expires,
            lifetime,
            client,
            confidential,
            generation,
            started,
            tries,
            login,
            saved,
        ) = row;
        let (set, refresh) = (
            args![account, kind, sealed, scopes, expires, lifetime, client, confidential],
            args![generation, started, tries, login, saved],
        );
        tx.execute(AGAIN, set.into_iter().chain(refresh).collect()).await?;
    }
    overwrite_free_pages(tx).await?;
    Ok(there_was)
}

/// Zeros for the pages that are free: earlier versions have left there what was on them. Nothing of ours frees a page of logins
/// without wiping it, so a queue with more of them than a logout should take time for has them from elsewhere.
async fn overwrite_free_pages(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let (free, page_bytes): (i64, i64) =
        tx.fetch_one("select freelist_count, page_size from pragma_freelist_count, pragma_page_size", args![]).await?;
    if free == 0 || free > MAX_FREE_PAGES {
        return Ok(());
    }
    // A blob takes free pages before the file grows, and gives them back.
    tx.execute("create table free_pages (zeros blob)", args![]).await?;
    tx.execute("insert into free_pages values (zeroblob($1))", args![free * page_bytes]).await?;
    tx.execute("drop table free_pages", args![]).await.map(drop)
}

#[cfg(test)]
#[path = "credential_wipe_tests.rs"]
mod tests;
