//! Lists are edited by people: `list` and `import` write over none that is there, unless they are told to.

use crate::common::{Home, RunToEnd, SandboxProcess};
use crate::lists::fetch::{ended, list, reads};
use crate::lists::zipper::{today, zip};

#[test]
fn an_edited_list_is_refused_before_anything_is_bought() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--lists", "20", "--faults", "none"]);
    home.write("unlike.csv", "edited");
    home.write("spared.csv", "looked at");
    for words in [
        &["likes", "-o", "unlike.csv"][..],
        &["likes", "--before", "2020-01-01", "--spared", "spared.csv"],
        &["likes", "-o", "new.csv", "--spared", "spared.csv"],
    ] {
        let said = ended(list(&home, &sandbox, words), 2).err;
        assert!(said.contains("is there already; nothing was read") && said.contains("--force"), "{words:?}: {said}");
    }
    assert_eq!(reads(&sandbox, "likes").requests, 0);
    assert!(!home.queue_file().exists() && !home.path("new.csv").exists());
    assert_eq!(std::fs::read_to_string(home.path("unlike.csv")).unwrap(), "edited");
    assert_eq!(std::fs::read_to_string(home.path("spared.csv")).unwrap(), "looked at");
    ended(list(&home, &sandbox, &["likes", "-o", "unlike.csv", "--spared", "spared.csv", "--force"]), 0);
    assert!(std::fs::read_to_string(home.path("unlike.csv")).unwrap().starts_with("target_id,"));
    assert!(std::fs::read_to_string(home.path("spared.csv")).unwrap().starts_with("target_id,"));
}

#[test]
fn import_refuses_it_before_the_archive_is_read() {
    let home = Home::new();
    home.write("a.zip", zip(&today()));
    home.write("broken.zip", "no archive");
    home.write("unlike.csv", "edited");
    home.write("spared.csv", "looked at");
    for words in [
        &["import", "broken.zip", "--what", "likes", "-o", "unlike.csv"][..],
        &["import", "a.zip", "--what", "likes", "--before", "2020-01-01", "--spared", "spared.csv"],
    ] {
        let said = ended(home.cleanup(words), 2).err;
        assert!(said.contains("is there already; nothing was read") && said.contains("--force"), "{words:?}: {said}");
    }
    let both = ["import", "a.zip", "--what", "likes", "-o", "unlike.csv", "--spared", "spared.csv", "--force"];
    ended(home.cleanup(both), 0);
    assert!(std::fs::read_to_string(home.path("unlike.csv")).unwrap().starts_with("target_id,"));
}

/// What can be made again is made again: receipts, the list to restore.
#[test]
fn receipts_and_pages_are_written_over() {
    let home = Home::new();
    home.write("unmute.csv", "user_id\n12\n13\n");
    ended(home.cleanup(["run", "unmute.csv", "--sandbox", "--progress", "none", "--pace", "front-load"]), 0);
    for words in [
        &["report", "unmute", "--sandbox", "-o", "out"][..],
        &["report", "unmute", "--sandbox", "--format", "html", "-o", "out"],
        &["undo", "unmute", "--sandbox", "-o", "out"],
        &["undo", "unmute", "--sandbox", "--html", "out"],
    ] {
        home.write("out", "of yesterday");
        ended(home.cleanup(words), 0);
        assert_ne!(std::fs::read_to_string(home.path("out")).unwrap(), "of yesterday", "{words:?}");
    }
}

/// The file of a schedule's list is the schedule's own.
#[test]
fn a_schedules_list_is_read_anew_each_time() {
    let home = Home::new();
    let add = [
        "schedule",
        "add",
        "tidy",
        "--sandbox",
        "--cron",
        "0 2 29 2 *",
        "--zone",
        "UTC",
        "--list",
        "mutes",
        "--limit",
        "2",
    ];
    ended(home.cleanup(add), 0);
    for _ in 0..2 {
        let output = home.cleanup(["schedule", "run", "tidy", "--sandbox"]).done();
        assert!([0, 3].contains(&output.code), "{}", output.err);
    }
}
