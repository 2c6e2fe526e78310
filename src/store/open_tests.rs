#![allow(clippy::unwrap_used)]

use serde_json::json;

use super::*;
use crate::store::schema::MIGRATIONS;

async fn integrity(store: &mut Store) -> String {
    let (found,): (String,) = store.db.fetch_one("pragma integrity_check", args![]).await.unwrap();
    found
}

/// The tables a drain and a load write row by row: a list of three in a CHECK makes a temporary index for every row.
#[tokio::test]
async fn no_check_of_a_busy_table_builds_an_index_for_each_row() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
    for insert in [
        "explain insert into task (id, lane_id, line, target) select 1, 1, 1, value from json_each('[1]')",
        "explain update task set state = 1, last_attempt_id = 7 where id = 1",
        "explain insert into task_key (lane_id, target, task_id) select 1, value, 1 from json_each('[1]')",
        "explain update attempt set ended_at = 7 where id = 1",
    ] {
        let rows: Vec<(i64, String)> = store.db.fetch_all(insert, args![]).await.unwrap();
        let opcodes: Vec<String> = rows.into_iter().map(|(_, opcode)| opcode).collect();
        assert!(opcodes.iter().any(|opcode| opcode == "Insert" || opcode == "IdxInsert"), "{insert}: {opcodes:?}");
        assert!(!opcodes.iter().any(|opcode| opcode == "OpenEphemeral"), "{insert}: {opcodes:?}");
    }
}

#[tokio::test]
async fn a_queue_of_an_older_version_opens_with_its_tasks_and_its_checks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.db");
    make_private(&path).unwrap();
    let mut old = connect(&path).await.unwrap();
    MIGRATIONS.run_to(8, old.sqlite()).await.unwrap();
    let task = "insert into task (id, lane_id, line, target, state, last_attempt_id) values (7, 1, 2, 9, 1, 5)";
    for sql in ["insert into queue (id, kind) values (1, 'real')", task] {
        old.execute(sql, args![]).await.unwrap();
    }
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    assert_eq!(integrity(&mut store).await, "ok");
    let (target,): (i64,) = store.db.fetch_one("select target from task", args![]).await.unwrap();
    assert_eq!(target, 9);
    // Whoever had it open, and whoever opens it later, is held to the same.
    let mut later = connect(&path).await.unwrap();
    for db in [&mut old, &mut store.db, &mut later] {
        for state in [1, 2, 3] {
            let sql = "update task set last_attempt_id = null, state = ?1";
            let refused = db.execute(sql, args![state]).await;
            assert!(refused.unwrap_err().to_string().contains("CHECK constraint failed"), "{state}");
        }
        for sql in
            ["update task set state = 0, last_attempt_id = null", "update task set state = 1, last_attempt_id = 5"]
        {
            db.execute(sql, args![]).await.unwrap();
        }
    }
}

/// A start must not become slower as a queue grows: nothing it asks walks through the tasks, the attempts or their keys.
#[tokio::test]
async fn what_a_start_asks_finds_its_rows_by_an_index() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
    for sql in crate::store::queue::AT_A_START {
        let plan: Vec<(i64, i64, i64, String)> =
            store.db.fetch_all(sqlx::AssertSqlSafe(format!("explain query plan {sql}")), args![]).await.unwrap();
        assert!(!plan.is_empty());
        for (.., step) in plan {
            let walks = ["SCAN task", "SCAN attempt", "SCAN a", "SCAN key", "SCAN task_key"];
            // The indexes of what is open and of what stands aside hold a few rows.
            let by_a_small_index = ["attempt_open", "attempt_late", "task_parked"]
                .iter()
                .any(|index| step.ends_with(&format!("USING INDEX {index}")));
            assert!(
                by_a_small_index || !walks.iter().any(|walk| step == *walk || step.starts_with(&format!("{walk} "))),
                "{step}: {sql}"
            );
        }
    }
}

/// `--min-likes` spared posts with so many likes or more; the same posts are spared by one like less under the new word.
#[tokio::test]
async fn schedules_that_said_min_likes_go_on_sparing_the_same_posts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.db");
    make_private(&path).unwrap();
    let mut old = connect(&path).await.unwrap();
    MIGRATIONS.run_to(11, old.sqlite()).await.unwrap();
    old.execute("insert into queue (id, kind) values (1, 'real')", args![]).await.unwrap();
    let insert = "insert into schedule (name, cron, zone, jitter_seed, words, list_words, created_at, settled_to)
                  values (?1, '0 2 * * *', 'UTC', 7, ?2, ?3, 0, 0)";
    for (name, words, list_words) in [
        (
            "files",
            r#"["--account=a \"b\"","--min-likes=100","--limit=3","--rate=50/15m","--rate=9/h","--trust-ids","--","/a/--min-likes=9.csv","/b.csv"]"#,
            None,
        ),
        ("list", r#"["--action=unlike","--","/l.csv"]"#, Some(r#"["--min-likes=1","--","likes"]"#)),
        ("none", r#"["--","/a.csv"]"#, None),
    ] {
        old.execute(insert, args![name, words, list_words]).await.unwrap();
    }
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    let kept = store.schedules().all().await.unwrap();
    let request = |name: &str| -> serde_json::Value {
        let schedule = kept.iter().find(|schedule| schedule.name == name).unwrap();
        serde_json::from_str(&schedule.request).unwrap()
    };
    // Words are kept as what they mean since 0033.
    let files = json!({
        "account": "a \"b\"", "max-likes": 99, "limit": 3, "rate": ["50/15m", "9/h"], "trust-ids": true,
        "files": ["/a/--min-likes=9.csv", "/b.csv"],
    });
    assert_eq!(request("files"), json!({ "run": files, "list": null }));
    assert_eq!(request("none"), json!({ "run": { "files": ["/a.csv"] }, "list": null }));
    let list =
        json!({ "run": { "action": "unlike", "files": ["/l.csv"] }, "list": { "max-likes": 0, "list": "likes" } });
    assert_eq!(request("list"), list);
}

/// In /tmp somebody else may have been there first.
#[tokio::test]
async fn a_queue_or_a_log_that_somebody_else_has_put_there_is_refused() {
    use std::os::unix::fs::{PermissionsExt, lchown};
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("q.db");
    let mode = |mode| std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o1777);
    Store::open(&path, QueueKind::Real).await.unwrap().close().await;
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let planted = |name: &str| lchown(home.path().join(name), Some(65_534), None).unwrap();
    let refused = async |name: &str| {
        let error = Store::open(&path, QueueKind::Real).await.unwrap_err();
        assert!(matches!(&error, StoreError::Foreign { path } if path.ends_with(name)), "{name}: {error}");
        std::fs::remove_file(home.path().join(name)).unwrap();
    };
    for name in ["q.db-wal", "q.db-journal"] {
        std::fs::write(home.path().join(name), "x").unwrap();
        planted(name);
        refused(name).await;
    }
    std::fs::rename(&path, home.path().join("other.db")).unwrap();
    std::os::unix::fs::symlink("other.db", &path).unwrap();
    planted("q.db");
    refused("q.db").await;
    std::fs::rename(home.path().join("other.db"), &path).unwrap();
    planted("q.db");
    // Where not everybody can write, it was put there by somebody who may.
    mode(0o755);
    Store::open(&path, QueueKind::Real).await.unwrap().close().await;
    mode(0o1777);
    refused("q.db").await;
}
