//! A queue that was filled before the newest changes of the schema: brought up to date, it is what a new one is, with everything in it,
//! and how much is in it does not matter.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::*;
use crate::domain::{Platform, PlatformUser};
use crate::store::db::Db;
use crate::store::open::connect;

/// The schema before words of the program's left it.
const BEFORE: i64 = 33;
const PAGE_BYTES: u64 = 4_096;
/// What the header of a page in the log takes, and that of the log.
const FRAME_HEADER_BYTES: u64 = 24;

/// Something in every table that was changed, and so many tasks with an attempt each.
async fn filled(path: &Path, tasks: u32) {
    std::fs::write(path, "").unwrap();
    let mut db = connect(path).await.unwrap();
    MIGRATIONS.run_to(BEFORE, db.sqlite()).await.unwrap();
    let tasks = sqlx::AssertSqlSafe(format!(
        "insert into task (lane_id, line, target, state, attempts, last_attempt_id, finished_at)
         with n (n) as (select 1 union all select n + 1 from n where n < {tasks})
         select 1, n + 1, 1000000000000000007 + n * 7919, 4, 1, n, n from n"
    ));
    let attempts = "
        insert into attempt (account_id, task_id, drain_id, action, reserved_tick, reserved_at, upper_tick, ended_at, http_status)
        select 1, id, 1, 1, id, id, id, id, 200 from task";
    let statements = [
        "insert into queue (id, kind) values (1, 'real')",
        "insert into account (id, name, platform, user_id, is_default) values (1, 'ada', 'x-v2', '42', 1), (2, 'bea', 'aisa', 'b', 0)",
        "insert into credential (account_id, kind, sealed, generation, saved_at) values (1, 'oauth2', x'01', 1, 0)",
        "insert into job (id, name, path, action, account_id, created_at) values (1, 'likes', '/likes.csv', 2, 1, 0)",
        "insert into round (id, job_id, number) values (1, 1, 1)",
        "insert into lane (id, round_id, action, account_id) values (1, 1, 2, 1)",
        "insert into drain (id, boot, started_tick, started_at) values (1, 'here', 0, 0)",
        "insert into endpoint_outage values (1, 2, 0, 1, 0, 1, 0, 0, 0, 1, '')",
        "insert into endpoint_allowance values (1, 2, 0, 5, 1, 0, 0, 0, 1)",
        "insert into known_target (platform, kind, target, seen_at) values ('x', 'user', 7, 0), ('x', 'user', '007', 0)",
        "insert into handle_resolution (platform, handle, target, target_again, asked_at) values ('x', 'ada', 7, 7, 0)",
        "insert into reading (id, account_id, list, started_at) values (1, 1, 'likes', 0)",
        "insert into reading_entry values (1, 1, 7, '{}')",
    ];
    for sql in statements {
        db.execute(sql, args![]).await.unwrap();
    }
    db.execute(tasks, args![]).await.unwrap();
    db.execute(attempts, args![]).await.unwrap();
    db.close().await;
}

async fn column(db: &mut Db, sql: &str) -> Vec<String> {
    let rows: Vec<(String,)> = db.fetch_all(sqlx::AssertSqlSafe(sql.to_owned()), args![]).await.unwrap();
    rows.into_iter().map(|(text,)| text).collect()
}

/// Every table and index, in the words in which it was made.
async fn schema_of(db: &mut Db) -> Vec<String> {
    column(db, "select type || ' ' || name || ' ' || coalesce(sql, '') from sqlite_schema order by 1").await
}

/// Everything in a table whose definition was changed.
async fn rows_of(db: &mut Db, table: &str) -> Vec<String> {
    let names = column(
        db,
        &format!(
            "select name from pragma_table_info('{table}')
              where (name <> 'host' or '{table}' = 'job') and name <> 'restores_round' and name not like 'lease%'
                and name not like 'withheld%' order by name"
        ),
    )
    .await;
    let values: Vec<String> = names.iter().map(|name| format!("quote({name})")).collect();
    column(db, &format!("select concat_ws(',', {}) from {table} order by 1", values.join(","))).await
}

