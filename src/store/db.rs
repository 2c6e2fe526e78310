//! The one executor of statements: a connection, or a transaction on one, that knows whose queue it is.
//!
//! In: SQL and typed values. Out: rows, or what the error means to a person. What does not belong here: any SQL of the folders. They
//! name no type of the database's library in a statement, so that a second database needs a second executor and no second store.

use std::ops::DerefMut;
use std::path::Path;
use std::sync::Arc;

use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteConnection, SqliteRow};
use sqlx::{Connection, Row as _, SqlSafeStr, Sqlite, Transaction};

use super::codes::number_of;
use super::error::StoreError;
use crate::domain::Target;

/// A value of a statement.
#[derive(Debug)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Bool(bool),
    Text(String),
    Blob(Vec<u8>),
}

macro_rules! integers {
    ($($integer:ty),*) => {$(
        impl From<$integer> for Value {
            fn from(value: $integer) -> Value {
                Value::Integer(value.into())
            }
        }
    )*};
}

integers!(i64, i32, u32, u16, u8);

impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Bool(value)
    }
}

/// A target is a number where that is exact, else text.
impl From<Target> for Value {
    fn from(target: Target) -> Value {
        number_of(&target).map_or_else(|| target.to_string().into(), Into::into)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Value {
        Value::Text(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Value {
        Value::Text(value.to_owned())
    }
}

impl From<Vec<u8>> for Value {
    fn from(value: Vec<u8>) -> Value {
        Value::Blob(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

impl<T: Clone + Into<Value>> From<&T> for Value {
    fn from(value: &T) -> Value {
        value.clone().into()
    }
}

/// The values of a statement, in the order of its numbers: `args![job.id.0, name]`.
macro_rules! args {
    ($($value:expr),* $(,)?) => { vec![$(Into::<$crate::store::db::Value>::into($value)),*] };
}

/// What a value of a row is read as.
pub(super) trait Column: Sized {
    fn read(row: &SqliteRow, at: usize) -> sqlx::Result<Self>;
}

macro_rules! columns {
    ($($kind:ty),*) => {$(
        impl Column for $kind {
            fn read(row: &SqliteRow, at: usize) -> sqlx::Result<$kind> {
                row.try_get(at)
            }
        }

        impl Column for Option<$kind> {
            fn read(row: &SqliteRow, at: usize) -> sqlx::Result<Option<$kind>> {
                row.try_get(at)
            }
        }
    )*};
}

columns!(i64, u32, u16, bool, String, Vec<u8>);

/// What a row is read as: its columns, in their order.
pub(super) trait Row: Sized + Send + Unpin {
    fn read(row: &SqliteRow) -> sqlx::Result<Self>;
}

/// A row of one column, of two, and so on.
macro_rules! rows {
    ($($kind:ident $at:literal)* ;) => {};
    ($($kind:ident $at:literal)* ; $last:ident $last_at:literal $($more:tt)*) => {
        impl<$($kind: Column + Send + Unpin,)* $last: Column + Send + Unpin> Row for ($($kind,)* $last,) {
            fn read(row: &SqliteRow) -> sqlx::Result<Self> {
                Ok(($($kind::read(row, $at)?,)* $last::read(row, $last_at)?,))
            }
        }
        rows!($($kind $at)* $last $last_at ; $($more)*);
    };
}

rows!(; A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15 Q 16);

/// Runs statements, each by itself or within a transaction.
#[derive(Debug)]
pub(super) struct Executor<C> {
    connection: C,
    path: Arc<Path>,
    /// Whoever began a transaction by a statement of its own has gone without ending it.
    is_left_open: bool,
}

/// A connection: each statement by itself.
pub(super) type Db = Executor<Box<SqliteConnection>>;

/// A transaction that has begun to write. Dropped without [`Tx::commit`], it changes nothing.
pub(super) type Tx<'d> = Executor<Transaction<'d, Sqlite>>;

impl<C: DerefMut<Target = SqliteConnection>> Executor<C> {
    /// Where the queue is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What is beneath, for the migrations.
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// The connection, without the transaction of somebody who has gone: whatever follows would be part of it, and lost with it.
    async fn own_connection(&mut self) -> &mut SqliteConnection {
        if std::mem::take(&mut self.is_left_open)
            && let Err(error) = query("rollback", args![]).execute(&mut *self.connection).await
        {
            // A full disk has rolled back already.
            tracing::debug!(%error, "nothing to roll back");
        }
        &mut self.connection
    }

    /// Every row.
    pub(super) async fn fetch_all<T: Row>(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Value>,
    ) -> Result<Vec<T>, StoreError> {
        let rows = query(sql, args).try_map(read_row).fetch_all(self.own_connection().await).await;
        rows.map_err(|error| StoreError::from_sqlx(&self.path, error))
    }

    /// The row that has to be there.
    pub(super) async fn fetch_one<T: Row>(&mut self, sql: impl SqlSafeStr, args: Vec<Value>) -> Result<T, StoreError> {
        let row = query(sql, args).try_map(read_row).fetch_one(self.own_connection().await).await;
        row.map_err(|error| StoreError::from_sqlx(&self.path, error))
    }

    /// The row, if there is one.
    pub(super) async fn fetch_optional<T: Row>(
        &mut self,
        sql: impl SqlSafeStr,
        args: Vec<Value>,
    ) -> Result<Option<T>, StoreError> {
        let row = query(sql, args).try_map(read_row).fetch_optional(self.own_connection().await).await;
        row.map_err(|error| StoreError::from_sqlx(&self.path, error))
    }

    /// Changes rows, and says how many.
    pub(super) async fn execute(&mut self, sql: impl SqlSafeStr, args: Vec<Value>) -> Result<u64, StoreError> {
        let done = query(sql, args).execute(self.own_connection().await).await;
        done.map(|done| done.rows_affected()).map_err(|error| StoreError::from_sqlx(&self.path, error))
    }
}

impl Db {
    pub(super) fn new(connection: SqliteConnection, path: &Path) -> Db {
        Executor { connection: Box::new(connection), path: path.into(), is_left_open: false }
    }

    /// Begins to write. The lock is taken now: a deferred transaction fails when two processes begin at once.
    pub(super) async fn begin(&mut self) -> Result<Tx<'_>, StoreError> {
        self.own_connection().await;
        match self.connection.begin_with("begin immediate").await {
            Ok(connection) => Ok(Executor { connection, path: self.path.clone(), is_left_open: false }),
            Err(error) => Err(StoreError::from_sqlx(&self.path, error)),
        }
    }

    /// A transaction that was begun by a statement is not gone on with: the next statement takes it back first.
    pub(super) fn leave_open(&mut self) {
        self.is_left_open = true;
    }

    /// Whether each commit waits for the disk. What nobody sees before a last commit that does need not wait for it by itself:
    /// that one takes all before it along, and after a power failure what is left of the rest is swept away. Loads that are
    /// staged in this way save a sync for every batch, and have their log copied beside them (`load::checkpoints`).
    pub(super) async fn sync_each_commit(&mut self, wait: bool) -> Result<(), StoreError> {
        let sql = if wait {
            "pragma synchronous = full; pragma wal_autocheckpoint = 4000"
        } else {
            "pragma synchronous = normal; pragma wal_autocheckpoint = 16000"
        };
        self.execute(sql, args![]).await.map(drop)
    }

    /// Closes the connection, so that SQLite can tidy the write-ahead log away.
    pub(super) async fn close(self) {
        if let Err(error) = self.connection.close().await {
            tracing::debug!(%error, "closing the queue");
        }
    }
}

impl Tx<'_> {
    /// Makes everything since [`Db::begin`] true at once.
    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.connection.commit().await.map_err(|error| StoreError::from_sqlx(&self.path, error))
    }
}

fn query(sql: impl SqlSafeStr, args: Vec<Value>) -> Query<'static, Sqlite, SqliteArguments> {
    args.into_iter().fold(sqlx::query(sql), |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Integer(value) => query.bind(value),
        Value::Bool(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Blob(value) => query.bind(value),
    })
}

fn read_row<T: Row>(row: SqliteRow) -> sqlx::Result<T> {
    T::read(&row)
}
