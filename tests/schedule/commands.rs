//! The commands through the real program.

use cleanup::store::QueuePlace;
use serde_json::Value;

use crate::common::{Done, Home, RunToEnd, ids, sql, wait};

fn add(home: &Home, name: &str, more: &[&str]) -> Done {
    let words = ["schedule", "add", name, "--sandbox", "--cron"];
    home.cleanup(words.iter().chain(more)).done()
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
    let added = add(&home, "nightly", &words).ends(0);
    assert!(added.err.contains("02:00 CE") && added.err.contains("until 06:00"), "{}", added.err);
    assert!(added.err.contains("schedule install"), "{}", added.err);

    let list = home.cleanup(["schedule", "list", "--sandbox"]).done();
    let text = list.out;
    assert!(text.starts_with("nightly: 0 2 * * * Europe/Berlin, until 06:00\n"), "{text}");
    assert!(text.contains("--max-requests=5") && text.contains("unfollow.csv"), "{text}");
    let list = home.cleanup(["schedule", "list", "--sandbox", "--json"]).done().json();
    assert_eq!(list["schedules"][0]["zone"], "Europe/Berlin");
    assert_eq!(list["schedules"][0]["last"], Value::Null);

    let next = |home: &Home| home.cleanup(["schedule", "next", "nightly", "--sandbox", "--json"]).done().json();
    let times = next(&home)["schedules"][0]["next"].as_array().unwrap().clone();
    assert_eq!(times.len(), 5);
    for time in &times {
        assert!(time["local"].as_str().unwrap().contains("T02:00:00+0"), "{time}");
        assert_eq!(time["skipped"], false);
    }
    for told in ["is skipped;", "is skipped already"] {
        let skipped = home.cleanup(["schedule", "skip", "nightly", "--sandbox"]).done();
        assert!(skipped.code == 0 && skipped.err.contains(told), "{}", skipped.err);
    }
    let after = next(&home)["schedules"][0]["next"].as_array().unwrap().clone();
    assert_eq!((&after[0]["skipped"], &after[1]["skipped"]), (&Value::Bool(true), &Value::Bool(false)));
    let text = home.cleanup(["schedule", "next", "--sandbox"]).done().out;
    assert!(text.starts_with("nightly (Europe/Berlin)\n") && text.contains("(skipped, as asked)"), "{text}");
    assert_eq!(text.lines().count(), 6);
    for (ends, told) in [(0, "is no longer skipped"), (2, "no coming start is skipped")] {
        let unskipped = home.cleanup(["schedule", "unskip", "nightly", "--sandbox"]).done();
        assert!(unskipped.code == ends && unskipped.err.contains(told), "{}", unskipped.err);
    }
    assert_eq!(next(&home)["schedules"][0]["next"][0]["skipped"], false);

    // Without it nothing holds back what is queued, and somebody should know.
    home.cleanup(["load", "unfollow.csv", "--sandbox"]).done().ends(0);
    let removed = home.cleanup(["schedule", "remove", "nightly", "--sandbox"]).done().ends(0);
    let told = "3 rows of unfollow are queued, and without the hours of the schedule sent at any hour: \
                `cleanup pause unfollow --sandbox`";
    assert!(removed.err.contains(told), "{}", removed.err);
    add(&home, "nightly", &words).ends(0);
    home.cleanup(["pause", "unfollow", "--sandbox"]).done().ends(0);
    let removed = home.cleanup(["schedule", "remove", "nightly", "--sandbox"]).done().ends(0);
    assert!(!removed.err.contains("rows of unfollow"), "{}", removed.err);
    assert_eq!(
        home.cleanup(["schedule", "list", "--sandbox", "--json"]).done().json()["schedules"],
        serde_json::json!([])
    );
}