const CHANGED: [&str; 10] = [
    "account",
    "credential",
    "job",
    "lane",
    "attempt",
    "endpoint_outage",
    "endpoint_allowance",
    "known_target",
    "reading",
    "reading_entry",
];

#[tokio::test]
async fn a_filled_queue_becomes_what_a_new_one_is_and_keeps_every_row() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    filled(&old, 50).await;
    let mut before = Vec::new();
    let mut db = connect(&old).await.unwrap();
    for table in CHANGED {
        before.push(rows_of(&mut db, table).await);
        assert!(!before.last().unwrap().is_empty(), "{table}");
    }
    // Open while the schema changes under it.
    let mut store = Store::open(&old, QueueKind::Real).await.unwrap();
    for (table, before) in CHANGED.iter().zip(&before) {
        assert_eq!(&rows_of(&mut db, table).await, before, "{table}");
    }
    assert_eq!(column(&mut db, "pragma integrity_check").await, ["ok"]);
    let broken: Vec<(String,)> = db.fetch_all("pragma foreign_key_check", args![]).await.unwrap();
    assert!(broken.is_empty(), "{broken:?}");
    assert_eq!(column(&mut db, "pragma journal_mode").await, ["wal"]);
    let (keys,): (i64,) = store.db.fetch_one("pragma foreign_keys", args![]).await.unwrap();
    assert_eq!(keys, 1);
    let mut fresh = Store::open(&new, QueueKind::Real).await.unwrap();
    assert_eq!(schema_of(&mut db).await, schema_of(&mut fresh.db).await);
    // An account is found by its key, and goes with what belongs to it.
    let names = [("ada".parse().unwrap(), PlatformUser::at_one_address(Platform::XV2, "42".parse().unwrap()))];
    assert_eq!(store.accounts().ensure_accounts(&names).await.unwrap()[0].0, 1);
}

/// No list of words is left, and what a newer version may write is taken by the tables themselves.
#[tokio::test]
async fn the_schema_lists_no_platform_no_action_and_no_list() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.db");
    filled(&path, 3).await;
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    for sql in schema_of(&mut store.db).await {
        for word in ["x-v2", "'x'", "oauth", "'likes'", "action between"] {
            assert!(!sql.contains(word), "{sql}");
        }
    }
    for sql in [
        "insert into account (id, name, platform, host, user_id) values (9, 'eve', 'mastodon', 'social.example', '42')",
        "insert into credential (account_id, kind, sealed, generation, saved_at) values (9, 'dpop', x'01', 1, 0)",
        "insert into job (id, name, path, action, created_at) values (9, 'new', '/n.csv', 8, 0)",
        "update lane set action = 8",
        "update attempt set action = 300",
        "update endpoint_outage set action = 8",
        "update endpoint_allowance set action = 8",
        "update reading set list = 'circles'",
        "update known_target set platform = 'mastodon'",
        "update name_resolution set platform = 'mastodon'",
    ] {
        store.db.execute(sql, args![]).await.unwrap();
    }
    for sql in ["update lane set action = 0", "update attempt set action = -1", "update job set action = 0"] {
        assert!(store.db.execute(sql, args![]).await.is_err(), "{sql}");
    }
}

/// How many pages the log has behind bringing such a queue up to date.
async fn pages_written(tasks: u32) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.db");
    filled(&path, tasks).await;
    let log = folder.path().join("q.db-wal");
    assert!(!log.exists(), "closed queues have no log");
    let store = Store::open(&path, QueueKind::Real).await.unwrap();
    let bytes = std::fs::metadata(&log).unwrap().len();
    drop(store);
    bytes / (PAGE_BYTES + FRAME_HEADER_BYTES)
}

#[tokio::test]
async fn a_million_tasks_are_brought_up_to_date_with_as_many_pages_as_three() {
    let (few, many) = (pages_written(3).await, pages_written(1_000_000).await);
    println!("{few} pages for three tasks, {many} for a million");
    assert!(few > 0, "nothing was written, and the test shows nothing");
    assert!(many <= few + 8, "{few} pages for three tasks, {many} for a million");
}
