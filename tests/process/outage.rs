//! The program in an outage of the platform: killed in it, ended by its own deadline, and going on when it is over.

use rustix::process::Signal;

use crate::common::running::{Running, poll};
use crate::common::{Home, SandboxProcess, USER, ids};
use crate::process::support::{count, job};

const ROWS: u64 = 30;

fn run(home: &Home, sandbox: &SandboxProcess, more: &[&str]) -> Running {
    let args = ["run", "unfollow.csv", "--yes", "--json", "--progress", "none", "--pace", "front-load"];
    Running::start(home.against(sandbox, args.iter().chain(more)))
}

fn pending_and_failed(home: &Home, sandbox: &SandboxProcess) -> (u64, u64) {
    (count(home, sandbox, "unfollow", "pending"), count(home, sandbox, "unfollow", "failed"))
}

#[test]
fn a_program_that_is_killed_in_an_outage_again_and_again_fails_no_row() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", "1000/1s", "--faults", "none"]);
    home.write("unfollow.csv", ids(ROWS));
    sandbox.post(&format!("/sandbox/user/{USER}/outage"));
    for kill in 0..3 {
        let before = sandbox.requests();
        let running = run(&home, &sandbox, &["--rate", "1000/1s"]);
        poll("a request in vain", || (sandbox.requests() > before).then_some(()));
        running.signal(Signal::KILL);
        drop(running);
        assert!(job(&home, &sandbox, "unfollow").is_some());
        assert_eq!(pending_and_failed(&home, &sandbox), (ROWS, 0), "kill {kill}");
    }
    // Its own deadline ends it as always.
    let ended = run(&home, &sandbox, &["--rate", "1000/1s", "--for", "2s"]).wait();
    assert_eq!((ended.code(), &ended.json()["stopped"]), (4, &"deadline".into()), "{}", ended.talk);
    assert_eq!(pending_and_failed(&home, &sandbox), (ROWS, 0));
    // A 5xx is an answer: patience with nobody's answering has no part in it.
    sandbox.post(&format!("/sandbox/user/{USER}/restore"));
    let ended = run(&home, &sandbox, &["--rate", "1000/1s", "--give-up-after", "1s"]).wait();
    assert_eq!((ended.code(), &ended.json()["stopped"]), (0, &"finished".into()), "{}", ended.talk);
    assert_eq!(ended.json()["jobs"][0]["done"], ROWS, "{}", ended.talk);
}
