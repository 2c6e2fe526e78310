//! SIGINT, SIGTERM and SIGHUP: ask, insist, mean it. And SIGSTOP, which nobody can refuse.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::common::running::{Running, poll};
use crate::common::{Home, RunToEnd, SandboxProcess, ids, sql};
use crate::process::support::job;

fn run(home: &Home, sandbox: &SandboxProcess, rate: &str) -> std::process::Command {
    let mut command = home.against(sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", rate]);
    command.args(["--pace", "front-load", "--progress", "none", "--workers", "8"]);
    command
}

#[test]
fn the_first_signal_waits_saves_and_says_how_to_go_on() {
    for (signal, exit, name) in
        [(Signal::INT, 130, "SIGINT"), (Signal::TERM, 143, "SIGTERM"), (Signal::HUP, 129, "SIGHUP")]
    {
        let home = Home::new();
        let sandbox = SandboxProcess::start(&home, &["--limit", "20/1s", "--faults", "none", "--latency", "150ms"]);
        home.write("unfollow.csv", ids(60));
        let running = Running::start(run(&home, &sandbox, "20/1s"));
        poll("requests in flight", || (sandbox.requests() > 10).then_some(()));
        running.signal(signal);
        let ended = running.wait();
        let end = ended.json();
        assert_eq!((ended.code(), &end["stopped"]), (exit, &"interrupted".into()), "{name}: {end}");
        assert!(ended.talk.contains(&format!("stopped by {name}; progress is saved")), "{}", ended.talk);
        assert!(ended.talk.contains("continue with `cleanup resume unfollow`"), "{}", ended.talk);
        let (done, pending) = (end["jobs"][0]["done"].as_u64().unwrap(), end["jobs"][0]["pending"].as_u64().unwrap());
        assert!(done > 0 && pending > 0 && done + pending == 60, "{end}");
        assert_eq!(sandbox.effects().len() as u64, done, "what was in flight was waited for");
        let last = run(&home, &sandbox, "20/1s").done();
        assert_eq!(last.code, 0, "{name}: {}", last.err);
        let ledger = sandbox.ledger();
        assert_eq!((ledger.repeats, ledger.earned_429, ledger.effects), (0, 0, 60), "{name}: {ledger:?}");
        assert!(ledger.max_in_window <= 20, "{name}: {ledger:?}");
    }
}

/// Answers take 20 s: whoever waits for them waits longer than these tests allow.
fn slow() -> (Home, SandboxProcess, Running) {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", "20/1s", "--faults", "none", "--latency", "20s"]);
    home.write("unfollow.csv", ids(30));
    let mut running = Running::start(run(&home, &sandbox, "20/1s"));
    poll("requests in flight", || (sandbox.requests() >= 1).then_some(()));
    running.signal(Signal::INT);
    running.hears("SIGINT: waiting up to 10 s for requests in flight");
    assert!(running.is_running(), "the first signal waits");
    (home, sandbox, running)
}

#[test]
fn the_second_signal_does_not_wait_and_saves() {
    let (home, sandbox, running) = slow();
    let second = Instant::now();
    running.signal(Signal::TERM);
    let ended = running.wait();
    // Waiting would have taken the rest of the ten seconds.
    assert!(second.elapsed() < Duration::from_secs(8), "{:?}", second.elapsed());
    let end = ended.json();
    assert_eq!((ended.code(), &end["stopped"]), (130, &"interrupted".into()), "the first signal names the end: {end}");
    assert!(ended.talk.contains("SIGTERM: not waiting"), "{}", ended.talk);
    let row = job(&home, &sandbox, "unfollow").unwrap();
    assert_eq!((&row["pending"], &row["done"]), (&30.into(), &0.into()), "{row}");
}

#[test]
fn the_third_signal_ends_at_once_even_while_saving() {
    let (home, _sandbox, running) = slow();
    // Somebody holds the queue's write lock, so that saving cannot end.
    let held = sql::Held::of(&home.queue());
    running.signal(Signal::TERM);
    running.hears("SIGTERM: not waiting");
    let third = Instant::now();
    running.signal(Signal::HUP);
    let ended = running.wait();
    assert!(third.elapsed() < Duration::from_secs(8), "{:?}", third.elapsed());
    let end = ended.json();
    assert_eq!((ended.code(), &end["stopped"]), (130, &"interrupted".into()), "{end}\n{}", ended.talk);
    assert!(end["requests"].as_u64().unwrap() >= 1, "{end}");
    assert!(ended.talk.contains("stopped at once"), "{}", ended.talk);
    drop(held);
}

/// Whether a file that is being loaded has got as far as the queue: into the log beside its file, or to the server.
fn are_rows_on_their_way(home: &Home) -> bool {
    match home.queue().file() {
        Some(file) => std::fs::metadata(file.with_extension("db-wal")).is_ok_and(|written| written.len() > 1_000_000),
        None => {
            let copying =
                "select count(*) from pg_stat_activity where datname = current_database() and query ilike 'copy%'";
            sql::number(home.queue(), copying) > 0
        }
    }
}

#[test]
fn a_signal_while_a_big_file_is_loaded_queues_nothing_of_it() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
    home.write("unfollow.csv", ids(300_000));
    let running = Running::start(run(&home, &sandbox, "20/1s"));
    // From this sentence on signals are heard, and loading has not ended.
    running.hears("unfollow 300000 users as");
    poll("rows on their way", || are_rows_on_their_way(&home).then_some(()));
    running.signal(Signal::TERM);
    let ended = running.wait();
    let end = ended.json();
    assert_eq!((ended.code(), &end["stopped"]), (143, &"interrupted".into()), "{end}");
    assert_eq!(end["jobs"], serde_json::json!([]), "{end}");
    assert!(ended.talk.contains("not queued"), "{}", ended.talk);
    assert!(ended.talk.contains("run the command again"), "{}", ended.talk);
    assert!(job(&home, &sandbox, "unfollow").is_none(), "half a load is never visible");
    assert_eq!(sandbox.requests(), 0);
    // A smaller file under the same name is a new job, and what was left of the first does not show.
    home.write("unfollow.csv", ids(5));
    let next = run(&home, &sandbox, "20/1s").done();
    assert_eq!((next.code, &next.summary()["jobs"][0]["rows"]), (0, &5.into()), "{}", next.err);
    assert_eq!(sandbox.effects().len(), 5);
}

