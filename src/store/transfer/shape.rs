//! What a queue's tables are: their names in an order in which none needs a later one, their columns and keys.
//!
//! In: a file. Out: its [`Table`]s. What does not belong here: rows. The columns are read from the file, so that there is no second list of
//! them; a test holds the names against the schemas of both databases.

use sqlx::AssertSqlSafe;

use crate::store::db::{Db, Tx};
use crate::store::error::StoreError;

/// Every table but `queue`, whose row each database has of its own, and `server`, which tells of processes that are at work; each behind those that its rows refer to.
pub(super) const TABLES: [&str; 37] = [
    "drain",
    "account",
    "job",
    "keep_reading",
    "keep_host",
    "round",
    "load",
    "lane",
    "task",
    "row_run",
    "task_key",
    "task_cells",
    "row_without_task",
    "attempt",
    "vault",
    "credential",
    "known_target",
    "reading",
    "reading_entry",
    "read_request",
    "read_hold",
    "worklist",
    "worklist_tick",
    "verification",
    "schedule",
    "firing",
    "audit_log",
    "damaged_task",
    "endpoint_outage",
    "endpoint_allowance",
    "read_allowance",
    "login_device",
    "own_record_reading",
    "own_record",
    "name_resolution",
    "task_name",
    "deleted_text",
];

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// A number in a file where that is exact, else a text; a text on a server.
    pub(super) is_target: bool,
}

/// A table.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: Vec<Column>,
    /// The columns of its primary key, in their order: where they stand among the columns.
    pub(super) key: Vec<usize>,
}

/// The tables of a file.
pub(super) async fn tables_of_file(file: &mut Db) -> Result<Vec<Table>, StoreError> {
    let mut tables = Vec::with_capacity(TABLES.len());
    for name in TABLES {
        let rows: Vec<(String, String, i64)> =
            file.fetch_all("select name, type, pk from pragma_table_info($1) order by cid", args![name]).await?;
        let mut key: Vec<(i64, usize)> =
            rows.iter().enumerate().filter(|(_, (.., pk))| *pk > 0).map(|(at, (.., pk))| (*pk, at)).collect();
        key.sort_unstable();
        let key = key.into_iter().map(|(_, at)| at).collect();
        let columns =
            rows.into_iter().map(|(name, kind, _)| Column { name, is_target: kind.eq_ignore_ascii_case("any") });
        tables.push(Table { name, columns: columns.collect(), key });
    }
    Ok(tables)
}

/// Refuses where any of them has rows.
pub(super) async fn refuse_rows(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    for table in TABLES {
        let sql = AssertSqlSafe(format!("select exists (select 1 from {table})"));
        let (has_rows,): (bool,) = tx.fetch_one(sql, args![]).await?;
        if has_rows {
            return Err(StoreError::NotEmpty { queue: tx.place().clone() });
        }
    }
    Ok(())
}

impl Table {
    fn names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// Reads the first rows, or those behind the key whose values are the parameters, in the order of the key.
    pub(super) fn page(&self, is_first: bool, limit: usize) -> String {
        let key: Vec<&str> = self.key.iter().filter_map(|at| Some(self.columns.get(*at)?.name.as_str())).collect();
        let (key, values) = (key.join(", "), numbered(1..=self.key.len()));
        let behind = if is_first { String::new() } else { format!(" where ({key}) > ({values})") };
        format!("select {} from {}{behind} order by {key} limit {limit}", self.names().join(", "), self.name)
    }

    /// Writes so many rows, whose values are the parameters, row by row. SQLite looks for each parameter that has a name or a number among all
    /// before it, which takes minutes for a million rows; to a file they have none.
    pub(super) fn insert(&self, rows: usize, is_file: bool) -> String {
        let width = self.columns.len();
        let row = |nth: usize| match is_file {
            true => format!("({})", vec!["?"; width].join(", ")),
            false => format!("({})", numbered(nth * width + 1..=(nth + 1) * width)),
        };
        let rows: Vec<String> = (0..rows).map(row).collect();
        format!("insert into {} ({}) values {}", self.name, self.names().join(", "), rows.join(", "))
    }
}

fn numbered(numbers: std::ops::RangeInclusive<usize>) -> String {
    numbers.map(|number| format!("${number}")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::{QueueKind, Store};

    #[tokio::test]
    async fn every_table_of_either_database_is_named_and_has_the_same_columns() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
        let server = concat!(
            include_str!("../../../migrations/postgres/0001_queue.sql"),
            include_str!("../../../migrations/postgres/0002_withheld.sql")
        );
        let of_server: BTreeSet<&str> =
            server.split("create table ").skip(1).filter_map(|rest| rest.split_whitespace().next()).collect();
        let sql = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not like '_sqlx%'";
        let of_file: Vec<(String,)> = store.db.fetch_all(sql, args![]).await.unwrap();
        let named: BTreeSet<&str> = TABLES.into_iter().chain(["queue", "server"]).collect();
        assert_eq!(of_file.iter().map(|(name,)| name.as_str()).collect::<BTreeSet<_>>(), named);
        assert_eq!(of_server, named);
        for table in tables_of_file(&mut store.db).await.unwrap() {
            assert!(!table.key.is_empty(), "{}: nothing says in which order it is read", table.name);
            let of_server = server.split(&format!("create table {} (", table.name)).nth(1).unwrap();
            let of_server = of_server.split(");").next().unwrap();
            for column in &table.columns {
                let line = of_server.lines().find(|line| line.split_whitespace().next() == Some(column.name.as_str()));
                let is_added = server.contains(&format!("alter table {} add column {} ", table.name, column.name));
                assert!(line.is_some() || is_added, "{}.{}", table.name, column.name);
            }
        }
    }
}
