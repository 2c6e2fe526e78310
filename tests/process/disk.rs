//! A full disk: while loading, and in the middle of a drain.

use std::process::Command;

use crate::common::running::{Running, poll};
use crate::common::small_disk::SmallDisk;
use crate::common::{Done, Home, RunToEnd, SandboxProcess, ids};

/// The program inside, with its queue on this disk.
fn against(disk: &SmallDisk, home: &Home, sandbox: &SandboxProcess, args: &[&str]) -> Command {
    let mut program = home.against(sandbox, args);
    program.arg("--db").arg(disk.point.join("queue.db"));
    disk.inside(&program)
}

const RUN: [&str; 11] = [
    "run",
    "unfollow.csv",
    "--yes",
    "--json",
    "--rate",
    "40/1s",
    "--pace",
    "front-load",
    "--progress",
    "none",
    "--give-up-after=10m",
];

#[test]
fn full_while_loading() {
    let home = Home::new();
    let Some(disk) = SmallDisk::make(&home, "3m") else { return };
    let sandbox = SandboxProcess::start(&home, &["--limit", "40/1s", "--faults", "none"]);
    home.write("big.csv", ids(100_000));
    let load = || against(&disk, &home, &sandbox, &["load", "big.csv", "--action", "unfollow"]).done();
    let full = load().ends(74);
    assert!(full.err.contains("the disk is full") && full.err.contains("queue.db"), "{}", full.err);
    assert!(full.err.contains("make room"), "{}", full.err);

    let run = against(&disk, &home, &sandbox, &["run", "big.csv", "--action", "unfollow", "--yes", "--json"]).done();
    let end = run.summary();
    assert_eq!((run.code, &end["error"]["kind"], &end["stopped"]), (74, &"io".into(), &"error".into()), "{end}");
    assert_eq!(end["exit_code"], 74);

    let status = against(&disk, &home, &sandbox, &["status", "--json"]).done();
    assert_eq!(status.code, 0, "one can still look: {}", status.err);
    assert_eq!(status.json()["jobs"], serde_json::json!([]), "half a load is never visible");
    assert_eq!(sandbox.requests(), 0, "and never run");
}

#[test]
fn full_while_loading_again() {
    let home = Home::new();
    let Some(disk) = SmallDisk::make(&home, "8m") else { return };
    let sandbox = SandboxProcess::start(&home, &["--limit", "400/1s", "--faults", "none"]);
    let load = || against(&disk, &home, &sandbox, &["load", "unfollow.csv", "--allow-shrink"]).done();
    let row = |output: &Done| output.json()["jobs"][0].clone();
    let status = || row(&against(&disk, &home, &sandbox, &["status", "--json"]).done());
    home.write("unfollow.csv", ids(200));
    load().ends(0);
    let filler = disk.root.join("filler");
    std::fs::write(&filler, vec![7; 3 << 20]).unwrap();
    // Two hundred rows that stay are few beside those that come; nobody's new rows may be seen or sent.
    home.write("unfollow.csv", ids(100_000));
    let full = load().ends(74);
    assert!(full.err.contains("the disk is full"), "{}", full.err);
    let left = status();
    assert_eq!((&left["rows"], &left["pending"]), (&200.into(), &200.into()), "{left}");

    std::fs::remove_file(filler).unwrap();
    home.write("unfollow.csv", ids(300));
    let next = load();
    assert_eq!(next.code, 0, "what the load before left is swept away: {}", next.err);
    let run = against(
        &disk,
        &home,
        &sandbox,
        &["run", "unfollow.csv", "--yes", "--json", "--rate", "400/1s", "--pace", "front-load"],
    )
    .done();
    assert_eq!((run.code, &run.summary()["jobs"][0]["done"]), (0, &300.into()), "{}", run.err);
    assert_eq!(sandbox.effects().len(), 300);
}

