//! Ten processes at one queue and one account, and people who pause, cancel, retry, load and look at random moments: one drains, the others are
//! told so, the limit holds, and nothing is sent for what is cancelled.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Child, Stdio};
use std::time::Duration;

use crate::common::tries::{of_forms, tried, try_each};
use crate::common::{Home, RunToEnd, SandboxProcess, id, ids};
use crate::crash::judge_requests;

const LIMIT: &str = "120/2s";
const ROWS: u64 = 400;

/// How many rows of another job there are, which somebody cancels now and then.
const OTHERS: u64 = 40;

const COMMANDS: [&[&str]; 10] = [
    &["cancel", "others"],
    &["load", "others.csv", "--again"],
    &["pause", "unfollow"],
    &["unpause", "unfollow"],
    &["status", "--json"],
    &["report", "unfollow"],
    &["retry", "unfollow"],
    &["load", "unfollow.csv"],
    &["audit", "--rate", LIMIT],
    &["explain", "1000000000000000007"],
];

fn rows_of_others() -> String {
    let rows: String = (ROWS..ROWS + OTHERS).map(|number| format!("unmute,{}\n", id(number))).collect();
    format!("action,user_id\n{rows}")
}

/// A run of the file, or one of all that is in the queue.
fn begin(home: &Home, sandbox: &SandboxProcess, of_file: bool) -> Child {
    let what: &[&str] = if of_file { &["run", "unfollow.csv"] } else { &["resume"] };
    let mut run = home.against(sandbox, what);
    run.args(["--yes", "--json", "--rate", LIMIT, "--pace", "front-load", "--workers", "12", "--progress", "none"]);
    run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// How often each row of the other job was asked for.
fn asked_of_others(sandbox: &SandboxProcess) -> BTreeMap<String, u32> {
    let others: BTreeSet<String> = (ROWS..ROWS + OTHERS).map(|number| id(number).to_string()).collect();
    sandbox.effects().into_iter().filter(|(target, _)| others.contains(target)).collect()
}

#[test]
fn ten_processes_and_commands_at_random_keep_to_one_limit() {
    let deeds = 40;
    let rounds = try_each(of_forms(1, 50), 2, |seed| {
        let mut dice = fastrand::Rng::with_seed(seed);
        let round = format!("seed {seed}");
        let home = Home::new();
        home.write("unfollow.csv", ids(ROWS));
        home.write("others.csv", rows_of_others());
        let sandbox = SandboxProcess::start(&home, &["--limit", LIMIT, "--faults", "none", "--latency", "10ms"]);
        let mut runs: Vec<Child> = (0..10).map(|number| begin(&home, &sandbox, number < 5)).collect();
        for _ in 0..deeds {
            std::thread::sleep(Duration::from_millis(dice.u64(1..60)));
            if dice.u8(..5) == 0 {
                let mut ended = runs.swap_remove(dice.usize(..runs.len()));
                ended.kill().unwrap();
                ended.wait().unwrap();
                runs.push(begin(&home, &sandbox, dice.bool()));
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
        home.against(&sandbox, ["cancel", "others"]).done();
        // What had been sent by the last one that was killed has arrived by now, or it never will.
        let others = asked_of_others(&sandbox);
        for of_file in [true, false] {
            let last = begin(&home, &sandbox, of_file).wait().unwrap();
            assert_eq!(last.code(), Some(0), "{round}");
        }
        assert_eq!(asked_of_others(&sandbox), others, "{round}: a cancelled row was asked for");
        let asked: BTreeSet<String> = sandbox.effects().into_keys().collect();
        let rows: BTreeSet<String> = (0..ROWS).map(|number| id(number).to_string()).collect();
        let none_else: BTreeSet<String> = rows.iter().cloned().chain(others.into_keys()).collect();
        assert_eq!(asked, none_else, "{round}");
        judge_requests(&home, &sandbox, 120, &round);
    });
    tried("ten processes at one queue, commands and kills at random", rounds * deeds);
}
