//! What a run of a file would do now: without repeats, and without what the queue has settled already.
//!
//! In: files that have been judged, the queue as it is. Out: for each what would be sent, and what has become of the other rows; or why it
//! would not be loaded. Nothing is changed and nobody is asked. What does not belong here: what it takes and costs.

use std::collections::BTreeMap;

use super::accounts::Identities;
use super::known::known_job;
use super::load_options::LoadOptions;
use super::load_plan::{LoadPlan, fix_jobs, plan_against, refuse_unusable};
use super::loading::{nobody_known, shrinks};
use super::named_accounts::Accounts;
use super::names::NameBook;
use super::preparing::Prepared;
use super::row_batches::next_batch;
use crate::domain::{AccountId, AccountName, Action, Platform};
use crate::error::CommandError;
use crate::lists::filter::Rule;
use crate::store::{self, Job, JobState, LoadForecast, LoadForecaster, LoadRow, RowPlace, Store};

/// What a run of a file would do now.
#[derive(Clone, Debug)]
pub struct Forecast {
    /// How the file stands to the queue.
    pub standing: LoadPlan,
    /// The job is paused: nothing of it is sent until it goes on.
    pub is_paused: bool,
    /// What would be sent, by what is done and for whom.
    pub to_send: Vec<ForecastLane>,
    /// What becomes of the other rows.
    pub rows: LoadForecast,
    /// Rows that cannot be used, by reason.
    pub rejected: BTreeMap<String, u64>,
    /// Rows whose account is not known, or whose platform has no such action: a sentence each.
    pub misplaced: Vec<String>,
    /// Nobody has said yet who acts: the run asks, or wants a login.
    pub is_account_unknown: bool,
}

/// So many targets of one action of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForecastLane {
    /// What is done.
    pub action: Action,
    /// The account; below zero where the queue does not have it yet.
    pub id: AccountId,
    /// Its name; none where it has none yet.
    pub account: Option<AccountName>,
    /// Where.
    pub platform: Platform,
    /// How many.
    pub targets: u64,
}

/// Says of every file what a run would do now, or why it would be refused.
///
/// # Errors
/// Nobody is known by the name `account`; the queue cannot be read.
pub async fn forecast(
    who: &Identities,
    mut store: Option<&mut Store>,
    account: Option<&AccountName>,
    files: &[Prepared],
    options: &LoadOptions,
) -> Result<Vec<Result<Forecast, CommandError>>, CommandError> {
    let known = match &mut store {
        Some(store) => store.accounts().all().await?,
        None => Vec::new(),
    };
    let named: Vec<_> = files.iter().flat_map(Prepared::named_accounts).collect();
    let mut accounts = who.expect(known, account, &named)?;
    if account.is_none()
        && let Some(store) = &mut store
    {
        fix_jobs(who, store, &mut accounts, files).await?;
    }
    let mut forecasts = Vec::with_capacity(files.len());
    for file in files {
        forecasts.push(forecast_for(store.as_deref_mut(), file, &accounts, options).await);
    }
    Ok(forecasts)
}

/// What a run would do with one file, where it is known already who acts.
///
/// # Errors
/// A load would be refused; the queue cannot be read; the file has changed.
pub async fn forecast_for(
    mut store: Option<&mut Store>,
    file: &Prepared,
    accounts: &Accounts,
    options: &LoadOptions,
) -> Result<Forecast, CommandError> {
    refuse_unusable(file, accounts)?;
    let job = match &mut store {
        Some(store) => known_job(store, &file.job).await?,
        None => None,
    };
    let standing = match &job {
        Some(job) => plan_against(file, job, accounts, options)?,
        None => LoadPlan::New,
    };
    let goes_on = job.as_ref().filter(|_| !matches!(standing, LoadPlan::New | LoadPlan::Again));
    let (mut rows, tasks, rejected) = compare(store.as_deref(), goes_on, file, accounts, options).await?;
    if tasks == 0 && file.survey.rows > 0 && goes_on.is_none() {
        return Err(nobody_known(file));
    }
    let is_changed = matches!(standing, LoadPlan::Changed { .. });
    // As the load would refuse it.
    let is_same_file = goes_on.is_some_and(|job| file.loaded_from(options).is_same_file(&job.loaded_from));
    if is_changed && !options.reload.allow_shrink && !is_same_file && store::shrinks(rows.vanished, rows.pending) {
        return Err(shrinks(file, rows.vanished, rows.pending));
    }
    let to_send = match (&standing, goes_on, store) {
        (LoadPlan::Cancelled, ..) => Vec::new(),
        (LoadPlan::Unchanged { .. }, Some(job), Some(store)) => {
            rows.vanished = 0;
            store.read().pending_by_lane(job.round).await?
        }
        _ => std::mem::take(&mut rows.to_send),
    };
    Ok(Forecast {
        standing,
        is_paused: goes_on.is_some_and(|job| matches!(job.state, JobState::Paused | JobState::Unverified)),
        to_send: to_send.into_iter().map(|lane| named(lane, accounts)).collect(),
        rows,
        rejected,
        misplaced: file.misplaced(accounts),
        is_account_unknown: accounts.is_default_unasked,
    })
}

