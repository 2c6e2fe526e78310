//! Schedules on the dashboard: seen, run now, skipped and removed; by a person in a browser, and by hand.

use crate::common::chromium::Browser;
use crate::web::served::Served;

/// Adds a schedule that is never due while a test runs, of a file of a few rows; its times are on the day before yesterday.
pub(crate) fn add(served: &Served, name: &str, more: &[&str]) {
    let rows: Vec<String> = (0..4).map(|n| (1_000_000_000_000_000_007_u64 + n * 7_919_000_001).to_string()).collect();
    std::fs::write(served.path("few.csv"), format!("user_id\n{}\n", rows.join("\n"))).unwrap();
    let day = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = day.checked_sub(jiff::Span::new().days(2)).unwrap();
    // The 29th of February would make the gap four years.
    let cron = format!("0 2 {} {} *", day.day().min(28), day.month());
    let words = ["schedule", "add", name, "--cron", &cron, "--zone", "Europe/Berlin", "--action", "unfollow"];
    let added = served.cleanup(&words.iter().chain(more).chain(&["few.csv"]).copied().collect::<Vec<_>>());
    assert_eq!(added.status.code(), Some(0), "{}", String::from_utf8_lossy(&added.stderr));
}

fn rename(served: &Served, from: &str, to: &str) {
    let to = to.replace('\'', "''");
    let renamed = format!("update schedule set name = '{to}' where name = '{from}'");
    assert_eq!(crate::common::sql::change(served.home.sandbox_queue(), &renamed), 1);
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn listed(served: &Served, cookie: &str) -> serde_json::Value {
    serde_json::from_str(&served.get("/api/schedules", cookie).body).unwrap()
}

/// Waits until the last firing of the only schedule has ended, and not as it had `before`.
fn ended(served: &Served, cookie: &str, before: &serde_json::Value) -> serde_json::Value {
    served.until("the run has ended", |served| {
        let last = listed(served, cookie)["schedules"][0]["last"].clone();
        (last["state"] == "ended" && last["requests"] != before["requests"]).then_some(last)
    })
}

#[test]
fn a_run_goes_on_at_once_with_the_configuration_that_was_read_again() {
    let served = Served::start();
    let cookie = served.cookie();
    add(&served, "nightly", &[]);
    let rows: Vec<String> = (0..30).map(|n| (1_000_000_000_000_000_007_u64 + n * 7_919_000_001).to_string()).collect();
    std::fs::write(served.path("few.csv"), format!("user_id\n{}\n", rows.join("\n"))).unwrap();
    assert_eq!(served.cleanup(&["schedule", "run", "nightly"]).status.code(), Some(0));
    let done = |served: &Served| {
        let status: serde_json::Value = serde_json::from_str(&served.get("/api/status", &cookie).body).unwrap();
        status["jobs"][0]["done"].as_u64().unwrap_or(0)
    };
    served.until("it has begun", |served| (done(served) > 0).then_some(()));
    served.signal("-HUP");
    served.until("it was read", |served| served.said().contains("was read again").then_some(()));
    // Less than the minute after which what is due is looked at again.
    let before = std::time::Instant::now();
    let last = served.until("the run has ended", |served| {
        let last = listed(served, &cookie)["schedules"][0]["last"].clone();
        (last["state"] == "ended").then_some(last)
    });
    assert!([0, 3].contains(&last["exit_code"].as_i64().unwrap()), "{last}");
    assert!(before.elapsed() < std::time::Duration::from_secs(50), "{:?}", before.elapsed());
}

#[test]
fn a_person_steers_a_schedule() {
    let Some(browser) = Browser::open() else { return };
    let served = Served::start();
    crate::web::browser::come_in(&browser, &served);
    browser.click("nav.main a[href$='/schedules']");
    browser.until("Nothing is scheduled");
    assert!(browser.text().contains("cleanup schedule add NAME --cron '0 2 * * *' FILE.csv --sandbox"));
    // It appears by itself.
    add(&served, "nightly", &["--until", "06:00"]);
    browser.until("Loads few.csv and works on the rows that are left (unfollow where a row does not say).");
    let text = browser.text();
    for wanted in ["Europe/Berlin", "until 06:00", "none", "It has not run yet.", "02:00 CE"] {
        assert!(text.contains(wanted), "{wanted}? {text}");
    }
    assert_eq!(browser.run("return document.querySelectorAll('ul.starts li').length"), 5);
    browser.click("form[action$='/schedules/skip'] button");
    browser.until("The next start is skipped.");
    assert_eq!(browser.run("return document.querySelectorAll('ul.starts li .chip').length"), 1);
    assert_eq!(browser.run("return document.querySelectorAll(\"form[action$='/schedules/skip']\").length"), 0);
    browser.click("form[action$='/schedules/run'] button");
    browser.until("It starts now, or once another schedule has loaded its rows.");
    // Watched to its end without touching the page.
    browser.until("(exit code");
    let text = browser.text();
    assert!(text.contains("asked for") && text.contains("settled"), "{text}");
    // Removing asks first.
    browser.click("a[href$='/schedules/remove?name=nightly']");
    browser.until("Remove nightly?");
    browser.click("main a.button");
    browser.until("Next starts");
    browser.click("a[href$='/schedules/remove?name=nightly']");
    browser.until("Remove nightly?");
    browser.click("button.danger");
    browser.until("Removed. Its jobs and their receipts stay");
    browser.until("Nothing is scheduled");
    browser.go(&served.url("/log"));
    let log = browser.text();
    for deed in ["schedule-skip", "schedule-run", "schedule-remove", "nightly: to be run now"] {
        assert!(log.contains(deed), "{deed}? {log}");
    }
    browser.go(&served.url("/jobs"));
    browser.until("few");
}

#[test]
fn a_run_that_is_asked_for_begins_at_once_and_is_counted() {
    let served = Served::start();
    let cookie = served.cookie();
    add(&served, "nightly", &[]);
    let attempts = || -> f64 {
        let page = served.get("/metrics", &cookie).body;
        let samples = page.lines().filter(|line| line.starts_with("cleanup_attempts_total{"));
        samples.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
    };
    assert_eq!(attempts(), 0.0);
    let answer = served.post("/schedules/run", &cookie, "name=nightly");
    assert!(answer.status == 303 && answer.head.contains("/schedules?said=asked\r\n"), "{answer:?}");
    let first = ended(&served, &cookie, &serde_json::Value::Null);
    assert_eq!((&first["asked_for"], &first["stopped"]), (&true.into(), &"finished".into()));
    let requests = first["requests"].as_f64().unwrap();
    assert!(requests >= 4.0, "{first}");
    assert_eq!(attempts(), requests, "what a schedule sends is counted like the rest");
    // Once more, though it has looked at schedules a moment ago: nobody who asks waits for the next look.
    let answer = served.post("/schedules/run", &cookie, "name=nightly");
    assert_eq!(answer.status, 303, "{answer:?}");
    let second = ended(&served, &cookie, &first);
    assert_eq!((&second["asked_for"], &second["requests"]), (&true.into(), &0.into()), "all was done the first time");
    let page = served.get("/schedules", &cookie).body;
    assert!(page.contains("exit code") && page.contains("asked for"), "{page}");
    assert!(!served.said().contains("interrupted"), "{}", served.said());
}

#[test]
fn the_command_line_leaves_a_run_to_the_server() {
    let served = Served::start();
    let cookie = served.cookie();
    add(&served, "nightly", &[]);
    let mut before = serde_json::Value::Null;
    // Twice: the second has to wait for no look either.
    for _ in 0..2 {
        let run = served.cleanup(&["schedule", "run", "nightly"]);
        let said = String::from_utf8_lossy(&run.stderr).into_owned();
        assert_eq!(run.status.code(), Some(0), "{said}");
        assert!(said.contains("left to the process that runs this queue's schedules already"), "{said}");
        let last = ended(&served, &cookie, &before);
        assert_eq!((&last["asked_for"], &last["stopped"]), (&true.into(), &"finished".into()));
        before = last;
    }
}

#[test]
fn a_start_that_was_left_out_comes_after_all() {
    let served = Served::start();
    let cookie = served.cookie();
    add(&served, "nightly", &[]);
    let page = || served.get("/schedules", &cookie).body;
    assert!(!page().contains("/schedules/unskip"));
    assert_eq!(served.post("/schedules/skip", &cookie, "name=nightly").status, 303);
    let slot = page().split_once("name=\"slot\" value=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
    let unskip = |slot: &str| served.post("/schedules/unskip", &cookie, &format!("name=nightly&slot={slot}")).head;
    assert!(unskip("12345").contains("said=not-skipped"));
    assert!(unskip(&slot).contains("said=unskipped"));
    assert!(unskip(&slot).contains("said=not-skipped"));
    assert!(!page().contains("/schedules/unskip"));
    assert!(served.get("/log", &cookie).body.contains("schedule-unskip"));
    assert!(served.post("/schedules/unskip", &cookie, "name=nobody&slot=1").status == 404);
}

#[test]
fn a_run_that_is_asked_for_does_not_wait_for_other_jobs() {
    let served = Served::start();
    let cookie = served.cookie();
    // 300 rows at 50 in 15 minutes: this drain does not end by itself while the test lasts.
    let rows: Vec<String> = (0..300).map(|n| (1_500_000_000_000_000_007_u64 + n * 7_919_000_001).to_string()).collect();
    std::fs::write(served.path("unlike.csv"), format!("tweet_id\n{}\n", rows.join("\n"))).unwrap();
    served.cleanup(&["load", "unlike.csv"]);
    served.until("it has begun", |served| {
        let status: serde_json::Value = serde_json::from_str(&served.get("/api/status", &cookie).body).unwrap();
        (status["jobs"][0]["done"].as_u64() > Some(0)).then_some(())
    });
    add(&served, "nightly", &["--max-requests", "1"]);
    assert_eq!(served.post("/schedules/run", &cookie, "name=nightly").status, 303);
    served.until("it has begun", |served| {
        let last = listed(served, &cookie)["schedules"][0]["last"].clone();
        last["began_at"].is_string().then_some(())
    });
    // While it is there a second asking changes nothing.
    let answer = served.post("/schedules/run", &cookie, "name=nightly");
    assert!(answer.head.contains("said=asked"), "{answer:?}");
}

#[test]
fn names_are_text_and_not_markup() {
    let served = Served::start();
    let cookie = served.cookie();
    // What older versions took for a name is still listed and removable.
    let name = "<b onclick=\"x\">n</b>&../\u{202e}ü";
    add(&served, "older", &["--max-requests", "1"]);
    rename(&served, "older", name);
    let place = format!("/schedules/remove?name={}", encoded(name));
    for path in ["/schedules", &place, "/log"] {
        let page = served.get(path, &cookie);
        assert_eq!(page.status, 200, "{path}");
        assert!(!page.body.contains("<b onclick") && !page.body.contains("n</b>"), "{path}: {}", page.body);
        assert!(path == "/log" || page.body.contains("&lt;b onclick"), "{path}: {}", page.body);
        let title = page.body.split("<title>").nth(1).and_then(|rest| rest.split("</title>").next()).unwrap();
        assert!(!title.contains('\u{202e}'), "{path}: {title}");
    }
    let form = format!("name={}", encoded(name));
    let skipped = served.post("/schedules/skip", &cookie, &form);
    assert!(skipped.head.contains("said=skipped\r\n"), "{skipped:?}");
    let again = served.post("/schedules/skip", &cookie, &form);
    assert!(again.head.contains("said=skipped-already\r\n"), "{again:?}");
    let log = served.get("/log", &cookie).body;
    assert!(log.contains("schedule-skip") && log.contains("&lt;b onclick") && !log.contains("<b onclick"), "{log}");
    for path in ["/schedules/run", "/schedules/skip", "/schedules/remove"] {
        assert_eq!(served.post(path, &cookie, "name=nobody").status, 404, "{path}");
        assert_eq!(served.post(path, &cookie, "").status, 404, "{path}");
    }
    assert_eq!(served.get("/schedules/remove?name=nobody", &cookie).status, 404);
    assert!(served.post("/schedules/remove", &cookie, &form).head.contains("said=removed"));
    assert_eq!(listed(&served, &cookie)["schedules"], serde_json::json!([]));
}

#[test]
fn many_schedules_are_paged() {
    let served = Served::start();
    let cookie = served.cookie();
    for n in 0..13 {
        add(&served, &format!("night-{n:02}"), &["--max-requests", "5", "--max-spend", "2"]);
    }
    let first = served.get("/schedules", &cookie).body;
    assert!(first.len() < 100_000 && first.contains("night-11") && !first.contains("night-12"), "{}", first.len());
    let next = format!("href=\"{}\"", served.page("/schedules?after=night-11"));
    assert!(first.contains(&next), "{first}");
    let second = served.get("/schedules?after=night-11", &cookie).body;
    assert!(second.contains("night-12") && !second.contains("night-11") && !second.contains("Next page"), "{second}");
    let previous = format!("rel=\"prev\" href=\"{}\"", served.page("/schedules"));
    assert!(second.contains(&previous) && !first.contains("Previous page"), "{second}");
}

#[test]
fn what_a_removed_schedule_leaves_is_worked_off_and_told_of_before() {
    let served = Served::start();
    let cookie = served.cookie();
    let few = |served: &Served| {
        let status: serde_json::Value = serde_json::from_str(&served.get("/api/jobs/few", &cookie).body).unwrap();
        status["jobs"][0].clone()
    };
    add(&served, "nightly", &["--max-requests", "1"]);
    assert_eq!(served.post("/schedules/run", &cookie, "name=nightly").status, 303);
    let last = ended(&served, &cookie, &serde_json::Value::Null);
    assert_eq!((&last["exit_code"], &last["requests"]), (&4.into(), &1.into()), "{last}");
    let page = served.get("/schedules", &cookie).body;
    assert!(page.contains("stopped early with work left (exit code 4): --max-requests is used up"), "{page}");
    let asked = served.get("/schedules/remove?name=nightly", &cookie).body;
    assert!(asked.contains("sent at any hour") && asked.contains(">few</a>: 3 rows queued"), "{asked}");
    assert_eq!(few(&served)["pending"], 3, "without its hours nothing of it is sent");
    let waits = few(&served);
    let state = [&waits["state"], &waits["activity"], &waits["eta_at"]];
    assert_eq!(state, [&"pending".into(), &"waiting_schedule".into(), &serde_json::Value::Null], "{waits}");
    assert!(waits["until"].is_string(), "{waits}");
    let told = String::from_utf8(served.cleanup(&["status", "few"]).stdout).unwrap();
    let sentence = told.lines().find_map(|line| line.trim().strip_prefix("waiting for its schedule nightly until "));
    let sentence = sentence.unwrap_or_else(|| panic!("{told}"));
    for path in ["/", "/jobs/1"] {
        let page = served.get(path, &cookie).body;
        assert!(
            page.contains(&format!("Waiting for its schedule nightly until {sentence}.")),
            "{path}: {sentence}? {page}"
        );
        assert!(!page.contains("done about") && !page.contains("in progress"), "{path}: {page}");
    }
    let jobs = served.get("/jobs", &cookie).body;
    assert!(jobs.contains(">waiting for its schedule</span>") && jobs.contains("until <time"), "{jobs}");
    assert!(served.post("/schedules/remove", &cookie, "name=nightly").head.contains("said=removed"));
    served.until("the rest is worked off", |served| (few(served)["pending"] == 0).then_some(()));
    // The same, removed by another process.
    add(&served, "weekly", &["--job", "others", "--max-requests", "1"]);
    assert_eq!(served.post("/schedules/run", &cookie, "name=weekly").status, 303);
    ended(&served, &cookie, &serde_json::Value::Null);
    assert_eq!(served.cleanup(&["schedule", "remove", "weekly"]).status.code(), Some(0));
    let log = served.get("/log", &cookie).body;
    assert!(log.contains("terminal (uid") && log.contains("weekly is removed"), "who did it is told: {log}");
    served.until("the rest is worked off", |served| {
        let status: serde_json::Value = serde_json::from_str(&served.get("/api/jobs/others", &cookie).body).unwrap();
        (status["jobs"][0]["pending"] == 0).then_some(())
    });
}

fn done_of(served: &Served, cookie: &str, job: &str) -> u64 {
    count_of(served, cookie, job, "done").unwrap_or(0)
}

/// So many rows of a job; none where there is no such job yet.
fn count_of(served: &Served, cookie: &str, job: &str, which: &str) -> Option<u64> {
    let status: serde_json::Value = serde_json::from_str(&served.get("/api/status", cookie).body).unwrap();
    let of_job = |one: &&serde_json::Value| one["job"] == job;
    status["jobs"].as_array().unwrap().iter().find(of_job)?[which].as_u64()
}

/// Waits until nothing is left of a job that has so many rows.
fn worked_off(served: &Served, cookie: &str, job: &str, rows: u64) {
    served.until("the other job is worked off", |served| {
        let count = |which| count_of(served, cookie, job, which);
        ((count("rows"), count("pending")) == (Some(rows), Some(0))).then_some(())
    });
}

/// A job of another account than the schedule's, of so many rows.
fn load_unlikes(served: &Served, rows: u64) {
    let rows: Vec<String> =
        (0..rows).map(|n| format!("{},bob", 1_500_000_000_000_000_007_u64 + n * 7_919_000_001)).collect();
    std::fs::write(served.path("unlike.csv"), format!("tweet_id,account\n{}\n", rows.join("\n"))).unwrap();
    let loaded = served.cleanup(&["load", "unlike.csv"]);
    assert_eq!(loaded.status.code(), Some(0), "{}", String::from_utf8_lossy(&loaded.stderr));
}

#[test]
fn other_jobs_go_on_while_a_schedules_run_sends() {
    let served = Served::start();
    let cookie = served.cookie();
    load_unlikes(&served, 2);
    worked_off(&served, &cookie, "unlike", 2);
    add(&served, "nightly", &[]);
    // 3,000 rows at 50 in 15 seconds: this run does not end while the test lasts.
    let rows: Vec<String> =
        (0..3_000).map(|n| (1_000_000_000_000_000_007_u64 + n * 7_919_000_001).to_string()).collect();
    std::fs::write(served.path("few.csv"), format!("user_id\n{}\n", rows.join("\n"))).unwrap();
    assert_eq!(served.post("/schedules/run", &cookie, "name=nightly").status, 303);
    served.until("it sends", |served| (done_of(served, &cookie, "few") > 0).then_some(()));
    load_unlikes(&served, 5);
    worked_off(&served, &cookie, "unlike", 5);
    let last = listed(&served, &cookie)["schedules"][0]["last"].clone();
    assert_eq!(last["state"], "running", "{last}");
}

#[test]
fn a_schedules_run_keeps_its_own_budget_and_report_while_others_are_sent() {
    let served = Served::start();
    let cookie = served.cookie();
    load_unlikes(&served, 3_000);
    served.until("it sends", |served| (done_of(served, &cookie, "unlike") > 0).then_some(()));
    add(&served, "nightly", &["--max-requests", "3"]);
    assert_eq!(served.post("/schedules/run", &cookie, "name=nightly").status, 303);
    let last = ended(&served, &cookie, &serde_json::Value::Null);
    assert_eq!((last["requests"].as_u64(), last["exit_code"].as_i64()), (Some(3), Some(4)), "{last}");
    let sent = done_of(&served, &cookie, "unlike");
    let report = served.cleanup(&["status", "--json"]);
    let report: serde_json::Value = serde_json::from_slice(&report.stdout).unwrap();
    let of_others = report["jobs"].as_array().unwrap().iter().find(|job| job["job"] == "unlike").unwrap();
    assert!(sent > 0 && of_others["pending"].as_u64() > Some(0), "it has only begun: {of_others}");
    assert!(!served.said().contains("interrupted"), "{}", served.said());
}

/// A schedule says for itself how fast it is sent, and so does the server: what the server has been told holds for its other jobs whatever runs.
#[test]
fn other_jobs_are_never_sent_faster_than_the_server_was_told() {
    let served = Served::start_with(&["--rate", "2/15m"], &[]);
    let cookie = served.cookie();
    load_unlikes(&served, 40);
    served.until("it sends", |served| (done_of(served, &cookie, "unlike") > 0).then_some(()));
    add(&served, "nightly", &[]);
    let rows: Vec<String> = (0..300).map(|n| (1_000_000_000_000_000_007_u64 + n * 7_919_000_001).to_string()).collect();
    std::fs::write(served.path("few.csv"), format!("user_id\n{}\n", rows.join("\n"))).unwrap();
    assert_eq!(served.post("/schedules/run", &cookie, "name=nightly").status, 303);
    served.until("it sends", |served| (done_of(served, &cookie, "few") > 20).then_some(()));
    assert!(done_of(&served, &cookie, "unlike") <= 2);
}
