//! A machine that gives the program too little memory: it ends, like whoever is killed, and the next one goes on.

use std::process::Command;

use crate::common::tries::{dice, of_forms, tried};
use crate::common::{Home, RunToEnd, SandboxProcess};
use crate::faults::support::{First, fresh};

/// The same command in a shell that allows it so many KiB of memory of its own.
fn limited(program: &Command, kib: u64) -> Command {
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -d {kib}; exec \"$@\""), "sh"]).arg(program.get_program());
    command.args(program.get_args()).env_clear().current_dir(program.get_current_dir().unwrap());
    command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command
}

#[test]
fn a_run_that_gets_too_little_memory_ends_and_the_next_one_goes_on() {
    let sandbox_home = Home::new();
    let sandbox = SandboxProcess::start(&sandbox_home, &["--limit", "10000/1s", "--faults", "none"]);
    let mut dice = dice();
    let step = of_forms(1_500, 200) as u64;
    let (mut kib, mut deaths, mut tries) = (0, 0, 0);
    loop {
        kib += dice.u64(1..2 * step);
        let home = fresh();
        let done = limited(&First::Run.command(&home, &sandbox), kib).done();
        let what = format!("{kib} KiB: {}: {}", done.code, done.err);
        First::Run.others(&home, &what);
        First::Run.again(&home, &sandbox, &what);
        tries += 1;
        if done.code == 0 {
            break;
        }
        deaths += 1;
        assert!(kib < 4_000_000, "it never had enough");
    }
    assert!(deaths > 1, "{deaths} of {tries}: the test shows nothing");
    tried("too little memory", tries);
}
