//! A drain with everything it stands on, and what its end means for the exit code.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::accounts::Identities;
use super::damaged_rows::stopped_at;
use super::drain_again::{Continued, CutOff, open_again};
use super::endpoint_reader::DrainReader;
use super::event_log::{EventLog, log_end};
use super::keep_guard::KeepGuard;
use super::recheck::{HeldBack, recheck};
use super::request::RunBounds;
use crate::auth::TokenSource;
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{AccountId, Action, Horizons, JobId, Moment, Platform, Tick, WindowSpec};
use crate::engine::{self, EngineDeps, EngineSettings, Event, Finish, JobTerms, Listener, Shutdown, Stopped};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::Client;
use crate::store::{Account, Drain, DrainLock, DrainScope, JobStatus, OutcomeCounts, QueueWatch, Store};

/// What a drain is told.
#[derive(Clone, Debug)]
pub struct DrainOptions {
    /// What to work on, and within which bounds.
    pub run: EngineSettings,
    /// Within which windows.
    pub windows: HashMap<Platform, Arc<[WindowSpec]>>,
    /// The file of a keep list for every job, beside those that the jobs were loaded with.
    pub keep: Option<PathBuf>,
}

impl DrainOptions {
    /// Every unfinished job, as the settings and the bounds of this run say.
    pub fn of(settings: &Settings, bounds: &RunBounds, until: Option<Tick>) -> DrainOptions {
        let priced = Platform::ALL.into_iter().flat_map(|platform| {
            let price = move |action| Some(((platform, action), settings.price(platform, action)?));
            Action::ALL.into_iter().filter_map(price)
        });
        let run = EngineSettings {
            jobs: None,
            workers: usize::from(settings.run.workers),
            pace: settings.run.pace,
            request_deadline: settings.run.request_deadline,
            give_up_after: settings.run.give_up_after,
            terms: JobTerms { until, max_requests: bounds.max_requests, max_spend: bounds.max_spend },
            groups: Vec::new(),
            accept_unnamed: false,
            prices: priced.collect(),
        };
        let windows = Platform::ALL.into_iter().map(|platform| (platform, settings.windows(platform).into())).collect();
        DrainOptions { run, windows, keep: None }
    }

    /// Whether requests are sent in the same way, whatever the jobs and their terms: within the same windows, as fast, at the same prices.
    pub fn sends_like(&self, other: &DrainOptions) -> bool {
        let way = |options: &DrainOptions| {
            let EngineSettings { workers, pace, request_deadline, give_up_after, accept_unnamed, .. } = options.run;
            (workers, pace, request_deadline, give_up_after, accept_unnamed)
        };
        way(self) == way(other) && self.run.prices == other.run.prices && self.windows == other.windows
    }
}

/// How a drain ended, and how its jobs stand.
#[derive(Debug)]
pub struct Ended {
    /// Why, and what it used.
    pub finish: Finish,
    /// The jobs it was told to work on.
    pub jobs: Vec<JobStatus>,
    /// The queue.
    pub store: Store,
}

impl Ended {
    /// How jobs ended that were worked on in a drain with others, by these accounts.
    ///
    /// # Errors
    /// A keep list of theirs cannot be read; the queue cannot be.
    pub async fn of_group(
        mut finish: Finish,
        jobs: &[JobId],
        accounts: &HashSet<AccountId>,
        mut store: Store,
    ) -> Result<Ended, CommandError> {
        finish.troubles.retain(|(account, ..)| accounts.contains(account));
        refuse_lost_list(&finish)?;
        let mut all = store.read().status(None).await?;
        all.retain(|status| jobs.contains(&status.job.id));
        Ok(Ended { finish, jobs: all, store })
    }
}

/// What a drain stands on.
pub struct DrainDeps {
    /// The queue.
    pub store: Store,
    /// The right to drain it.
    pub lock: DrainLock,
    /// The way to the platforms.
    pub client: Arc<Client>,
    /// Every account's credentials.
    pub tokens: Arc<TokenSource>,
    /// The time.
    pub clock: SharedClock,
    /// How it is told to end.
    pub shutdown: Shutdown,
    /// Who hears of events.
    pub listener: Box<dyn Listener>,
    /// Who tells of writes to the queue; none: it is looked at each second, by the clock above.
    pub watch: Option<QueueWatch>,
}

