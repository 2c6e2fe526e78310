//! A transaction that writes to a server: one process at a time, as in a file, but for turns of drains, which are written beside each other.
//!
//! In: a connection. Out: its transaction, committed, or taken back where whoever had it has gone. What does not belong here: statements.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::error::StoreError;
use super::place::QueuePlace;

/// Each statement sees what was committed before it, whatever the server's settings say: what is read behind the wait for the lock is newer
/// than the wait.
macro_rules! begin {
    () => {
        "begin isolation level read committed read write"
    };
}

/// Whoever writes has this lock, as whoever writes to a file has SQLite's: what a transaction has read is true until it commits. Whoever watches
/// is told when, and only if, it is committed.
macro_rules! wait {
    () => {
        "select pg_advisory_xact_lock(7164212576379039745), pg_notify('cleanup', '')"
    };
}

/// The same, beside others who wait so. They write rows of their own alone; whoever waits as above comes when none of them writes.
macro_rules! wait_beside {
    () => {
        "select pg_advisory_xact_lock_shared(7164212576379039745)"
    };
}

/// Whoever watches is told.
macro_rules! tell {
    () => {
        "select pg_notify('cleanup', '')"
    };
}

/// To commit behind a statement that failed is no error to a server, and rolls back. Asked for anything else it says so.
const COMMIT: &str = "select 1; commit";

/// A transaction that has the right to write.
pub(super) struct ServerTransaction<'d> {
    connection: &'d mut PgConnection,
    /// Whether the next statement of the connection has to roll this one back first.
    is_left_open: &'d mut bool,
    is_over: bool,
}

impl<'d> ServerTransaction<'d> {
    pub(super) async fn begin(
        connection: &'d mut PgConnection,
        is_left_open: &'d mut bool,
    ) -> sqlx::Result<ServerTransaction<'d>> {
        ServerTransaction::begin_by(concat!(begin!(), "; ", wait!()), connection, is_left_open).await
    }

    /// The same without the lock, which comes later.
    pub(super) async fn begin_beside(
        connection: &'d mut PgConnection,
        is_left_open: &'d mut bool,
    ) -> sqlx::Result<ServerTransaction<'d>> {
        ServerTransaction::begin_by(begin!(), connection, is_left_open).await
    }

    /// The same beside others that are begun so. `tells`: whoever watches is told; of many in a row some are told of, for to tell takes a lock
    /// that all who tell have one after the other, with the disk between them.
    pub(super) async fn begin_turn(
        connection: &'d mut PgConnection,
        is_left_open: &'d mut bool,
        tells: bool,
    ) -> sqlx::Result<ServerTransaction<'d>> {
        let sql = match tells {
            true => concat!(begin!(), "; ", wait_beside!(), "; ", tell!()),
            false => concat!(begin!(), "; ", wait_beside!()),
        };
        ServerTransaction::begin_by(sql, connection, is_left_open).await
    }

    pub(super) async fn wait_for_writers(&mut self) -> sqlx::Result<()> {
        sqlx::raw_sql(wait!()).execute(&mut *self.connection).await.map(drop)
    }

    async fn begin_by(
        sql: &'static str,
        connection: &'d mut PgConnection,
        is_left_open: &'d mut bool,
    ) -> sqlx::Result<ServerTransaction<'d>> {
        let begun = ServerTransaction { connection, is_left_open, is_over: false };
        sqlx::raw_sql(sql).execute(&mut *begun.connection).await?;
        Ok(begun)
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        self.connection
    }

    pub(super) async fn commit(mut self) -> sqlx::Result<()> {
        sqlx::raw_sql(COMMIT).execute(&mut *self.connection).await?;
        self.is_over = true;
        Ok(())
    }
}

/// Nobody else could write until it is rolled back, and the connection's next statement may come late or never. So `rollback` is sent now, and
/// its answer is read before the next statement. Where a statement is still under way, the next one rolls back.
impl Drop for ServerTransaction<'_> {
    fn drop(&mut self) {
        if self.is_over {
            return;
        }
        let mut context = Context::from_waker(Waker::noop());
        let is_idle = pin!(self.connection.flush()).poll(&mut context);
        *self.is_left_open = !matches!(is_idle, Poll::Ready(Ok(())));
        if !*self.is_left_open {
            let _ = pin!(sqlx::raw_sql("rollback").execute(&mut *self.connection)).poll(&mut context);
        }
    }
}

