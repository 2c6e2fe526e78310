//! `schedule edit`: what is given replaces what was kept, and the rest stays.

use serde_json::Value;

use super::commands::move_back;
use crate::common::{Done, Home, RunToEnd, ids};

fn run(home: &Home, words: &[&str]) -> Done {
    home.cleanup([&["schedule"], words, &["--sandbox"]].concat()).done()
}

fn edit(home: &Home, words: &[&str]) -> String {
    let edited = run(home, &[&["edit"], words].concat());
    assert_eq!(edited.code, 0, "{words:?}: {}", edited.err);
    edited.err
}

fn refused(home: &Home, words: &[&str], told: &str) {
    let before = kept(home);
    let edited = run(home, &[&["edit"], words].concat());
    assert!([2, 65].contains(&edited.code), "{words:?}: {}", edited.err);
    assert!(edited.err.contains(told), "{words:?}: {}", edited.err);
    assert_eq!(kept(home), before, "{words:?}");
}

fn kept(home: &Home) -> Value {
    run(home, &["list", "--json"]).json()["schedules"][0].clone()
}

/// The words kept, without the folder of the home.
fn words(home: &Home, of: &str) -> Vec<String> {
    let folder = format!("{}/", home.path("").canonicalize().unwrap().display());
    let list = kept(home)[of].as_array().unwrap().clone();
    list.iter().map(|word| word.as_str().unwrap().replace(&folder, "")).collect()
}

fn nightly() -> Home {
    let home = Home::new();
    for file in ["unfollow.csv", "unmute.csv"] {
        home.write(file, ids(3));
    }
    home.write("keep.csv", "5\n");
    let add =
        ["add", "nightly", "--cron", "0 2 * * *", "--zone", "Europe/Berlin", "--until", "06:00", "--jitter", "10m"];
    let more = ["--max-requests", "500", "--keep", "keep.csv", "--rate", "50/15m", "--rate", "500/24h", "unfollow.csv"];
    run(&home, &[&add[..], &more].concat()).ends(0);
    home
}

#[test]
fn what_is_given_is_another_and_the_rest_stays() {
    let home = nightly();
    let before = words(&home, "words");
    let said = edit(&home, &["nightly", "--until", "05:00"]);
    assert!(said.contains("nightly is changed") && said.contains("until 05:00 CE"), "{said}");
    assert_eq!((&kept(&home)["until"], &kept(&home)["jitter_s"]), (&"05:00:00".into(), &600.into()));
    assert_eq!(words(&home, "words"), before);
    edit(&home, &["nightly", "--for", "3h", "--without", "jitter"]);
    let when = kept(&home);
    assert_eq!((&when["until"], &when["for_s"], &when["jitter_s"]), (&Value::Null, &10_800.into(), &0.into()));
    // A repeated one is replaced as a whole.
    edit(&home, &["nightly", "--max-requests", "800", "--rate", "40/15m", "--max-spend", "5"]);
    let expected = ["--keep=keep.csv", "--max-requests=800", "--max-spend=5", "--rate=40/15m", "--", "unfollow.csv"];
    assert_eq!(words(&home, "words"), expected);
    // What is given goes together with what was kept: --order says which of them --limit takes.
    edit(&home, &["nightly", "--limit", "9"]);
    edit(&home, &["nightly", "--order", "newest"]);
    refused(&home, &["nightly", "--without", "limit"], "the options that result do not go together");
    edit(&home, &["nightly", "--without", "order", "--without", "limit"]);
    edit(&home, &["nightly", "--without", "keep", "--without", "--max-spend", "--without", "for", "unmute.csv"]);
    assert_eq!(words(&home, "words"), ["--max-requests=800", "--rate=40/15m", "--", "unmute.csv"]);
    assert_eq!(kept(&home)["for_s"], Value::Null);
    // It does what it says.
    let ran = run(&home, &["run", "nightly"]);
    assert!([0, 3].contains(&ran.code), "{}", ran.err);
    let status = home.cleanup(["status", "--sandbox", "--json"]).done().json();
    assert_eq!(status["jobs"][0]["job"], "unmute");
}

