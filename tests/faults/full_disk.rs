//! Whatever writes where there is no room ends with 74, says that the disk is full and what to do, leaves nothing half-written, and
//! goes on when there is room.

use std::fs::File;
use std::process::{Command, Stdio};

use rustix::process::Signal;

use crate::common::http::send;
use crate::common::running::Running;
use crate::common::small_disk::SmallDisk;
use crate::common::{Done, Home, RunToEnd, SandboxProcess, ids};
use crate::faults::support::{ROWS, fresh};

const SANDBOX: [&str; 6] = ["--limit", "10000/1s", "--faults", "none", "--lists", "20"];

/// A job of which two rows are left, and a schedule.
fn used(sandbox: &SandboxProcess) -> Home {
    let home = fresh();
    let most = (ROWS - 2).to_string();
    let run = ["run", "unfollow.csv", "--yes", "--pace", "front-load", "--rate", "10000/1s", "--max-requests", &most];
    let add = ["schedule", "add", "nightly", "--cron", "0 2 * * *", "unfollow.csv"];
    for (args, expected) in [(&run[..], 4), (&add[..], 0)] {
        let output = home.against(sandbox, args).done();
        assert_eq!(output.code, expected, "{args:?}: {}", output.err);
    }
    home
}

fn is_told(output: &Done, what: &str) {
    let told = &output.err;
    assert_eq!(output.code, 74, "{what}: {told}");
    assert!(told.contains("the disk is full") && told.contains("make room"), "{what}: {told}");
    assert!(!told.contains("report this"), "{what}: {told}");
}

/// Everything that a command can give on stdout.
const ON_STDOUT: [&[&str]; 23] = [
    &["report", "unfollow"],
    &["report", "unfollow", "--format", "json"],
    &["report", "unfollow", "--format", "jsonl"],
    &["report", "unfollow", "--worklist=pending", "--format", "csv"],
    &["undo", "unfollow"],
    &["list", "likes"],
    &["status"],
    &["status", "--json"],
    &["check", "unfollow.csv"],
    &["check", "unfollow.csv", "--json"],
    &["explain", "1000000000000000007"],
    &["audit"],
    &["audit", "--json"],
    &["account", "list"],
    &["account", "list", "--json"],
    &["schedule", "list"],
    &["schedule", "list", "--json"],
    &["schedule", "next"],
    &["doctor"],
    &["man"],
    &["completions", "bash"],
    &["config", "show"],
    &["config", "show", "--json"],
];

#[test]
fn a_full_disk_behind_stdout_is_told_by_every_command() {
    let sandbox_home = Home::new();
    let sandbox = SandboxProcess::start(&sandbox_home, &SANDBOX);
    let home = used(&sandbox);
    for args in ON_STDOUT {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = home.against(&sandbox, args).stdout(full).stderr(Stdio::piped()).done();
        is_told(&output, &format!("{args:?}"));
    }
    let full = File::options().write(true).open("/dev/full").unwrap();
    let run = ["run", "unfollow.csv", "--yes", "--json", "--rate", "10000/1s"];
    let output = home.against(&sandbox, run).stdout(full).stderr(Stdio::piped()).done();
    is_told(&output, "run --json");
    assert_eq!(sandbox.effects().len() as u64, ROWS, "what it has done, it has done");
}

/// Whoever reads the first lines and goes, as `head` does, is no error and hears none.
#[test]
fn a_reader_who_goes_is_no_error() {
    let sandbox_home = Home::new();
    let sandbox = SandboxProcess::start(&sandbox_home, &SANDBOX);
    let home = used(&sandbox);
    for args in ON_STDOUT {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = home.against(&sandbox, args).stdout(writer).stderr(Stdio::piped()).done();
        let told = output.err;
        assert!(!told.contains("error: ") && !told.contains("Broken pipe"), "{args:?}: {told}");
        assert_eq!(output.code, 0, "{args:?}: {told}");
    }
}

