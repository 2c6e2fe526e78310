//! How a run has ended, with what its face needs to tell of it.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use serde::{Serialize, Serializer};

use super::untouched_jobs::UntouchedJobs;
use crate::app::status::JobCounts;
use crate::app::{AccountTrouble, DECLINED, Ended, RunReport, RunSummary, account_names, exit_code, login_actions_of};
use crate::domain::{AccountId, Action, JobId, MicroUsd, Outcome};
use crate::engine::{Finish, Signal, Stopped};
use crate::error::{CommandError, ErrorKind};
use crate::store::{JobState, JobStatus, Store, TopReason};

/// How a run has ended.
#[derive(Debug)]
pub enum RunEnd {
    /// There is no queue, so nothing is left to do in it.
    NoQueue,
    /// Its files are lists without an entry, so there is no job to work on.
    NothingListed,
    /// Somebody was asked, and said no.
    Declined {
        /// The jobs that stay queued; none where nothing was queued for this run.
        queued: Option<Vec<JobStatus>>,
    },
    /// A signal came while files were read and loaded: nothing of them is queued.
    StoppedLoading(Signal),
    /// A third signal came: what was in flight is sent again by the next run.
    StoppedAtOnce {
        /// The first of them.
        signal: Signal,
        /// Requests and money that are known of.
        usage: (u64, MicroUsd),
    },
    /// An error came when it had begun to send.
    Failed {
        /// Which.
        error: CommandError,
        /// Its jobs, as far as they can still be read.
        jobs: Vec<JobStatus>,
        /// Jobs that it had nothing to do with.
        untouched: UntouchedJobs,
        /// Requests and money that are known of.
        usage: (u64, MicroUsd),
    },
    /// It came to an end.
    Ended(Box<RunOutcome>),
}

/// What a run that came to an end has done.
#[derive(Debug)]
pub struct RunOutcome {
    /// Why, and what it used.
    pub finish: Finish,
    /// Its jobs.
    pub jobs: Vec<JobStatus>,
    /// Those that were finished before, and that it had nothing to do with.
    pub untouched: UntouchedJobs,
    /// The accounts' short names.
    pub accounts: HashMap<AccountId, String>,
    /// What a new login of each account that needs a person has to name.
    pub login_actions: HashMap<AccountId, Vec<Action>>,
    /// Why rows of its jobs failed, where some did.
    pub failed_for: HashMap<JobId, Vec<TopReason>>,
    /// How long the drain took.
    pub took: Duration,
    /// Actions of the run whose price nobody knows.
    pub unpriced: BTreeSet<Action>,
    /// The exit code.
    pub code: u8,
}

/// What is known of a run beside what its drain did.
#[derive(Default)]
pub(super) struct Closing {
    pub(super) untouched: UntouchedJobs,
    pub(super) took: Duration,
    pub(super) unpriced: BTreeSet<Action>,
}

impl RunOutcome {
    /// The outcome of a drain. A keep list that could not be read is 74.
    pub(super) async fn of(ended: Ended, closing: Closing) -> Result<RunOutcome, CommandError> {
        let Ended { finish, jobs, mut store } = ended;
        let Closing { untouched, took, unpriced } = closing;
        let counts: Vec<_> = jobs.iter().map(|status| status.counts).collect();
        let mut code = exit_code(finish.stopped, &counts);
        // Whoever waits for a person or for the platform waits on; the list has to be mended first.
        if !finish.withheld.is_empty() && !matches!(finish.stopped, Stopped::Interrupted(_)) {
            code = ErrorKind::Io.exit_code();
        }
        let accounts = account_names(&mut store).await?;
        let login_actions = login_actions_of(&mut store, finish.troubles.iter().map(|(account, ..)| *account)).await?;
        let mut failed_for = HashMap::new();
        for status in jobs.iter().filter(|status| status.counts.failed > 0 && !untouched.has(status)) {
            let (mut reasons, _) = store.read().top_reasons(&status.job).await?;
            reasons.retain(|reason| reason.outcome == Outcome::Failed);
            failed_for.insert(status.job.id, reasons);
        }
        store.close().await;
        Ok(RunOutcome { finish, jobs, untouched, accounts, login_actions, failed_for, took, unpriced, code })
    }
}

