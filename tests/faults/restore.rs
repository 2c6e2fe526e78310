//! A queue that is taken back to a snapshot, and a fault in the middle of it: there is the queue of before or the one that waits for a person,
//! and nothing in between. What the power makes of it is in `power::restore`.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::process::Command;

use cleanup::clock::SystemClock;
use cleanup::store::take_snapshot;

use crate::common::strace::{Fault, Injection, Search, WRITING, copy_folder, inject};
use crate::common::tries::tried;
use crate::common::{Home, RunToEnd, SandboxProcess, USER, ids, wait};

const ROWS: u64 = 60;
const SENT: u64 = 20;
/// So many requests a window, of which `SENT` have been made.
const LIMIT: u64 = 40;
/// Short form: one call in so many is tried.
const STEP: usize = 30;
/// ... and fewer where a lock is refused: SQLite tries for ten seconds to get behind one that was not let go.
const STEP_OF_LOCKS: usize = 60;

/// A queue of which there is a copy from before anything was sent, and the targets of what was sent since.
pub struct Kept {
    pub home: Home,
    sent: BTreeSet<String>,
}

fn platform() -> SandboxProcess {
    SandboxProcess::start(&Home::new(), &["--limit", "100000/1s", "--faults", "none"])
}

fn resume(home: &Home, sandbox: &SandboxProcess, rate: &str, more: &[&str]) -> Command {
    let words = ["resume", "unfollow", "--yes", "--json", "--pace", "front-load", "--progress", "none", "--rate", rate];
    home.against(sandbox, words.iter().chain(more))
}

pub fn restore(home: &Home) -> Command {
    let mut command = home.cleanup(["doctor", "--restore", "latest"]);
    command.env("CLEANUP_X_TOKEN", format!("sandbox-{USER}")).env("CLEANUP_X_USER_ID", USER);
    command
}

impl Kept {
    pub fn new() -> Kept {
        let (home, sandbox) = (Home::new(), platform());
        home.write("unfollow.csv", ids(ROWS));
        home.against(&sandbox, ["load", "unfollow.csv"]).done().ends(0);
        wait(take_snapshot(&home.queue_file(), SystemClock::shared().now().wall, 7)).unwrap();
        resume(&home, &sandbox, &format!("{LIMIT}/1h"), &["--max-requests", &SENT.to_string()]).done().ends(4);
        let sent: BTreeSet<String> = sandbox.effects().into_keys().collect();
        assert_eq!(sent.len() as u64, SENT);
        Kept { home, sent }
    }

    /// The same in another home.
    fn copied(&self) -> Home {
        let home = Home::new();
        copy_folder(self.home.folder.path(), home.folder.path());
        home
    }

    /// Whichever queue is there, it is whole, and nothing goes over the limit. `is_restored`: it had said so.
    pub fn judge(&self, home: &Home, is_restored: bool, what: &str) {
        let again = Home::new();
        copy_folder(home.folder.path(), again.folder.path());
        restore(&again).done().ends(0).says("unfollow waits for you: ");
        let names = std::fs::read_dir(again.data("")).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains("unfinished")).collect();
        assert!(left.is_empty(), "{what}: left lying about: {left:?}");

        let sandbox = platform();
        let job = home.cleanup(["status", "--json"]).done().ends(0).json()["jobs"][0].clone();
        let waits = job["state"] == "unverified";
        assert!(waits || !is_restored, "{what}: it had said that the queue was restored: {job}");
        let pending = if waits { ROWS } else { ROWS - SENT };
        assert_eq!((job["rows"].as_u64(), job["pending"].as_u64()), (Some(ROWS), Some(pending)), "{what}: {job}");
        let limited = format!("{LIMIT}/1h");
        if waits {
            resume(home, &sandbox, &limited, &[]).done().ends(4).says("waits for you");
            assert_eq!(sandbox.requests(), 0, "{what}: nobody has accepted anything");
        }
        let accepted: &[&str] = if waits { &["--accept-repeats"] } else { &[] };
        let next = resume(home, &sandbox, &limited, &[&["--for", "1s"][..], accepted].concat()).done();
        assert_eq!(next.code, 4, "{what}: {}", next.err);
        let used = sandbox.requests();
        assert!(used <= LIMIT - SENT, "{what}: {used} requests in a window of which {SENT} were used: {}", next.err);
        assert!(used == 0 || !waits, "{what}: all windows count as full: {}", next.err);
        let last = resume(home, &sandbox, "100000/1s", &[]).done();
        assert_eq!((last.code, &last.json()["jobs"][0]["done"]), (0, &ROWS.into()), "{what}: {}", last.err);
        let sent: BTreeSet<String> = sandbox.effects().into_keys().collect();
        assert_eq!((sent.len() as u64, sandbox.ledger().repeats), (pending, 0), "{what}");
        assert!(waits || sent.is_disjoint(&self.sent), "{what}: sent again");
        home.cleanup(["doctor"]).done().says("queue: not damaged, and every counter is right");
    }
}

fn at_any_call(fault: Fault) {
    let kept = Kept::new();
    let scratch = tempfile::tempdir().unwrap();
    let attempt = |call, nth| {
        let home = kept.copied();
        let folder = home.data("");
        let only = if fault == Fault::Kill {
            vec![]
        } else {
            vec![folder.clone(), folder.join("queue.db"), folder.join("queue.db-wal")]
        };
        let faulted = inject(&restore(&home), "", &Injection { call, nth, fault, only: &only }, scratch.path());
        let what = format!("restore, {fault:?} at {call} number {nth}: {:?}: {}", faulted.hit, faulted.output.err);
        assert!(!faulted.output.err.contains("report this"), "{what}");
        kept.judge(&home, faulted.output.exited() == Some(0), &what);
        if faulted.hit.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let (mut search, mut faults) = (Search::new(), 0);
    for call in WRITING.into_iter().chain(["copy_file_range"]) {
        let step = if fault != Fault::Kill && call == "fcntl" { STEP_OF_LOCKS } else { STEP };
        faults += search.until_none_is_hit(step, |nth| attempt(call, nth));
    }
    if faults == 0 {
        // The dice have hit nothing.
        assert!(attempt("openat", 2).is_continue(), "no call was hit, and the test shows nothing");
        faults = 1;
    }
    tried(&format!("{}, restore of a snapshot", fault.words()), faults);
}

#[test]
fn a_restore_that_is_killed_anywhere_is_whole_or_has_not_been() {
    at_any_call(Fault::Kill);
}

#[test]
fn a_restore_that_the_disk_fails_is_whole_or_has_not_been() {
    at_any_call(Fault::Refusal);
}
