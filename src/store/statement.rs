//! A statement as the executor takes it: the same words for both databases, words of each, or words of SQLite's alone that were put together
//! when it was asked.

use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Database, Postgres, Sqlite};

use super::dialect::Sql;

/// A statement.
#[derive(Debug)]
pub(super) enum Statement {
    Written(Sql),
    Assembled(String),
}

impl From<&'static str> for Statement {
    fn from(sql: &'static str) -> Statement {
        Statement::Written(sql.into())
    }
}

impl From<Sql> for Statement {
    fn from(sql: Sql) -> Statement {
        Statement::Written(sql)
    }
}

impl From<AssertSqlSafe<String>> for Statement {
    fn from(sql: AssertSqlSafe<String>) -> Statement {
        Statement::Assembled(sql.0)
    }
}

impl Statement {
    pub(super) fn for_sqlite(self) -> Query<'static, Sqlite, <Sqlite as Database>::Arguments> {
        match self {
            Statement::Written(sql) => sqlx::query(sql.sqlite),
            Statement::Assembled(sql) => sqlx::query(AssertSqlSafe(sql)),
        }
    }

    pub(super) fn for_postgres(self) -> Query<'static, Postgres, <Postgres as Database>::Arguments> {
        match self {
            Statement::Written(sql) => sqlx::query(sql.postgres),
            Statement::Assembled(sql) => sqlx::query(AssertSqlSafe(sql)),
        }
    }
}