#[test]
fn what_makes_no_sense_changes_nothing() {
    let home = nightly();
    home.write("friends.csv", ids(2));
    for (words, told) in [
        (&["nightly"][..], "nothing of nightly would change"),
        (&["nightly", "--max-requests", "500"], "nothing of nightly would change"),
        (&["nightly", "--cron", "0 25 * * *"], "is not a valid hour"),
        (&["nightly", "--zone", "Europe/Berln"], "did you mean Europe/Berlin?"),
        (&["nightly", "--for", "30h"], "overlap"),
        (&["nightly", "--until", "02:05"], "--jitter"),
        (&["nightly", "--without", "max-spend"], "nightly has no --max-spend"),
        (&["nightly", "--without", "for"], "nightly has no --for"),
        (&["nightly", "--without", "Max"], "the long name of an option"),
        (&["nightly", "--list", "likes"], "add another schedule"),
        (
            &["nightly", "--order", "newest"],
            "the options that result do not go together: rows are sent in the order of their file",
        ),
        (&["nightly", "--job", "one", "unfollow.csv", "unmute.csv"], "--job names one job"),
        (&["nightly", "-"], "standard input"),
        (&["nightly", "friends.csv"], "nothing says which action is meant"),
        (&["nihgtly", "--until", "05:00"], "did you mean nightly?"),
    ] {
        refused(&home, words, told);
    }
}

#[test]
fn a_list_is_changed_in_both_of_its_commands() {
    let home = Home::new();
    let add = ["add", "tidy", "--cron", "0 3 * * 0", "--zone", "UTC", "--list", "likes", "--older-than", "1y"];
    run(&home, &add).ends(0);
    edit(&home, &["tidy", "--older-than", "2y", "--max-requests", "9"]);
    assert!(words(&home, "list_words").contains(&"--older-than=2y".to_owned()));
    let ours = words(&home, "words");
    assert!(
        ours.contains(&"--max-requests=9".to_owned()) && !ours.iter().any(|word| word.contains("older")),
        "{ours:?}"
    );
    edit(&home, &["tidy", "--list", "bookmarks", "--without", "older-than"]);
    let (run, list) = (words(&home, "words"), words(&home, "list_words"));
    assert!(run.contains(&"--action=unbookmark".to_owned()) && run.contains(&"--job=tidy".to_owned()), "{run:?}");
    assert!(
        list.ends_with(&["--".to_owned(), "bookmarks".to_owned()]) && !list.join(" ").contains("older"),
        "{list:?}"
    );
    refused(&home, &["tidy", "--list", "posts"], "delete-post");
    refused(&home, &["tidy", "--without", "output"], "a file of its own");
    refused(&home, &["tidy", "--order", "newest"], "the options that result do not go together");
    refused(&home, &["tidy", "unfollow.csv"], "add another schedule");
}

/// Slots of the new pattern that have gone by belong to nobody, and skips of the old one go with it.
#[test]
fn with_other_times_its_slots_begin_now() {
    let home = nightly();
    move_back(&home, 30 * 86_400);
    // It was skipped, and the times it was skipped at are no more.
    assert_eq!(run(&home, &["skip", "nightly"]).code, 0);
    edit(&home, &["nightly", "--cron", "30 * * * *", "--for", "20m", "--without", "jitter"]);
    let due = run(&home, &["due"]);
    assert!(due.code == 0 && due.err.starts_with("next: nightly at"), "{}", due.err);
    let next = run(&home, &["next", "nightly", "--json"]).json();
    assert!(next["schedules"][0]["next"].as_array().unwrap().iter().all(|start| start["skipped"] == false), "{next}");
    // A schedule that cannot be used is mended.
    home.sandbox_sql("update schedule set zone = 'Europe/Nowhere'");
    assert_eq!(run(&home, &["next"]).code, 78);
    edit(&home, &["nightly", "--zone", "UTC"]);
    assert_eq!(run(&home, &["next"]).code, 0);
}

