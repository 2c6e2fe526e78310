//! Copies of the queue that a server makes, and the way back to one: nothing is sent before a person has said so, and no window forgets what
//! was sent after the copy was made.

use crate::common::running::{Running, poll};
use crate::common::small_disk::SmallDisk;
use crate::common::sql;
use crate::common::{Done, Home, RunToEnd, SandboxProcess, USER};
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
        let done = self.run(&["doctor", "--restore", "latest"]).ends(0).says("unfollow waits for you: ");
        assert!(
            done.out.contains("resume unfollow --accept-repeats") && done.out.contains(".before-restore-"),
            "{}",
            done.out
        );
    }

    /// Nothing is sent, whoever asks, and everybody says why.
    fn waits(&self) {
        let requests = self.sandbox.requests();
        let end =
            self.send(&[]).ends(4).says("waits for you").says("was restored from a snapshot, which does not know");
        assert!(!end.err.contains("-wal"), "{}", end.err);
        assert_eq!(end.summary()["stopped"], "paused");
        self.run(&["resume", "unfollow", "--yes"]).ends(4).says("sent since: `cleanup verify unfollow` compares");
        self.run(&["resume", "--dry-run"]).ends(0).says("would send nothing");
        self.run(&["resume", "unfollow", "--accept-repeats", "--dry-run"]).ends(0).says("would send 60 of 60 rows");
        self.run(&["unpause", "unfollow"]).ends(0).says("waits for you");
        self.run(&["pause", "unfollow"]).ends(0).says("waits for you");
        let job = self.run(&["status", "--json"]).json()["jobs"][0].clone();
        assert_eq!((job["state"].as_str(), job["activity"].as_str()), (Some("unverified"), Some("needs_you")), "{job}");
        assert_eq!((job["pending"].as_u64(), self.sandbox.requests()), (Some(ROWS), requests));
        let windows = self.run(&["status", "--json"]).json()["accounts"][0]["windows"].clone();
        let full = |window: &serde_json::Value| window["used"] == window["limit"] && !window["next_slot_at"].is_null();
        assert!(windows.as_array().unwrap().iter().all(full), "{windows}");
    }
}

#[test]
fn whoever_accepts_repeats_sends_what_is_left_and_no_window_goes_over_its_limit() {
    let night = Night::new();
    night.restored();
    night.waits();
    night.run(&["resume", "--accept-repeats", "--yes"]).ends(2);
    // Nobody can be asked, so nothing is accepted.
    night.run(&["resume", "unfollow", "--accept-repeats"]).ends(2).says("--yes");
    assert_eq!(night.run(&["status", "--json"]).json()["jobs"][0]["state"], "unverified");
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
    let told = "20 rows that were left are off the lists, and done; 40 may be sent: `cleanup resume unfollow`";
    night.run(&["verify", "unfollow"]).ends(0).says(told);
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
    let refused = night.run(&["doctor", "--restore", "latest", "--config", &config]).ends(2).says("keep = 0");
    assert!(!refused.err.contains("one a day"), "{}", refused.err);
}

/// What is beside the queue under a name that a restore gave it.
fn set_aside(home: &Home) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(home.data("")).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.display().to_string().contains(".before-restore-")).collect()
}

#[test]
fn whoever_restores_twice_within_a_second_keeps_both_queues() {
    let night = Night::new();
    for _ in 0..3 {
        night.restored();
    }
    let aside = set_aside(&night.home);
    assert_eq!(aside.len(), 3, "{aside:?}");
    let mut sent: Vec<i64> =
        aside.iter().map(|path| sql::number(path.as_path(), "select count(*) from attempt")).collect();
    sent.sort_unstable();
    assert_eq!(sent, [0, 0, 20], "the queue of before is lost, or the copies know more than they can");
}

