//! What a credential was is gone from the queue's files once it has been replaced or forgotten. In: changes of the table of
//! credentials. Out: the same changes, with the old bytes overwritten. What does not belong here: what is changed.
//!
//! SQLite marks what it deletes as free and leaves the bytes there: in a page, on the list of free pages, in the write-ahead log.
//! A sealed login that was logged out could be opened from there for as long as its key is. So every change of credentials
//! overwrites what it frees (`secure_delete`), and afterwards the log is copied into the queue and cut to nothing.

use sqlx::sqlite::{Sqlite, SqliteConnection};
use sqlx::{Connection, Transaction};

use super::credential::{ALL, Row};
use crate::domain::AccountId;
use crate::store::error::{BUSY_TIMEOUT_S, StoreError};
use crate::store::open::Store;

/// How long the log's end is waited for while others read the queue. Whoever writes waits as long, so it is short.
const MAX_WAIT_MS: u32 = 1_000;

/// Free pages that are overwritten at most: 64 MiB.
const MAX_FREE_PAGES: i64 = 16_384;

const AGAIN: &str = "
    insert into credential (account_id, kind, sealed, scopes, expires_at, lifetime_ms, client_id, confidential, generation,
                            refresh_started_at, refresh_tries, login_needed, saved_at)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

impl Store {
    /// A transaction that overwrites what it deletes or replaces. Behind its commit belongs [`Store::wipe_log`] where it was the
    /// end of a credential, [`Store::end_wiping`] where it was not.
    pub(super) async fn begin_wiping(&mut self) -> Result<Transaction<'_, Sqlite>, StoreError> {
        let path = self.path.clone();
        let sort = |error| StoreError::from_sqlx(&path, error);
        sqlx::query("pragma secure_delete = on").execute(&mut self.connection).await.map_err(&sort)?;
        self.connection.begin_with("begin immediate").await.map_err(&sort)
    }

    /// Behind the commit: what else is deleted is nobody's secret, and overwriting it would double what is written. Where this
    /// fails, it costs time and nothing else.
    pub(super) async fn end_wiping(&mut self) {
        if let Err(error) = sqlx::query("pragma secure_delete = off").execute(&mut self.connection).await {
            tracing::debug!(%error, "ending to overwrite what is deleted");
        }
    }

    /// [`Store::end_wiping`], and cuts the write-ahead log to nothing, with all that it tells of credentials of the past. False: others read the queue, and
    /// the log stays until the next such change, or until the last of them closes the queue.
    pub(super) async fn wipe_log(&mut self) -> bool {
        self.end_wiping().await;
        match self.cut_log().await {
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
                "another process reads {}, so its write-ahead log ({}-wal) still has the sealed login; it goes when that process ends",
                self.path.display(),
                self.path.display(),
            );
        }
    }

    async fn cut_log(&mut self) -> Result<bool, sqlx::Error> {
        let wait = |milliseconds: u32| format!("pragma busy_timeout = {milliseconds}");
        sqlx::query(sqlx::AssertSqlSafe(wait(MAX_WAIT_MS))).execute(&mut self.connection).await?;
        let cut = sqlx::query_as("pragma wal_checkpoint(truncate)").fetch_one(&mut self.connection).await;
        let usual_ms = u32::try_from(BUSY_TIMEOUT_S * 1_000).unwrap_or(u32::MAX);
        sqlx::query(sqlx::AssertSqlSafe(wait(usual_ms))).execute(&mut self.connection).await?;
        cut.map(|(is_busy, _, _): (i64, i64, i64)| is_busy == 0)
    }
}

/// Forgets an account's credentials, and what earlier versions of the program have left of any in the table's pages: the others
/// are written anew. Whether there were any.
pub(super) async fn delete_credential(tx: &mut SqliteConnection, account: AccountId) -> Result<bool, sqlx::Error> {
    let all: Vec<Row> = sqlx::query_as(ALL).fetch_all(&mut *tx).await?;
    // A deleted row is overwritten, and what lies between the rows is not: only a page that is given back is overwritten as a whole.
    let schema = "select sql from sqlite_schema where type = 'table' and name = 'credential'";
    let (schema,): (String,) = sqlx::query_as(schema).fetch_one(&mut *tx).await?;
    sqlx::query("drop table credential").execute(&mut *tx).await?;
    sqlx::query(sqlx::AssertSqlSafe(schema)).execute(&mut *tx).await?;
    let there_was = all.iter().any(|row| row.0 == account.0);
    for row in all.into_iter().filter(|row| row.0 != account.0) {
        let again =
            sqlx::query(AGAIN).bind(row.0).bind(row.1).bind(row.2).bind(row.3).bind(row.4).bind(row.5).bind(row.6);
        let again = again.bind(row.7).bind(row.8).bind(row.9).bind(row.10).bind(row.11).bind(row.12);
        again.execute(&mut *tx).await?;
    }
    overwrite_free_pages(tx).await?;
    Ok(there_was)
}

/// Zeros for the pages that are free: earlier versions have left there what was on them. Nothing of ours frees a page of logins
/// without wiping it, so a queue with more of them than a logout should take time for has them from elsewhere.
async fn overwrite_free_pages(tx: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let (free, page_bytes): (i64, i64) =
        sqlx::query_as("select freelist_count, page_size from pragma_freelist_count, pragma_page_size")
            .fetch_one(&mut *tx)
            .await?;
    if free == 0 || free > MAX_FREE_PAGES {
        return Ok(());
    }
    // A blob takes free pages before the file grows, and gives them back.
    sqlx::query("create table free_pages (zeros blob)").execute(&mut *tx).await?;
    sqlx::query("insert into free_pages values (zeroblob(?1))").bind(free * page_bytes).execute(&mut *tx).await?;
    sqlx::query("drop table free_pages").execute(&mut *tx).await.map(drop)
}

#[cfg(test)]
#[path = "credential_wipe_tests.rs"]
mod tests;
