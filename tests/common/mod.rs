//! What all tests use: the program in an empty home, what it did, a sandbox, and the machine's tools.

pub mod bad_wire;
pub mod boot;
pub mod chromium;
pub mod contract;
pub mod database;
pub mod done;
pub mod home;
pub mod http;
pub mod port;
pub mod running;
pub mod sandbox;
pub mod small_disk;
pub mod sources;
pub mod sql;
pub mod strace;
pub mod tls;
pub mod tls_front;
pub mod tools;
pub mod tries;

use std::path::Path;
use std::process::Command;

pub use done::{Done, RunToEnd};
pub use home::Home;
pub use sandbox::SandboxProcess;

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_cleanup");

/// The user that acts.
pub const USER: &str = "2244994945";

/// Waits for a future, in a runtime like the program's.
pub fn wait<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Makes a program of `from` at `to`. Another process writes it: were it open for writing in this one, whatever another test starts
/// meanwhile would have it open for a moment too, and the kernel runs no file that somebody writes.
pub fn make_program(from: &Path, to: &Path) {
    assert!(Command::new("install").args(["-m", "755"]).args([from, to]).status().unwrap().success());
}

/// A job file of so many distinct, synthetic IDs.
pub fn ids(count: u64) -> String {
    let rows: Vec<String> = (0..count).map(|n| id(n).to_string()).collect();
    format!("user_id\n{}\n", rows.join("\n"))
}

/// The n-th of them.
pub fn id(n: u64) -> u64 {
    1_000_000_000_000_000_007 + n * 7_919_000_001
}

pub fn csv_rows(path: &Path) -> usize {
    std::fs::read_to_string(path).unwrap().lines().count().saturating_sub(1)
}
