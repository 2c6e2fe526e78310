//! Who is to blame when the program dies: kills from outside blame no row, and a row that really crashes the program is
//! found, and found alone.

use std::process::{Command, Stdio};
use std::time::Duration;

use cleanup::store::QueuePlace;

use crate::common::tries::{dice, tried};
use crate::common::{Home, RunToEnd, SandboxProcess, ids, sql, wait};

/// Numbers that a query gives, read beside the process that works on the queue; none where it has not been made yet.
fn numbers(queue: &QueuePlace, sql: &str) -> Vec<i64> {
    wait(sql::try_rows_at::<(i64,)>(queue, sql)).unwrap_or_default().into_iter().map(|(number,)| number).collect()
}

fn number(queue: &QueuePlace, sql: &str) -> i64 {
    numbers(queue, sql).first().copied().unwrap_or(0)
}

/// Starts the program and kills it once so many of its requests are in flight, or all that are left, or one that goes alone.
fn kill_in_flight(home: &Home, command: &mut Command, in_flight: i64) {
    const DRAINS: &str = "select count(*) from drain";
    const OUT: &str = "select count(*) from task where state = 1";
    const SENT_ALONE: &str = "select count(*) from task where state = 1 and crashes >= 2";
    const LEFT: &str = "select count(*) from task where state < 4";
    let queue = home.queue();
    let drains = number(&queue, DRAINS);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    loop {
        // Until its drain has begun, what is on record as in flight is its predecessor's.
        if number(&queue, DRAINS) > drains {
            let out = number(&queue, OUT);
            if out >= in_flight || number(&queue, SENT_ALONE) > 0 || (out > 0 && out == number(&queue, LEFT)) {
                break;
            }
        }
        assert_eq!(child.try_wait().unwrap(), None, "the run ended before so many requests were in flight");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn thirteen_kills_in_a_loop_fail_no_row() {
    let home = Home::new();
    home.write("unfollow.csv", ids(100));
    let sandbox = SandboxProcess::start(&home, &["--limit", "5000/2s", "--faults", "none", "--latency", "150ms"]);
    let run = || {
        let mut command = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", "5000/2s"]);
        command.args(["--pace", "front-load", "--workers", "32", "--progress", "none"]);
        command
    };
    for _ in 0..13 {
        kill_in_flight(&home, &mut run(), 32);
    }
    let died = number(&home.queue(), "select count(*) from attempt where finding = 'crashed'");
    assert!(died >= 100, "only {died} requests were in flight at the kills: the test shows nothing");
    let last = run().done().ends(0);
    let job = &last.json()["jobs"][0];
    assert_eq!((&job["done"], &job["failed"], &job["pending"]), (&100.into(), &0.into(), &0.into()), "{job}");
    assert_eq!(sandbox.effects().len(), 100);
}

#[test]
fn a_hundred_random_kills_fail_no_row() {
    let mut dice = dice();
    let home = Home::new();
    home.write("unfollow.csv", ids(400));
    // So slow an answer that rows are left at the last kill.
    let sandbox = SandboxProcess::start(&home, &["--limit", "5000/2s", "--faults", "none", "--latency", "80ms"]);
    let run = || {
        let mut command = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", "5000/2s"]);
        command.args(["--pace", "front-load", "--workers", "4", "--progress", "none"]);
        command
    };
    for _ in 0..100 {
        let mut child = run().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(dice.u64(20_000..300_000)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let left = "select count(*) from task where state < 4";
    assert!(number(&home.queue(), left) > 0, "rows were left to the last kill");
    let last = run().done().ends(0);
    let job = &last.json()["jobs"][0];
    assert_eq!((&job["done"], &job["failed"], &job["pending"]), (&400.into(), &0.into(), &0.into()), "{job}");
    let ledger = sandbox.ledger();
    assert!(ledger.max_in_window <= 5_000 && ledger.earned_429 == 0, "{ledger:?}");
    tried("kill -9 at random moments, x-v2", 100);
}

/// Runs a job of so many rows, one of which crashes the program whenever its answer comes, until a run ends by itself.
/// Says how often the program died.
fn deaths_of_a_job_with_a_crasher(rows: u64, crasher: u64) -> u32 {
    let home = Home::new();
    let text = ids(rows);
    home.write("unfollow.csv", &text);
    let crasher = text.lines().nth(1 + crasher as usize).unwrap().to_owned();
    let sandbox = SandboxProcess::start(&home, &["--limit", "5000/2s", "--faults", "none", "--latency", "20ms"]);
    let run = || {
        let mut command = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", "5000/2s"]);
        command.args(["--pace", "front-load", "--workers", "8", "--progress", "none"]);
        command.env("CLEANUP_FAILPOINT", format!("answer-for:{crasher}"));
        command.done()
    };
    let mut deaths = 0;
    let last = loop {
        let output = run();
        match output.exited() {
            Some(_) => break output,
            None => deaths += 1,
        }
        assert!(deaths < 20, "the row that crashes the program is never found");
    };
    assert_eq!(last.code, 3, "{}", last.err);
    let job = &last.json()["jobs"][0];
    assert_eq!((job["done"].as_u64(), job["failed"].as_u64()), (Some(rows - 1), Some(1)), "{job}");
    let report = home.cleanup(["report", "unfollow"]).done();
    let failed: Vec<String> = report.out.lines().filter(|line| line.contains(",failed,")).map(str::to_owned).collect();
    assert!(failed.len() == 1 && failed[0].starts_with(&crasher) && failed[0].contains(",crashed,"), "{failed:?}");
    // At its last three deaths it had no company.
    let in_flight = numbers(
        &home.queue(),
        "select count(*) from attempt where finding = 'crashed' group by drain_id order by drain_id desc limit 3",
    );
    assert_eq!(in_flight, [1, 1, 1]);
    let explained = home.cleanup(["explain", &crasher]).done();
    let told = explained.out;
    assert!(told.contains("the only request in flight") && told.contains("cleanup retry unfollow"), "{told}");
    deaths
}

#[test]
fn a_row_that_crashes_the_program_is_found_and_nothing_else_fails() {
    for (rows, crasher) in [(40, 0), (40, 17), (40, 39), (2, 0), (1, 0)] {
        let deaths = deaths_of_a_job_with_a_crasher(rows, crasher);
        println!("{rows} rows, the crasher at {crasher}: {deaths} deaths");
        assert!((3..=6).contains(&deaths), "{rows} rows, the crasher at {crasher}: {deaths} deaths");
    }
}

#[test]
fn a_row_that_was_in_flight_at_a_death_is_pending_and_explained() {
    let home = Home::new();
    let text = ids(3);
    home.write("unfollow.csv", &text);
    let sandbox = SandboxProcess::start(&home, &["--limit", "5000/2s", "--faults", "none", "--latency", "20ms"]);
    let run = |crasher: &str, more: &[&str]| {
        let mut command = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", "5000/2s"]);
        command.args(["--progress", "none"]).args(more);
        command.env("CLEANUP_FAILPOINT", format!("answer-for:{crasher}"));
        command.done()
    };
    let crasher = text.lines().nth(1).unwrap();
    assert_eq!(run(crasher, &[]).exited(), None);
    // One more request, and it is not the row's: that goes to the end of its line.
    run("none", &["--max-requests", "1"]).ends(4);
    let report = home.cleanup(["report", "unfollow"]).done().out;
    let first = report.lines().nth(1).unwrap();
    assert!(first.starts_with(crasher) && first.contains(",pending,unknown_after_crash,"), "{report}");
    assert!(report.lines().nth(2).unwrap().contains(",done,"), "{report}");
    let told = home.cleanup(["explain", crasher]).done().out;
    assert!(told.contains("pending (unknown_after_crash)") && told.contains("sent again"), "{told}");
    run("none", &[]).ends(0);
}

#[test]
fn a_cancelled_job_starts_over_when_what_it_had_sent_is_settled() {
    let home = Home::new();
    home.write("unfollow.csv", ids(40));
    let sandbox = SandboxProcess::start(&home, &["--limit", "5000/2s", "--faults", "none", "--latency", "150ms"]);
    let run = |more: &[&str]| {
        let mut command = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--rate", "5000/2s"]);
        command.args(["--pace", "front-load", "--workers", "8", "--progress", "none"]).args(more);
        command
    };
    kill_in_flight(&home, &mut run(&[]), 8);
    let cancelled = home.against(&sandbox, ["cancel", "unfollow"]).done().ends(0);
    assert!(cancelled.err.contains("where their run has died, `cleanup resume` settles them"), "{}", cancelled.err);
    let too_soon = run(&["--again"]).done();
    assert_eq!(too_soon.code, 75, "{}", too_soon.err);
    assert!(too_soon.err.contains("is cancelled, and the end of "), "{}", too_soon.err);
    home.against(&sandbox, ["resume", "--yes"]).done().ends(0);
    let again = run(&["--again"]).done().ends(0);
    assert!(again.err.contains("unfollow: 40 done"), "{}", again.err);
}