/// Slots are read so much further back than the longest window: a drain's first turns come a while after it has begun.
const TO_SPARE: Duration = Duration::from_secs(60);

/// Drains the queue. Where it is on a server that goes away, or takes this drain for dead, it goes on by itself as soon as it can.
///
/// # Errors
/// The queue cannot be read or written, for as long as this run waits for that. What was in flight then is recovered by the next drain.
pub async fn drain(footing: DrainDeps, who: &Identities, options: DrainOptions) -> Result<Ended, CommandError> {
    let DrainDeps { store, lock, client, tokens, clock, shutdown, listener, mut watch } = footing;
    let mut listener = Continued::new(listener);
    let (place, is_watched) = (store.place().clone(), watch.is_some());
    let mut next = store;
    loop {
        let left = DrainOptions { run: listener.left_of(&options.run), ..options.clone() };
        let footing = DrainDeps {
            store: next,
            lock: lock.share(),
            client: Arc::clone(&client),
            tokens: Arc::clone(&tokens),
            clock: clock.clone(),
            shutdown: shutdown.clone(),
            listener: Box::new(listener.clone()),
            watch: watch.take(),
        };
        let error = match drain_once(footing, who, left).await {
            Ok((finish, store)) => return ended(listener.whole(finish), options.run.jobs.as_deref(), store).await,
            Err(CutOff::Failed(error)) => return Err(error),
            Err(CutOff::Away(error)) if place.file().is_some() => return Err(error.into()),
            Err(CutOff::Away(error)) => error,
        };
        listener.is_cut_off();
        let patience = (options.run.give_up_after, options.run.terms.until);
        next = open_again(&place, error, patience, (&clock, &shutdown), &mut listener).await?;
        if is_watched {
            watch = QueueWatch::of(&place).await;
        }
    }
}

/// The same until it is over, or cut off.
async fn drain_once(footing: DrainDeps, who: &Identities, options: DrainOptions) -> Result<(Finish, Store), CutOff> {
    let DrainDeps { mut store, lock, client, tokens, clock, shutdown, listener, watch } = footing;
    let accounts = store.accounts().all().await?;
    let mut listener: Box<dyn Listener> = Box::new(EventLog::before(listener, &accounts));
    let access = who.access(&accounts, |platform| options.windows.get(&platform).cloned());
    let horizons = Horizons::of(access.values().flat_map(|access| access.windows.iter())).extended(TO_SPARE);
    let deadline_ms = options.run.request_deadline.as_millis() as i64;
    let (jobs, now) = (options.run.jobs.clone(), clock.now());
    let scope = scope_of(&options, &accounts, now);
    let (mut drain, start) = Drain::begin(store, lock, &scope, now, clock.boot(), &horizons, deadline_ms).await?;
    // Before anything is claimed, and after what an earlier process was sending stands in line again.
    for HeldBack { job, reason, tasks } in recheck(drain.store(), jobs.as_deref(), clock.now().wall).await? {
        listener.hear(&Event::HeldBack { job, reason, tasks });
    }
    let guard = Box::new(KeepGuard::new(options.keep));
    let reader = Arc::new(DrainReader {
        queue: drain.store().place().clone(),
        client: Arc::clone(&client),
        tokens: Arc::clone(&tokens),
        clock: clock.clone(),
        shutdown: shutdown.clone(),
        request_deadline: options.run.request_deadline,
        give_up_after: options.run.give_up_after,
    });
    let deps = EngineDeps { drain, client, tokens, clock, shutdown, listener, guard, reader, watch };
    Ok(engine::run(deps, start, accounts, access, options.run).await?)
}

