//! Looks into a queue, and changes it, behind the program's back.

use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, Row};

use super::wait;

pub async fn connect(queue: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(queue)).await.unwrap()
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
