//! The first command of a new queue, killed or failed at each of its system calls.

use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::common::strace::{Fault, Injection, READING, Search, WRITING, inject};
use crate::common::tries::{is_long_form, tried};
use crate::common::{Home, SandboxProcess};
use crate::faults::support::{First, fresh};

/// Short form: one call in so many is tried.
const STEP: usize = 24;
/// ... and fewer where a lock is refused: SQLite tries for ten seconds to get behind one that was not let go.
const STEP_OF_LOCKS: usize = 60;

/// ... and other commands are typed after one in so many of those.
const OTHERS: usize = 3;

fn sandbox() -> (Home, SandboxProcess) {
    let home = Home::new();
    let sandbox = SandboxProcess::start(&home, &["--limit", "10000/1s", "--faults", "none"]);
    (home, sandbox)
}

/// Kills the command before its n-th call of each kind, and types it again.
fn killed(first: First) {
    let (_home, sandbox) = sandbox();
    let scratch = tempfile::tempdir().unwrap();
    let mut search = Search::new();
    let mut kills = 0;
    for call in WRITING {
        kills += search.until_none_is_hit(STEP, |nth| {
            let home = fresh();
            let injection = Injection { call, nth, fault: Fault::Kill, only: &[] };
            let faulted = inject(&first.command(&home, &sandbox), first.feed(), &injection, scratch.path());
            let what = format!("{first:?} killed before {call} number {nth}");
            others_now_and_then(first, &home, nth, &what);
            first.again(&home, &sandbox, &what);
            if faulted.hit.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }
    assert!(kills > 0, "no call was hit, and the test shows nothing");
    tried(&format!("{}, first start", Fault::Kill.words()), kills);
}

fn others_now_and_then(first: First, home: &Home, nth: usize, what: &str) {
    if is_long_form() || nth.is_multiple_of(OTHERS) {
        first.others(home, what);
    }
}

/// Whether a full disk can refuse a call.
fn needs_room(call: &str) -> bool {
    !matches!(call, "fcntl" | "flock" | "unlink" | "unlinkat")
}

/// Every file that belongs to a queue, and the folders it is in.
fn files_of(first: First, home: &Home) -> Vec<PathBuf> {
    let queue = first.queue(home);
    let name = queue.file_name().unwrap().to_str().unwrap().to_owned();
    let ends = ["", "-wal", "-shm", "-journal", ".load.lock", ".drain.lock", ".accounts.d"];
    let files = ends.iter().map(|end| queue.with_file_name(format!("{name}{end}")));
    let folders = queue.ancestors().skip(1).take_while(|folder| *folder != home.folder.path()).map(PathBuf::from);
    files.chain(folders).chain([queue.with_file_name("credentials.key"), home.folder.path().to_owned()]).collect()
}

/// Lets the n-th call of each kind fail: the command succeeds all the same or ends with 74 and says why, and then goes on.
fn failed(first: First, fault: Fault) {
    let (_home, sandbox) = sandbox();
    let scratch = tempfile::tempdir().unwrap();
    let mut search = Search::new();
    let (mut faults, mut told) = (0, 0);
    let calls: Vec<&str> = match fault {
        Fault::Full => WRITING.into_iter().filter(|call| needs_room(call)).collect(),
        Fault::Denied => vec!["openat"],
        _ => WRITING.into_iter().chain(READING).collect(),
    };
    for call in calls {
        let step = match (call, fault) {
            ("fcntl", _) => STEP_OF_LOCKS,
            (_, Fault::Denied) => 2,
            _ => STEP,
        };
        faults += search.until_none_is_hit(step, |nth| {
            let home = fresh();
            let only = files_of(first, &home);
            let injection = Injection { call, nth, fault, only: &only };
            let faulted = inject(&first.command(&home, &sandbox), first.feed(), &injection, scratch.path());
            let what = format!("{first:?}, {fault:?} at {call} number {nth}: {:?}", faulted.hit);
            let (words, data) = (&faulted.output.err, &faulted.output.out);
            match faulted.output.exited() {
                Some(0 | 3) => assert!(first.has_happened(&home), "{what}: {words}"),
                Some(74) => {
                    told += 1;
                    assert!(words.contains("error: ") && words.contains("hint: "), "{what}: {words}");
                    assert!(!words.contains("report this"), "{what}: {words}");
                    if matches!(first, First::Run | First::RunSandbox) {
                        let end: serde_json::Value =
                            serde_json::from_str(data).unwrap_or_else(|e| panic!("{what}: {e}: {data}"));
                        crate::common::contract::judge(&end, 74);
                        assert_eq!(end["error"]["kind"], "io", "{what}: {end}");
                    }
                }
                other => panic!("{what}: {other:?}: {words}"),
            }
            others_now_and_then(first, &home, nth, &what);
            first.again(&home, &sandbox, &what);
            if faulted.hit.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
    }
    assert!(told > 0 && faults >= told, "{told} of {faults}: the test shows nothing");
    tried(&format!("{}, first start", fault.words()), faults);
}

#[test]
fn a_first_load_that_is_killed_anywhere_goes_on() {
    killed(First::Load);
}

#[test]
fn a_first_run_that_is_killed_anywhere_goes_on() {
    killed(First::Run);
}

#[test]
fn a_first_run_of_the_sandbox_that_is_killed_anywhere_goes_on() {
    killed(First::RunSandbox);
}

#[test]
fn a_first_account_that_is_killed_anywhere_goes_on() {
    killed(First::AccountAdd);
}

#[test]
fn a_first_schedule_that_is_killed_anywhere_goes_on() {
    killed(First::ScheduleAdd);
}

#[test]
fn a_first_load_that_the_disk_fails_says_so_and_goes_on() {
    failed(First::Load, Fault::Refusal);
    failed(First::Load, Fault::Full);
}

#[test]
fn a_first_run_that_the_disk_fails_says_so_and_goes_on() {
    failed(First::Run, Fault::Refusal);
    failed(First::Run, Fault::Full);
}

#[test]
fn first_commands_that_may_not_open_a_file_say_so_and_go_on() {
    failed(First::Load, Fault::Denied);
    failed(First::Run, Fault::Denied);
}

#[test]
fn a_first_account_that_the_disk_fails_says_so_and_goes_on() {
    failed(First::AccountAdd, Fault::Refusal);
    failed(First::AccountAdd, Fault::Full);
}

#[test]
fn a_first_schedule_that_the_disk_fails_says_so_and_goes_on() {
    failed(First::ScheduleAdd, Fault::Refusal);
    failed(First::ScheduleAdd, Fault::Full);
}

/// A machine that gives no more threads: each thread that the program asks for is refused in its turn.
#[test]
fn a_run_that_gets_no_thread_says_so_in_json_and_goes_on() {
    let (_home, sandbox) = sandbox();
    let scratch = tempfile::tempdir().unwrap();
    let mut told = 0;
    for nth in 1.. {
        let home = fresh();
        let injection = Injection { call: "clone3", nth, fault: Fault::NoMore, only: &[] };
        let faulted = inject(&First::Run.command(&home, &sandbox), "", &injection, scratch.path());
        let (words, data) = (&faulted.output.err, &faulted.output.out);
        let what = format!("thread number {nth}: {words}");
        let code = faulted.output.exited().unwrap_or_else(|| panic!("{what}"));
        assert!(code == 74 || code == 0, "{code}: {what}");
        let end: serde_json::Value = serde_json::from_str(data).unwrap_or_else(|e| panic!("{what}: {e}: {data}"));
        crate::common::contract::judge(&end, code);
        told += u32::from(code == 74);
        First::Run.others(&home, &what);
        First::Run.again(&home, &sandbox, &what);
        if faulted.hit.is_empty() {
            break;
        }
    }
    assert!(told > 0, "no thread was refused: the test shows nothing");
}

#[test]
fn other_commands_that_get_no_thread_say_so_and_go_on() {
    let (_home, sandbox) = sandbox();
    let scratch = tempfile::tempdir().unwrap();
    let mut told = 0;
    for first in [First::Load, First::AccountAdd, First::ScheduleAdd] {
        for nth in 1.. {
            let home = fresh();
            let injection = Injection { call: "clone3", nth, fault: Fault::NoMore, only: &[] };
            let faulted = inject(&first.command(&home, &sandbox), first.feed(), &injection, scratch.path());
            let words = &faulted.output.err;
            let what = format!("{first:?}, thread number {nth}: {words}");
            match faulted.output.exited() {
                Some(0) => {}
                Some(74) => {
                    told += 1;
                    assert!(words.contains("error: ") && words.contains("threads"), "{what}");
                    assert!(words.contains("hint: ") && !words.contains("report this"), "{what}");
                }
                other => panic!("{other:?}: {what}"),
            }
            first.others(&home, &what);
            first.again(&home, &sandbox, &what);
            if faulted.hit.is_empty() {
                break;
            }
        }
    }
    assert!(told > 2, "{told}: the test shows nothing");
}
