//! A sandbox in a process of its own, and what it has counted.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use super::http::{Answer, send};
use super::{Home, USER};

/// A sandbox in a process of its own; it ends with the test.
pub struct SandboxProcess {
    child: Child,
    pub url: String,
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

    /// A page of it.
    pub fn get(&self, path: &str) -> String {
        let answer = self.ask("GET", path);
        assert!(answer.status > 0, "{answer:?}");
        answer.body
    }

    /// Tells it something on a page of its own.
    pub fn post(&self, path: &str) {
        let answer = self.ask("POST", path);
        assert_eq!(answer.status, 204, "{answer:?}");
    }

    fn ask(&self, method: &str, path: &str) -> Answer {
        let socket = self.url.trim_start_matches("http://");
        let rest = "content-length: 0\r\nconnection: close\r\n\r\n";
        send(socket, &format!("{method} {path} HTTP/1.1\r\nhost: {socket}\r\n{rest}"))
    }

    pub fn ledger(&self) -> cleanup::sandbox::UserLedger {
        let ledger: cleanup::sandbox::Ledger = serde_json::from_str(&self.get("/sandbox/ledger")).unwrap();
        ledger.users.get(USER).cloned().unwrap_or_else(|| panic!("{ledger:?}"))
    }

    /// Its count of the requests of [`USER`], 0 before the first.
    pub fn requests(&self) -> u64 {
        let ledger: cleanup::sandbox::Ledger = serde_json::from_str(&self.get("/sandbox/ledger")).unwrap();
        ledger.users.get(USER).map_or(0, |user| user.requests)
    }

    /// Target and how often the effect was applied.
    pub fn effects(&self) -> HashMap<String, u32> {
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
