//! What state a job is in, as `status` and its JSON say it: by what processes, schedules and people are doing, never by a guess.

use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use cleanup::store::QueueKind;
use serde_json::{Value, json};

use super::program::queue_with_job;
use crate::common::Home;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A job of the sandbox that is not done for a quarter of an hour.
fn home() -> Home {
    let home = Home::new();
    let rows: String = (0..3_000_u64).map(|n| format!("{}\n", 1_000_000_000_000_000_007 + n * 7_919_000_001)).collect();
    home.write("unfollow.csv", format!("user_id\n{rows}"));
    home
}

fn job(home: &Home, words: &[&str]) -> Value {
    let words: Vec<&str> = ["status", "--json"].iter().chain(words).copied().collect();
    home.run(&words).ends(0).json()["jobs"][0].clone()
}

fn sandbox_job(home: &Home) -> Value {
    job(home, &["--sandbox"])
}

fn said(home: &Home) -> String {
    home.run(&["status", "--sandbox"]).ends(0).out
}

/// A run in a process of its own, killed with it.
struct Run(Child);

impl Run {
    fn start(home: &Home, words: &[&str]) -> Run {
        let mut command = home.cleanup(words);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        Run(command.spawn().unwrap())
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[track_caller]
fn until(home: &Home, what: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let job = sandbox_job(home);
        if is_so(&job) {
            return job;
        }
        assert!(begun.elapsed() < PATIENCE, "{what}? {job}");
    }
}

fn is_worked_on(job: &Value) -> bool {
    job["activity"] == "running" || job["activity"] == "waiting_slot"
}

#[test]
fn an_end_by_the_clock_is_told_only_while_a_process_works_on_the_job() {
    let home = home();
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    let loaded = sandbox_job(&home);
    assert_eq!((&loaded["state"], &loaded["activity"]), (&json!("pending"), &json!("not_running")), "{loaded}");
    assert_eq!((&loaded["eta_at"], &loaded["until"]), (&Value::Null, &Value::Null), "{loaded}");
    assert!(loaded["eta_s"].as_u64() > Some(600), "{loaded}");
    let text = said(&home);
    assert!(text.contains("not running: `cleanup resume unfollow --sandbox` starts it; takes about 15 min"), "{text}");
    {
        let _run = Run::start(&home, &["run", "unfollow.csv", "--sandbox"]);
        let running = until(&home, "somebody works on it", |job| is_worked_on(job) && job["done"].as_u64() > Some(0));
        assert!(running["eta_at"].is_string() && running["eta_s"].as_u64() > Some(600), "{running}");
        let text = said(&home);
        assert!(text.contains("done about ") && !text.contains("not running"), "{text}");
        // A process that waits for its slot says until when.
        let waits = until(&home, "the window is full", |job| job["activity"] == "waiting_slot");
        assert!(waits["until"].is_string() && waits["eta_at"].is_string(), "{waits}");
    }
    // It was killed: nobody has written down its end. On a server that is found out when its lease ends.
    let killed = until(&home, "it is known to be dead", |job| job["activity"] == "not_running");
    assert_eq!((&killed["activity"], &killed["eta_at"]), (&json!("not_running"), &Value::Null), "{killed}");
    assert!(said(&home).contains("not running: `cleanup resume unfollow --sandbox` starts it"), "{}", said(&home));
}

#[test]
fn a_run_that_ends_before_the_work_does_promises_no_end() {
    let home = home();
    home.write("unmute.csv", "user_id\n1000000007919000008\n");
    home.run(&["load", "unmute.csv", "--sandbox"]).ends(0);
    let _run = Run::start(&home, &["run", "unfollow.csv", "--sandbox", "--for", "2m"]);
    let of = |home: &Home, name: &str| {
        let all = home.run(&["status", "--json", "--sandbox"]).ends(0).json();
        all["jobs"].as_array().unwrap().iter().find(|job| job["job"] == name).cloned().unwrap_or(Value::Null)
    };
    let begun = Instant::now();
    while !is_worked_on(&of(&home, "unfollow")) {
        assert!(begun.elapsed() < PATIENCE, "{}", of(&home, "unfollow"));
    }
    let running = of(&home, "unfollow");
    assert!(running["eta_at"].is_null() && running["eta_s"].as_u64() > Some(600), "it stops after 2 min: {running}");
    // The other job is none of that run's.
    let other = of(&home, "unmute");
    assert_eq!((&other["activity"], &other["eta_at"]), (&json!("not_running"), &Value::Null), "{other}");
    let text = said(&home);
    assert!(text.contains("`cleanup resume unmute --sandbox` starts it once the run in progress has ended"), "{text}");
}

#[test]
fn a_job_of_a_schedule_waits_for_its_hours() {
    let home = home();
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    // In a month that is neither this one nor the next.
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let month = (now.month() + 5) % 12 + 1;
    let cron = format!("0 2 3 {month} *");
    let add = ["schedule", "add", "nightly", "--cron", &cron, "--zone", "UTC", "--until", "06:00", "unfollow.csv"];
    home.run(&[&add[..], &["--sandbox"]].concat()).ends(0);
    let waits = sandbox_job(&home);
    let year = now.year() + i16::from(month <= now.month());
    let until = format!("{year}-{month:02}-03T02:00:00Z");
    assert_eq!((&waits["activity"], &waits["until"]), (&json!("waiting_schedule"), &json!(until)), "{waits}");
    assert!(waits["eta_at"].is_null() && waits["eta_s"].as_u64() > Some(600), "{waits}");
    let text = said(&home);
    assert!(text.contains("waiting for its schedule nightly until ") && text.contains("takes about 15 min"), "{text}");
    // Whoever runs it now, runs it.
    {
        let _run = Run::start(&home, &["resume", "unfollow", "--sandbox"]);
        let running = self::until(&home, "somebody works on it", is_worked_on);
        assert!(running["eta_at"].is_string(), "{running}");
    }
    home.run(&["pause", "unfollow", "--sandbox"]).ends(0);
    let paused = sandbox_job(&home);
    assert_eq!((&paused["state"], &paused["activity"]), (&json!("paused"), &json!("not_running")), "{paused}");
    assert!(paused["eta_at"].is_null() && paused["until"].is_null(), "{paused}");
    assert!(said(&home).contains("paused: `cleanup unpause unfollow --sandbox` lifts it"), "{}", said(&home));
    home.run(&["cancel", "unfollow", "--sandbox"]).ends(0);
    let cancelled = sandbox_job(&home);
    assert_eq!((&cancelled["activity"], &cancelled["eta_s"]), (&json!("not_running"), &Value::Null), "{cancelled}");
}

#[test]
fn a_job_whose_account_is_not_logged_in_needs_a_person() {
    let home = Home::new();
    queue_with_job(home.queue(), QueueKind::Real, "likes");
    let needs = job(&home, &[]);
    assert_eq!((&needs["state"], &needs["activity"]), (&json!("pending"), &json!("needs_you")), "{needs}");
    assert!(needs["eta_at"].is_null(), "{needs}");
    home.run(&["status"]).ends(0).says("needs you: ada: there are no credentials for it. `cleanup account login ada`");
    // The variables have them; a token whose owner nobody has asked for may be hers.
    for known in [&[("CLEANUP_X_TOKEN", "token"), ("CLEANUP_X_USER_ID", "42")][..], &[("CLEANUP_X_TOKEN", "token")]] {
        let job = home.run_with(&["status", "--json"], known).ends(0).json()["jobs"][0].clone();
        assert_eq!(job["activity"], "not_running", "{known:?}: {job}");
    }
    let other = [("CLEANUP_X_TOKEN", "token"), ("CLEANUP_X_USER_ID", "43")];
    assert_eq!(home.run_with(&["status", "--json"], &other).ends(0).json()["jobs"][0]["activity"], "needs_you");
}

#[test]
fn what_an_earlier_run_met_is_over_when_a_process_tries_again() {
    let home = home();
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    home.sandbox_sql("update account set trouble = 'credits_depleted: no credits are left'");
    let needs = sandbox_job(&home);
    assert_eq!((&needs["activity"], &needs["eta_at"]), (&json!("needs_you"), &Value::Null), "{needs}");
    let text = said(&home);
    assert!(text.contains("needs you: sandbox: no credits are left. Buy credits in the developer console"), "{text}");
    let _run = Run::start(&home, &["resume", "--sandbox"]);
    until(&home, "somebody works on it", |job| is_worked_on(job) && job["eta_at"].is_string());
}
