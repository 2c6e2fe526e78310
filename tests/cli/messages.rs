//! What the program says, read once as a whole. `CLEANUP_MESSAGES=list.txt cargo test --test all every_message` writes every text that
//! a person may see to that file, with its place, to be read from top to bottom: those of the source, and the help.

use std::fmt::Write as _;
use std::path::Path;

use super::message_list::{Message, help, messages, sources};
use super::program::queue_with_job;
use crate::common::Home;
use cleanup::store::QueueKind;

#[test]
fn every_message_has_the_form_of_one() {
    let mut all = messages();
    assert!(help().len() > 200, "{}", help().len());
    all.extend(help());
    assert!(all.len() > 900, "{}", all.len());
    if let Some(path) = std::env::var_os("CLEANUP_MESSAGES") {
        let mut list = String::new();
        for Message { place, text } in &all {
            let _ = writeln!(list, "{place}\n    {}", text.replace('\n', "\n    "));
        }
        std::fs::write(path, list).unwrap();
    }
    // A plural for any number, a number that never agrees, and words that are for us and not for a person.
    const NEVER: [&str; 21] = [
        "(s)",
        " 1 rows",
        "1 requests",
        "nobody answers",
        "unwrap",
        "TODO",
        "Some(",
        "please contact",
        "go on ",
        "goes on",
        "gone on",
        "going on",
        "worked off",
        "as it stands",
        "nobody was there",
        "well since",
        "work off",
        "pretend",
        "in line again",
        "failed task",
        "log of who did what",
    ];
    let mut wrong: Vec<String> = Vec::new();
    for Message { place, text } in &all {
        wrong.extend(
            NEVER.iter().filter(|never| text.contains(**never)).map(|never| format!("{place}: {never}: {text}")),
        );
        let backticks = text.matches('`').count();
        if backticks % 2 == 1 && !text.contains("{") {
            wrong.push(format!("{place}: a command that does not end: {text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every command that a message names is one, with options that it has.
#[test]
fn commands_that_messages_name_can_be_typed() {
    use clap::CommandFactory;
    let mut tree = cleanup::cli::args::Cli::command();
    tree.build();
    let mut checked = 0;
    let mut wrong: Vec<String> = Vec::new();
    for Message { place, text } in messages().into_iter().chain(help()) {
        for command in text.split('`').skip(1).step_by(2).filter_map(|command| command.strip_prefix("cleanup ")) {
            checked += 1;
            if let Err(why) = can_be_typed(&tree, command) {
                wrong.push(format!("{place}: `cleanup {command}`: {why}"));
            }
        }
    }
    assert!(checked > 25, "{checked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

pub(crate) fn can_be_typed(tree: &clap::Command, words: &str) -> Result<(), String> {
    let mut command = tree;
    for word in words.split_whitespace() {
        if let Some(option) = word.strip_prefix("--") {
            let name = option.split('=').next().unwrap_or_default();
            let is_there = command.get_arguments().any(|argument| argument.get_long() == Some(name));
            if !is_there && !["help", "version"].contains(&name) {
                return Err(format!("{} has no --{name}", command.get_name()));
            }
        } else if let Some(within) = command.find_subcommand(word) {
            command = within;
        } else if command.has_subcommands()
            && !word.starts_with(['{', '<', '-'])
            && word.chars().all(char::is_lowercase)
        {
            return Err(format!("there is no {word}"));
        }
    }
    Ok(())
}

#[test]
fn a_queue_that_is_not_there_is_named_with_its_place() {
    let home = Home::new();
    for (words, code) in [
        (&["status", "--db", "no/q.db"][..], 0),
        (&["status", "likes", "--db", "no/q.db"], 2),
        (&["report", "likes", "--db", "no/q.db"], 2),
        (&["pause", "likes", "--db", "no/q.db"], 2),
        (&["explain", "7", "--db", "no/q.db"], 2),
        (&["forget", "--older-than", "1d", "--yes", "--db", "no/q.db"], 0),
        (&["audit", "--db", "no/q.db"], 0),
        (&["schedule", "list", "--db", "no/q.db"], 0),
        (&["schedule", "next", "--db", "no/q.db"], 0),
        (&["schedule", "run", "x", "--db", "no/q.db"], 2),
        (&["schedule", "due", "--db", "no/q.db"], 0),
    ] {
        let done = home.run(words).ends(code).says("there is no queue at no/q.db");
        assert!(!home.path("no").exists(), "{words:?} made one: {}", done.err);
        if !["forget", "due"].iter().any(|word| words.contains(word)) {
            done.says("check --db and CLEANUP_DB");
        }
    }
}

#[test]
fn what_is_no_csv_names_the_command_that_reads_it() {
    let home = Home::new();
    home.write("like.js", "window.YTD.like.part0 = [ {\"like\":{\"tweetId\":\"7\"}} ]");
    home.write("2012_12.js", "Grailbird.data.tweets_2012_12 = \n[ ]");
    home.write("likes.json", "[{\"id_str\": \"7\"}]");
    home.write("one.json", "\u{feff}\n{\"id_str\": \"7\"}");
    home.write("a.zip", "PK\u{3}\u{4}and so on");
    let car = b"\x3a\xa2eroots\x81\xd8\x2a\x58\x25";
    home.write("a.car", car);
    home.run(&["check", "a.car", "--action", "unlike"]).ends(65).says("CAR file").says("cleanup import FILE --what");
    for (file, what) in [
        ("like.js", "X data archive (JavaScript)"),
        ("2012_12.js", "X data archive (JavaScript)"),
        ("likes.json", "this is JSON"),
        ("one.json", "this is JSON"),
        ("a.zip", "zip archive"),
    ] {
        home.run(&["check", file, "--action", "unlike"])
            .ends(65)
            .says(what)
            .says("cleanup import ARCHIVE --what likes");
    }
}

#[test]
fn a_name_without_its_sign_is_told_how_to_be_written() {
    let home = Home::new();
    home.write("unfollow.csv", "target_id\njack\n791557233689870338.0\n7\n");
    let done = home.run(&["check", "unfollow.csv"]).ends(3);
    assert!(done.out.contains("@jack") && done.out.contains("may have rounded"), "{}", done.out);
}

#[test]
fn undo_names_what_it_wrote() {
    let home = Home::new();
    queue_with_job(home.queue(), QueueKind::Real, "likes");
    home.run(&["undo", "likes", "-o", "u.csv", "--html", "u.html"])
        .ends(0)
        .says("written to u.csv, u.html; nothing was sent");
    let done = home.run(&["undo", "likes"]).ends(0);
    assert!(!done.err.contains("written to"), "{}", done.err);
}

#[test]
fn a_quiet_doctor_says_only_what_is_wrong() {
    let home = Home::new();
    queue_with_job(home.queue(), QueueKind::Real, "likes");
    let done = home.run(&["doctor", "-q", "--sandbox"]).ends(0);
    assert!(done.out.lines().all(|line| !line.starts_with("ok")), "{}", done.out);
    home.run(&["doctor", "--sandbox"]).ends(0).says("ok    config");
}

#[test]
fn check_does_not_send_to_check() {
    let home = Home::new();
    home.write("unfollow.csv", "target_id\nno one\n");
    for words in [&["check", "unfollow.csv"][..], &["check", "unfollow.csv", "--strict"]] {
        let done = home.run(words).ends(65);
        assert!(done.out.contains("write the numeric ID") && !done.err.contains("cleanup check"), "{}", done.err);
        assert!(done.err.contains("above"), "{}", done.err);
    }
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(65).says("`cleanup check unfollow.csv --sandbox`");
}

#[test]
fn load_names_the_next_command_only_where_there_is_one() {
    let home = Home::new();
    home.write("unfollow.csv", "target_id\n7\n");
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0).says("next: `cleanup resume --sandbox`");
    home.run(&["pause", "unfollow", "--sandbox"]).ends(0);
    let done = home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    assert!(
        done.err.contains("cleanup unpause unfollow") && !done.err.contains("next: `cleanup resume"),
        "{}",
        done.err
    );
    home.run(&["unpause", "unfollow", "--sandbox"]).ends(0);
    home.run(&["resume", "--sandbox", "--yes"]).ends(0);
    let done = home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    assert!(done.err.contains("no row of it is left to send") && !done.err.contains("cleanup resume"), "{}", done.err);
}

/// Where an error is made of another whose own words say what to do ("...; set it"), or gets its hint from its caller.
const REMEDY_IS_IN_THE_MESSAGE: [(&str, &str); 6] = [
    ("app/logins.rs", "error.to_string()"),
    ("auth/advice.rs", "(error"),
    ("auth/advice.rs", "other.to_string()"),
    ("app/tokens.rs", "format!(\"{error}\")"),
    ("schedule/", "error.to_string()"),
    ("serve/drain_once.rs", "error.to_string()"),
];

#[test]
fn every_error_that_a_person_can_mend_says_how() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let (mut checked, mut wrong) = (0, Vec::new());
    for file in files {
        let shown = file.strip_prefix(root).unwrap().display().to_string();
        let source = std::fs::read_to_string(&file).unwrap();
        let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap();
        for (at, _) in code.match_indices("CommandError::new(") {
            let rest = &code[at + "CommandError::new(".len()..];
            if rest.trim_start().starts_with("ErrorKind::Fault") {
                continue;
            }
            checked += 1;
            // To the next error, and no further than to the end of the function.
            let next = rest.find("CommandError::new(").unwrap_or(rest.len());
            let end = rest.find("\n}\n").unwrap_or(rest.len()).min(next).min(1_500);
            let statement: String = rest.chars().take(end).collect();
            let first = statement.lines().take(2).collect::<String>();
            let is_exempt =
                REMEDY_IS_IN_THE_MESSAGE.iter().any(|(place, text)| shown.contains(place) && first.contains(text));
            if !statement.contains("hint(") && !is_exempt {
                wrong.push(format!("{shown}:{}: {}", code[..at].lines().count(), first.trim()));
            }
        }
    }
    assert!(checked > 120, "{checked}");
    assert!(wrong.is_empty(), "no next step:\n{}", wrong.join("\n"));
}

#[test]
fn one_window_that_is_too_wide_is_one_warning_of_doctor() {
    let home = Home::new();
    let config = home.write("c.toml", "[[windows]]\nrate = \"5000/15m\"\n");
    let done = home.run(&["doctor", "--config", &config.to_string_lossy()]).ends(0);
    assert_eq!(done.out.matches("the chosen windows allow more than").count(), 1, "{}", done.out);
    assert!(done.out.contains("x-v2") && done.out.contains("x-v1"), "{}", done.out);
}

#[test]
fn a_hint_is_for_the_queue_and_the_options_that_were_typed() {
    let home = Home::new();
    home.write("unfollow.csv", "target_id\n7\n");
    let done = home.run(&["run", "unfollow.csv", "--yes", "--db", "try.db"]).ends(77);
    assert!(done.err.contains("`cleanup account login --db try.db`"), "{}", done.err);
    let done = home.run(&["account", "logout", "work", "--db", "try.db"]).ends(2);
    assert!(done.err.contains("`cleanup account login work --db try.db`"), "{}", done.err);
    let done = home.run(&["doctor", "--db", "try.db"]);
    assert!(done.out.contains("cleanup account login --db try.db"), "{}", done.out);
    // `check` has to see what `run` saw.
    home.write("excel.csv", "id,note\n1.23457E+18,a\n");
    let done = home.run(&["run", "excel.csv", "--action", "unfollow", "--column", "id", "--sandbox"]).ends(65);
    let shown = "`cleanup check excel.csv --action unfollow --column id --sandbox`";
    assert!(done.err.contains(shown), "{}", done.err);
    home.run(&["check", "excel.csv", "--action", "unfollow", "--column", "id", "--sandbox"]).ends(65);
    let done = home.run(&["resume", "--sandbox"]).ends(0);
    assert!(!done.err.contains("--again"), "{}", done.err);
}

#[test]
fn whoever_cannot_be_asked_is_sent_to_an_option_that_is_there() {
    let home = Home::new();
    queue_with_job(home.queue(), QueueKind::Real, "likes");
    home.write("unlike.csv", "target_id\n7\n");
    let variables =
        [("CLEANUP_X_TOKEN", "pretend"), ("CLEANUP_X_USER_ID", "42"), ("CLEANUP_X_API", "http://127.0.0.1:9")];
    let done = home.run_with(&["resume"], &variables).ends(2);
    assert!(done.err.contains("`cleanup status` shows what is queued"), "{}", done.err);
    let done = home.run_with(&["run", "unlike.csv", "--account", "ada"], &variables).ends(2);
    assert!(done.err.contains("--dry-run"), "{}", done.err);
    home.run_with(&["run", "unlike.csv", "--account", "ada", "--dry-run"], &variables).ends(0);
}
