//! Where jobs and accounts stand: progress, what each job is doing, slots left, when it will be done. What `status` prints, what its JSON
//! is (`json`), and what the dashboard shows.
//!
//! In: the counters and newest attempts of a queue, what processes and schedules are doing. Out: numbers. Reads only, and keeps no lock
//! that a run could meet.

use std::collections::{HashMap, HashSet};

use super::account_standing::AccountStanding;
use super::job_eta::{Eta, EtaLine};
use super::schedule_waits::schedule_waits;
use crate::app::status::{TroubledAccount, endpoint_states, hold_ends, only, reason_of, slots_needed, window_usage};
use crate::app::{self, AccountNeed, Activity, JobFacts, OtherDrain, ScheduleWait, login_needed};
use crate::auth;
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{AccountId, Action, Horizons, Moment, Platform, Wall};
use crate::error::CommandError;
use crate::store::{JobState, JobStatus, Store, WorkInProgress};

/// A job with more unsettled tasks is not counted by lane for its ETA: counting walks them.
const MAX_COUNTED_TASKS: u64 = 1_000_000;

/// Where everything stands.
#[derive(Debug, Default)]
pub struct Standing {
    /// Jobs, oldest first.
    pub jobs: Vec<JobStanding>,
    /// Accounts.
    pub accounts: Vec<AccountStanding>,
    /// When it was looked.
    pub now: Moment,
}

/// How a job stands.
#[derive(Clone, Debug)]
pub struct JobStanding {
    /// The job with its numbers.
    pub status: JobStatus,
    /// What it is doing.
    pub activity: Activity,
    /// How long it takes.
    pub eta: Eta,
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

/// What jobs stand in: who works, what accounts need, which schedules are to come.
struct Surroundings {
    work: WorkInProgress,
    waits: HashMap<String, ScheduleWait>,
    accounts: HashMap<AccountId, (Platform, Option<AccountNeed>)>,
    /// Accounts whose need an earlier drain has met, and the running one has not: it has sent nothing for them yet.
    untried: HashSet<AccountId>,
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
    pub async fn look(&self, store: &mut Store) -> Result<Standing, CommandError> {
        let now = self.clock.now();
        let accounts = self.look_at_accounts(store, now).await?;
        let all = store.status(None).await?;
        let surroundings = self.surroundings(store, &all, now.wall).await?;
        let jobs = self.look_at_jobs(store, all, &accounts, &surroundings, now).await?;
        Ok(Standing { jobs, accounts, now })
    }

    async fn look_at_accounts(&self, store: &mut Store, now: Moment) -> Result<Vec<AccountStanding>, CommandError> {
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

    async fn surroundings(
        &self,
        store: &mut Store,
        jobs: &[JobStatus],
        now: Wall,
    ) -> Result<Surroundings, CommandError> {
        let environment = app::environment_accounts(&self.settings.credentials)?;
        let unfinished = jobs.iter().filter(|status| status.counts.pending > 0);
        let job = only(unfinished.map(|status| status.job.name.as_str()));
        let mut untried = HashSet::new();
        let work = store.work_in_progress().await?;
        let tried = if work.drain.is_some() { Some(store.accounts_of_newest_drain().await?) } else { None };
        let accounts = auth::list(store).await?.into_iter().map(|(account, record)| {
            let remedy =
                |reason| TroubledAccount { settings: self.settings, name: account.name.as_str(), job }.remedy(reason);
            let need = |message: &str, reason| AccountNeed {
                account: account.name.to_string(),
                message: message.to_owned(),
                remedy: remedy(reason),
            };
            let login = login_needed(&account, record.as_ref(), &environment);
            let need = match (&account.trouble, login) {
                (_, Some(why)) => Some(need(why.sentence(), "no_credentials")),
                (Some(trouble), None) => {
                    if tried.as_ref().is_some_and(|tried| !tried.contains(&account.id)) {
                        untried.insert(account.id);
                    }
                    Some(need(message_of(trouble), reason_of(trouble)))
                }
                (None, None) => None,
            };
            (account.id, (account.platform, need))
        });
        let accounts = accounts.collect();
        let waits = schedule_waits(store, now).await?;
        Ok(Surroundings { work, waits, accounts, untried })
    }

    /// What each job is doing, and when it will be done. An account works its jobs off one after the other, so later ones wait for
    /// earlier ones.
    async fn look_at_jobs(
        &self,
        store: &mut Store,
        jobs: Vec<JobStatus>,
        accounts: &[AccountStanding],
        around: &Surroundings,
        now: Moment,
    ) -> Result<Vec<JobStanding>, CommandError> {
        let mut line = EtaLine::new(self.settings, accounts, around.work.drain.as_ref(), now);
        let mut standing = Vec::with_capacity(jobs.len());
        for status in jobs {
            let is_open = status.counts.pending > 0 && status.job.state != JobState::Cancelled;
            let work = if is_open { self.work_of(store, &status).await? } else { Vec::new() };
            let facts = around.facts_of(&status, &work, &line);
            let activity = Activity::of(&facts, now.wall);
            let platform_of = |id: &AccountId| around.accounts.get(id).map(|(platform, _)| *platform);
            let eta = line.eta(&work, &activity, facts.need.is_some(), platform_of);
            standing.push(JobStanding { status, activity, eta });
        }
        Ok(standing)
    }

    /// What a job has left, by account and action.
    async fn work_of(
        &self,
        store: &mut Store,
        status: &JobStatus,
    ) -> Result<Vec<(Action, AccountId, u64)>, CommandError> {
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

impl Surroundings {
    fn facts_of(&self, status: &JobStatus, work: &[(Action, AccountId, u64)], line: &EtaLine<'_>) -> JobFacts {
        let drain = self.work.drain.as_ref();
        let is_worked_on = drain.is_some_and(|drain| drain.covers(status.job.id));
        let need_of = |account: &AccountId| {
            let need = self.accounts.get(account).and_then(|(_, need)| need.as_ref());
            need.filter(|_| !is_worked_on || !self.untried.contains(account))
        };
        let (in_need, able): (Vec<_>, Vec<_>) = work.iter().partition(|(_, account, _)| need_of(account).is_some());
        let next_request = able.iter().map(|(action, account, n)| line.next_at(*account, &[(*action, *n)])).min();
        JobFacts {
            state: status.job.state,
            pending: status.counts.pending,
            is_worked_on,
            other_drain: drain.filter(|_| !is_worked_on).map(|drain| OtherDrain { until: drain.sends_until }),
            has_server: self.work.has_server,
            rests_until: self.work.rests_until,
            next_request: if work.is_empty() { Some(line.now()) } else { next_request },
            need: in_need.first().and_then(|(_, account, _)| need_of(account)).cloned(),
            schedule: self.waits.get(&status.job.name).cloned(),
        }
    }
}

/// What was said, without the word in front of it.
fn message_of(trouble: &str) -> &str {
    trouble.split_once(": ").map(|(_, said)| said).filter(|said| !said.is_empty()).unwrap_or(trouble)
}
