//! kill -9, at random moments and at every commit boundary: nothing is lost, nothing but what was in flight repeats, and no
//! window goes over its limit, by the platform's own count.

mod blame;
mod crowd;
mod damage;
mod lost_log;
mod panics;
mod planted;
mod platforms;
mod reboots;
mod serve;

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::common::tries::{of_forms, tried, try_each};
use crate::common::{Home, RunToEnd, SandboxProcess, ids, sql};

/// How many requests were in flight when processes died, by the queue's own record.
fn died_in_flight(home: &Home) -> u64 {
    sql::number(home.queue(), "select count(*) from attempt where finding = 'crashed'") as u64
}

/// So many microseconds of a process's life. One that works on a server has to connect before it does anything.
fn within(home: &Home, micros: u64) -> Duration {
    let connecting = if home.queue().file().is_some() { 0 } else { 3 };
    Duration::from_micros(micros * (1 + connecting))
}

/// The rows of `ids(rows)`, and nothing else, were asked for, and all else that is promised holds.
pub(crate) fn judge(home: &Home, sandbox: &SandboxProcess, rows: u64, limit: u32, what: &str) {
    let asked: BTreeSet<String> = sandbox.effects().into_keys().collect();
    assert_eq!(
        asked,
        ids(rows).lines().skip(1).map(str::to_owned).collect(),
        "{what}: every row happened, and no other"
    );
    judge_requests(home, sandbox, limit, what);
}

/// The limit, the repeats, and the queue itself.
fn judge_requests(home: &Home, sandbox: &SandboxProcess, limit: u32, what: &str) {
    let ledger = sandbox.ledger();
    assert!(ledger.max_in_window <= u64::from(limit), "{what}: {ledger:?}");
    assert_eq!(ledger.earned_429, 0, "{what}: {ledger:?}");
    let in_flight = died_in_flight(home);
    assert!(ledger.repeats <= in_flight, "{what}: {} repeats, {in_flight} were in flight", ledger.repeats);
    let audit = home.cleanup(["audit", "--rate", &format!("{limit}/2s")]).done();
    assert_eq!(audit.code, 0, "{what}: {}", audit.err);
    let doctor = home.cleanup(["doctor"]).done();
    assert!(doctor.out.contains("queue: not damaged, and every counter is right"), "{what}: {}", doctor.out);
}

#[test]
fn a_hundred_kills_at_random_moments() {
    let kills = 100;
    let hit = AtomicU64::new(0);
    let jobs = try_each(of_forms(1, 100), 4, |seed| {
        hit.fetch_add(job_that_is_killed(kills, &mut fastrand::Rng::with_seed(seed)), Ordering::SeqCst);
    });
    let hit = hit.into_inner();
    println!("{hit} requests were in flight at {jobs} times {kills} kills");
    assert!(hit > 0, "no kill hit a request in flight: the test shows nothing");
    tried("kill -9 at random moments, x-v2", jobs * kills as usize);
}

