//! A login at a server, by a password that is exchanged for tokens, killed at any of its system calls: it is there as a whole or not at all, and
//! typed once more it works.

use std::ops::ControlFlow;

use cleanup::sandbox::Sandbox;

use crate::common::strace::{Fault, Injection, Search, WRITING, inject};
use crate::common::tries::tried;
use crate::common::{Home, RunToEnd, SandboxProcess, USER};
use crate::faults::support::typed;

const STEP: usize = 18;
/// A server takes 30 logins in five minutes; each try has two at most.
const TRIES_AT_ONE_SERVER: usize = 14;

fn killed_at(call: &str, nth: usize, sandbox: &SandboxProcess) -> ControlFlow<()> {
    let (home, scratch) = (Home::new(), tempfile::tempdir().unwrap());
    let host = sandbox.url.trim_start_matches("http://");
    let add = || home.cleanup(["account", "add", "sky", "--platform", "bluesky", "--host", host]);
    let feed = format!("{}\n{}\n", Sandbox::bluesky_did(USER.parse().unwrap()), Sandbox::app_password());
    let injection = Injection { call, nth, fault: Fault::Kill, only: &[] };
    let killed = inject(&add(), &feed, &injection, scratch.path());
    let what = format!("killed before {call} number {nth}");
    // Whoever looks finds a queue, with the account or without it.
    let listed = home.run(&["account", "list", "--json"]).ends(0).json();
    let accounts = listed["accounts"].as_array().unwrap().len();
    assert!(accounts <= 1, "{what}: {listed}");
    if accounts == 1 {
        let check = home.run(&["account", "check", "sky"]);
        assert_eq!(check.code, 0, "{what}: it is there and does not work: {}", check.err);
    }
    let again = typed(add(), &feed);
    assert_eq!(again.code, 0, "{what}: {}", again.err);
    home.run(&["account", "check", "sky"]).ends(0);
    let doctor = home.cleanup(["doctor"]).done();
    assert!(doctor.out.contains("queue: not damaged, and every counter is right"), "{what}: {}", doctor.out);
    if killed.hit.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

#[test]
fn a_login_that_is_killed_anywhere_is_whole_or_was_none() {
    let start = || SandboxProcess::start(&Home::new(), &["--limit", "10000/1s", "--faults", "none"]);
    let (mut search, mut kills) = (Search::new(), 0);
    let (mut sandbox, mut tries) = (start(), 0);
    for call in WRITING {
        kills += search.until_none_is_hit(STEP, |nth| {
            tries += 1;
            if tries % TRIES_AT_ONE_SERVER == 0 {
                sandbox = start();
            }
            killed_at(call, nth, &sandbox)
        });
    }
    assert!(kills > 0, "no call was hit, and the test shows nothing");
    tried(&format!("{}, login", Fault::Kill.words()), kills);
}