/// How jobs stand at the end of a drain of theirs.
async fn ended(finish: Finish, jobs: Option<&[JobId]>, mut store: Store) -> Result<Ended, CommandError> {
    log_end(&finish);
    // Where there are groups, each is asked for itself.
    if finish.groups.is_empty() {
        refuse_lost_list(&finish)?;
    }
    if !finish.damaged.is_empty() {
        return Err(stopped_at(&finish.damaged));
    }
    let all = store.read().status(None).await?;
    let ours = |status: &JobStatus| jobs.is_none_or(|jobs| jobs.contains(&status.job.id));
    Ok(Ended { finish, jobs: all.into_iter().filter(ours).collect(), store })
}

fn refuse_lost_list(finish: &Finish) -> Result<(), CommandError> {
    if finish.stopped != Stopped::KeepList {
        return Ok(());
    }
    let why = finish.withheld.join("; ");
    let error =
        CommandError::new(ErrorKind::Io, format!("{why}; no row that the list may protect was sent after that"));
    Err(error.hint("correct the file and run the command again to continue, or load the job again with another --keep"))
}

/// What other processes may know of a drain. Of terms that some of its jobs have they know the strictest: a time that is told for a job's end
/// is one that it keeps to.
fn scope_of(options: &DrainOptions, accounts: &[Account], now: Moment) -> DrainScope {
    let run = &options.run;
    let there = |platform| accounts.iter().any(|account| account.platform == platform);
    let windows: Vec<(Platform, Arc<[WindowSpec]>)> = Platform::ALL
        .into_iter()
        .filter(|platform| there(*platform))
        .filter_map(|platform| Some((platform, Arc::clone(options.windows.get(&platform)?))))
        .collect();
    let terms = || std::iter::once(&run.terms).chain(run.groups.iter().map(|group| &group.terms));
    DrainScope {
        windows,
        jobs: run.jobs.clone(),
        sends_until: terms().filter_map(|terms| terms.until).min().map(|until| now.wall_at(until)),
        is_capped: terms().any(|terms| terms.max_requests.is_some() || terms.max_spend.is_some()),
    }
}

/// The exit code of an end: it speaks of the jobs' state, not of this run alone. A signal comes first, then 77, 69, 4, 3, 0.
pub fn exit_code(stopped: Stopped, counts: &[OutcomeCounts]) -> u8 {
    let left = counts.iter().any(|counts| counts.pending > 0);
    let troubled = counts.iter().any(|counts| counts.failed > 0 || counts.rejected > 0);
    match stopped {
        Stopped::Interrupted(signal) => signal.exit_code(),
        Stopped::Account => 77,
        Stopped::Unreachable => 69,
        Stopped::KeepList | Stopped::Damaged => 74,
        _ if left => 4,
        _ if troubled => 3,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Signal;

    #[test]
    fn the_code_speaks_of_the_jobs() {
        let counts = |pending, failed, rejected| OutcomeCounts {
            done: 5,
            pending,
            failed,
            rejected,
            ..OutcomeCounts::default()
        };
        for (stopped, jobs, code) in [
            (Stopped::Finished, vec![counts(0, 0, 0)], 0),
            (Stopped::Finished, vec![counts(0, 0, 0), counts(0, 0, 1)], 3),
            (Stopped::Finished, vec![counts(0, 1, 0)], 3),
            (Stopped::Deadline, vec![counts(7, 1, 0)], 4),
            (Stopped::Requests, vec![counts(0, 0, 0)], 0),
            (Stopped::Paused, vec![counts(1, 0, 0)], 4),
            (Stopped::Cap, vec![counts(1, 0, 0)], 4),
            (Stopped::Account, vec![counts(1, 1, 1)], 77),
            (Stopped::Unreachable, vec![counts(1, 0, 0)], 69),
            (Stopped::Interrupted(Signal::Hangup), vec![counts(0, 0, 0)], 129),
            (Stopped::Interrupted(Signal::Interrupt), vec![counts(1, 0, 0)], 130),
            (Stopped::Interrupted(Signal::Terminate), vec![counts(1, 1, 0)], 143),
            (Stopped::Finished, vec![], 0),
        ] {
            assert_eq!(exit_code(stopped, &jobs), code, "{stopped:?} {jobs:?}");
        }
    }
}
