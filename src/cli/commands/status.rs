//! `cleanup status`: progress, slots left, when it will be done.
//!
//! In: the counters and newest attempts of a queue. Out: a table, or the JSON of the contract. Reads only, and takes no lock
//! that a run could meet.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;

use crate::cli::args::StatusArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape::escaped;
use crate::cli::estimate;
use crate::cli::progress::hold_text;
use crate::cli::summary::RowCounts;
use crate::cli::timing::clock_text;
use crate::cli::usage::{hold_ends, slots_needed, window_usage};
use crate::domain::{AccountId, Action, Moment, Wall};
use crate::engine::WindowLevel;
use crate::limits::WindowUsage;
use crate::store::{Account, Job, JobState, JobStatus, Store};

/// A job with more unsettled tasks is not counted by lane for its ETA: counting walks them.
const MAX_COUNTED_TASKS: u64 = 1_000_000;

/// Shows where jobs and accounts stand.
///
/// # Errors
/// Exit code 2 for a job that is not there; the queue cannot be read.
pub async fn run(context: &Context, args: &StatusArgs) -> Result<u8, CliError> {
    let view = match context.existing_queue().await? {
        Some(mut store) => {
            let view = look(context, &mut store, &args.jobs).await?;
            store.close().await;
            view
        }
        None => match args.jobs.first() {
            Some(name) => return Err(context.unknown_job(name, &[])),
            None => StatusView::default(),
        },
    };
    if args.json {
        let value = serde_json::to_value(view.json()).map_err(|error| {
            CliError::new(crate::cli::error::Kind::Fault, "the status cannot be written as JSON").because(error)
        })?;
        context.printer.json(&value)?;
    } else {
        context.printer.data(&table(context, &view))?;
    }
    Ok(0)
}

/// What is shown.
#[derive(Debug, Default)]
struct StatusView {
    jobs: Vec<(JobStatus, Option<Wall>)>,
    accounts: Vec<AccountView>,
    now: Moment,
}

#[derive(Debug)]
struct AccountView {
    account: Account,
    windows: Vec<WindowUsage>,
    hold: Option<(Wall, String)>,
}

impl AccountView {
    /// When its next request for any of this work can leave.
    fn next_at(&self, work: &[(Action, u64)], now: Moment) -> Wall {
        let concerns = |window: &&WindowUsage| work.iter().any(|(action, _)| window.spec.applies.counts(*action));
        let slot = self.windows.iter().filter(concerns).filter_map(|window| window.next_slot).max();
        let slot = slot.map_or(now.wall, |tick| now.wall_at(tick));
        self.hold.as_ref().map_or(slot, |(until, _)| slot.max(*until)).max(now.wall)
    }

    fn levels(&self) -> Vec<WindowLevel> {
        self.windows.iter().map(|window| WindowLevel { spec: window.spec, used: window.used }).collect()
    }
}

async fn look(context: &Context, store: &mut Store, names: &[String]) -> Result<StatusView, CliError> {
    let now = context.clock.now();
    let accounts = look_at_accounts(context, store, now).await?;
    let all = store.status(None).await?;
    if let Some(name) = names.iter().find(|name| !all.iter().any(|status| status.job.name == **name)) {
        let jobs: Vec<Job> = all.into_iter().map(|status| status.job).collect();
        return Err(context.unknown_job(name, &jobs));
    }
    let etas = look_ahead(context, store, &all, &accounts, now).await?;
    let chosen = all.into_iter().zip(etas).filter(|(status, _)| names.is_empty() || names.contains(&status.job.name));
    Ok(StatusView { jobs: chosen.collect(), accounts, now })
}

async fn look_at_accounts(context: &Context, store: &mut Store, now: Moment) -> Result<Vec<AccountView>, CliError> {
    let boot = context.clock.boot();
    let mut views = Vec::new();
    for account in store.accounts().await? {
        let specs = context.settings.windows(account.platform);
        let slots = store.newest_attempts(account.id, slots_needed(&specs), &boot.0).await?;
        let windows = window_usage(&specs, &slots, now);
        let hold = account.hold.as_ref();
        let hold = hold.and_then(|hold| Some((hold_ends(hold, &boot.0, now)?, hold.reason.clone())));
        views.push(AccountView { account, windows, hold });
    }
    Ok(views)
}

