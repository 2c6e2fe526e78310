//! Rows of either database, and what they are read as. In: a row as its library has it. Out: a tuple of its columns.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, TypeInfo as _, ValueRef as _};

use super::value::Value;

/// A row of either database.
pub(super) enum AnyRow {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

/// What a value of a row is read as.
pub(super) trait Column: Sized {
    fn read(row: &AnyRow, at: usize) -> sqlx::Result<Option<Self>>;
}

macro_rules! columns {
    ($($kind:ty => $postgres:ident),* $(,)?) => {$(
        impl Column for $kind {
            fn read(row: &AnyRow, at: usize) -> sqlx::Result<Option<$kind>> {
                match row {
                    AnyRow::Sqlite(row) => row.try_get(at),
                    AnyRow::Postgres(row) => $postgres(row, at),
                }
            }
        }
    )*};
}

columns! {
    i64 => integer,
    u32 => small,
    u16 => small,
    bool => flag,
    String => same,
    Vec<u8> => same,
}

fn same<'r, T>(row: &'r PgRow, at: usize) -> sqlx::Result<Option<T>>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(at)
}

/// Columns are bigint; what a statement writes out, or counts, may be an integer of another length.
fn integer(row: &PgRow, at: usize) -> sqlx::Result<Option<i64>> {
    match row.try_get_raw(at)?.type_info().name() {
        "INT4" => Ok(row.try_get::<Option<i32>, _>(at)?.map(i64::from)),
        "BOOL" => Ok(row.try_get::<Option<bool>, _>(at)?.map(i64::from)),
        _ => row.try_get(at),
    }
}

/// What a statement compares is a boolean, and a flag in a table is 0 or 1.
fn flag(row: &PgRow, at: usize) -> sqlx::Result<Option<bool>> {
    match row.try_get_raw(at)?.type_info().name() {
        "BOOL" => row.try_get(at),
        _ => Ok(integer(row, at)?.map(|flag| flag != 0)),
    }
}

fn small<T: TryFrom<i64>>(row: &PgRow, at: usize) -> sqlx::Result<Option<T>>
where
    T::Error: std::error::Error + Send + Sync + 'static,
{
    let number = integer(row, at)?.map(T::try_from).transpose();
    number.map_err(|error| sqlx::Error::ColumnDecode { index: at.to_string(), source: error.into() })
}

/// A column that may be null, or may not.
pub(super) trait Cell: Sized {
    fn read(row: &AnyRow, at: usize) -> sqlx::Result<Self>;
}

impl<T: Column> Cell for Option<T> {
    fn read(row: &AnyRow, at: usize) -> sqlx::Result<Option<T>> {
        T::read(row, at)
    }
}

macro_rules! cells {
    ($($kind:ty),*) => {$(
        impl Cell for $kind {
            fn read(row: &AnyRow, at: usize) -> sqlx::Result<$kind> {
                let null = || sqlx::Error::ColumnDecode {
                    index: at.to_string(),
                    source: sqlx::error::UnexpectedNullError.into(),
                };
                <$kind as Column>::read(row, at)?.ok_or_else(null)
            }
        }
    )*};
}

cells!(i64, u32, u16, bool, String, Vec<u8>);

/// What a row is read as: its columns, in their order.
pub(super) trait Row: Sized + Send + Unpin {
    fn read(row: &AnyRow) -> sqlx::Result<Self>;
}

/// A row of one column, of two, and so on.
macro_rules! rows {
    ($($kind:ident $at:literal)* ;) => {};
    ($($kind:ident $at:literal)* ; $last:ident $last_at:literal $($more:tt)*) => {
        impl<$($kind: Cell + Send + Unpin,)* $last: Cell + Send + Unpin> Row for ($($kind,)* $last,) {
            fn read(row: &AnyRow) -> sqlx::Result<Self> {
                Ok(($($kind::read(row, $at)?,)* $last::read(row, $last_at)?,))
            }
        }
        rows!($($kind $at)* $last $last_at ; $($more)*);
    };
}

rows!(; A 0 B 1 C 2 D 3 E 4 F 5 G 6 H 7 I 8 J 9 K 10 L 11 M 12 N 13 O 14 P 15 Q 16 R 17);

/// A row of whatever columns there are.
impl Row for Vec<Value> {
    fn read(row: &AnyRow) -> sqlx::Result<Self> {
        match row {
            AnyRow::Sqlite(row) => (0..row.len()).map(|at| any_of_file(row, at)).collect(),
            AnyRow::Postgres(row) => (0..row.len()).map(|at| any_of_server(row, at)).collect(),
        }
    }
}

fn any_of_file(row: &SqliteRow, at: usize) -> sqlx::Result<Value> {
    let value = row.try_get_raw(at)?;
    if value.is_null() {
        return Ok(Value::Null);
    }
    let kind = value.type_info().name().to_owned();
    Ok(match kind.as_str() {
        "INTEGER" => Value::Integer(row.try_get(at)?),
        "BLOB" => Value::Blob(row.try_get(at)?),
        _ => Value::Text(row.try_get(at)?),
    })
}

fn any_of_server(row: &PgRow, at: usize) -> sqlx::Result<Value> {
    let value = row.try_get_raw(at)?;
    if value.is_null() {
        return Ok(Value::Null);
    }
    Ok(match value.type_info().name() {
        "INT8" => Value::Integer(row.try_get(at)?),
        "BYTEA" => Value::Blob(row.try_get(at)?),
        _ => Value::Text(row.try_get(at)?),
    })
}
