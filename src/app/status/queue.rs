//! Where jobs and accounts stand: progress, what each job is doing, slots left, when it will be done. What `status` prints, what its JSON
//! is (`json`), and what the dashboard shows.
//!
//! In: the counters and newest attempts of a queue, what processes and schedules are doing. Out: numbers. Reads only, and keeps no lock
//! that a run could meet.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::account_status::AccountStatus;
use super::job_eta::{Eta, EtaLine};
use super::processes::ProcessAtWork;
use super::schedule_waits::{ScheduleWaits, schedule_waits};
use crate::app::status::{TroubledAccount, endpoint_states, hold_ends, only, reason_of, slots_needed, window_usage};
use crate::app::{self, AccountNeed, Activity, JobFacts, OtherRun, login_needed};
use crate::auth;
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{AccountId, Action, BootId, Horizons, Moment, Platform, Wall, name_key};
use crate::error::CommandError;
use crate::store::{
    Account, DrainAtWork, JobState, JobStatus, RecentSlot, ServerAtWork, Store, WorkInProgress, snapshots_of,
};

/// A job of several accounts or actions with more unsettled tasks than this gets no ETA: counting them by lane walks them.
const MAX_COUNTED_TASKS: u64 = 1_000_000;

/// Where everything stands.
#[derive(Debug, Default)]
pub struct QueueStatus {
    /// Jobs, oldest first.
    pub jobs: Vec<JobActivity>,
    /// Accounts.
    pub accounts: Vec<AccountStatus>,
    /// The processes that send.
    pub drains: Vec<DrainAtWork>,
    /// The processes that serve.
    pub servers: Vec<ServerAtWork>,
    /// The day of the newest copy of the queue's file, where there is one.
    pub snapshot: Option<String>,
    /// When it was looked.
    pub now: Moment,
}

impl QueueStatus {
    /// The processes that work on the queue.
    pub fn processes(&self) -> Vec<ProcessAtWork> {
        ProcessAtWork::all(&self.drains, &self.servers)
    }
}

/// How a job stands.
#[derive(Clone, Debug)]
pub struct JobActivity {
    /// The job with its numbers.
    pub status: JobStatus,
    /// What it is doing.
    pub activity: Activity,
    /// How long it takes.
    pub eta: Eta,
}

/// What is looked at, and with whose eyes.
#[derive(Clone, Copy)]
pub struct StatusQuery<'a> {
    /// Windows and pace.
    pub settings: &'a Settings,
    /// The time.
    pub clock: &'a SharedClock,
    /// These accounts only; none: every one.
    pub accounts: Option<&'a [AccountId]>,
    /// A job of several accounts or actions with more unsettled tasks than this gets no ETA: counting them by lane walks them.
    pub max_counted_tasks: u64,
}

/// What a job has left.
#[derive(Debug, Default)]
struct JobWork {
    /// By action and account.
    lanes: Vec<(Action, AccountId, u64)>,
    /// There are too many tasks to count them by account: each lane has work, and nobody knows how much.
    is_uncounted: bool,
}

impl JobWork {
    /// How many tasks of which account, as far as they are counted.
    fn counted(&self) -> &[(Action, AccountId, u64)] {
        if self.is_uncounted { &[] } else { &self.lanes }
    }
}

/// What jobs stand in: who works, what accounts need, which schedules are to come.
struct Surroundings {
    work: WorkInProgress,
    schedules: ScheduleWaits,
    /// Those that jobs have work left of.
    accounts: HashMap<AccountId, (Platform, Option<AccountNeed>)>,
    /// Accounts whose need an earlier drain has met, and the running one has not: it has sent nothing for them yet.
    untried: HashSet<AccountId>,
}

