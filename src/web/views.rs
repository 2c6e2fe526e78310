//! Reads what a page shows, and shows it.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::actions::find;
use super::address::AddressKey;
use super::middleware::Visitor;
use super::pages::{self, AccountLine, AccountNow, Frame, JobLine, JobPage, NowPage, Pager};
use super::paging::{Trail, page_before};
use super::problem::Problem;
use super::state::Web;
use crate::app;
use crate::app::status::{
    AccountStatus, JobActivity, QueueStatus, StatusQuery, TroubledAccount, activity_sentence, hold_ends,
    only_unfinished, reason_of,
};
use crate::auth::list_of;
use crate::config::Settings;
use crate::domain::{AccountId, MicroUsd, Moment, Wall};
use crate::store::{Job, JobStatus, Store};
use crate::text::clock_text;

/// Accounts on the page Now, and on a page of accounts.
const MAX_ACCOUNTS_NOW: u32 = 24;
const ACCOUNTS_A_PAGE: usize = 50;
/// Jobs on their page, and on Now.
const MAX_JOBS: usize = 100;
const MAX_JOBS_NOW: usize = 24;
const ENTRIES_A_PAGE: u32 = 50;
/// More than this is not counted by account for an ETA: pages are asked for every second.
const MAX_COUNTED_TASKS: u64 = 50_000;
const HOUR_MS: i64 = 3_600_000;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    pub(super) said: Option<String>,
}

impl Web {
    /// What a page stands in.
    pub(super) fn frame(&self, visitor: Visitor, at: &'static str) -> Frame {
        Frame {
            theme: visitor.theme,
            at,
            is_sandbox: self.settings().is_sandbox(),
            engine: self.engine.borrow().state.clone(),
            said: None,
            now: self.clock.now().wall,
            zone: self.zone.clone(),
        }
    }

    async fn look(&self, store: &mut Store, accounts: &[AccountId]) -> Result<QueueStatus, Problem> {
        let settings = self.settings();
        let look = StatusQuery {
            accounts: Some(accounts),
            max_counted_tasks: MAX_COUNTED_TASKS,
            ..StatusQuery::at_all(&settings, &self.clock)
        };
        Ok(look.look(store).await?)
    }
}

pub(super) async fn now(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let settings = web.settings();
    let mut store = web.read_store().await;
    let at_work = store.read().accounts_at_work(MAX_ACCOUNTS_NOW).await?;
    let look = web.look(&mut store, &at_work).await?;
    // In a file's queue there is one at most, and the jobs tell of it.
    let processes = if store.place().file().is_some() { Vec::new() } else { look.processes() };
    let QueueStatus { jobs, accounts, now, .. } = look;
    let midnight = midnight(&web, now.wall);
    let mut shown = Vec::with_capacity(accounts.len());
    for standing in accounts {
        shown.push(account_now(&mut store, standing, &settings, now.wall, midnight).await?);
    }
    let others =
        usize::try_from(store.read().change_counters().await?.accounts).unwrap_or(0).saturating_sub(shown.len());
    drop(store);
    let (unfinished, finished): (Vec<_>, Vec<_>) =
        jobs.into_iter().partition(|job: &JobActivity| job.status.counts.pending > 0);
    let jobs = unfinished.into_iter().take(MAX_JOBS_NOW).map(|job| line_of(&web, job, now)).collect();
    let page = NowPage { accounts: shown, others, processes, jobs, finished: finished.len(), now };
    Ok(pages::now(&web.frame(visitor, "/"), &page))
}

