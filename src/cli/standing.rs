//! Where jobs and accounts stand: progress, slots left, when it will be done. What `status` prints, what its JSON is, and what the
//! dashboard shows.
//!
//! In: the counters and newest attempts of a queue. Out: numbers. Reads only, and takes no lock that a run could meet.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;

use crate::cli::account_trouble::{TroubledAccount, only, reason_of};
use crate::cli::endpoint_state::{AllowanceJson, EndpointStates, OutageJson, endpoint_states};
use crate::cli::error::{CliError, Kind};
use crate::cli::estimate;
use crate::cli::summary::RowCounts;
use crate::cli::usage::{hold_ends, slots_needed, window_usage};
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{AccountId, Action, Horizons, Moment, Wall};
use crate::engine::WindowLevel;
use crate::limits::WindowUsage;
use crate::store::{Account, JobState, JobStatus, Store};

/// A job with more unsettled tasks is not counted by lane for its ETA: counting walks them.
const MAX_COUNTED_TASKS: u64 = 1_000_000;

/// Where everything stands.
#[derive(Debug, Default)]
pub struct Standing {
    /// Jobs with their numbers, oldest first, and when each will be done; none where nobody can say.
    pub jobs: Vec<(JobStatus, Option<Wall>)>,
    /// Accounts.
    pub accounts: Vec<AccountStanding>,
    /// When it was looked.
    pub now: Moment,
}

/// How an account stands to its limits.
#[derive(Debug)]
pub struct AccountStanding {
    /// Whose.
    pub account: Account,
    /// How full its windows are.
    pub windows: Vec<WindowUsage>,
    /// Until when the platform holds it, and why.
    pub hold: Option<(Wall, String)>,
    /// What its platform's answers said of single endpoints.
    pub endpoints: EndpointStates,
}

/// What is looked at, and with whose eyes.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Windows and pace.
    pub settings: &'a Settings,
    /// The time.
    pub clock: &'a SharedClock,
    /// These accounts only; none: every one.
    pub accounts: Option<&'a [AccountId]>,
    /// A job with more unsettled tasks is not counted by lane for its ETA: counting walks them.
    pub max_counted_tasks: u64,
}

impl<'a> Look<'a> {
    /// At everything.
    pub fn at_all(settings: &'a Settings, clock: &'a SharedClock) -> Look<'a> {
        Look { settings, clock, accounts: None, max_counted_tasks: MAX_COUNTED_TASKS }
    }

    /// Looks.
    ///
    /// # Errors
    /// The queue cannot be read.
    pub async fn look(&self, store: &mut Store) -> Result<Standing, CliError> {
        let now = self.clock.now();
        let accounts = self.look_at_accounts(store, now).await?;
        let all = store.status(None).await?;
        let etas = self.look_ahead(store, &all, &accounts, now).await?;
        Ok(Standing { jobs: all.into_iter().zip(etas).collect(), accounts, now })
    }

    async fn look_at_accounts(&self, store: &mut Store, now: Moment) -> Result<Vec<AccountStanding>, CliError> {
        let boot = self.clock.boot();
        let mut endpoints = endpoint_states(store, &boot, now).await?;
        let mut standing = Vec::new();
        for account in store.accounts().await? {
            if self.accounts.is_some_and(|only| !only.contains(&account.id)) {
                continue;
            }
            let specs = self.settings.windows(account.platform);
            let horizons = Horizons::of(specs.iter());
            let slots = store.newest_attempts(account.id, slots_needed(&specs), &boot.0, now, &horizons).await?;
            let windows = window_usage(&specs, &slots, now);
            let hold = account.hold.as_ref();
            let hold = hold.and_then(|hold| Some((hold_ends(hold, &boot.0, now)?, hold.reason.clone())));
            let endpoints = endpoints.remove(&account.id).unwrap_or_default();
            standing.push(AccountStanding { account, windows, hold, endpoints });
        }
        Ok(standing)
    }

    /// When each job will be done. An account works its jobs off one after the other, so later ones wait for earlier ones;
    /// when a person will have seen to an account nobody can say.
    async fn look_ahead(
        &self,
        store: &mut Store,
        jobs: &[JobStatus],
        accounts: &[AccountStanding],
        now: Moment,
    ) -> Result<Vec<Option<Wall>>, CliError> {
        let mut queued: HashMap<AccountId, Vec<(Action, u64)>> = HashMap::new();
        let mut etas = Vec::with_capacity(jobs.len());
        for status in jobs {
            if status.job.state != JobState::Active || status.counts.pending == 0 {
                etas.push(None);
                continue;
            }
            let mut done_at = None;
            let mut waits_for_a_person = false;
            for (action, account, n) in self.work_of(store, status).await? {
                let line = queued.entry(account).or_default();
                line.push((action, n));
                let Some(at) = accounts.iter().find(|at| at.account.id == account) else { continue };
                waits_for_a_person |= at.account.trouble.is_some();
                let eta = estimate::eta(line, &at.levels(), self.settings.run.pace, at.next_at(line, now));
                done_at = done_at.max(Some(eta));
            }
            etas.push(done_at.filter(|_| !waits_for_a_person));
        }
        Ok(etas)
    }

    /// What a job has left, by account and action.
    async fn work_of(&self, store: &mut Store, status: &JobStatus) -> Result<Vec<(Action, AccountId, u64)>, CliError> {
        let (job, pending) = (&status.job, status.counts.pending);
        if pending <= self.max_counted_tasks {
            let lanes = store.pending_by_lane(job.round).await?;
            if !lanes.is_empty() {
                return Ok(lanes);
            }
        }
        // All in flight, or too many to count: what the job says of itself has to do.
        Ok(job.action.zip(job.account).map(|(action, account)| (action, account, pending)).into_iter().collect())
    }
}

