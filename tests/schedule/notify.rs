//! `--notify`: who is told what, and what a command that misbehaves does to a run (nothing).

use serde_json::Value;

use crate::common::{Home, RunToEnd, SandboxProcess, ids};

fn heard(home: &Home) -> Value {
    serde_json::from_str(&std::fs::read_to_string(home.path("heard.json")).unwrap()).unwrap()
}

#[test]
fn a_run_tells_how_it_ended_and_nothing_secret() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", "1000/1s"]);
    let file = home.write("un'fol$(touch evil)low.csv", ids(3));
    let command = "cat >heard.json; env >heard.env";
    let words = ["run", file.to_str().unwrap(), "--action", "unfollow", "--yes", "--json", "--notify", command];
    let mut run = home.against(&sandbox, words);
    let secrets = [("CLEANUP_KEY", "a long passphrase of mine"), ("CLEANUP_AISA_KEY", "sk-aisa-secret")];
    let run = run.envs(secrets).done().ends(0);
    let end = run.json();
    let heard = heard(&home);
    assert_eq!((&heard["event"], &heard["schedule"]), (&"finished".into(), &Value::Null));
    assert_eq!(
        (&heard["jobs"], &heard["requests"], &heard["exit_code"]),
        (&end["jobs"], &end["requests"], &end["exit_code"])
    );
    assert!(!home.path("evil").exists(), "a file's name is no command");
    let environment = std::fs::read_to_string(home.path("heard.env")).unwrap();
    let ours: Vec<&str> = environment.lines().filter_map(|line| line.strip_prefix("CLEANUP_")).collect();
    let names: std::collections::BTreeSet<&str> = ours.iter().filter_map(|line| line.split('=').next()).collect();
    assert_eq!(names.into_iter().collect::<Vec<_>>(), ["DB", "EVENT", "EXIT_CODE", "SCHEDULE", "STOPPED"]);
    let token = format!("sandbox-{}", crate::common::USER);
    for secret in ["passphrase", "sk-aisa", token.as_str()] {
        assert!(!environment.contains(secret) && !heard.to_string().contains(secret));
    }
}

#[test]
fn the_config_file_says_it_too_and_stops_are_told() {
    let home = Home::new();
    home.write("unfollow.csv", ids(9));
    let config = home.write("c.toml", "[run]\nnotify = \"cat >heard.json\"\n");
    let words = ["run", "unfollow.csv", "--sandbox", "--max-requests", "2", "--config", config.to_str().unwrap()];
    home.cleanup(words).done().ends(4);
    assert_eq!((&heard(&home)["event"], &heard(&home)["stopped"]), (&"stopped".into(), &"requests".into()));
    let words = ["resume", "--sandbox", "--config", config.to_str().unwrap()];
    assert!([0, 3].contains(&home.cleanup(words).done().code));
    assert_eq!(heard(&home)["event"], "finished");
}

#[test]
fn an_account_that_needs_a_person_is_told_of() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &[]);
    home.write("unfollow.csv", ids(3));
    home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--notify", "cat >heard.json"])
        .env("CLEANUP_X_TOKEN", "revoked")
        .done()
        .ends(77);
    let heard = heard(&home);
    assert_eq!((&heard["event"], &heard["exit_code"]), (&"needs_person".into(), &77.into()), "{heard}");
    assert!(
        heard["needs_person"][0]["reason"].is_string() && heard["needs_person"][0]["account"].is_string(),
        "{heard}"
    );
}

#[test]
fn a_command_that_fails_is_a_warning() {
    let home = Home::new();
    home.write("unfollow.csv", ids(2));
    let run = home.cleanup(["run", "unfollow.csv", "--sandbox", "--json", "--notify", "echo loud; exit 7"]).done();
    assert!([0, 3].contains(&run.code), "{}", run.err);
    assert_eq!(run.json()["stopped"], "finished", "what the command prints is not among the data");
    assert!(run.err.contains("--notify: the command ended with") && run.err.contains("loud"), "{}", run.err);
    let bad = home.cleanup(["run", "unfollow.csv", "--sandbox", "--notify", " "]).done();
    assert_eq!(bad.code, 2);
}

#[test]
fn a_schedule_says_which_it_was() {
    let home = Home::new();
    home.write("unfollow.csv", ids(2));
    let words = [
        "schedule",
        "add",
        "nightly",
        "--sandbox",
        "--cron",
        "* * * * *",
        "--zone",
        "UTC",
        "--notify",
        "cat >heard.json",
        "gone.csv",
    ];
    home.cleanup(words).done().ends(0);
    super::commands::move_back(&home, 90);
    home.cleanup(["schedule", "due", "--sandbox"]).done().ends(65);
    let heard = heard(&home);
    assert_eq!((&heard["event"], &heard["schedule"]), (&"stopped".into(), &"nightly".into()));
    assert_eq!(heard["error"]["kind"], "input", "a file that is missing in the night is told: {heard}");
}
