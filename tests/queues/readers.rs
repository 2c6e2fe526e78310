//! Jobs of old queues: what they remember, and where their files are.

use std::collections::BTreeSet;

use crate::queues::old_queue::{Made, OldQueue};

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
    assert!(refused.err.contains("--column friend") && refused.err.contains("--job"), "{}", refused.err);
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

/// What the second column of a file holds, the ID of a link included.
fn ids_of(queue: &OldQueue, file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(queue.home.path(file)).unwrap();
    text.lines().skip(1).map(|line| line.rsplit([',', '/']).next().unwrap().to_owned()).collect()
}

#[test]
fn rows_that_were_queued_by_names_and_have_ids_are_held_back() {
    let queue = OldQueue::open("names-beside-ids", Made::LongAgo);
    let (ids, links) = (ids_of(&queue, "unfollow.csv"), ids_of(&queue, "linked.csv"));
    let pending = ["unfollow", "linked", "unrepost"].map(|job| queue.count(job, "pending"));
    assert_eq!(pending, [6, 3, 5]);
    let end = queue.resume(&[], 3);
    // Of two rows the name leads to the row's ID; two posts are none that the account has reposted by their texts.
    let posts = queue.targets("unrepost", "done");
    let sent: BTreeSet<String> = ids[6..].iter().cloned().chain(posts.iter().cloned()).collect();
    assert_eq!((posts.len(), queue.effects()), (2, sent.clone()));
    assert_eq!(queue.count("unrepost", "rejected"), 3);
    assert_eq!((queue.count("unfollow", "rejected"), queue.count("linked", "rejected")), (4, 3));
    assert_eq!(end["jobs"].as_array().map(Vec::len), Some(3), "{end}");
    // The files say whom they mean.
    queue.does(&["load", "unfollow.csv"], 0);
    queue.does(&["load", "linked.csv"], 0);
    queue.resume(&[], 3);
    assert_eq!(queue.effects(), ids.into_iter().chain(links).chain(posts).collect());
    assert_eq!(queue.count("unfollow", "pending") + queue.count("linked", "pending"), 0);
}

#[test]
fn resume_ends_as_the_jobs_stand_whether_they_are_named_or_not() {
    let queue = OldQueue::open("names-beside-ids", Made::LongAgo);
    std::fs::remove_file(queue.home.path("linked.csv")).unwrap();
    let held_back = queue.does(&["resume", "--yes", "--json", "--max-requests", "1"], 4);
    let end = held_back.json();
    assert!(held_back.err.contains("linked: 3 rows that an older version"), "{}", held_back.err);
    assert_eq!(end["jobs"].as_array().map(Vec::len), Some(3), "what was just held back is told of: {end}");
    queue.resume(&[], 3);
    for words in [&[][..], &["linked"], &["linked", "unfollow", "unrepost"]] {
        let end = queue.resume(words, 3);
        assert!(end["jobs"].as_array().unwrap().iter().any(|job| job["rejected"] == 3), "{words:?}: {end}");
    }
}
