//! Commands on a queue with a job in it.

use cleanup::domain::TaskState;
use cleanup::store::{QueueKind, ServeLock};

use super::program::{empty_queue, queue_with_job, work};
use crate::common::{Done, Home, ids, wait};

fn home() -> Home {
    let home = Home::new();
    queue_with_job(home.queue(), QueueKind::Real, "likes");
    home
}

#[test]
fn resume_ends_as_all_jobs_stand_and_tells_of_what_it_resumed() {
    let home = Home::new();
    home.write("unfollow.csv", "user_id\n1000000000000000007\nnobody\n");
    home.write("unmute.csv", "user_id\n1000000007919000008\n1000000015838000009\n");
    home.run(&["run", "unfollow.csv", "--sandbox"]).ends(3);
    // Nothing is left, and the jobs stand as they stood: named or not is one.
    let bare = home.run(&["resume", "--sandbox", "--json"]).ends(3);
    assert!(bare.err.contains("nothing was left to do"), "{}", bare.err);
    let bare =
        bare.says("exit code 3 is for what was settled before, with failed or rejected rows: unfollow; row by row:");
    assert!(bare.err.contains("`cleanup forget unfollow --sandbox` deletes the job and its receipts"), "{}", bare.err);
    assert!(!bare.err.contains("unfollow: 1 "), "it is not summed up again: {}", bare.err);
    let named = home.run(&["resume", "unfollow", "--sandbox", "--json"]).ends(3);
    assert!(named.err.contains("unfollow: 1 done, 1 rejected"), "{}", named.err);
    assert_eq!(bare.json(), named.json());
    home.run(&["load", "unmute.csv", "--sandbox"]).ends(0);
    let done = home.run(&["resume", "--sandbox", "--json"]).ends(3);
    let jobs = done.json()["jobs"].clone();
    let names: Vec<&str> = jobs.as_array().unwrap().iter().filter_map(|job| job["job"].as_str()).collect();
    assert_eq!(names.len(), 2, "{jobs}");
    assert!(!done.err.contains("unfollow: 1 ") && done.err.contains("unmute: 2 "), "{}", done.err);
    home.run(&["forget", "unfollow", "--sandbox", "--yes"]).ends(0);
    home.run(&["resume", "--sandbox", "--json"]).ends(0);
}

/// As an export leaves it that broke off: the rows that it kept would be sent.
#[test]
fn a_keep_list_without_entries_frees_nobody() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    home.write("keep.csv", ids(2));
    home.run(&["load", "unfollow.csv", "--keep", "keep.csv", "--sandbox"]).ends(0);
    for empty in ["", "user_id\n", "# nobody\n"] {
        home.write("keep.csv", empty);
        let load = home.run(&["load", "unfollow.csv", "--keep", "keep.csv", "--sandbox"]).ends(65);
        assert!(load.err.contains("the list has no entries; nothing was changed"), "{}", load.err);
    }
    let job = home.run(&["status", "--sandbox", "--json"]).ends(0).json()["jobs"][0].clone();
    assert_eq!((&job["kept"], &job["pending"]), (&2.into(), &1.into()), "{job}");
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
}

#[test]
fn resume_without_a_queue_has_nothing_to_do_and_makes_none() {
    let home = Home::new();
    let bare = home.run(&["resume", "--yes", "--json"]).ends(0);
    assert!(bare.err.contains("there is no queue at"), "{}", bare.err);
    assert_eq!((&bare.json()["jobs"], &bare.json()["stopped"]), (&serde_json::json!([]), &"finished".into()));
    assert!(!home.queue_file().exists());
    home.run(&["resume", "unfollow", "--yes"]).ends(2);
    empty_queue(home.queue(), QueueKind::Real);
    home.run(&["resume", "--yes", "--json"]).ends(0);
}

