//! Commands that make a queue, and how to see that they did what they say.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::common::strace::copy_folder;
use crate::common::{Done, Home, RunToEnd, SandboxProcess, USER, ids};

pub const ROWS: u64 = 12;

/// A command that somebody types first of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    Load,
    Run,
    RunSandbox,
    AccountAdd,
    ScheduleAdd,
}

impl First {
    pub fn feed(self) -> &'static str {
        if self == First::AccountAdd { "an-access-token\na-refresh-token\n" } else { "" }
    }

    fn is_sandbox(self) -> bool {
        self == First::RunSandbox
    }

    pub fn queue(self, home: &Home) -> PathBuf {
        let name = if self.is_sandbox() { "sandbox.db" } else { "queue.db" };
        home.queue_file().with_file_name(name)
    }

    fn args(self) -> Vec<&'static str> {
        match self {
            First::Load => vec!["load", "unfollow.csv"],
            First::Run => vec!["run", "unfollow.csv", "--yes", "--json", "--pace", "front-load", "--rate", "10000/1s"],
            First::RunSandbox => vec!["run", "unfollow.csv", "--json", "--pace", "front-load", "--sandbox"],
            First::AccountAdd => vec!["account", "add", "work", "--user-id", USER],
            First::ScheduleAdd => vec!["schedule", "add", "nightly", "--cron", "0 2 * * *", "unfollow.csv"],
        }
    }

    pub fn command(self, home: &Home, sandbox: &SandboxProcess) -> Command {
        match self {
            First::Run => home.against(sandbox, self.args()),
            _ => other(home, self.args()),
        }
    }

    /// Types it once more, and looks whether all is as if nothing had ever happened.
    pub fn again(self, home: &Home, sandbox: &SandboxProcess, what: &str) {
        let was_there = self.has_happened(home);
        let output = typed(self.command(home, sandbox), self.feed());
        let (code, told) = (output.code, output.err);
        if self == First::ScheduleAdd && was_there {
            assert!(code == 2 && told.contains("already"), "{what}: {code}: {told}");
        } else if self == First::RunSandbox {
            // The embedded sandbox makes faults of its own: a row of its may fail.
            assert!(code == 0 || code == 3, "{what}: {code}: {told}");
        } else {
            assert_eq!(code, 0, "{what}: {told}");
        }
        assert!(self.has_happened(home), "{what}: {told}");
        let doctor = other(home, self.with_kind(&["doctor"])).done();
        assert!(doctor.out.contains("queue: not damaged, and every counter is right"), "{what}: {}", doctor.out);
        let left: Vec<String> = strangers(self, home);
        assert!(left.is_empty(), "{what}: left lying about: {left:?}");
    }

    /// Types other commands, in a copy of the home: whoever looks, and whoever puts something else into the queue.
    pub fn others(self, home: &Home, what: &str) {
        let copy = Home::new();
        copy_folder(home.folder.path(), copy.folder.path());
        copy.write("unlike.csv", "tweet_id\n1629556410996121225\n");
        let mut commands = vec![vec!["status", "--json"], vec!["audit"], vec!["load", "unlike.csv"]];
        if !self.is_sandbox() {
            commands.insert(0, vec!["account", "list", "--json"]);
            commands.insert(1, vec!["schedule", "list", "--json"]);
            commands.push(vec!["schedule", "add", "other", "--cron", "0 3 * * *", "unlike.csv"]);
        }
        for args in commands {
            let output = other(&copy, self.with_kind(&args)).done();
            assert_eq!(output.code, 0, "{what}: {args:?}: {}", output.err);
        }
        let status = other(&copy, self.with_kind(&["status", "--json"])).done().json();
        assert!(status["jobs"].as_array().unwrap().iter().any(|job| job["job"] == "unlike"), "{what}: {status}");
    }

    /// Whether the queue says so.
    pub fn has_happened(self, home: &Home) -> bool {
        let list = |args: &[&str]| -> Value {
            let output = other(home, self.with_kind(args)).done();
            assert_eq!(output.code, 0, "{args:?}: {}", output.err);
            output.json()
        };
        let named = |list: &Value, name: &str| list.as_array().unwrap().iter().any(|one| one["name"] == name);
        match self {
            First::AccountAdd => named(&list(&["account", "list", "--json"])["accounts"], "work"),
            First::ScheduleAdd => named(&list(&["schedule", "list", "--json"])["schedules"], "nightly"),
            First::Load => list(&["status", "--json"])["jobs"][0]["pending"] == ROWS,
            First::Run | First::RunSandbox => {
                let job = list(&["status", "--json"])["jobs"][0].clone();
                job["rows"] == ROWS && job["pending"] == 0
            }
        }
    }

    fn with_kind<'a>(self, args: &[&'a str]) -> Vec<&'a str> {
        let kind: &[&str] = if self.is_sandbox() { &["--sandbox"] } else { &[] };
        [args, kind].concat()
    }
}

/// A home with a file to load, and nothing else.
pub fn fresh() -> Home {
    let home = Home::new();
    home.write("unfollow.csv", ids(ROWS));
    home
}

pub fn other(home: &Home, args: Vec<&str>) -> Command {
    let mut command = home.cleanup(args);
    command.env("CLEANUP_X_USER_ID", USER);
    command
}

pub fn typed(mut command: Command, feed: &str) -> Done {
    use std::io::Write;
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // Whoever does not read it has closed it.
    let _ = child.stdin.take().unwrap().write_all(feed.as_bytes());
    Done::of(&child.wait_with_output().unwrap())
}

/// What is in the queue's folder and belongs to nothing.
fn strangers(first: First, home: &Home) -> Vec<String> {
    let queue = first.queue(home);
    let name = queue.file_name().unwrap().to_str().unwrap();
    let known = ["", "-wal", "-shm", ".load.lock", ".drain.lock", ".schedule.lock", ".serve.lock", ".accounts.d"];
    let entries = std::fs::read_dir(queue.parent().unwrap()).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names
        .filter(|entry| entry != "credentials.key" && !known.iter().any(|end| *entry == format!("{name}{end}")))
        .collect()
}
