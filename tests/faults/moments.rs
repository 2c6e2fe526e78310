//! First commands that are interrupted at any moment, and several at once. Every moment has to be fine, so none is waited for.

use std::process::{Child, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::common::running::Running;
use crate::common::tries::{of_forms, tried, try_each};
use crate::common::{Done, Home, RunToEnd, SandboxProcess, ids};
use crate::faults::support::{First, fresh, other};

const ALL: [First; 5] = [First::Load, First::Run, First::RunSandbox, First::AccountAdd, First::ScheduleAdd];
const SIGNALS: [Signal; 4] = [Signal::KILL, Signal::TERM, Signal::INT, Signal::HUP];

/// Short form: so many interruptions of each command, and of a first `serve`.
const INTERRUPTIONS: usize = 8;
const IN_THE_LONG_FORM: usize = 200;
/// A first command takes some 30 ms.
const LONGEST_MICROS: u64 = 60_000;

fn interruptions() -> usize {
    of_forms(INTERRUPTIONS, IN_THE_LONG_FORM)
}

/// Starts it, sends a signal some milliseconds later, and waits for its end.
fn interrupt(mut child: Child, feed: &str, after: Duration, signal: Signal) {
    use std::io::Write;
    // Whoever is dead already, or does not read, has closed it.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(feed.as_bytes()));
    std::thread::sleep(after);
    if child.try_wait().unwrap().is_none() {
        let _ = kill_process(Pid::from_child(&child), signal);
    }
    child.wait().unwrap();
}

#[test]
fn a_first_command_that_is_interrupted_at_any_moment_goes_on() {
    let sandbox_home = Home::new();
    let sandbox = SandboxProcess::start(&sandbox_home, &["--limit", "10000/1s", "--faults", "none"]);
    let tries = try_each(ALL.len() * interruptions(), 3, |seed| {
        let mut dice = fastrand::Rng::with_seed(seed);
        let first = ALL[dice.usize(..ALL.len())];
        let home = fresh();
        let (after, signal) = (Duration::from_micros(dice.u64(1_000..LONGEST_MICROS)), SIGNALS[dice.usize(..4)]);
        let mut command = first.command(&home, &sandbox);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        interrupt(command.spawn().unwrap(), first.feed(), after, signal);
        let what = format!("{first:?}, {signal:?} after {after:?}");
        first.others(&home, &what);
        first.again(&home, &sandbox, &what);
    });
    tried("a signal at a random moment, first commands", tries);
}

#[test]
fn a_first_serve_that_is_interrupted_at_any_moment_starts_again() {
    let tries = try_each(interruptions(), 3, |seed| {
        let mut dice = fastrand::Rng::with_seed(seed);
        let home = fresh();
        let serve = || other(&home, vec!["serve", "--listen", "127.0.0.1:0", "--yes"]);
        let (after, signal) = (Duration::from_micros(dice.u64(1_000..2 * LONGEST_MICROS)), SIGNALS[dice.usize(..2)]);
        let what = format!("serve, {signal:?} after {after:?}");
        let mut command = serve();
        command.stdout(Stdio::null()).stderr(Stdio::null());
        interrupt(command.spawn().unwrap(), "", after, signal);
        First::Load.others(&home, &what);
        let running = Running::start(serve());
        running.hears("the dashboard is at");
        running.hears("a link that opens it once");
        running.signal(Signal::TERM);
        let ended = running.wait();
        assert_eq!(ended.code(), 143, "{what}: {}", ended.talk);
        let load = other(&home, vec!["load", "unfollow.csv"]).done();
        assert!(load.code == 0 && First::Load.has_happened(&home), "{what}: {}", load.err);
    });
    tried("a signal at a random moment, a first serve", tries);
}

/// Whoever comes first makes the queue; the others wait for it, and nobody sees half of it.
#[test]
fn many_first_commands_at_once_make_one_queue() {
    let rounds = interruptions() / 2;
    for round in 0..rounds {
        let home = fresh();
        let names: Vec<String> = (0..4).map(|n| format!("part-{n}")).collect();
        let mut commands = Vec::new();
        for name in &names {
            home.write(&format!("{name}.csv"), ids(4));
            commands.push((vec!["load".to_owned(), format!("{name}.csv"), "--action".into(), "unfollow".into()], ""));
            let cron = ["--cron".into(), "0 2 * * *".into()];
            let schedule = ["schedule".into(), "add".into(), name.clone()].into_iter().chain(cron);
            commands.push((schedule.chain(["unfollow.csv".into()]).collect(), ""));
            let user = ["--user-id".into(), format!("10{}", &name["part-".len()..])];
            let account = ["account".into(), "add".into(), name.clone()].into_iter().chain(user).collect();
            commands.push((account, First::AccountAdd.feed()));
        }
        commands.push((vec!["status".into(), "--json".into()], ""));
        let spawn = |(args, feed): &(Vec<String>, &str)| {
            use std::io::Write;
            let mut command = other(&home, args.iter().map(String::as_str).collect());
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().unwrap();
            child.stdin.take().unwrap().write_all(feed.as_bytes()).ok();
            child
        };
        let children: Vec<Child> = commands.iter().map(spawn).collect();
        for ((args, _), child) in commands.iter().zip(children) {
            let output = Done::of(&child.wait_with_output().unwrap());
            assert!(output.code == 0, "round {round}: {args:?}: {}", output.err);
        }
        for noun in ["account", "schedule"] {
            let list = other(&home, vec![noun, "list"]).done();
            let listed = list.out + &list.err;
            assert!(names.iter().all(|name| listed.contains(name.as_str())), "round {round}: {noun}: {listed}");
        }
        let status = other(&home, vec!["status"]).done().out;
        assert!(names.iter().all(|name| status.contains(name.as_str())), "round {round}: {status}");
    }
}

/// Files that something else has left empty, or a file system that lost what was in them.
#[test]
fn empty_files_in_the_places_of_a_queue_are_no_obstacle() {
    let sandbox_home = Home::new();
    let sandbox = SandboxProcess::start(&sandbox_home, &["--limit", "10000/1s", "--faults", "none"]);
    for first in ALL {
        for ends in [&[""][..], &["", "-wal"], &["", "-wal", "-shm"], &["", "-journal"], &[".load.lock", ".drain.lock"]]
        {
            let home = fresh();
            let queue = first.queue(&home);
            std::fs::create_dir_all(queue.parent().unwrap()).unwrap();
            for end in ends {
                let name = format!("{}{end}", queue.file_name().unwrap().to_str().unwrap());
                std::fs::write(queue.with_file_name(name), "").unwrap();
            }
            let what = format!("{first:?}, empty {ends:?}");
            first.others(&home, &what);
            first.again(&home, &sandbox, &what);
        }
    }
}
