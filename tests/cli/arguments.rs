//! What people type.

use std::process::{Command, Stdio};

use super::program::queue_with_rows;
use crate::common::{Home, PROGRAM};

#[test]
fn help_and_version_are_data() {
    let home = Home::new();
    let help = home.run(&["--help"]).ends(0);
    for word in ["run", "resume", "load", "check", "status", "report", "retry", "explain", "audit", "forget", "sandbox"]
    {
        assert!(help.out.contains(&format!("\n  {word} ")), "{word}: {}", help.out);
    }
    assert!(help.out.contains("Examples:") && help.err.is_empty());
    assert!(home.run(&["--version"]).ends(0).out.starts_with("cleanup "));
    for command in ["run", "resume", "load", "check", "status", "report", "forget", "sandbox", "explain", "import"] {
        let help = home.run(&[command, "--help"]).ends(0);
        assert!(help.out.contains("Examples:") && help.out.contains("Global options:"), "{command}: {}", help.out);
    }
}

#[test]
fn nothing_and_nonsense_are_usage_errors() {
    let home = Home::new();
    assert!(home.run(&[]).ends(2).err.contains("Usage"));
    let unknown = home.run(&["statsu"]).ends(2);
    assert!(unknown.err.contains("status") && unknown.out.is_empty(), "{}", unknown.err);
    assert!(home.run(&["run"]).ends(2).err.contains("FILE"));
    assert!(home.run(&["surgeon"]).ends(2).err.contains("surgeon"));
}

#[test]
fn every_bad_value_is_refused_with_the_remedy() {
    let home = Home::new();
    for (words, remedy) in [
        (&["run", "a.csv", "--action", "unfolow"][..], "unfollow"),
        (&["run", "a.csv", "--platform", "x"], "x-v2"),
        (&["run", "a.csv", "--account", "a b"], "64 characters"),
        (&["run", "a.csv", "--rate", "50"], "50/15m"),
        (&["run", "a.csv", "--rate", "0/15m"], "50/15m"),
        (&["run", "a.csv", "--rate", "50/0s"], "50/15m"),
        (&["run", "a.csv", "--rate", "1000000000000/1ms"], "50/15m"),
        (&["run", "a.csv", "--rate", "50/1ms"], "50/15m"),
        (&["run", "a.csv", "--pace", "fast"], "front-load"),
        (&["run", "a.csv", "--workers", "0"], "1..=1024"),
        (&["run", "a.csv", "--workers", "1025"], "1..=1024"),
        (&["run", "a.csv", "--workers", "1000000"], "1..=1024"),
        (&["run", "a.csv", "--until", "25:00"], "06:00"),
        (&["run", "a.csv", "--for", "soon"], "10m"),
        (&["run", "a.csv", "--for", "4h", "--until", "06:00"], "cannot be used with"),
        (&["run", "a.csv", "--max-requests", "0"], "1.."),
        (&["run", "a.csv", "--max-spend", "0"], "more than 0"),
        (&["run", "a.csv", "--max-spend", "five"], "5.00"),
        (&["run", "a.csv", "--give-up-after", "0s"], "longer than 0"),
        (&["run", "a.csv", "--progress", "dots"], "plain"),
        (&["run", "a.csv", "b.csv", "--job", "x"], "one file at a time"),
        (&["run", "-"], "--job NAME"),
        (&["load", "a.csv", "--job", ""], "1 to 128"),
        (&["check", "a.csv", "--sandbox", "--platform", "x-v1"], "one of them"),
        (&["status", "--db", "mysql://localhost/q"], "postgres://"),
        (&["status", "--color", "blue"], "never"),
        (&["status", "--log-format", "xml"], "json"),
        (&["status", "-q", "-v"], "cannot be used with"),
        (&["report"], "JOB"),
        (&["report", "x", "--format", "xml"], "jsonl"),
        (&["report", "x", "--round", "0"], "1.."),
        (&["explain", "ada"], "@name"),
        (&["forget"], "JOB"),
        (&["forget", "x", "--older-than", "90d"], "cannot be used with"),
        (&["forget", "--older-than", "90"], "90d"),
        (&["sandbox", "--listen", "0.0.0.0:80"], "127.0.0.1"),
        (&["sandbox", "--latency", "x"], "10m"),
        (&["completions", "tcsh"], "bash"),
    ] {
        let done = home.run(words).ends(2);
        assert!(done.err.contains(remedy), "{words:?}: {}", done.err);
        assert!(done.out.is_empty(), "{words:?}");
    }
    assert!(std::fs::read_dir(home.path(".")).unwrap().next().is_none(), "nothing was made");
}

#[test]
fn aliases_of_actions_are_understood() {
    let home = Home::new();
    for alias in ["unretweet", "delete", "DELETE-POST", "delete_post"] {
        let done = home.run(&["check", "a.csv", "--action", alias]);
        assert_ne!(done.code, 2, "{alias}: {}", done.err);
    }
}

#[test]
fn completions_for_every_shell() {
    let home = Home::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let done = home.run(&["completions", shell]).ends(0);
        assert!(done.out.contains("give-up-after") && done.err.is_empty(), "{shell}");
    }
}

#[test]
fn the_manual_names_every_command() {
    let done = Home::new().run(&["man"]).ends(0);
    assert!(done.out.contains(".TH cleanup 1"), "{}", &done.out[..200]);
    for command in ["run", "status", "report", "audit", "sandbox"] {
        assert!(done.out.contains(&format!(".TH cleanup-{command} 1")), "{command}");
    }
    // No page refers to one that is not there.
    let pages: Vec<&str> = done.out.lines().filter_map(|line| line.strip_prefix(".TH ")?.split(' ').next()).collect();
    let refers = |line: &str| -> Option<String> { Some(line.strip_suffix("(1)")?.replace("\\-", "-")) };
    let named: Vec<String> = done.out.lines().filter_map(refers).filter(|name| !name.ends_with("-help")).collect();
    assert!(named.len() > 40, "{named:?}");
    for name in &named {
        assert!(pages.contains(&name.as_str()), "{name} has no page: {pages:?}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_command_by_itself() {
    let home = Home::new();
    for (words, title) in
        [(&["man", "run"][..], "cleanup-run"), (&["man", "account", "login"], "cleanup-account-login")]
    {
        let done = home.run(words).ends(0);
        assert_eq!(done.out.matches(".TH ").count(), 1, "{}", done.out);
        assert!(
            done.out.contains(&format!(".TH {title} 1")) && done.out.contains("cleanup man COMMAND"),
            "{}",
            done.out
        );
    }
    let done = home.run(&["man", "rnu"]).ends(2);
    assert!(done.err.contains("no command `rnu`") && done.err.contains("cleanup --help") && done.out.is_empty());
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = Home::new();
    queue_with_rows(home.queue(), "many", 20_000);
    for words in [&["completions", "zsh"][..], &["report", "many"], &["report", "many", "--format", "json"]] {
        let mut command = Command::new(PROGRAM);
        command.args(words).env_clear().env("HOME", home.path(".")).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(output.stderr.is_empty() && output.status.code() == Some(0), "{words:?}: {output:?}");
    }
}
