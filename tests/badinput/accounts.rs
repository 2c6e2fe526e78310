//! Nobody to act for, nobody who answers, a token that nobody takes; and the JSON of every end.

use std::net::TcpListener;

use crate::badinput::support::{contract, jobs, refused};
use crate::common::{Home, RunToEnd, SandboxProcess, USER, ids};

#[test]
fn no_credentials_names_what_to_set() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    let mut run = home.cleanup(["run", "unfollow.csv", "--yes", "--json"]);
    let end =
        contract(&refused(&home, &mut run, 77, &["CLEANUP_X_TOKEN is not set", "CLEANUP_X_USER_ID", "--sandbox"]));
    assert_eq!(end["error"]["kind"], "person", "{end}");
}

#[test]
fn loading_for_nobody_is_a_mistake_of_usage() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    let words = [
        "unfollow.csv",
        "no account is named",
        "cleanup account login",
        "CLEANUP_X_USER_ID",
        "do not ask the platform",
    ];
    refused(&home, &mut home.cleanup(["load", "unfollow.csv"]), 2, &words);
    refused(&home, &mut home.cleanup(["load", "unfollow.csv", "--account", "work"]), 2, &["work", "CLEANUP_X_USER_ID"]);
}

#[test]
fn credentials_go_to_no_plain_http_host() {
    let home = Home::new();
    home.write("unfollow.csv", ids(3));
    let mut run = home.cleanup(["run", "unfollow.csv", "--yes", "--json"]);
    run.env("CLEANUP_X_API", "http://api.example.com")
        .env("CLEANUP_X_TOKEN", "secret-1")
        .env("CLEANUP_X_USER_ID", USER);
    let output = refused(&home, &mut run, 78, &["http://", "https", "CLEANUP_X_API"]);
    assert_eq!(contract(&output)["error"]["kind"], "config");
    assert!(!output.err.contains("secret-1"));
}

#[test]
fn nobody_answers() {
    let home = Home::new();
    home.write("unfollow.csv", ids(6));
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let args = ["run", "unfollow.csv", "--yes", "--json", "--give-up-after", "3s", "--pace", "front-load"];
    let mut run = home.cleanup(args);
    run.env("CLEANUP_X_API", &url).env("CLEANUP_X_TOKEN", "secret-1").env("CLEANUP_X_USER_ID", USER);
    let output = run.done();
    let end = contract(&output);
    assert_eq!((output.code, &end["stopped"]), (69, &"unreachable".into()), "{end}\n{}", output.err);
    assert_eq!(end["jobs"][0]["pending"], 6, "nothing is lost: {end}");
    let said = output.err;
    assert!(
        said.contains("no answer from the platform") && said.contains("6 left") && said.contains("cleanup resume"),
        "{said}"
    );
    assert!(!said.contains("secret-1"), "{said}");

    // Without a user ID the platform would have to be asked first.
    let home = Home::new();
    home.write("unfollow.csv", ids(6));
    let mut run = home.cleanup(["run", "unfollow.csv", "--yes", "--json"]);
    run.env("CLEANUP_X_API", &url).env("CLEANUP_X_TOKEN", "secret-1");
    contract(&refused(&home, &mut run, 69, &["no answer from", &url, "CLEANUP_X_USER_ID"]));
}

#[test]
fn a_token_nobody_takes() {
    let home = Home::new();
    home.write("unfollow.csv", ids(6));
    let sandbox = SandboxProcess::start(&home, &["--faults", "none"]);
    let mut run = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--json", "--progress", "none"]);
    let output = run.env("CLEANUP_X_TOKEN", "wrong-token").done();
    let end = contract(&output);
    assert_eq!((output.code, &end["stopped"]), (77, &"account".into()), "{end}");
    assert_eq!(
        (&end["jobs"][0]["pending"], &end["jobs"][0]["failed"]),
        (&6.into(), &0.into()),
        "no row is blamed: {end}"
    );
    let said = output.err;
    assert!(said.contains("CLEANUP_X_TOKEN") && said.contains("fresh") && said.contains("cleanup resume"), "{said}");
    assert!(!said.contains("wrong-token"), "{said}");

    let home = Home::new();
    home.write("unfollow.csv", ids(6));
    let mut run = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--json"]);
    run.env("CLEANUP_X_TOKEN", "wrong-token").env_remove("CLEANUP_X_USER_ID");
    contract(&refused(&home, &mut run, 77, &["whose token", "fresh user token"]));
    assert_eq!(jobs(&home), serde_json::json!([]));
}

#[test]
fn ends_with_and_without_work_left() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", "100/1s", "--faults", "none"]);
    home.write("unfollow.csv", format!("{}1.2E+18\n", ids(5)));
    let run = |more: &[&str]| {
        let args = ["run", "unfollow.csv", "--yes", "--json", "--progress", "none", "--rate", "100/1s"];
        home.against(&sandbox, args.iter().chain(more)).done()
    };
    let first = run(&["--max-requests", "2"]);
    assert_eq!((first.code, &contract(&first)["stopped"]), (4, &"requests".into()), "{}", first.err);
    let deadline = run(&["--for", "1ms"]);
    assert_eq!((deadline.code, &contract(&deadline)["stopped"]), (4, &"deadline".into()), "{}", deadline.err);

    let pause = home.against(&sandbox, ["pause", "unfollow"]).done();
    assert_eq!(pause.code, 0);
    let paused = run(&[]);
    assert_eq!((paused.code, &contract(&paused)["stopped"]), (4, &"paused".into()), "{}", paused.err);
    assert!(paused.err.contains("cleanup unpause unfollow"), "{}", paused.err);
    assert!(!paused.err.contains("cleanup resume"), "resuming a paused job sends nothing: {}", paused.err);
    assert_eq!(home.against(&sandbox, ["unpause", "unfollow"]).done().code, 0);

    let last = run(&[]);
    assert_eq!((last.code, &contract(&last)["stopped"]), (3, &"finished".into()), "a rejected row: {}", last.err);
    assert!(last.err.contains("cleanup report unfollow"), "{}", last.err);
    let nothing = run(&[]);
    assert_eq!((nothing.code, &contract(&nothing)["requests"]), (3, &0.into()), "{}", nothing.err);

    let unknown = home.against(&sandbox, ["resume", "unfolow", "--json"]).done();
    assert_eq!((unknown.code, &contract(&unknown)["error"]["kind"]), (2, &"usage".into()));
    assert!(unknown.err.contains("did you mean unfollow?"), "{}", unknown.err);
    let unasked = home.against(&sandbox, ["run", "unfollow.csv", "--again", "--json"]).done();
    assert_eq!((unasked.code, &contract(&unasked)["jobs"]), (2, &serde_json::json!([])), "{}", unasked.err);
    assert!(unasked.err.contains("--yes"), "{}", unasked.err);
}

#[test]
fn a_reader_that_goes_away_does_not_change_the_exit_code() {
    let home = Home::new();
    home.write("unfollow.csv", format!("{}1.2E+18\n", ids(2)));
    let mut run = home.cleanup(["run", "unfollow.csv", "--sandbox", "--json", "--progress", "none"]);
    let mut child = run.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(3), "codes speak of the jobs' state");
}
