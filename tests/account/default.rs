//! The account that acts where neither the command nor the file names one.

use crate::account::bench::{Bench, USER, ids};

const FAST: [&str; 5] = ["--yes", "--rate", "1000/m", "--pace", "front-load"];

fn two() -> Bench {
    let bench = Bench::new();
    for (name, user) in [("ada", USER), ("bob", "43")] {
        bench.feed(&["account", "add", name, "--user-id", user], &format!("sandbox-{user}\n")).ends(0);
    }
    bench
}

fn requests(bench: &Bench, user: &str) -> u64 {
    bench.sandbox.ledger().users.get(user).map_or(0, |user| user.requests)
}

#[test]
fn the_default_acts_where_nobody_is_named() {
    let bench = two();
    bench.write("unmute.csv", ids(2));
    bench.write("unmute-more.csv", ids(3));
    let run = |more: &[&str]| bench.run(&[&["run"], more, &FAST].concat());
    run(&["unmute.csv"]).ends(2).says("cleanup account default NAME");
    bench.run(&["list", "mutes"]).ends(2).says("cleanup account default NAME");
    bench.run(&["account", "default"]).ends(0).says("there is no default account");
    bench.run(&["account", "default", "carl"]).ends(2).says("accounts: ada, bob");

    bench.run(&["account", "default", "bob"]).ends(0).says("bob is the default account");
    assert_eq!(bench.run(&["account", "default"]).ends(0).out, "bob\n");
    bench.run(&["check", "unmute.csv"]).ends(0).says("as bob");
    run(&["unmute.csv"]).ends(0);
    assert_eq!((requests(&bench, USER), requests(&bench, "43")), (0, 2));
    bench.run(&["list", "mutes", "--limit", "1"]).ends(0).says("bob");

    // A job keeps its account, whatever the default is by then; a new one takes the new default.
    bench.run(&["account", "default", "ada"]).ends(0);
    run(&["unmute.csv", "--again"]).ends(0);
    assert_eq!((requests(&bench, USER), requests(&bench, "43") >= 4), (0, true));
    run(&["unmute-more.csv", "--action", "unmute"]).ends(0);
    assert_eq!(requests(&bench, USER), 3);
    // Whoever is named goes before it.
    bench.write("third.csv", ids(1));
    let before = requests(&bench, "43");
    run(&["third.csv", "--action", "unmute", "--account", "bob"]).ends(0);
    assert_eq!((requests(&bench, USER), requests(&bench, "43")), (3, before + 1));
    run(&["third.csv", "--job", "v1", "--action", "unmute", "--platform", "x-v1"]).ends(2);
}

#[test]
fn lists_doctor_and_the_environment_tell_of_it() {
    let bench = two();
    bench.run(&["account", "default", "bob"]).ends(0);
    let listed = bench.run(&["account", "list"]).ends(0);
    let line = listed.out.lines().find(|line| line.starts_with("bob")).unwrap();
    assert!(line.ends_with("default; good"), "{line}");
    let json = bench.run(&["account", "list", "--json"]).ends(0).json();
    assert_eq!((&json["accounts"][0]["default"], &json["accounts"][1]["default"]), (&false.into(), &true.into()));
    bench.run(&["doctor"]).ends(0).says("bob acts where neither the command nor the file names an account");
    // A token of the environment is nearer than what is stored, and says so.
    let variables = [("CLEANUP_X_TOKEN", "sandbox-2244994945"), ("CLEANUP_X_USER_ID", USER)];
    let told = bench.run_with(&["account", "default"], &variables).ends(0).says("CLEANUP_X_TOKEN is set");
    assert_eq!(told.out, "ada\n");
    bench.run_with(&["account", "default", "bob"], &variables).ends(0).says("not at the moment: ada acts");
    bench.write("unmute.csv", ids(1));
    bench.run_with(&["load", "unmute.csv"], &variables).ends(0);
    let job = bench.run(&["explain", "1000000000000000007"]).ends(0);
    assert!(job.out.contains("by account ada"), "{}", job.out);
    let same = bench.run_with(&["account", "default", "ada"], &variables).ends(0);
    assert!(!same.err.contains("not at the moment"), "{}", same.err);
    // Whose a token is may not be known yet; it goes before the default all the same, so a load names nobody in its place.
    let token = [("CLEANUP_X_TOKEN", "sandbox-43")];
    bench.write("later.csv", ids(1));
    bench.run_with(&["load", "later.csv", "--action", "unmute"], &token).ends(2).says("CLEANUP_X_USER_ID");
    let (ada, bob) = (requests(&bench, USER), requests(&bench, "43"));
    bench.run_with(&[&["run", "later.csv", "--action", "unmute"], &FAST[..]].concat(), &token).ends(0);
    assert_eq!((requests(&bench, USER), requests(&bench, "43") > bob), (ada, true));
}

#[test]
fn whoever_is_removed_is_not_the_default_any_more() {
    let bench = two();
    bench.run(&["account", "default", "bob"]).ends(0);
    bench.write("unmute.csv", ids(1));
    bench.run(&[&["run", "unmute.csv"], &FAST[..]].concat()).ends(0);
    // Its name stays for its job, and acts for nobody.
    bench.run(&["account", "remove", "bob"]).ends(0).says("it was the default account");
    let json = bench.run(&["account", "list", "--json"]).ends(0).json();
    assert_eq!((&json["accounts"][1]["name"], &json["accounts"][1]["default"]), (&"bob".into(), &false.into()));
    bench.run(&["account", "default"]).ends(0).says("there is no default account");
    bench.run(&["account", "default", "bob"]).ends(0).says("cleanup account login bob");
    bench.run(&["account", "default", "--none"]).ends(0);
    bench.run(&["account", "default"]).ends(0).says("there is no default account");
}

#[test]
fn a_schedule_is_made_for_the_default_and_keeps_it() {
    let bench = two();
    bench.write("unmute.csv", ids(2));
    let add = ["schedule", "add", "nightly", "--cron", "0 2 1 1 *", "--zone", "UTC", "--rate", "1000/m", "unmute.csv"];
    bench.run(&add).ends(2);
    bench.run(&["account", "default", "bob"]).ends(0);
    bench.run(&add).ends(0);
    bench.run(&["account", "default", "ada"]).ends(0);
    bench.run(&["schedule", "run", "nightly"]).ends(0);
    assert_eq!((requests(&bench, USER), requests(&bench, "43")), (0, 2));
}
