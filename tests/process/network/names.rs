//! A platform whose name nobody can tell the address of, and a network of nothing but this machine.

use std::process::Command;

use crate::common::tls_front::AUTHORITY;
use crate::common::tries::tried;
use crate::common::{Home, RunToEnd, SandboxProcess, ids};

const ROWS: u64 = 3;
const NOWHERE: &str = "https://api.nowhere.test";

/// The same program without any network but loopback, and that is down; none where this machine lets nobody have one.
fn alone(program: &Command) -> Option<Command> {
    for flags in ["-n", "-rn"] {
        if !Command::new("unshare").args([flags, "true"]).output().is_ok_and(|output| output.status.success()) {
            continue;
        }
        let mut command = Command::new("unshare");
        command.arg(flags).arg(program.get_program()).args(program.get_args()).env_clear();
        command.current_dir(program.get_current_dir().unwrap());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
        return Some(command);
    }
    eprintln!(
        "SKIPPED: no run was without a network, for this machine lets nobody have one of his own (unshare -n, unshare -rn)"
    );
    None
}

#[test]
fn a_name_that_has_no_address_fails_no_row() {
    let home = Home::new();
    home.write("unfollow.csv", ids(ROWS));
    let sandbox = SandboxProcess::start(&home, &["--limit", "1000/1s", "--faults", "none"]);
    let nowhere = |words: &[&str]| {
        let mut program = home.against(&sandbox, words);
        program.env("CLEANUP_X_API", NOWHERE).env("SSL_CERT_FILE", AUTHORITY);
        alone(&program).map(|mut command| command.done())
    };
    let run = ["run", "unfollow.csv", "--yes", "--json", "--rate", "1000/1s", "--give-up-after", "1ms"];
    let Some(done) = nowhere(&run) else { return };
    assert_eq!(done.code, 69, "{}{}", done.out, done.err);
    let end = done.summary();
    assert_eq!((&end["stopped"], &end["requests"]), (&"unreachable".into(), &0.into()), "{end}");
    assert_eq!((&end["jobs"][0]["pending"], &end["jobs"][0]["failed"]), (&ROWS.into(), &0.into()), "{end}");
    assert!(done.err.contains("dns error"), "{}", done.err);
    // Whoever only looks, or reads, is told the same.
    for words in [&["list", "following", "--give-up-after", "1ms"][..], &["account", "check"]] {
        let done = nowhere(words).unwrap();
        assert_eq!(done.code, 69, "{words:?}: {}{}", done.out, done.err);
        assert!((done.out.clone() + &done.err).contains("dns error"), "{words:?}: {}{}", done.out, done.err);
    }
    let again = home.against(&sandbox, run).done().ends(0);
    assert_eq!((&again.summary()["jobs"][0]["done"], sandbox.requests()), (&ROWS.into(), ROWS), "{}", again.err);
    tried("a name without an address", 3);
}
