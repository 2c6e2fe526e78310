//! The wall clock jumps between runs. The limit counts by boot-time, which nobody can set.

use std::path::PathBuf;

use crate::common::tries::tried;
use crate::common::{Home, RunToEnd, SandboxProcess, ids, sql};

/// Debian's package `faketime`.
fn faketime() -> Option<PathBuf> {
    let folders =
        ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib"];
    folders.into_iter().map(|folder| PathBuf::from(folder).join("faketime/libfaketime.so.1")).find(|path| path.exists())
}

/// When the last attempt ended by the program's own wall clock, in milliseconds.
fn last_attempt_at(home: &Home) -> i64 {
    sql::number(home.queue(), "select reserved_at from attempt order by id desc limit 1")
}

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// What faketime is told, and what that is in hours: an hour, a day, about 1970, about 2038, about 9999, and right in between.
const OFFSETS: [(&str, i64); 9] = [
    ("+0", 0),
    ("+1h", 1),
    ("-1h", -1),
    ("+1d", 24),
    ("-20400d", -20_400 * 24),
    ("+0", 0),
    ("+4100d", 4_100 * 24),
    ("+2911000d", 2_911_000 * 24),
    ("-1d", -24),
];

#[test]
fn a_clock_that_is_wrong_by_an_hour_or_by_ages_between_runs() {
    let Some(library) = faketime() else {
        eprintln!(
            "SKIPPED: the wall clock was not set, for libfaketime is not here (Debian: apt-get install faketime)"
        );
        return;
    };
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", "20/4s", "--faults", "none"]);
    home.write("unfollow.csv", ids(15 * OFFSETS.len() as u64));
    const HOUR_MS: i64 = 3_600_000;
    for (offset, hours) in OFFSETS {
        let args = ["run", "unfollow.csv", "--yes", "--json", "--rate", "20/4s", "--pace", "front-load"];
        let mut command = home.against(&sandbox, args);
        command.args(["--progress", "none", "--max-requests", "15"]);
        // Only the wall clock is bent: tokio's clock is left alone here, and boot-time is asked of the kernel itself.
        command.env("LD_PRELOAD", &library).env("FAKETIME", offset).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        let output = command.done();
        let end = output.summary();
        assert_eq!(end["requests"], 15, "{offset}: {end}\n{}", output.err);
        assert!(matches!(output.code, 0 | 4), "{offset}: {end}");
        let skew = last_attempt_at(&home) - now() - hours * HOUR_MS;
        assert!(skew.abs() < HOUR_MS / 2, "the program saw the bent clock: {offset}, off by {skew} ms");
        let ledger = sandbox.ledger();
        assert!(ledger.max_in_window <= 20, "{offset}: {ledger:?}");
        assert_eq!(ledger.earned_429, 0, "{offset}: {ledger:?}");
    }
    assert_eq!(sandbox.effects().len(), 15 * OFFSETS.len());
    tried("a clock that is wrong, between runs", OFFSETS.len());
    assert_eq!(sandbox.ledger().repeats, 0);
    // The record is judged by boot-time too: 15 of an hour ago and 15 of now were one window.
    home.cleanup(["audit", "--rate", "20/4s"]).done().ends(0);
}