#[test]
fn status_tells_jobs_accounts_and_windows() {
    let home = home();
    work(home.queue(), QueueKind::Real, 1, TaskState::Done);
    let value = home.run(&["status", "--json"]).ends(0).json();
    let job = &value["jobs"][0];
    let contract = r#"{"job":"likes","state":"pending","rows":5,"done":1,"gone":0,"failed":0,"cancelled":0,"kept":0,"duplicate":1,"rejected":1,"pending":2,"eta_at":null,"activity":"needs_you","until":null,"eta_s":0}"#;
    assert_eq!(job.to_string(), contract);
    let account = r#"{"name":"ada","platform":"x-v2","user_id":"42","windows":[{"limit":50,"window_s":900,"used":1,"next_slot_at":null},{"limit":1000,"window_s":86400,"used":1,"next_slot_at":null}],"hold_until":null,"hold_reason":null,"needs_person":null}"#;
    assert_eq!(value["accounts"][0].to_string(), account);
    let table = home.run(&["status", "likes"]).ends(0).out;
    assert!(table.contains("likes  pending  3/5 settled (1 done, 1 duplicate, 1 rejected, 2 pending)"), "{table}");
    assert!(table.contains("50/15m: 49 slots left"), "{table}");
}

#[test]
fn an_unknown_job_is_answered_with_the_known_ones() {
    let home = home();
    for words in
        [&["status", "liks"][..], &["report", "liks"], &["retry", "liks"], &["pause", "liks"], &["forget", "liks"]]
    {
        let done = home.run(words).ends(2);
        assert!(done.err.contains("did you mean likes? jobs: likes"), "{words:?}: {}", done.err);
    }
}

#[test]
fn pause_unpause_and_cancel_say_what_comes_next() {
    let home = home();
    assert!(home.run(&["pause", "likes"]).ends(0).err.contains("`cleanup unpause likes`"));
    let queue = home.queue().public_name();
    let done = home.run(&["pause", "likes", "--db", queue.to_str().unwrap()]).ends(0);
    assert!(done.err.contains("already"), "{}", done.err);
    assert_eq!(home.run(&["status", "--json"]).ends(0).json()["jobs"][0]["state"], "paused");
    assert!(home.run(&["unpause", "likes"]).ends(0).err.contains("`cleanup resume likes`"));
    assert!(home.run(&["unpause", "likes"]).ends(0).err.contains("not paused"));
    assert!(home.run(&["cancel", "likes"]).ends(0).err.contains("3 rows will not be sent"));
    assert!(home.run(&["cancel", "likes"]).ends(0).err.contains("already"));
    let job = &home.run(&["status", "--json"]).ends(0).json()["jobs"][0];
    assert_eq!(
        (&job["state"], &job["cancelled"], &job["eta_at"]),
        (&"cancelled".into(), &3.into(), &serde_json::Value::Null)
    );
    assert!(home.run(&["pause", "likes"]).ends(2).err.contains("--again"));
    assert!(home.run(&["unpause", "likes"]).ends(2).err.contains("--again"));
}

#[test]
fn retry_puts_failed_tasks_back() {
    let home = home();
    assert!(home.run(&["retry", "likes"]).ends(0).err.contains("no failed rows"));
    work(home.queue(), QueueKind::Real, 2, TaskState::Failed);
    assert_eq!(home.run(&["status", "--json"]).ends(0).json()["jobs"][0]["failed"], 2);
    let done = home.run(&["retry", "likes"]).ends(0);
    assert!(done.err.contains("2 failed rows are queued again") && done.err.contains("`cleanup resume likes`"));
    assert_eq!(home.run(&["status", "--json"]).ends(0).json()["jobs"][0]["pending"], 3);
    assert!(home.run(&["-q", "retry", "likes"]).ends(0).err.is_empty());
    // Nothing that would end with 75 is proposed. (On a server the lock lives with its session, which ends when this `wait` does.)
    if home.queue().file().is_none() {
        return;
    }
    work(home.queue(), QueueKind::Real, 2, TaskState::Failed);
    let _server = wait(ServeLock::try_take(home.queue())).unwrap().unwrap();
    let done = home.run(&["retry", "likes"]).ends(0).says("the server that works on this queue picks it up by itself");
    assert!(!done.err.contains("cleanup resume"), "{}", done.err);
}

