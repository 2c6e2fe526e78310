//! Faults at system calls of the real program. strace counts the calls of one kind in each thread, and at the n-th of them kills
//! the program before it is made, or lets it fail. A test counts up from 1 until nothing is hit any more.
//!
//! strace is needed: where it is missing it is installed if this process may do that, and else the test fails and says so.

use std::ops::ControlFlow;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rustix::process::Pid;

use super::Done;
use super::tools::{there_are, works};
use super::tries::{dice, is_long_form};

/// The calls by which a program changes what is on the disk, or asks whether it may.
pub const WRITING: [&str; 14] = [
    "openat",
    "mkdir",
    "write",
    "pwrite64",
    "fsync",
    "fdatasync",
    "ftruncate",
    "fcntl",
    "flock",
    "rename",
    "renameat2",
    "linkat",
    "unlink",
    "unlinkat",
];

/// Those by which it reads.
pub const READING: [&str; 2] = ["read", "pread64"];

/// What happens at the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// kill -9, before the call is made.
    Kill,
    /// The disk refuses (EIO).
    Refusal,
    /// The disk is full (ENOSPC).
    Full,
    /// There is no more of it just now: threads, for one (EAGAIN).
    NoMore,
    /// The other side is gone (ECONNRESET).
    Reset,
    /// Somebody has taken the permission away (EACCES).
    Denied,
}

/// Where it happens.
#[derive(Clone, Debug)]
pub struct Injection<'a> {
    pub call: &'a str,
    /// Counted from 1 in each thread; of several threads the first to get there is hit, and an error hits them all.
    pub nth: usize,
    pub fault: Fault,
    /// Only calls that name one of these files count; none: all.
    pub only: &'a [PathBuf],
}

/// What came of it.
pub struct Faulted {
    pub output: Done,
    /// The calls that were hit, as strace writes them; none: the program made fewer calls.
    pub hit: Vec<String>,
}

/// Runs a program with one fault and `feed` on its stdin; `scratch` is a folder for strace's own log.
pub fn inject(command: &Command, feed: &str, injection: &Injection, scratch: &Path) -> Faulted {
    let output = traced(command, feed, injection, scratch).output().unwrap();
    let log = std::fs::read_to_string(log_in(scratch))
        .unwrap_or_else(|error| panic!("strace wrote no log ({error}): {}", String::from_utf8_lossy(&output.stderr)));
    let hit = match injection.fault {
        Fault::Kill if output.status.signal() == Some(9) => log.lines().last().map(str::to_owned).into_iter().collect(),
        Fault::Kill => Vec::new(),
        _ => log.lines().filter(|line| line.ends_with("(INJECTED)")).map(str::to_owned).collect(),
    };
    Faulted { output: Done::of(&output), hit }
}

/// strace's own log.
fn log_in(scratch: &Path) -> PathBuf {
    scratch.join("strace.log")
}

/// The program that a strace of [`traced`] runs. A signal is for it alone: strace that gets one lets go of the program, and may take the signal
/// along that it has just handed on; the program goes on then, and holds what others wait for.
pub fn traced_program(strace: Pid) -> Option<Pid> {
    let parent = strace.as_raw_nonzero().to_string();
    std::fs::read_dir("/proc").unwrap().flatten().find_map(|process| {
        let pid = process.file_name().to_str()?.parse().ok()?;
        // `PID (NAME) STATE PARENT ...`
        let stat = std::fs::read_to_string(process.path().join("stat")).ok()?;
        let is_child = stat.rsplit(") ").next()?.split(' ').nth(1)? == parent;
        is_child.then(|| Pid::from_raw(pid)).flatten()
    })
}

/// What strace has written of calls so far.
pub fn log_of(scratch: &Path) -> String {
    std::fs::read_to_string(log_in(scratch)).unwrap_or_default()
}

