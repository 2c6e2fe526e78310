//! Sealed logins and names of old queues.

use crate::common::RunToEnd;
use crate::queues::old_queue::{Made, OldQueue};

#[test]
fn sealed_logins_open_with_their_keys() {
    for name in ["key-file", "passphrase"] {
        let queue = OldQueue::open(name, Made::LongAgo);
        let listed = queue.does(&["account", "list"], 0).out;
        assert!(["work", "other", "old"].iter().all(|account| listed.contains(account)), "{listed}");
        let rows = queue.targets("unfollow", "pending");
        queue.resume(&[], 0);
        assert_eq!(queue.effects(), rows, "{name}");
    }
}

#[test]
fn without_its_passphrase_nothing_is_sent() {
    let queue = OldQueue::open("passphrase", Made::LongAgo);
    let mut command = queue.home.cleanup(["resume", "--yes"]);
    command.env("CLEANUP_X_API", &queue.sandbox.url).env("CLEANUP_KEY", "another-passphrase-of-the-tests");
    let output = command.done();
    assert!(![0, 1].contains(&output.code), "{}", output.err);
    assert_eq!(queue.requests(), 0);
    assert_eq!(queue.count("unfollow", "pending"), 6);
}

#[test]
fn names_are_targets_where_the_platform_takes_them_and_ids_where_it_told_them() {
    let queue = OldQueue::open("names", Made::LongAgo);
    let settled = queue.targets("unfollow", "done").len();
    assert_eq!((settled, queue.count("unfollow", "pending"), queue.count("mute-list", "pending")), (2, 10, 6));
    queue.resume(&[], 0);
    assert_eq!((queue.count("unfollow", "done"), queue.count("mute-list", "done")), (12, 6));
    assert_eq!((queue.effects().len(), queue.effects_of("x-v1:78").len()), (10, 6));
}
