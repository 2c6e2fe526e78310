//! The JSON of `run --json`: the keys of the contract and no others, in its order.

use serde_json::Value;

/// Judges an object by the contract and by the process's exit code.
pub fn judge(end: &Value, exit_code: i32) {
    let keys: Vec<&str> = end.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["jobs", "requests", "spent_usd", "stopped", "next_slot_at", "error", "exit_code"]);
    assert_eq!(end["exit_code"], exit_code, "{end}");
    for job in end["jobs"].as_array().unwrap() {
        let keys: Vec<&str> = job.as_object().unwrap().keys().map(String::as_str).collect();
        let counts = ["done", "gone", "failed", "cancelled", "kept", "duplicate", "rejected", "pending"];
        assert_eq!(keys, [&["job", "rows"][..], &counts].concat());
        let sum: u64 = counts.iter().map(|key| job[*key].as_u64().unwrap()).sum();
        assert_eq!(job["rows"], sum, "outcomes add up to the rows: {job}");
    }
    let words = [
        "finished",
        "deadline",
        "requests",
        "spend",
        "cap",
        "interrupted",
        "paused",
        "cancelled",
        "account",
        "unreachable",
        "error",
    ];
    let stopped = end["stopped"].as_str().unwrap();
    assert!(words.contains(&stopped), "{end}");
    assert_eq!(stopped == "error", end["error"].is_object(), "{end}");
    if stopped == "error" {
        let keys: Vec<&str> = end["error"].as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(keys, ["kind", "message", "hint"], "{end}");
    }
    assert!(end["requests"].is_u64() && end["spent_usd"].is_f64(), "{end}");
    assert!(end["next_slot_at"].is_null() || end["next_slot_at"].is_string(), "{end}");
}
