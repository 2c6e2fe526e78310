//! Commands that messages show are typed as they stand there, and files, accounts and jobs have the names that strangers gave them: in a
//! shell each such command starts one program, this one.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::common::{Home, RunToEnd, SandboxProcess};

/// What a name of a file has a shell do where nobody quotes it; what an account's may have in it, without spaces, quotes and `;`.
const FILE: &str = "un$(touch evil);touch evil;follow.csv";
const ACCOUNT: &str = "a$(touch${IFS}evil)|touch${IFS}evil&";

/// Types every command that is shown between backticks into a shell whose `cleanup` does nothing; how many there were.
fn type_all(home: &Home, said: &str) -> usize {
    let commands: Vec<&str> = said.split('`').skip(1).step_by(2).filter(|part| part.starts_with("cleanup ")).collect();
    for command in &commands {
        let path = format!("{}:/usr/bin:/bin", home.path("bin").display());
        let mut shell = Command::new("/bin/sh");
        shell.arg("-c").arg(command).current_dir(home.folder.path()).env_clear().env("PATH", path);
        shell.output().unwrap();
        assert!(!home.path("evil").exists(), "{command}");
    }
    commands.len()
}

#[test]
fn what_is_typed_starts_nothing_that_a_name_asks_for() {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &[]);
    let program = home.write("bin/cleanup", "#!/bin/sh\n");
    std::fs::set_permissions(program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let said = |words: &[&str]| {
        let done = home.against(&sandbox, words).done();
        done.out + &done.err
    };
    let unusable = home.write(FILE, "target_id\nnothing\n");
    for words in [&["check", FILE][..], &["load", FILE], &["run", FILE, "--yes"], &["run", FILE, "--yes", "--strict"]] {
        type_all(&home, &said(&[words, &["--action", "unfollow"]].concat()));
    }
    assert!(type_all(&home, &said(&["load", FILE, "--action", "unfollow"])) > 0);
    std::fs::write(&unusable, "target_id\n1629556410996121225\nnothing\n").unwrap();
    assert!(type_all(&home, &said(&["load", FILE, "--action", "unfollow", "--strict"])) > 0);
    assert!(type_all(&home, &said(&["load", FILE, "--action", "unfollow"])) > 0);
    type_all(&home, &said(&["load", FILE, "--action", "unlike"]));
    type_all(&home, &said(&["status"]));
    type_all(&home, &said(&["load", FILE, "--action", "unfollow", "--account", ACCOUNT]));
    assert!(type_all(&home, &said(&["account", "check", ACCOUNT])) > 0);
    let mut add = home.against(&sandbox, ["account", "add", ACCOUNT, "--user-id", "77"]);
    type_all(&home, &add.fed("no-token-of-anybody\n").ends(0).err);
    let alone = |words: &[&str]| {
        let done = home.against(&sandbox, words).env_remove("CLEANUP_X_TOKEN").env_remove("CLEANUP_X_USER_ID").done();
        done.out + &done.err
    };
    assert!(type_all(&home, &alone(&["account", "check"])) > 0);
    assert!(type_all(&home, &alone(&["list", "likes", "--account", ACCOUNT])) > 0);
    home.write("unmute.csv", "target_id\n1629556410996121225\n");
    type_all(&home, &alone(&["run", "unmute.csv", "--yes", "--account", ACCOUNT]));
    assert!(type_all(&home, &alone(&["run", "unmute.csv", "--yes", "--account", ACCOUNT])) > 0);
    for words in [&["status"][..], &["doctor"], &["account", "list"], &["account", "logout", ACCOUNT]] {
        type_all(&home, &alone(words));
    }
    assert!(type_all(&home, &alone(&["resume", "--yes"])) > 0);
}
