//! A second account, or none: what a job has is not asked for again.

use crate::account::bench::{Bench, USER, ids};

const FAST: [&str; 5] = ["--yes", "--rate", "1000/m", "--pace", "front-load"];

fn add(bench: &Bench, name: &str, user: &str) {
    bench.feed(&["account", "add", name, "--user-id", user], &format!("sandbox-{user}\n")).ends(0);
}

fn run(bench: &Bench, more: &[&str]) -> crate::account::bench::Done {
    bench.run(&[&["run"], more, &FAST].concat())
}

fn requests(bench: &Bench, user: &str) -> u64 {
    bench.sandbox.ledger().users.get(user).map_or(0, |user| user.requests)
}

#[test]
fn a_job_that_exists_needs_no_account_however_many_there_are() {
    let bench = Bench::new();
    add(&bench, "ada", USER);
    bench.write("unmute.csv", ids(3));
    run(&bench, &["unmute.csv"]).ends(0);
    add(&bench, "bob", "43");
    // The same file, more rows of it, and again from the start: all of them ada's.
    run(&bench, &["unmute.csv"]).ends(0).says("the file is unchanged");
    bench.write("unmute.csv", ids(5));
    bench.run(&["load", "unmute.csv"]).ends(0).says("2 new");
    run(&bench, &["unmute.csv"]).ends(0);
    run(&bench, &["unmute.csv", "--again"]).ends(0);
    assert_eq!((requests(&bench, USER), requests(&bench, "43")), (10, 0));
    // Another account under its name is a mistake, which says whose the job is; a platform asked for is no other account's.
    run(&bench, &["unmute.csv", "--account", "bob"]).ends(2).says("for the account ada, not bob");
    run(&bench, &["unmute.csv", "--account", "ada"]).ends(0);
    run(&bench, &["unmute.csv", "--platform", "x-v2"]).ends(0);
    // A job that does not exist yet has to be told, and is told of whom there are.
    bench.write("unmute-more.csv", ids(2));
    let asked = run(&bench, &["unmute-more.csv", "--action", "unmute"]).ends(2);
    assert!(asked.err.contains("no account is named") && asked.err.contains("accounts: ada, bob"), "{}", asked.err);
    let named = ["unmute-more.csv", "--action", "unmute", "--account", "ada", "--platform", "x-v1"];
    let other = run(&bench, &named).ends(2);
    assert!(other.err.contains("ada is an account of x-v2, not of x-v1"), "{}", other.err);
    assert_eq!(requests(&bench, "43"), 0);
}

#[test]
fn the_environments_credentials_take_no_job_of_another_account() {
    let bench = Bench::new();
    add(&bench, "ada", USER);
    bench.write("unmute.csv", ids(3));
    bench.run(&["load", "unmute.csv"]).ends(0);
    let words = [&["run", "unmute.csv"], &FAST[..]].concat();
    bench.run_with(&words, &[("CLEANUP_X_TOKEN", "sandbox-43"), ("CLEANUP_X_USER_ID", "43")]).ends(0);
    assert_eq!((requests(&bench, USER), requests(&bench, "43")), (3, 0));
}

#[test]
fn a_schedule_goes_on_as_the_account_it_was_made_for() {
    let bench = Bench::new();
    add(&bench, "ada", USER);
    bench.write("unmute.csv", ids(3));
    let schedule =
        ["schedule", "add", "nightly", "--cron", "0 2 1 1 *", "--zone", "UTC", "--rate", "1000/m", "unmute.csv"];
    bench.run(&schedule).ends(0);
    let list = ["schedule", "add", "tidy", "--cron", "0 2 1 1 *", "--zone", "UTC", "--list", "mutes", "--limit", "2"];
    bench.run(&list).ends(0);
    for name in ["nightly", "tidy"] {
        bench.run(&["schedule", "run", name]).ends(0);
    }
    add(&bench, "bob", "43");
    bench.write("unmute.csv", ids(4));
    for name in ["nightly", "tidy"] {
        bench.run(&["schedule", "run", name]).ends(0);
    }
    assert_eq!(requests(&bench, "43"), 0);
}

