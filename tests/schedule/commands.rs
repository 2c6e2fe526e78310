//! The commands through the real program.

use serde_json::Value;

use crate::common::{Home, code, ids, json, sql_in, stderr, stdout};

fn add(home: &Home, name: &str, more: &[&str]) -> std::process::Output {
    let words = ["schedule", "add", name, "--sandbox", "--cron"];
    home.cleanup(words.iter().chain(more)).output().unwrap()
}

/// A pattern that comes once a year, on the day before yesterday: never while a test runs.
fn never_now() -> String {
    let day =
        jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().checked_sub(jiff::Span::new().days(2)).unwrap();
    // The 29th of February would make the gap four years.
    format!("0 2 {} {} *", day.day().min(28), day.month())
}

#[test]
fn added_listed_shown_skipped_and_removed() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    let words = ["0 2 * * *", "--zone", "Europe/Berlin", "--until", "06:00", "--max-requests", "5", "unfollow.csv"];
    let added = add(&home, "nightly", &words);
    assert_eq!(code(&added), 0, "{}", stderr(&added));
    assert!(stderr(&added).contains("02:00 CE") && stderr(&added).contains("until 06:00"), "{}", stderr(&added));
    assert!(stderr(&added).contains("schedule install"), "{}", stderr(&added));

    let list = home.cleanup(["schedule", "list", "--sandbox"]).output().unwrap();
    let text = stdout(&list);
    assert!(text.starts_with("nightly: 0 2 * * * Europe/Berlin, until 06:00\n"), "{text}");
    assert!(text.contains("--max-requests=5") && text.contains("unfollow.csv"), "{text}");
    let list = json(&home.cleanup(["schedule", "list", "--sandbox", "--json"]).output().unwrap());
    assert_eq!(list["schedules"][0]["zone"], "Europe/Berlin");
    assert_eq!(list["schedules"][0]["last"], Value::Null);

    let next =
        |home: &Home| json(&home.cleanup(["schedule", "next", "nightly", "--sandbox", "--json"]).output().unwrap());
    let times = next(&home)["schedules"][0]["next"].as_array().unwrap().clone();
    assert_eq!(times.len(), 5);
    for time in &times {
        assert!(time["local"].as_str().unwrap().contains("T02:00:00+0"), "{time}");
        assert_eq!(time["skipped"], false);
    }
    for told in ["is left out;", "is left out already"] {
        let skipped = home.cleanup(["schedule", "skip", "nightly", "--sandbox"]).output().unwrap();
        assert!(code(&skipped) == 0 && stderr(&skipped).contains(told), "{}", stderr(&skipped));
    }
    let after = next(&home)["schedules"][0]["next"].as_array().unwrap().clone();
    assert_eq!((&after[0]["skipped"], &after[1]["skipped"]), (&Value::Bool(true), &Value::Bool(false)));
    let text = stdout(&home.cleanup(["schedule", "next", "--sandbox"]).output().unwrap());
    assert!(text.starts_with("nightly (Europe/Berlin)\n") && text.contains("(skipped, as asked)"), "{text}");
    assert_eq!(text.lines().count(), 6);
    for (ends, told) in [(0, "comes after all"), (2, "no time to come is left out")] {
        let unskipped = home.cleanup(["schedule", "unskip", "nightly", "--sandbox"]).output().unwrap();
        assert!(code(&unskipped) == ends && stderr(&unskipped).contains(told), "{}", stderr(&unskipped));
    }
    assert_eq!(next(&home)["schedules"][0]["next"][0]["skipped"], false);

    let removed = home.cleanup(["schedule", "remove", "nightly", "--sandbox"]).output().unwrap();
    assert_eq!(code(&removed), 0);
    assert_eq!(
        json(&home.cleanup(["schedule", "list", "--sandbox", "--json"]).output().unwrap())["schedules"],
        serde_json::json!([])
    );
}

