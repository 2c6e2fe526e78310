//! Looks into a queue, and changes it, behind the program's back.

use std::path::Path;

use cleanup::store::QueuePlace;
use sqlx::postgres::PgRow;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, FromRow, PgConnection};

use super::wait;

pub async fn connect(queue: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(queue)).await.unwrap()
}

/// Runs a statement in a queue wherever it is; how many rows it changed.
pub async fn change_at(place: &QueuePlace, sql: &str) -> u64 {
    let sql = AssertSqlSafe(sql.to_owned());
    match address_of(place) {
        Some(address) => {
            let mut connection = PgConnection::connect(&address).await.unwrap();
            let done = sqlx::query(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            done.rows_affected()
        }
        None => {
            let mut connection = connect(place.local_path()).await;
            let done = sqlx::query(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
            done.rows_affected()
        }
    }
}

/// Every row of a queue wherever it is.
pub async fn rows_at<T>(place: &QueuePlace, sql: &str) -> Vec<T>
where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    try_rows_at(place, sql).await.unwrap()
}

/// ... or why there are none: it may not have been made yet.
pub async fn try_rows_at<T>(place: &QueuePlace, sql: &str) -> sqlx::Result<Vec<T>>
where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let sql = AssertSqlSafe(sql.to_owned());
    match address_of(place) {
        Some(address) => {
            let mut connection = PgConnection::connect(&address).await?;
            let rows = sqlx::query_as(sql).fetch_all(&mut connection).await;
            connection.close().await?;
            rows
        }
        None => {
            let options = SqliteConnectOptions::new().filename(place.local_path());
            let mut connection = SqliteConnection::connect_with(&options).await?;
            let rows = sqlx::query_as(sql).fetch_all(&mut connection).await;
            connection.close().await?;
            rows
        }
    }
}

/// The number in the first row, of a queue wherever it is.
pub fn number_at(place: &QueuePlace, sql: &str) -> i64 {
    wait(rows_at::<(i64,)>(place, sql))[0].0
}

/// Tests' servers ask for no password, so the name of the place is its address.
fn address_of(place: &QueuePlace) -> Option<String> {
    place.file().is_none().then(|| place.to_string())
}

/// Runs a statement; how many rows it changed.
pub fn change(queue: impl Into<QueuePlace>, sql: &str) -> u64 {
    wait(change_at(&queue.into(), sql))
}

/// The first column of every row.
pub fn column<T>(queue: impl Into<QueuePlace>, sql: &str) -> Vec<T>
where
    (T,): for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    wait(rows_at::<(T,)>(&queue.into(), sql)).into_iter().map(|(value,)| value).collect()
}

/// The number in the first row.
pub fn number(queue: impl Into<QueuePlace>, sql: &str) -> i64 {
    column(queue, sql)[0]
}

/// A queue into which nobody can write until this is dropped.
pub struct Held {
    _connection: Box<dyn std::any::Any>,
    _runtime: tokio::runtime::Runtime,
}

impl Held {
    pub fn of(place: &QueuePlace) -> Held {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connection = runtime.block_on(hold(place));
        Held { _connection: connection, _runtime: runtime }
    }
}

async fn hold(place: &QueuePlace) -> Box<dyn std::any::Any> {
    match address_of(place) {
        Some(address) => {
            let mut connection = PgConnection::connect(&address).await.unwrap();
            let held = sqlx::raw_sql("begin; lock table drain, task, attempt, round in exclusive mode");
            held.execute(&mut connection).await.unwrap();
            Box::new(connection)
        }
        None => {
            let mut connection = connect(place.local_path()).await;
            sqlx::query("begin immediate").execute(&mut connection).await.unwrap();
            Box::new(connection)
        }
    }
}