impl Serialize for RunEnd {
    /// What it did, as `--json` prints it.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.summary().serialize(to)
    }
}

impl RunEnd {
    /// Where nothing of these jobs can be sent, so that nobody need be logged in: all is settled, or what is left is paused. None of
    /// them: every one. None: there is something to send.
    pub(super) async fn with_nothing_to_send(
        mut store: Store,
        only: Option<&[JobId]>,
    ) -> Result<Option<RunEnd>, CommandError> {
        let untouched = UntouchedJobs::of(&mut store, only).await?;
        let mut jobs = store.read().status(None).await?;
        jobs.retain(|status| only.is_none_or(|only| only.contains(&status.job.id)));
        let waits = |status: &JobStatus| matches!(status.job.state, JobState::Paused | JobState::Unverified);
        let is_paused = |status: &JobStatus| status.counts.pending > 0 && waits(status);
        if jobs.iter().any(|status| status.counts.pending > 0 && !is_paused(status)) {
            store.close().await;
            return Ok(None);
        }
        let stopped = if jobs.iter().any(is_paused) { Stopped::Paused } else { Stopped::Finished };
        let ended = Ended { finish: Finish::unsent(stopped), jobs, store };
        let outcome = RunOutcome::of(ended, Closing { untouched, ..Closing::default() }).await?;
        Ok(Some(RunEnd::Ended(Box::new(outcome))))
    }

    /// What it did, as `--json` prints it.
    pub fn summary(&self) -> RunSummary {
        match self {
            RunEnd::NoQueue | RunEnd::NothingListed => RunSummary::unsent(Stopped::Finished.name(), 0),
            RunEnd::Declined { queued } => RunSummary {
                jobs: counts_of(queued.as_deref().unwrap_or_default()),
                ..RunSummary::unsent(Stopped::Cancelled.name(), DECLINED)
            },
            RunEnd::StoppedLoading(signal) => interrupted(*signal, (0, MicroUsd(0))),
            RunEnd::StoppedAtOnce { signal, usage } => interrupted(*signal, *usage),
            RunEnd::Failed { error, jobs, usage: (requests, spent), .. } => {
                let (requests, spent) = (*requests, *spent);
                RunSummary { jobs: counts_of(jobs), requests, spent, ..RunSummary::failed(error) }
            }
            RunEnd::Ended(outcome) => RunSummary::new(counts_of(&outcome.jobs), &outcome.finish, outcome.code),
        }
    }

    /// What is told of it, and what a schedule keeps. Nobody is told of what they have just answered.
    pub fn report(&self) -> RunReport {
        match self {
            RunEnd::Declined { .. } => RunReport::declined(),
            RunEnd::Ended(outcome) => {
                let name_of = |account| outcome.accounts.get(account).cloned().unwrap_or_default();
                let trouble =
                    |account, reason: &str| AccountTrouble { account: name_of(account), reason: reason.to_owned() };
                let troubles = outcome.finish.troubles.iter().map(|(account, reason, _)| trouble(account, reason));
                RunReport { troubles: troubles.collect(), ..RunReport::of(self.summary()) }
            }
            _ => RunReport::of(self.summary()),
        }
    }
}

fn counts_of(jobs: &[JobStatus]) -> Vec<JobCounts> {
    jobs.iter().map(|status| JobCounts::new(&status.job.name, &status.counts)).collect()
}

fn interrupted(signal: Signal, (requests, spent): (u64, MicroUsd)) -> RunSummary {
    let finish = Finish { requests, spent, ..Finish::unsent(Stopped::Interrupted(signal)) };
    RunSummary::new(Vec::new(), &finish, signal.exit_code())
}
