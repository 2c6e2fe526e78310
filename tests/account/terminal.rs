//! Secrets typed at a terminal: a pseudo-terminal made by `script` (util-linux), which shows what a person would see.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::account::bench::Bench;
use crate::common::PROGRAM;

/// How wide the terminal is.
const COLUMNS: usize = 72;

/// What stands on the terminal after the program was asked for `prompt` and given `typed`, and was followed by `stty -a`.
fn terminal(bench: &Bench, words: &str, typed: &[(&str, &[u8])]) -> Option<String> {
    if !Command::new("script").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return None;
    }
    let plain = bench.cleanup(&[]);
    // The shell outlives a Ctrl-C, to say how things stand then.
    let line = format!("stty cols {COLUMNS}; trap : INT; $CLEANUP {words}; echo ended=$?; stty -a");
    // Whoever started the tests may have ignored the signals, and a shell cannot trap what it was born deaf to.
    let mut command = Command::new("/usr/bin/env");
    command.args(["--default-signal=INT,QUIT,TERM", "script", "-q", "-e", "-c", &line, "/dev/null"]).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh").env("CLEANUP", PROGRAM);
    command.current_dir(bench.folder.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let (mut seen, mut piece) = (Vec::new(), [0; 4096]);
    for (prompt, typed) in typed {
        while !String::from_utf8_lossy(&seen).contains(prompt) {
            let length = screen.read(&mut piece).unwrap();
            assert_ne!(length, 0, "it ended: {}", String::from_utf8_lossy(&seen));
            seen.extend_from_slice(&piece[..length]);
        }
        keys.write_all(typed).unwrap();
    }
    screen.read_to_end(&mut seen).unwrap();
    child.wait().unwrap();
    Some(String::from_utf8_lossy(&seen).into_owned())
}

#[track_caller]
fn shows_what_is_typed(screen: &str) {
    assert!(screen.split_whitespace().any(|word| word == "echo"), "{screen}");
}

#[test]
fn a_secret_is_not_shown_and_the_terminal_is_as_before() {
    let bench = Bench::new();
    let typed: [(&str, &[u8]); 2] =
        [("access token (what", b"42-canary-token\n"), ("access token secret (what", b"canary-secret\n")];
    let Some(screen) = terminal(&bench, "account add one --platform x-v1", &typed) else {
        eprintln!("SKIPPED: there is no `script` to make a terminal with");
        return;
    };
    assert!(screen.contains("one is user 42") && screen.contains("ended=0"), "{screen}");
    assert!(!screen.contains("canary"), "{screen}");
    shows_what_is_typed(&screen);
}

#[test]
fn an_interrupted_prompt_leaves_the_terminal_as_it_was() {
    let bench = Bench::new();
    let typed: [(&str, &[u8]); 1] = [("AIsa key (what", b"sk-half-a-canary\x03")];
    let Some(screen) = terminal(&bench, "account login --platform aisa", &typed) else {
        eprintln!("SKIPPED: there is no `script` to make a terminal with");
        return;
    };
    assert!(screen.contains("ended=130") && !screen.contains("canary"), "{screen}");
    shows_what_is_typed(&screen);
    assert_eq!(bench.run(&["account", "list", "--json"]).ends(0).json()["accounts"], serde_json::json!([]));
}

#[test]
fn an_account_that_was_logged_in_on_a_page_is_asked_for_no_password() {
    let bench = Bench::new();
    crate::account::page_logins::log_in(&bench, "sky", "unfollow", "4242").ends(0);
    let typed: [(&str, &[u8]); 1] = [("waiting for the browser at", b"\x03")];
    let Some(screen) = terminal(&bench, "account login sky", &typed) else {
        eprintln!("SKIPPED: there is no `script` to make a terminal with");
        return;
    };
    assert!(screen.contains("ended=130") && screen.contains("this login is for unfollow"), "{screen}");
    assert!(!screen.contains("app password"), "{screen}");
}

#[test]
fn lines_break_between_words_and_commands_stay_whole() {
    let bench = Bench::new();
    bench.write("unfollow.csv", "target_id\n7\nhttps://x.com/settings\n791557233689870338.0\nno one\n1e18\n2e18\n");
    let Some(screen) = terminal(&bench, "load unfollow.csv --sandbox", &[]) else {
        eprintln!("SKIPPED: there is no `script` to make a terminal with");
        return;
    };
    let lines: Vec<&str> = screen.lines().take_while(|line| !line.contains("ended=")).map(str::trim_end).collect();
    assert!(lines.iter().any(|line| line.starts_with("  ")), "one of them goes on: {screen}");
    for line in lines {
        let is_one_piece = line.contains('`') || !line.trim().contains(' ');
        assert!(line.chars().count() <= COLUMNS || is_one_piece, "{line}");
    }
    let whole = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(whole.contains("may have rounded it, so it may be somebody else's; export again"), "{screen}");
    assert!(screen.contains("`cleanup check unfollow.csv --sandbox`"), "{screen}");
}