#[test]
fn what_makes_no_sense_is_told_at_once() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    assert_eq!(code(&add(&home, "nightly", &["0 2 * * *", "--zone", "UTC", "unfollow.csv"])), 0);
    for (name, words, told) in [
        ("a", &["0 2 * *", "unfollow.csv"][..], "five fields"),
        ("a", &["0 2 31 2 *", "unfollow.csv"], "no day"),
        ("a", &["0 2 30 2 *", "unfollow.csv"], "no day"),
        ("a", &["0 2 * * *", "--zone", "Europe/Berln", "unfollow.csv"], "did you mean Europe/Berlin?"),
        ("a", &["0 2 * * *", "--until", "2030-01-01T00:00", "unfollow.csv"], "06:00"),
        ("a", &["0 2 * * *", "--until", "06:00", "--for", "2h", "unfollow.csv"], "cannot be used with"),
        ("a", &["0 2 * * *", "--for", "30h", "unfollow.csv"], "overlap"),
        ("a", &["0 * * * *", "--until", "06:30", "unfollow.csv"], "overlap"),
        ("a", &["0 2 * * *", "--until", "03:00", "--jitter", "60m", "unfollow.csv"], "--jitter"),
        ("a", &["0 2 * * *", "-"], "standard input"),
        ("a", &["0 2 * * *"], "<FILE>"),
        ("nightly", &["0 3 * * *", "unfollow.csv"], "already"),
        ("a", &["0 3 * * *", "--list", "posts"], "delete-post"),
        ("a/b", &["0 3 * * *", "--list", "likes"], "letters, digits"),
        ("two words", &["0 3 * * *", "unfollow.csv"], "letters, digits"),
        ("a", &["0 25 * * *", "unfollow.csv"], "\"25\" is no hour, which is 0 to 23"),
        ("a", &["0 2 * * 1,mon-8", "unfollow.csv"], "\"mon-8\" is no day of week, which is 0 to 7"),
        ("a", &["0 3 * * *", "--list", "likes", "unfollow.csv"], "cannot be used with"),
        (" ", &["0 3 * * *", "unfollow.csv"], "a schedule's name"),
    ] {
        let told_so = add(&home, name, words);
        assert_eq!(code(&told_so), 2, "{words:?}: {}", stderr(&told_so));
        assert!(stderr(&told_so).contains(told), "{words:?}: {}", stderr(&told_so));
    }
    for command in ["remove", "run", "skip", "unskip", "next"] {
        let unknown = home.cleanup(["schedule", command, "nihgtly", "--sandbox"]).output().unwrap();
        assert_eq!(code(&unknown), 2);
        assert!(stderr(&unknown).contains("did you mean nightly?"), "{}", stderr(&unknown));
    }
    // Nothing of it is left behind, and no queue is made at a mistyped path.
    let list = json(&home.cleanup(["schedule", "list", "--sandbox", "--json"]).output().unwrap());
    assert_eq!(list["schedules"].as_array().unwrap().len(), 1);
    let elsewhere = home.cleanup(["schedule", "due", "--db", "nowhere.db"]).output().unwrap();
    assert!(code(&elsewhere) == 0 && !home.path("nowhere.db").exists());
}

/// What a person can mend is told while there is one; what a night can mend is a note.
#[test]
fn a_file_that_could_never_be_run_is_told_when_it_is_scheduled() {
    let home = Home::new();
    home.write("friends.csv", ids(3));
    home.write("two.csv", "target_id,Target_ID\n1,2\n");
    home.write("unfollow.csv", ids(3));
    home.write("other/unfollow.csv", ids(4));
    for (words, ends, told) in [
        (&["friends.csv"][..], 65, "nothing says which action is meant"),
        (&["two.csv", "--action", "unfollow"], 65, "--column"),
        (&["friends.csv", "--action", "unfollow", "--column", "nope"], 65, "no column"),
        (&["."], 65, "folder"),
    ] {
        let added = add(&home, "a", &[&["0 2 * * *", "--zone", "UTC"], words].concat());
        assert_eq!(code(&added), ends, "{words:?}: {}", stderr(&added));
        assert!(stderr(&added).contains(told), "{words:?}: {}", stderr(&added));
    }
    // The job of that name is another file's.
    assert_eq!(code(&home.cleanup(["load", "unfollow.csv", "--sandbox"]).output().unwrap()), 0);
    let added = add(&home, "a", &["0 2 * * *", "--zone", "UTC", "other/unfollow.csv"]);
    assert!(code(&added) == 2 && stderr(&added).contains("of another file"), "{}", stderr(&added));
    let list = || json(&home.cleanup(["schedule", "list", "--sandbox", "--json"]).output().unwrap());
    assert_eq!(list()["schedules"], serde_json::json!([]));
    // Not there yet, or still being written.
    home.write("unlike.csv", "tweet_id,note\n1629556410996121225,\"half");
    for (name, file, told) in [
        ("b", "gone.csv", "has to have a column action"),
        ("c", "unmute.csv", "unmute.csv is not there yet"),
        ("d", "unlike.csv", "a run would wait for a better file"),
    ] {
        let added = add(&home, name, &["0 2 * * *", "--zone", "UTC", file]);
        assert!(code(&added) == 0 && stderr(&added).contains(told), "{}", stderr(&added));
    }
    assert_eq!(list()["schedules"].as_array().unwrap().len(), 3);
}

