//! Logged out while a run is at work: nothing more is sent for that account, and the others go on.

use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::account::bench::{Bench, USER, ids};

const OTHER: &str = "43";

fn requests(bench: &Bench, user: &str) -> u64 {
    bench.sandbox.ledger().users.get(user).map_or(0, |user| user.requests)
}

/// Waits until a user has sent so many requests.
fn until(bench: &Bench, user: &str, wanted: u64) {
    let begun = Instant::now();
    while requests(bench, user) < wanted {
        assert!(begun.elapsed() < Duration::from_secs(90), "{user}: {} of {wanted}", requests(bench, user));
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn queue_for_two(bench: &Bench) {
    for (name, user) in [("ada", USER), ("bob", OTHER)] {
        bench.feed(&["account", "add", name, "--user-id", user], &format!("sandbox-{user}\n")).ends(0);
        let file = format!("{name}.csv");
        bench.write(&file, ids(120));
        bench.run(&["load", &file, "--action", "unmute", "--account", name]).ends(0);
    }
}

#[test]
fn a_logout_stops_that_accounts_requests_and_nobody_elses() {
    let bench = Bench::new();
    queue_for_two(&bench);
    // Ten a second for each.
    let words = ["resume", "--yes", "--json", "--rate", "600/m", "--pace", "even", "--progress", "none"];
    let run = bench.cleanup(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until(&bench, USER, 5);
    let out = bench.run(&["account", "logout", "ada"]).ends(0);
    assert!(
        out.err.contains("rows of ada are queued, in ada") && out.err.contains("stops sending for this account"),
        "{}",
        out.err
    );
    assert!(out.err.contains("cleanup account login ada"), "{}", out.err);
    // The other sends for some seconds: time enough to notice.
    until(&bench, OTHER, requests(&bench, OTHER) + 40);
    let noticed = requests(&bench, USER);
    until(&bench, OTHER, requests(&bench, OTHER) + 20);
    assert_eq!(requests(&bench, USER), noticed, "its tokens may be good still, and are not used");
    let done = crate::account::bench::Done::of(&run.wait_with_output().unwrap()).ends(77);
    let jobs = done.json()["jobs"].clone();
    let of = |name: &str| jobs.as_array().unwrap().iter().find(|job| job["job"] == name).unwrap().clone();
    assert_eq!((&of("bob")["done"], &of("bob")["pending"]), (&120.into(), &0.into()), "{jobs}");
    let ada = of("ada");
    assert!(ada["pending"].as_u64() > Some(0) && ada["failed"] == 0 && ada["rows"] == 120, "{jobs}");
    assert!(done.err.contains("ada needs you (login_needed): ada needs a login: it was logged out"), "{}", done.err);
    // Logged in again it goes on.
    bench.feed(&["account", "add", "ada", "--user-id", USER], &format!("sandbox-{USER}\n")).ends(0);
    let rest = ["resume", "--yes", "--rate", "6000/m", "--pace", "front-load"];
    bench.run(&rest).ends(0);
}

#[test]
fn a_logout_with_nothing_in_line_warns_of_nothing() {
    let bench = Bench::new();
    bench.feed(&["account", "add", "ada", "--user-id", USER], &format!("sandbox-{USER}\n")).ends(0);
    let out = bench.run(&["account", "logout", "ada"]).ends(0);
    assert!(!out.err.contains("queued"), "{}", out.err);
}
