//! Every program that this one starts. In: its name. Out: a command without our secrets in its environment. What does not belong
//! here: what it is started for.

use std::ffi::OsStr;
use std::process::Command;

/// All our variables begin so. Some hold keys and tokens, and which ones do changes; so a child gets none of them, but for what its
/// caller sets.
const OURS: &str = "CLEANUP_";

/// A program to start. No other place makes a [`Command`], which a test looks after.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os() {
        if name.as_encoded_bytes().starts_with(OURS.as_bytes()) {
            command.env_remove(name);
        }
    }
    command
}