/// The same, not yet begun.
pub fn traced(command: &Command, feed: &str, injection: &Injection, scratch: &Path) -> Command {
    need_strace();
    let (log, stdin) = (log_in(scratch), scratch.join("stdin"));
    let _ = std::fs::remove_file(&log);
    std::fs::write(&stdin, feed).unwrap();
    let fault = match injection.fault {
        Fault::Kill => "signal=KILL",
        Fault::Reset => "error=ECONNRESET",
        Fault::Refusal => "error=EIO",
        Fault::Full => "error=ENOSPC",
        Fault::NoMore => "error=EAGAIN",
        Fault::Denied => "error=EACCES",
    };
    let Injection { call, nth, only, .. } = injection;
    let mut traced = Command::new("strace");
    traced.args(["-f", "-y", "-qq", "-s", "0", "-o"]).arg(&log);
    if injection.fault != Fault::Kill {
        // Only the calls asked for stop then. Signals that are injected get lost in this way.
        traced.arg("--seccomp-bpf");
    }
    traced.args(["-e", &format!("trace={call}"), "-e", &format!("inject={call}:{fault}:when={nth}")]);
    for path in *only {
        traced.arg("-P").arg(path);
    }
    under(traced, command, &stdin)
}

/// Lets strace run a program with its arguments, its environment and its folder, and `stdin` as its input.
fn under(mut strace: Command, command: &Command, stdin: &Path) -> Command {
    strace
        .arg("--")
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .stdin(std::fs::File::open(stdin).unwrap());
    for (name, value) in command.get_envs() {
        strace.env(name, value.unwrap_or_default());
    }
    if let Some(folder) = command.get_current_dir() {
        strace.current_dir(folder);
    }
    strace
}

/// Runs a program with `feed` on its stdin and writes down those calls of it, with every byte that they pass on: the text of strace, all
/// strings in hex.
pub fn record(command: &Command, feed: &str, calls: &str, scratch: &Path) -> (Done, String) {
    need_strace();
    let (log, stdin) = (log_in(scratch), scratch.join("stdin"));
    std::fs::write(&stdin, feed).unwrap();
    let mut traced = Command::new("strace");
    traced.args(["-f", "-y", "-xx", "-qq", "-s", "16777216", "--seccomp-bpf", "-o"]).arg(&log);
    traced.args(["-e", &format!("trace={calls}"), "-e", "signal=none"]);
    let output = under(traced, command, &stdin).output().unwrap();
    (Done::of(&output), std::fs::read_to_string(&log).unwrap())
}

impl Fault {
    /// As the table of tries has it.
    pub fn words(self) -> &'static str {
        match self {
            Fault::Kill => "kill -9 before the n-th call that writes",
            Fault::Full => "a disk that is full at the n-th call that writes",
            Fault::NoMore => "no more of what the n-th call asks for",
            Fault::Reset => "a connection that fails at the n-th call",
            Fault::Denied => "no permission at the n-th file that is opened",
            Fault::Refusal => "a disk that fails the n-th call that writes, syncs, renames or locks",
        }
    }
}

/// How densely to search: every n with `CLEANUP_FAULTS=all`, else about one in so many, chosen by a seed that is printed and can be
/// given again as `CLEANUP_SEED`.
pub struct Search {
    dice: fastrand::Rng,
    tries_all: bool,
}

impl Search {
    pub fn new() -> Search {
        Search { dice: dice(), tries_all: is_long_form() }
    }

    /// Tries n after n, in the short form about one in `step`, until one breaks off; says how many were tried.
    pub fn until_none_is_hit(&mut self, step: usize, mut attempt: impl FnMut(usize) -> ControlFlow<()>) -> usize {
        let (mut nth, mut tried) = (0, 0);
        loop {
            nth += if self.tries_all { 1 } else { self.dice.usize(1..2 * step) };
            if attempt(nth).is_break() {
                return tried;
            }
            tried += 1;
        }
    }
}

/// Fails with what to do where strace cannot be had or may not trace.
fn need_strace() {
    static READY: OnceLock<Result<(), String>> = OnceLock::new();
    let ready = READY.get_or_init(|| {
        if !there_are(&["strace"], "strace") {
            return Err("strace is missing, and these tests show nothing without it: apt-get install strace".to_owned());
        }
        if !works("strace", &["-f", "-o", "/dev/null", "true"]) {
            return Err("strace may not trace here, and these tests show nothing without it: allow ptrace \
                        (kernel.yama.ptrace_scope below 2; docker run --cap-add SYS_PTRACE)"
                .to_owned());
        }
        Ok(())
    });
    if let Err(why) = ready {
        panic!("{why}");
    }
}

/// A copy of a folder with all that is in it.
pub fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let place = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).unwrap();
        }
    }
}
