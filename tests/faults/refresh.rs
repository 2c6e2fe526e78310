//! A refresh of a login that is killed, or that the disk fails, at any of its system calls. A refresh token is good once, so what the
//! server has used and the disk has not kept is lost: then, and only then, the account asks for a login.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cleanup::sandbox::Sandbox;

use crate::common::small_disk::SmallDisk;
use crate::common::strace::{Fault, Injection, Search, WRITING, copy_folder, inject};
use crate::common::tries::tried;
use crate::common::{Home, PROGRAM, RunToEnd};
use crate::tokens::bench::{APP, Bench, id, run, start_sandbox, target};

pub const ROWS: u64 = 3;
const STEP: usize = 5;
/// Many more calls can be killed at than fail for want of room.
const STEP_OF_KILLS: usize = 16;

/// An account whose token has ended, and rows for it.
pub fn prepare(sandbox: &Sandbox) -> Bench {
    let bench = Bench::new(&sandbox.base_url(), &sandbox.base_url());
    run(async {
        bench.log_in_long_ago("anna", 1).await;
        bench.load(&(0..ROWS).map(|n| ("unmute", "anna", target(n))).collect::<Vec<_>>()).await;
    });
    bench
}

fn resume(bench: &Bench) -> Command {
    resume_in(bench.folder.path(), bench)
}

/// The same in a copy of its home.
pub fn resume_in(home: &Path, bench: &Bench) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["resume", "--yes", "--json", "--rate", "500/1s", "--pace", "front-load", "--progress", "none"]);
    command.env_clear().env("HOME", home).env("CLEANUP_X_API", &bench.at);
    command.env("CLEANUP_X_CLIENT_ID", APP).current_dir(home).stdin(Stdio::null());
    command
}

/// What comes of one fault: whether it was met, and whether the login was lost.
struct After {
    hit: bool,
    lost: bool,
}

fn with_fault(call: &str, nth: usize, fault: Fault) -> After {
    let scratch = tempfile::tempdir().unwrap();
    let sandbox = start_sandbox();
    let bench = prepare(&sandbox);
    let queue = bench.queue();
    let name = queue.file_name().unwrap().to_str().unwrap();
    let ends = ["", "-wal", "-shm", ".load.lock", ".drain.lock", ".accounts.d"];
    let files: Vec<_> = ends.iter().map(|end| queue.with_file_name(format!("{name}{end}"))).collect();
    let only = if fault == Fault::Kill { &[][..] } else { &files[..] };
    let faulted = inject(&resume(&bench), "", &Injection { call, nth, fault, only }, scratch.path());
    let told = &faulted.output.err;
    let what = format!("{fault:?} at {call} number {nth}: {:?}: {told}", faulted.hit);
    match faulted.output.exited() {
        None => assert_eq!(fault, Fault::Kill, "{what}"),
        Some(0) => {}
        Some(74) => {
            assert!(told.contains("hint: ") && !told.contains("report this"), "{what}");
            // The disk is not really full here, and SQLite keeps to itself why a file could not be opened, cut, saved or shared.
            let is_kept = call.contains("sync")
                || matches!(call, "openat" | "ftruncate")
                || faulted.hit.iter().all(|hit| hit.contains("-shm>"));
            assert!(fault != Fault::Full || is_kept || told.contains("the disk is full"), "{what}");
            crate::common::contract::judge(&faulted.output.json(), 74);
        }
        other => panic!("{other:?}: {what}"),
    }
    let was_sent = sandbox.oauth_ledger().most_arrivals > 0;
    let second = resume(&bench).done();
    let lost = second.code == 77;
    if lost {
        assert!(was_sent, "{what}: the token was never sent: {}", second.err);
        assert!(second.err.contains("cleanup account login anna"), "{what}: {}", second.err);
        run(bench.log_in("anna", 1));
        let third = resume(&bench).done();
        assert_eq!(third.code, 0, "{what}: {}", third.err);
    } else {
        assert_eq!(second.code, 0, "{what}: {}{}", second.out, second.err);
        assert_eq!(sandbox.oauth_ledger().reused, 0, "{what}");
    }
    let effects = sandbox.effects(id(1));
    assert_eq!(effects.iter().filter(|effect| effect.applied > 0).count() as u64, ROWS, "{what}");
    After { hit: !faulted.hit.is_empty(), lost }
}

