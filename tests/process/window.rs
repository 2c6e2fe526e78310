//! The window end to end, by the sandbox's count; and bounds of a run, nights, and what the command line says of them.

use std::time::{Duration, Instant};

use crate::common::running::{Running, poll};
use crate::common::{Done, Home, RunToEnd, SandboxProcess, ids};

#[test]
fn exactly_fifty_leave_in_the_first_window() {
    for pace in ["front-load", "even"] {
        let home = Home::new();
        let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
        home.write("unfollow.csv", ids(60));
        let mut command = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", "50/15s"]);
        command.args(["--pace", pace, "--progress", "none"]);
        let running = Running::start(command);
        poll("the first request", || (sandbox.requests() > 0).then_some(()));
        let first_seen = Instant::now();
        // The first was seen a little after it was sent, so this ends well before its window does.
        while first_seen.elapsed() < Duration::from_secs(12) {
            let count = sandbox.requests();
            assert!(first_seen.elapsed() > Duration::from_secs(12) || count <= 50, "{pace}: {count}");
            std::thread::sleep(Duration::from_millis(200));
        }
        let ended = running.wait();
        assert_eq!((ended.code(), &ended.json()["requests"]), (0, &60.into()), "{pace}: {}", ended.talk);
        let ledger = sandbox.ledger();
        assert_eq!(ledger.earned_429, 0, "{pace}: {ledger:?}");
        assert!(ledger.max_in_window <= 50, "{pace}: {ledger:?}");
        // Even pace sends the fiftieth 14.1 s after the first: a machine that stalls for a second sends it a little later.
        let least = if pace == "even" { 45 } else { 50 };
        assert!(ledger.max_in_window >= least, "{pace}: {ledger:?}");
    }
}

fn run(home: &Home, sandbox: &SandboxProcess, more: &[&str]) -> Done {
    let args = ["run", "unfollow.csv", "--yes", "--json", "--progress", "none", "--pace", "front-load"];
    home.against(sandbox, args.iter().chain(more)).done()
}

#[test]
fn bounds_of_a_run_stop_it_with_work_left() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", "5/15m", "--faults", "none"]);
    home.write("unfollow.csv", ids(20));
    let rate = ["--rate", "5/15m"];

    let output = run(&home, &sandbox, &[&rate[..], &["--max-requests", "2"]].concat());
    let end = output.summary();
    assert_eq!((output.code, &end["stopped"], &end["requests"]), (4, &"requests".into(), &2.into()), "{end}");
    assert!(output.err.contains("18 left (--max-requests is used up)"), "{}", output.err);

    let output = run(&home, &sandbox, &[&rate[..], &["--max-spend", "0.01"]].concat());
    let end = output.summary();
    assert_eq!((output.code, &end["stopped"], &end["requests"]), (4, &"spend".into(), &1.into()), "{end}");
    assert_eq!(end["spent_usd"], 0.01, "{end}");
    assert!(output.err.contains("1 request in"), "{}", output.err);

    let output = run(&home, &sandbox, &[&rate[..], &["--max-requests", "2"]].concat());
    assert_eq!(output.summary()["requests"], 2, "{}", output.err);

    // The window is full for a quarter of an hour: nobody waits for a deadline that comes before the next slot.
    let began = Instant::now();
    for bound in [["--for", "5m"], ["--for", "3s"]] {
        let output = run(&home, &sandbox, &[&rate[..], &bound].concat());
        let end = output.summary();
        assert_eq!((output.code, &end["stopped"], &end["requests"]), (4, &"deadline".into(), &0.into()), "{end}");
        assert!(end["next_slot_at"].is_string(), "{end}");
        assert!(output.err.contains("next slot at"), "{}", output.err);
    }
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    assert_eq!(sandbox.ledger().max_in_window, 5);
}

#[test]
fn nights_of_the_same_file() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", "100/1s", "--faults", "none"]);
    home.write("unfollow.csv", ids(10));
    let rate = ["--rate", "100/1s"];
    run(&home, &sandbox, &rate).ends(0);

    let same = run(&home, &sandbox, &rate);
    let end = same.summary();
    assert_eq!((same.code, &end["stopped"], &end["requests"]), (0, &"finished".into(), &0.into()), "{end}");
    assert!(same.err.contains("unchanged") && same.err.contains("--again"), "{}", same.err);

    // There is nothing to cancel in a finished job, and it must not be deaf to the next night's rows.
    let cancel = home.against(&sandbox, ["cancel", "unfollow"]).done();
    assert_eq!(cancel.code, 0);
    assert!(cancel.err.contains("nothing to cancel"), "{}", cancel.err);
    home.write("unfollow.csv", ids(14));
    let grown = run(&home, &sandbox, &rate);
    let end = grown.summary();
    assert_eq!((grown.code, &end["requests"], &end["jobs"][0]["done"]), (0, &4.into(), &14.into()), "{end}");
    assert!(grown.err.contains("4 new"), "{}", grown.err);
    assert_eq!(sandbox.ledger().repeats, 0);

    let again = run(&home, &sandbox, &[&rate[..], &["--again"]].concat());
    let end = again.summary();
    assert_eq!((again.code, &end["requests"], &end["jobs"][0]["rows"]), (0, &14.into(), &14.into()), "{end}");
    let old = home.against(&sandbox, ["report", "unfollow", "--round", "1"]).done();
    assert_eq!((old.code, old.out.lines().count()), (0, 15), "old receipts are kept");
}
