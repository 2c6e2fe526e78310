//! The machine dies, not the program alone: no row is blamed for it, and no window forgets what was sent before.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::judge;
use crate::common::boot::Boots;
use crate::common::tries::{dice, tried};
use crate::common::{Done, Home, RunToEnd, SandboxProcess, ids};

/// How long the machine has been up when the program starts: less than at the boot before, or far more.
fn uptime_s(boot: u32) -> u64 {
    if boot.is_multiple_of(2) { 20 } else { 3_000_000 }
}

/// A job of three rows, of which the first takes the program down with it.
struct Crasher {
    home: Home,
    sandbox: SandboxProcess,
    row: String,
}

impl Crasher {
    fn new() -> Crasher {
        let home = Home::new();
        let text = ids(3);
        home.write("unfollow.csv", &text);
        let sandbox = SandboxProcess::start(&home, &["--limit", "5000/2s", "--faults", "none", "--latency", "20ms"]);
        let row = text.lines().nth(1).unwrap().to_owned();
        Crasher { home, sandbox, row }
    }

    fn run(&self, crashes: bool) -> Command {
        let mut run = self.home.against(&self.sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", "5000/2s"]);
        run.args(["--pace", "front-load", "--progress", "none"]);
        if crashes {
            run.env("CLEANUP_FAILPOINT", format!("answer-for:{}", self.row));
        }
        run
    }

    fn is_pending(&self) -> bool {
        let report = self.home.cleanup(["report", "unfollow"]).done().out;
        let line = report.lines().find(|line| line.starts_with(&self.row)).unwrap();
        line.contains(",pending,")
    }
}

fn died(output: &Done) -> bool {
    output.exited().is_none()
}

/// Eight times the machine dies while the row is in flight, and always under another boot.
fn eight_deaths_of_the_machine(crasher: &Crasher) -> Option<Boots> {
    let boots = Boots::of(&crasher.home)?;
    for boot in 1..=8 {
        let output = boots.under(boot, uptime_s(boot), &crasher.run(true)).done();
        assert!(died(&output), "boot {boot}: {}", output.err);
        assert!(crasher.is_pending(), "boot {boot}");
    }
    Some(boots)
}

#[test]
fn deaths_of_the_machine_blame_no_row_however_many() {
    let crasher = Crasher::new();
    let Some(boots) = eight_deaths_of_the_machine(&crasher) else { return };
    let last = boots.under(9, uptime_s(9), &crasher.run(false)).done().ends(0);
    assert_eq!(last.json()["jobs"][0]["done"], 3);
}

/// Deaths of the program under one boot count as ever, and those of the machine before it are none of them.
#[test]
fn a_row_that_crashes_the_program_is_found_after_reboots_too() {
    let crasher = Crasher::new();
    let Some(boots) = eight_deaths_of_the_machine(&crasher) else { return };
    let mut deaths = 0;
    let last = loop {
        let output = boots.under(9, uptime_s(9) + 60 * deaths, &crasher.run(true)).done();
        if !died(&output) {
            break output;
        }
        deaths += 1;
        assert!(deaths < 20, "the row that crashes the program is never found");
    };
    assert!((5..=6).contains(&deaths), "two until it is sent alone, and three alone: {deaths}");
    assert_eq!(last.code, 3, "{}", last.err);
    let job = &last.json()["jobs"][0];
    assert_eq!((&job["done"], &job["failed"]), (&2.into(), &1.into()), "{job}");
}

/// Ticks of another boot say nothing in this one: neither are slots forgotten because the ticks are far ahead, nor are they kept for
/// ever because they are far behind.
#[test]
fn no_window_is_exceeded_across_reboots_and_none_stays_shut() {
    let mut dice = dice();
    let home = Home::new();
    let Some(boots) = Boots::of(&home) else { return };
    home.write("unfollow.csv", ids(240));
    let sandbox = SandboxProcess::start(&home, &["--limit", "40/2s", "--faults", "none", "--latency", "5ms"]);
    let run = |boot: u32| {
        let mut run = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", "40/2s"]);
        run.args(["--pace", "front-load", "--progress", "none", "--workers", "4"]);
        boots.under(boot, uptime_s(boot), &run)
    };
    for boot in 1..=10 {
        let mut child = run(boot).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(dice.u64(50..900)));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let last = run(11).done();
    let end = last.json();
    assert_eq!((last.code, &end["jobs"][0]["done"]), (0, &240.into()), "{end}\n{}", last.err);
    judge(&home, &sandbox, 240, 40, "eleven boots");
    tried("a reboot in the middle of a run", 10);
}
