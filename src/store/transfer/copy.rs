//! Copying every row. In: two queues. Out: how many rows of which table. All of it is one transaction of the second queue: it appears whole, or
//! not at all.

use super::mark::{MoveId, arrive};
use super::shape::{Column, Table, refuse_rows, tables_of_file};
use crate::domain::Target;
use crate::store::codes::number_of;
use crate::store::db::{Db, Tx};
use crate::store::error::StoreError;
use crate::store::open::Store;
use crate::store::value::Value;
use sqlx::AssertSqlSafe;

/// Values in one statement: SQLite takes 32,766, PostgreSQL 65,535.
const VALUES_PER_STATEMENT: usize = 16_000;

/// Rows that were copied, by table; tables without any are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopiedQueue {
    /// The name of a table, and how many rows of it.
    pub rows: Vec<(&'static str, u64)>,
}

impl Store {
    /// Copies everything of this queue into another, which is empty, and writes there by which move it came. One of the two is a file.
    ///
    /// # Errors
    /// [`StoreError::NotEmpty`] where the other queue has rows; either database cannot be read or written. Nothing was copied then, but for an
    /// error of the last commit, which may not say what became of it: [`Store::came_by`] does.
    pub async fn copy_into(&mut self, other: &mut Store, by: &MoveId) -> Result<CopiedQueue, StoreError> {
        let tables = match (self.db.is_postgres(), other.db.is_postgres()) {
            (false, _) => tables_of_file(&mut self.db).await?,
            (true, false) => tables_of_file(&mut other.db).await?,
            (true, true) => return Err(StoreError::impossible("a move from a server to a server")),
        };
        self.db.begin_snapshot().await?;
        let copied = copy_tables(&mut self.db, &mut other.db, &tables, by).await;
        self.db.end_snapshot().await?;
        copied
    }
}

async fn copy_tables(from: &mut Db, to: &mut Db, tables: &[Table], by: &MoveId) -> Result<CopiedQueue, StoreError> {
    let is_file = !to.is_postgres();
    let (generation,): (i64,) = from.fetch_one("select generation from queue where id = 1", args![]).await?;
    let mut tx = to.begin().await?;
    refuse_rows(&mut tx).await?;
    let mut rows = Vec::new();
    for table in tables {
        let copied = copy_table(from, &mut tx, table, is_file).await?;
        if copied > 0 {
            rows.push((table.name, copied));
        }
    }
    if !is_file {
        number_on(&mut tx).await?;
    }
    arrive(&mut tx, by, generation).await?;
    tx.commit().await?;
    Ok(CopiedQueue { rows })
}

async fn copy_table(from: &mut Db, tx: &mut Tx<'_>, table: &Table, is_file: bool) -> Result<u64, StoreError> {
    let per_statement = VALUES_PER_STATEMENT / table.columns.len().max(1);
    let whole = table.insert(per_statement, is_file);
    let (mut copied, mut behind) = (0, Vec::new());
    loop {
        let page = AssertSqlSafe(table.page(behind.is_empty(), per_statement));
        let rows: Vec<Vec<Value>> = from.fetch_all(page, std::mem::take(&mut behind)).await?;
        let Some(last) = rows.last() else { return Ok(copied) };
        behind = table.key.iter().filter_map(|at| last.get(*at).cloned()).collect();
        let count = rows.len();
        let values = rows.into_iter().flat_map(|row| table.columns.iter().zip(row));
        let values =
            values.map(|(column, value)| if is_file { of_file(column, value) } else { of_server(column, value) });
        let sql = if count == per_statement { whole.clone() } else { table.insert(count, is_file) };
        tx.execute(AssertSqlSafe(sql), values.collect()).await?;
        copied += count as u64;
        if count < per_statement {
            return Ok(copied);
        }
    }
}

/// A value as a file has it.
fn of_file(column: &Column, value: Value) -> Value {
    let number = |text: &str| text.parse::<Target>().ok().and_then(|target| number_of(&target));
    match value {
        Value::Text(text) if column.is_target => number(&text).map_or(Value::Text(text), Value::Integer),
        value => value,
    }
}

/// A value as a server has it.
fn of_server(column: &Column, value: Value) -> Value {
    match value {
        Value::Integer(number) if column.is_target => Value::Text(number.to_string()),
        value => value,
    }
}

/// Rows that come later are numbered from where the copied ones end.
async fn number_on(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    let sql = "select table_name::text from information_schema.columns
                where table_schema = current_schema() and column_name = 'id' and is_identity = 'YES' order by table_name";
    let tables: Vec<(String,)> = tx.fetch_all(sql, args![]).await?;
    for (table,) in tables {
        let sql = AssertSqlSafe(format!(
            "select setval(pg_get_serial_sequence('{table}', 'id'), max(id)) from {table} having max(id) is not null"
        ));
        let _: Option<(i64,)> = tx.fetch_optional(sql, args![]).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_target_is_a_number_in_a_file_where_that_is_exact_and_a_text_on_a_server() {
        let column = Column { name: "target".into(), is_target: true };
        for (number, text) in [(Some(1), "1"), (Some(i64::MAX), "9223372036854775807"), (None, "9999999999999999999")] {
            let there = number.map_or(Value::Text(text.into()), Value::Integer);
            assert_eq!(of_server(&column, there.clone()), Value::Text(text.into()));
            assert_eq!(of_file(&column, Value::Text(text.into())), there, "{text}");
        }
        for text in ["@ada", "did:plc:one", "007x", "https://a.example/1"] {
            assert_eq!(of_file(&column, Value::Text(text.into())), Value::Text(text.into()));
        }
        let other = Column { name: "detail".into(), is_target: false };
        assert_eq!(of_file(&other, Value::Text("12".into())), Value::Text("12".into()));
        assert_eq!(of_server(&other, Value::Integer(12)), Value::Integer(12));
    }
}