fn at_any_call(fault: Fault) {
    let mut search = Search::new();
    let (mut faults, mut lost) = (0, 0);
    // SQLite tries for ten seconds to get behind a lock that was not let go; tests/faults/first_start.rs waits for that.
    for call in WRITING.into_iter().filter(|call| fault == Fault::Kill || !matches!(*call, "fcntl" | "flock")) {
        let step = if fault == Fault::Kill { STEP_OF_KILLS } else { STEP };
        faults += search.until_none_is_hit(step, |nth| {
            let after = with_fault(call, nth, fault);
            lost += u32::from(after.lost);
            if after.hit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        });
    }
    println!("{fault:?}: {lost} logins lost");
    tried(&format!("{}, refresh of a login", fault.words()), faults);
    assert!(faults > 0, "no call was hit, and the test shows nothing");
}

#[test]
fn a_refresh_that_is_killed_anywhere_goes_on_or_asks_for_a_login() {
    at_any_call(Fault::Kill);
}

#[test]
fn a_refresh_that_finds_the_disk_full_says_so_and_goes_on() {
    at_any_call(Fault::Full);
}

#[test]
fn a_refresh_that_the_disk_fails_says_so_and_goes_on() {
    at_any_call(Fault::Refusal);
}

/// Another address of the sandbox, at which something happens before the answer to a refresh arrives.
fn eventful_way(to: &str, meanwhile: impl Fn() + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (here, there) =
        (listener.local_addr().unwrap(), to.trim_start_matches("http://").trim_end_matches('/').to_owned());
    let meanwhile = Arc::new(meanwhile);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (client, server) = (client.unwrap(), TcpStream::connect(&there).unwrap());
            let (from_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            let (asked, answers) = (Arc::new(AtomicBool::new(false)), Arc::clone(&meanwhile));
            let asks = Arc::clone(&asked);
            std::thread::spawn(move || {
                carry(from_client, to_server, |piece| {
                    let is_refresh = piece.windows(13).any(|part| part == b"/oauth2/token");
                    asks.fetch_or(is_refresh, Ordering::SeqCst);
                });
            });
            std::thread::spawn(move || {
                carry(server, client, |_| {
                    if asked.swap(false, Ordering::SeqCst) {
                        answers();
                    }
                });
            });
        }
    });
    format!("http://{here}")
}

fn carry(mut from: TcpStream, mut to: TcpStream, look: impl Fn(&[u8])) {
    let mut block = vec![0; 1 << 16];
    while let Ok(count @ 1..) = from.read(&mut block) {
        look(&block[..count]);
        if to.write_all(&block[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(std::net::Shutdown::Write);
}

/// The disk is full by the time the server has used the refresh token: the new pair has room all the same.
#[test]
fn a_disk_that_fills_up_during_a_refresh_costs_no_login() {
    let home = Home::new();
    let Some(disk) = SmallDisk::make(&home, "4m") else { return };
    let sandbox = start_sandbox();
    let bench = prepare(&sandbox);
    copy_folder(bench.queue().parent().unwrap(), &disk.root);
    let filler = disk.root.join("filler");
    let (full, was_filled) = (filler.clone(), Arc::new(AtomicBool::new(false)));
    let fills = Arc::clone(&was_filled);
    let way = eventful_way(&sandbox.base_url(), move || {
        if !fills.swap(true, Ordering::SeqCst) {
            let mut file = std::fs::File::create(&full).unwrap();
            while file.write_all(&[7; 4096]).is_ok() {}
        }
    });
    let run = || {
        let mut command = resume(&bench);
        command.env("CLEANUP_X_API", &way).arg("--db").arg(disk.point.join("queue.db"));
        disk.inside(&command).done()
    };
    let first = run();
    assert!(was_filled.load(Ordering::SeqCst), "{}", first.err);
    // What follows may have room in what the refresh has left, or not.
    assert!(first.code == 0 || first.err.contains("the disk is full"), "{}", first.err);
    std::fs::remove_file(filler).unwrap();
    let second = run();
    assert_eq!(second.code, 0, "first: {}second: {}", first.err, second.err);
    let oauth = sandbox.oauth_ledger();
    assert_eq!((oauth.most_arrivals, oauth.reused), (1, 0), "{oauth:?}");
    assert_eq!(sandbox.effects(id(1)).iter().filter(|effect| effect.applied > 0).count() as u64, ROWS);
}
