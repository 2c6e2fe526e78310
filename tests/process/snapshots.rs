//! Copies of the queue that a server makes, and the way back to one: nothing is sent before a person has said so, and no window forgets what
//! was sent after the copy was made.

use crate::common::running::{Running, poll};
use crate::common::{Done, Home, RunToEnd, SandboxProcess};
use rustix::process::Signal;

const ROWS: u64 = 60;
const LIMIT: &str = "40/4s";

struct Night {
    home: Home,
    sandbox: SandboxProcess,
}

impl Night {
    /// A queue of which a server has made a copy, before anything was sent; then 20 of its rows were.
    fn new() -> Night {
        let home = Home::new();
        let sandbox =
            SandboxProcess::start(&home, &["--limit", LIMIT, "--faults", "none", "--lists", &ROWS.to_string()]);
        let night = Night { home, sandbox };
        night.run(&["list", "following", "-o", "unfollow.csv"]).ends(0);
        night.run(&["load", "unfollow.csv"]).ends(0);
        night.run(&["pause", "unfollow"]).ends(0);
        let serve = Running::start(night.home.against(&night.sandbox, ["serve", "--yes", "--listen", "127.0.0.1:0"]));
        poll("a copy", || night.snapshot().then_some(()));
        night.run(&["unpause", "unfollow"]).ends(0);
        serve.signal(Signal::TERM);
        assert_eq!(serve.wait().code(), 143);
        night.send(&["--max-requests", "20"]).ends(4);
        assert_eq!(night.sandbox.requests(), 20);
        night
    }

    fn snapshot(&self) -> bool {
        let status = self.run(&["status", "--json"]).ends(0).json();
        status["snapshot"].as_str().is_some_and(|day| day.len() == 10)
    }

    fn run(&self, words: &[&str]) -> Done {
        self.home.against(&self.sandbox, words).done()
    }

    fn send(&self, more: &[&str]) -> Done {
        let words =
            ["run", "unfollow.csv", "--yes", "--json", "--rate", LIMIT, "--pace", "front-load", "--progress", "none"];
        self.home.against(&self.sandbox, words.iter().chain(more)).done()
    }

    fn restored(&self) {
        let done = self.run(&["doctor", "--restore", "latest"]).ends(0).says("1 job waits for you");
        assert!(
            done.out.contains("resume unfollow --accept-repeats") && done.out.contains(".before-restore-"),
            "{}",
            done.out
        );
    }

    /// Nothing is sent, whoever asks, and everybody says why.
    fn waits(&self) {
        let requests = self.sandbox.requests();
        let end = self.send(&[]).ends(4).says("waits for you");
        assert_eq!(end.summary()["stopped"], "paused");
        self.run(&["resume", "unfollow", "--yes"]).ends(4).says("sent since: `cleanup verify unfollow` compares");
        self.run(&["resume", "--dry-run"]).ends(0).says("would send nothing");
        self.run(&["unpause", "unfollow"]).ends(0).says("waits for you");
        self.run(&["pause", "unfollow"]).ends(0).says("waits for you");
        let job = self.run(&["status", "--json"]).json()["jobs"][0].clone();
        assert_eq!((job["state"].as_str(), job["activity"].as_str()), (Some("unverified"), Some("needs_you")), "{job}");
        assert_eq!((job["pending"].as_u64(), self.sandbox.requests()), (Some(ROWS), requests));
    }
}

#[test]
fn whoever_accepts_repeats_sends_what_is_left_and_no_window_goes_over_its_limit() {
    let night = Night::new();
    night.restored();
    night.waits();
    night.run(&["resume", "--accept-repeats", "--yes"]).ends(2);
    let words = ["resume", "unfollow", "--accept-repeats", "--yes", "--json", "--rate", LIMIT, "--pace", "front-load"];
    let end = night.run(&words).ends(0);
    assert_eq!(end.json()["jobs"][0]["done"], ROWS, "{}", end.err);
    let ledger = night.sandbox.ledger();
    assert!(ledger.max_in_window <= 40 && ledger.earned_429 == 0, "{ledger:?}");
    assert_eq!(ledger.repeats, 20, "the copy knows nothing of them");
}

#[test]
fn a_verify_finds_what_was_sent_after_the_copy_was_made() {
    let night = Night::new();
    night.restored();
    night.waits();
    night.run(&["verify", "unfollow"]).ends(0).says("20 rows that were left are off the lists");
    let end = night.send(&[]).ends(0);
    assert_eq!(end.json()["jobs"][0]["done"], ROWS, "{}", end.err);
    let ledger = night.sandbox.ledger();
    assert!(ledger.max_in_window <= 40 && ledger.earned_429 == 0 && ledger.repeats == 0, "{ledger:?}");
    let report = night.run(&["report", "unfollow"]).ends(0).out;
    assert_eq!(report.matches("confirmed_by_reading").count(), 20);
}

#[test]
fn nobody_restores_under_a_process_that_works_or_from_nothing() {
    let night = Night::new();
    let serve = Running::start(night.home.against(&night.sandbox, ["serve", "--yes", "--listen", "127.0.0.1:0"]));
    poll("the server", || night.run(&["doctor"]).out.contains("a process is working on this queue now").then_some(()));
    let refused = night.run(&["doctor", "--restore", "latest"]).ends(75);
    assert!(refused.err.contains("hint: "), "{}", refused.err);
    serve.signal(Signal::TERM);
    serve.wait();
    let queue = night.home.queue_file().display().to_string();
    night.run(&["doctor", "--restore", &queue]).ends(2).says("the queue itself");
    night.run(&["doctor", "--restore", "nowhere.db"]).ends(74).says("nowhere.db was not restored");
    night
        .run(&["doctor", "--restore", "latest", "--db", "postgres://ada@127.0.0.1:1/queue"])
        .ends(2)
        .says("docs/scale.md");
    night.run(&["doctor", "--restore", "latest", "--db", "new.db"]).ends(2).says("there is no snapshot");
    let config = night.home.write("config.toml", "[snapshots]\nkeep = 0\n");
    std::fs::remove_dir_all(night.home.data("queue.db.snapshots.d")).unwrap();
    let config = config.display().to_string();
    night.run(&["doctor", "--config", &config]).ends(0).says("keep = 0");
}
