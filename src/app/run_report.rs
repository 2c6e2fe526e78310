//! How a run ended: the report that the command line prints as JSON, the dashboard shows, and a schedule keeps.

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::status::JobCounts;
use crate::domain::{MicroUsd, Wall};
use crate::engine::Finish;
use crate::error::CommandError;

/// The exit code of a command whose question was answered with no: it stopped early, and its work is left.
pub const DECLINED: u8 = 4;

/// How a run ended: what the command line ends with, and what others are told.
#[derive(Clone, Debug, PartialEq)]
pub struct RunReport {
    /// The exit code.
    pub code: u8,
    /// What it did; none where nothing was begun.
    pub summary: Option<RunSummary>,
    /// Accounts that need a person.
    pub troubles: Vec<AccountTrouble>,
}

/// An account that needs a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountTrouble {
    /// Its name.
    pub account: String,
    /// Why, in one word.
    pub reason: String,
}

/// What a run did, as `run --json` prints it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunSummary {
    /// Its jobs.
    pub jobs: Vec<JobCounts>,
    /// Requests it sent for rows.
    pub requests: u64,
    /// What they cost, in dollars.
    #[serde(rename = "spent_usd", serialize_with = "dollars")]
    pub spent: MicroUsd,
    /// What looking names up took beside that; none where no name was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookups: Option<Lookups>,
    /// What it ended for, in one word.
    pub stopped: &'static str,
    /// When a slot is free again, where that is what it waits for.
    pub next_slot_at: Option<String>,
    /// The error that ended it.
    pub error: Option<Value>,
    /// The exit code.
    pub exit_code: u8,
}

/// What looking names up took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Lookups {
    /// Requests.
    pub requests: u64,
    /// What they cost, in dollars.
    #[serde(rename = "spent_usd", serialize_with = "dollars")]
    pub spent: MicroUsd,
}

fn dollars<S: Serializer>(amount: &MicroUsd, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(amount.dollars())
}

impl RunReport {
    /// Somebody was asked and said no: the work is left. Nobody is notified of what they have just said.
    pub fn declined() -> RunReport {
        RunReport { code: DECLINED, summary: None, troubles: Vec::new() }
    }

    /// A run that did this.
    pub fn of(summary: RunSummary) -> RunReport {
        RunReport { code: summary.exit_code, summary: Some(summary), troubles: Vec::new() }
    }
}

impl RunSummary {
    /// A drain that ended so.
    pub fn new(jobs: Vec<JobCounts>, finish: &Finish, exit_code: u8) -> RunSummary {
        let (requests, spent) = finish.looked_up;
        RunSummary {
            jobs,
            requests: finish.requests,
            spent: finish.spent,
            lookups: (requests > 0).then_some(Lookups { requests, spent }),
            stopped: finish.stopped.name(),
            next_slot_at: finish.next_slot_at.map(Wall::rfc3339),
            error: None,
            exit_code,
        }
    }

    /// All requests, those that looked names up among them, and what they cost: what bounds of the run count.
    pub fn total(&self) -> (u64, MicroUsd) {
        let Some(lookups) = self.lookups else { return (self.requests, self.spent) };
        (self.requests + lookups.requests, self.spent.plus(lookups.spent))
    }

    /// Nothing was sent.
    pub fn unsent(stopped: &'static str, exit_code: u8) -> RunSummary {
        let jobs = Vec::new();
        let (spent, lookups, next_slot_at, error) = (MicroUsd(0), None, None, None);
        RunSummary { jobs, requests: 0, spent, lookups, stopped, next_slot_at, error, exit_code }
    }

    /// An error ended it before anything was sent.
    pub fn failed(error: &CommandError) -> RunSummary {
        RunSummary { error: Some(error.to_json()), ..RunSummary::unsent("error", error.kind.exit_code()) }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::engine::Stopped;
    use crate::error::ErrorKind;
    use crate::store::OutcomeCounts;

    fn counts() -> OutcomeCounts {
        OutcomeCounts { done: 97, gone: 2, failed: 1, duplicate: 10, rejected: 10, ..OutcomeCounts::default() }
    }

    #[test]
    fn the_summary_is_that_of_the_contract() {
        let finish = Finish {
            groups: Vec::new(),
            stopped: Stopped::Finished,
            requests: 103,
            spent: MicroUsd(970_000),
            looked_up: (0, MicroUsd(0)),
            next_slot_at: None,
            given_up: None,
            bad_certificate: None,
            withheld: Vec::new(),
            damaged: Vec::new(),
            troubles: vec![],
        };
        let summary = RunSummary::new(vec![JobCounts::new("unfollow", &counts())], &finish, 3);
        let text = serde_json::to_string(&summary).unwrap();
        let contract = r#"{"jobs":[{"job":"unfollow","rows":120,"done":97,"gone":2,"failed":1,"cancelled":0,"kept":0,"duplicate":10,"rejected":10,"pending":0}],"requests":103,"spent_usd":0.97,"stopped":"finished","next_slot_at":null,"error":null,"exit_code":3}"#;
        assert_eq!(text, contract);
        // What names cost stands beside it, where any were looked up.
        let finish = Finish { looked_up: (2, MicroUsd(980_000)), ..finish };
        let text = serde_json::to_string(&RunSummary::new(Vec::new(), &finish, 0)).unwrap();
        assert!(text.contains(r#""spent_usd":0.97,"lookups":{"requests":2,"spent_usd":0.98},"stopped""#), "{text}");
    }

    #[test]
    fn an_error_has_the_same_keys() {
        let error = CommandError::new(ErrorKind::InputData, "no such file").hint("check the path");
        let value = serde_json::to_value(RunSummary::failed(&error)).unwrap();
        assert_eq!(value["error"]["kind"], "input");
        assert_eq!((&value["exit_code"], &value["stopped"]), (&Value::from(65), &Value::from("error")));
        assert_eq!(value["jobs"], Value::Array(vec![]));
    }
}
