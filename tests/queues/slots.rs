//! Requests of an old program: their slots count, their holds hold, and what it did is not done again.

use crate::queues::old_queue::{Made, OldQueue};

/// As the old program was called.
const RUN: [&str; 6] = ["unfollow.csv", "--account", "main", "--yes", "--pace", "front-load"];

#[test]
fn slots_of_an_old_program_count() {
    // 24 that were answered, and 8 that died in flight.
    let queue = OldQueue::open("half-done", Made::JustNow);
    let words = ["run", "--rate", "32/15m", "--for", "1s"];
    queue.does(&[&words[..], &RUN].concat(), 4);
    assert_eq!(queue.requests(), 0, "its 32 slots are taken");
    let words = ["run", "--rate", "40/15m", "--for", "3s"];
    queue.does(&[&words[..], &RUN].concat(), 4);
    assert!((1..=8).contains(&queue.requests()), "8 of 40 were left: {}", queue.requests());
}

#[test]
fn a_hold_of_an_old_program_holds() {
    let queue = OldQueue::open("held", Made::JustNow);
    queue.does(&[&["run", "--for", "2s"][..], &RUN].concat(), 4);
    assert_eq!(queue.requests(), 0);
    let status = queue.does(&["status", "--json"], 0).json();
    assert_eq!(status["accounts"][0]["hold_reason"], "hidden_cap", "{status}");
}

#[test]
fn a_hold_of_yesterday_is_over() {
    let queue = OldQueue::open("held", Made::Yesterday);
    let before = queue.targets("unfollow", "done");
    queue.resume(&[], 0);
    assert_eq!(queue.count("unfollow", "done"), 40);
    assert!(queue.effects().is_disjoint(&before) && queue.effects().len() + before.len() == 40);
}

#[test]
fn a_half_done_job_is_finished() {
    let queue = OldQueue::open("half-done", Made::LongAgo);
    let (done, gone) = (queue.targets("unfollow", "done"), queue.targets("unfollow", "gone"));
    let left = queue.targets("unfollow", "pending");
    assert_eq!((done.len(), gone.len(), left.len()), (22, 2, 36));
    let end = queue.resume(&[], 3);
    assert_eq!((&end["requests"], &end["stopped"]), (&36.into(), &"finished".into()));
    assert_eq!(queue.effects(), left, "what was left, and nothing else");
    let counts = |what| queue.count("unfollow", what);
    assert_eq!([counts("done"), counts("gone"), counts("duplicate"), counts("rejected")], [58, 2, 2, 2]);
    assert!(queue.targets("unfollow", "done").is_superset(&done));
    // Loaded again, it sends nothing.
    queue.does(&[&["run"][..], &RUN].concat(), 3);
    assert_eq!(queue.requests(), 36);
}

#[test]
fn a_queue_of_the_sandbox_is_finished() {
    let queue = OldQueue::open("sandbox", Made::LongAgo);
    let done = queue.targets("unlike", "done");
    let words = ["resume", "--json", "--rate", "2000/2s", "--pace", "front-load", "--progress", "none"];
    let end = queue.command(&words).json();
    assert_eq!(end["jobs"][0]["pending"], 0, "{end}");
    assert_eq!(end["jobs"][0]["rows"], 30);
    assert!(queue.targets("unlike", "done").is_superset(&done));
}
