//! Queues that are not as they should be.

use cleanup::store::QueueKind;
use sqlx::{ConnectOptions, Connection};

use super::program::empty_queue;
use crate::common::{Home, sql, wait};

#[test]
fn looking_at_a_queue_that_is_not_there_makes_none() {
    let home = Home::new();
    let done = home.run(&["status", "--json"]).ends(0);
    assert_eq!(done.out, "{\"jobs\":[],\"accounts\":[],\"drains\":[],\"servers\":[],\"snapshot\":null}\n");
    assert!(home.run(&["status"]).ends(0).out.contains("cleanup load"));
    assert!(home.run(&["audit"]).ends(0).out.contains("no attempts"));
    home.run(&["forget", "--older-than", "90d"]).ends(0);
    for words in [
        &["pause", "x"][..],
        &["report", "x"],
        &["retry", "x"],
        &["cancel", "x"],
        &["unpause", "x"],
        &["forget", "x"],
        &["status", "x"],
        &["explain", "7"],
    ] {
        let done = home.run(words).ends(2);
        assert!(done.err.contains("hint"), "{words:?}: {}", done.err);
    }
    assert!(!home.queue_file().exists());
}

#[test]
fn an_empty_queue_is_fine() {
    let home = Home::new();
    empty_queue(home.queue(), QueueKind::Real);
    assert_eq!(
        home.run(&["status", "--json"]).ends(0).out,
        "{\"jobs\":[],\"accounts\":[],\"drains\":[],\"servers\":[],\"snapshot\":null}\n"
    );
    assert_eq!(
        home.run(&["audit", "--json"]).ends(0).out,
        "{\"accounts\":[],\"apps\":[],\"hosts\":[],\"over\":false}\n"
    );
}

#[test]
fn the_wrong_kind_is_refused_both_ways() {
    let home = Home::new();
    empty_queue(home.path("real.db"), QueueKind::Real);
    empty_queue(home.path("pretend.db"), QueueKind::Sandbox);
    let done = home.run(&["status", "--sandbox", "--db", "real.db"]).ends(78);
    assert!(done.err.contains("leave out --sandbox"), "{}", done.err);
    assert!(home.run(&["status", "--db", "pretend.db"]).ends(78).err.contains("add --sandbox"));
    home.run(&["status", "--sandbox", "--db", "pretend.db"]).ends(0);
}

#[test]
fn a_queue_of_a_newer_program_is_refused() {
    let home = Home::new();
    empty_queue(home.queue(), QueueKind::Real);
    wait(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(home.queue_file());
        let mut connection = options.connect().await.unwrap();
        let sql = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                   values (9999, 'later', 1, x'00', 0)";
        sqlx::query(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
    let done = home.run(&["status"]).ends(78);
    assert!(done.err.contains("newer"), "{}", done.err);
}

#[test]
fn a_queue_with_a_word_of_a_newer_program_is_refused_by_name() {
    let home = Home::new();
    empty_queue(home.queue(), QueueKind::Real);
    sql::change(home.queue(), "insert into account (name, platform, user_id) values ('work', 'elsewhere', '1')");
    for words in [&["status"][..], &["resume", "--yes"], &["account", "list"], &["audit"]] {
        let done = home.run(words).ends(78);
        assert!(done.err.contains("the account work is at the platform elsewhere"), "{words:?}: {}", done.err);
        assert!(done.err.contains("hint: install the newer version of cleanup"), "{words:?}: {}", done.err);
    }
    let told = home.run(&["doctor"]);
    assert!(told.out.contains("elsewhere") && told.out.contains("newer version"), "{}{}", told.out, told.err);
}

#[test]
fn what_is_no_database_is_left_alone() {
    let home = Home::new();
    let path = home.write("notes.txt", "these are notes\n".repeat(100));
    let done = home.run(&["status", "--db", "notes.txt"]).ends(74);
    assert!(done.err.contains("--db"), "{}", done.err);
    assert!(std::fs::read_to_string(path).unwrap().starts_with("these are notes"));
}

#[test]
fn a_place_that_cannot_be_used() {
    let home = Home::new();
    home.write("file", "x");
    // Below a file nothing can be made, not even by root.
    let done = home.run(&["status", "--db", "file/queue.db"]).ends(74);
    assert!(done.err.contains("--db"), "{}", done.err);
    home.run(&["status", "--db", "."]).ends(74);
}

#[test]
fn a_log_file_on_a_full_disk_is_told_once() {
    let home = Home::new();
    home.write("unmute.csv", "target_id\n1000000000000000007\n1000000007919000008\n");
    let add = ["schedule", "add", "nightly", "--cron", "0 2 * * *", "--zone", "UTC", "--sandbox", "unmute.csv"];
    home.run(&add).ends(0);
    let run = |log: &str| home.run(&["schedule", "run", "nightly", "--sandbox", "--log-file", log]).ends(0);
    run("night.log");
    let lines = std::fs::read_to_string(home.path("night.log")).unwrap().lines().count();
    assert!(lines >= 2, "it has more than one line to write: {lines}");
    let done = run("/dev/full");
    let told = "warning: the log file /dev/full cannot be written: the disk is full";
    assert_eq!(done.err.matches(told).count(), 1, "{}", done.err);
}
