#![allow(clippy::unwrap_used)]
use std::os::unix::fs::symlink;

use super::*;

#[tokio::test]
async fn no_lock_is_taken_through_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let queue = folder.path().join("q.db");
    let elsewhere = folder.path().join("elsewhere");
    symlink(&elsewhere, folder.path().join("q.db.drain.lock")).unwrap();
    symlink(&elsewhere, folder.path().join("q.db.schedule.lock")).unwrap();
    symlink(&elsewhere, folder.path().join("q.db.serve.lock")).unwrap();
    for is_there in [false, true] {
        let said = DrainLock::take(&queue).await.unwrap_err().to_string();
        assert!(said.contains("q.db.drain.lock") && said.contains("symbolic link"), "{said}");
        assert!(ScheduleLock::try_take(&queue).await.is_err() && ServeLock::try_take(&queue).await.is_err());
        assert_eq!(elsewhere.exists(), is_there, "nothing is made where a link leads");
        std::fs::write(&elsewhere, "mine").unwrap();
    }
    assert_eq!(std::fs::read(&elsewhere).unwrap(), b"mine");
    std::fs::remove_file(folder.path().join("q.db.drain.lock")).unwrap();
    DrainLock::take(&queue).await.unwrap();
    let accounts = folder.path().join("q.db.accounts.d");
    crate::store::make_private_folder(&accounts).unwrap();
    symlink(folder.path().join("never"), accounts.join("7.lock")).unwrap();
    assert!(AccountLock::try_take(&queue, AccountId(7)).await.is_err() && !folder.path().join("never").exists());
}

#[tokio::test]
async fn a_queue_and_a_link_to_it_have_one_lock() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (queue, link) = (folder.path().join("q.db"), other.path().join("link.db"));
    std::fs::write(&queue, "").unwrap();
    symlink(&queue, &link).unwrap();
    let held = DrainLock::take(&link).await.unwrap();
    assert!(matches!(DrainLock::take(&queue).await, Err(StoreError::Draining { .. })));
    assert!(DrainLock::is_held(&queue).await.unwrap() && held.is_intact());
    assert_eq!(DrainLock::holder(&queue).await.unwrap().pid, std::process::id());
    drop(held);
    DrainLock::take(&queue).await.unwrap();
    assert!(!other.path().join("link.db.drain.lock").exists());
}

#[tokio::test]
async fn whoever_only_looks_keeps_nobody_from_draining() {
    let folder = tempfile::tempdir().unwrap();
    let queue = folder.path().join("q.db");
    let file = lock_file(&queue, LockName::Drain).unwrap();
    drop(DrainLock::take(&queue).await.unwrap());
    let ended = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(std::sync::atomic::Ordering::Relaxed) {
                let _ = FileLock::is_held(&file);
                std::thread::yield_now();
            }
        });
        // Nobody who looks takes another who looks for a holder.
        assert_eq!((0..500).filter(|_| FileLock::is_held(&file).unwrap()).count(), 0);
        let taken = (0..50).filter(|_| FileLock::take_from_lookers(&file).unwrap().is_some()).count();
        ended.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(taken, 50);
    });
}
