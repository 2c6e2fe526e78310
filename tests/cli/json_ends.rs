//! `--json` is one object on stdout whatever the end: every command that has it, and `check` for every reason to refuse a file.

use clap::CommandFactory;
use cleanup::cli::args::Cli;
use serde_json::Value;

use crate::common::{Done, Home};

/// Every command that takes `--json`, with a word for what it needs.
fn with_json(command: &clap::Command, words: &[String]) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    if command.get_arguments().any(|arg| arg.get_long() == Some("json")) {
        // What `forget` drops is a job or an age.
        let is_needed = |arg: &&clap::Arg| arg.is_required_set() || command.get_name() == "forget";
        let needs = command.get_positionals().filter(is_needed).map(|_| "something.csv".to_owned());
        found.push(words.iter().cloned().chain(needs).chain(["--json".to_owned()]).collect());
    }
    for sub in command.get_subcommands() {
        found.extend(with_json(sub, &[words, &[sub.get_name().to_owned()]].concat()));
    }
    found
}

/// The object of a command that has failed: what it says is what the process ended with, and what stderr says.
fn failure(done: &Done) -> Value {
    let end = done.json();
    assert_eq!(end["exit_code"], done.code, "{end}");
    let message = end["error"]["message"].as_str().unwrap();
    assert!(done.err.contains(message.lines().next().unwrap()), "{message}: {}", done.err);
    end
}

#[test]
fn every_command_that_has_it_prints_one_object_where_it_fails() {
    let home = Home::new();
    let config = home.write("bad.toml", "nonsense = 1\n");
    let commands = with_json(&Cli::command(), &[]);
    assert!(commands.len() >= 12, "{commands:?}");
    for words in commands {
        let mut command = home.cleanup(&words);
        let done = Done::of(&command.env("CLEANUP_CONFIG", &config).output().unwrap()).ends(78);
        assert_eq!(failure(&done)["error"]["kind"], "config", "{words:?}");
    }
}

#[test]
fn a_question_without_an_answer_has_an_object_too() {
    let home = Home::new();
    home.write("unfollow.csv", "target_id\n1000000000000000007\n");
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    for words in [
        &["status", "unfolow"][..],
        &["verify", "unfolow"],
        &["undo", "unfolow", "--apply", "--yes"],
        &["undo", "unfollow"],
        &["schedule", "next", "nightly"],
        &["resume", "unfolow"],
    ] {
        let end = failure(&home.run(&[words, &["--sandbox", "--json"]].concat()).ends(2));
        assert_eq!(end["error"]["kind"], "usage", "{words:?}");
    }
}

#[test]
fn check_says_why_it_refuses_a_file() {
    let home = Home::new();
    home.write("unlike.csv", "target_id\n1445078208190291973\n");
    home.write("unusable.csv", "target_id\nsomebody\n");
    for (words, code, files) in [
        (&["unlike.csv", "--matching", "crypto"][..], 2, 0),
        (&["unlike.csv", "--max-likes", "3"], 2, 0),
        (&["unlike.csv", "--not-following-back"], 2, 0),
        (&["unlike.csv", "--keep", "friends.txt"], 65, 0),
        (&["unlike.csv", "--only", "friends.txt"], 65, 0),
        (&["missing.csv"], 65, 0),
        (&["unlike.csv", "--account", "nobody"], 2, 0),
        (&["unusable.csv", "--action", "unlike"], 65, 1),
    ] {
        let done = home.run(&[&["check"], words, &["--json"]].concat()).ends(code);
        let end = failure(&done);
        assert_eq!(end["files"].as_array().unwrap().len(), files, "{words:?}: {end}");
        // What it says to type next is the same on both.
        let hint = end["error"]["hint"].as_str().unwrap_or_default().replace('`', "");
        let err: Vec<&str> = done.err.split_whitespace().collect();
        let hint: Vec<&str> = hint.split_whitespace().collect();
        assert!(err.join(" ").replace('`', "").contains(&hint.join(" ")), "{hint:?}: {}", done.err);
    }
    let end = home.run(&["check", "unlike.csv", "--sandbox", "--json"]).ends(0).json();
    assert_eq!((&end["error"], &end["exit_code"]), (&Value::Null, &Value::from(0)));
}
