//! What goes on beside a schedule's run: other jobs, while its file is read and while its rows are sent, and the runs of other schedules.

use std::path::PathBuf;

use serde_json::Value;

use crate::web::served::Served;

const FIRST_USER: u64 = 1_000_000_000_000_000_007;
const FIRST_POST: u64 = 1_500_000_000_000_000_007;

/// So many IDs, a line each.
fn ids(first: u64, rows: u64) -> String {
    (0..rows).map(|n| format!("{}\n", first + n * 7_919_000_001)).collect()
}

/// A file of posts of another account than that of schedules; loaded at once.
fn load_unlikes(served: &Served, name: &str, rows: u64) {
    let rows: String = ids(FIRST_POST, rows).lines().map(|id| format!("{id},bob\n")).collect();
    std::fs::write(served.path(name), format!("tweet_id,account\n{rows}")).unwrap();
    let loaded = served.cleanup(&["load", name, "--action", "unlike"]);
    assert_eq!(loaded.status.code(), Some(0), "{}", String::from_utf8_lossy(&loaded.stderr));
}

/// Adds a schedule that is never due while a test runs, of a file of users.
fn add(served: &Served, name: &str, file: &str, rows: &str, more: &[&str]) {
    std::fs::write(served.path(file), rows).unwrap();
    let day = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = day.checked_sub(jiff::Span::new().days(2)).unwrap();
    let cron = format!("0 2 {} {} *", day.day().min(28), day.month());
    let words = ["schedule", "add", name, "--cron", &cron, "--zone", "UTC"];
    let added = served.cleanup(&words.iter().chain(more).chain(&[file]).copied().collect::<Vec<_>>());
    assert_eq!(added.status.code(), Some(0), "{}", String::from_utf8_lossy(&added.stderr));
}

/// A schedule named `piped` whose file is a pipe: it is read for as long as a test likes.
fn add_piped(served: &Served) -> PathBuf {
    add(served, "piped", "unfollow.csv", &format!("user_id\n{}", ids(FIRST_USER, 1)), &[]);
    let pipe = served.path("unfollow.csv");
    std::fs::remove_file(&pipe).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    pipe
}

fn run(served: &Served, cookie: &str, name: &str) {
    assert_eq!(served.post("/schedules/run", cookie, &format!("name={name}")).status, 303);
}

fn last(served: &Served, cookie: &str, name: &str) -> Value {
    let all: Value = serde_json::from_str(&served.get("/api/schedules", cookie).body).unwrap();
    all["schedules"].as_array().unwrap().iter().find(|one| one["name"] == name).unwrap()["last"].clone()
}

fn begun(served: &Served, cookie: &str, name: &str) {
    served.until("it has begun", |served| last(served, cookie, name)["began_at"].is_string().then_some(()));
}

fn ended(served: &Served, cookie: &str, name: &str) -> Value {
    served.until("the run has ended", |served| {
        let last = last(served, cookie, name);
        (last["state"] == "ended").then_some(last)
    })
}

/// How a job stands; none where there is no such job yet.
fn job(served: &Served, cookie: &str, name: &str) -> Option<Value> {
    let status: Value = serde_json::from_str(&served.get("/api/status", cookie).body).unwrap();
    status["jobs"].as_array().unwrap().iter().find(|job| job["job"] == name).cloned()
}

fn worked_off(served: &Served, cookie: &str, name: &str) {
    served.until("the other job is worked off", |served| (job(served, cookie, name)?["pending"] == 0).then_some(()));
}

fn done(served: &Served, cookie: &str, name: &str) -> u64 {
    job(served, cookie, name).and_then(|job| job["done"].as_u64()).unwrap_or(0)
}