/// How many requests were in flight at its kills.
fn job_that_is_killed(kills: u64, dice: &mut fastrand::Rng) -> u64 {
    let home = Home::new();
    let rows = 40 * kills;
    home.write("unfollow.csv", ids(rows));
    let sandbox = SandboxProcess::start(&home, &["--limit", "400/2s", "--faults", "none", "--latency", "5ms"]);
    let run = || {
        let mut command = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", "400/2s"]);
        command.args(["--pace", "front-load", "--workers", "24", "--progress", "none"]);
        command
    };
    // Where the machine is busy a process lives longer before it does anything.
    let began = Instant::now();
    home.cleanup(["status"]).done().ends(0);
    let start_takes = began.elapsed().as_micros() as u64;
    for _ in 0..kills {
        let mut child = run().stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(within(&home, dice.u64(20_000..400_000 + 4 * start_takes)));
        // SIGKILL. A process that has finished by then is no kill, and the rows are enough for it not to happen.
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let last = run().done();
    let end = last.json();
    println!("the last run settled {} of {rows} rows", end["requests"]);
    let job = &end["jobs"][0];
    assert_eq!(job["pending"], 0, "{end}\n{}", last.err);
    assert_eq!((job["done"].as_u64().unwrap(), job["failed"].as_u64().unwrap()), (rows, 0), "{end}");
    assert_eq!(sandbox.effects().len() as u64, rows, "nothing is called done that did not happen");
    let ledger = sandbox.ledger();
    assert!(ledger.max_in_window <= 400, "{ledger:?}");
    assert_eq!(ledger.earned_429, 0, "{ledger:?}");
    let in_flight = died_in_flight(&home);
    assert!(ledger.repeats <= in_flight, "{} repeats, {in_flight} were in flight", ledger.repeats);
    home.cleanup(["audit", "--rate", "400/2s"]).done().ends(0);
    in_flight
}

#[test]
fn a_death_at_every_commit_boundary() {
    for point in ["before-commit", "after-commit"] {
        for turn in 1.. {
            let home = Home::new();
            home.write("unfollow.csv", ids(9));
            let sandbox = SandboxProcess::start(&home, &["--limit", "100/2s", "--faults", "none"]);
            let run = |failpoint: Option<String>| {
                let args = ["run", "unfollow.csv", "--yes", "--json", "--rate", "100/2s", "--workers", "2"];
                let mut command = home.against(&sandbox, args);
                command.args(["--pace", "front-load", "--progress", "none"]);
                if let Some(failpoint) = failpoint {
                    command.env("CLEANUP_FAILPOINT", failpoint);
                }
                command.done()
            };
            let what = format!("{point}:{turn}");
            let first = run(Some(what.clone()));
            let died = first.exited().is_none();
            if died {
                let second = run(None);
                assert_eq!(second.code, 0, "{what}: {}", second.err);
                assert_eq!(second.json()["jobs"][0]["done"], 9, "{what}");
            }
            judge(&home, &sandbox, 9, 100, &what);
            if !died {
                assert!(turn > 3, "{point}: no turn was died in");
                tried("a death at every commit boundary", turn);
                break;
            }
        }
    }
}

/// Whatever the log has said of a row is on record, however soon after it the process dies.
#[test]
fn an_outcome_is_told_when_it_is_on_disk_and_not_before() {
    let home = Home::new();
    home.write("unfollow.csv", ids(12));
    let sandbox = SandboxProcess::start(&home, &["--limit", "100/2s", "--faults", "none"]);
    let mut told = 0;
    for turn in 3..9 {
        let args = ["run", "unfollow.csv", "--yes", "-vv", "--rate", "100/2s", "--workers", "1", "--progress", "none"];
        let mut run = home.against(&sandbox, args);
        let died = run.args(["--pace", "front-load"]).env("CLEANUP_FAILPOINT", format!("before-commit:{turn}")).done();
        let report = home.cleanup(["report", "unfollow"]).done().ends(0).out;
        let said = died.err.lines().filter(|line| line.contains("a row has its outcome"));
        for line in said {
            told += 1;
            let (_, target) = line.split_once("target=").unwrap();
            let target = target.split([' ', '"']).find(|part| !part.is_empty()).unwrap();
            let row = report.lines().find(|row| row.starts_with(target)).unwrap();
            assert!(row.contains(",done,"), "died before commit {turn}: {line}: {row}");
        }
        assert!(died.exited().is_none() || turn > 3, "{}", died.err);
    }
    assert!(told > 0, "nothing was told: the test shows nothing");
    tried("a death before the n-th commit: nothing is told that is not on disk", 6);
}

/// The outcome of every ID, and the file's rows in order, as `report` tells them.
fn told(home: &Home) -> Vec<(String, String, String)> {
    let report = home.cleanup(["report", "unfollow"]).done().ends(0);
    let text = report.out;
    let cells = |line: &str| line.split(',').map(str::to_owned).collect::<Vec<_>>();
    text.lines().skip(1).map(cells).map(|c| (c[0].clone(), c[1].clone(), c[2].clone())).collect()
}

/// Twenty rows of which five are done; then rows vanish, move and come, and the load dies in the middle of applying that. The
/// next load has to end where one that never died ends.
#[test]
fn a_load_that_dies_while_it_applies_a_change_is_made_good_by_the_next() {
    let row = |n: u64| (1_000_000_000_000_000_007 + n * 7_919_000_001).to_string();
    let text = |rows: &[u64]| format!("user_id\n{}\n", rows.iter().map(|n| row(*n)).collect::<Vec<_>>().join("\n"));
    let first: Vec<u64> = (0..40).collect();
    let second: Vec<u64> =
        [50, 51, 52, 53].into_iter().chain((0..40).filter(|n| n % 3 != 0)).chain([54, 55, 7]).collect();
    let third: Vec<u64> = (0..40).filter(|n| n % 4 != 1).chain([54, 60]).collect();
    let night = |failpoint: Option<String>| {
        let home = Home::new();
        let load = |rows: &[u64], failpoint: Option<&String>| {
            home.write("unfollow.csv", text(rows));
            let mut command = home.cleanup(["load", "unfollow.csv", "--allow-shrink"]);
            command.env("CLEANUP_X_USER_ID", crate::common::USER);
            if let Some(failpoint) = failpoint {
                command.env("CLEANUP_FAILPOINT", failpoint);
            }
            command.done()
        };
        load(&first, None);
        let died = load(&second, failpoint.as_ref()).exited().is_none();
        let last = load(&third, None);
        assert_eq!(last.code, 0, "{failpoint:?}: {}", last.err);
        let doctor = home.cleanup(["doctor"]).done();
        let found = doctor.out;
        assert!(found.contains("queue: not damaged, and every counter is right"), "{failpoint:?}: {found}");
        (died, told(&home))
    };
    let (_, undisturbed) = night(None);
    let present = |rows: &[(String, String, String)]| rows[..third.len()].to_vec();
    for point in ["reload-batch", "reload-batch-done"] {
        for batch in 1.. {
            let (died, after) = night(Some(format!("{point}:{batch}")));
            // What the load that died had not yet made known never vanished from anywhere: only the file's rows must agree.
            assert_eq!(present(&after), present(&undisturbed), "{point}:{batch}");
            if !died {
                // On a server all of it is one transaction.
                let is_in_batches = Home::new().queue().file().is_some();
                assert!(batch > 5 || !is_in_batches, "{point}: only {batch} batches");
                break;
            }
        }
    }
}
