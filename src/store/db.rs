//! The one executor of statements: a connection, or a transaction on one, that knows whose queue it is.
//!
//! In: SQL and typed values. Out: rows, or what the error means to a person. What does not belong here: any SQL of the folders. They
//! name no type of the database's library in a statement, so that a second database needs a second executor and no second store.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sqlx::postgres::PgConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{Connection as _, Sqlite, Transaction};

use super::error::StoreError;
use super::place::QueuePlace;
use super::row::{AnyRow, Row};
use super::server_answer::answered;
use super::server_session::begin_session;
use super::server_transaction::ServerTransaction;
use super::statement::Statement;
use super::value::{Value, postgres_query, sqlite_query};

/// What is beneath an executor.
pub(super) enum Beneath<'c> {
    Sqlite(&'c mut SqliteConnection),
    Postgres(&'c mut PgConnection),
}

/// A connection, or a transaction on one.
pub(super) trait Link {
    fn beneath(&mut self) -> Beneath<'_>;

    /// The connection, where that is what this is: it may be made anew. A transaction that has lost its own cannot go on.
    fn connection(&mut self) -> Option<&mut AnyConnection>;
}

/// A connection to either database.
#[derive(Debug)]
pub(super) enum AnyConnection {
    Sqlite(Box<SqliteConnection>),
    Postgres(Box<PgConnection>),
}

impl Link for AnyConnection {
    fn beneath(&mut self) -> Beneath<'_> {
        match self {
            AnyConnection::Sqlite(connection) => Beneath::Sqlite(connection),
            AnyConnection::Postgres(connection) => Beneath::Postgres(connection),
        }
    }

    fn connection(&mut self) -> Option<&mut AnyConnection> {
        Some(self)
    }
}

/// A transaction on either database.
pub(super) enum AnyTransaction<'d> {
    Sqlite(Transaction<'d, Sqlite>),
    Postgres(ServerTransaction<'d>),
}

impl Link for AnyTransaction<'_> {
    fn beneath(&mut self) -> Beneath<'_> {
        match self {
            AnyTransaction::Sqlite(transaction) => Beneath::Sqlite(transaction),
            AnyTransaction::Postgres(transaction) => Beneath::Postgres(transaction.connection()),
        }
    }

    fn connection(&mut self) -> Option<&mut AnyConnection> {
        None
    }
}

/// Runs statements, each by itself or within a transaction.
#[derive(Debug)]
pub(super) struct Executor<C> {
    connection: C,
    place: QueuePlace,
    /// Whoever began a transaction by a statement of its own has gone without ending it.
    is_left_open: bool,
    /// The connection to a server has ended, as a statement of it or of a transaction on it was told.
    has_ended: Arc<AtomicBool>,
}

/// A connection: each statement by itself.
pub(super) type Db = Executor<AnyConnection>;

/// A transaction that has begun to write. Dropped without [`Tx::commit`], it changes nothing.
pub(super) type Tx<'d> = Executor<AnyTransaction<'d>>;

impl<C: Link> Executor<C> {
    /// Where the queue is.
    pub(super) fn place(&self) -> &QueuePlace {
        &self.place
    }

