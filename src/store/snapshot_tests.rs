#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::*;
use crate::store::{KeySource, VaultStamp};

const NOON: Wall = Wall(1_796_040_000_000);
const DAY: i64 = 86_400_000;
/// What a copy must not hold; a page of it is not enough to hide it in.
static SECRET: [u8; 20_000] = [0xA7; 20_000];

async fn queue(folder: &Path) -> PathBuf {
    let path = folder.join("queue.db");
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    let stamp = VaultStamp { source: KeySource::Random, check_text: SECRET.to_vec() };
    store.accounts().stamp_vault(&stamp).await.unwrap();
    store.close().await;
    path
}

fn holds_secret(path: &Path) -> bool {
    std::fs::read(path).unwrap().windows(64).any(|part| part == &SECRET[..64])
}

#[tokio::test]
async fn a_copy_is_whole_private_and_without_secrets_and_seven_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path()).await;
    assert!(holds_secret(&path) && is_snapshot_due(&path, NOON).unwrap());
    let left = snapshot_folder(&path).join(format!("{UNFINISHED}cut-off"));
    let mut days = Vec::new();
    for day in 0..9 {
        let now = Wall(NOON.0 + day * DAY);
        days.insert(0, take_snapshot(&path, now, 7).await.unwrap());
        assert!(!is_snapshot_due(&path, now).unwrap());
        std::fs::write(&left, "half").unwrap();
    }
    days.truncate(7);
    assert_eq!(snapshots_of(&path).unwrap(), days);
    assert!(days[0].day > days[6].day && days[0].path.ends_with(format!("{}.db", days[0].day)));
    for Snapshot { path, .. } in &days {
        assert!(!holds_secret(path), "{path:?}");
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // What a killed process has left goes with the next copy.
    take_snapshot(&path, Wall(NOON.0 + 8 * DAY), 7).await.unwrap();
    assert!(!left.exists());
    assert_eq!(std::fs::read_dir(snapshot_folder(&path)).unwrap().count(), 7 + 1, "and the link to the last one");
}

#[tokio::test]
async fn a_clock_that_was_ahead_once_does_not_make_an_old_copy_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path()).await;
    let ahead = take_snapshot(&path, Wall(NOON.0 + 400 * DAY), 2).await.unwrap();
    for day in 0..3 {
        let made = take_snapshot(&path, Wall(NOON.0 + day * DAY), 2).await.unwrap();
        assert_eq!(snapshots_of(&path).unwrap(), [made.clone(), ahead.clone()]);
        assert_eq!(newest_snapshot(&path), Some(made));
    }
}

/// Its log was not folded in, for the disk refused: without it the queue would not know what it sent last.
#[test]
fn what_was_set_aside_for_a_restore_that_failed_is_back_with_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let (queue, aside) = (folder.path().join("queue.db"), folder.path().join("aside"));
    for text in ["queue.db", "queue.db-wal"] {
        std::fs::write(folder.path().join(text), text).unwrap();
    }
    set_aside(&queue, &aside).unwrap();
    assert!(queue.exists() && !beside(&queue, "-wal").exists() && beside(&aside, "-wal").exists());
    take_back(&queue, &aside).unwrap();
    assert_eq!(std::fs::read_to_string(beside(&queue, "-wal")).unwrap(), "queue.db-wal");
    assert!(queue.exists() && !aside.exists() && !beside(&aside, "-wal").exists());
    // Where a file system knows no links.
    std::fs::rename(&queue, &aside).unwrap();
    take_back(&queue, &aside).unwrap();
    assert_eq!(std::fs::read_to_string(&queue).unwrap(), "queue.db");
}

#[tokio::test]
async fn a_queue_is_taken_back_once_nobody_has_it_open_and_what_was_there_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path()).await;
    let snapshot = take_snapshot(&path, NOON, 7).await.unwrap().path;
    let restore = async |kind, from: &Path| restore_snapshot(&path, kind, from, NOON).await;
    let open = Store::open(&path, QueueKind::Real).await.unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(restore(QueueKind::Real, &snapshot).await, Err(StoreError::InUse { .. })));
    open.close().await;
    assert!(matches!(restore(QueueKind::Sandbox, &snapshot).await, Err(StoreError::WrongKind { .. })));
    let damaged = folder.path().join("damaged.db");
    let mut bytes = std::fs::read(&snapshot).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x55);
    std::fs::write(&damaged, bytes).unwrap();
    assert!(restore(QueueKind::Real, &damaged).await.is_err());
    assert!(restore(QueueKind::Real, &folder.path().join("none.db")).await.is_err());
    assert_eq!(std::fs::read(&path).unwrap(), before, "nothing has changed");
    let done = restore(QueueKind::Real, &snapshot).await.unwrap();
    let aside = done.set_aside.unwrap();
    assert!(holds_secret(&aside) && !holds_secret(&path));
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let strangers: Vec<_> = names.filter(|name| name.to_string_lossy().starts_with(UNFINISHED)).collect();
    assert!(strangers.is_empty(), "{strangers:?}");
    // Where there is no queue any more one is made.
    std::fs::remove_file(&path).unwrap();
    assert_eq!(restore(QueueKind::Real, &snapshot).await.unwrap().set_aside, None);
    Store::open(&path, QueueKind::Real).await.unwrap().close().await;
}