#[test]
fn other_jobs_go_on_while_a_schedules_file_is_read() {
    let served = Served::start();
    let cookie = served.cookie();
    let pipe = add_piped(&served);
    run(&served, &cookie, "piped");
    begun(&served, &cookie, "piped");
    load_unlikes(&served, "unlike.csv", 3);
    worked_off(&served, &cookie, "unlike");
    // Another schedule's files are read after it, whoever asks for it.
    add(&served, "second", "mute.csv", &format!("user_id\n{}", ids(FIRST_USER, 2)), &["--action", "unmute"]);
    run(&served, &cookie, "second");
    load_unlikes(&served, "more.csv", 3);
    worked_off(&served, &cookie, "more");
    assert_eq!(last(&served, &cookie, "piped")["state"], "running");
    assert!(job(&served, &cookie, "unfollow").is_none() && job(&served, &cookie, "mute").is_none());
    std::fs::write(pipe, format!("user_id\n{}", ids(FIRST_USER, 4))).unwrap();
    for name in ["piped", "second"] {
        let last = ended(&served, &cookie, name);
        assert_eq!(last["stopped"], "finished", "{last}");
    }
    assert_eq!(job(&served, &cookie, "unfollow").unwrap()["rows"], 4);
    assert!(!served.said().contains("interrupted"), "{}", served.said());
}

#[test]
fn no_schedule_waits_for_anothers_rows() {
    let served = Served::start();
    let cookie = served.cookie();
    // 3,000 rows at 50 in 15 seconds: this run does not end while the test lasts.
    add(&served, "long", "unfollow.csv", &format!("user_id\n{}", ids(FIRST_USER, 3_000)), &[]);
    let few: String = ids(FIRST_POST, 4).lines().map(|id| format!("{id},bob\n")).collect();
    load_unlikes(&served, "unlike.csv", 1);
    add(&served, "short", "few.csv", &format!("tweet_id,account\n{few}"), &["--action", "unlike"]);
    run(&served, &cookie, "long");
    served.until("it sends", |served| (done(served, &cookie, "unfollow") > 0).then_some(()));
    run(&served, &cookie, "short");
    let short = ended(&served, &cookie, "short");
    assert_eq!(short["stopped"], "finished", "{short}");
    let long = last(&served, &cookie, "long");
    assert_eq!(long["state"], "running", "{long}");
    let before = done(&served, &cookie, "unfollow");
    served.until("the other goes on", |served| (done(served, &cookie, "unfollow") > before).then_some(()));
    assert!(!served.said().contains("interrupted"), "{}", served.said());
}

/// The drain begins anew for each job that comes; what a run has used up by then is not there any more.
#[test]
fn a_run_keeps_its_budget_when_the_drain_begins_anew() {
    let served = Served::start();
    let cookie = served.cookie();
    let rows = format!("user_id\n{}", ids(FIRST_USER, 3_000));
    add(&served, "nightly", "unfollow.csv", &rows, &["--max-requests", "12"]);
    run(&served, &cookie, "nightly");
    for n in 0..3 {
        let before = done(&served, &cookie, "unfollow");
        served.until("it sends", |served| {
            (done(served, &cookie, "unfollow") > before || last(served, &cookie, "nightly")["state"] == "ended")
                .then_some(())
        });
        load_unlikes(&served, &format!("job-{n}.csv"), 1);
        worked_off(&served, &cookie, &format!("job-{n}"));
    }
    let last = ended(&served, &cookie, "nightly");
    assert_eq!((&last["requests"], &last["exit_code"]), (&12.into(), &4.into()), "{last}");
    assert_eq!(last["stopped"], "requests");
}

#[test]
fn a_job_that_is_paused_ends_its_run_and_no_other() {
    let served = Served::start();
    let cookie = served.cookie();
    add(&served, "nightly", "unfollow.csv", &format!("user_id\n{}", ids(FIRST_USER, 3_000)), &[]);
    run(&served, &cookie, "nightly");
    served.until("it sends", |served| (done(served, &cookie, "unfollow") > 0).then_some(()));
    load_unlikes(&served, "unlike.csv", 3_000);
    served.until("others are sent", |served| (done(served, &cookie, "unlike") > 0).then_some(()));
    assert_eq!(served.cleanup(&["pause", "unfollow"]).status.code(), Some(0));
    let last = ended(&served, &cookie, "nightly");
    assert_eq!((&last["stopped"], &last["exit_code"]), (&"paused".into(), &4.into()), "{last}");
    let before = done(&served, &cookie, "unlike");
    served.until("the others go on", |served| (done(served, &cookie, "unlike") > before).then_some(()));
}

