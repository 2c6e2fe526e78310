//! A run, from its first command or with a queue that others have worked on. What is known of the moment of a cut is what the recorded process
//! had sent and said by then; what comes after it is counted by the sandbox.

use std::collections::BTreeSet;

use super::disk::PowerCut;
use super::recording::Recording;
use crate::common::boot::Boots;
use crate::common::tries::{dice, of_forms, tried};
use crate::common::{Done, Home, RunToEnd, SandboxProcess, ids};

const ROWS: u64 = 60;
/// So many requests a window; the recorded run has used up `SENT` of them, and some of what is left are for whoever comes after it.
const LIMIT: u64 = 40;
const SENT: u64 = 25;
const WORKERS: usize = 4;

fn platform(home: &Home) -> SandboxProcess {
    SandboxProcess::start(home, &["--limit", "100000/1s", "--faults", "none"])
}

fn run(home: &Home, sandbox: &SandboxProcess, rate: &str, more: &[&str]) -> std::process::Command {
    let mut command = home.against(sandbox, ["run", "unfollow.csv", "--yes", "--json", "--rate", rate]);
    command.args(["--pace", "front-load", "--workers", &WORKERS.to_string(), "--progress", "none"]).args(more);
    command
}

fn limited() -> String {
    format!("{LIMIT}/1h")
}

/// The targets of the requests in what was sent.
fn targets_sent(sent: &str) -> Vec<String> {
    let requests = sent.split("DELETE /2/users/").skip(1);
    requests.map(|text| text.split(['/', ' ']).nth(2).unwrap().to_owned()).collect()
}

/// The targets of the rows whose outcome was told.
fn targets_told(said: &str) -> BTreeSet<String> {
    let lines = said.lines().filter(|line| line.contains("a row has its outcome"));
    let target = |line: &str| line.split_once("target=").unwrap().1.split(' ').next().unwrap().to_owned();
    lines.map(target).collect()
}

/// What a process that was killed before the recorded one had sent and said.
#[derive(Default)]
struct Before {
    sent: Vec<String>,
    said: String,
    deaths: usize,
}

/// Goes on after a cut, first within the same windows, then to the end. `boots`: the machine has another boot ID now.
fn goes_on(recording: &Recording, before: &Before, cut: &PowerCut, dice: &mut fastrand::Rng) -> bool {
    let home = Home::new();
    cut.lay_down(recording, home.folder.path(), dice);
    let sandbox = platform(&home);
    let (sent, said) = cut.sent_and_said(recording);
    let sent = [before.sent.clone(), targets_sent(&sent)].concat();
    let told = &targets_told(&before.said) | &targets_told(&said);
    let known: BTreeSet<&String> = sent.iter().collect();
    let boots = if dice.bool() { Boots::of(&home) } else { None };
    let done = |command: std::process::Command| -> Done {
        match &boots {
            Some(boots) => boots.under(7, 60, &command).done(),
            None => { command }.done(),
        }
    };
    let what = format!("{cut:?}, another boot: {}, {} sent, {} told", boots.is_some(), sent.len(), told.len());
    let next = done(run(&home, &sandbox, &limited(), &["--for", "2s"]));
    assert!(next.code == 4 || next.code == 0, "{what}: {}: {}", next.code, next.err);
    let used = sent.len() as u64 + sandbox.requests();
    assert!(used <= LIMIT, "{what}: {used} requests in a window of {LIMIT}: {}", next.err);
    let last = done(run(&home, &sandbox, "100000/1s", &[]));
    assert_eq!((last.code, last.json()["jobs"][0]["done"].as_u64()), (0, Some(ROWS)), "{what}: {}", last.err);
    let ledger = sandbox.ledger();
    let after = sandbox.effects();
    assert_eq!((ledger.repeats, ledger.earned_429), (0, 0), "{what}: {ledger:?}");
    let lost: Vec<&String> = told.iter().filter(|target| after.contains_key(*target)).collect();
    assert!(lost.is_empty(), "{what}: sent again, though their outcome had been told: {lost:?}");
    let repeats = after.keys().filter(|target| known.contains(target)).count();
    let in_flight = WORKERS * (1 + before.deaths);
    assert!(repeats <= in_flight, "{what}: {repeats} repeats, at most {in_flight} were in flight");
    let all = after.keys().chain(&sent).collect::<BTreeSet<_>>();
    assert_eq!(all.len() as u64, ROWS, "{what}: every row happened");
    home.cleanup(["doctor"]).done().says("queue: not damaged, and every counter is right");
    next.err.contains("the write-ahead log (-wal) of this queue is gone")
}

/// Cuts the power during the recorded run; says how often a lost log was suspected.
fn cut_during(recording: &Recording, before: &Before, what: &str, most: usize) {
    let mut dice = dice();
    let cuts = PowerCut::of(recording, most, &mut dice);
    let alarms = cuts.iter().filter(|cut| goes_on(recording, before, cut, &mut dice)).count();
    println!("{alarms} of {} cuts had the windows counted as full", cuts.len());
    tried(&format!("the power is cut, {what}"), cuts.len());
}

#[test]
fn a_run_from_its_first_command_goes_on() {
    let home = Home::new();
    home.write("unfollow.csv", ids(ROWS));
    let sandbox = platform(&home);
    let command = run(&home, &sandbox, &limited(), &["-vv", "--max-requests", &SENT.to_string()]);
    let recording = Recording::of(&command, "", home.folder.path());
    assert_eq!((recording.done.code, sandbox.requests()), (4, SENT), "{}", recording.done.err);
    cut_during(&recording, &Before::default(), "a first run", of_forms(24, 500));
}

/// It finds what another has left in the middle, a log that has not been copied among it.
#[test]
fn a_run_that_goes_on_with_what_another_left_goes_on_again() {
    let home = Home::new();
    home.write("unfollow.csv", ids(ROWS));
    let sandbox = platform(&home);
    let killed = run(&home, &sandbox, &limited(), &["-vv"]).env("CLEANUP_FAILPOINT", "after-commit:6").done();
    assert_eq!(killed.exited(), None, "{}", killed.err);
    let sent: Vec<String> = sandbox.effects().into_keys().collect();
    assert!(!sent.is_empty() && (sent.len() as u64) < SENT, "{sent:?}");
    let left = SENT - sent.len() as u64;
    let before = Before { sent, said: killed.err, deaths: 1 };
    let command = run(&home, &sandbox, &limited(), &["-vv", "--max-requests", &left.to_string()]);
    let recording = Recording::of(&command, "", home.folder.path());
    assert_eq!((recording.done.code, sandbox.requests()), (4, SENT), "{}", recording.done.err);
    cut_during(&recording, &before, "a run on a queue of a killed one", of_forms(16, 500));
}
