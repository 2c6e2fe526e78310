//! A task beside the dispatcher panics, as at a fault of ours: the process says so and ends, nobody waits for the answer, and what the row
//! does is known of it as if it had crashed the program.

use crate::common::running::Running;
use crate::common::tries::tried;
use crate::common::{Home, RunToEnd, SandboxProcess, ids};

const ROWS: u64 = 12;

#[test]
fn a_row_at_which_a_task_panics_ends_the_process_and_is_found() {
    let home = Home::new();
    let text = ids(ROWS);
    home.write("unfollow.csv", &text);
    let culprit = text.lines().nth(5).unwrap();
    let sandbox = SandboxProcess::start(&home, &["--limit", "5000/2s", "--faults", "none", "--latency", "20ms"]);
    let run = || {
        let mut command = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", "5000/2s"]);
        command.args(["--pace", "front-load", "--workers", "4", "--progress", "none"]);
        command.env("CLEANUP_FAILPOINT", format!("panic-for:{culprit}"));
        Running::start(command).wait()
    };
    let mut panics = 0;
    let last = loop {
        let ended = run();
        if ended.code() != 1 {
            break ended;
        }
        let error = ended.json()["error"].clone();
        assert_eq!(error["kind"], "fault", "{error}");
        assert!(error["hint"].as_str().unwrap().contains("please report this"), "{error}");
        panics += 1;
        assert!(panics < 20, "the row is never found");
    };
    assert!((3..=6).contains(&panics), "{panics} panics");
    assert_eq!(last.code(), 3, "{}", last.talk);
    let job = &last.json()["jobs"][0];
    assert_eq!((job["done"].as_u64(), job["failed"].as_u64()), (Some(ROWS - 1), Some(1)), "{job}");
    let report = home.cleanup(["report", "unfollow"]).done().out;
    let failed: Vec<&str> = report.lines().filter(|line| line.contains(",failed,")).collect();
    assert!(failed.len() == 1 && failed[0].starts_with(culprit) && failed[0].contains(",crashed,"), "{report}");
    tried("a panic in a task", panics);
}
