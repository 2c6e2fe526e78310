//! What these tests share: what the queue tells of a job, and other rows.

use serde_json::Value;

use crate::common::{Home, RunToEnd, SandboxProcess};

/// `status --json` of one job; none where the queue does not show it.
pub fn job(home: &Home, sandbox: &SandboxProcess, name: &str) -> Option<Value> {
    let output = home.against(sandbox, ["status", "--json"]).done().ends(0);
    output.json()["jobs"].as_array().unwrap().iter().find(|job| job["job"] == name).cloned()
}

pub fn count(home: &Home, sandbox: &SandboxProcess, name: &str, what: &str) -> u64 {
    job(home, sandbox, name).and_then(|job| job[what].as_u64()).unwrap_or(0)
}

/// So many other IDs than those of [`crate::common::ids`].
pub fn other_ids(count: u64) -> String {
    let rows: Vec<String> = (0..count).map(|n| (1_500_000_000_000_000_009 + n * 104_729).to_string()).collect();
    format!("user_id\n{}\n", rows.join("\n"))
}
