//! A queue of an older version that is interrupted while it is brought up to date: it is the old one or the new one, and goes on.

use std::ops::ControlFlow;
use std::process::Command;

use serde_json::Value;

use crate::common::strace::{Fault, Injection, Search, WRITING, copy_folder, inject};
use crate::common::tries::tried;
use crate::common::{Home, RunToEnd};
use crate::queues::old_queue::{Made, OldQueue};

const STEP: usize = 18;
/// Most calls of a migration need no room.
const STEP_OF_FULL: usize = 6;
const STEP_OF_LOCKS: usize = 60;

/// A queue of an older version, and what is known of it.
pub struct Old {
    pub queue: OldQueue,
    kind: &'static [&'static str],
    /// What `status` says of it where nothing happens.
    jobs: Value,
}

impl Old {
    pub fn open(name: &'static str) -> Old {
        let queue = OldQueue::open(name, Made::Yesterday);
        let kind: &[&str] = if name == "sandbox" { &["--sandbox"] } else { &[] };
        let mut old = Old { queue, kind, jobs: Value::Null };
        old.jobs = old.jobs_of(&old.copy(), name);
        assert!(!old.jobs.as_array().unwrap().is_empty(), "{name}");
        old
    }

    pub fn copy(&self) -> Home {
        let home = Home::new();
        copy_folder(self.queue.home.folder.path(), home.folder.path());
        home
    }

    pub fn command(&self, home: &Home, args: &[&str]) -> Command {
        home.against(&self.queue.sandbox, [args, self.kind].concat())
    }

    /// What `status` says of the rows; when they may be sent is another matter each time.
    fn jobs_of(&self, home: &Home, what: &str) -> Value {
        let output = self.command(home, &["status", "--json"]).done();
        assert_eq!(output.code, 0, "{what}: {}", output.err);
        self.without_times(&output.json())
    }

    fn without_times(&self, status: &Value) -> Value {
        let counts =
            ["job", "state", "rows", "done", "gone", "failed", "cancelled", "kept", "duplicate", "rejected", "pending"];
        let jobs = status["jobs"].as_array().unwrap().iter();
        jobs.map(|job| counts.iter().map(|key| ((*key).to_owned(), job[*key].clone())).collect::<Value>()).collect()
    }

    pub fn goes_on(&self, home: &Home, what: &str) {
        assert_eq!(self.jobs_of(home, what), self.jobs, "{what}");
        let doctor = self.command(home, &["doctor"]).done();
        assert!(doctor.out.contains("queue: not damaged, and every counter is right"), "{what}: {}", doctor.out);
    }

    fn with_faults(&self, fault: Fault, search: &mut Search) -> usize {
        let scratch = tempfile::tempdir().unwrap();
        let mut faults = 0;
        for call in WRITING.into_iter().filter(|call| fault != Fault::Full || !matches!(*call, "fcntl" | "flock")) {
            let step = match fault {
                Fault::Refusal if call == "fcntl" => STEP_OF_LOCKS,
                Fault::Full => STEP_OF_FULL,
                _ => STEP,
            };
            faults += search.until_none_is_hit(step, |nth| {
                let home = self.copy();
                let queue =
                    home.queue_file().with_file_name(if self.kind.is_empty() { "queue.db" } else { "sandbox.db" });
                let name = queue.file_name().unwrap().to_str().unwrap();
                let files = ["", "-wal", "-shm", "-journal", ".load.lock"]
                    .map(|end| queue.with_file_name(format!("{name}{end}")));
                let only = if fault == Fault::Kill { &[][..] } else { &files };
                let injection = Injection { call, nth, fault, only };
                let status = self.command(&home, &["status", "--json"]);
                let faulted = inject(&status, "", &injection, scratch.path());
                let words = &faulted.output.err;
                let what = format!("{fault:?} at {call} number {nth}: {:?}: {words}", faulted.hit);
                match faulted.output.exited() {
                    Some(0) => assert_eq!(self.without_times(&faulted.output.json()), self.jobs, "{what}"),
                    Some(74) => assert!(words.contains("hint: ") && !words.contains("report this"), "{what}"),
                    other => assert!(other.is_none() && fault == Fault::Kill, "{other:?}: {what}"),
                }
                self.goes_on(&home, &what);
                if faulted.hit.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
        }
        faults
    }
}

#[test]
fn an_old_queue_that_is_killed_while_it_is_brought_up_to_date_goes_on() {
    let mut search = Search::new();
    for name in ["half-done", "died-reloading", "sandbox"] {
        let kills = Old::open(name).with_faults(Fault::Kill, &mut search);
        assert!(kills > 0, "{name}: no call was hit, and the test shows nothing");
        tried(&format!("{}, upgrade of an old queue", Fault::Kill.words()), kills);
    }
}

#[test]
fn an_old_queue_that_the_disk_fails_while_it_is_brought_up_to_date_goes_on() {
    let mut search = Search::new();
    for (name, fault) in [("half-done", Fault::Refusal), ("schedules", Fault::Full)] {
        let faults = Old::open(name).with_faults(fault, &mut search);
        assert!(faults > 0, "{name}: no call was hit, and the test shows nothing");
        tried(&format!("{}, upgrade of an old queue", fault.words()), faults);
    }
}
