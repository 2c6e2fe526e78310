//! A second process beside one that drains.

use crate::common::running::{Running, poll};
use crate::common::{Home, RunToEnd, SandboxProcess, ids};
use crate::process::support::{count, job, other_ids};

const LIMIT: &str = "30/1s";

fn sandbox(home: &Home) -> SandboxProcess {
    SandboxProcess::start(home, &["--limit", LIMIT, "--faults", "none", "--latency", "20ms"])
}

fn resume_at(home: &Home, sandbox: &SandboxProcess, rate: &str) -> Running {
    Running::start(home.against(sandbox, ["resume", "--yes", "--json", "--rate", rate, "--progress", "none"]))
}

fn resume(home: &Home, sandbox: &SandboxProcess) -> Running {
    resume_at(home, sandbox, LIMIT)
}

fn does(home: &Home, sandbox: &SandboxProcess, args: &[&str]) -> String {
    let output = home.against(sandbox, args).done();
    assert_eq!(output.code, 0, "{args:?}: {}", output.err);
    output.out + &output.err
}

#[test]
fn only_one_drains_and_everybody_may_look_load_and_steer() {
    let home = Home::new();
    let sandbox = sandbox(&home);
    home.write("unfollow.csv", ids(400));
    home.write("second.csv", other_ids(20));
    does(&home, &sandbox, &["load", "unfollow.csv"]);
    // Slow enough for all that happens meanwhile, on any machine.
    let drainer = resume_at(&home, &sandbox, "10/1s");
    poll("the first requests", || (sandbox.requests() > 3).then_some(()));

    for args in [&["run", "second.csv", "--action", "unfollow"][..], &["resume"]] {
        let args = [args, &["--yes", "--json"]].concat();
        let output = home.against(&sandbox, &args).done();
        assert_eq!(output.code, 75, "{args:?}: {}", output.err);
        let end = output.summary();
        assert_eq!((&end["stopped"], &end["error"]["kind"]), (&"error".into(), &"busy".into()), "{end}");
        assert_eq!(end["exit_code"], 75, "{end}");
        assert!(output.err.contains("nothing was loaded"), "{}", output.err);
        let holder = format!("(PID {} on ", drainer.child.id());
        assert!(output.err.contains(&holder) && output.err.contains(", since 20"), "{}", output.err);
        assert!(end["error"]["message"].as_str().unwrap().contains(&holder), "{end}");
    }
    assert!(job(&home, &sandbox, "second").is_none(), "nothing is loaded by who may not drain");

    does(&home, &sandbox, &["load", "second.csv", "--action", "unfollow"]);
    let first = "1000000000000000007";
    assert!(does(&home, &sandbox, &["explain", first]).contains("done"));
    assert!(does(&home, &sandbox, &["report", "unfollow"]).contains(first));
    does(&home, &sandbox, &["retry", "unfollow"]);
    does(&home, &sandbox, &["audit", "--rate", LIMIT]);
    does(&home, &sandbox, &["check", "second.csv", "--action", "unfollow"]);

    does(&home, &sandbox, &["pause", "unfollow"]);
    poll("the job that was loaded meanwhile", || (count(&home, &sandbox, "second", "pending") == 0).then_some(()));
    let paused_at = count(&home, &sandbox, "unfollow", "done");
    assert!(paused_at < 400, "{paused_at}");
    // The drainer may have ended for want of anything but the paused job; then somebody begins anew.
    does(&home, &sandbox, &["unpause", "unfollow"]);
    let ended = drainer.wait();
    let end = ended.json();
    if ended.code() == 4 {
        assert_eq!(end["stopped"], "paused", "{end}");
        assert_eq!(resume(&home, &sandbox).wait().code(), 0);
    } else {
        assert_eq!((ended.code(), &end["stopped"]), (0, &"finished".into()), "{end}");
    }
    assert_eq!(sandbox.effects().len(), 420);
    assert_eq!(sandbox.ledger().repeats, 0);
}