#[test]
fn a_full_disk_under_an_output_leaves_the_old_one_or_nothing() {
    let sandbox_home = Home::new();
    let sandbox = SandboxProcess::start(&sandbox_home, &SANDBOX);
    let home = used(&sandbox);
    let Some(disk) = SmallDisk::make(&home, "1m") else { return };
    let at = |name: &str| disk.point.join(name).to_str().unwrap().to_owned();
    let commands: [(&str, &[&str]); 8] = [
        ("receipts.csv", &["report", "unfollow", "-o"]),
        ("receipts.json", &["report", "unfollow", "--format", "json", "-o"]),
        ("report.html", &["report", "unfollow", "--format", "html", "-o"]),
        ("by-hand.html", &["report", "unfollow", "--worklist=pending", "-o"]),
        ("by-hand.csv", &["report", "unfollow", "--worklist=pending", "--format", "csv", "-o"]),
        ("undo.csv", &["undo", "unfollow", "-o"]),
        ("undo.html", &["undo", "unfollow", "--html"]),
        ("unlike.csv", &["list", "likes", "--force", "-o"]),
    ];
    for (name, args) in commands {
        let place = at(name);
        let command = || disk.inside(&home.against(&sandbox, [args, &[&place]].concat()));
        for is_there in [false, true] {
            if is_there {
                std::fs::write(disk.root.join(name), "that of yesterday").unwrap();
            }
            let filler = disk.fill();
            is_told(&command().done(), &format!("{args:?}"));
            let left = std::fs::read_to_string(disk.root.join(name)).ok();
            assert_eq!(left.as_deref(), is_there.then_some("that of yesterday"), "{args:?}");
            std::fs::remove_file(filler).unwrap();
            let entries = std::fs::read_dir(&disk.root).unwrap().count();
            assert_eq!(entries, usize::from(is_there), "{args:?}: something is left lying about");
        }
        let again = command().done();
        assert_eq!(again.code, 0, "{args:?}: {}", again.err);
        let text = std::fs::read_to_string(disk.root.join(name)).unwrap();
        assert!(text.len() > "that of yesterday".len(), "{args:?}: {text}");
        std::fs::remove_file(disk.root.join(name)).unwrap();
    }
}

/// The files beside a queue take room as well, and SQLite keeps to itself why they could not be made.
#[test]
fn a_queue_without_room_for_the_files_beside_it_says_that_the_disk_is_full() {
    let home = fresh();
    let Some(disk) = SmallDisk::make(&home, "2m") else { return };
    let sandbox = SandboxProcess::start(&home, &SANDBOX);
    let at = |args: &[&str]| {
        let mut command = home.against(&sandbox, args);
        command.arg("--db").arg(disk.point.join("queue.db"));
        disk.inside(&command).done()
    };
    let commands: [&[&str]; 6] = [
        &["status"],
        &["report", "unfollow"],
        &["audit"],
        &["account", "list"],
        &["load", "unfollow.csv"],
        &["run", "unfollow.csv", "--yes", "--json", "--rate", "10000/1s"],
    ];
    at(&["load", "unfollow.csv"]).ends(0);
    assert!(!disk.root.join("queue.db-shm").exists(), "whoever is the last to close a queue tidies up");
    let filler = disk.fill();
    for args in commands {
        is_told(&at(args), &format!("{args:?}"));
    }
    std::fs::remove_file(filler).unwrap();
    for args in commands {
        let output = at(args);
        assert_eq!(output.code, 0, "{args:?}: {}", output.err);
    }
}

/// What comes through a pipe is kept in a temporary file.
#[test]
fn a_full_folder_for_temporary_files_is_told_and_another_will_do() {
    let home = fresh();
    let Some(disk) = SmallDisk::make(&home, "1m") else { return };
    let filler = disk.fill();
    let load = || {
        let mut command =
            crate::faults::support::other(&home, vec!["load", "-", "--job", "piped", "--action", "unfollow"]);
        command.env("TMPDIR", &disk.point);
        let mut inside: Command = disk.inside(&command);
        inside.stdin(File::open(home.path("unfollow.csv")).unwrap());
        inside.done()
    };
    let full = load();
    is_told(&full, "load -");
    assert!(full.err.contains("TMPDIR"), "{}", full.err);
    std::fs::remove_file(filler).unwrap();
    load().ends(0);
}