#[test]
fn what_makes_no_sense_is_told_at_once() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    assert_eq!(add(&home, "nightly", &["0 2 * * *", "--zone", "UTC", "unfollow.csv"]).code, 0);
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
        ("a", &["0 3 * * *", "--list", "following", "--action", "delete-post"], "does not fit"),
        ("a", &["0 3 * * *", "--list", "followed-tags", "--action", "unblock-domain"], "--action unfollow-tag"),
        ("a/b", &["0 3 * * *", "--list", "likes"], "letters, digits"),
        ("two words", &["0 3 * * *", "unfollow.csv"], "letters, digits"),
        ("a", &["0 25 * * *", "unfollow.csv"], "\"25\" is not a valid hour, which is 0 to 23"),
        ("a", &["0 2 * * 1,mon-8", "unfollow.csv"], "\"mon-8\" is not a valid day of week, which is 0 to 7"),
        ("a", &["0 3 * * *", "--list", "likes", "unfollow.csv"], "cannot be used with"),
        (" ", &["0 3 * * *", "unfollow.csv"], "a schedule's name"),
    ] {
        let told_so = add(&home, name, words);
        assert_eq!(told_so.code, 2, "{words:?}: {}", told_so.err);
        assert!(told_so.err.contains(told), "{words:?}: {}", told_so.err);
    }
    for command in ["remove", "run", "skip", "unskip", "next"] {
        let unknown = home.cleanup(["schedule", command, "nihgtly", "--sandbox"]).done();
        assert_eq!(unknown.code, 2);
        assert!(unknown.err.contains("did you mean nightly?"), "{}", unknown.err);
    }
    // Nothing of it is left behind, and no queue is made at a mistyped path.
    let list = home.cleanup(["schedule", "list", "--sandbox", "--json"]).done().json();
    assert_eq!(list["schedules"].as_array().unwrap().len(), 1);
    let elsewhere = home.cleanup(["schedule", "due", "--db", "nowhere.db"]).done();
    assert!(elsewhere.code == 0 && !home.path("nowhere.db").exists());
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
        assert_eq!(added.code, ends, "{words:?}: {}", added.err);
        assert!(added.err.contains(told), "{words:?}: {}", added.err);
    }
    // The job of that name is another file's.
    assert_eq!(home.cleanup(["load", "unfollow.csv", "--sandbox"]).done().code, 0);
    let added = add(&home, "a", &["0 2 * * *", "--zone", "UTC", "other/unfollow.csv"]);
    assert!(added.code == 2 && added.err.contains("of another file"), "{}", added.err);
    let list = || home.cleanup(["schedule", "list", "--sandbox", "--json"]).done().json();
    assert_eq!(list()["schedules"], serde_json::json!([]));
    // Not there yet, or still being written.
    home.write("unlike.csv", "tweet_id,note\n1629556410996121225,\"half");
    for (name, file, told) in [
        ("b", "gone.csv", "needs a column named action"),
        ("c", "unmute.csv", "unmute.csv is not there yet"),
        ("d", "unlike.csv", "a run would wait until this is corrected"),
    ] {
        let added = add(&home, name, &["0 2 * * *", "--zone", "UTC", file]);
        assert!(added.code == 0 && added.err.contains(told), "{}", added.err);
    }
    assert_eq!(list()["schedules"].as_array().unwrap().len(), 3);
}

/// Names were not always judged.
#[test]
fn a_schedule_of_a_name_that_is_refused_now_is_listed_and_removed() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    for name in ["-old", "two words", "a/b\u{1b}[2J"] {
        assert_eq!(add(&home, "nightly", &["0 2 * * *", "--zone", "UTC", "unfollow.csv"]).code, 0);
        home.sandbox_sql(&format!("update schedule set name = '{name}'"));
        let list = home.cleanup(["schedule", "list", "--sandbox", "--json"]).done().json();
        assert_eq!(list["schedules"][0]["name"], *name);
        let next = home.cleanup(["schedule", "next", "--sandbox"]).done();
        assert!(next.code == 0 && !next.out.contains('\u{1b}'), "{}", next.out);
        home.cleanup(["schedule", "remove", "--sandbox", "--", name]).done().ends(0);
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
    assert_eq!(add(&home, "yearly", &words).code, 0);
    // From another folder: the files are where they were.
    let run = home.cleanup(["schedule", "run", "yearly", "--sandbox"]).current_dir("/").done().ends(4);
    let said = run.err;
    assert!(said.contains("yearly: begins now, as requested"), "{said}");
    assert!(said.contains("yearly: ended at") && said.contains("--max-requests is used up"), "{said}");
    let status = home.cleanup(["status", "--sandbox", "--json"]).done().json();
    assert_eq!((&status["jobs"][0]["kept"], &status["jobs"][0]["rows"]), (&1.into(), &12.into()), "{status}");
    let list = home.cleanup(["schedule", "list", "--sandbox", "--json"]).done().json();
    let last = &list["schedules"][0]["last"];
    assert_eq!(
        (&last["state"], &last["stopped"], &last["exit_code"]),
        (&"ended".into(), &"requests".into(), &4.into()),
        "{last}"
    );
    assert_eq!((&last["asked_for"], &last["requests"]), (&true.into(), &4.into()));
    // Nothing else is due.
    let due = home.cleanup(["schedule", "due", "--sandbox"]).done();
    assert_eq!((due.code, due.out.as_str()), (0, ""), "{}", due.err);
    assert!(due.err.contains("next: yearly at"), "{}", due.err);
}

