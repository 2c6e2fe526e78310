//! A job goes with its file, and remembers what was said when it was first loaded.

use std::collections::BTreeSet;

use crate::common::Home;

fn rows(numbers: std::ops::Range<u64>) -> String {
    let rows = numbers.map(|n| format!("{}\n", 1_629_556_410_996_121_225 + n * 4_099));
    std::iter::once("user_id\n".to_owned()).chain(rows).collect()
}

/// A job of 20 rows, 12 of them done, whose file is `old/unfollow.csv`.
fn half_done() -> Home {
    let home = Home::new();
    std::fs::create_dir(home.path("old")).unwrap();
    std::fs::create_dir(home.path("new")).unwrap();
    home.write("old/unfollow.csv", rows(0..20));
    home.run(&["load", "old/unfollow.csv", "--sandbox"]).ends(0);
    settle(&home, 12);
    home
}

/// So many of the tasks are done.
fn settle(home: &Home, tasks: u32) {
    home.sandbox_sql(&format!("update task set state = 4, finished_at = 1 where id <= {tasks}"));
    home.sandbox_sql(&format!("update round set pending = pending - {tasks}, done = done + {tasks}"));
}

fn counts(home: &Home) -> (u64, u64, u64) {
    let status = home.run(&["status", "--json", "--sandbox"]).ends(0).json();
    let jobs = status["jobs"].as_array().unwrap().clone();
    assert_eq!(jobs.len(), 1, "one job: {status}");
    let count = |key: &str| jobs[0][key].as_u64().unwrap();
    (count("done"), count("pending"), count("rows"))
}

#[test]
fn a_moved_file_with_the_content_of_the_last_load_is_the_same_job() {
    let home = half_done();
    // The old one may be there still: it is a copy.
    home.write("new/unfollow.csv", rows(0..20));
    let done = home.run(&["load", "new/unfollow.csv", "--sandbox"]).ends(0);
    assert!(done.err.contains("its file was moved") && done.err.contains("new/unfollow.csv"), "{}", done.err);
    assert_eq!(counts(&home), (12, 8, 20));
    // From now on it is there.
    home.write("new/unfollow.csv", rows(0..21));
    home.run(&["load", "new/unfollow.csv", "--sandbox"]).ends(0);
    assert_eq!(counts(&home), (12, 9, 21));
}

#[test]
fn a_file_that_has_gone_from_its_place_and_changed_is_the_same_job_on_this_host() {
    let home = half_done();
    std::fs::rename(home.path("old"), home.path("older")).unwrap();
    home.write("new/unfollow.csv", rows(0..22));
    for host in ["null", "'another-host'"] {
        let known = home.sandbox_sql_text("select host from job");
        home.sandbox_sql(&format!("update job set host = {host}"));
        let refused = home.run(&["load", "new/unfollow.csv", "--sandbox"]).ends(2);
        assert!(refused.err.contains("--moved"), "{}", refused.err);
        home.sandbox_sql(&format!("update job set host = '{known}'"));
    }
    if home.sandbox_sql_text("select coalesce(host, '') from job").is_empty() {
        return; // A host without a name of its own: --moved is the way.
    }
    home.run(&["load", "new/unfollow.csv", "--sandbox"]).ends(0);
    assert_eq!(counts(&home), (12, 10, 22), "what is done is not queued again");
}

#[test]
fn another_file_under_the_name_is_refused_with_both_ways_out() {
    let home = half_done();
    home.write("new/unfollow.csv", rows(5..30));
    for words in [&["load", "new/unfollow.csv", "--sandbox"][..], &["run", "new/unfollow.csv", "--sandbox"]] {
        let refused = home.run(words).ends(2);
        assert!(refused.err.contains("--moved") && refused.err.contains("--job unfollow-2"), "{}", refused.err);
        assert!(refused.err.contains("old/unfollow.csv"), "{}", refused.err);
    }
    assert_eq!(counts(&home), (12, 8, 20), "nothing was changed");
    home.run(&["load", "new/unfollow.csv", "--sandbox", "--moved"]).ends(0);
    // 7 of the 12 done ones are in the file still, 8 stay in line, 10 are new; 5 have vanished.
    assert_eq!(counts(&home), (12, 18, 30));
    home.run(&["load", "new/unfollow.csv", "--sandbox"]).ends(0);
    assert_eq!(counts(&home), (12, 18, 30));
}