    /// What is beneath, for the migrations and for what only one of the databases is told.
    pub(super) fn beneath(&mut self) -> Beneath<'_> {
        self.connection.beneath()
    }

    /// The connection to a file.
    #[cfg(test)]
    pub(super) fn sqlite(&mut self) -> &mut SqliteConnection {
        match self.beneath() {
            Beneath::Sqlite(connection) => connection,
            Beneath::Postgres(_) => unreachable!("it was opened as a file"),
        }
    }

    /// Whether this is PostgreSQL.
    pub(super) fn is_postgres(&mut self) -> bool {
        matches!(self.beneath(), Beneath::Postgres(_))
    }

    /// The connection, without the transaction of somebody who has gone: whatever follows would be part of it, and lost with it.
    /// One that has ended is made anew: nothing of what went before is lost that had not been lost.
    async fn own_connection(&mut self) -> Result<Beneath<'_>, StoreError> {
        if self.has_ended.load(Ordering::Relaxed)
            && let QueuePlace::Server(server) = &self.place
            && let Some(connection) = self.connection.connection()
        {
            let session = begin_session(server).await.map_err(|error| StoreError::from_sqlx(&self.place, error))?;
            *connection = AnyConnection::Postgres(Box::new(session));
            self.has_ended.store(false, Ordering::Relaxed);
            self.is_left_open = false;
        }
        if std::mem::take(&mut self.is_left_open) {
            let rolled_back = match self.connection.beneath() {
                Beneath::Sqlite(connection) => sqlx::query("rollback").execute(connection).await.map(drop),
                Beneath::Postgres(connection) => sqlx::query("rollback").execute(connection).await.map(drop),
            };
            if let Err(error) = rolled_back {
                // A full disk has rolled back already.
                tracing::debug!(%error, "nothing to roll back");
            }
        }
        Ok(self.connection.beneath())
    }

    /// What an error means; and of a connection that has ended nothing more is asked.
    fn understood(&self, error: sqlx::Error) -> StoreError {
        let error = StoreError::from_sqlx(&self.place, error);
        if matches!(error, StoreError::Unreachable { .. }) {
            self.has_ended.store(true, Ordering::Relaxed);
        }
        error
    }

    /// Every row.
    pub(super) async fn fetch_all<T: Row>(
        &mut self,
        sql: impl Into<Statement>,
        args: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        let place = self.place.clone();
        let rows = match self.own_connection().await? {
            Beneath::Sqlite(connection) => {
                let query = sqlite_query(sql.into(), args);
                query.try_map(|row| T::read(&AnyRow::Sqlite(row))).fetch_all(connection).await
            }
            Beneath::Postgres(connection) => {
                let query = postgres_query(sql.into(), args);
                answered(&place, query.try_map(|row| T::read(&AnyRow::Postgres(row))).fetch_all(connection)).await
            }
        };
        rows.map_err(|error| self.understood(error))
    }

    /// The row that has to be there.
    pub(super) async fn fetch_one<T: Row>(
        &mut self,
        sql: impl Into<Statement>,
        args: Vec<Value>,
    ) -> Result<T, StoreError> {
        let row = self.fetch_optional(sql, args).await?;
        row.ok_or_else(|| StoreError::from_sqlx(&self.place, sqlx::Error::RowNotFound))
    }

    /// The row, if there is one.
    pub(super) async fn fetch_optional<T: Row>(
        &mut self,
        sql: impl Into<Statement>,
        args: Vec<Value>,
    ) -> Result<Option<T>, StoreError> {
        let place = self.place.clone();
        let row = match self.own_connection().await? {
            Beneath::Sqlite(connection) => {
                let query = sqlite_query(sql.into(), args);
                query.try_map(|row| T::read(&AnyRow::Sqlite(row))).fetch_optional(connection).await
            }
            Beneath::Postgres(connection) => {
                let query = postgres_query(sql.into(), args);
                answered(&place, query.try_map(|row| T::read(&AnyRow::Postgres(row))).fetch_optional(connection)).await
            }
        };
        row.map_err(|error| self.understood(error))
    }

    /// Changes rows, and says how many.
    pub(super) async fn execute(&mut self, sql: impl Into<Statement>, args: Vec<Value>) -> Result<u64, StoreError> {
        let place = self.place.clone();
        let done = match self.own_connection().await? {
            Beneath::Sqlite(connection) => {
                sqlite_query(sql.into(), args).execute(connection).await.map(|done| done.rows_affected())
            }
            Beneath::Postgres(connection) => {
                let done = answered(&place, postgres_query(sql.into(), args).execute(connection)).await;
                done.map(|done| done.rows_affected())
            }
        };
        done.map_err(|error| self.understood(error))
    }
}

impl Db {
    pub(super) fn new(connection: AnyConnection, place: QueuePlace) -> Db {
        Executor { connection, place, is_left_open: false, has_ended: Arc::default() }
    }