async fn account_now(
    store: &mut Store,
    standing: AccountStatus,
    settings: &Settings,
    now: Wall,
    midnight: Wall,
) -> Result<AccountNow, Problem> {
    let hour_ago = Wall(now.0 - HOUR_MS);
    let recent = store.read().recent_attempts(standing.account.id, Wall(hour_ago.0.min(midnight.0))).await?;
    let today = || recent.iter().filter(|attempt| attempt.reserved_at >= midnight);
    let jobs = if standing.account.trouble.is_some() { store.queue().jobs().await? } else { Vec::new() };
    let platform = standing.account.platform;
    let cost = today()
        .filter(|attempt| attempt.billed)
        .try_fold(MicroUsd(0), |sum, attempt| settings.price(platform, attempt.action).map(|price| sum.plus(price)));
    Ok(AccountNow {
        requests_last_hour: recent.iter().filter(|attempt| attempt.reserved_at >= hour_ago).count() as u64,
        requests_today: today().count() as u64,
        cost_today: cost,
        remedy: standing.remedy(settings, only_unfinished(&jobs)),
        standing,
    })
}

/// A job, and what it is doing in a sentence.
fn line_of(web: &Web, standing: JobActivity, now: Moment) -> JobLine {
    let clock = |at| clock_text(at, now.wall, &web.zone);
    JobLine { doing: activity_sentence(&standing, &web.settings(), now.wall, clock), standing }
}

/// When the local day began.
fn midnight(web: &Web, now: Wall) -> Wall {
    let local = jiff::Timestamp::from_millisecond(now.0).map(|timestamp| timestamp.to_zoned(web.zone.clone()));
    local.and_then(|local| local.start_of_day()).map_or(now, |start| Wall(start.timestamp().as_millisecond()))
}

pub(super) async fn jobs(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
) -> Result<Html<String>, Problem> {
    let mut store = web.read_store().await;
    let at_work = store.read().accounts_at_work(MAX_ACCOUNTS_NOW).await?;
    let QueueStatus { mut jobs, now, .. } = web.look(&mut store, &at_work).await?;
    drop(store);
    // What is unfinished first; then the newest.
    jobs.sort_by_key(|job| (job.status.counts.pending == 0, std::cmp::Reverse(job.status.job.id)));
    let hidden = jobs.len().saturating_sub(MAX_JOBS);
    jobs.truncate(MAX_JOBS);
    let jobs: Vec<JobLine> = jobs.into_iter().map(|job| line_of(&web, job, now)).collect();
    Ok(pages::jobs(&web.frame(visitor, "/jobs"), &jobs, hidden))
}

/// A job by its number. Its name leads there.
pub(super) async fn job(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(job): AddressKey<String>,
    Query(said): Query<Said>,
) -> Result<Response, Problem> {
    let mut store = web.read_store().await;
    let Ok(number) = job.parse::<i64>() else {
        let named = store.queue().job(&job).await?;
        let named = named.ok_or_else(|| Problem::not_found("There is no job of that name."))?;
        return Ok(Redirect::to(&format!("/jobs/{}", named.id.0)).into_response());
    };
    let found = find(&mut store, number).await?;
    let at_work = store.read().accounts_at_work(MAX_ACCOUNTS_NOW).await?;
    let standing = web.look(&mut store, &at_work).await?;
    let now = standing.now;
    let standing = standing.jobs.into_iter().find(|job| job.status.job.id == found.id);
    let standing = standing.ok_or_else(|| Problem::not_found("There is no such job."))?;
    let (reasons, reasons_cut) = store.read().top_reasons(&found).await?;
    let course = store.read().course(&found).await?;
    let account = match found.account {
        Some(id) => store.accounts().accounts_of(&[id]).await?.pop(),
        None => None,
    };
    drop(store);
    let account = account.map(|account| account.name.to_string());
    let frame = Frame { said: said.said, ..web.frame(visitor, "/jobs") };
    let line = line_of(&web, standing, now);
    Ok(pages::job(&frame, &JobPage { line, account, reasons, reasons_cut, course }).into_response())
}

pub(super) async fn cancel(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    AddressKey(job): AddressKey<i64>,
) -> Result<Html<String>, Problem> {
    let mut store = web.read_store().await;
    let job = find(&mut store, job).await?;
    let status = status_of(&mut store, job).await?;
    Ok(pages::cancel(&web.frame(visitor, "/jobs"), &status))
}