impl StoreError {
    /// What an error of a commit means. A server that says no has written nothing; where it has gone, or says nothing, it may have written all.
    pub(super) fn of_commit(queue: &QueuePlace, error: sqlx::Error) -> StoreError {
        if is_a_no(&error) {
            return StoreError::from_sqlx(queue, error);
        }
        StoreError::CommitUnknown { queue: queue.clone(), source: error }
    }
}

/// Whether this is the server's word that nothing was committed. One that is shut down, or loses the connection, may end behind a commit.
fn is_a_no(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code);
    code.is_some_and(|code| !["08", "57P", "40003"].iter().any(|unknown| code.starts_with(unknown)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::domain::Secret;
    use crate::store::db::Db;
    use crate::store::place::ServerPlace;
    use crate::store::server::connect;

    #[test]
    fn a_connection_that_breaks_says_nothing_of_the_commit() {
        let broken = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
        for error in [broken.into(), sqlx::Error::Protocol("?".into()), sqlx::Error::WorkerCrashed] {
            assert!(matches!(
                StoreError::of_commit(&Path::new("q.db").into(), error),
                StoreError::CommitUnknown { .. }
            ));
        }
    }

    mod postgres {
        use super::*;

        /// The database that is given, of which nothing but its locks is used.
        fn given() -> Arc<ServerPlace> {
            let address = std::env::var("CLEANUP_POSTGRES").expect("CLEANUP_POSTGRES");
            match QueuePlace::server(Secret::new(address), Path::new("")).unwrap() {
                QueuePlace::Server(server) => server,
                QueuePlace::File(_) => unreachable!(),
            }
        }

        /// Another process gets its turn to write.
        async fn another_writes(place: &Arc<ServerPlace>) {
            let mut other = connect(place).await.unwrap();
            let begun = tokio::time::timeout(Duration::from_secs(30), other.begin()).await;
            begun.expect("the lock is free").unwrap().commit().await.unwrap();
        }

        async fn count(db: &mut Db) -> i64 {
            db.fetch_one::<(i64,)>("select count(*) from pg_temp.written", args![]).await.unwrap().0
        }

        #[tokio::test]
        #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
        async fn what_is_dropped_is_rolled_back_at_once() {
            let place = given();
            let mut db = connect(&place).await.unwrap();
            db.execute("create temp table written (n bigint)", args![]).await.unwrap();
            let mut tx = db.begin().await.unwrap();
            tx.execute("insert into written values ($1)", args![1]).await.unwrap();
            drop(tx);
            another_writes(&place).await;
            assert_eq!(count(&mut db).await, 0);
            // In the middle of a statement: the next one rolls back first.
            let mut tx = db.begin().await.unwrap();
            tx.execute("insert into written values ($1)", args![1]).await.unwrap();
            let slow = tx.execute("select pg_sleep(0.2)", args![]);
            assert!(tokio::time::timeout(Duration::from_millis(1), slow).await.is_err());
            drop(tx);
            assert_eq!(count(&mut db).await, 0);
            another_writes(&place).await;
        }

        #[tokio::test]
        #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
        async fn nothing_is_committed_behind_a_statement_that_failed() {
            let place = given();
            let mut db = connect(&place).await.unwrap();
            let mut tx = db.begin().await.unwrap();
            assert!(tx.execute("select 1 / $1", args![0]).await.is_err());
            assert!(matches!(tx.commit().await, Err(StoreError::Database(_))));
            another_writes(&place).await;
            let (one,): (i64,) = db.fetch_one("select $1 + 0", args![1]).await.unwrap();
            assert_eq!(one, 1);
        }

        #[tokio::test]
        #[ignore = "a server is asked for: CLEANUP_POSTGRES"]
        async fn a_session_that_is_ended_may_have_committed() {
            let place = given();
            let mut db = connect(&place).await.unwrap();
            let (session,): (i64,) = db.fetch_one("select cast(pg_backend_pid() as bigint)", args![]).await.unwrap();
            let tx = db.begin().await.unwrap();
            let mut other = connect(&place).await.unwrap();
            let end = "select pg_terminate_backend(cast($1 as integer))";
            assert!(other.fetch_one::<(bool,)>(end, args![session]).await.unwrap().0);
            let error = tx.commit().await.unwrap_err();
            assert!(matches!(error, StoreError::CommitUnknown { .. }), "{error}");
            another_writes(&place).await;
        }
    }
}