/// Whoever reads a journal far away from the schedule's clock takes no time for one of his own.
#[test]
fn times_of_a_scheduled_run_are_by_the_schedules_clock_and_say_so() {
    let home = Home::new();
    home.write("unfollow.csv", ids(4));
    let words = [never_now().as_str(), "--zone", "Asia/Tokyo", "--for", "3h", "--max-requests", "2", "unfollow.csv"]
        .map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(add(&home, "yearly", &words).code, 0);
    let run = home.cleanup(["schedule", "run", "yearly", "--sandbox"]).env("TZ", "America/New_York").done();
    let said = run.err;
    let bounds = said.lines().find(|line| line.starts_with("this run ends")).unwrap_or_else(|| panic!("{said}"));
    assert!(bounds.contains(" JST at the latest"), "{bounds}");
    assert!(!said.contains(" ES") && !said.contains(" ED"), "{said}");
    let due = home.cleanup(["schedule", "due", "--sandbox"]).env("TZ", "America/New_York").done();
    assert!(due.err.contains("next: yearly at ") && due.err.contains(" JST"), "{}", due.err);
}

#[test]
fn a_list_is_read_and_run_every_time() {
    let home = Home::new();
    let words =
        [never_now().as_str(), "--zone", "UTC", "--list", "likes", "--limit", "5", "--for", "2h"].map(str::to_owned);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    assert_eq!(add(&home, "tidy", &words).code, 0);
    for _ in 0..2 {
        let run = home.cleanup(["schedule", "run", "tidy", "--sandbox"]).done();
        assert!([0, 3].contains(&run.code), "{}", run.err);
        assert!(run.err.contains("likes: ") && run.err.contains("tidy: ended at"), "{}", run.err);
    }
    let mut file = home.sandbox_queue().local_path().as_os_str().to_owned();
    file.push(".lists.d/tidy.csv");
    assert_eq!(crate::common::csv_rows(file.as_ref()), 5);
    let status = home.cleanup(["status", "--sandbox", "--json"]).done().json();
    assert_eq!((&status["jobs"][0]["job"], &status["jobs"][0]["pending"]), (&"tidy".into(), &0.into()), "{status}");
}

/// The pattern of the minute that a test's own minute can be: every minute. Its slot comes within one.
#[test]
fn what_is_due_is_fired_once() {
    let home = Home::new();
    home.write("unfollow.csv", ids(4));
    assert_eq!(add(&home, "often", &["* * * * *", "--zone", "UTC", "unfollow.csv"]).code, 0);
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
            let output = Done::of(&child.wait_with_output().unwrap());
            assert!([0, 3].contains(&output.code), "{}", output.err);
            output.err
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
    let again = Done::of(&due(&home).wait_with_output().unwrap());
    assert_eq!(begun(&[again.err]), firings(&home).len() - slots.len());
}

#[test]
fn a_firing_whose_process_died_is_gone_on_with() {
    a_death_and_what_comes_after(true);
}

/// As on another machine, which works on the same queue.
#[test]
fn a_firing_that_had_loaded_its_files_is_gone_on_with_where_they_are_not() {
    a_death_and_what_comes_after(false);
}