#[test]
fn what_is_no_whole_queue_is_refused_by_its_name_and_nothing_is_changed() {
    let night = Night::new();
    let before = std::fs::read(night.home.queue_file()).unwrap();
    night.home.write("empty.db", "");
    night.home.write("nonsense.db", "nonsense\n".repeat(1000));
    night.home.write("truncated.db", &before[..before.len() / 2]);
    for (name, drops) in [("tableless.db", true), ("foreign.db", false)] {
        let path = night.home.write(name, "");
        sql::change(path.as_path(), "create table song (id integer)");
        if drops {
            sql::change(path.as_path(), "drop table song");
        }
        assert!(path.metadata().unwrap().len() > 0);
    }
    for name in ["empty.db", "nonsense.db", "truncated.db", "tableless.db", "foreign.db"] {
        let refused = night.run(&["doctor", "--restore", name]).ends(74).says(&format!("{name} was not restored"));
        let text = &refused.err;
        assert!(text.contains("hint: nothing was changed; name a whole copy of the queue's file"), "{text}");
        assert!(text.contains("queue.db.snapshots.d/") && !text.contains("unfinished"), "{text}");
    }
    let newer = night.home.write("newer.db", &before);
    let migration = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                     values (9999, 'later', 1, x'00', 0)";
    sql::change(newer.as_path(), migration);
    night
        .run(&["doctor", "--restore", "newer.db"])
        .ends(78)
        .says("hint: nothing was changed; install the newer version");
    assert_eq!(std::fs::read(night.home.queue_file()).unwrap(), before);
    assert!(set_aside(&night.home).is_empty());
}

#[test]
fn nobody_accepts_repeats_beside_a_process_that_works() {
    let night = Night::new();
    night.restored();
    let serve = Running::start(night.home.against(&night.sandbox, ["serve", "--yes", "--listen", "127.0.0.1:0"]));
    poll("the server", || night.run(&["doctor"]).out.contains("a process is working on this queue now").then_some(()));
    let refused = night.run(&["resume", "unfollow", "--accept-repeats", "--yes"]).ends(75);
    assert!(refused.err.contains("hint: nothing was changed, and unfollow waits; end that process"), "{}", refused.err);
    let job = night.run(&["status", "--json"]).json()["jobs"][0].clone();
    assert_eq!(job["state"], "unverified", "{job}");
    serve.signal(Signal::TERM);
    serve.wait();
    assert_eq!(night.sandbox.requests(), 20);
}

#[test]
fn where_the_queue_is_damaged_the_snapshot_is_named_and_leads_back() {
    let night = Night::new();
    std::fs::write(night.home.queue_file(), "nonsense\n".repeat(1000)).unwrap();
    night.run(&["status"]).ends(74).says("queue.db.snapshots.d/").says("`cleanup doctor --restore latest`");
    let found = night.run(&["doctor"]).ends(74).out;
    assert!(
        found.contains("`cleanup doctor --restore latest`") && found.contains("1 snapshot of the queue"),
        "{found}"
    );
    night.restored();
}

#[test]
fn a_disk_with_little_room_gets_no_copy_and_says_how_much_one_takes() {
    let home = Home::new();
    let Some(disk) = SmallDisk::make(&home, "32m") else { return };
    home.write("unfollow.csv", "target_id\n12\n");
    let at = |words: &[&str]| {
        let mut command = home.cleanup(words);
        command.env("CLEANUP_X_USER_ID", USER).arg("--db").arg(disk.point.join("queue.db"));
        disk.inside(&command).done()
    };
    at(&["load", "unfollow.csv"]).ends(0);
    at(&["schedule", "due"])
        .ends(0)
        .says("the queue was not copied today: a copy and what the queue itself may need take 65 MiB, and");
}

/// A copy has no logins: who needs one is named by whatever is typed next.
#[test]
fn after_a_restore_the_accounts_that_are_to_log_in_again_are_named() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", LIMIT, "--faults", "none"]);
    let host = sandbox.url.trim_start_matches("http://");
    let add = ["account", "add", "fedi", "--platform", "mastodon", "--host", host];
    home.cleanup(add).fed(&format!("sandbox-{USER}\n")).ends(0);
    home.write("unfollow.csv", "target_id\n109302\n109303\n");
    home.run(&["load", "unfollow.csv"]).ends(0);
    // The first look of a day copies the queue, whether a schedule is due or not.
    home.run(&["schedule", "due"]).ends(0);
    assert!(home.data("queue.db.snapshots.d").is_dir());
    home.run(&["doctor", "--restore", "latest"]).ends(77).says("cleanup account login fedi");
    for words in [&["verify", "unfollow"][..], &["resume", "unfollow", "--accept-repeats", "--yes"]] {
        home.run(words).ends(77).says("log in again with `cleanup account login fedi`");
    }
    assert_eq!(sandbox.requests(), 0);
}
