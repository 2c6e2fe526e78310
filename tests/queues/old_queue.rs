//! An old queue in a home of its own, as if it had been made there: the paths in it, the boot and the times are this machine's.

use std::collections::{BTreeSet, HashMap};
use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use cleanup::clock::SystemClock;
use serde_json::Value;
use sqlx::{Connection, SqliteConnection};

use crate::common::{Done, Home, RunToEnd, SandboxProcess, USER, wait};

/// Every queue there is.
pub const NAMES: [&str; 13] = [
    "column",
    "controls",
    "damaged",
    "died-loading",
    "died-reloading",
    "half-done",
    "held",
    "key-file",
    "names",
    "names-beside-ids",
    "passphrase",
    "sandbox",
    "schedules",
];

/// The passphrase of the queue `passphrase`.
pub const PASSPHRASE: &str = "a-passphrase-of-the-tests";

/// When the queue's last request left.
#[derive(Clone, Copy)]
pub enum Made {
    /// Two seconds ago, by this boot: its slots count.
    JustNow,
    /// A day ago, by this boot.
    Yesterday,
    /// A year ago, by another boot.
    LongAgo,
}

pub struct OldQueue {
    pub home: Home,
    pub sandbox: SandboxProcess,
    name: &'static str,
}

impl OldQueue {
    /// The queue, and a sandbox of no faults.
    pub fn open(name: &'static str, made: Made) -> OldQueue {
        OldQueue::facing(name, made, &["--limit", "5000/2s", "--faults", "none"])
    }

    pub fn facing(name: &'static str, made: Made, sandbox: &[&str]) -> OldQueue {
        let home = Home::new();
        let sandbox = SandboxProcess::start(&home, sandbox);
        let queue = OldQueue { home, sandbox, name };
        let unpacked = tempfile::tempdir().unwrap();
        unpack(name, unpacked.path());
        wait(queue.settle_in(unpacked.path(), made));
        queue
    }

    fn is_sandbox(&self) -> bool {
        self.name == "sandbox"
    }

    /// Puts the files in their place. What is changed of the queue stands in its log, beside what was there before: a queue whose
    /// process died comes as it died.
    async fn settle_in(&self, unpacked: &Path, made: Made) {
        let file = if self.is_sandbox() { "sandbox.db" } else { "queue.db" };
        let data = unpacked.join(".local/share/cleanup");
        let url = format!("sqlite://{}", data.join(file).display());
        let mut queue = SqliteConnection::connect(&url).await.unwrap();
        // A statement after the other, each by itself.
        for sql in ["pragma wal_autocheckpoint = 0".to_owned()]
            .into_iter()
            .chain(self.paths_here())
            .chain(times_here(&mut queue, made).await)
        {
            sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut queue).await.unwrap();
        }
        copy(unpacked, self.home.folder.path());
        queue.close().await.unwrap();
    }

    fn paths_here(&self) -> Vec<String> {
        // One home was copied in the middle of its making.
        let made_as = if self.name == "died-reloading" { "died-loading" } else { self.name };
        let there = format!("/tmp/cleanup-old-queues/{made_as}/");
        // Paths are kept as the system resolves them.
        let here = format!("{}/", self.home.folder.path().canonicalize().unwrap().display());
        let replace = |column: &str| format!("{column} = replace({column}, '{there}', '{here}')");
        vec![
            format!("update job set {}, {}", replace("path"), replace("keep_path")),
            format!("update schedule set {}, {}", replace("words"), replace("list_words")),
        ]
    }

    /// What a command did, as the user whose queue it is, with the environment that was there when it was made.
    pub fn command(&self, words: &[&str]) -> Done {
        let mut command = self.home.against(&self.sandbox, words);
        if ["key-file", "passphrase", "names"].contains(&self.name) {
            // These have logins of their own.
            command.env_remove("CLEANUP_X_TOKEN").env_remove("CLEANUP_X_USER_ID");
            command.env("CLEANUP_X_CONSUMER_KEY", "sandbox+consumer");
            command.env("CLEANUP_X_CONSUMER_SECRET", "sandbox/consumer&secret=");
        }
        if self.name == "passphrase" {
            command.env("CLEANUP_KEY", PASSPHRASE);
        }
        if self.is_sandbox() {
            command.arg("--sandbox");
        }
        command.done()
    }

    /// The same, with this exit code.
    #[track_caller]
    pub fn does(&self, words: &[&str], expected: i32) -> Done {
        let output = self.command(words);
        let told = || format!("{}: {words:?}\n{}\n{}", self.name, output.out, output.err);
        assert_eq!(output.code, expected, "{}", told());
        assert!(!output.err.contains("panicked"), "{}", told());
        output
    }

    /// Works on what there is as fast as it goes, and gives the JSON of its end.
    #[track_caller]
    pub fn resume(&self, more: &[&str], expected: i32) -> Value {
        let words = ["resume", "--yes", "--json", "--rate", "2000/2s", "--pace", "front-load", "--progress", "none"];
        let end = self.does(&[&words, more].concat(), expected).json();
        crate::common::contract::judge(&end, expected);
        end
    }

    /// The jobs by name, as `status --json` has them; their outcomes add up.
    #[track_caller]
    pub fn jobs(&self) -> HashMap<String, Value> {
        let status = self.does(&["status", "--json"], 0).json();
        let jobs = status["jobs"].as_array().unwrap().iter();
        jobs.map(|job| {
            let counts = ["done", "gone", "failed", "cancelled", "kept", "duplicate", "rejected", "pending"];
            let sum: u64 = counts.iter().map(|count| job[count].as_u64().unwrap()).sum();
            assert_eq!(job["rows"], sum, "{}: outcomes add up to the rows: {job}", self.name);
            (job["job"].as_str().unwrap().to_owned(), job.clone())
        })
        .collect()
    }

    /// One job's count of an outcome.
    #[track_caller]
    pub fn count(&self, job: &str, outcome: &str) -> u64 {
        self.jobs()[job][outcome].as_u64().unwrap()
    }

    /// The receipts of a job: target and outcome of each row, in order. The target is the first cell.
    #[track_caller]
    pub fn receipts(&self, job: &str) -> Vec<(String, String)> {
        let output = self.does(&["report", job, "--format", "json"], 0);
        let rows = output.json();
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| (text(row.as_object().unwrap().values().next().unwrap()), text(&row["outcome"]))).collect()
    }

    /// The cells in a column of a job's rows with this outcome.
    pub fn targets_in_column(&self, job: &str, column: usize, outcome: &str) -> BTreeSet<String> {
        let text = self.does(&["report", job], 0).out;
        let cells = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        cells.filter(|cells| cells.contains(&outcome)).map(|cells| cells[column].to_owned()).collect()
    }

    /// The targets of a job's rows with this outcome.
    pub fn targets(&self, job: &str, outcome: &str) -> BTreeSet<String> {
        self.receipts(job).into_iter().filter(|(_, what)| what == outcome).map(|(target, _)| target).collect()
    }

    /// Whom something was done to, by the platform's own record.
    pub fn effects(&self) -> BTreeSet<String> {
        self.effects_of(USER)
    }

    pub fn effects_of(&self, user: &str) -> BTreeSet<String> {
        let text = self.sandbox.get(&format!("/sandbox/effects?user={user}"));
        text.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().to_owned()).collect()
    }

    /// Requests that the platform has counted.
    pub fn requests(&self) -> u64 {
        let ledger: Value = serde_json::from_str(&self.sandbox.get("/sandbox/ledger")).unwrap();
        ledger["users"].as_object().unwrap().values().map(|user| user["requests"].as_u64().unwrap()).sum()
    }
}