/// When each job will be done. An account works its jobs off one after the other, so later ones wait for earlier ones; when a
/// person will have seen to an account nobody can say.
async fn look_ahead(
    context: &Context,
    store: &mut Store,
    jobs: &[JobStatus],
    accounts: &[AccountView],
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
        for (action, account, n) in work_of(store, status).await? {
            let line = queued.entry(account).or_default();
            line.push((action, n));
            let Some(view) = accounts.iter().find(|view| view.account.id == account) else { continue };
            waits_for_a_person |= view.account.trouble.is_some();
            let eta = estimate::eta(line, &view.levels(), context.settings.run.pace, view.next_at(line, now));
            done_at = done_at.max(Some(eta));
        }
        etas.push(done_at.filter(|_| !waits_for_a_person));
    }
    Ok(etas)
}

/// What a job has left, by account and action.
async fn work_of(store: &mut Store, status: &JobStatus) -> Result<Vec<(Action, AccountId, u64)>, CliError> {
    let (job, pending) = (&status.job, status.counts.pending);
    if pending <= MAX_COUNTED_TASKS {
        let lanes = store.pending_by_lane(job.round).await?;
        if !lanes.is_empty() {
            return Ok(lanes);
        }
    }
    // All in flight, or too many to count: what the job says of itself has to do.
    Ok(job.action.zip(job.account).map(|(action, account)| (action, account, pending)).into_iter().collect())
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
}

#[derive(Serialize)]
struct WindowJson {
    limit: u32,
    window_s: serde_json::Number,
    used: u32,
    /// Null while a slot is free.
    next_slot_at: Option<String>,
}

impl StatusView {
    fn json(&self) -> StatusJson {
        StatusJson {
            jobs: self.jobs.iter().map(|(status, eta)| job_json(status, *eta)).collect(),
            accounts: self.accounts.iter().map(|view| account_json(view, self.now)).collect(),
        }
    }
}

fn job_json(status: &JobStatus, eta: Option<Wall>) -> JobJson {
    let (job, counts) = (status.job.name.clone(), RowCounts::from(&status.counts));
    JobJson { job, state: status.state(), counts, eta_at: eta.map(Wall::rfc3339) }
}

fn account_json(view: &AccountView, now: Moment) -> AccountJson {
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
    }
}

/// Whole seconds as a whole number.
pub(super) fn seconds(window: Duration) -> serde_json::Number {
    let fraction = (window.subsec_nanos() > 0).then(|| serde_json::Number::from_f64(window.as_secs_f64()));
    fraction.flatten().unwrap_or_else(|| window.as_secs().into())
}

/// When a full window has a slot again.
fn next_slot(usage: &WindowUsage, now: Moment) -> Option<Wall> {
    usage.next_slot.filter(|tick| *tick > now.tick).map(|tick| now.wall_at(tick))
}

fn table(context: &Context, view: &StatusView) -> String {
    if view.jobs.is_empty() && view.accounts.is_empty() {
        return format!("this queue has no jobs; {} makes one", context.command(&["load", "FILE.csv"]));
    }
    let clock = |at: Wall| clock_text(at, view.now.wall, &context.zone);
    let mut lines = vec![context.printer.heading("Jobs").into_owned()];
    for (status, eta) in &view.jobs {
        let counts = RowCounts::from(&status.counts);
        let eta = eta.map_or_else(String::new, |at| format!(", done about {}", clock(at)));
        let (settled, rows) = (status.counts.settled(), status.counts.rows());
        let (name, state) = (escaped(&status.job.name), status.state());
        lines.push(format!("  {name}  {state}  {settled}/{rows} settled ({}){eta}", counts.phrase()));
    }
    if !view.accounts.is_empty() {
        lines.push(context.printer.heading("Accounts").into_owned());
    }
    for account in &view.accounts {
        let (name, platform) = (escaped(account.account.name.as_str()), account.account.platform);
        lines.push(format!("  {name}  {platform} user {}", account.account.user_id));
        for usage in &account.windows {
            lines.push(format!("    {}", window_text(usage, view.now, clock)));
        }
        if let Some((until, reason)) = &account.hold {
            lines.push(format!("    waits until {}: {}", clock(*until), escaped(hold_text(reason))));
        }
        if let Some(trouble) = &account.account.trouble {
            lines.push(format!("    needs you: {}", escaped(trouble)));
        }
    }
    lines.join("\n")
}

fn window_text(usage: &WindowUsage, now: Moment, clock: impl Fn(Wall) -> String) -> String {
    let rate = usage.spec.rate;
    let what = match usage.spec.applies {
        crate::domain::Applies::All => String::new(),
        crate::domain::Applies::Only(action) => format!(" {action}"),
    };
    let left = rate.limit().saturating_sub(usage.used);
    let next = next_slot(usage, now).map_or_else(String::new, |at| format!(", next slot {}", clock(at)));
    format!("{rate}{what}: {left} slots left{next}")
}
