//! What holds for every old queue: it opens, everything in it can be looked at, and looking sends nothing.

use crate::common::csv_rows;
use crate::queues::old_queue::{Made, NAMES, OldQueue};

fn look(name: &'static str) {
    let queue = OldQueue::open(name, Made::LongAgo);
    let jobs = queue.jobs();
    for (job, counts) in &jobs {
        let receipts = queue.home.path("receipts.csv");
        queue.does(&["report", job, "-o", receipts.to_str().unwrap()], 0);
        assert_eq!(csv_rows(&receipts) as u64, counts["rows"].as_u64().unwrap(), "{name}: {job}");
        queue.does(&["report", job, "--format", "html", "-o", receipts.to_str().unwrap()], 0);
    }
    for words in [&["status"][..], &["audit"], &["schedule", "list"], &["schedule", "next"]] {
        queue.does(words, 0);
    }
    if name != "sandbox" {
        queue.does(&["account", "list"], 0);
    }
    let findings = queue.command(&["doctor", "--json"]).json().to_string();
    assert!(findings.contains("not damaged, and every counter is right"), "{name}: {findings}");
    assert_eq!(queue.jobs().len(), jobs.len());
    assert_eq!(queue.requests(), 0, "{name}: looking sends nothing");
}

#[test]
fn every_queue_can_be_looked_at() {
    std::thread::scope(|threads| {
        for name in NAMES {
            threads.spawn(move || look(name));
        }
    });
}

#[test]
fn no_queue_is_forgotten_here() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queues/old");
    let stem = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().path().file_stem().unwrap().to_owned();
    let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(stem).collect();
    names.sort_unstable();
    assert_eq!(names, NAMES);
}