impl<'a> StatusQuery<'a> {
    /// At everything.
    pub fn at_all(settings: &'a Settings, clock: &'a SharedClock) -> StatusQuery<'a> {
        StatusQuery { settings, clock, accounts: None, max_counted_tasks: MAX_COUNTED_TASKS }
    }

    /// Looks.
    pub async fn look(&self, store: &mut Store) -> Result<QueueStatus, CommandError> {
        let now = self.clock.now();
        let mut accounts = self.look_at_accounts(store, now).await?;
        let mut jobs = Vec::new();
        for status in store.read().status(None).await? {
            let is_open = status.counts.pending > 0 && status.job.state != JobState::Cancelled;
            let work = if is_open { self.work_of(store, &status).await? } else { JobWork::default() };
            jobs.push((status, work));
        }
        let lefts = works_of(&jobs);
        let stopped: Vec<AccountId> =
            accounts.iter().map(|of| &of.account).filter(|of| of.trouble.is_some()).map(|of| of.id).collect();
        let records = auth::records_of(store, &stopped).await?;
        for standing in &mut accounts {
            standing.work = lefts.get(&standing.account.id).cloned().unwrap_or_default();
            if standing.account.trouble.is_some() {
                let work = standing.work.iter().copied();
                standing.login_actions = app::login_actions(&standing.account, records.get(&standing.account.id), work);
            }
        }
        let surroundings = self.surroundings(store, &jobs, &lefts, now.wall).await?;
        let jobs = self.standing_of(jobs, &accounts, &surroundings, now);
        let drains = store.queue().drains_at_work().await?;
        // Whoever cannot read the folder of the copies sees the rest; doctor says why.
        let snapshots = store.place().file().and_then(|file| snapshots_of(file).ok()).unwrap_or_default();
        let snapshot = snapshots.into_iter().next().map(|newest| newest.day);
        Ok(QueueStatus { jobs, accounts, drains, servers: surroundings.work.servers, snapshot, now })
    }

    /// At accounts alone.
    pub async fn look_at_accounts(&self, store: &mut Store, now: Moment) -> Result<Vec<AccountStatus>, CommandError> {
        let boot = self.clock.boot();
        let mut endpoints = endpoint_states(store, &boot, now).await?;
        let looked_at = match self.accounts {
            Some(only) => store.accounts().accounts_of(only).await?,
            None => store.accounts().all().await?,
        };
        let mut slots = self.newest_slots(store, &looked_at, &boot, now).await?;
        let unknown_until = store.queue().unknown_until(&boot, now).await?;
        let standing = looked_at.into_iter().map(|account| {
            let specs = self.settings.windows(account.platform);
            let windows = window_usage(&specs, &slots.remove(&account.id).unwrap_or_default(), unknown_until, now);
            let hold = account.hold.as_ref();
            let hold = hold.and_then(|hold| Some((hold_ends(hold, &boot.0, now)?, hold.reason.clone())));
            let endpoints = endpoints.remove(&account.id).unwrap_or_default();
            let (work, login_actions) = (BTreeSet::new(), Vec::new());
            AccountStatus { account, windows, hold, endpoints, work, login_actions }
        });
        Ok(standing.collect())
    }

    /// The slots of all accounts that may still count: platform by platform, for each has windows of its own.
    async fn newest_slots(
        &self,
        store: &mut Store,
        accounts: &[Account],
        boot: &BootId,
        now: Moment,
    ) -> Result<HashMap<AccountId, Vec<RecentSlot>>, CommandError> {
        let mut by_platform: HashMap<Platform, Vec<AccountId>> = HashMap::new();
        for account in accounts {
            by_platform.entry(account.platform).or_default().push(account.id);
        }
        let mut slots = HashMap::new();
        for (platform, own) in by_platform {
            let specs = self.settings.windows(platform);
            let horizons = Horizons::of(specs.iter());
            slots.extend(store.queue().newest_attempts(&own, slots_needed(&specs), &boot.0, now, &horizons).await?);
        }
        Ok(slots)
    }

    async fn surroundings(
        &self,
        store: &mut Store,
        jobs: &[(JobStatus, JobWork)],
        lefts: &HashMap<AccountId, BTreeSet<Action>>,
        now: Wall,
    ) -> Result<Surroundings, CommandError> {
        let environment = app::environment_accounts(&self.settings.credentials)?;
        let unfinished = jobs.iter().filter(|(status, _)| status.counts.pending > 0);
        let job = only(unfinished.map(|(status, _)| status.job.name.as_str()));
        let at_work: BTreeSet<AccountId> = lefts.keys().copied().collect();
        let mut untried = HashSet::new();
        let work = store.queue().work_in_progress().await?;
        let tried = if work.drain.is_some() { Some(store.queue().accounts_of_newest_drain().await?) } else { None };
        let accounts = auth::list_of(store, &Vec::from_iter(at_work)).await?.into_iter().map(|(account, record)| {
            let remedy = |reason| {
                let work = lefts.get(&account.id).cloned().unwrap_or_default();
                let login_actions = &app::login_actions(&account, record.as_ref(), work)[..];
                let name = account.name.as_str();
                TroubledAccount { settings: self.settings, name, job, login_actions }.remedy(reason)
            };
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
        let schedules = schedule_waits(store, work.runs_schedules, now).await?;
        Ok(Surroundings { work, schedules, accounts, untried })
    }

    /// What each job is doing, and when it will be done. An account works its jobs off one after the other, so later ones wait for
    /// earlier ones.
    fn standing_of(
        &self,
        jobs: Vec<(JobStatus, JobWork)>,
        accounts: &[AccountStatus],
        around: &Surroundings,
        now: Moment,
    ) -> Vec<JobActivity> {
        let mut line = EtaLine::new(self.settings, accounts, around.work.drain.as_ref(), now);
        let stands = jobs.into_iter().map(|(status, work)| {
            let facts = around.facts_of(&status, &work.lanes, &line);
            let activity = Activity::of(&facts, now.wall);
            let platform_of = |id: &AccountId| around.accounts.get(id).map(|(platform, _)| *platform);
            let eta = line.eta(work.counted(), &activity, facts.need.is_some(), platform_of);
            JobActivity { status, activity, eta }
        });
        stands.collect()
    }

    /// What a job has left, by account and action. Too many tasks of several accounts are not counted; whose they are is known all the same.
    async fn work_of(&self, store: &mut Store, status: &JobStatus) -> Result<JobWork, CommandError> {
        let (job, pending) = (&status.job, status.counts.pending);
        let is_uncounted =
            pending > self.max_counted_tasks && store.read().pending_of_only_lane(job.round).await?.is_none();
        let lanes = if is_uncounted {
            let lanes = store.read().pending_lanes(job.round).await?.into_iter();
            lanes.map(|(action, account)| (action, account, 1)).collect()
        } else {
            store.read().pending_by_lane(job.round).await?
        };
        if !lanes.is_empty() {
            return Ok(JobWork { lanes, is_uncounted });
        }
        // What the job says of itself has to do.
        let own = job.action.zip(job.account).map(|(action, account)| (action, account, pending));
        Ok(JobWork { lanes: own.into_iter().collect(), is_uncounted: false })
    }
}

impl Surroundings {
    fn facts_of(&self, status: &JobStatus, work: &[(Action, AccountId, u64)], line: &EtaLine<'_>) -> JobFacts {
        let drain = self.work.drain.as_ref();
        let is_worked_on = drain.is_some_and(|drain| drain.covers(status.job.id));
        let other_run = drain.filter(|_| !is_worked_on).map(|drain| OtherRun { until: drain.sends_until });
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
            other_run,
            server: self.work.server().cloned(),
            begun_schedule: self.schedules.begun.get(&*name_key(&status.job.name)).cloned(),
            next_request: if work.is_empty() { Some(line.now()) } else { next_request },
            need: in_need.first().and_then(|(_, account, _)| need_of(account)).cloned(),
            schedule: self.schedules.waits.get(&*name_key(&status.job.name)).cloned(),
        }
    }
}

/// What is left to do for each account.
fn works_of(jobs: &[(JobStatus, JobWork)]) -> HashMap<AccountId, BTreeSet<Action>> {
    let mut works: HashMap<AccountId, BTreeSet<Action>> = HashMap::new();
    for (action, account, _) in jobs.iter().flat_map(|(_, work)| &work.lanes) {
        works.entry(*account).or_default().insert(*action);
    }
    works
}

/// What was said, without the word in front of it.
fn message_of(trouble: &str) -> &str {
    trouble.split_once(": ").map(|(_, said)| said).filter(|said| !said.is_empty()).unwrap_or(trouble)
}
