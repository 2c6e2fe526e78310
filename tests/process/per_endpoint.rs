//! `--per endpoint` against a platform that counts every endpoint by itself: each action has a window of its own, and the audit counts
//! so too.

use crate::common::{Home, RunToEnd, SandboxProcess};

/// So many rows of each of two actions.
const ROWS: u64 = 5;

fn mixed() -> String {
    let rows = (0..2 * ROWS).map(|n| {
        let action = if n % 2 == 0 { "unmute" } else { "unfollow" };
        format!("{},{action}\n", 1_000_000_000_000_000_007 + n * 7_919_000_001)
    });
    "user_id,action\n".to_owned() + &rows.collect::<String>()
}

#[test]
fn every_action_has_a_window_of_its_own() {
    let home = Home::new();
    // The platform has room for all of it, but not for more than five of one action.
    let limits = ["--limit", "1000/1h", "--endpoint-limit", "5/1h", "--faults", "none"];
    let sandbox = SandboxProcess::start(&home, &limits);
    home.write("mixed.csv", mixed());
    let run = |more: &[&str]| {
        let words = ["run", "mixed.csv", "--yes", "--json", "--rate", "5/1h", "--pace", "front-load", "--for", "10m"];
        home.against(&sandbox, [&words[..], more].concat()).done()
    };
    let together = run(&["--per", "account"]).ends(4);
    assert_eq!(together.json()["jobs"][0]["done"], ROWS, "one window for both of them");
    let apart = run(&["--per", "endpoint"]).ends(0);
    assert_eq!(apart.json()["jobs"][0]["done"], 2 * ROWS, "{}", apart.out);
    let ledger = sandbox.ledger();
    assert_eq!(
        (ledger.requests, ledger.earned_429, sandbox.effects().len() as u64),
        (2 * ROWS, 0, 2 * ROWS),
        "{ledger:?}"
    );
    // A sixth of either has no room, before it leaves.
    home.write("more.csv", "user_id,action\n2000000000000000001,unmute\n2000000000000000002,unfollow\n");
    let words = ["run", "more.csv", "--yes", "--json", "--rate", "5/1h", "--per", "endpoint", "--for", "10m"];
    let more = home.against(&sandbox, words).done();
    assert_eq!((more.code, &more.json()["requests"]), (4, &0.into()), "{}", more.err);
    // Each request is judged by the windows of its own run, and those were two kinds.
    let audit = home.against(&sandbox, ["audit"]).done().ends(0);
    assert!(audit.out.contains("5/1h (the limit of that time): fullest 5 of 5"), "{}", audit.out);
    let is_full = |action: &str| audit.out.contains(&format!("5/1h {action} (the limit of that time): fullest 5 of 5"));
    assert!(is_full("unmute") || is_full("unfollow"), "{}", audit.out);
    let together = home.against(&sandbox, ["audit", "--rate", "5/1h", "--per", "account"]).done();
    assert!(together.code == 1 && together.out.contains("fullest 10 of 5"), "{}", together.out);
}