/// Nothing is sent for a target that no file names.
#[test]
fn a_failed_row_that_is_no_longer_in_the_file_is_not_tried_again() {
    let home = Home::new();
    // The first of them is refused in the sandbox.
    let (refused, rest) = ("1629556410996121225\n", "1000000000000000007\n1000000000000000008\n");
    home.write("unfollow.csv", format!("target_id\n{refused}{rest}"));
    home.run(&["run", "unfollow.csv", "--sandbox", "--pace", "front-load"]).ends(3);
    home.write("unfollow.csv", format!("target_id\n{rest}"));
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    let told = "1 of its rows is no longer in the file and stays as it is";
    let done = home.run(&["retry", "unfollow", "--sandbox"]).ends(0).says("0 failed rows are queued again").says(told);
    assert!(!done.err.contains("cleanup resume"), "{}", done.err);
    let reason = ["retry", "unfollow", "--sandbox", "--reason", "not_authorized"];
    home.run(&reason).ends(0).says(told);
    assert_eq!(home.run(&["status", "--sandbox", "--json"]).ends(0).json()["jobs"][0]["pending"], 0);
    home.write("unfollow.csv", format!("target_id\n{refused}{rest}"));
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    home.run(&reason).ends(0).says("1 failed row is queued again");
}

#[test]
fn reports_give_the_rows_back() {
    let home = home();
    work(home.queue(), QueueKind::Real, 1, TaskState::Failed);
    let csv = home.run(&["report", "likes"]).ends(0).out;
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "tweet_id,note,line,outcome,reason,http_status,attempts,finished_at");
    assert!(lines[1].starts_with("1001,'=1+1,2,failed,protected,403,1,20"), "{csv}");
    assert_eq!(lines[2], "1002,'=1+1,3,pending,,,0,");
    assert!(
        lines[4].starts_with("1001,'=1+1,5,duplicate,") && lines[5].starts_with("x,y,6,rejected,not_an_id,"),
        "{csv}"
    );
    assert!(home.run(&["report", "likes", "--raw"]).ends(0).out.contains("1002,=1+1,3"));
    let json = home.run(&["report", "likes", "--format", "json"]).ends(0).json();
    assert_eq!((json.as_array().unwrap().len(), &json[0]["http_status"]), (5, &403.into()));
    let jsonl = home.run(&["report", "likes", "--format", "jsonl"]).ends(0).out;
    assert_eq!(jsonl.lines().count(), 5);
    assert!(home.run(&["report", "likes", "--round", "2"]).ends(2).err.contains("newest round is 1"));
}