/// Statements that move the queue's times: its last request left two seconds ago, or a year ago under another boot.
async fn times_here(queue: &mut SqliteConnection, made: Made) -> Vec<String> {
    let clock = SystemClock::shared();
    let (now, boot) = (clock.now(), clock.boot());
    let last = "select coalesce(max(reserved_tick), 0), coalesce(max(reserved_at), 0) from attempt";
    let (tick, wall): (i64, i64) = sqlx::query_as(last).fetch_one(&mut *queue).await.unwrap();
    if tick == 0 {
        return Vec::new();
    }
    let ago = match made {
        Made::JustNow => Duration::from_secs(2),
        Made::Yesterday => Duration::from_secs(86_400),
        Made::LongAgo => Duration::from_secs(365 * 86_400),
    };
    let ago = i64::try_from(ago.as_millis()).unwrap();
    let walls = now.wall.0 - ago - wall;
    let (ticks, boot) = match made {
        Made::JustNow | Made::Yesterday => (now.tick.0 - ago - tick, boot.0),
        Made::LongAgo => (0, "a-boot-of-long-ago".to_owned()),
    };
    vec![
        format!(
            "update drain set boot = '{boot}', started_tick = started_tick + {ticks}, started_at = started_at + {walls},
                    ended_at = ended_at + {walls}"
        ),
        format!(
            "update attempt set reserved_tick = reserved_tick + {ticks}, upper_tick = upper_tick + {ticks},
                    reserved_at = reserved_at + {walls}, ended_at = ended_at + {walls}"
        ),
        format!(
            "update account set hold_until_tick = hold_until_tick + {ticks}, hold_until_at = hold_until_at + {walls}
              where hold_until_tick is not null"
        ),
    ]
}

fn unpack(name: &str, into: &Path) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/queues/old").join(format!("{name}.zip"));
    let mut archive = zip::ZipArchive::new(File::open(file).unwrap()).unwrap();
    archive.extract(into).unwrap();
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            fs::create_dir_all(&target).unwrap();
            copy(&entry.path(), &target);
        } else if !entry.path().to_string_lossy().ends_with("-shm") {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