pub(super) async fn status_of(store: &mut Store, job: Job) -> Result<JobStatus, Problem> {
    let counts = store.read().counts(job.round).await?;
    Ok(JobStatus { job, counts })
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct After {
    #[serde(default)]
    after: i64,
}

pub(super) async fn accounts(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Query(page): Query<After>,
) -> Result<Html<String>, Problem> {
    let settings = web.settings();
    let environment = app::environment_accounts(&settings.credentials)?;
    let (now, boot) = (web.clock.now(), web.clock.boot());
    let mut store = web.read_store().await;
    let ids = store.accounts().account_ids().await?;
    let total = ids.len();
    let mut lines: Vec<AccountLine> = Vec::new();
    let earlier: Vec<i64> = ids.iter().map(|id| id.0).filter(|id| *id <= page.after).collect();
    let shown: Vec<AccountId> = ids.into_iter().skip(earlier.len()).take(ACCOUNTS_A_PAGE).collect();
    let (listed, jobs) = (list_of(&mut store, &shown).await?, store.queue().jobs().await?);
    let troubled = listed.iter().filter(|(account, _)| account.trouble.is_some()).map(|(account, _)| account.id);
    let to_name = app::login_actions_of(&mut store, troubled).await?;
    drop(store);
    for (account, record) in listed {
        let outside = settings.is_sandbox() || environment.iter().any(|found| found.is(&account));
        let kind = match (&record, outside) {
            (_, true) if settings.is_sandbox() => Some("sandbox"),
            (_, true) => Some("environment"),
            (Some(record), false) => Some(record.set.kind.name()),
            (None, false) => None,
        };
        let why = app::login_needed(&account, record.as_ref(), &environment);
        let hold = account.hold.as_ref();
        lines.push(AccountLine {
            kind,
            expires_at: record.and_then(|record| record.set.expiry).map(|expiry| expiry.at),
            login_needed: why.map(|why| why.sentence().to_string()),
            hold: hold.and_then(|hold| Some((hold_ends(hold, &boot.0, now)?, hold.reason.clone()))),
            remedy: account.trouble.as_ref().map(|trouble| {
                let (name, job) = (account.name.as_str(), only_unfinished(&jobs));
                let login_actions = to_name.get(&account.id).map_or(&[][..], Vec::as_slice);
                TroubledAccount { settings: &settings, name, job, login_actions }.remedy(reason_of(trouble))
            }),
            account,
        });
    }
    let has_next = earlier.len() + lines.len() < total;
    let next = lines.last().filter(|_| has_next).map(|line| format!("/accounts?after={}", line.account.id.0));
    let to = |after: Option<&i64>| after.map_or_else(|| "/accounts".to_owned(), |id| format!("/accounts?after={id}"));
    let previous = page_before(&earlier, ACCOUNTS_A_PAGE).map(to);
    let pager = Pager { previous, next: next.map(|next| (next, "Next page")), ..Pager::default() };
    Ok(pages::accounts(&web.frame(visitor, "/accounts"), &lines, total, &pager))
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Before {
    before: Option<i64>,
    #[serde(default)]
    trail: String,
}

pub(super) async fn log(
    State(web): State<Arc<Web>>,
    Extension(visitor): Extension<Visitor>,
    Query(page): Query<Before>,
) -> Result<Html<String>, Problem> {
    let entries = web.read_store().await.admin().audit_log(page.before, ENTRIES_A_PAGE).await?;
    let older = (entries.len() == ENTRIES_A_PAGE as usize).then(|| entries.last().map(|entry| entry.id)).flatten();
    let trail = Trail::parse(&page.trail);
    // The newest page begins behind no entry: 0 in the trail.
    let to = |before: i64, trail: &Trail| match before {
        0 => "/log".to_owned(),
        before => format!("/log?before={before}&trail={}", trail.text()),
    };
    let previous = trail.back().map(|(before, trail)| to(before, &trail));
    let first = page.before.filter(|_| previous.is_none()).map(|_| "/log".to_owned());
    let next = older.map(|older| (to(older, &trail.beyond(page.before.unwrap_or(0))), "Next page"));
    Ok(pages::log(&web.frame(visitor, "/log"), &entries, &Pager { first, previous, next }))
}