#[test]
fn full_in_the_middle_of_a_drain() {
    let home = Home::new();
    // Room for a whole log between two checkpoints, which is 16 MiB: on a slow machine each request is a turn of its own.
    let Some(disk) = SmallDisk::make(&home, "40m") else { return };
    let sandbox = SandboxProcess::start(&home, &["--limit", "40/1s", "--faults", "none", "--latency", "20ms"]);
    home.write("unfollow.csv", ids(600));
    let running = Running::start(against(&disk, &home, &sandbox, &RUN));
    poll("the first requests", || (sandbox.requests() > 20).then_some(()));
    let filler = disk.fill();
    let ended = running.wait();
    let end = ended.json();
    assert_eq!((ended.code(), &end["error"]["kind"], &end["stopped"]), (74, &"io".into(), &"error".into()), "{end}");
    assert!(ended.talk.contains("the disk is full") && ended.talk.contains("make room"), "{}", ended.talk);
    // What is known is told.
    let job = &end["jobs"][0];
    assert_eq!((&job["job"], &job["rows"]), (&"unfollow".into(), &600.into()), "{end}");
    let told = job["done"].as_u64().unwrap();
    assert!(told > 0 && end["requests"].as_u64().unwrap() >= told, "{end}");
    assert!(sandbox.effects().len() as u64 >= told, "what was called done has happened");

    std::fs::remove_file(filler).unwrap();
    let next = against(&disk, &home, &sandbox, &RUN).done();
    let end = next.summary();
    assert_eq!((next.code, &end["jobs"][0]["done"]), (0, &600.into()), "{end}\n{}", next.err);
    assert!(end["requests"].as_u64().unwrap() <= 600 - told, "what was reported is not sent again: {end}");
    let ledger = sandbox.ledger();
    assert!(ledger.max_in_window <= 40, "{ledger:?}");
    assert_eq!((ledger.earned_429, sandbox.effects().len()), (0, 600), "{ledger:?}");
}

/// The queue's files may not grow beyond half a megabyte; without its signal that is an error of the write, as on a full disk.
fn limited(program: &Command) -> Command {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 1000; exec \"$@\"", "sh"]).arg(program.get_program());
    command.args(program.get_args()).env_clear();
    for (name, value) in program.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.current_dir(program.get_current_dir().unwrap());
    command
}

#[test]
fn files_that_may_not_grow() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", "40/1s", "--faults", "none", "--latency", "20ms"]);
    home.write("big.csv", ids(50_000));
    let load = limited(&home.against(&sandbox, ["load", "big.csv", "--action", "unfollow"])).done().ends(74);
    assert!(load.err.contains("queue.db") && load.err.contains("hint: "), "{}", load.err);
    let status = home.against(&sandbox, ["status", "--json"]).done();
    assert_eq!((status.code, &status.json()["jobs"]), (0, &serde_json::json!([])), "half a load is never visible");

    home.write("unfollow.csv", ids(300));
    let run = limited(&home.against(&sandbox, RUN)).done();
    let end = run.summary();
    assert_eq!((run.code, &end["error"]["kind"], &end["exit_code"]), (74, &"io".into(), &74.into()), "{end}");
    let told = end["jobs"][0]["done"].as_u64().unwrap();
    assert!(told > 0 && end["requests"].as_u64().unwrap() >= told, "{end}");
    let next = home.against(&sandbox, RUN).done();
    let end = next.summary();
    assert_eq!((next.code, &end["jobs"][0]["done"]), (0, &300.into()), "{end}\n{}", next.err);
    let ledger = sandbox.ledger();
    assert!(ledger.max_in_window <= 40, "{ledger:?}");
    assert_eq!((ledger.earned_429, sandbox.effects().len()), (0, 300), "{ledger:?}");
}

/// A disk that the system mounts read-only after an error, as many do.
#[test]
fn a_disk_that_is_read_only_is_told_and_the_job_goes_on_when_it_is_not() {
    let home = Home::new();
    let Some(disk) = SmallDisk::make(&home, "8m") else { return };
    let sandbox = SandboxProcess::start(&home, &["--limit", "40/1s", "--faults", "none"]);
    home.write("unfollow.csv", ids(12));
    let all = |words: &[&str]| against(&disk, &home, &sandbox, words).done();
    all(&["load", "unfollow.csv"]).ends(0);
    disk.remount("ro");
    for words in [&["status"][..], &["report", "unfollow"], &["load", "unfollow.csv"], &["pause", "unfollow"], &RUN] {
        let told = all(words).ends(74).err;
        assert!(told.contains("read-only") && told.contains("hint: "), "{words:?}: {told}");
    }
    assert_eq!(sandbox.requests(), 0, "what cannot be put on record is not sent");
    disk.remount("rw");
    let end = all(&RUN).ends(0).json();
    assert_eq!(end["jobs"][0]["done"], 12, "{end}");
    crate::common::tries::tried("a disk that is read-only", 5);
}
