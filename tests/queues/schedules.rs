//! Schedules of old queues.

use std::collections::BTreeSet;

use crate::queues::old_queue::{Made, OldQueue};

#[test]
fn schedules_are_there_and_next_times_are_told() {
    let queue = OldQueue::open("schedules", Made::LongAgo);
    let listed = queue.does(&["schedule", "list", "--json"], 0).json();
    let names: BTreeSet<&str> =
        listed["schedules"].as_array().unwrap().iter().map(|schedule| schedule["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["nightly", "one-sided", "quiet-posts"].into());
    let text = queue.does(&["schedule", "list"], 0).out;
    assert!(text.contains("--max-requests=4") && text.contains("following"), "{text}");
    let next = queue.does(&["schedule", "next", "--json"], 0).json();
    for schedule in next["schedules"].as_array().unwrap() {
        assert_eq!(schedule["next"].as_array().unwrap().len(), 5, "{schedule}");
    }
}

#[test]
fn a_schedule_that_spares_liked_posts_spares_the_same_ones() {
    let queue = OldQueue::open("schedules", Made::LongAgo);
    queue.does(&["schedule", "run", "quiet-posts"], 0);
    let text = std::fs::read_to_string(queue.home.path("delete-post.csv")).unwrap();
    let rows = text.lines().skip(1).map(|line| line.split_once(',').unwrap());
    let few: BTreeSet<String> =
        rows.filter(|(_, likes)| likes.parse::<u64>().unwrap() < 4).map(|(id, _)| id.to_owned()).collect();
    assert_eq!(few.len(), 4);
    assert_eq!(queue.effects(), few, "--min-likes 4 spares posts with 4 likes and more");
}

#[test]
fn a_night_goes_on_with_its_job() {
    let queue = OldQueue::open("schedules", Made::LongAgo);
    let before = queue.targets("unfollow", "done");
    assert_eq!(before.len(), 4);
    queue.does(&["schedule", "run", "nightly"], 0);
    assert_eq!(queue.count("unfollow", "done"), 8);
    assert!(queue.effects().is_disjoint(&before) && queue.effects().len() == 4);
}
