//! A limit that only answers tell of, and programs that come and go in the platform's window: killed, ended, started as a service.

use rustix::process::Signal;

use crate::common::running::{Running, poll};
use crate::common::{Home, RunToEnd, SandboxProcess, ids};
use crate::process::support::count;

/// What the platform takes of each action in an hour, where the program's own limit is 1,000 a second.
const LEAVES: u64 = 3;
const ROWS: u64 = 9;

fn narrow_platform(home: &Home) -> SandboxProcess {
    home.write("unfollow.csv", ids(ROWS));
    let hour = format!("{LEAVES}/1h");
    SandboxProcess::start(home, &["--limit", "1000/1s", "--endpoint-limit", &hour, "--faults", "none"])
}

fn run(home: &Home, sandbox: &SandboxProcess, more: &[&str]) -> Running {
    let args =
        ["run", "unfollow.csv", "--yes", "--json", "--progress", "none", "--pace", "front-load", "--rate", "1000/1s"];
    Running::start(home.against(sandbox, args.iter().chain(more)))
}

#[test]
fn a_program_that_was_killed_after_it_was_told_a_limit_asks_for_no_more_when_it_is_back() {
    let home = Home::new();
    let sandbox = narrow_platform(&home);
    let running = run(&home, &sandbox, &[]);
    poll("its rows", || (count(&home, &sandbox, "unfollow", "done") == LEAVES).then_some(()));
    running.signal(Signal::KILL);
    drop(running);
    let status = home.against(&sandbox, ["status", "--json"]).done().json();
    let told = &status["accounts"][0]["allowances"][0];
    assert_eq!((&told["remaining"], told["until"].is_string()), (&0.into(), true), "{status}");
    for round in 0..2 {
        let ended = run(&home, &sandbox, &["--for", "1s"]).wait();
        assert_eq!((ended.code(), &ended.json()["stopped"]), (4, &"deadline".into()), "{round}: {}", ended.talk);
        assert_eq!(sandbox.requests(), LEAVES, "{round}: {}", ended.talk);
    }
    let user = sandbox.ledger();
    assert_eq!(user.earned_429, 0, "{user:?}");
}

#[test]
fn a_service_that_takes_the_job_up_keeps_to_what_a_run_was_told() {
    let home = Home::new();
    let sandbox = narrow_platform(&home);
    let ended = run(&home, &sandbox, &["--for", "5s"]).wait();
    assert_eq!((ended.code(), sandbox.requests()), (4, LEAVES), "{}", ended.talk);
    // Work of another endpoint shows that the service has been through the queue.
    home.write("unmute.csv", ids(2));
    home.against(&sandbox, ["load", "unmute.csv", "--action", "unmute"]).done().ends(0);
    let service =
        Running::start(home.against(&sandbox, ["serve", "--yes", "--listen", "127.0.0.1:0", "--pace", "front-load"]));
    poll("the other job", || (count(&home, &sandbox, "unmute", "done") == 2).then_some(()));
    service.signal(Signal::TERM);
    let ended = service.wait();
    assert_eq!(
        (sandbox.requests(), count(&home, &sandbox, "unfollow", "pending")),
        (LEAVES + 2, ROWS - LEAVES),
        "{}",
        ended.talk
    );
}
