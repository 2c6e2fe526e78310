//! Secrets typed at a terminal: a pseudo-terminal made by `script` (util-linux), which shows what a person would see.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::bench::Bench;

/// What stands on the terminal after the program was asked for `prompt` and given `typed`, and was followed by `stty -a`.
fn terminal(bench: &Bench, words: &str, typed: &[(&str, &[u8])]) -> Option<String> {
    if !Command::new("script").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return None;
    }
    let plain = bench.cleanup(&[]);
    // The shell outlives a Ctrl-C, to say how things stand then.
    let line = format!("trap : INT; $CLEANUP {words}; echo ended=$?; stty -a");
    // Whoever started the tests may have ignored the signals, and a shell cannot trap what it was born deaf to.
    let mut command = Command::new("/usr/bin/env");
    command.args(["--default-signal=INT,QUIT,TERM", "script", "-q", "-e", "-c", &line, "/dev/null"]).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh").env("CLEANUP", plain.get_program());
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
