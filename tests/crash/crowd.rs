//! Ten processes at one queue and one account, and people who pause, cancel, retry and look at random moments: one drains, the others are told
//! so, and the limit holds.

use std::process::{Child, Stdio};
use std::time::Duration;

use crate::common::tries::{of_forms, tried, try_each};
use crate::common::{Home, RunToEnd, SandboxProcess, ids};
use crate::crash::judge;

const LIMIT: &str = "120/2s";
const ROWS: u64 = 400;

const COMMANDS: [&[&str]; 8] = [
    &["pause", "unfollow"],
    &["unpause", "unfollow"],
    &["status", "--json"],
    &["report", "unfollow"],
    &["retry", "unfollow"],
    &["load", "unfollow.csv"],
    &["audit", "--rate", LIMIT],
    &["explain", "1000000000000000007"],
];

fn begin(home: &Home, sandbox: &SandboxProcess) -> Child {
    let mut run = home.against(sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", LIMIT]);
    run.args(["--pace", "front-load", "--workers", "12", "--progress", "none"]);
    run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

#[test]
fn ten_processes_and_commands_at_random_keep_to_one_limit() {
    let deeds = 40;
    let rounds = try_each(of_forms(1, 50), 2, |seed| {
        let mut dice = fastrand::Rng::with_seed(seed);
        let round = format!("seed {seed}");
        let home = Home::new();
        home.write("unfollow.csv", ids(ROWS));
        let sandbox = SandboxProcess::start(&home, &["--limit", LIMIT, "--faults", "none", "--latency", "10ms"]);
        let mut runs: Vec<Child> = (0..10).map(|_| begin(&home, &sandbox)).collect();
        for _ in 0..deeds {
            std::thread::sleep(Duration::from_millis(dice.u64(1..60)));
            if dice.u8(..5) == 0 {
                let mut ended = runs.swap_remove(dice.usize(..runs.len()));
                ended.kill().unwrap();
                ended.wait().unwrap();
                runs.push(begin(&home, &sandbox));
                continue;
            }
            let words = COMMANDS[dice.usize(..COMMANDS.len())];
            let said = home.against(&sandbox, words).done();
            // A pause of a job that has ended is refused, a look at one that is not there yet, and a load beside another of the same file.
            assert!(matches!(said.code, 0 | 2 | 65 | 75), "{round}: {words:?}: {} {}", said.code, said.err);
        }
        for mut run in runs {
            run.kill().unwrap();
            run.wait().unwrap();
        }
        home.against(&sandbox, ["unpause", "unfollow"]).done();
        let last = begin(&home, &sandbox).wait().unwrap();
        assert_eq!(last.code(), Some(0), "{round}");
        judge(&home, &sandbox, ROWS, 120, &round);
    });
    tried("ten processes at one queue, commands and kills at random", rounds * deeds);
}