/// Names were not always judged.
#[test]
fn a_schedule_of_a_name_that_is_refused_now_is_listed_and_removed() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    for name in ["-old", "two words", "a/b\u{1b}[2J"] {
        assert_eq!(code(&add(&home, "nightly", &["0 2 * * *", "--zone", "UTC", "unfollow.csv"])), 0);
        sql(&home, &format!("update schedule set name = '{name}'"));
        let list = json(&home.cleanup(["schedule", "list", "--sandbox", "--json"]).output().unwrap());
        assert_eq!(list["schedules"][0]["name"], *name);
        let next = home.cleanup(["schedule", "next", "--sandbox"]).output().unwrap();
        assert!(code(&next) == 0 && !stdout(&next).contains('\u{1b}'), "{}", stdout(&next));
        let removed = home.cleanup(["schedule", "remove", "--sandbox", "--", name]).output().unwrap();
        assert_eq!(code(&removed), 0, "{}", stderr(&removed));
    }
}

#[test]
fn a_schedule_run_now_does_what_the_same_words_do() {
    let home = Home::new();
    home.write("unfollow.csv", ids(12));
    home.write("keep.csv", format!("{}\n", 1_000_000_000_000_000_007_u64));
    let words = [never_now().as_str(), "--zone", "UTC", "--keep", "keep.csv", "--max-requests", "4", "unfollow.csv"]
        .map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(code(&add(&home, "yearly", &words)), 0);
    // From another folder: the files are where they were.
    let run = home.cleanup(["schedule", "run", "yearly", "--sandbox"]).current_dir("/").output().unwrap();
    assert_eq!(code(&run), 4, "{}", stderr(&run));
    let said = stderr(&run);
    assert!(said.contains("yearly: begins now, as asked"), "{said}");
    assert!(said.contains("yearly: ended at") && said.contains("--max-requests is used up"), "{said}");
    let status = json(&home.cleanup(["status", "--sandbox", "--json"]).output().unwrap());
    assert_eq!((&status["jobs"][0]["kept"], &status["jobs"][0]["rows"]), (&1.into(), &12.into()), "{status}");
    let list = json(&home.cleanup(["schedule", "list", "--sandbox", "--json"]).output().unwrap());
    let last = &list["schedules"][0]["last"];
    assert_eq!(
        (&last["state"], &last["stopped"], &last["exit_code"]),
        (&"ended".into(), &"requests".into(), &4.into()),
        "{last}"
    );
    assert_eq!((&last["asked_for"], &last["requests"]), (&true.into(), &4.into()));
    // Nothing else is due.
    let due = home.cleanup(["schedule", "due", "--sandbox"]).output().unwrap();
    assert_eq!((code(&due), stdout(&due).as_str()), (0, ""), "{}", stderr(&due));
    assert!(stderr(&due).contains("next: yearly at"), "{}", stderr(&due));
}

/// Whoever reads a journal far away from the schedule's clock takes no time for one of his own.
#[test]
fn times_of_a_scheduled_run_are_by_the_schedules_clock_and_say_so() {
    let home = Home::new();
    home.write("unfollow.csv", ids(4));
    let words = [never_now().as_str(), "--zone", "Asia/Tokyo", "--for", "3h", "--max-requests", "2", "unfollow.csv"]
        .map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(code(&add(&home, "yearly", &words)), 0);
    let run = home.cleanup(["schedule", "run", "yearly", "--sandbox"]).env("TZ", "America/New_York").output().unwrap();
    let said = stderr(&run);
    let bounds = said.lines().find(|line| line.starts_with("this run ends")).unwrap_or_else(|| panic!("{said}"));
    assert!(bounds.contains(" JST at the latest"), "{bounds}");
    assert!(!said.contains(" ES") && !said.contains(" ED"), "{said}");
    let due = home.cleanup(["schedule", "due", "--sandbox"]).env("TZ", "America/New_York").output().unwrap();
    assert!(stderr(&due).contains("next: yearly at ") && stderr(&due).contains(" JST"), "{}", stderr(&due));
}

