//! Every old queue ends with the schema of a new one, and a process that dies on the way there hurts none.

use std::path::Path;

use cleanup::store::{QueueKind, Store};

use crate::common::strace::copy_folder;
use crate::common::{Home, RunToEnd, sql, wait};
use crate::queues::old_queue::{Made, NAMES, OldQueue};

const POINTS: [&str; 3] = ["before-upgrade", "before-upgrade-commit", "after-upgrade-commit"];

fn schema_of(queue: &Path) -> Vec<String> {
    sql::column(queue, "select type || ' ' || name || ' ' || coalesce(sql, '') from sqlite_schema order by 1")
}

fn new_schema() -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.db");
    wait(async { Store::open(&path, QueueKind::Real).await.unwrap().close().await });
    schema_of(&path)
}

/// A process dies at each step of the upgrade; the next one finishes it, and has what one that was never interrupted has.
fn upgrade(name: &'static str, new: &[String]) {
    let old = OldQueue::open(name, Made::LongAgo);
    let is_sandbox = name == "sandbox";
    let words: &[&str] = if is_sandbox { &["status", "--json", "--sandbox"] } else { &["status", "--json"] };
    let queue = |home: &Home| if is_sandbox { home.sandbox_file() } else { home.queue_file() };
    let status = |home: &Home, point: Option<&str>| {
        let mut command = home.against(&old.sandbox, words);
        command.env_remove("CLEANUP_X_TOKEN").env_remove("CLEANUP_X_USER_ID");
        command.envs(point.map(|point| ("CLEANUP_FAILPOINT", format!("{point}:1"))));
        command.done()
    };
    let mut told = Vec::new();
    for point in [None].into_iter().chain(POINTS.map(Some)) {
        let home = Home::new();
        copy_folder(old.home.folder.path(), home.folder.path());
        let before = schema_of(&queue(&home));
        if point.is_some() {
            let died = status(&home, point);
            assert_eq!(died.exited(), None, "{name}: {point:?}: {}", died.err);
            let expected = if point == Some("after-upgrade-commit") { new } else { &before[..] };
            assert_eq!(schema_of(&queue(&home)), expected, "{name}: {point:?}: all of it or nothing");
        }
        let done = status(&home, None).ends(0);
        told.push(
            done.json()["jobs"]
                .as_array()
                .unwrap()
                .iter()
                .map(|job| [&job["job"], &job["rows"], &job["done"], &job["pending"]].map(ToString::to_string))
                .collect::<Vec<_>>(),
        );
        assert_eq!(told.last(), told.first(), "{name}: {point:?}");
        let queue = queue(&home);
        assert_eq!(schema_of(&queue), new, "{name}: {point:?}");
        assert_eq!(sql::column::<String>(&queue, "pragma integrity_check"), ["ok"], "{name}: {point:?}");
        assert_eq!(
            sql::column::<String>(&queue, "pragma foreign_key_check"),
            Vec::<String>::new(),
            "{name}: {point:?}"
        );
        assert_eq!(sql::column::<String>(&queue, "pragma journal_mode"), ["wal"], "{name}: {point:?}");
    }
}

#[test]
fn every_old_queue_gets_the_schema_of_a_new_one_however_often_its_process_dies() {
    let new = new_schema();
    std::thread::scope(|threads| {
        for name in NAMES {
            let new = &new;
            threads.spawn(move || upgrade(name, new));
        }
    });
}
