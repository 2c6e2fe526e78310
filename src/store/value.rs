//! The values of statements, and how either database takes them.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgTypeInfo};
use sqlx::query::Query;
use sqlx::{Database, Encode, Postgres, Sqlite, Type};

use super::codes::number_of;
use super::null_characters::without_null_characters;
use super::statement::Statement;
use crate::domain::Target;

/// A value of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    Integer(i64),
    Text(String),
    Blob(Vec<u8>),
    /// In SQLite a number where that is exact, else a text; in PostgreSQL a text.
    Target(Target),
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

/// A flag of a table.
impl From<bool> for Value {
    fn from(value: bool) -> Value {
        Value::Integer(value.into())
    }
}

impl From<Target> for Value {
    fn from(target: Target) -> Value {
        Value::Target(target)
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
    ($($value:expr),* $(,)?) => { vec![$(Into::<$crate::store::value::Value>::into($value)),*] };
}

/// A statement for SQLite, with its values.
pub(super) fn sqlite_query(
    sql: Statement,
    args: Vec<Value>,
) -> Query<'static, Sqlite, <Sqlite as Database>::Arguments> {
    args.into_iter().fold(sql.for_sqlite(), |query, value| match value {
        Value::Null => query.bind(None::<i64>),
        Value::Integer(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::Blob(value) => query.bind(value),
        Value::Target(target) => match number_of(&target) {
            Some(number) => query.bind(number),
            None => query.bind(target.to_string()),
        },
    })
}

/// A null of which the statement says what it is: the server takes a type that it is told for true.
struct Null;

impl Type<Postgres> for Null {
    fn type_info() -> PgTypeInfo {
        const UNKNOWN: Oid = Oid(705);
        PgTypeInfo::with_oid(UNKNOWN)
    }
}

impl Encode<'_, Postgres> for Null {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

/// A statement for PostgreSQL, with its values.
pub(super) fn postgres_query(
    sql: Statement,
    args: Vec<Value>,
) -> Query<'static, Postgres, <Postgres as Database>::Arguments> {
    args.into_iter().fold(sql.for_postgres(), |query, value| match value {
        Value::Null => query.bind(Null),
        Value::Integer(value) => query.bind(value),
        Value::Text(value) => query.bind(without_null_characters(value)),
        Value::Blob(value) => query.bind(value),
        Value::Target(target) => query.bind(target.to_string()),
    })
}