#[test]
fn a_schedule_whose_first_night_is_to_come_stays_with_the_account_there_was() {
    let bench = Bench::new();
    add(&bench, "ada", USER);
    let schedule =
        ["schedule", "add", "nightly", "--cron", "0 2 1 1 *", "--zone", "UTC", "--rate", "1000/m", "unmute.csv"];
    bench.run(&schedule).ends(0);
    let list = ["schedule", "add", "tidy", "--cron", "0 2 1 1 *", "--zone", "UTC", "--list", "mutes", "--limit", "2"];
    bench.run(&list).ends(0);
    add(&bench, "bob", "43");
    bench.write("unmute.csv", ids(3));
    for name in ["nightly", "tidy"] {
        bench.run(&["schedule", "run", name]).ends(0);
    }
    assert_eq!(requests(&bench, "43"), 0);
    // With two accounts a new one has to say whose it is, and only somebody's.
    let more = ["--cron", "0 3 1 1 *", "--zone", "UTC", "--action", "unmute", "unmute.csv", "--job", "other"];
    let add = |more: &[&str]| bench.run(&[&["schedule", "add", "other"], more].concat());
    add(&more).ends(2).says("accounts: ada, bob");
    add(&[&more[..], &["--account", "nobody"]].concat()).ends(2).says("no account is called nobody");
    add(&[&more[..], &["--account", "bob"]].concat()).ends(0);
    bench.run(&["schedule", "run", "other"]).ends(0);
    assert_eq!(requests(&bench, "43"), 3);
}

#[test]
fn settled_jobs_need_nobody_who_is_logged_in() {
    let bench = Bench::new();
    bench.run(&["resume", "--yes"]).ends(0).says("there is no queue at");
    add(&bench, "ada", USER);
    bench.write("unmute.csv", "user_id\n1000000000000000007\n");
    bench.write("mixed.csv", "user_id\n1000000007919000008\nnobody at all\n");
    run(&bench, &["unmute.csv"]).ends(0);
    run(&bench, &["mixed.csv", "--action", "unmute"]).ends(3);
    bench.run(&["account", "logout", "ada"]).ends(0);
    // By the jobs' state, and no request is made to find out.
    let done = bench.run(&["resume", "--yes", "--json"]).ends(3);
    assert_eq!(done.json()["jobs"].as_array().map(Vec::len), Some(2));
    assert_eq!((&done.json()["stopped"], &done.json()["exit_code"]), (&"finished".into(), &3.into()));
    assert!(done.err.contains("nothing was left to do"), "{}", done.err);
    assert_eq!(bench.run(&["resume", "unmute", "--yes", "--json"]).ends(0).json()["jobs"][0]["done"], 1);
    assert_eq!(bench.run(&["resume", "unmute", "mixed", "--yes", "--json"]).ends(3).json()["jobs"][1]["rejected"], 1);
    // The same file again is the same; one that has more is not, and needs somebody.
    let done = run(&bench, &["unmute.csv", "--json"]).ends(0);
    assert!(done.err.contains("the file is unchanged") && done.json()["jobs"][0]["done"] == 1, "{}", done.err);
    run(&bench, &["mixed.csv", "--action", "unmute"]).ends(3);
    run(&bench, &["unmute.csv", "--again"]).ends(77);
    bench.write("unmute.csv", ids(2));
    run(&bench, &["unmute.csv"]).ends(77);
    // What is paused is sent for nobody either.
    bench.run(&["load", "unmute.csv"]).ends(0);
    bench.run(&["pause", "unmute"]).ends(0);
    let done = bench.run(&["resume", "--yes", "--json"]).ends(4);
    assert_eq!(done.json()["stopped"], "paused", "{}", done.err);
    bench.run(&["unpause", "unmute"]).ends(0);
    bench.run(&["resume", "--yes"]).ends(77);
}