/// The queue's own disk, while a list is read into it.
#[test]
fn a_list_that_finds_no_room_in_the_queue_goes_on_where_it_was() {
    let home = Home::new();
    let Some(disk) = SmallDisk::make(&home, "8m") else { return };
    let sandbox = SandboxProcess::start(&home, &["--limit", "10000/1s", "--faults", "none", "--lists", "10000"]);
    let list = || {
        let mut command = home.against(&sandbox, ["list", "following", "-o", "friends.csv"]);
        command.arg("--db").arg(disk.point.join("queue.db"));
        disk.inside(&command).done()
    };
    // A queue is made first, so that the list meets the end of the disk and not its opening.
    let mut load = home.against(&sandbox, ["load", "unfollow.csv"]);
    home.write("unfollow.csv", ids(ROWS));
    load.arg("--db").arg(disk.point.join("queue.db"));
    disk.inside(&load).done().ends(0);
    let filler = disk.root.join("filler");
    std::fs::write(&filler, vec![7; 6 << 20]).unwrap();
    let full = list();
    is_told(&full, "list following");
    assert!(!home.path("friends.csv").exists());
    let bought = requests(&sandbox);
    std::fs::remove_file(&filler).unwrap();
    let again = list().ends(0);
    let entries = csv::Reader::from_path(home.path("friends.csv")).unwrap().into_records().count();
    assert_eq!(entries, 10_000);
    // A page that was bought and could not be kept is bought again; no other is.
    let all = requests(&sandbox);
    assert!(bought > 0 && all <= 10_000 / PAGE + 2, "{bought}, then {all}: {}", again.out);
}

/// The platform gives so many at a time.
const PAGE: u64 = 1_000;

fn requests(sandbox: &SandboxProcess) -> u64 {
    sandbox.ledger().reads.values().map(|read| read.requests).sum()
}

/// A server shows a new link to its dashboard every hour, and when one was used: which of the two it is makes no difference to the file.
#[test]
fn a_server_that_has_no_room_for_its_next_link_goes_on() {
    let home = Home::new();
    let Some(disk) = SmallDisk::make(&home, "8m") else { return };
    let socket = format!("127.0.0.1:{}", crate::common::port::free_port());
    let mut serve = home.cleanup(["serve", "--sandbox", "--listen", &socket]);
    serve.arg("--db").arg(disk.point.join("queue.db"));
    let mut serve = Running::start(disk.inside(&serve));
    serve.hears("a link that opens it once is in");
    let link_file = disk.root.join("queue.db.link");
    let link = std::fs::read_to_string(&link_file).unwrap();
    // Whoever has it open keeps its room from becoming free.
    let _kept = File::open(&link_file).unwrap();
    let filler = disk.fill();
    let path = link.trim().split_once(&socket).unwrap().1;
    let get =
        |path: &str| send(&socket, &format!("GET {path} HTTP/1.1\r\nhost: {socket}\r\nconnection: close\r\n\r\n"));
    assert_eq!(get(path).status, 303, "the link is good for all that");
    serve.hears("the link to the dashboard cannot be shown; it is tried again in a minute");
    assert!(serve.is_running());
    assert_eq!(get("/healthz").status, 200);
    assert_eq!(get(path).status, 401, "it works once");
    std::fs::remove_file(filler).unwrap();
    serve.signal(Signal::TERM);
    let ended = serve.wait();
    assert_eq!(ended.code(), 143, "{}", ended.talk);
    assert!(!ended.talk.contains("panicked") && !link_file.exists(), "{}", ended.talk);
}
