#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::domain::{BootId, Horizons, Moment, Tick, Wall};
use crate::store::{Drain, DrainLock, DrainScope, LogLost, QueueKind, Store, Turn};

fn at(seconds: i64) -> Moment {
    Moment { tick: Tick(1_000_000 + seconds * 1_000), wall: Wall(1_700_000_000_000 + seconds * 1_000) }
}

async fn begin(path: &Path, now: Moment) -> (Drain, Option<LogLost>) {
    let store = Store::open(path, QueueKind::Real).await.unwrap();
    let lock = DrainLock::take(path).await.unwrap();
    let horizons = Horizons::all(Duration::from_secs(900));
    let boot = BootId("one".into());
    let scope = DrainScope::default();
    let (drain, start) = Drain::begin(store, lock, &scope, now, boot, &horizons, 30_000).await.unwrap();
    (drain, start.log_lost)
}

/// A copy of the file as it is on the disk now, as whoever is killed now would leave it; with its log or without.
fn copy(path: &Path, name: &str, with_log: bool) -> PathBuf {
    let copy = path.with_file_name(name);
    std::fs::copy(path, &copy).unwrap();
    if with_log {
        std::fs::copy(format!("{}-wal", path.display()), format!("{}-wal", copy.display())).unwrap();
    }
    copy
}

#[tokio::test]
async fn a_log_that_is_gone_is_noticed_once_and_known_to_all_that_come_after() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.db");
    let (mut drain, lost) = begin(&path, at(0)).await;
    assert_eq!(lost, None, "it is new");
    drain.turn(&Turn { first_answer: true, ..Turn::default() }, at(1)).await.unwrap();
    let (whole, torn) = (copy(&path, "whole.db", true), copy(&path, "torn.db", false));

    let (next, lost) = begin(&torn, at(5)).await;
    let noticed = |is_news| LogLost { noticed: at(5), boot: BootId("one".into()), clock_checked: false, is_news };
    assert_eq!(lost, Some(noticed(true)));
    next.end(at(6), "finished").await.unwrap().close().await;
    assert_eq!(begin(&torn, at(9)).await.1, Some(noticed(false)));
    assert_eq!(begin(&whole, at(5)).await.1, None, "it was killed, and its log is there");
}

/// A process that ends without a word closes the file all the same, or whoever opens it next does: all of the log is in the file then.
#[tokio::test]
async fn a_file_that_was_closed_has_lost_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.db");
    {
        let (drain, _) = begin(&path, at(0)).await;
        drain.store.close().await;
    }
    assert!(!Path::new(&format!("{}-wal", path.display())).exists());
    let (drain, lost) = begin(&path, at(1)).await;
    assert_eq!(lost, None);
    drain.end(at(2), "finished").await.unwrap().close().await;
    assert_eq!(begin(&path, at(3)).await.1, None);
}

/// SQLite copies its log into the file from time to time, and the mark with it.
#[tokio::test]
async fn a_drain_that_goes_on_marks_the_file_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.db");
    let (mut drain, _) = begin(&path, at(0)).await;
    for (name, seconds, is_noticed) in [("first.db", 9, false), ("second.db", 10, true)] {
        drain.store.db.copy_log().await.unwrap();
        drain.turn(&Turn { first_answer: true, ..Turn::default() }, at(seconds)).await.unwrap();
        assert_eq!(begin(&copy(&path, name, false), at(20)).await.1.is_some(), is_noticed, "{name}");
    }
}