#[test]
fn an_option_that_is_taken_out_twice_is_taken_out() {
    let home = nightly();
    edit(&home, &["nightly", "--without", "max-requests", "--without", "max-requests"]);
    edit(&home, &["nightly", "--without", "jitter", "--without", "until", "--without", "jitter"]);
    let when = kept(&home);
    assert_eq!((&when["until"], &when["jitter_s"]), (&Value::Null, &0.into()));
    assert!(!words(&home, "words").iter().any(|word| word.contains("max-requests")));
    refused(&home, &["nightly", "--without", "max-requests"], "nightly has no --max-requests");
}

/// Hours that end on another day say on which.
#[test]
fn hours_over_midnight_end_with_a_date() {
    let home = nightly();
    let said = edit(&home, &["nightly", "--cron", "0 22 31 12 *", "--until", "06:00"]);
    let (_, end) = said.split_once(", until ").unwrap();
    assert!(end.contains(" 01 Jan ") && end.contains("06:00 CET at the latest"), "{said}");
    let next = run(&home, &["next", "nightly"]).out;
    assert!(next.lines().skip(1).all(|line| line.contains(" CET  until ") && line.contains(" 01 Jan ")), "{next}");
}

/// What `list` would be refused for every night is told when the schedule is kept.
#[test]
fn rules_that_the_list_cannot_answer_are_refused() {
    let (home, reader) = (Home::new(), Home::new());
    let sky = ["--account", "bluesky-ada"];
    let fedi = ["--account", "mastodon-ada"];
    for (list, rule, account, told) in [
        ("likes", &["--matching", "x"][..], &sky, "--matching cannot be applied to likes of bluesky-sandbox"),
        ("following", &["--inactive-since", "1y"], &sky, "--inactive-since cannot be applied"),
        ("likes", &["--not-following-back"], &sky, "about users, not posts"),
        ("following", &["--max-likes", "3"], &sky, "about posts, not users"),
        ("following", &["--ghosts"], &fedi, "cannot be asked which users are still there"),
    ] {
        let words = [&["--list", list], rule, &account[..]].concat();
        let added = run(&home, &[&["add", "n", "--cron", "0 2 * * *"], &words[..]].concat());
        assert!(added.code == 2 && added.err.contains(told), "{words:?}: {}", added.err);
        let listed = reader.cleanup([&["list", list], rule, &account[..], &["--sandbox"]].concat()).done();
        assert!(listed.code == 2 && listed.err.contains(told), "{words:?}: {}", listed.err);
    }
    assert!(!home.sandbox_file().exists(), "what is refused makes no queue");
    run(&home, &[&["add", "n", "--cron", "0 2 * * *", "--list", "likes"], &sky[..]].concat()).ends(0);
    refused(&home, &["n", "--matching", "x"], "--matching cannot be applied to likes");
    refused(&home, &["n", "--list", "following", "--max-likes", "3"], "about posts, not users");
    edit(&home, &["n", "--list", "posts", "--action", "delete-post", "--matching", "x"]);
    // A list that is there and will never be one is told as well; one that is not there yet may come.
    home.write("bad.csv", "a,b\n1,2\n");
    home.write("unfollow.csv", ids(3));
    refused(&home, &["n", "--keep", "bad.csv"], "no column names the targets");
    edit(&home, &["n", "--keep", "later.csv"]);
    for source in [&["--list", "likes"][..], &["unfollow.csv"]] {
        let name = if source.len() == 1 { "files" } else { "list" };
        let words = [&["add", name, "--cron", "0 2 * * *", "--keep", "later.csv"], source].concat();
        run(&home, &words).ends(0).says("later.csv is not there yet; a run waits for it");
    }
}
