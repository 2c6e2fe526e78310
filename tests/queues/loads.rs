//! Files of old queues, loaded again and worked off.

use std::collections::BTreeSet;

use crate::queues::old_queue::{Made, OldQueue};

fn rows_of(queue: &OldQueue, file: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(queue.home.path(file)).unwrap();
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn a_first_load_that_died_is_done_again() {
    let queue = OldQueue::open("died-loading", Made::LongAgo);
    assert!(!queue.jobs().contains_key("unlike"), "a load that died is not seen");
    queue.does(&["load", "unlike.csv", "--account", "main"], 0);
    queue.resume(&["unlike"], 0);
    assert_eq!(queue.count("unlike", "done"), 800);
    assert_eq!(queue.effects(), rows_of(&queue, "unlike.csv"));
}

#[test]
fn a_reload_that_died_goes_on() {
    for name in ["died-reloading", "died-loading"] {
        let queue = OldQueue::open(name, Made::LongAgo);
        let done = queue.targets("unfollow", "done");
        assert_eq!(done.len(), 5);
        queue.does(&["load", "unfollow.csv", "--account", "main"], 0);
        let rows = rows_of(&queue, "unfollow.csv");
        assert_eq!(queue.count("unfollow", "pending"), rows.len() as u64 - 5);
        assert_eq!(queue.count("unfollow", "cancelled"), 600 + 200 - rows.len() as u64);
        queue.resume(&["unfollow"], 0);
        assert_eq!(queue.effects(), rows.difference(&done).cloned().collect(), "{name}");
        assert_eq!(queue.count("unfollow", "done"), rows.len() as u64);
    }
}

#[test]
fn a_reload_that_died_sends_what_it_left_in_line() {
    let queue = OldQueue::open("died-reloading", Made::LongAgo);
    let left = queue.targets("unfollow", "pending");
    queue.resume(&[], 0);
    assert_eq!(queue.effects(), left);
}

#[test]
fn a_job_with_its_column_named_goes_on() {
    let queue = OldQueue::open("column", Made::LongAgo);
    queue.does(&["load", "people.csv", "--column", "friend", "--action", "unfollow", "--account", "main"], 0);
    queue.resume(&[], 0);
    let text = std::fs::read_to_string(queue.home.path("people.csv")).unwrap();
    let friends: BTreeSet<String> = text.lines().skip(1).map(|l| l.split(',').nth(1).unwrap().to_owned()).collect();
    assert!(queue.effects().is_subset(&friends));
    assert_eq!((queue.effects().len(), queue.count("people", "done")), (6, 8));
}

#[test]
fn what_a_person_said_of_jobs_is_kept() {
    let queue = OldQueue::open("controls", Made::LongAgo);
    let state = |job: &str| queue.jobs()[job]["state"].as_str().unwrap().to_owned();
    assert_eq!((state("paused").as_str(), state("cancelled").as_str()), ("paused", "cancelled"));
    let (again, kept) = (queue.targets("again", "pending"), queue.targets("kept", "pending"));
    assert_eq!((again.len(), kept.len()), (6, 3));
    queue.resume(&[], 4);
    let expected: BTreeSet<String> = again.union(&kept).cloned().collect();
    assert_eq!(queue.effects(), expected, "neither paused, cancelled, kept nor vanished rows are sent");
    assert_eq!((queue.count("kept", "kept"), queue.count("kept", "cancelled")), (2, 1));
    assert_eq!(queue.count("paused", "pending"), 6);
    queue.does(&["report", "again", "--round", "1"], 0);
    queue.does(&["unpause", "paused"], 0);
    queue.resume(&["paused"], 0);
    assert_eq!(queue.count("paused", "done"), 6);
}
