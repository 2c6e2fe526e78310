//! What SQLite is asked about its own file, or told: what it knows of itself, what it overwrites, what a reader sees.
//!
//! In: a connection. Out: the same of every queue in such a file. What does not belong here: when it is asked; what else of a login is
//! overwritten (`accounts::credential_wipe`).

use sqlx::AssertSqlSafe;

use super::db::Db;
use super::error::{BUSY_TIMEOUT_S, StoreError};

/// How long the log's end is waited for while others read the queue. Whoever writes waits as long, so it is short.
const MAX_WAIT_MS: u64 = 1_000;

impl Db {
    /// The SQLite that reads the queue.
    pub(super) async fn sqlite_version(&mut self) -> Result<String, StoreError> {
        let sql = if self.is_postgres() { "show server_version" } else { "select sqlite_version()" };
        let (version,): (String,) = self.fetch_one(sql, args![]).await?;
        Ok(version)
    }

    /// What SQLite's own check of the whole file finds, at most `most` faults; none: it is whole.
    pub(super) async fn faults(&mut self, most: usize) -> Result<Vec<String>, StoreError> {
        if self.is_postgres() {
            return Ok(Vec::new());
        }
        let check = AssertSqlSafe(format!("pragma integrity_check({most})"));
        let said: Vec<(String,)> = self.fetch_all(check, args![]).await?;
        Ok(said.into_iter().map(|(text,)| text).filter(|text| text != "ok").collect())
    }

    /// SQLite's own count of other connections' commits; asking is all but free.
    pub(super) async fn data_version(&mut self) -> Result<i64, StoreError> {
        let of_server = "select hashtextextended(cast(pg_current_snapshot() as text), 0)";
        let sql = if self.is_postgres() { of_server } else { "pragma data_version" };
        let (version,): (i64,) = self.fetch_one(sql, args![]).await?;
        Ok(version)
    }

    /// Whether what is deleted or replaced is overwritten, or marked as free and left there.
    pub(super) async fn overwrite_deleted(&mut self, overwrite: bool) -> Result<(), StoreError> {
        if self.is_postgres() {
            return Ok(());
        }
        let sql = if overwrite { "pragma secure_delete = on" } else { "pragma secure_delete = off" };
        self.execute(sql, args![]).await.map(drop)
    }

    /// Copies the write-ahead log into the queue and cuts it to nothing. False: others read the queue, and the log stays.
    pub(super) async fn cut_log(&mut self) -> Result<bool, StoreError> {
        if self.is_postgres() {
            return Ok(true);
        }
        self.wait_at_most(MAX_WAIT_MS).await?;
        let cut = self.fetch_one("pragma wal_checkpoint(truncate)", args![]).await;
        self.wait_at_most(BUSY_TIMEOUT_S * 1_000).await?;
        cut.map(|(is_busy, _, _): (i64, i64, i64)| is_busy == 0)
    }

    /// Copies the write-ahead log into the queue, as far as nobody reads what it would replace.
    pub(super) async fn copy_log(&mut self) -> Result<(), StoreError> {
        let _: (i64, i64, i64) = self.fetch_one("pragma wal_checkpoint(passive)", args![]).await?;
        Ok(())
    }

    async fn wait_at_most(&mut self, milliseconds: u64) -> Result<(), StoreError> {
        self.execute(AssertSqlSafe(format!("pragma busy_timeout = {milliseconds}")), args![]).await.map(drop)
    }

    /// From here to [`Db::end_snapshot`] everything is read as it was at the first look.
    pub(super) async fn begin_snapshot(&mut self) -> Result<(), StoreError> {
        let sql = if self.is_postgres() { "begin isolation level repeatable read" } else { "begin" };
        self.execute(sql, args![]).await.map(drop)
    }

    /// Lets the snapshot go. Nothing was written, so there is nothing to lose in rolling back.
    pub(super) async fn end_snapshot(&mut self) -> Result<(), StoreError> {
        self.execute("rollback", args![]).await.map(drop)
    }
}
