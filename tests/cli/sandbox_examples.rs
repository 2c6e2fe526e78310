//! What `cleanup sandbox` says when it is up: a command for each platform, which a shell takes as it stands.

use std::process::Command;

use cleanup::domain::Platform;

use crate::common::running::Running;
use crate::common::{Home, PROGRAM, RunToEnd, ids};

/// `cleanup` is the program of these tests, whatever the machine has.
fn in_a_shell(home: &Home, line: &str) -> Command {
    let mut shell = Command::new("/bin/sh");
    let line = line.replace("cleanup ", &format!("{PROGRAM} "));
    shell.args(["-c", &line]).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", home.path("")).env("TZ", "UTC");
    shell.current_dir(home.path(""));
    shell
}

#[test]
fn the_example_of_each_platform_is_taken_as_it_stands() {
    let home = Home::new();
    home.write("unfollow.csv", ids(2));
    let sandbox = Running::start(home.cleanup(["sandbox", "--listen", "127.0.0.1:0", "--faults", "none"]));
    sandbox.hears("Ctrl-C ends it");
    let talk = sandbox.talk();
    for platform in Platform::real() {
        let begin = format!("  {platform}: ");
        let example = talk.lines().find_map(|line| line.strip_prefix(&begin));
        let example = example.unwrap_or_else(|| panic!("nothing of {platform} in\n{talk}"));
        let (file, db) = ("unfollow.csv --yes --pace front-load", format!("{platform}.db"));
        let done = in_a_shell(&home, &example.replace("FILE.csv", file).replace("try.db", &db)).done().ends(0);
        done.says(if example.contains(" run ") { "2 done" } else { "is user" });
    }
}
