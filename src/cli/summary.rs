//! The JSON of the contract: what `run --json` ends with, and the numbers of a job that `status --json` shares with it.

use serde_json::{Value, json};

use crate::app::status::JobCounts;
use crate::domain::{MicroUsd, Wall};
use crate::engine::Finish;
use crate::error::CommandError;

/// The exit code of a command whose question was answered with no: it stopped early, and its work is left.
pub const DECLINED: u8 = 4;

/// How a run ended: what the command line ends with, and what others are told.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// The exit code.
    pub code: u8,
    /// What `run --json` prints; none where nothing was begun.
    pub summary: Option<Value>,
    /// Accounts that need a person: the name, and why in one word.
    pub troubles: Vec<(String, String)>,
}

impl Report {
    /// Somebody was asked and said no: the work is left. Nobody is notified of what they have just said.
    pub fn declined() -> Report {
        Report { code: DECLINED, summary: None, troubles: Vec::new() }
    }

    /// A run that ended so.
    pub fn new(code: u8, summary: Value) -> Report {
        Report { code, summary: Some(summary), troubles: Vec::new() }
    }
}

/// What `run --json` prints after a drain.
pub fn run_summary(jobs: &[JobCounts], finish: &Finish, exit_code: u8) -> Value {
    json!({
        "jobs": jobs,
        "requests": finish.requests,
        "spent_usd": finish.spent.dollars(),
        "stopped": finish.stopped.name(),
        "next_slot_at": finish.next_slot_at.map(Wall::rfc3339),
        "error": null,
        "exit_code": exit_code,
    })
}

/// What `run --json` prints where an error ended it before anything was sent.
pub fn failure(error: &CommandError) -> Value {
    failure_with(&[], 0, MicroUsd(0), error)
}

/// What `run --json` prints where an error ended it later.
pub fn failure_with(jobs: &[JobCounts], requests: u64, spent: MicroUsd, error: &CommandError) -> Value {
    json!({
        "jobs": jobs,
        "requests": requests,
        "spent_usd": spent.dollars(),
        "stopped": "error",
        "next_slot_at": null,
        "error": error.to_json(),
        "exit_code": error.kind.exit_code(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Stopped;
    use crate::error::ErrorKind;
    use crate::store::Counts;

    fn counts() -> Counts {
        Counts { done: 97, gone: 2, failed: 1, duplicate: 10, rejected: 10, ..Counts::default() }
    }

    #[test]
    fn the_summary_is_that_of_the_contract() {
        let finish = Finish {
            stopped: Stopped::Finished,
            requests: 103,
            spent: MicroUsd(970_000),
            next_slot_at: None,
            given_up: None,
            bad_certificate: None,
            withheld: Vec::new(),
            damaged: Vec::new(),
            troubles: vec![],
        };
        let text = run_summary(&[JobCounts::new("unfollow", &counts())], &finish, 3).to_string();
        let contract = r#"{"jobs":[{"job":"unfollow","rows":120,"done":97,"gone":2,"failed":1,"cancelled":0,"kept":0,"duplicate":10,"rejected":10,"pending":0}],"requests":103,"spent_usd":0.97,"stopped":"finished","next_slot_at":null,"error":null,"exit_code":3}"#;
        assert_eq!(text, contract);
    }

    #[test]
    fn an_error_has_the_same_keys() {
        let value = failure(&CommandError::new(ErrorKind::InputData, "no such file").hint("check the path"));
        assert_eq!(value["error"]["kind"], "input");
        assert_eq!((&value["exit_code"], &value["stopped"]), (&json!(65), &json!("error")));
        assert_eq!(value["jobs"], json!([]));
    }
}
