//! The real program, run as people run it: a process with an empty home and nothing of this machine's environment.

pub mod boot;
pub mod chromium;
pub mod contract;
pub mod port;
pub mod small_disk;
pub mod strace;
pub mod tls;
pub mod tools;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A home of one's own.
pub struct Home {
    pub folder: tempfile::TempDir,
}

/// A sandbox in a process of its own; it ends with the test.
pub struct SandboxProcess {
    child: Child,
    pub url: String,
}

pub const USER: &str = "2244994945";

impl Home {
    pub fn new() -> Home {
        Home { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// The program, with an empty environment but for a home.
    pub fn cleanup<I: IntoIterator<Item = S>, S: AsRef<std::ffi::OsStr>>(&self, args: I) -> Command {
        // A shell that starts tests in the background has them ignore Ctrl-C, and what is ignored at the start stays so.
        let mut command = Command::new("/usr/bin/env");
        command.arg("--default-signal=INT,QUIT,TERM").arg(env!("CARGO_BIN_EXE_cleanup"));
        command.env_clear().env("HOME", self.folder.path()).env("TZ", "UTC").current_dir(self.folder.path()).args(args);
        command.stdin(Stdio::null());
        command
    }

    /// The program against a sandbox that it takes for X.
    pub fn against<I: IntoIterator<Item = S>, S: AsRef<std::ffi::OsStr>>(
        &self,
        sandbox: &SandboxProcess,
        args: I,
    ) -> Command {
        let mut command = self.cleanup(args);
        command
            .env("CLEANUP_X_API", &sandbox.url)
            .env("CLEANUP_X_TOKEN", format!("sandbox-{USER}"))
            .env("CLEANUP_X_USER_ID", USER);
        command
    }

    pub fn queue(&self) -> PathBuf {
        self.path(".local/share/cleanup/queue.db")
    }
}

impl SandboxProcess {
    pub fn start(home: &Home, args: &[&str]) -> SandboxProcess {
        let mut command = home.cleanup(["sandbox", "--listen", "127.0.0.1:0"].iter().chain(args));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut url = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut url).unwrap();
        let url = url.trim().to_owned();
        assert!(url.starts_with("http://127.0.0.1:"), "{url:?}");
        SandboxProcess { child, url }
    }

    pub fn get(&self, path: &str) -> String {
        use std::io::{Read, Write};
        let address = self.url.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        if head.to_ascii_lowercase().contains("transfer-encoding: chunked") {
            return unchunked(body);
        }
        body.to_owned()
    }

    /// Tells it something on a page of its own.
    pub fn post(&self, path: &str) {
        use std::io::{Read, Write};
        let address = self.url.trim_start_matches("http://");
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        write!(stream, "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
            .unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 204"), "{text}");
    }

    pub fn ledger(&self) -> cleanup::sandbox::UserLedger {
        let ledger: cleanup::sandbox::Ledger = serde_json::from_str(&self.get("/sandbox/ledger")).unwrap();
        ledger.users.get(USER).cloned().unwrap_or_else(|| panic!("{ledger:?}"))
    }

    /// Target and how often the effect was applied.
    pub fn effects(&self) -> std::collections::HashMap<String, u32> {
        let text = self.get(&format!("/sandbox/effects?user={USER}"));
        let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        rows.map(|cells| (cells[1].to_owned(), cells[2].parse().unwrap())).collect()
    }
}

impl Drop for SandboxProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn unchunked(body: &str) -> String {
    let (mut rest, mut text) = (body, String::new());
    while let Some((size, more)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        text.push_str(&more[..size]);
        rest = &more[size + 2..];
    }
    text
}

/// Makes a program of `from` at `to`. Another process writes it: were it open for writing in this one, whatever another test starts
/// meanwhile would have it open for a moment too, and the kernel runs no file that somebody writes.
pub fn make_program(from: &Path, to: &Path) {
    assert!(Command::new("install").args(["-m", "755"]).args([from, to]).status().unwrap().success());
}

/// A job file of so many distinct, synthetic IDs.
pub fn ids(count: u64) -> String {
    let rows: Vec<String> = (0..count).map(|n| (1_000_000_000_000_000_007 + n * 7_919_000_001).to_string()).collect();
    format!("user_id\n{}\n", rows.join("\n"))
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{:?}\n{}", output.status, stderr(output)))
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The JSON object on stdout.
pub fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", stdout(output), stderr(output)))
}

pub fn csv_rows(path: &Path) -> usize {
    std::fs::read_to_string(path).unwrap().lines().count().saturating_sub(1)
}

/// Tells the database of a queue something behind the program's back.
pub fn sql_in(home: &Home, queue: &str, text: &str) {
    use sqlx::Connection;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let path = home.path(".local/share/cleanup").join(queue);
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query(sqlx::AssertSqlSafe(text.to_owned())).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}