#[test]
fn a_list_is_read_and_run_every_time() {
    let home = Home::new();
    let words =
        [never_now().as_str(), "--zone", "UTC", "--list", "likes", "--limit", "5", "--for", "2h"].map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(code(&add(&home, "tidy", &words)), 0);
    for _ in 0..2 {
        let run = home.cleanup(["schedule", "run", "tidy", "--sandbox"]).output().unwrap();
        assert!([0, 3].contains(&code(&run)), "{}", stderr(&run));
        assert!(stderr(&run).contains("likes: ") && stderr(&run).contains("tidy: ended at"), "{}", stderr(&run));
    }
    let file = home.path(".local/share/cleanup/sandbox.db.lists.d/tidy.csv");
    assert_eq!(crate::common::csv_rows(&file), 5);
    let status = json(&home.cleanup(["status", "--sandbox", "--json"]).output().unwrap());
    assert_eq!((&status["jobs"][0]["job"], &status["jobs"][0]["pending"]), (&"tidy".into(), &0.into()), "{status}");
}

/// The pattern of the minute that a test's own minute can be: every minute. Its slot comes within one.
#[test]
fn what_is_due_is_fired_once() {
    let home = Home::new();
    home.write("unfollow.csv", ids(4));
    assert_eq!(code(&add(&home, "often", &["* * * * *", "--zone", "UTC", "unfollow.csv"])), 0);
    move_back(&home, 150);
    // Two at once: one of them works, the other leaves it alone or finds nothing left to do.
    let due = |home: &Home| {
        let mut command = home.cleanup(["schedule", "due", "--sandbox"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let (one, other) = (due(&home), due(&home));
    let said: Vec<String> = [one, other]
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            assert!([0, 3].contains(&code(&output)), "{}", stderr(&output));
            stderr(&output)
        })
        .collect();
    let begun = |said: &[String]| said.iter().map(|text| text.matches(" begins at ").count()).sum::<usize>();
    let slots = firings(&home);
    assert_eq!(begun(&said), slots.len(), "a slot has one record, and is begun once: {said:#?}");
    assert!(slots.windows(2).all(|two| two[0] < two[1]), "{slots:?}");
    let all = said.join("");
    assert!(all.contains("makes up for") && all.contains("nothing left"), "{all}");
    assert_eq!(all.matches(" begins at ").count(), all.matches("often: ended at").count());
    // Even if the schedule forgot how far it is, what is on record is not begun again.
    move_back(&home, 150);
    let again = due(&home).wait_with_output().unwrap();
    assert_eq!(begun(&[stderr(&again)]), firings(&home).len() - slots.len());
}

#[test]
fn a_firing_whose_process_died_is_gone_on_with() {
    let home = Home::new();
    home.write("unfollow.csv", ids(60));
    // 50 requests in 15 s, and then a wait: there is time to be killed in.
    assert_eq!(
        code(&add(&home, "yearly", &[never_now().as_str(), "--zone", "UTC", "--pace", "front-load", "unfollow.csv"])),
        0
    );
    let mut child =
        home.cleanup(["schedule", "run", "yearly", "--sandbox"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let pending =
        || json(&home.cleanup(["status", "--sandbox", "--json"]).output().unwrap())["jobs"][0]["pending"].as_u64();
    while pending().is_none_or(|pending| pending > 20) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let list = json(&home.cleanup(["schedule", "list", "--sandbox", "--json"]).output().unwrap());
    assert_eq!(list["schedules"][0]["last"]["state"], "running");
    let due = home.cleanup(["schedule", "due", "--sandbox"]).output().unwrap();
    assert!([0, 3].contains(&code(&due)), "{}", stderr(&due));
    assert!(stderr(&due).contains("was interrupted, and goes on at"), "{}", stderr(&due));
    let list = json(&home.cleanup(["schedule", "list", "--sandbox", "--json"]).output().unwrap());
    assert_eq!(list["schedules"][0]["last"]["state"], "ended");
    assert_eq!(firings(&home).len(), 1, "gone on with, not begun again");
    assert_eq!(pending(), Some(0));
}

#[test]
fn a_queue_that_somebody_drains_is_left_alone() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    assert_eq!(code(&add(&home, "often", &["* * * * *", "--zone", "UTC", "unfollow.csv"])), 0);
    move_back(&home, 150);
    let queue = home.path(".local/share/cleanup/sandbox.db");
    let lock = cleanup::store::DrainLock::take(&queue).unwrap();
    let due = home.cleanup(["schedule", "due", "--sandbox"]).output().unwrap();
    assert_eq!(code(&due), 75, "{}", stderr(&due));
    assert!(stderr(&due).contains("often waits for its turn"), "{}", stderr(&due));
    assert!(firings(&home).is_empty());
    drop(lock);
    assert!([0, 3].contains(&code(&home.cleanup(["schedule", "due", "--sandbox"]).output().unwrap())));
    assert!(!firings(&home).is_empty());
}

/// Whoever works on schedules takes over what is asked for; a run that knows no schedules does not.
#[test]
fn a_run_that_is_asked_for_beside_another_is_left_to_it() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    assert_eq!(code(&add(&home, "yearly", &[never_now().as_str(), "--zone", "UTC", "unfollow.csv"])), 0);
    let queue = home.path(".local/share/cleanup/sandbox.db");
    let run = || home.cleanup(["schedule", "run", "yearly", "--sandbox"]).output().unwrap();
    let drains = cleanup::store::DrainLock::take(&queue).unwrap();
    assert_eq!(code(&run()), 75);
    let fires = cleanup::store::ScheduleLock::try_take(&queue).unwrap().unwrap();
    for told in ["is left to the process", "already: nothing was changed"] {
        let asked = run();
        assert!(code(&asked) == 0 && stderr(&asked).contains(told), "{}", stderr(&asked));
    }
    drop((fires, drains));
    let due = home.cleanup(["schedule", "due", "--sandbox"]).output().unwrap();
    assert!([0, 3].contains(&code(&due)) && stderr(&due).contains("begins now, as asked"), "{}", stderr(&due));
    assert_eq!(firings(&home).len(), 1);
}

#[test]
fn a_missing_file_is_told_every_night_and_stops_nothing_else() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    let added = add(&home, "broken", &["* * * * *", "--zone", "UTC", "gone.csv"]);
    assert!(code(&added) == 0 && stderr(&added).contains("is not there yet"), "{}", stderr(&added));
    assert_eq!(code(&add(&home, "good", &["* * * * *", "--zone", "UTC", "unfollow.csv"])), 0);
    move_back(&home, 90);
    let due = home.cleanup(["schedule", "due", "--sandbox"]).output().unwrap();
    assert_eq!(code(&due), 65, "{}", stderr(&due));
    let list = json(&home.cleanup(["schedule", "list", "--sandbox", "--json"]).output().unwrap());
    let last = |n: usize| list["schedules"][n]["last"].clone();
    assert_eq!((&last(0)["exit_code"], &last(0)["stopped"]), (&65.into(), &"error".into()));
    assert_eq!(last(1)["stopped"], "finished");
}

/// As if the schedules had been added so many seconds ago, and nobody had been there since.
pub fn move_back(home: &Home, seconds: i64) {
    move_back_in(home, SANDBOX, seconds);
}

/// The same in another queue of the home.
pub fn move_back_in(home: &Home, queue: &str, seconds: i64) {
    let by = seconds * 1000;
    sql_in(home, queue, &format!("update schedule set settled_to = settled_to - {by}, created_at = created_at - {by}"));
}

/// The slots on record, in order.
fn firings(home: &Home) -> Vec<i64> {
    use cleanup::store::{QueueKind, Store};
    runtime().block_on(async {
        let mut store = Store::open(&home.path(".local/share/cleanup/sandbox.db"), QueueKind::Sandbox).await.unwrap();
        let mut slots = Vec::new();
        for schedule in store.schedules().await.unwrap() {
            slots.extend(store.firings(schedule.id, 1_000).await.unwrap().iter().map(|firing| firing.slot_at.0));
        }
        slots.sort_unstable();
        slots
    })
}

const SANDBOX: &str = "sandbox.db";

fn sql(home: &Home, text: &str) {
    sql_in(home, SANDBOX, text);
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}