#[test]
fn stopped_for_longer_than_send_by_with_requests_in_flight() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", "30/4s", "--faults", "none", "--latency", "400ms"]);
    home.write("unfollow.csv", ids(75));
    let running = Running::start(run(&home, &sandbox, "30/4s"));
    poll("requests in flight", || (sandbox.requests() > 9).then_some(()));
    running.signal(Signal::STOP);
    // Longer than send_by (5 s) and than the window: what was claimed before must not leave now as if it were then.
    std::thread::sleep(Duration::from_secs(7));
    running.signal(Signal::CONT);
    let ended = running.wait();
    let end = ended.json();
    assert_eq!((ended.code(), &end["jobs"][0]["done"]), (0, &75.into()), "{end}\n{}", ended.talk);
    let ledger = sandbox.ledger();
    assert!(ledger.max_in_window <= 30, "{ledger:?}");
    assert_eq!(ledger.earned_429, 0, "{ledger:?}");
    assert_eq!(sandbox.effects().len(), 75);
    home.cleanup(["audit", "--rate", "30/4s"]).done().ends(0);
}

#[test]
fn a_terminal_that_goes_away_takes_its_pipes_along() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", "20/1s", "--faults", "none", "--latency", "100ms"]);
    home.write("unfollow.csv", ids(60));
    let mut command = run(&home, &sandbox, "20/1s");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    poll("requests in flight", || (sandbox.requests() > 10).then_some(()));
    kill_process(Pid::from_child(&child), Signal::HUP).unwrap();
    let status = poll("its end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(129), "nobody listens, and still it ends as it should");
    let row = job(&home, &sandbox, "unfollow").unwrap();
    assert_eq!(row["done"].as_u64().unwrap(), sandbox.effects().len() as u64, "progress is saved: {row}");
}

#[test]
fn a_load_that_is_interrupted_leaves_nothing_half() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
    home.write("unfollow.csv", ids(300_000));
    let mut load = home.against(&sandbox, ["load", "unfollow.csv"]).stderr(Stdio::null()).spawn().unwrap();
    poll("rows on their way", || are_rows_on_their_way(&home).then_some(()));
    kill_process(Pid::from_child(&load), Signal::INT).unwrap();
    let status = load.wait().unwrap();
    assert!(!status.success(), "{status:?}");
    assert!(job(&home, &sandbox, "unfollow").is_none(), "half a load is never visible");
    let resume = home.against(&sandbox, ["resume", "--yes", "--json"]).done();
    assert_eq!((resume.code, &resume.summary()["requests"]), (0, &0.into()), "and never run: {}", resume.err);
    home.write("unfollow.csv", ids(5));
    home.against(&sandbox, ["load", "unfollow.csv"]).done().ends(0);
    assert_eq!(job(&home, &sandbox, "unfollow").unwrap()["rows"], 5);
}

#[test]
fn nohup_means_that_a_hangup_does_not_end_it() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", "20/1s", "--faults", "none", "--latency", "50ms"]);
    home.write("unfollow.csv", ids(600));
    let program = run(&home, &sandbox, "20/1s");
    let mut command = std::process::Command::new("/bin/sh");
    command.args(["-c", "trap '' HUP; exec \"$@\"", "sh"]).arg(program.get_program()).args(program.get_args());
    command.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(home.folder.path());
    let mut running = Running::start(command);
    let sent = poll("requests", || Some(sandbox.requests()).filter(|sent| *sent > 10));
    running.signal(Signal::HUP);
    poll("it to go on", || (sandbox.requests() > sent + 40).then_some(()));
    assert!(running.is_running());
    running.signal(Signal::TERM);
    let ended = running.wait();
    assert_eq!(ended.code(), 143, "{}", ended.talk);
    assert!(!ended.talk.contains("SIGHUP"), "{}", ended.talk);
}