    /// Begins to write. The lock is taken now: a deferred transaction fails when two processes begin at once.
    pub(super) async fn begin(&mut self) -> Result<Tx<'_>, StoreError> {
        self.own_connection().await?;
        let begun = match &mut self.connection {
            AnyConnection::Sqlite(connection) => {
                connection.begin_with("begin immediate").await.map(AnyTransaction::Sqlite)
            }
            AnyConnection::Postgres(connection) => {
                let begun = ServerTransaction::begin(connection, &mut self.is_left_open);
                answered(&self.place, begun).await.map(AnyTransaction::Postgres)
            }
        };
        Executor::of_transaction(begun, &self.place, &self.has_ended)
    }

    /// Begins to write to a server beside the turns of other drains: rows that nobody else writes to without waiting for all of these.
    pub(super) async fn begin_turn(&mut self, tells: bool) -> Result<Tx<'_>, StoreError> {
        self.own_connection().await?;
        let begun = match &mut self.connection {
            AnyConnection::Sqlite(connection) => {
                connection.begin_with("begin immediate").await.map(AnyTransaction::Sqlite)
            }
            AnyConnection::Postgres(connection) => {
                let begun = ServerTransaction::begin_turn(connection, &mut self.is_left_open, tells);
                answered(&self.place, begun).await.map(AnyTransaction::Postgres)
            }
        };
        Executor::of_transaction(begun, &self.place, &self.has_ended)
    }

    /// Begins what nobody else can meet before it is committed, and does not wait for its turn to write: [`Tx::wait_for_writers`] does, before the
    /// first step that others may meet. A file knows no such thing, and is written to from the beginning.
    pub(super) async fn begin_beside(&mut self) -> Result<Tx<'_>, StoreError> {
        self.own_connection().await?;
        let begun = match &mut self.connection {
            AnyConnection::Sqlite(connection) => {
                connection.begin_with("begin immediate").await.map(AnyTransaction::Sqlite)
            }
            AnyConnection::Postgres(connection) => {
                let begun = ServerTransaction::begin_beside(connection, &mut self.is_left_open);
                answered(&self.place, begun).await.map(AnyTransaction::Postgres)
            }
        };
        Executor::of_transaction(begun, &self.place, &self.has_ended)
    }

    /// A transaction that was begun by a statement is not gone on with: the next statement takes it back first.
    pub(super) fn leave_open(&mut self) {
        self.is_left_open = true;
    }

    /// Whether each commit waits for the disk. What nobody sees before a last commit that does need not wait for it by itself:
    /// that one takes all before it along, and after a power failure what is left of the rest is swept away. Loads that are
    /// staged in this way save a sync for every batch, and have their log copied beside them (`load::checkpoints`).
    pub(super) async fn sync_each_commit(&mut self, wait: bool) -> Result<(), StoreError> {
        if self.is_postgres() {
            return Ok(());
        }
        let sql = if wait {
            "pragma synchronous = full; pragma wal_autocheckpoint = 4000"
        } else {
            "pragma synchronous = normal; pragma wal_autocheckpoint = 16000"
        };
        self.execute(sql, args![]).await.map(drop)
    }

    /// Closes the connection, so that SQLite can tidy the write-ahead log away.
    pub(super) async fn close(self) {
        let closed = match self.connection {
            AnyConnection::Sqlite(connection) => connection.close().await,
            AnyConnection::Postgres(connection) => connection.close().await,
        };
        if let Err(error) = closed {
            tracing::debug!(%error, "closing the queue");
        }
    }
}

impl<'d> Tx<'d> {
    fn of_transaction(
        begun: sqlx::Result<AnyTransaction<'d>>,
        place: &QueuePlace,
        has_ended: &Arc<AtomicBool>,
    ) -> Result<Tx<'d>, StoreError> {
        match begun {
            Ok(connection) => {
                let (place, has_ended) = (place.clone(), Arc::clone(has_ended));
                Ok(Executor { connection, place, is_left_open: false, has_ended })
            }
            Err(error) => {
                let error = StoreError::from_sqlx(place, error);
                has_ended.store(matches!(error, StoreError::Unreachable { .. }), Ordering::Relaxed);
                Err(error)
            }
        }
    }

    /// From here on it is this transaction's turn to write, as if [`Db::begin`] had begun it.
    pub(super) async fn wait_for_writers(&mut self) -> Result<(), StoreError> {
        match &mut self.connection {
            AnyTransaction::Sqlite(_) => Ok(()),
            AnyTransaction::Postgres(transaction) => {
                let waited = answered(&self.place, transaction.wait_for_writers()).await;
                waited.map_err(|error| StoreError::from_sqlx(&self.place, error))
            }
        }
    }

    /// Makes everything since [`Db::begin`] true at once.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self.connection {
            AnyTransaction::Sqlite(transaction) => {
                transaction.commit().await.map_err(|error| StoreError::from_sqlx(&self.place, error))
            }
            AnyTransaction::Postgres(transaction) => {
                let place = &self.place;
                let done = answered(place, transaction.commit()).await;
                let done = done.map_err(|error| StoreError::of_commit(place, error));
                self.has_ended.fetch_or(matches!(done, Err(StoreError::CommitUnknown { .. })), Ordering::Relaxed);
                done
            }
        }
    }
}