#[test]
fn pause_and_cancel_are_heeded_within_two_seconds_and_the_other_job_goes_on() {
    let home = Home::new();
    let sandbox = sandbox(&home);
    home.write("paused.csv", ids(2000));
    home.write("cancelled.csv", other_ids(2000));
    does(&home, &sandbox, &["load", "paused.csv", "cancelled.csv", "--action", "unfollow"]);
    let drainer = resume(&home, &sandbox);
    poll("the first requests", || (count(&home, &sandbox, "paused", "done") > 3).then_some(()));

    does(&home, &sandbox, &["pause", "paused"]);
    // About two seconds is the promise; afterwards nothing may move.
    std::thread::sleep(std::time::Duration::from_secs(3));
    let done = count(&home, &sandbox, "paused", "done");
    let other = count(&home, &sandbox, "cancelled", "done");
    poll("the other job", || (count(&home, &sandbox, "cancelled", "done") > other + 30).then_some(()));
    assert_eq!(count(&home, &sandbox, "paused", "done"), done, "a paused job sends nothing");

    does(&home, &sandbox, &["unpause", "paused"]);
    poll("the job to go on", || (count(&home, &sandbox, "paused", "done") > done).then_some(()));

    let said = does(&home, &sandbox, &["cancel", "cancelled"]);
    assert!(said.contains("is cancelled"), "{said}");
    std::thread::sleep(std::time::Duration::from_secs(3));
    let (cancelled, before) = (count(&home, &sandbox, "cancelled", "done"), count(&home, &sandbox, "paused", "done"));
    poll("the first job", || (count(&home, &sandbox, "paused", "done") > before + 30).then_some(()));
    let state = job(&home, &sandbox, "cancelled").unwrap();
    assert_eq!(state["done"], cancelled, "a cancelled job sends nothing");
    assert_eq!(state["cancelled"].as_u64().unwrap() + cancelled, 2000, "{state}");

    does(&home, &sandbox, &["cancel", "paused"]);
    let ended = drainer.wait();
    let end = ended.json();
    assert_eq!(ended.code(), 0, "{end}");
    let settled = end["jobs"].as_array().unwrap().iter().map(|job| job["done"].as_u64().unwrap()).sum::<u64>();
    assert_eq!(sandbox.effects().len() as u64, settled, "what was in flight ended as it ended: {end}");
}

#[test]
fn after_kill_9_the_next_run_goes_on_at_once() {
    let home = Home::new();
    let sandbox = sandbox(&home);
    home.write("unfollow.csv", ids(60));
    let args = ["run", "unfollow.csv", "--yes", "--json", "--rate", LIMIT, "--progress", "none"];
    let mut first = Running::start(home.against(&sandbox, args));
    poll("the first requests", || (sandbox.requests() > 3).then_some(()));
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let next = home.against(&sandbox, args).done();
    assert_eq!(next.code, 0, "no lock is left behind: {}", next.err);
    assert_eq!(next.summary()["jobs"][0]["done"], 60);
    assert!(sandbox.ledger().max_in_window <= 30, "{:?}", sandbox.ledger());
}

#[test]
fn a_drainer_whose_lock_was_removed_yields_to_the_next() {
    let home = Home::new();
    let sandbox = sandbox(&home);
    home.write("unfollow.csv", ids(200));
    does(&home, &sandbox, &["load", "unfollow.csv"]);
    let first = resume(&home, &sandbox);
    poll("the first requests", || (sandbox.requests() > 3).then_some(()));
    std::fs::remove_file(home.path(".local/share/cleanup/queue.db.drain.lock")).unwrap();
    let second = resume(&home, &sandbox);
    let first = first.wait();
    let end = first.json();
    assert_eq!((first.code(), &end["error"]["kind"]), (75, &"busy".into()), "{end}");
    assert_eq!(end["jobs"][0]["rows"], 200, "what is known is told: {end}");
    assert!(end["requests"].as_u64().unwrap() > 0, "{end}");
    let second = second.wait();
    assert_eq!((second.code(), &second.json()["jobs"][0]["done"]), (0, &200.into()), "{}", second.talk);
    let ledger = sandbox.ledger();
    assert!(ledger.max_in_window <= 30, "{ledger:?}");
    assert_eq!((ledger.earned_429, sandbox.effects().len()), (0, 200), "{ledger:?}");
}

#[test]
fn two_loads_of_one_job_at_once_are_one_load() {
    let home = Home::new();
    let sandbox = sandbox(&home);
    home.write("unfollow.csv", ids(20_000));
    let load = || Running::start(home.against(&sandbox, ["load", "unfollow.csv"]));
    let both = [load(), load()].map(Running::wait);
    for ended in &both {
        // Whoever comes second finds the file loaded, or hears that somebody else was at it.
        assert!([0, 75].contains(&ended.code()), "{}", ended.talk);
    }
    assert!(both.iter().any(|ended| ended.code() == 0), "{}\n{}", both[0].talk, both[1].talk);
    let state = job(&home, &sandbox, "unfollow").unwrap();
    assert_eq!((&state["rows"], &state["pending"], &state["duplicate"]), (&20_000.into(), &20_000.into(), &0.into()));
    assert!(does(&home, &sandbox, &["load", "unfollow.csv"]).contains("unchanged"));
}

/// SQLite does not wait for its turn while a queue is being made: one round in twenty met it.
#[test]
fn first_commands_that_come_together_make_one_queue() {
    for round in 0..30 {
        let home = Home::new();
        let all: Vec<_> = (0..8)
            .map(|n| {
                home.write(&format!("list{n}.csv"), ids(1));
                let mut command = home.cleanup(["load", &format!("list{n}.csv"), "--action", "unmute"]);
                command.env("CLEANUP_X_TOKEN", "t").env("CLEANUP_X_USER_ID", "77");
                Running::start(command)
            })
            .collect();
        for ended in all.into_iter().map(Running::wait) {
            assert_eq!(ended.code(), 0, "round {round}: {}", ended.talk);
        }
        let jobs = home.cleanup(["status", "--json"]).done().json();
        assert_eq!(jobs["jobs"].as_array().unwrap().len(), 8, "round {round}: {jobs}");
    }
}
