//! The window end to end, by the sandbox's count; and bounds of a run, nights, and what the command line says of them.

use std::time::{Duration, Instant};

use crate::common::{Home, SandboxProcess, code, ids, stderr};
use crate::process::support::{Running, poll, requests, summary};

#[test]
fn exactly_fifty_leave_in_the_first_window() {
    for pace in ["front-load", "even"] {
        let home = Home::new();
        let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
        home.write("unfollow.csv", ids(60));
        let mut command = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", "50/15s"]);
        command.args(["--pace", pace, "--progress", "none"]);
        let running = Running::start(command);
        poll("the first request", || (requests(&sandbox) > 0).then_some(()));
        let first_seen = Instant::now();
        // The first was seen a little after it was sent, so this ends well before its window does.
        while first_seen.elapsed() < Duration::from_secs(12) {
            let count = requests(&sandbox);
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

fn run(home: &Home, sandbox: &SandboxProcess, more: &[&str]) -> std::process::Output {
    let args = ["run", "unfollow.csv", "--yes", "--json", "--progress", "none", "--pace", "front-load"];
    home.against(sandbox, args.iter().chain(more)).output().unwrap()
}

#[test]
fn bounds_of_a_run_stop_it_with_work_left() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", "5/15m", "--faults", "none"]);
    home.write("unfollow.csv", ids(20));
    let rate = ["--rate", "5/15m"];

    let output = run(&home, &sandbox, &[&rate[..], &["--max-requests", "2"]].concat());
    let end = summary(&output);
    assert_eq!((code(&output), &end["stopped"], &end["requests"]), (4, &"requests".into(), &2.into()), "{end}");
    assert!(stderr(&output).contains("18 left (--max-requests is used up)"), "{}", stderr(&output));

    let output = run(&home, &sandbox, &[&rate[..], &["--max-spend", "0.01"]].concat());
    let end = summary(&output);
    assert_eq!((code(&output), &end["stopped"], &end["requests"]), (4, &"spend".into(), &1.into()), "{end}");
    assert_eq!(end["spent_usd"], 0.01, "{end}");
    assert!(stderr(&output).contains("1 request in"), "{}", stderr(&output));

    let output = run(&home, &sandbox, &[&rate[..], &["--max-requests", "2"]].concat());
    assert_eq!(summary(&output)["requests"], 2, "{}", stderr(&output));

    // The window is full for a quarter of an hour: nobody waits for a deadline that comes before the next slot.
    let began = Instant::now();
    for bound in [["--for", "5m"], ["--for", "3s"]] {
        let output = run(&home, &sandbox, &[&rate[..], &bound].concat());
        let end = summary(&output);
        assert_eq!((code(&output), &end["stopped"], &end["requests"]), (4, &"deadline".into(), &0.into()), "{end}");
        assert!(end["next_slot_at"].is_string(), "{end}");
        assert!(stderr(&output).contains("next slot at"), "{}", stderr(&output));
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
    assert_eq!(code(&run(&home, &sandbox, &rate)), 0);

    let same = run(&home, &sandbox, &rate);
    let end = summary(&same);
    assert_eq!((code(&same), &end["stopped"], &end["requests"]), (0, &"finished".into(), &0.into()), "{end}");
    assert!(stderr(&same).contains("unchanged") && stderr(&same).contains("--again"), "{}", stderr(&same));

    // There is nothing to cancel in a finished job, and it must not be deaf to the next night's rows.
    let cancel = home.against(&sandbox, ["cancel", "unfollow"]).output().unwrap();
    assert_eq!(code(&cancel), 0);
    assert!(stderr(&cancel).contains("nothing to cancel"), "{}", stderr(&cancel));
    home.write("unfollow.csv", ids(14));
    let grown = run(&home, &sandbox, &rate);
    let end = summary(&grown);
    assert_eq!((code(&grown), &end["requests"], &end["jobs"][0]["done"]), (0, &4.into(), &14.into()), "{end}");
    assert!(stderr(&grown).contains("4 new"), "{}", stderr(&grown));
    assert_eq!(sandbox.ledger().repeats, 0);

    let again = run(&home, &sandbox, &[&rate[..], &["--again"]].concat());
    let end = summary(&again);
    assert_eq!((code(&again), &end["requests"], &end["jobs"][0]["rows"]), (0, &14.into(), &14.into()), "{end}");
    let old = home.against(&sandbox, ["report", "unfollow", "--round", "1"]).output().unwrap();
    assert_eq!(
        (code(&old), old.stdout.iter().filter(|byte| **byte == b'\n').count()),
        (0, 15),
        "old receipts are kept"
    );
}
