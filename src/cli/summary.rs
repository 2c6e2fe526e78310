//! The JSON of the contract: what `run --json` ends with, and the numbers of a job that `status --json` shares with it.

use serde::Serialize;
use serde_json::{Value, json};

use super::error::CliError;
use crate::domain::{MicroUsd, Wall};
use crate::engine::Finish;
use crate::store::Counts;

/// A job's name and numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct JobCounts {
    /// Its name.
    pub job: String,
    /// Its numbers.
    #[serde(flatten)]
    pub counts: RowCounts,
}

/// Numbers of rows, under the names of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct RowCounts {
    /// All its rows.
    pub rows: u64,
    /// The effect is confirmed.
    pub done: u64,
    /// The target no longer exists.
    pub gone: u64,
    /// Given up.
    pub failed: u64,
    /// Cancelled.
    pub cancelled: u64,
    /// Spared by a keep list.
    pub kept: u64,
    /// Repeats of an earlier row.
    pub duplicate: u64,
    /// Unusable rows.
    pub rejected: u64,
    /// Not settled.
    pub pending: u64,
}

impl JobCounts {
    /// The numbers of the job `name`.
    pub fn new(name: &str, counts: &Counts) -> JobCounts {
        JobCounts { job: name.to_owned(), counts: RowCounts::from(counts) }
    }
}

impl From<&Counts> for RowCounts {
    fn from(counts: &Counts) -> RowCounts {
        let Counts { done, gone, failed, cancelled, kept, duplicate, rejected, pending } = *counts;
        RowCounts { rows: counts.rows(), done, gone, failed, cancelled, kept, duplicate, rejected, pending }
    }
}

impl RowCounts {
    /// The numbers that are not zero, as a person says them: `97 done, 2 gone, 1 failed`.
    pub fn phrase(&self) -> String {
        let all = [
            (self.done, "done"),
            (self.gone, "gone"),
            (self.failed, "failed"),
            (self.cancelled, "cancelled"),
            (self.kept, "kept"),
            (self.duplicate, "duplicate"),
            (self.rejected, "rejected"),
            (self.pending, "pending"),
        ];
        let said: Vec<String> = all.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
        if said.is_empty() { "no rows".to_owned() } else { said.join(", ") }
    }
}

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
    /// Nothing was begun.
    pub fn nothing() -> Report {
        Report { code: 0, summary: None, troubles: Vec::new() }
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
pub fn failure(error: &CliError) -> Value {
    failure_with(&[], 0, MicroUsd(0), error)
}

/// What `run --json` prints where an error ended it later.
pub fn failure_with(jobs: &[JobCounts], requests: u64, spent: MicroUsd, error: &CliError) -> Value {
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
    use crate::cli::error::Kind;
    use crate::engine::Stopped;

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
        let value = failure(&CliError::new(Kind::InputData, "no such file").hint("check the path"));
        assert_eq!(value["error"]["kind"], "input");
        assert_eq!((&value["exit_code"], &value["stopped"]), (&json!(65), &json!("error")));
        assert_eq!(value["jobs"], json!([]));
    }

    #[test]
    fn people_are_told_only_what_there_is() {
        let counts = RowCounts::from(&counts());
        assert_eq!(counts.phrase(), "97 done, 2 gone, 1 failed, 10 duplicate, 10 rejected");
        assert_eq!(RowCounts::from(&Counts::default()).phrase(), "no rows");
    }
}
