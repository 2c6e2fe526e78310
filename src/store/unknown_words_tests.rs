#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::*;
use crate::store::QueueKind;
use crate::store::open::connect;

const USED: [&str; 5] = [
    "insert into account (id, name, platform, user_id) values (1, 'ada', 'x-v2', '42'), (2, 'bea', 'x-v2', '43')",
    "insert into job (id, name, path, action, created_at) values (1, 'likes', '/likes.csv', 1, 0)",
    "insert into round (id, job_id, number, visible_to) values (1, 1, 1, 0)",
    "insert into lane (id, round_id, action, account_id) values (1, 1, 1, 1), (2, 1, 7, 2)",
    "insert into reading (id, account_id, list, started_at) values (1, 2, 'following', 0)",
];

async fn execute(path: &Path, statements: &[&'static str]) {
    let mut db = connect(path).await.unwrap();
    for sql in statements {
        db.execute(*sql, args![]).await.unwrap();
    }
    db.close().await;
}

/// What opening says of a queue that somebody has changed like this.
async fn opened(changes: &[&'static str]) -> Result<(), StoreError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.db");
    Store::open(&path, QueueKind::Real).await.unwrap().close().await;
    execute(&path, &USED).await;
    execute(&path, changes).await;
    let opened = Store::open(&path, QueueKind::Real).await.map(drop);
    if let Err(StoreError::Unknown { what }) = &opened {
        assert!(what.starts_with(&format!("in the queue {}, ", path.display())), "{what}");
    }
    opened
}

/// The schema takes what a newer version may write; this one says at whom it stands, and does nothing with the queue.
#[tokio::test]
async fn a_word_of_a_newer_version_is_told_with_its_account_or_job() {
    opened(&[]).await.unwrap();
    for (change, words) in [
        ("update account set platform = 'elsewhere' where id = 2", "the account bea is at the platform elsewhere"),
        ("update lane set action = 99 where id = 2", "the job likes does the action number 99"),
        ("update job set action = 300", "the job likes does the action number 300"),
        ("update reading set list = 'circles'", "the account bea has begun to read its list circles"),
    ] {
        let refused = opened(&[change]).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Unknown { .. }), "{change}: {refused}");
        let text = refused.to_string();
        assert!(text.contains(words) && text.ends_with("a newer one wrote it"), "{change}: {text}");
    }
}

/// Users of one number at two hosts are two accounts; the same user twice at one host is refused, also where there is no host.
#[tokio::test]
async fn a_user_is_known_by_platform_host_and_number() {
    let insert = |host: &str| {
        format!("insert into account (name, platform, host, user_id) values ('{host}!', 'x-v2', '{host}', '42')")
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.db");
    Store::open(&path, QueueKind::Real).await.unwrap().close().await;
    execute(&path, &USED).await;
    let mut db = connect(&path).await.unwrap();
    for (host, taken) in [("a.example", false), ("a.example", true), ("b.example", false), ("", true)] {
        let sql = sqlx::AssertSqlSafe(insert(host).replace("!'", &format!("{taken}'")));
        assert_eq!(db.execute(sql, args![]).await.is_err(), taken, "{host:?}");
    }
}

/// What a row and its index say differently is no news of a newer version: the indexes are read as if they named their columns otherwise.
#[tokio::test]
async fn a_bit_that_has_flipped_is_not_taken_for_a_newer_version() {
    let as_if_flipped = [
        "insert into account (id, name, platform, user_id) values (300, 'cid', 'x-v2', '44')",
        "update lane set account_id = 300 where id = 2",
        "pragma writable_schema = on",
        "update sqlite_schema set sql = replace(sql, 'unique (round_id, action, account_id)', 'unique (round_id, account_id, action)') where name = 'lane'",
        "update sqlite_schema set sql = replace(sql, 'unique (platform, host, user_id)', 'unique (user_id, host, platform)') where name = 'account'",
        "pragma writable_schema = reset",
    ];
    opened(&as_if_flipped).await.unwrap();
}