#[test]
fn a_report_file_is_private_and_whole() {
    use std::os::unix::fs::PermissionsExt;
    let home = home();
    home.write("out.csv", "old");
    let done = home.run(&["report", "likes", "-o", "out.csv"]).ends(0);
    assert!(done.out.is_empty() && done.err.contains("5 rows of likes are in out.csv"), "{}", done.err);
    assert_eq!(std::fs::metadata(home.path("out.csv")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(home.path("out.csv")).unwrap(), home.run(&["report", "likes"]).out);
    home.run(&["report", "likes", "-o", "nowhere/out.csv"]).ends(74);
    // A link stays one, and what is no file stays what it is.
    std::os::unix::fs::symlink("out.csv", home.path("link.csv")).unwrap();
    std::fs::write(home.path("out.csv"), "old").unwrap();
    home.run(&["report", "likes", "-o", "link.csv"]).ends(0);
    assert!(home.path("link.csv").is_symlink() && std::fs::read_to_string(home.path("out.csv")).unwrap() != "old");
    let socket = std::os::unix::net::UnixListener::bind(home.path("socket")).unwrap();
    home.run(&["report", "likes", "-o", "socket"])
        .ends(74)
        .says("a device or a pipe of that name")
        .says("name another place");
    drop(socket);
    assert!(!home.path("socket").symlink_metadata().unwrap().is_file());
    let left: Vec<_> = std::fs::read_dir(home.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "no half-written file stays: {left:?}");
}

#[test]
fn explain_tells_every_attempt_and_escapes_the_platform() {
    let home = home();
    work(home.queue(), QueueKind::Real, 1, TaskState::Failed);
    let told = home.run(&["explain", "1001"]).ends(0).out;
    assert!(told.contains("likes, line 2") && told.contains("unlike by account ada: failed (protected)"), "{told}");
    assert!(told.contains("HTTP 403") && told.contains("as \\u{1b}[2Jsaid") && !told.contains('\u{1b}'), "{told}");
    assert!(home.run(&["explain", "1002"]).ends(0).out.contains("nothing was sent"));
    assert!(home.run(&["explain", "9"]).ends(2).err.contains("no job of this queue"));
}

#[test]
fn audit_counts_again() {
    let home = home();
    work(home.queue(), QueueKind::Real, 3, TaskState::Done);
    let value = home.run(&["audit", "--json"]).ends(0).json();
    let window = &value["accounts"][0]["windows"][0];
    assert_eq!((&window["limit"], &window["fullest"], &window["over"]), (&50.into(), &3.into(), &0.into()));
    assert!(home.run(&["audit"]).ends(0).out.contains("fullest 3 of 50"));
    home.write("tight.toml", "[[windows]]\nrate = \"2/15m\"\n");
    let done = home.run(&["audit", "--config", "tight.toml"]).ends(1);
    assert!(done.out.contains("OVER 1 time,") && done.err.contains("warning"), "{}{}", done.out, done.err);
}

/// Settled under a clock that was ahead, nobody knows how old a job is; and a clock that is ahead now makes no slot of this boot old.
#[test]
fn forget_believes_no_clock_that_was_wrong() {
    let home = Home::new();
    home.write("unmute.csv", "user_id\n1000000007919000008\n1000000015838000009\n");
    home.run(&["run", "unmute.csv", "--sandbox"]).ends(0);
    home.sandbox_sql("update task set finished_at = 2152000000000");
    let done = home.run(&["forget", "--older-than", "1s", "--sandbox"]).ends(0);
    assert!(
        done.err.contains("is recorded as settled at 2038-") && done.err.contains("cleanup forget unmute --sandbox"),
        "{}",
        done.err
    );
    assert!(done.err.contains("no job was settled more than"), "{}", done.err);
    // The clock was months behind when all was sent, it seems: it has been set forward since, in this very boot.
    home.sandbox_sql("update attempt set reserved_at = reserved_at - 8640000000");
    home.sandbox_sql("update drain set started_at = started_at - 8640000000");
    home.run(&["forget", "unmute", "--sandbox"]).ends(0).says("2 attempts are kept");
}

#[test]
fn forget_asks_first_and_keeps_the_slots() {
    let home = home();
    assert!(home.run(&["forget", "likes", "--yes"]).ends(2).err.contains("not settled"));
    work(home.queue(), QueueKind::Real, 3, TaskState::Done);
    assert!(home.run(&["forget", "likes"]).ends(2).err.contains("--yes"), "nobody to ask");
    assert!(home.run(&["forget", "--older-than", "90d", "--yes"]).ends(0).err.contains("no job was settled"));
    let done = home.run(&["forget", "likes", "--yes"]).ends(0);
    assert!(done.err.contains("3 attempts are kept"), "{}", done.err);
    let value = home.run(&["status", "--json"]).ends(0).json();
    assert_eq!(value["jobs"].as_array().unwrap().len(), 0);
    assert_eq!(value["accounts"][0]["windows"][0]["used"], 3);
    let text = home.run(&["status"]).ends(0).says("this queue has no jobs; `cleanup load FILE.csv` makes one").out;
    assert!(text.contains("Accounts") && !text.contains("Jobs"), "no heading above nothing: {text}");
}

#[test]
fn the_sandbox_has_a_queue_and_windows_of_its_own() {
    let home = Home::new();
    empty_queue(home.queue(), QueueKind::Real);
    queue_with_job(home.sandbox_queue(), QueueKind::Sandbox, "play");
    let value = home.run(&["status", "--sandbox", "--json"]).ends(0).json();
    assert_eq!(
        (&value["jobs"][0]["job"], &value["accounts"][0]["windows"][0]["window_s"]),
        (&"play".into(), &15.into())
    );
    assert!(home.run(&["pause", "play", "--sandbox"]).ends(0).err.contains("`cleanup unpause play --sandbox`"));
    home.run(&["cancel", "play", "--sandbox"]).ends(0);
    home.run(&["forget", "play", "--sandbox"]).ends(0);
    assert_eq!(home.run(&["status", "--json"]).ends(0).json()["jobs"].as_array().unwrap().len(), 0);
}

/// What was sent under a wider limit was no breach of a narrower one that is set today, nor the other way round.
#[test]
fn audit_judges_by_the_limits_of_the_time() {
    let home = home();
    home.write("unmute.csv", "user_id\n1000000000000000007\n1000000007919000008\n1000000015838000009\n");
    home.write("wide.toml", "[[windows]]\nrate = \"100/m\"\nplatform = \"sandbox\"\n");
    home.write("tight.toml", "[[windows]]\nrate = \"2/m\"\nplatform = \"sandbox\"\n");
    let run = ["run", "unmute.csv", "--sandbox", "--config", "wide.toml", "--pace", "front-load"];
    home.run(&run).ends(0);
    let audit = ["audit", "--sandbox", "--config", "tight.toml"];
    let done = home.run(&audit).ends(0);
    assert!(done.out.contains("2/1m: never used"), "{}", done.out);
    assert!(done.out.contains("100/1m (the limit of that time): fullest 3 of 100"), "{}", done.out);
    assert!(done.err.is_empty(), "{}", done.err);
    let account = home.run(&[&audit[..], &["--json"]].concat()).ends(0).json()["accounts"][0].clone();
    assert_eq!((&account["attempts"], &account["unrecorded"]), (&3.into(), &0.into()));
    assert_eq!((&account["windows"][0]["current"], &account["windows"][1]["current"]), (&true.into(), &false.into()));
    // Whoever names a limit asks how much of it was used, whatever was set then.
    let named = home.run(&["audit", "--sandbox", "--rate", "2/m"]).ends(1);
    assert!(
        named.out.contains("2/1m: fullest 3 of 2") && named.err.contains("without --rate"),
        "{}{}",
        named.out,
        named.err
    );
    // A drain of an earlier version has written down nothing.
    home.sandbox_sql("update drain set windows = null");
    let old = home.run(&audit).ends(1);
    assert!(
        old.err.contains("3 attempts were sent by an earlier version") && old.out.contains("OVER 1 time"),
        "{}{}",
        old.out,
        old.err
    );
}

/// Each waits for its turn, and then finds that the job is there already.
#[test]
fn several_loads_of_one_file_at_once_are_one_load() {
    let home = Home::new();
    home.write("unfollow.csv", ids(5_000));
    let load = || {
        let mut command = home.cleanup(["load", "unfollow.csv", "--sandbox"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let loads: Vec<_> = (0..4).map(|_| load()).collect();
    for load in loads {
        Done::of(&load.wait_with_output().unwrap()).ends(0);
    }
    let job = home.run(&["status", "--json", "--sandbox"]).ends(0).json()["jobs"][0].clone();
    assert_eq!((&job["pending"], &job["rows"]), (&5_000.into(), &5_000.into()), "{job}");
}
