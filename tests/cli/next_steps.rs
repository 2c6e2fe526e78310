//! What a command says last: the step that helps, for the very queue, account and file.

use cleanup::domain::TaskState;
use cleanup::store::QueueKind;

use super::program::{empty_queue, queue_with_job, work};
use crate::common::Home;

#[test]
fn a_queue_that_is_not_there_names_the_other_one_that_is() {
    let home = Home::new();
    let sandbox = "the sandbox has a queue of its own: add --sandbox for that one";
    let done = home.run(&["status"]).ends(0);
    assert!(!done.out.contains("--sandbox"), "{}", done.out);
    queue_with_job(home.sandbox_queue(), QueueKind::Sandbox, "unfollow");
    for (words, code) in [
        (&["status"][..], 0),
        (&["status", "unfollow"], 2),
        (&["report", "unfollow"], 2),
        (&["explain", "1001"], 2),
        (&["resume", "--yes"], 0),
        (&["schedule", "list"], 0),
    ] {
        home.run(words).ends(code).says(sandbox);
    }
    // The job that is not in this queue may be in that one.
    empty_queue(home.queue(), QueueKind::Real);
    for (words, code) in [
        (&["report", "unfollow"][..], 2),
        (&["status"], 0),
        (&["resume", "--yes"], 0),
        (&["explain", "1001"], 2),
        (&["schedule", "list"], 0),
        (&["schedule", "next", "x"], 2),
    ] {
        home.run(words).ends(code).says(sandbox);
    }
    home.run(&["report", "unfollow", "--db", "no.db"]).ends(2).says("check --db and CLEANUP_DB");
}

#[test]
fn the_sandbox_names_the_real_queue() {
    let home = Home::new();
    queue_with_job(home.data("real.db"), QueueKind::Real, "likes");
    let real = home.data("real.db");
    let words = ["status", "likes", "--sandbox"];
    let done = home.run_with(&words, &[("CLEANUP_DB", real.to_str().unwrap())]).ends(2);
    done.says("there is a real queue, too: leave out --sandbox for that one");
}

#[test]
fn a_retry_is_offered_only_where_it_may_help() {
    let home = Home::new();
    queue_with_job(home.sandbox_queue(), QueueKind::Sandbox, "likes");
    work(home.sandbox_queue(), QueueKind::Sandbox, 3, TaskState::Failed);
    let resume = ["resume", "likes", "--sandbox"];
    let done = home.run(&resume).ends(3).says("the platform refuses the failed rows themselves (protected)");
    let done = done.says("`cleanup report likes --worklist -o by-hand.html --sandbox` makes a page to do that by hand");
    assert!(!done.err.contains("cleanup retry"), "{}", done.err);
    home.run(&["explain", "1001", "--sandbox"]).ends(0).says("the platform refuses this target itself");
    home.sandbox_sql("update task set reason = 'server_error' where cast(target as text) = '1001'");
    let done = home.run(&resume).ends(3).says("`cleanup retry likes --sandbox` tries the failed rows again; 2 of them");
    assert!(done.err.contains("themselves (protected)"), "{}", done.err);
    home.sandbox_sql("update task set reason = 'server_error'");
    let done = home.run(&resume).ends(3).says("`cleanup retry likes --sandbox` tries the failed rows again");
    assert!(!done.err.contains("by hand"), "{}", done.err);
}

#[test]
fn windows_of_actions_that_nobody_asks_for_are_not_listed() {
    let home = Home::new();
    home.write("unfollow.csv", "target_id\n1629556410996121225\n");
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    let status = |home: &Home| home.run(&["status", "--sandbox"]).ends(0).out;
    assert!(status(&home).contains("50/15s: 50 slots left") && !status(&home).contains("unlike"), "{}", status(&home));
    home.write("unlike.csv", "target_id\n1629556410996121225\n");
    home.run(&["load", "unlike.csv", "--sandbox"]).ends(0);
    assert!(status(&home).contains("1000/24m unlike: 1000 slots left"), "{}", status(&home));
    // Scripts get them all.
    let windows = home.run(&["status", "--sandbox", "--json"]).ends(0).json()["accounts"][0]["windows"].clone();
    assert_eq!(windows.as_array().map(Vec::len), Some(2), "{windows}");
}

/// Lists of Bluesky tell no handles: who is kept by one is spared by the run, if it is told.
#[test]
fn names_that_a_list_cannot_spare_go_on_with_it() {
    let home = Home::new();
    home.write("keep.txt", "@nobody.sandbox.test\n");
    let words = ["list", "following", "--keep", "keep.txt", "-o", "unfollow.csv", "--platform", "bluesky", "--sandbox"];
    let done = home.run(&words).ends(0);
    assert!(done.err.contains("no name here") && done.err.contains("the same --keep"), "{}", done.err);
    done.says("next: `cleanup check unfollow.csv --action unfollow --keep keep.txt --platform bluesky --sandbox`");
    let part = home.run(&["list", "followers", "--limit", "3", "-o", "f.csv", "--sandbox"]).ends(0);
    assert!(!part.err.contains("lists those you follow"), "{}", part.err);
}

#[test]
fn a_list_in_a_file_says_what_to_type_next() {
    let home = Home::new();
    for (list, next) in [
        ("reposts", "next: `cleanup check reposts.csv --action unrepost --sandbox` says what undoing them would take"),
        ("posts", "next: `cleanup check posts.csv --action delete-post --sandbox`"),
        (
            "followers",
            "next: `cleanup list following --keep followers.csv --sandbox` lists those you follow who are not",
        ),
    ] {
        let file = format!("{list}.csv");
        let done = home.run(&["list", list, "-o", &file, "--sandbox"]).ends(0).says(next);
        let command = next.split('`').nth(1).unwrap().strip_prefix("cleanup ").unwrap();
        let words: Vec<&str> = command.split(' ').collect();
        let follow = home.run(&words);
        assert!(matches!(follow.code, 0 | 3), "{command}: {}{}", follow.out, done.err);
    }
    let done = home.run(&["list", "following", "--matching", "nobody has this text", "-o", "none.csv", "--sandbox"]);
    assert!(!done.ends(0).err.contains("next:"), "an empty list has no next step");
    let done = home.run(&["list", "likes", "--sandbox"]).ends(0);
    assert!(!done.err.contains("next:"), "{}", done.err);
}

#[test]
fn the_sandbox_says_how_to_log_in_to_it() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    let home = Home::new();
    let mut command = home.cleanup(["sandbox", "--listen", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let login = lines.take(20).find(|line| line.contains("CLEANUP_X_CLIENT_ID")).unwrap();
    let value = |name: &str| {
        let (_, rest) = login.split_once(&format!("{name}=")).unwrap_or_else(|| panic!("{name}? {login}"));
        rest.split(' ').next().unwrap().to_owned()
    };
    let variables = ["CLEANUP_X_API", "CLEANUP_X_AUTHORIZE", "CLEANUP_X_CLIENT_ID"].map(|name| (name, value(name)));
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    // The address that is printed is the sandbox's own; nothing comes back on stdin, so it ends there.
    let done = home.run_with(&["account", "login", "work", "--headless", "--db", "try.db"], &variables);
    assert!(done.out.starts_with(variables[1].1) && done.out.contains("client_id=sandbox-app"), "{}", done.out);
    child.kill().unwrap();
    child.wait().unwrap();
}
