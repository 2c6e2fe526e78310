//! Processes that drain one queue, each in a home of its own as on a host of its own, and kept going as a service would: one that ends is
//! started again.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::common::running::Running;
use crate::common::{Home, SandboxProcess};

/// Opens the logins on every host.
pub const KEY: &str = "a key that all hosts of this test have";

/// How a process may end that has met trouble with its server, or somebody else at work; 0 and 3 are the end of the work.
const ENDS: [i32; 4] = [0, 3, 74, 75];

/// How long a service waits before it starts a process again.
const PAUSE: Duration = Duration::from_millis(300);

pub struct Fleet<'a> {
    pub workers: Vec<Worker>,
    sandbox: &'a SandboxProcess,
    address: String,
    rate: String,
}

pub struct Worker {
    home: Home,
    running: Option<Running>,
    ended_at: Instant,
    /// It is stopped until then.
    pub wakes_at: Option<Instant>,
    /// How often it ended by itself, and what it said last.
    pub ends: Vec<(i32, String)>,
}

impl Fleet<'_> {
    /// The first of them runs; the others join.
    pub fn new<'a>(size: usize, sandbox: &'a SandboxProcess, address: &str, rate: &str) -> Fleet<'a> {
        let worker =
            || Worker { home: Home::new(), running: None, ended_at: Instant::now(), wakes_at: None, ends: Vec::new() };
        let workers = (0..size).map(|_| worker()).collect();
        let mut fleet = Fleet { workers, sandbox, address: address.to_owned(), rate: rate.to_owned() };
        fleet.begin(0);
        fleet
    }

    pub fn join_all(&mut self) {
        for number in 1..self.workers.len() {
            self.begin(number);
        }
    }

    fn begin(&mut self, number: usize) {
        let worker = &mut self.workers[number];
        let mut resume = worker.home.cleanup(["resume", "--yes", "--json", "--rate", &self.rate, "--workers", "16"]);
        resume.args(["--pace", "front-load", "--progress", "none", "--give-up-after", "5m"]);
        resume.env("CLEANUP_DB", &self.address).env("CLEANUP_X_API", &self.sandbox.url).env("CLEANUP_KEY", KEY);
        worker.running = Some(Running::start(resume));
        worker.wakes_at = None;
    }

    /// Wakes who has been stopped for long enough, and starts again who has ended.
    pub fn tend(&mut self) {
        for number in 0..self.workers.len() {
            let worker = &mut self.workers[number];
            if worker.wakes_at.is_some_and(|at| at <= Instant::now()) {
                worker.signal(Signal::CONT);
                worker.wakes_at = None;
            }
            if worker.note_end() && worker.ended_at.elapsed() > PAUSE {
                self.begin(number);
            }
        }
    }

    /// Lets everybody come to an end.
    pub fn end(mut self) -> Vec<Worker> {
        for worker in &mut self.workers {
            if worker.wakes_at.take().is_some() {
                worker.signal(Signal::CONT);
            }
            if let Some(running) = worker.running.take() {
                let ended = running.wait();
                worker.ends.push((ended.code(), ended.talk));
            }
            worker.judge_last_end();
        }
        std::mem::take(&mut self.workers)
    }
}

impl Worker {
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.child.id())
    }

    pub fn signal(&self, signal: Signal) {
        if let Some(running) = &self.running {
            running.signal(signal);
        }
    }

    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            running.child.kill().unwrap();
            running.child.wait().unwrap();
            self.ended_at = Instant::now();
            self.wakes_at = None;
        }
    }

    /// Whether it is not running; how it ended is noted once.
    fn note_end(&mut self) -> bool {
        let Some(running) = &mut self.running else { return true };
        if running.is_running() {
            return false;
        }
        if let Some(running) = self.running.take() {
            let ended = running.wait();
            self.ends.push((ended.code(), ended.talk));
            self.ended_at = Instant::now();
            self.judge_last_end();
        }
        true
    }

    fn judge_last_end(&self) {
        if let Some((code, talk)) = self.ends.last() {
            assert!(ENDS.contains(code) && !talk.contains("panicked"), "it ended with {code}: {talk}");
        }
    }
}
