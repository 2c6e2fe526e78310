//! Runs with logins: what is said before the first request, and what happens after.

use crate::bench::{Bench, USER, ids};

#[test]
fn a_login_runs_a_job_to_its_end() {
    let bench = Bench::new();
    bench.log_in("work", USER, "unmute").ends(0);
    bench.write("mutes.csv", &ids(5));
    let run = ["run", "mutes.csv", "--action", "unmute", "--yes", "--rate", "1000/m", "--pace", "front-load"];
    let done = bench.run(&run).ends(0);
    assert!(!done.err.contains("warning: work"), "{}", done.err);
    // Its history keeps its name; its login goes.
    bench.run(&["account", "remove", "work"]).ends(0).says("its name stays");
    bench.run(&["account", "check"]).ends(77);
    bench.log_in("work", USER, "unmute").ends(0);
    bench.run(&["doctor"]).ends(0);
}

#[test]
fn what_will_go_wrong_is_said_first() {
    let bench = Bench::new();
    bench.log_in("work", USER, "unmute").ends(0);
    bench.write("likes.csv", &ids(3));
    let load = ["load", "likes.csv", "--action", "unlike", "--account", "work", "--column", "user_id"];
    let loaded = bench.run(&load).ends(0);
    assert!(!loaded.err.contains("like.write"), "loading asks nobody: {}", loaded.err);
    let before = bench.sandbox.ledger();
    let check = bench.run(&["account", "check", "work"]).ends(77).says("like.write").says("Enterprise");
    assert!(check.err.is_empty() || !check.err.contains("error"), "{}", check.err);
    assert_eq!(
        format!("{:?}", bench.sandbox.ledger().users.values().map(|u| u.clone()).count()),
        format!("{:?}", before.users.len().max(1)),
        "nothing is written"
    );
    bench.run(&["resume", "--yes"]).says("was not granted like.write");
    // Removing it leaves rows behind.
    bench.log_in("other", "43", "unlike").ends(0);
    bench.write("more.csv", &ids(3));
    bench.run(&["load", "more.csv", "--action", "unlike", "--account", "other", "--column", "user_id"]).ends(0);
    bench.run(&["account", "remove", "other"]).ends(2).says("3 rows in line, in more");
    bench.run(&["account", "remove", "other", "--yes"]).ends(0).says("its name stays");
    let done = bench.run(&["resume", "more", "--yes"]).ends(77);
    assert!(
        done.err.contains("other has no credentials") && done.err.contains("cleanup account login other"),
        "{}",
        done.err
    );
}

#[test]
fn short_tokens_are_refreshed_and_the_old_ones_used_once() {
    let bench = Bench::with(2);
    bench.log_in("work", USER, "unmute").ends(0);
    bench.write("mutes.csv", &ids(150));
    let run = ["run", "mutes.csv", "--action", "unmute", "--yes", "--rate", "50/s", "--pace", "even"];
    bench.run(&run).ends(0);
    let ledger = bench.sandbox.oauth_ledger();
    assert!(ledger.refreshed >= 1 && ledger.reused == 0 && ledger.most_arrivals == 1, "{ledger:?}");
}