impl AccountStanding {
    /// When its next request for any of this work can leave.
    pub fn next_at(&self, work: &[(Action, u64)], now: Moment) -> Wall {
        let concerns = |window: &&WindowUsage| work.iter().any(|(action, _)| window.spec.applies.counts(*action));
        let slot = self.windows.iter().filter(concerns).filter_map(|window| window.next_slot).max();
        let slot = slot.map_or(now.wall, |tick| now.wall_at(tick));
        let hold = self.hold.as_ref().map(|(until, _)| *until);
        [hold, self.endpoints.next_at(work)].into_iter().flatten().fold(slot, Wall::max).max(now.wall)
    }

    fn levels(&self) -> Vec<WindowLevel> {
        self.windows.iter().map(|window| WindowLevel { spec: window.spec, used: window.used }).collect()
    }
}

impl Standing {
    /// The object of `status --json`.
    ///
    /// # Errors
    /// None in practice: numbers and texts are JSON.
    pub fn to_json(&self, settings: &Settings) -> Result<serde_json::Value, CliError> {
        serde_json::to_value(self.json(settings))
            .map_err(|error| CliError::new(Kind::Fault, "the status cannot be written as JSON").because(error))
    }
}

#[derive(Serialize)]
struct StatusJson {
    jobs: Vec<JobJson>,
    accounts: Vec<AccountJson>,
}

#[derive(Serialize)]
struct JobJson {
    job: String,
    state: &'static str,
    #[serde(flatten)]
    counts: RowCounts,
    eta_at: Option<String>,
}

#[derive(Serialize)]
struct AccountJson {
    name: String,
    platform: &'static str,
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

impl Standing {
    fn json(&self, settings: &Settings) -> StatusJson {
        let unfinished = self.jobs.iter().filter(|(status, _)| status.counts.pending > 0);
        let job = only(unfinished.map(|(status, _)| status.job.name.as_str()));
        StatusJson {
            jobs: self.jobs.iter().map(|(status, eta)| job_json(status, *eta)).collect(),
            accounts: self.accounts.iter().map(|view| account_json(view, settings, job, self.now)).collect(),
        }
    }
}

fn job_json(status: &JobStatus, eta: Option<Wall>) -> JobJson {
    let (job, counts) = (status.job.name.clone(), RowCounts::from(&status.counts));
    JobJson { job, state: status.state(), counts, eta_at: eta.map(Wall::rfc3339) }
}

fn account_json(view: &AccountStanding, settings: &Settings, job: Option<&str>, now: Moment) -> AccountJson {
    let needs_person = |trouble: &String| {
        let reason = reason_of(trouble);
        let hint = TroubledAccount { settings, name: view.account.name.as_str(), job }.remedy(reason);
        NeedsPersonJson { reason: reason.to_owned(), message: trouble.clone(), hint }
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
        user_id: view.account.user_id.to_string(),
        windows: view.windows.iter().map(window).collect(),
        hold_until: view.hold.as_ref().map(|(until, _)| until.rfc3339()),
        hold_reason: view.hold.as_ref().map(|(_, reason)| reason.clone()),
        allowances: view.endpoints.allowances_json(),
        outages: view.endpoints.outages_json(),
        needs_person: view.account.trouble.as_ref().map(needs_person),
    }
}

/// Whole seconds as a whole number.
pub fn seconds(window: Duration) -> serde_json::Number {
    let fraction = (window.subsec_nanos() > 0).then(|| serde_json::Number::from_f64(window.as_secs_f64()));
    fraction.flatten().unwrap_or_else(|| window.as_secs().into())
}

/// When a full window has a slot again.
pub fn next_slot(usage: &WindowUsage, now: Moment) -> Option<Wall> {
    usage.next_slot.filter(|tick| *tick > now.tick).map(|tick| now.wall_at(tick))
}
