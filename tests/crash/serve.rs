//! A server that is killed at random moments, while a schedule's run reads, loads and sends: whoever starts it again has nothing else to do.

use std::time::Duration;

use super::judge;
use crate::common::running::{Running, poll};
use crate::common::tries::{of_forms, tried, try_each};
use crate::common::{Home, RunToEnd, SandboxProcess, ids};
use rustix::process::Signal;

const ROWS: u64 = 400;
const LIMIT: u32 = 100;

#[test]
fn a_server_that_is_killed_at_random_moments_goes_on_with_what_it_ran() {
    // A run is given up at the tenth process that dies of it.
    let kills = 8;
    let worlds = try_each(of_forms(1, 60), 3, |seed| {
        let mut dice = fastrand::Rng::with_seed(seed);
        let home = Home::new();
        home.write("unfollow.csv", ids(ROWS));
        home.write(
            ".config/cleanup/config.toml",
            format!("[run]\npace = \"front-load\"\nworkers = 8\n[[windows]]\nrate = \"{LIMIT}/2s\"\n"),
        );
        let sandbox =
            SandboxProcess::start(&home, &["--limit", &format!("{LIMIT}/2s"), "--faults", "none", "--latency", "5ms"]);
        let add = ["schedule", "add", "nightly", "--cron", "0 2 29 2 *", "unfollow.csv"];
        home.against(&sandbox, add).done().ends(0);
        let serve = || Running::start(home.against(&sandbox, ["serve", "--yes", "--listen", "127.0.0.1:0"]));
        for kill in 0..kills {
            let mut server = serve();
            if kill == 0 {
                server.hears("the dashboard is at");
                home.against(&sandbox, ["schedule", "run", "nightly"]).done().ends(0);
            }
            std::thread::sleep(Duration::from_micros(dice.u64(20_000..900_000)));
            server.child.kill().unwrap();
            server.child.wait().unwrap();
        }
        let sent = sandbox.requests();
        let server = serve();
        poll("every row", || {
            let job = home.cleanup(["status", "--json"]).done().ends(0).json()["jobs"][0].clone();
            (job["done"] == ROWS).then_some(())
        });
        // The run that was asked for once has come to its end, whichever process has brought it there.
        poll("the schedule's run", || {
            let listed = home.cleanup(["schedule", "list", "--json"]).done().ends(0).json();
            let last = &listed["schedules"][0]["last"];
            (last["state"] == "ended" && last["exit_code"] == 0).then_some(())
        });
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), 143);
        let what = format!("seed {seed}");
        assert!(sent < ROWS, "{what}: all was sent before the last kill: the test shows nothing");
        judge(&home, &sandbox, ROWS, LIMIT, &what);
        home.cleanup(["doctor"]).done().says("queue: not damaged, and every counter is right");
    });
    tried("kill -9 at random moments, serve with a schedule", worlds * kills);
}

/// The bounds of one run hold for all processes that work on it, and so does what is told of it.
#[test]
fn what_a_killed_server_has_sent_counts_in_the_run_that_goes_on() {
    const MOST: u64 = 30;
    const AT_ONCE: u64 = 4;
    for bound in [["--max-requests", "30"], ["--max-spend", "0.30"]] {
        let home = Home::new();
        home.write("unfollow.csv", ids(3 * MOST));
        let config = format!(
            "[run]\npace = \"front-load\"\nworkers = {AT_ONCE}\n[prices]\nunfollow = 0.010\n[[windows]]\nrate = \"1000/1s\"\n"
        );
        home.write(".config/cleanup/config.toml", config);
        let sandbox = SandboxProcess::start(&home, &["--limit", "1000/1s", "--faults", "none", "--latency", "100ms"]);
        let add = ["schedule", "add", "nightly", "--cron", "0 2 29 2 *", bound[0], bound[1], "unfollow.csv"];
        home.against(&sandbox, add).done().ends(0);
        let serve = || Running::start(home.against(&sandbox, ["serve", "--yes", "--listen", "127.0.0.1:0"]));
        let mut server = serve();
        server.hears("the dashboard is at");
        home.against(&sandbox, ["schedule", "run", "nightly"]).done().ends(0);
        poll("some requests", || (sandbox.requests() >= MOST / 2).then_some(()));
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        assert!(sandbox.requests() < MOST, "all was sent before the kill: the test shows nothing");
        let server = serve();
        let last = poll("the run's end", || {
            let listed = home.cleanup(["schedule", "list", "--json"]).done().ends(0).json();
            let last = listed["schedules"][0]["last"].clone();
            (last["state"] == "ended").then_some(last)
        });
        server.signal(Signal::TERM);
        assert_eq!(server.wait().code(), 143);
        // What was being sent when the process died may not have left, and where it has, nobody saw what it cost.
        let (sent, told) = (sandbox.requests(), last["requests"].as_u64().unwrap());
        let most = if bound[0] == "--max-spend" { MOST + AT_ONCE } else { MOST };
        assert!((MOST - AT_ONCE..=most).contains(&sent), "{bound:?}: {sent} sent, {last}");
        assert!(told >= sent && told <= MOST + AT_ONCE, "{bound:?}: {sent} sent, {last}");
        let stopped = bound[0].trim_start_matches("--max-");
        assert_eq!(last["stopped"], stopped, "{last}");
    }
}
