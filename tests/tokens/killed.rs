//! The real program, killed at every step of a refresh.

use std::process::{Command, Stdio};
use std::time::Duration;

use cleanup::sandbox::{Sandbox, TokenFault};

use crate::common::{Home, PROGRAM, RunToEnd, SandboxProcess, USER, ids};
use crate::tokens::bench::{APP, Bench, id, run, start_sandbox, target, trouble};

const HANG_GUARD: Duration = Duration::from_secs(120);
const ROWS: u64 = 12;

/// An account whose token has ended and one whose token is good, and rows for both. (Of two that are refreshed at once, a
/// death at a step of the one may be a loss to the other as well.)
fn prepare(sandbox: &Sandbox) -> Bench {
    let bench = Bench::new(&sandbox.base_url(), &sandbox.base_url());
    run(async {
        bench.log_in_long_ago("anna", 1).await;
        bench.log_in("bert", 2).await;
        let of = |name, from| (from..from + ROWS).map(move |n| ("unmute", name, target(n)));
        bench.load(&of("anna", 0).chain(of("bert", 100)).collect::<Vec<_>>()).await;
    });
    bench
}

fn resume(bench: &Bench) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["resume", "--yes", "--json", "--rate", "500/1s", "--pace", "front-load", "--progress", "none"]);
    command.env_clear().env("HOME", bench.folder.path()).env("CLEANUP_X_API", &bench.at);
    command.env("CLEANUP_X_CLIENT_ID", APP).stdin(Stdio::null());
    command
}

/// After a death: either all goes on, or the account that was refreshed stops, named with its login, and the other finishes.
fn judge(bench: &Bench, sandbox: &Sandbox, may_stop: bool, what: &str) {
    let second = resume(bench).done();
    let (said, end) = (&second.err, second.json());
    let oauth = sandbox.oauth_ledger();
    assert!(oauth.most_arrivals <= 2, "{what}: {oauth:?}");
    if second.code == 77 {
        assert!(may_stop, "{what}: {said}");
        assert!(said.contains("cleanup account login anna") && !said.contains("login bert"), "{what}: {said}");
        assert_eq!((end["jobs"][0]["done"].as_u64(), end["jobs"][0]["pending"].as_u64()), (Some(ROWS), Some(ROWS)));
        run(bench.log_in("anna", 1));
        let third = resume(bench).done();
        assert_eq!(third.code, 0, "{what}: {}", third.err);
        assert_eq!(third.json()["jobs"][0]["done"], 2 * ROWS, "{what}");
    } else {
        assert!(!may_stop, "{what}: the server has used the token up, and nobody noticed: {said}");
        assert_eq!((second.code, &end["jobs"][0]["done"]), (0, &(2 * ROWS).into()), "{what}: {said}");
        assert_eq!(oauth.reused, 0, "{what}: {oauth:?}");
    }
    for user in [1, 2] {
        let effects = sandbox.effects(id(user));
        assert_eq!(effects.iter().filter(|effect| effect.applied > 0).count() as u64, ROWS, "{what}: nothing is lost");
    }
    let ledger = sandbox.ledger();
    assert!(ledger.users.values().all(|user| user.earned_429 == 0 && user.max_in_window <= 500), "{what}: {ledger:?}");
}

#[test]
fn a_death_at_every_step_of_a_refresh() {
    for step in ["before-refresh-mark", "after-refresh-mark", "before-refresh-save", "after-refresh-save"] {
        let sandbox = start_sandbox();
        let bench = prepare(&sandbox);
        let first = resume(&bench).env("CLEANUP_FAILPOINT", format!("{step}:1")).done();
        assert_eq!(first.exited(), None, "{step}: it was to die: {}", first.err);
        judge(&bench, &sandbox, step == "before-refresh-save", step);
    }
}

#[test]
fn a_kill_while_the_server_has_the_refresh_token() {
    for (fault, may_stop) in [(TokenFault::HangBefore, false), (TokenFault::HangAfter, true)] {
        let sandbox = start_sandbox();
        let bench = prepare(&sandbox);
        sandbox.fault_tokens([fault]);
        let mut child = resume(&bench).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = std::time::Instant::now();
        // One account hangs with its refresh, and the other goes on.
        while (sandbox.effects(id(2)).len() as u64) < ROWS || sandbox.oauth_ledger().most_arrivals == 0 {
            assert!(begun.elapsed() < HANG_GUARD, "{fault:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(sandbox.oauth_ledger().most_arrivals, 1);
        child.kill().unwrap();
        child.wait().unwrap();
        judge(&bench, &sandbox, may_stop, &format!("{fault:?}"));
    }
}

#[test]
fn a_rejected_variable_is_named() {
    let home = Home::new();
    home.write("unmute.csv", ids(5));
    let sandbox = SandboxProcess::start(&home, &["--limit", "100/1s", "--faults", "none"]);
    run(trouble(&sandbox.url, USER, "revoke"));
    let ended = home.against(&sandbox, ["run", "unmute.csv", "--yes", "--json", "--progress", "none"]).done();
    let said = &ended.err;
    assert_eq!(ended.code, 77, "{said}");
    assert!(said.contains("the token in CLEANUP_X_TOKEN") && !said.contains("account login"), "{said}");
    assert_eq!(ended.json()["jobs"][0]["pending"], 5);
    assert_eq!(sandbox.ledger().requests, 1);
}
