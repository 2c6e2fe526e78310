//! What only looks changes nothing, and says what the command would do; a mistyped name is answered with the right one.

use cleanup::domain::TaskState;
use cleanup::store::QueueKind;

use super::program::{queue_with_job, work};
use crate::common::Home;

fn home() -> Home {
    let home = Home::new();
    queue_with_job(home.queue(), QueueKind::Real, "likes");
    home
}

fn status(home: &Home) -> String {
    let mut status = home.run(&["status", "--json"]).ends(0).json();
    // An ETA moves with the clock.
    status["jobs"][0]["eta_at"] = serde_json::Value::Null;
    status.to_string()
}

#[test]
fn resume_says_what_it_would_send() {
    let home = home();
    let before = status(&home);
    // Nobody is logged in, nothing listens, and nobody is asked. A row of the job was rejected, as with any other dry run.
    let done = home.run(&["resume", "--dry-run", "--max-requests", "2"]).ends(3);
    assert!(done.out.contains("likes: would send at most 3 of 5 rows; an older version queued them"), "{}", done.out);
    assert!(done.out.contains("as ada on x-v2, at most 50/15m and 1000/24h"), "{}", done.out);
    assert!(done.out.contains("this run ends after 2 requests at the latest"), "{}", done.out);
    let done = home.run(&["resume", "likes", "--dry-run", "--json"]).ends(3);
    assert_eq!((&done.json()["requests"], &done.json()["exit_code"]), (&0.into(), &3.into()));
    assert!(done.err.contains("would send at most 3 of 5 rows"), "{}", done.err);
    home.run(&["resume", "liks", "--dry-run"]).ends(2).says("did you mean likes?");
    assert_eq!(status(&home), before);
    home.run(&["pause", "likes"]).ends(0);
    let done = home.run(&["resume", "--dry-run"]).ends(3);
    assert!(
        done.out.contains("it is paused with 3 left; `cleanup unpause likes`") && !done.out.contains("as ada"),
        "{}",
        done.out
    );
    home.write("unmute.csv", "target_id\n1000000000000000007\n");
    home.run(&["load", "unmute.csv", "--sandbox"]).ends(0);
    home.run(&["resume", "--dry-run", "--sandbox"]).ends(0).says("unmute: would send 1 of 1 row\n");
    let empty = Home::new();
    empty.run(&["resume", "--dry-run"]).ends(0).says("so nothing would be sent");
    assert!(!empty.queue_file().exists(), "looking makes nothing");
    // Whoever cannot be asked is told of it.
    let variables = [("CLEANUP_X_TOKEN", "t"), ("CLEANUP_X_USER_ID", "42"), ("CLEANUP_X_API", "http://127.0.0.1:9")];
    home.run(&["unpause", "likes"]).ends(0);
    home.run_with(&["resume"], &variables).ends(2).says("the same command with --dry-run shows what would be sent");
}

#[test]
fn forget_says_what_it_would_drop() {
    let home = home();
    home.run(&["forget", "likes", "--dry-run"]).ends(2).says("likes is not settled");
    work(home.queue(), QueueKind::Real, 3, TaskState::Done);
    let before = status(&home);
    for words in [&["forget", "likes", "--dry-run"][..], &["forget", "--older-than", "0d", "--dry-run"]] {
        let done = home.run(words).ends(0);
        assert!(done.out.starts_with("would forget likes: 3 tasks, settled at 20"), "{}", done.out);
    }
    assert_eq!(status(&home), before);
    home.run(&["forget", "--older-than", "1d", "--dry-run"]).ends(0).says("no job was settled more than 1 d");
    home.run(&["forget", "likes", "--yes"]).ends(0);
    home.run(&["forget", "likes", "--dry-run"]).ends(2);
    // What an earlier round has is dropped as well, and counted.
    home.write("unmute.csv", "target_id\n1000000000000000007\n");
    for again in [&[][..], &["--again"]] {
        home.run(&[&["run", "unmute.csv", "--sandbox"], again].concat()).ends(0);
    }
    let would = home.run(&["forget", "unmute", "--dry-run", "--sandbox"]).ends(0);
    assert!(would.out.starts_with("would forget unmute: 2 tasks in 2 rounds"), "{}", would.out);
    let did = home.run(&["forget", "unmute", "--yes", "--sandbox"]).ends(0);
    assert!(did.err.contains("2 tasks"), "{}", did.err);
}