#[test]
fn a_server_that_ends_while_a_file_is_read_begins_it_again_and_loads_it_once() {
    for signal in ["-TERM", "-KILL"] {
        let mut served = Served::start();
        let cookie = served.cookie();
        let pipe = add_piped(&served);
        run(&served, &cookie, "piped");
        begun(&served, &cookie, "piped");
        served.signal(signal);
        served.start_again();
        let cookie = served.cookie();
        assert_eq!(last(&served, &cookie, "piped")["state"], "running", "{signal}");
        std::fs::write(pipe, format!("user_id\n{}", ids(FIRST_USER, 4))).unwrap();
        let last = ended(&served, &cookie, "piped");
        assert_eq!((&last["stopped"], &last["asked_for"]), (&"finished".into(), &true.into()), "{signal}: {last}");
        let job = job(&served, &cookie, "unfollow").unwrap();
        assert_eq!((&job["rows"], &job["duplicate"], &job["pending"]), (&4.into(), &0.into(), &0.into()), "{job}");
        assert!(served.said().contains("was interrupted, and is resumed"), "{signal}: {}", served.said());
    }
}

#[test]
fn a_schedule_that_is_removed_while_its_file_is_read_leaves_its_rows_to_the_server() {
    let served = Served::start();
    let cookie = served.cookie();
    let pipe = add_piped(&served);
    run(&served, &cookie, "piped");
    begun(&served, &cookie, "piped");
    assert!(served.post("/schedules/remove", &cookie, "name=piped").head.contains("said=removed"));
    std::fs::write(pipe, format!("user_id\n{}", ids(FIRST_USER, 4))).unwrap();
    worked_off(&served, &cookie, "unfollow");
    assert_eq!(job(&served, &cookie, "unfollow").unwrap()["rows"], 4);
    load_unlikes(&served, "unlike.csv", 3);
    worked_off(&served, &cookie, "unlike");
}

/// The server's own drain waits for such a run, and begins none when it has been told to end meanwhile.
#[test]
fn a_server_that_is_told_to_end_while_a_run_is_sent_alone_ends() {
    let mut served = Served::start();
    let cookie = served.cookie();
    load_unlikes(&served, "unlike.csv", 3_000);
    let rows = format!("user_id\n{}", ids(FIRST_USER, 3_000));
    add(&served, "alone", "unfollow.csv", &rows, &["--workers", "2"]);
    run(&served, &cookie, "alone");
    served.until("it sends", |served| (done(served, &cookie, "unfollow") > 0).then_some(()));
    served.signal("-TERM");
    assert_eq!(served.ends_in_time(), Some(143));
    served.start_again();
    let cookie = served.cookie();
    assert_eq!(last(&served, &cookie, "alone")["state"], "running");
    let before = done(&served, &cookie, "unfollow");
    served.until("it goes on", |served| (done(served, &cookie, "unfollow") > before).then_some(()));
}

/// A run that says for itself how it is sent has the queue to itself; then the others go on.
#[test]
fn a_run_that_is_sent_in_its_own_way_is_sent_alone() {
    let served = Served::start();
    let cookie = served.cookie();
    load_unlikes(&served, "unlike.csv", 3_000);
    served.until("it sends", |served| (done(served, &cookie, "unlike") > 0).then_some(()));
    let rows = format!("user_id\n{}", ids(FIRST_USER, 5));
    add(&served, "alone", "unfollow.csv", &rows, &["--workers", "2"]);
    run(&served, &cookie, "alone");
    let waits = served.until("it waits for its turn", |served| {
        let job = job(served, &cookie, "unlike")?;
        (job["activity"] == "waiting_schedule" || last(served, &cookie, "alone")["state"] == "ended").then_some(job)
    });
    assert_eq!(waits["activity"], "waiting_schedule", "{waits}");
    let last = ended(&served, &cookie, "alone");
    assert_eq!(last["stopped"], "finished", "{last}");
    let before = done(&served, &cookie, "unlike");
    served.until("the others go on", |served| (done(served, &cookie, "unlike") > before).then_some(()));
}
