//! Jobs of old queues: what they remember, and where their files are.

use std::collections::BTreeSet;

use crate::common::stderr;
use crate::old_queue::{Made, OldQueue};

fn friends(queue: &OldQueue) -> BTreeSet<String> {
    let text = std::fs::read_to_string(queue.home.path("people.csv")).unwrap();
    text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn a_column_that_was_named_once_need_not_be_named_again() {
    let queue = OldQueue::open("column", Made::LongAgo);
    let done = queue.targets_in_column("people", 1, "done");
    assert_eq!(done.len(), 2);
    // Another one is refused, and changes nothing.
    let refused = queue.does(&["load", "people.csv", "--column", "id"], 2);
    assert!(stderr(&refused).contains("--column friend") && stderr(&refused).contains("--job"), "{}", stderr(&refused));
    assert_eq!(queue.count("people", "pending"), 6);
    queue.does(&["load", "people.csv"], 0);
    assert_eq!(queue.count("people", "rows"), 8);
    queue.resume(&[], 0);
    assert_eq!(queue.effects(), friends(&queue).difference(&done).cloned().collect());
}

#[test]
fn a_job_goes_on_without_its_file() {
    let queue = OldQueue::open("column", Made::LongAgo);
    let done = queue.targets_in_column("people", 1, "done");
    let left: BTreeSet<String> = friends(&queue).difference(&done).cloned().collect();
    std::fs::remove_file(queue.home.path("people.csv")).unwrap();
    queue.resume(&[], 0);
    assert_eq!(queue.effects(), left);
}

#[test]
fn a_file_of_an_old_queue_that_has_moved() {
    let queue = OldQueue::open("half-done", Made::LongAgo);
    let before = queue.count("unfollow", "done") + queue.count("unfollow", "gone");
    let (old, new) = (queue.home.path("unfollow.csv"), queue.home.path("elsewhere/unfollow.csv"));
    std::fs::create_dir(queue.home.path("elsewhere")).unwrap();
    std::fs::rename(&old, &new).unwrap();
    // Its content is that of the last load.
    queue.does(&["load", "elsewhere/unfollow.csv"], 3);
    let mut text = std::fs::read_to_string(&new).unwrap();
    text.push_str("1629556410996121999,somebody,new\n");
    std::fs::write(&new, text).unwrap();
    queue.does(&["load", "elsewhere/unfollow.csv"], 3);
    let end = queue.resume(&[], 3);
    assert_eq!(end["requests"], 60 - before + 1, "what was done is not sent again");
}