fn a_death_and_what_comes_after(files_stay: bool) {
    let home = Home::new();
    home.write("unfollow.csv", ids(60));
    // 50 requests in 15 s, and then a wait: there is time to be killed in.
    assert_eq!(
        add(&home, "yearly", &[never_now().as_str(), "--zone", "UTC", "--pace", "front-load", "unfollow.csv"]).code,
        0
    );
    let mut child =
        home.cleanup(["schedule", "run", "yearly", "--sandbox"]).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let pending = || home.cleanup(["status", "--sandbox", "--json"]).done().json()["jobs"][0]["pending"].as_u64();
    while pending().is_none_or(|pending| pending > 20) {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let list = home.cleanup(["schedule", "list", "--sandbox", "--json"]).done().json();
    assert_eq!(list["schedules"][0]["last"]["state"], "running");
    if !files_stay {
        std::fs::remove_file(home.path("unfollow.csv")).unwrap();
    }
    let due = home.cleanup(["schedule", "due", "--sandbox"]).done();
    assert!([0, 3].contains(&due.code), "{}", due.err);
    assert!(due.err.contains("was interrupted, and is resumed at"), "{}", due.err);
    assert_eq!(due.err.contains("the run sends what it had loaded"), !files_stay, "{}", due.err);
    let list = home.cleanup(["schedule", "list", "--sandbox", "--json"]).done().json();
    assert_eq!(list["schedules"][0]["last"]["state"], "ended");
    assert_eq!(firings(&home).len(), 1, "gone on with, not begun again");
    assert_eq!(pending(), Some(0));
}

#[test]
fn a_queue_that_somebody_drains_is_left_alone() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    assert_eq!(add(&home, "often", &["* * * * *", "--zone", "UTC", "unfollow.csv"]).code, 0);
    move_back(&home, 150);
    let queue = home.sandbox_queue();
    let lock = wait(cleanup::store::DrainLock::take(&queue)).unwrap();
    let due = home.cleanup(["schedule", "due", "--sandbox"]).done().ends(75);
    assert!(due.err.contains("often is due and starts later"), "{}", due.err);
    assert!(firings(&home).is_empty());
    drop(lock);
    assert!([0, 3].contains(&home.cleanup(["schedule", "due", "--sandbox"]).done().code));
    assert!(!firings(&home).is_empty());
}

/// Whoever works on schedules takes over what is asked for; a run that knows no schedules does not.
#[test]
fn a_run_that_is_asked_for_beside_another_is_left_to_it() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    assert_eq!(add(&home, "yearly", &[never_now().as_str(), "--zone", "UTC", "unfollow.csv"]).code, 0);
    let queue = home.sandbox_queue();
    let run = || home.cleanup(["schedule", "run", "yearly", "--sandbox"]).done();
    let drains = wait(cleanup::store::DrainLock::take(&queue)).unwrap();
    run().ends(75);
    let fires = wait(cleanup::store::ScheduleLock::try_take(&queue)).unwrap().unwrap();
    for told in ["is left to the process", "already; nothing was changed"] {
        let asked = run();
        assert!(asked.code == 0 && asked.err.contains(told), "{}", asked.err);
    }
    drop((fires, drains));
    let due = home.cleanup(["schedule", "due", "--sandbox"]).done();
    assert!([0, 3].contains(&due.code) && due.err.contains("begins now, as requested"), "{}", due.err);
    assert_eq!(firings(&home).len(), 1);
}

#[test]
fn a_missing_file_is_told_every_night_and_stops_nothing_else() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    let added = add(&home, "broken", &["* * * * *", "--zone", "UTC", "gone.csv"]);
    assert!(added.code == 0 && added.err.contains("is not there yet"), "{}", added.err);
    assert_eq!(add(&home, "good", &["* * * * *", "--zone", "UTC", "unfollow.csv"]).code, 0);
    move_back(&home, 90);
    let due = home.cleanup(["schedule", "due", "--sandbox"]).done().ends(65);
    assert!(due.err.contains("put it there; if it has moved, `cleanup schedule edit broken"), "{}", due.err);
    let list = home.cleanup(["schedule", "list", "--sandbox", "--json"]).done().json();
    let last = |n: usize| list["schedules"][n]["last"].clone();
    assert_eq!((&last(0)["exit_code"], &last(0)["stopped"]), (&65.into(), &"error".into()));
    assert_eq!(last(1)["stopped"], "finished");
}

/// As if the schedules had been added so many seconds ago, and nobody had been there since.
pub fn move_back(home: &Home, seconds: i64) {
    move_back_in(&home.sandbox_queue(), seconds);
}

/// The same in another queue.
pub fn move_back_in(queue: &QueuePlace, seconds: i64) {
    let by = seconds * 1000;
    sql::change(queue, &format!("update schedule set settled_to = settled_to - {by}, created_at = created_at - {by}"));
}

/// The slots on record, in order.
fn firings(home: &Home) -> Vec<i64> {
    use cleanup::store::{QueueKind, Store};
    wait(async {
        let mut store = Store::open(&home.sandbox_queue(), QueueKind::Sandbox).await.unwrap();
        let mut slots = Vec::new();
        for schedule in store.schedules().all().await.unwrap() {
            slots.extend(
                store.schedules().firings(schedule.id, 1_000).await.unwrap().iter().map(|firing| firing.slot_at.0),
            );
        }
        slots.sort_unstable();
        slots
    })
}
