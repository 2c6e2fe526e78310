//! `status --json`, and the dashboard's `/api/status`: where everything stands, under the names of the contract.

use std::time::Duration;

use serde::Serialize;

use super::account_status::{AccountStatus, next_slot};
use super::counts::RowCounts;
use super::endpoint_state::{AllowanceJson, OutageJson};
use super::queue::{JobActivity, QueueStatus};
use crate::app::status::{only, reason_of};
use crate::config::Settings;
use crate::domain::{Moment, Wall};
use crate::error::{CommandError, ErrorKind};
use crate::limits::WindowUsage;
use crate::store::{DrainAtWork, LockHolder, ServerAtWork, ServerState};

#[derive(Serialize)]
struct StatusJson {
    jobs: Vec<JobJson>,
    accounts: Vec<AccountJson>,
    drains: Vec<DrainJson>,
    servers: Vec<ServerJson>,
    snapshot: Option<String>,
}

/// A process that serves.
#[derive(Serialize)]
struct ServerJson {
    host: Option<String>,
    pid: Option<u32>,
    since: Option<String>,
    doing: &'static str,
    /// It sends nothing before that.
    until: Option<String>,
    /// What it needs a person for.
    why: Option<String>,
}

/// A process that sends.
#[derive(Serialize)]
struct DrainJson {
    host: String,
    pid: u32,
    since: String,
    accounts: u64,
}

#[derive(Serialize)]
struct JobJson {
    job: String,
    state: &'static str,
    #[serde(flatten)]
    counts: RowCounts,
    eta_at: Option<String>,
    activity: &'static str,
    until: Option<String>,
    eta_s: Option<u64>,
}

#[derive(Serialize)]
struct AccountJson {
    name: String,
    platform: &'static str,
    /// On platforms of many hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<String>,
    user_id: String,
    windows: Vec<WindowJson>,
    hold_until: Option<String>,
    hold_reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    allowances: Vec<AllowanceJson>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outages: Vec<OutageJson>,
    needs_person: Option<NeedsPersonJson>,
}

#[derive(Serialize)]
struct NeedsPersonJson {
    reason: String,
    message: String,
    hint: String,
}

#[derive(Serialize)]
struct WindowJson {
    limit: u32,
    window_s: serde_json::Number,
    used: u32,
    /// Null while a slot is free.
    next_slot_at: Option<String>,
}

impl QueueStatus {
    /// The object of `status --json`.
    ///
    /// # Errors
    /// None in practice: numbers and texts are JSON.
    pub fn to_json(&self, settings: &Settings) -> Result<serde_json::Value, CommandError> {
        serde_json::to_value(self.json(settings))
            .map_err(|error| CommandError::new(ErrorKind::Fault, "the status cannot be written as JSON").because(error))
    }

    fn json(&self, settings: &Settings) -> StatusJson {
        let job = self.only_unfinished();
        StatusJson {
            jobs: self.jobs.iter().map(job_json).collect(),
            accounts: self.accounts.iter().map(|view| account_json(view, settings, job, self.now)).collect(),
            drains: self.drains.iter().map(drain_json).collect(),
            servers: self.servers.iter().map(server_json).collect(),
            snapshot: self.snapshot.clone(),
        }
    }

    /// The only job that has rows left, where there is one.
    pub(crate) fn only_unfinished(&self) -> Option<&str> {
        let unfinished = self.jobs.iter().filter(|job| job.status.counts.pending > 0);
        only(unfinished.map(|job| job.status.job.name.as_str()))
    }
}

fn job_json(standing: &JobActivity) -> JobJson {
    let JobActivity { status, activity, eta } = standing;
    JobJson {
        job: status.job.name.clone(),
        state: status.state(),
        counts: RowCounts::from(&status.counts),
        eta_at: eta.at.map(Wall::rfc3339),
        activity: activity.name(),
        until: activity.until().map(Wall::rfc3339),
        eta_s: eta.takes.map(|takes| takes.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX)),
    }
}

fn drain_json(drain: &DrainAtWork) -> DrainJson {
    let LockHolder { host, pid, since } = drain.process.clone();
    DrainJson { host, pid, since: since.rfc3339(), accounts: drain.accounts }
}

fn server_json(server: &ServerAtWork) -> ServerJson {
    let process = server.process.as_ref();
    let (until, why) = match &server.state {
        ServerState::Works => (None, None),
        ServerState::Rests { until } => (Some(until.rfc3339()), None),
        ServerState::NeedsPerson { why } => (None, Some(why.clone())),
    };
    ServerJson {
        host: process.map(|process| process.host.clone()),
        pid: process.map(|process| process.pid),
        since: process.map(|process| process.since.rfc3339()),
        doing: server.state.name(),
        until,
        why,
    }
}

fn account_json(view: &AccountStatus, settings: &Settings, job: Option<&str>, now: Moment) -> AccountJson {
    let needs_person = |(trouble, hint): (&String, String)| NeedsPersonJson {
        reason: reason_of(trouble).to_owned(),
        message: trouble.clone(),
        hint,
    };
    let window = |usage: &WindowUsage| WindowJson {
        limit: usage.spec.rate.limit(),
        window_s: seconds(usage.spec.rate.window()),
        used: usage.used,
        next_slot_at: next_slot(usage, now).map(Wall::rfc3339),
    };
    AccountJson {
        name: view.account.name.to_string(),
        platform: view.account.platform.name(),
        host: view.account.host.as_ref().map(ToString::to_string),
        user_id: view.account.user_id.to_string(),
        windows: view.windows.iter().map(window).collect(),
        hold_until: view.hold.as_ref().map(|(until, _)| until.rfc3339()),
        hold_reason: view.hold.as_ref().map(|(_, reason)| reason.clone()),
        allowances: view.endpoints.allowances_json(),
        outages: view.endpoints.outages_json(),
        needs_person: view.account.trouble.as_ref().zip(view.remedy(settings, job)).map(needs_person),
    }
}

/// Whole seconds as a whole number.
pub fn seconds(window: Duration) -> serde_json::Number {
    let fraction = (window.subsec_nanos() > 0).then(|| serde_json::Number::from_f64(window.as_secs_f64()));
    fraction.flatten().unwrap_or_else(|| window.as_secs().into())
}
