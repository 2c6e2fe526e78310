//! `cleanup db` where there is no server: what it refuses, and what it leaves as it was.

use crate::common::Home;

#[test]
fn a_queue_is_not_moved_from_a_file_into_a_file() {
    let home = Home::new();
    home.write("unfollow.csv", "target_id\n1000000000000000007\n");
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    let done = home.run(&["db", "move", "other.db", "--sandbox"]).ends(2);
    assert!(done.err.contains("moving its file"), "{}", done.err);
    assert!(!home.path("other.db").exists());
    home.run(&["status", "--sandbox"]).ends(0);
}

#[test]
fn what_is_no_queue_is_not_moved() {
    let home = Home::new();
    let done = home.run(&["db", "move", "mysql://ada@db.example/q"]).ends(2);
    assert!(done.err.contains("postgres://"), "{}", done.err);
    home.run(&["db", "migrate", "--sandbox"]).ends(0);
    home.run(&["status", "--sandbox"]).ends(0);
}
