#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::*;
use crate::store::db::Db;
use crate::store::open::connect;

/// A file as a program of an earlier version left it that was killed behind its newest migration, and before the stamp.
async fn unstamped(path: &Path, newest: i64) -> Db {
    std::fs::write(path, "").unwrap();
    let mut db = connect(path).await.unwrap();
    MIGRATIONS.run_to(newest, db.sqlite()).await.unwrap();
    db
}

#[test]
fn every_migration_of_the_folder_is_compiled_in_under_its_number() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    // Those of PostgreSQL are in a folder of their own.
    let mut files: Vec<String> = entries.filter(|name| name != "postgres").collect();
    files.sort();
    assert_eq!(files, EMBEDDED.iter().map(|(name, _)| format!("{name}.sql")).collect::<Vec<_>>());
    let versions: Vec<i64> = MIGRATIONS.iter().map(|migration| migration.version).collect();
    assert!(versions[0] == 1 && versions.is_sorted_by(|a, b| a < b), "{versions:?}");
}

#[tokio::test]
async fn a_queue_whose_making_was_interrupted_is_finished_as_what_it_is_opened_as() {
    let newest = newest_known().unwrap();
    for version in [0, 1, 5, 8, newest - 1, newest] {
        for (kind, other) in [(QueueKind::Real, QueueKind::Sandbox), (QueueKind::Sandbox, QueueKind::Real)] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("q.db");
            drop(unstamped(&path, version).await);
            let mut store = Store::open(&path, kind).await.unwrap();
            assert!(store.stage().await.unwrap().is_complete(), "{version}");
            assert_eq!(store.queue().jobs().await.unwrap().len(), 0);
            store.close().await;
            let refused = Store::open(&path, other).await.unwrap_err();
            assert!(matches!(refused, StoreError::WrongKind { .. }), "{refused}");
        }
    }
}

#[tokio::test]
async fn a_used_queue_without_its_stamp_is_told_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.db");
    let mut db = unstamped(&path, newest_known().unwrap()).await;
    let account = "insert into account (name, platform, user_id) values ('a', 'x-v2', '1')";
    db.execute(account, args![]).await.unwrap();
    let refused = Store::open(&path, QueueKind::Real).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Damaged { detail, .. } if detail.contains("stamp")), "{refused}");
    let (stamps,): (i64,) = db.fetch_one("select count(*) from queue", args![]).await.unwrap();
    assert_eq!(stamps, 0);
}

/// A queue of the other kind is refused before anything of it is changed.
#[tokio::test]
async fn an_old_queue_of_the_other_kind_keeps_its_schema() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.db");
    let mut db = unstamped(&path, 8).await;
    db.execute("insert into queue (id, kind) values (1, 'real')", args![]).await.unwrap();
    let refused = Store::open(&path, QueueKind::Sandbox).await.unwrap_err();
    assert!(matches!(refused, StoreError::WrongKind { .. }), "{refused}");
    let newest: (i64,) = db.fetch_one("select max(version) from _sqlx_migrations", args![]).await.unwrap();
    assert_eq!(newest, (8,));
}