#[test]
fn retry_takes_one_reason_and_names_those_there_are() {
    let home = home();
    work(home.queue(), QueueKind::Real, 2, TaskState::Failed);
    let done = home.run(&["retry", "likes", "--reason", "protectd"]).ends(2);
    assert!(done.err.contains("no row of likes failed with the reason protectd"), "{}", done.err);
    assert!(done.err.contains("did you mean protected? reasons: protected (2)"), "{}", done.err);
    assert_eq!(home.run(&["status", "--json"]).json()["jobs"][0]["failed"], 2);
    home.run(&["retry", "likes", "--reason", "protected"])
        .ends(0)
        .says("2 failed rows are queued again (protected)")
        .says("they were refused for their targets, and the platform refuses that again");
    assert_eq!(home.run(&["status", "--json"]).json()["jobs"][0]["failed"], 0);
    home.run(&["retry", "likes", "--reason", "protected"]).ends(0).says("likes has no failed rows");
}

#[test]
fn explain_takes_what_a_job_file_takes() {
    let home = Home::new();
    home.write("unfollow.csv", "target_id\n1000000000000000007\n@Somebody\n");
    let load = ["load", "unfollow.csv", "--platform", "x-v1", "--account", "ada"];
    home.run_with(
        &load,
        &[
            ("CLEANUP_X_CONSUMER_KEY", "k"),
            ("CLEANUP_X_CONSUMER_SECRET", "s"),
            ("CLEANUP_X_ACCESS_TOKEN", "42-t"),
            ("CLEANUP_X_ACCESS_SECRET", "t"),
        ],
    )
    .ends(0);
    for named in ["1000000000000000007", "https://x.com/i/user/1000000000000000007", " '1000000000000000007'"] {
        home.run(&["explain", named]).ends(0).says("line 2");
    }
    for named in ["@somebody", "https://x.com/SomeBody", "twitter.com/somebody/"] {
        home.run(&["explain", named]).ends(0).says("line 3");
    }
    home.run(&["explain", "https://example.org/somebody"]).ends(2).says("a link to a profile or post, a DID");
}

#[test]
fn a_file_that_is_not_there_is_answered_with_its_neighbour() {
    let home = Home::new();
    for name in ["unfollow.csv", "keep.csv", "twitter.zip", "accounts.csv", "night.toml"] {
        home.write(name, "target_id\n7\n");
    }
    for (words, code, near) in [
        (&["check", "unfolow.csv"][..], 65, "unfollow.csv"),
        (&["run", "unfollow", "--sandbox"], 65, "unfollow.csv"),
        (&["load", "./unfollow.cvs", "--sandbox"], 65, "./unfollow.csv"),
        (&["check", "unfollow.csv", "--keep", "kep.csv"], 65, "keep.csv"),
        (&["check", "unfollow.csv", "--only", "keeps.csv"], 65, "keep.csv"),
        (&["import", "twiter.zip", "--what", "likes"], 65, "twitter.zip"),
        (&["account", "import", "acounts.csv"], 65, "accounts.csv"),
        (&["status", "--config", "nigth.toml"], 78, "night.toml"),
    ] {
        let done = home.run(words).ends(code);
        assert!(done.err.contains(&format!("did you mean {near}?")), "{words:?}: {}", done.err);
    }
    let add = ["schedule", "add", "n", "--cron", "0 2 * * *", "--sandbox", "unfolow.csv", "--action", "unfollow"];
    home.run(&add).ends(0).says("unfollow.csv?)");
    let done = home.run(&["check", "mutes-2024.csv"]).ends(65);
    assert!(!done.err.contains("did you mean"), "{}", done.err);
}