#[test]
fn a_schedule_for_the_new_place_goes_on() {
    let home = half_done();
    home.write("new/unfollow.csv", rows(0..20));
    let add = ["schedule", "add", "nightly", "--sandbox", "--cron", "0 2 1 1 *", "--zone", "UTC", "--moved"];
    home.write("new/unfollow.csv", rows(0..23));
    home.run(&[&add[..], &["--pace", "front-load", "new/unfollow.csv"]].concat()).ends(0);
    let ran = home.run(&["schedule", "run", "nightly", "--sandbox"]);
    assert!([0, 3].contains(&ran.code), "{}", ran.err);
    let (_, pending, rows) = counts(&home);
    assert_eq!((pending, rows), (0, 23));
}

#[test]
fn an_action_and_a_column_are_said_once() {
    let home = Home::new();
    let ids: Vec<String> = rows(0..6).lines().skip(1).map(str::to_owned).collect();
    let file = |ids: &[String]| {
        let rows = ids.iter().enumerate().map(|(n, id)| format!("{n},{id}\n"));
        std::iter::once("id,friend\n".to_owned()).chain(rows).collect::<String>()
    };
    home.write("people.csv", file(&ids[..4]));
    let first = ["load", "people.csv", "--sandbox", "--action", "unmute", "--column", "friend"];
    home.run(&first).ends(0);
    home.write("people.csv", file(&ids));
    let refused = home.run(&["load", "people.csv", "--sandbox", "--action", "unfollow"]).ends(2);
    assert!(refused.err.contains("unmute"), "{}", refused.err);
    let refused = home.run(&["load", "people.csv", "--sandbox", "--column", "id"]).ends(2);
    assert!(refused.err.contains("--column friend"), "{}", refused.err);
    home.run(&["check", "people.csv", "--sandbox"]).ends(0).says("unmute 6");
    home.run(&["load", "people.csv", "--sandbox", "--column", "FRIEND"]).ends(0);
    home.run(&["load", "people.csv", "--sandbox"]).ends(0);
    let known: BTreeSet<String> =
        home.sandbox_sql_text("select group_concat(target) from task").split(',').map(str::to_owned).collect();
    assert_eq!(known, ids.into_iter().collect());
    // A column that is no longer there is told with what the job remembers.
    home.write("people.csv", "id,name\n1629556410996121225,x\n");
    let refused = home.run(&["load", "people.csv", "--sandbox"]).ends(65);
    assert!(refused.err.contains("first loaded with --column friend"), "{}", refused.err);
}

#[test]
fn a_column_that_the_reader_chooses_by_itself_may_be_named_or_not() {
    let home = Home::new();
    home.write("unfollow.csv", rows(0..3));
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    home.run(&["load", "unfollow.csv", "--sandbox", "--column", "user_id"]).ends(0);
    home.write("unfollow.csv", "user_id,other\n1629556410996121225,1629556410996121999\n1629556410996125324,7\n");
    let refused = home.run(&["load", "unfollow.csv", "--sandbox", "--column", "other"]).ends(2);
    assert!(refused.err.contains("not other"), "{}", refused.err);
}

#[test]
fn a_file_whose_name_says_another_action_is_not_taken_for_a_moved_one() {
    let home = Home::new();
    home.write("people.csv", rows(0..4));
    home.run(&["load", "people.csv", "--sandbox", "--action", "unmute"]).ends(0);
    home.write("unfollow.csv", rows(0..4));
    home.run(&["load", "unfollow.csv", "--sandbox", "--job", "people", "--moved"]).ends(2);
}
