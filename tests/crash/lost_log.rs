//! A process is killed, and the write-ahead log beside its queue is deleted: the queue is older than what was sent. No window goes over its
//! limit, and every row comes to its end.

use crate::common::{Home, RunToEnd, SandboxProcess, ids};

#[test]
fn without_its_log_every_window_counts_as_full() {
    let home = Home::new();
    home.write("unfollow.csv", ids(250));
    let sandbox = SandboxProcess::start(&home, &["--limit", "100/3s", "--faults", "none"]);
    let run = |failpoint: &str, more: &[&str]| {
        let mut run = home.against(&sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", "100/3s"]);
        run.args(["--pace", "front-load", "--workers", "8", "--progress", "none"]).args(more);
        run.env("CLEANUP_FAILPOINT", failpoint).done()
    };
    // What is on record of an earlier window says nothing of what is lost.
    run("", &["--max-requests", "100"]).ends(4);
    let killed = run("after-commit:20", &[]);
    assert_eq!(killed.exited(), None, "{}", killed.err);
    let sent = sandbox.ledger().requests - 100;
    assert!(sent >= 20, "{sent} requests were sent: the test shows nothing");
    for ending in ["-wal", "-shm"] {
        std::fs::remove_file(format!("{}{ending}", home.queue_file().display())).unwrap();
    }
    let last = run("", &[]).ends(0);
    assert!(last.err.contains("the write-ahead log (-wal) of this queue is gone"), "{}", last.err);
    let ledger = sandbox.ledger();
    assert!(ledger.repeats > 0, "nothing was forgotten: the test shows nothing");
    assert!(ledger.repeats <= sent && ledger.earned_429 == 0 && ledger.max_in_window <= 100, "{ledger:?}");
    assert_eq!((last.json()["jobs"][0]["done"].as_u64(), sandbox.effects().len()), (Some(250), 250));
    let again = home.cleanup(["run", "unfollow.csv", "--yes", "--progress", "none"]).done();
    assert!(!again.err.contains("write-ahead"), "it is told once: {}", again.err);
}
