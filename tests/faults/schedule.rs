//! A schedule that is due, with one fault at a system call of the process that begins it: `schedule due`, or a server. Whoever looks next has
//! nothing else to do.

use std::ops::ControlFlow;
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::running::{Running, poll};
use crate::common::strace::{Fault, Injection, Search, WRITING, inject, log_of, traced, traced_program};
use crate::common::tries::tried;
use crate::common::{Home, RunToEnd, SandboxProcess, sql};
use crate::crash::judge;
use crate::faults::support::{ROWS, fresh};
use crate::schedule::commands::move_back_in;

const LIMIT: u32 = 100;
/// Short form: one call in so many is tried.
const STEP: usize = 70;
/// ... and fewer where a lock is refused, which SQLite tries to get behind for ten seconds, and of a server.
const STEP_OF_LOCKS: usize = 150;
const STEP_OF_SERVER: usize = 250;
/// Of its own files a server asks much less.
const STEP_OF_SERVERS_DISK: usize = 12;

struct Night {
    home: Home,
    sandbox: SandboxProcess,
}

impl Night {
    /// A schedule that has been due for a minute or two.
    fn new() -> Night {
        let home = fresh();
        home.write(
            ".config/cleanup/config.toml",
            format!("[run]\npace = \"front-load\"\nworkers = 4\n[[windows]]\nrate = \"{LIMIT}/2s\"\n"),
        );
        let sandbox = SandboxProcess::start(&home, &["--limit", &format!("{LIMIT}/2s"), "--faults", "none"]);
        let night = Night { home, sandbox };
        night
            .command(&["schedule", "add", "often", "--cron", "* * * * *", "--zone", "UTC", "unfollow.csv"])
            .done()
            .ends(0);
        move_back_in(&night.home.queue(), 150);
        night
    }

    fn command(&self, words: &[&str]) -> Command {
        self.home.against(&self.sandbox, words)
    }

    fn due(&self) -> Command {
        self.command(&["schedule", "due"])
    }

    fn serve(&self) -> Command {
        self.command(&["serve", "--yes", "--listen", "127.0.0.1:0"])
    }

    /// Of an error only what is about the queue counts: the rest has tests of its own.
    fn files_of_queue(&self) -> Vec<PathBuf> {
        let ends = ["", "-wal", "-shm", ".drain.lock", ".schedule.lock", ".snapshots.d"];
        ends.map(|end| self.home.data("").join(format!("queue.db{end}"))).to_vec()
    }

    /// What met trouble is tried again a minute later.
    fn bring_the_retry_forward(&self) {
        sql::change(self.home.queue(), "update firing set retry_at = retry_at - 120000 where retry_at is not null");
    }

    /// Whether every row is done, and no run of the schedule is under way.
    fn is_over(&self) -> bool {
        let status = self.command(&["status", "--json"]).done();
        let listed = self.command(&["schedule", "list", "--json"]).done();
        if status.code != 0 || listed.code != 0 {
            return false;
        }
        let last = listed.json()["schedules"][0]["last"].clone();
        status.json()["jobs"][0]["done"] == ROWS && last["state"] == "ended" && last["exit_code"] == 0
    }

    /// A server makes good what is left. A new minute can begin a run as it is told to end: then another one ends that.
    fn serve_to_the_end(&self, what: &str) {
        loop {
            let server = Running::start(self.serve());
            poll(what, || self.is_over().then_some(()));
            server.signal(Signal::TERM);
            assert_eq!(server.wait().code(), 143, "{what}");
            if self.is_over() {
                return;
            }
        }
    }

    fn judge(&self, what: &str) {
        assert!(self.is_over(), "{what}: {}", self.command(&["schedule", "list", "--json"]).done().out);
        judge(&self.home, &self.sandbox, ROWS, LIMIT, what);
        self.command(&["doctor"]).done().says("queue: not damaged, and every counter is right");
    }
}

