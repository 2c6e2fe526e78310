//! What somebody meets who tries the program out: a no to its question, a command that is refused before there is anything, an option
//! mistyped, a port that is taken.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Stdio};

use cleanup::store::QueueKind;

use super::program::queue_with_job;
use crate::common::{Home, PROGRAM};

/// What a command says at a terminal where a person answers with no, and what it ends with.
fn answered_with_no(home: &Home, words: &str) -> (String, Option<i32>) {
    let line = format!("{} {words}", PROGRAM);
    let mut command = Command::new("script");
    command
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh");
    command.env("HOME", home.path("")).env("TZ", "UTC").env("TERM", "xterm").current_dir(home.path(""));
    command.env("CLEANUP_X_TOKEN", "token").env("CLEANUP_X_USER_ID", "42").env("CLEANUP_X_API", "http://127.0.0.1:1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("`script` (util-linux) makes the terminal: {error}"));
    child.stdin.take().unwrap().write_all(b"n\n").unwrap();
    let output = child.wait_with_output().unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
}

#[test]
fn a_no_leaves_everything_and_is_no_success() {
    let home = Home::new();
    queue_with_job(home.queue(), QueueKind::Real, "likes");
    home.write("unfollow.csv", "user_id\n1629556410996121225\n");
    for (words, said) in [
        ("run unfollow.csv", "nothing was queued, nothing was sent"),
        ("resume", "nothing was sent"),
        ("serve --listen 127.0.0.1:0", "nothing was sent"),
    ] {
        let (screen, code) = answered_with_no(&home, words);
        assert!(screen.contains("Continue? [y/N]") && screen.contains(said), "{words}: {screen}");
        assert_eq!(code, Some(4), "{words}: {screen}");
    }
    // `run --json` prints one object on stdout at the end, whatever the end.
    let (screen, _) = answered_with_no(&home, "resume --json");
    let object =
        r#""requests":0,"spent_usd":0.0,"stopped":"cancelled","next_slot_at":null,"error":null,"exit_code":4}"#;
    assert!(screen.contains(object) && screen.contains(r#"{"jobs":[{"job":"likes","rows":5"#), "{screen}");
    let jobs = home.run(&["status", "--json"]).ends(0).json()["jobs"].clone();
    assert_eq!((jobs.as_array().map(Vec::len), &jobs[0]["pending"]), (Some(1), &3.into()), "{jobs}");
    home.run(&["cancel", "likes"]).ends(0);
    let (screen, code) = answered_with_no(&home, "forget likes");
    assert!(screen.contains("nothing was forgotten"), "{screen}");
    assert_eq!(code, Some(4), "{screen}");
    home.run(&["report", "likes"]).ends(0);
}

#[test]
fn a_command_that_is_refused_makes_no_queue() {
    let home = Home::new();
    home.write("unfollow.csv", "user_id\n1629556410996121225\n");
    home.write("accounts.csv", "name,platform\nada,x-v2\n");
    home.write("friends.csv", "user_id\n1629556410996121225\n");
    let add = ["schedule", "add", "nightly", "--cron", "0 2 * * *", "--zone", "UTC"];
    for (words, code, said) in [
        (&["load", "unfollow.csv"][..], 2, "no account is named for its rows"),
        (&["load", "unfollow.csv", "--account", "ada"], 2, "no account"),
        (&["run", "unfollow.csv", "--yes"], 77, "no account is logged in"),
        (&["list", "following"], 77, "no account is logged in"),
        (&["account", "add", "ada"], 2, "stdin holds no access token"),
        (&["account", "import", "accounts.csv"], 65, "nothing was imported"),
        (&["account", "import", "none.csv"], 65, "none.csv"),
        (&[&add[..], &["friends.csv"]].concat(), 65, "nothing says which action is meant"),
        (&[&add[..], &["unfollow.csv", "--account", "ada"]].concat(), 2, "no account is called ada"),
    ] {
        home.run(words).ends(code).says(said);
        assert!(!home.path(".local").exists(), "{words:?} made a queue");
    }
    // Where all rows name handles and nobody can be asked whose they are, a load has nothing to queue.
    home.write("unfollow.csv", "username\nada\nbob\n");
    let known = [("CLEANUP_X_USER_ID", "42"), ("CLEANUP_X_TOKEN", "token")];
    let aisa = ["load", "unfollow.csv", "--platform", "aisa"];
    home.run_with(&aisa, &[("CLEANUP_AISA_KEY", "key")]).ends(65).says("write numeric IDs");
    assert!(!home.path(".local").exists());
    home.write("unfollow.csv", "user_id\n1629556410996121225\n");
    // Where there is no terminal, nobody can agree.
    home.run_with(&["run", "unfollow.csv"], &known).ends(2).says("there is no terminal to ask on").says("--dry-run");
    assert!(!home.path(".local").exists());
    home.run_with(&["load", "unfollow.csv"], &known).ends(0);
    assert!(home.queue_file().exists());
    // Nor is an account made known in a queue that is there.
    let other = [("CLEANUP_X_USER_ID", "43"), ("CLEANUP_X_TOKEN", "token")];
    home.write("unlike.csv", "post_id\n1629556410996121225\n");
    home.run_with(&["run", "unlike.csv"], &other).ends(2).says("there is no terminal to ask on");
    let accounts = home.run(&["account", "list", "--json"]).ends(0).json();
    assert_eq!(accounts["accounts"].as_array().map(Vec::len), Some(1), "{accounts}");
}

#[test]
fn a_negative_number_is_refused_in_the_words_of_its_option() {
    let home = Home::new();
    for option in ["--max-spend", "--max-requests", "--workers"] {
        home.run(&["run", "unfollow.csv", "--sandbox", option, "-1"])
            .ends(2)
            .says(&format!("invalid value '-1' for '{option}"));
    }
    home.run(&["list", "posts", "--sandbox", "--max-likes", "-1"]).ends(2).says("invalid value '-1' for '--max-likes");
}

#[test]
fn resuming_a_cancelled_job_says_that_it_was_cancelled() {
    let home = Home::new();
    home.write("unfollow.csv", "user_id\n1629556410996121225\n");
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    home.run(&["cancel", "unfollow", "--sandbox"]).ends(0);
    let said = home.run(&["resume", "unfollow", "--sandbox"]).ends(0);
    assert!(
        said.err.contains("unfollow was cancelled, so nothing of it is sent; `cleanup run /")
            && said.err.contains("/unfollow.csv --again --sandbox` starts it over"),
        "{}",
        said.err
    );
    assert!(!said.err.contains("nothing was left to do"), "{}", said.err);
    let nights = ["schedule", "add", "nights", "--cron", "0 2 * * *", "unfollow.csv", "--sandbox"];
    home.run(&nights).ends(0).says("unfollow is cancelled, so a run sends nothing of it; `cleanup load /");
    // Beside a job that has work left it is told as well.
    home.write("unmute.csv", "user_id\n1629556410996121226\n");
    home.run(&["load", "unmute.csv", "--sandbox"]).ends(0);
    home.run(&["resume", "unfollow", "unmute", "--sandbox"]).ends(0).says("unfollow was cancelled");
}

#[test]
fn a_price_that_nobody_knows_is_not_told_as_nothing() {
    let home = Home::new();
    home.write("unblock.csv", "user_id\n1629556410996121225\n");
    let rows: String = (0..6_u64).map(|n| format!("{}\n", 1_000_000_000_000_000_007 + n * 7_919_000_001)).collect();
    home.write("unfollow.csv", format!("user_id\n{rows}"));
    home.run(&["check", "unblock.csv", "--sandbox"]).ends(0).says("its price is not known");
    let run = home.run(&["run", "unblock.csv", "--sandbox"]);
    assert!(run.err.contains("1 request in ") && run.err.contains(", price not known"), "{}", run.err);
    assert!(!run.err.contains("$0.00"), "{}", run.err);
    let run = home.run(&["run", "unblock.csv", "unfollow.csv", "--again", "--sandbox"]);
    assert!(run.err.contains(" and what unblock cost, whose price is not known"), "{}", run.err);
}

#[test]
fn a_bare_word_that_is_no_handle_is_told_so_in_a_column_of_handles() {
    let home = Home::new();
    home.write("unfollow.csv", "username\nada\nnot a handle!\n@b-c\n");
    let said = home.run(&["check", "unfollow.csv", "--sandbox"]).ends(3);
    assert!(said.out.contains(r#"username "not a handle!": not a handle, which is 1 to 15 letters"#), "{}", said.out);
    assert!(said.out.contains("rejected, not_a_handle: 2"), "{}", said.out);
}

#[test]
fn a_port_that_is_taken_is_a_matter_of_the_configuration() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for command in ["serve", "sandbox"] {
        home.run(&[command, "--listen", &address]).ends(78).says("is another one running? choose another port");
    }
}

#[test]
fn reposts_are_counted_among_posts() {
    let home = Home::new();
    let said = home.run(&["list", "reposts", "--sandbox"]).ends(0);
    assert!(said.err.contains(" posts looked through, ") && !said.err.contains("entries"), "{}", said.err);
}

/// What the next run would cancel again is not queued, and nothing is read for it.
#[test]
fn rows_of_a_cancelled_job_are_not_queued_again() {
    let home = Home::new();
    home.write("likes.csv", "target_id\n1000000000000000007\n");
    home.run(&["load", "likes.csv", "--action", "unlike", "--sandbox"]).ends(0);
    home.run(&["cancel", "likes", "--sandbox"]).ends(0);
    for command in [&["retry", "likes", "--sandbox"][..], &["verify", "likes", "--requeue", "--sandbox"]] {
        let done = home.run(command).ends(2).says("likes is cancelled, so none of its rows is queued again");
        done.says("--again --sandbox` starts it over with all of its rows");
    }
}
