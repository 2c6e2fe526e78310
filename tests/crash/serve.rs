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
