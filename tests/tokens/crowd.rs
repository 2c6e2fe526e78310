//! Ten processes that find the same token ended at the same moment: the server takes a refresh token once, and takes the whole login back when
//! it comes again.

use std::process::{Child, Command, Stdio};

use crate::common::tries::{of_forms, tried, try_each};
use crate::common::{PROGRAM, RunToEnd};
use crate::tokens::bench::{APP, Bench, run, start_sandbox};

const PROCESSES: usize = 10;

fn check(bench: &Bench) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["account", "check", "anna"]).env_clear().env("HOME", bench.folder.path());
    command.env("CLEANUP_X_API", &bench.at).env("CLEANUP_X_CLIENT_ID", APP).stdin(Stdio::null());
    command
}

#[test]
fn ten_processes_refresh_a_login_once() {
    let rounds = try_each(of_forms(2, 200), 1, |seed| {
        let sandbox = start_sandbox();
        let bench = Bench::new(&sandbox.base_url(), &sandbox.base_url());
        run(bench.log_in_long_ago("anna", 1));
        let begin = |_| check(&bench).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let processes: Vec<Child> = (0..PROCESSES).map(begin).collect();
        for mut process in processes {
            assert_eq!(process.wait().unwrap().code(), Some(0), "seed {seed}");
        }
        let oauth = sandbox.oauth_ledger();
        assert_eq!((oauth.refreshed, oauth.most_arrivals, oauth.reused), (1, 1, 0), "seed {seed}: {oauth:?}");
        check(&bench).done().ends(0);
    });
    tried("ten processes that refresh one login", rounds * PROCESSES);
}
