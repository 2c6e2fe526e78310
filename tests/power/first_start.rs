//! The first command of a new queue, and a load into an old one.

use super::disk::PowerCut;
use super::recording::Recording;
use crate::common::tries::{dice, of_forms, tried};
use crate::common::{Home, RunToEnd, SandboxProcess, USER, id};
use crate::faults::support::{First, ROWS, fresh};

/// Cuts the power during the command; whoever types it again gets what was asked for, and what had been said to be done is.
fn cut_during(first: First) {
    let mut dice = dice();
    let home = fresh();
    let sandbox = SandboxProcess::start(&home, &["--limit", "10000/1s", "--faults", "none"]);
    let command = first.command(&home, &sandbox);
    let recording = Recording::of(&command, first.feed(), home.folder.path());
    assert_eq!(recording.done.code, 0, "{}", recording.done.err);
    let cuts = PowerCut::of(&recording, of_forms(9, 100), &mut dice);
    let mut kept = 0;
    for cut in &cuts {
        let home = Home::new();
        cut.lay_down(&recording, home.folder.path(), &mut dice);
        let what = format!("{first:?}, {cut:?}");
        if cut.exit_code(&recording) == Some(0) {
            kept += 1;
            assert!(first.has_happened(&home), "{what}: it had said that it had done it");
        }
        first.others(&home, &what);
        first.again(&home, &sandbox, &what);
    }
    assert!(kept > 0, "no cut came after the end: the test shows nothing");
    tried("the power is cut, first start", cuts.len());
}

#[test]
fn a_first_load_goes_on() {
    cut_during(First::Load);
}

#[test]
fn a_first_account_goes_on() {
    cut_during(First::AccountAdd);
}

#[test]
fn a_first_schedule_goes_on() {
    cut_during(First::ScheduleAdd);
}

/// A file that has changed is loaded again: some rows vanish, some come.
#[test]
fn a_reload_is_there_as_a_whole_or_is_made_good_by_the_next() {
    let mut dice = dice();
    let text = |rows: &[u64]| {
        let rows: Vec<String> = rows.iter().map(|n| id(*n).to_string()).collect();
        format!("user_id\n{}\n", rows.join("\n"))
    };
    let first: Vec<u64> = (0..4 * ROWS).collect();
    let second: Vec<u64> = (0..5 * ROWS).filter(|n| n % 3 != 0).collect();
    let load = |home: &Home| {
        let mut command = home.cleanup(["load", "unfollow.csv", "--allow-shrink", "--moved"]);
        command.env("CLEANUP_X_USER_ID", USER);
        command
    };
    let home = Home::new();
    home.write("unfollow.csv", text(&first));
    load(&home).done().ends(0);
    home.write("unfollow.csv", text(&second));
    let recording = Recording::of(&load(&home), "", home.folder.path());
    assert_eq!(recording.done.code, 0, "{}", recording.done.err);
    let cuts = PowerCut::of(&recording, of_forms(9, 100), &mut dice);
    for cut in &cuts {
        let home = Home::new();
        cut.lay_down(&recording, home.folder.path(), &mut dice);
        let pending =
            |home: &Home| home.cleanup(["status", "--json"]).done().ends(0).json()["jobs"][0]["pending"].as_u64();
        if cut.exit_code(&recording) == Some(0) {
            assert_eq!(pending(&home), Some(second.len() as u64), "{cut:?}: it had said that it had done it");
        }
        load(&home).done().ends(0);
        assert_eq!(pending(&home), Some(second.len() as u64), "{cut:?}");
        home.cleanup(["doctor"]).done().says("queue: not damaged, and every counter is right");
    }
    tried("the power is cut, a load into a queue that has rows", cuts.len());
}