/// As [`super::plan_loads`] for a queue that is not there yet: refuses what it would refuse, and makes nothing.
///
/// # Errors
/// As [`super::plan_loads`].
pub async fn refuse_for_new_queue(
    who: &Identities,
    account: Option<&AccountName>,
    files: &[Prepared],
    options: &LoadOptions,
) -> Result<(), CommandError> {
    let named: Vec<_> = files.iter().flat_map(Prepared::named_accounts).collect();
    let accounts = who.first_accounts(account, &named)?;
    for file in files {
        refuse_unusable(file, &accounts)?;
        // Rows that name their targets may all be rejected; only reading them says so.
        if file.survey.names > 0 {
            forecast_for(None, file, &accounts, options).await?;
        }
    }
    Ok(())
}

/// Every row of the file against the round that a load would go on with, how many are tasks, and the others by reason.
async fn compare(
    store: Option<&Store>,
    job: Option<&Job>,
    file: &Prepared,
    accounts: &Accounts,
    options: &LoadOptions,
) -> Result<(LoadForecast, u64, BTreeMap<String, u64>), CommandError> {
    let mut book = match store {
        Some(store) => NameBook::of(store, file).await?,
        None => NameBook::empty(),
    };
    let mut forecaster = match (store, job) {
        (Some(store), Some(job)) => LoadForecaster::beside(store.place(), job).await?,
        _ => LoadForecaster::alone(),
    };
    let mut sieve = options.rules.begin(&file.survey, &file.source, accounts.of_job(&file.job))?;
    let mut rows = file.survey.rows(&file.source)?;
    let (mut rejected, mut tasks) = (BTreeMap::new(), 0);
    loop {
        let batch = next_batch(&mut rows, accounts.of_job(&file.job), &mut sieve, &mut book).await?;
        if batch.is_empty() {
            return Ok((forecaster.finish().await?, tasks, rejected));
        }
        tasks += batch.iter().filter(|row| reason_of(row).is_none()).count() as u64;
        for reason in batch.iter().filter_map(reason_of) {
            match rejected.get_mut(reason) {
                Some(rows) => *rows += 1,
                None => {
                    rejected.insert(reason.to_owned(), 1);
                }
            }
        }
        forecaster.push_all(&batch).await?;
    }
}

fn reason_of(row: &LoadRow) -> Option<&str> {
    match &row.place {
        RowPlace::Task { .. } => None,
        RowPlace::Rejected { reason, .. } => Some(reason),
    }
}

fn named((action, account, targets): (Action, AccountId, u64), accounts: &Accounts) -> ForecastLane {
    let (name, platform) = accounts.described(account);
    ForecastLane { action, id: account, account: name.cloned(), platform: platform.unwrap_or_default(), targets }
}

impl Forecast {
    /// Targets that a run would send requests for now: none while the job is paused.
    pub fn targets(&self) -> u64 {
        if self.is_paused { 0 } else { self.to_send.iter().map(|lane| lane.targets).sum() }
    }

    /// How many targets each rule spares, in the order in which rules are asked.
    pub fn spared(&self) -> impl Iterator<Item = (Rule, u64)> {
        let targets =
            |rule: Rule| self.rows.kept.iter().find(|(name, _)| name == rule.name()).map(|(_, targets)| *targets);
        Rule::ALL.into_iter().filter_map(move |rule| Some((rule, targets(rule)?)))
    }
}
