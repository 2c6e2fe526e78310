//! What reaches a terminal: a pseudo-terminal made by `script` (util-linux) shows what a person would get.

use std::process::{Command, Stdio};

use cleanup::domain::is_unsafe;

use crate::common::{Home, PROGRAM};

/// What a stranger may have written into a cell, a name or a file's name: a title, a cleared screen (in seven bits and in eight), a
/// text that runs backwards, a line that writes over itself, something unseen.
const HOSTILE: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}2J\u{202e}abc\rdone\u{200b}\u{7f}";

/// What stands on a terminal behind a command.
fn on_terminal(home: &Home, words: &str) -> String {
    let line = format!("{} {words}", PROGRAM);
    let mut command = Command::new("script");
    command
        .args(["-q", "-e", "-c", &line, "/dev/null"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("SHELL", "/bin/sh");
    command.env("HOME", home.path("")).env("TZ", "UTC").env("TERM", "xterm").current_dir(home.path(""));
    let output = command.stdin(Stdio::null()).output();
    let output = output.unwrap_or_else(|error| panic!("`script` (util-linux) makes the terminal: {error}"));
    assert!(matches!(output.status.code(), Some(0 | 3)), "{words}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The colours that the program itself uses.
fn without_colours(screen: &str) -> String {
    ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[1;31m", "\u{1b}[1;33m", "\u{1b}[1;36m"]
        .iter()
        .fold(screen.to_owned(), |text, code| text.replace(code, ""))
}

#[track_caller]
fn shows_and_does_not_obey(words: &str, screen: &str, expected: &str) {
    // The terminal itself ends lines with a carriage return and a line feed.
    let left: String = without_colours(screen).replace("\r\n", "\n");
    let obeyed: Vec<char> = left.chars().filter(|c| is_unsafe(*c) && *c != '\n' && *c != '\t').collect();
    assert!(obeyed.is_empty(), "{words}: {obeyed:?} in {left:?}");
    assert!(screen.contains(expected), "{words}: no {expected:?} in {screen}");
}

#[test]
fn nothing_of_a_stranger_reaches_a_terminal_as_it_is() {
    let home = Home::new();
    home.write("unfollow.csv", format!("target_id,note\n1629556410996121225,\"{HOSTILE}\"\n@a-b,{HOSTILE}x\n"));
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(3);
    let odd = format!("{HOSTILE}.csv").replace('/', "");
    home.write(&odd, "target_id\n5\n");
    home.run(&["load", &odd, "--sandbox", "--action", "unmute"]).ends(0);
    std::fs::create_dir_all(home.path("archive/data")).unwrap();
    let like = serde_json::json!([{ "like": { "tweetId": "20", "fullText": HOSTILE } }]);
    home.write("archive/data/like.js", format!("window.YTD.like.part0 = {like}"));
    let account = serde_json::json!([{ "account": { "accountId": "5", "username": "me" } }]);
    home.write("archive/data/account.js", format!("window.YTD.account.part0 = {account}"));
    for (words, expected) in [
        ("report unfollow --sandbox", "\\u{1b}]0;owned\\u{7}"),
        ("report unfollow --sandbox --raw", "\\u{9b}2J\\u{202e}abc\\rdone"),
        ("report unfollow --sandbox --format json", "\\u009b2J\\u202eabc\\rdone\\u200b\\u007f"),
        ("report unfollow --sandbox --format jsonl", "\\u001b]0;owned\\u0007"),
        ("report unfollow --sandbox --format table", "\\u{1b}]0;owned\\u{7}"),
        ("report unfollow --sandbox --format html -o -", "a-b"),
        ("undo unfollow --sandbox", "target_id"),
        ("import archive --what likes", "\\u{1b}[2J"),
        ("status --sandbox", "\\u{1b}]0;owned"),
        ("status --sandbox --json", "\\u001b]0;owned"),
        ("check unfollow.csv", "done\\u{200b}\\u{7f}x"),
        ("check unfollow.csv --json", "not_a_handle"),
        ("explain 1629556410996121225 --sandbox", "unfollow"),
        ("explain 1629556410996121225 --sandbox --json", "unfollow"),
        ("load *owned*.csv --sandbox --action unmute --again", "owned"),
    ] {
        shows_and_does_not_obey(words, &on_terminal(&home, words), expected);
    }
}

/// A shell gives the names of files to the argument parser, which repeats what it does not know.
#[test]
fn a_complaint_about_arguments_is_text_as_well() {
    let home = Home::new();
    home.write("--\u{1b}]0;owned\u{7}", "");
    let mut command = Command::new("script");
    let line = format!("{} check *; true", PROGRAM);
    command.args(["-q", "-c", &line, "/dev/null"]).env_clear().env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh");
    let output = command.current_dir(home.path("")).stdin(Stdio::null()).output().unwrap();
    shows_and_does_not_obey("check *", &String::from_utf8(output.stdout).unwrap(), "unexpected argument");
}

/// Help and complaints are the argument parser's, and obey the same options as everything else.
#[test]
fn the_argument_parser_has_colours_where_they_are_wanted() {
    let home = Home::new();
    let screen = |words: &str, variables: &[(&str, &str)]| {
        let mut command = Command::new("script");
        let line = format!("{PROGRAM} {words}; true");
        command.args(["-q", "-c", &line, "/dev/null"]).env_clear().env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh");
        command.envs(variables.iter().copied()).env("TERM", "xterm").current_dir(home.path(""));
        String::from_utf8(command.stdin(Stdio::null()).output().unwrap().stdout).unwrap()
    };
    for words in ["bogus", "run --bogus", "run - --sandbox", "--help"] {
        let is_coloured = |shown: &str| {
            assert!(shown.contains("age:") || shown.contains("error:"), "{words}: {shown}");
            shown.contains('\u{1b}')
        };
        assert!(is_coloured(&screen(words, &[])), "{words}");
        assert!(!is_coloured(&screen(words, &[("NO_COLOR", "1")])), "{words}");
        assert!(!is_coloured(&screen(&format!("--color never {words}"), &[])), "{words}");
        assert!(!is_coloured(&screen(&format!("{words} --color=never"), &[])), "{words}");
        let piped = |color: &str| {
            let words: Vec<&str> = words.split(' ').chain(["--color", color]).collect();
            let done = home.run(&words);
            is_coloured(&(done.out + &done.err))
        };
        assert!(piped("always") && !piped("auto"), "{words}");
    }
}

/// Scripts get the bytes as they are; JSON says the same in characters that no terminal obeys.
#[test]
fn a_pipe_gets_the_cells_as_they_are() {
    let home = Home::new();
    home.write("unfollow.csv", format!("target_id,note\n1629556410996121225,\"{HOSTILE}\"\n"));
    home.run(&["load", "unfollow.csv", "--sandbox"]).ends(0);
    assert!(home.run(&["report", "unfollow", "--sandbox"]).ends(0).out.contains(HOSTILE));
    let json = home.run(&["report", "unfollow", "--sandbox", "--format", "json"]).ends(0).out;
    let rows: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(rows[0]["note"], HOSTILE);
    assert!(!json.chars().any(|c| is_unsafe(c) && c != '\n'), "{json:?}");
}
