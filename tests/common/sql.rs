//! Looks into a queue, and changes it, behind the program's back.

use std::path::Path;

use cleanup::store::QueuePlace;
use sqlx::postgres::PgRow;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, FromRow, PgConnection, Row};

use super::wait;

pub async fn connect(queue: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(queue)).await.unwrap()
}

/// Runs a statement in a queue wherever it is.
pub async fn change_at(place: &QueuePlace, sql: &str) {
    match address_of(place) {
        Some(address) => {
            let mut connection = PgConnection::connect(&address).await.unwrap();
            sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        None => {
            let mut connection = connect(place.local_path()).await;
            sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
    }
}

/// Every row of a queue wherever it is.
pub async fn rows_at<T>(place: &QueuePlace, sql: &str) -> Vec<T>
where
    T: for<'r> FromRow<'r, SqliteRow> + for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let sql = AssertSqlSafe(sql.to_owned());
    match address_of(place) {
        Some(address) => {
            let mut connection = PgConnection::connect(&address).await.unwrap();
            sqlx::query_as(sql).fetch_all(&mut connection).await.unwrap()
        }
        None => sqlx::query_as(sql).fetch_all(&mut connect(place.local_path()).await).await.unwrap(),
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
pub fn change(queue: &Path, sql: &str) -> u64 {
    wait(async {
        let mut connection = connect(queue).await;
        let done = sqlx::query(AssertSqlSafe(sql.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        done.rows_affected()
    })
}

/// The first column of every row.
pub fn column<T>(queue: &Path, sql: &str) -> Vec<T>
where
    T: for<'r> sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
{
    wait(async {
        let mut connection = connect(queue).await;
        let rows: Vec<SqliteRow> = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    })
}

/// The number in the first row.
pub fn number(queue: &Path, sql: &str) -> i64 {
    column(queue, sql)[0]
}