fn at_any_call_of_due(fault: Fault) {
    let scratch = tempfile::tempdir().unwrap();
    let (mut search, mut faults) = (Search::new(), 0);
    for call in WRITING {
        let step = if fault != Fault::Kill && call == "fcntl" { STEP_OF_LOCKS } else { STEP };
        faults += search.until_none_is_hit(step, |nth| {
            let night = Night::new();
            let only = if fault == Fault::Kill { vec![] } else { night.files_of_queue() };
            let faulted = inject(&night.due(), "", &Injection { call, nth, fault, only: &only }, scratch.path());
            let what =
                format!("schedule due, {fault:?} at {call} number {nth}: {:?}: {}", faulted.hit, faulted.output.err);
            assert!(matches!(faulted.output.exited(), None | Some(0 | 74)), "{what}");
            assert!(!faulted.output.err.contains("report this"), "{what}");
            night.bring_the_retry_forward();
            let next = night.due().done();
            assert_eq!(next.code, 0, "{what}: {}", next.err);
            night.judge(&what);
            if faulted.hit.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }
    assert!(faults > 0, "no call was hit, and the test shows nothing");
    tried(&format!("{}, a schedule that is due", fault.words()), faults);
}

#[test]
fn a_schedule_that_is_due_and_killed_anywhere_goes_on() {
    at_any_call_of_due(Fault::Kill);
}

#[test]
fn a_schedule_that_is_due_and_that_the_disk_fails_goes_on() {
    at_any_call_of_due(Fault::Refusal);
}

/// Whether the schedule waits for another try after trouble.
fn waits_for_a_retry(home: &Home) -> bool {
    sql::column::<i64>(&home.queue(), "select count(*) from firing where retry_at is not null") == [1]
}

fn at_any_call_of_a_server(fault: Fault, step: usize) {
    let scratch = tempfile::tempdir().unwrap();
    let (mut search, mut faults) = (Search::new(), 0);
    for call in WRITING.into_iter().filter(|call| fault == Fault::Kill || *call != "fcntl") {
        faults += search.until_none_is_hit(step, |nth| {
            let night = Night::new();
            let only = if fault == Fault::Kill { vec![] } else { night.files_of_queue() };
            let injection = Injection { call, nth, fault, only: &only };
            let mut first = Running::start(traced(&night.serve(), "", &injection, scratch.path()));
            let what = format!("serve, {fault:?} at {call} number {nth}");
            let has_ended = poll(&what, || {
                let is_running = first.is_running();
                // It says what it has met, and looks again a minute later.
                let waits = || first.talk().contains("error: ") || waits_for_a_retry(&night.home);
                let waits = night.is_over() || fault != Fault::Kill && waits();
                (!is_running || waits).then_some(!is_running)
            });
            if !has_ended && let Some(server) = traced_program(Pid::from_child(&first.child)) {
                // It may have ended meanwhile.
                let _ = kill_process(server, Signal::TERM);
            }
            let ended = first.wait();
            let was_hit = match fault {
                Fault::Kill => has_ended,
                _ => log_of(scratch.path()).contains("(INJECTED)"),
            };
            let what = format!("{what}, was hit: {was_hit}: {:?}: {}", ended.status, ended.talk);
            if fault != Fault::Kill {
                let was_told_to = ended.status.signal() == Some(Signal::TERM.as_raw());
                assert!(was_told_to || matches!(ended.status.code(), Some(74 | 143)), "{what}");
                assert!(!ended.talk.contains("report this"), "{what}");
                // Where it could not look, it looks again, and nobody has to type anything.
                let could_look = has_ended || !ended.talk.contains("schedule.lock: ");
                assert!(could_look || ended.talk.contains("looks at its schedules again in a minute"), "{what}");
                night.bring_the_retry_forward();
            }
            night.serve_to_the_end(&what);
            night.judge(&what);
            if was_hit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
    }
    assert!(faults > 0, "no call was hit, and the test shows nothing");
    tried(&format!("{}, serve with a schedule", fault.words()), faults);
}

#[test]
fn a_server_that_is_killed_at_any_call_of_a_schedules_run_goes_on() {
    at_any_call_of_a_server(Fault::Kill, STEP_OF_SERVER);
}

#[test]
fn a_server_that_the_disk_fails_goes_on_or_says_so_and_the_next_one_does() {
    at_any_call_of_a_server(Fault::Refusal, STEP_OF_SERVERS_DISK);
}
