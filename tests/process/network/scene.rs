//! A run behind a bad wire, and what has to hold at its end.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::common::bad_wire::{BadWire, WireFault};
use crate::common::running::Running;
use crate::common::tries::tried;
use crate::common::{Home, SandboxProcess, USER, database, ids, sql, wait};

/// What the platform takes, and the run sends, in a second: a run of some twenty rows waits for another window or two.
const LIMIT: u32 = 12;

/// How a run is made.
#[derive(Clone, Copy, Debug)]
pub struct Course {
    pub workers: usize,
    /// The first request that is struck. Before it, each worker should have a connection.
    pub first: usize,
    /// Every so many requests another one is struck, so that no three in a row are. Those are an outage, and waited for.
    pub every: usize,
    /// Rows that no fault strikes.
    pub more_rows: usize,
    pub deadline: Option<&'static str>,
}

impl Course {
    fn plan(self, faults: &[WireFault]) -> BTreeMap<usize, WireFault> {
        faults.iter().enumerate().map(|(n, fault)| (self.first + n * self.every, *fault)).collect()
    }

    fn rows(self, faults: usize) -> u64 {
        (self.first + faults * self.every + self.more_rows) as u64
    }
}

/// What was seen, after all that has to hold was looked at.
pub struct Scene {
    pub wire: BadWire,
    /// Attempts of requests that ended without an answer that says something, by their reason.
    pub troubles: BTreeMap<String, u64>,
    /// What was said of them.
    pub details: Vec<String>,
}

/// A run whose requests meet these faults, judged.
pub fn play(course: Course, faults: &[WireFault], seed: u64) -> Scene {
    let what = format!("{faults:?}, seed {seed}");
    let home = Home::new();
    let rows = course.rows(faults.len());
    home.write("unfollow.csv", ids(rows));
    if let Some(deadline) = course.deadline {
        home.write(".config/cleanup/config.toml", format!("[run]\nrequest_deadline = \"{deadline}\"\n"));
    }
    let rate = format!("{LIMIT}/1s");
    let sandbox = SandboxProcess::start(&home, &["--limit", &rate, "--faults", "none"]);
    let wire = BadWire::before(&sandbox, course.plan(faults));
    let workers = course.workers.to_string();
    let words = ["run", "unfollow.csv", "--yes", "--json", "--pace", "front-load", "--progress", "none"];
    let mut run = home.against(&sandbox, words.into_iter().chain(["--rate", &rate, "--workers", &workers]));
    run.env("CLEANUP_X_API", &wire.url);
    // One that waits for ever is given up.
    let ended = Running::start(run).wait();
    assert_eq!(ended.code(), 0, "{what}: {}{}", ended.stdout, ended.talk);

    let job = &ended.json()["jobs"][0];
    assert_eq!((&job["done"], &job["pending"]), (&Value::from(rows), &0.into()), "{what}: {job}");
    let struck: Vec<WireFault> = wire.strikes().iter().map(|strike| strike.fault).collect();
    assert_eq!(struck, faults, "{what}");
    let ledger = sandbox.ledger();
    assert!(ledger.max_in_window <= u64::from(LIMIT), "{what}: {ledger:?}");
    assert_eq!((ledger.earned_429, ledger.effects), (0, rows), "{what}: {ledger:?}");
    let (asked, lost, slow) = (asked(&sandbox), wire.lost_answers(), timeouts(&home));
    assert_eq!(asked.len() as u64, rows, "{what}");
    for (target, times) in asked {
        // On a machine that stands still, the deadline passes without a fault of the wire as well; the queue has that on record.
        let [lost, slow] = [&lost, &slow].map(|hits| hits.get(&target).copied().unwrap_or_default());
        assert!(times <= 1 + lost.max(slow), "{what}: {target}: asked {times} times, {lost} answers lost, {slow} late");
    }
    if !database::is_asked_for() {
        assert_eq!(sql::column::<String>(&home.queue(), "pragma integrity_check"), ["ok"], "{what}");
    }
    let details = sql::column::<Option<String>>(home.queue(), "select detail from attempt");
    Scene { wire, troubles: troubles(&home), details: details.into_iter().flatten().collect() }
}

/// Says of each fault how often it struck.
pub fn tell(scene: &Scene) {
    let mut counts: BTreeMap<WireFault, usize> = BTreeMap::new();
    for strike in scene.wire.strikes() {
        *counts.entry(strike.fault).or_default() += 1;
    }
    for (fault, count) in counts {
        tried(fault.name(), count);
    }
}

/// By the platform's count, how often each target was asked for.
pub fn asked(sandbox: &SandboxProcess) -> HashMap<String, u32> {
    let text = sandbox.get(&format!("/sandbox/effects?user={USER}"));
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    rows.map(|cells| (cells[1].to_owned(), cells[3].parse().unwrap())).collect()
}

/// Attempts that ended without an answer that says something, by their reason. None while there is no queue yet.
pub fn troubles(home: &Home) -> BTreeMap<String, u64> {
    let reasons =
        "select reason from attempt where finding in ('unanswered', 'unknown', 'world') and reason is not null";
    let mut troubles = BTreeMap::new();
    if home.queue().file().is_none_or(std::path::Path::exists) {
        for (reason,) in wait(sql::try_rows_at::<(String,)>(&home.queue(), reasons)).unwrap_or_default() {
            *troubles.entry(reason).or_default() += 1;
        }
    }
    troubles
}

/// By the queue's, how often the deadline passed in a request for each target.
fn timeouts(home: &Home) -> HashMap<String, u32> {
    let late = "select cast(task.target as text) from attempt join task on task.id = attempt.task_id \
                where attempt.reason = 'timeout'";
    let mut hits = HashMap::new();
    for target in sql::column::<String>(home.queue(), late) {
        *hits.entry(target).or_default() += 1;
    }
    hits
}
