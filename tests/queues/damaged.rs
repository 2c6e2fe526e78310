//! IDs that went through a double stand in line of an old queue, and honest ones were rejected by the program that made it.

use std::collections::BTreeSet;

use crate::queues::old_queue::{Made, OldQueue};

/// Rows of the two damaged files that the old program had in line, and honest ones that it had rejected.
const IN_LINE: [u64; 2] = [279, 300];
const REJECTED: u64 = 4;

fn rows_of(queue: &OldQueue, file: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(queue.home.path(file)).unwrap();
    text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
}

fn judge(queue: &OldQueue) {
    let honest = rows_of(queue, "blocks.csv");
    assert!(queue.effects().is_subset(&honest), "no damaged ID is sent");
    // What the old program has done with five of them cannot be undone, and is not hidden.
    let (done, rejected) = (queue.count("javascript", "done"), queue.count("javascript", "rejected"));
    assert_eq!((done, rejected), (5, 295));
    assert_eq!((queue.count("python", "done"), queue.count("python", "rejected")), (0, 300));
}

#[test]
fn resume_sends_no_damaged_id_though_no_file_is_read() {
    for files in ["there", "gone"] {
        let queue = OldQueue::open("damaged", Made::LongAgo);
        let blocks = rows_of(&queue, "blocks.csv");
        if files == "gone" {
            for file in ["javascript.csv", "python.csv"] {
                std::fs::remove_file(queue.home.path(file)).unwrap();
            }
        }
        let output =
            queue.does(&["resume", "--yes", "--rate", "5000/2s", "--pace", "front-load", "--progress", "none"], 3);
        let told = output.err;
        assert!(IN_LINE.iter().all(|rows| told.contains(&format!(": {rows} rows that an older version"))), "{told}");
        judge(&queue);
        assert_eq!(queue.effects().len() as u64 + REJECTED, blocks.len() as u64);
        // Once is enough: what is finished stays finished.
        let again = queue.does(&["resume", "--yes"], 3);
        assert!(!again.err.contains("rejected by this version"), "{}", again.err);
        // Honest ones were rejected. The file is looked at again, though it is the same to the byte.
        queue.does(&["load", "blocks.csv", "--account", "main", "--action", "unblock"], 0);
        assert_eq!((queue.count("blocks", "pending"), queue.count("blocks", "rejected")), (REJECTED, 0));
        queue.resume(&["blocks"], 0);
        assert_eq!(queue.effects(), blocks);
    }
}

#[test]
fn a_file_of_damaged_ids_is_refused_and_what_is_queued_of_it_held_back() {
    let queue = OldQueue::open("damaged", Made::LongAgo);
    queue.does(&["load", "javascript.csv", "--account", "main", "--action", "unfollow"], 65);
    queue.does(&["retry", "javascript"], 0);
    queue.resume(&["javascript", "python"], 3);
    assert_eq!(queue.requests(), 0);
    judge(&queue);
}

#[test]
fn somebody_who_knows_better_trusts_the_ids() {
    let queue = OldQueue::open("damaged", Made::LongAgo);
    queue.resume(&["javascript"], 3);
    queue.does(&["load", "javascript.csv", "--account", "main", "--action", "unfollow", "--trust-ids"], 0);
    assert_eq!((queue.count("javascript", "pending"), queue.count("javascript", "done")), (295, 5));
}
