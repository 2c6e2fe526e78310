//! What these tests share.

use std::process::Command;

use serde_json::Value;

use crate::common::contract::judge;
use crate::common::{Done, Home, RunToEnd, USER};

/// The program with a known user and nothing to reach: for commands that never use the network.
pub fn offline<const N: usize>(home: &Home, args: [&str; N]) -> Command {
    let mut command = home.cleanup(args);
    command.env("CLEANUP_X_USER_ID", USER);
    command
}

pub fn output<const N: usize>(home: &Home, args: [&str; N]) -> Done {
    offline(home, args).done()
}

/// Refused with this code, these words on stderr, and nothing in the queue.
pub fn refused(home: &Home, command: &mut Command, exit: i32, words: &[&str]) -> Done {
    let output = command.done();
    let said = &output.err;
    assert_eq!(output.code, exit, "{command:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{command:?}: {word:?} is missing:\n{said}");
    }
    assert!(said.lines().any(|line| line.starts_with("hint: ")), "no remedy: {said}");
    assert_eq!(jobs(home), Value::Array(Vec::new()), "{command:?}: nothing is queued");
    output
}

/// The queue's jobs.
pub fn jobs(home: &Home) -> Value {
    let status = output(home, ["status", "--json"]).ends(0);
    status.json()["jobs"].clone()
}

/// The JSON of `run --json`: the keys of the contract and no others, in its order, and the process's own exit code.
pub fn contract(output: &Done) -> Value {
    let end = output.json();
    judge(&end, output.code);
    end
}
