//! A load of an edited file that is killed, or that the disk fails, at any of its system calls: no half of the new rows is in line, and the next
//! load ends where one that nothing has happened to ends.

use std::ops::ControlFlow;

use crate::common::strace::{Fault, Injection, Search, WRITING, copy_folder, inject};
use crate::common::tries::tried;
use crate::common::{Home, RunToEnd, id};
use crate::faults::support::{fresh, other};

const STEP: usize = 14;
/// Each try has a copy of the home, in another folder.
const LOAD: [&str; 4] = ["load", "unfollow.csv", "--allow-shrink", "--moved"];

/// What `report` says of every row, but for the time.
fn told(home: &Home) -> Vec<String> {
    let report = other(home, vec!["report", "unfollow"]).done().ends(0).out;
    report.lines().filter_map(|line| Some(line.rsplit_once(',')?.0.to_owned())).collect()
}

/// The IDs that will be sent.
fn waiting(report: &[String]) -> impl Iterator<Item = &str> {
    report.iter().filter(|line| line.contains(",pending,")).filter_map(|line| line.split(',').next())
}

/// A queue with twelve rows, and the file as it is edited since: some rows are gone, one has moved, some are new, one is there twice.
struct Edited {
    home: Home,
    before: Vec<String>,
    after: Vec<String>,
}

impl Edited {
    fn new() -> Edited {
        let home = fresh();
        other(&home, vec!["load", "unfollow.csv"]).done().ends(0);
        let before = told(&home);
        let rows = [11, 3, 0, 20, 21, 5, 22, 5, 7];
        let lines: Vec<String> = rows.iter().map(|number| id(*number).to_string()).collect();
        home.write("unfollow.csv", format!("user_id\n{}\n", lines.join("\n")));
        let whole = copy(&home);
        other(&whole, LOAD.to_vec()).done().ends(0);
        let after = told(&whole);
        assert_ne!(before, after);
        Edited { home, before, after }
    }

    fn with_fault(&self, call: &str, nth: usize, fault: Fault) -> ControlFlow<()> {
        let (home, scratch) = (copy(&self.home), tempfile::tempdir().unwrap());
        let queue = home.queue_file();
        let name = queue.file_name().unwrap().to_str().unwrap();
        let files = ["", "-wal", "-shm", ".load.lock"].map(|end| queue.with_file_name(format!("{name}{end}")));
        let only = if fault == Fault::Kill { &[][..] } else { &files };
        let load = other(&home, LOAD.to_vec());
        let faulted = inject(&load, "", &Injection { call, nth, fault, only }, scratch.path());
        let words = &faulted.output.err;
        let what = format!("{fault:?} at {call} number {nth}: {:?}: {words}", faulted.hit);
        match faulted.output.exited() {
            Some(0) => assert_eq!(told(&home), self.after, "{what}"),
            Some(74) => assert!(words.contains("hint: ") && !words.contains("report this"), "{what}"),
            other => assert!(other.is_none() && fault == Fault::Kill, "{other:?}: {what}"),
        }
        // Rows that are gone from the file may be cancelled already, but none that is new is sent before all are in line.
        let seen = told(&home);
        let is_known = waiting(&seen).all(|row| waiting(&self.before).any(|known| known == row));
        assert!(seen == self.after || is_known, "{what}: half of the new rows are in line: {seen:?}");
        other(&home, LOAD.to_vec()).done().ends(0);
        assert_eq!(told(&home), self.after, "{what}");
        let doctor = other(&home, vec!["doctor"]).done();
        assert!(doctor.out.contains("queue: not damaged, and every counter is right"), "{what}: {}", doctor.out);
        if faulted.hit.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

fn copy(home: &Home) -> Home {
    let copy = Home::new();
    copy_folder(home.folder.path(), copy.folder.path());
    copy
}

fn at_any_call(fault: Fault) {
    let (edited, mut search, mut faults) = (Edited::new(), Search::new(), 0);
    // SQLite tries for ten seconds to get behind a lock that was not let go; tests/faults/first_start.rs waits for that.
    for call in WRITING.into_iter().filter(|call| fault == Fault::Kill || !matches!(*call, "fcntl" | "flock")) {
        faults += search.until_none_is_hit(STEP, |nth| edited.with_fault(call, nth, fault));
    }
    assert!(faults > 0, "no call was hit, and the test shows nothing");
    tried(&format!("{}, reload of an edited file", fault.words()), faults);
}

#[test]
fn a_reload_that_is_killed_anywhere_is_made_good_by_the_next() {
    at_any_call(Fault::Kill);
}

#[test]
fn a_reload_that_the_disk_fails_says_so_and_is_made_good_by_the_next() {
    at_any_call(Fault::Refusal);
}
