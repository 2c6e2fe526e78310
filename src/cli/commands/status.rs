//! `cleanup status`: progress, slots left, when it will be done.
//!
//! In: where everything stands. Out: a table, or the JSON of the contract.

use crate::cli::account_trouble::{TroubledAccount, only, reason_of};
use crate::cli::args::StatusArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::escape::escaped;
use crate::cli::progress::hold_text;
use crate::cli::standing::{Look, Standing, next_slot};
use crate::cli::summary::RowCounts;
use crate::cli::timing::clock_text;
use crate::domain::{Moment, Wall, counted};
use crate::limits::WindowUsage;
use crate::store::{Job, Store};

const HEADINGS: [&str; 2] = ["Jobs", "Accounts"];

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
            Some(_) => return Err(context.no_queue(Kind::Usage)),
            None if args.json => Standing::default(),
            None => {
                context.printer.data(&context.no_queue_sentence())?;
                return Ok(0);
            }
        },
    };
    if args.json {
        context.printer.json(&view.to_json(&context.settings)?)?;
    } else {
        context.printer.table(&table(context, &view), &HEADINGS)?;
    }
    Ok(0)
}

async fn look(context: &Context, store: &mut Store, names: &[String]) -> Result<Standing, CliError> {
    let mut standing = Look::at_all(&context.settings, &context.clock).look(store).await?;
    let known = |name: &&String| standing.jobs.iter().any(|(status, _)| status.job.name == **name);
    if let Some(name) = names.iter().find(|name| !known(name)) {
        let jobs: Vec<Job> = standing.jobs.into_iter().map(|(status, _)| status.job).collect();
        return Err(context.unknown_job(name, &jobs));
    }
    standing.jobs.retain(|(status, _)| names.is_empty() || names.contains(&status.job.name));
    Ok(standing)
}

fn table(context: &Context, view: &Standing) -> String {
    if view.jobs.is_empty() && view.accounts.is_empty() {
        return format!("this queue has no jobs; {} makes one", context.command(&["load", "FILE.csv"]));
    }
    let clock = |at: Wall| clock_text(at, view.now.wall, context.zone.get());
    let mut lines = vec![HEADINGS[0].to_owned()];
    for (status, eta) in &view.jobs {
        let counts = RowCounts::from(&status.counts);
        let eta = eta.map_or_else(String::new, |at| format!(", done about {}", clock(at)));
        let (settled, rows) = (status.counts.settled(), status.counts.rows());
        let (name, state) = (escaped(&status.job.name), status.state());
        lines.push(format!("  {name}  {state}  {settled}/{rows} settled ({}){eta}", counts.phrase()));
    }
    if !view.accounts.is_empty() {
        lines.push(HEADINGS[1].to_owned());
    }
    let unfinished = view.jobs.iter().filter(|(status, _)| status.counts.pending > 0);
    let job = only(unfinished.map(|(status, _)| status.job.name.as_str()));
    for account in &view.accounts {
        let (name, platform) = (escaped(account.account.name.as_str()), account.account.platform);
        lines.push(format!("  {name}  {platform} user {}", account.account.user_id));
        for usage in &account.windows {
            lines.push(format!("    {}", window_text(usage, view.now, clock)));
        }
        if let Some((until, reason)) = &account.hold {
            lines.push(format!("    waits until {}: {}", clock(*until), escaped(hold_text(reason))));
        }
        lines.extend(account.endpoints.sentences(clock).into_iter().map(|said| format!("    {}", escaped(&said))));
        if let Some(trouble) = &account.account.trouble {
            let name = account.account.name.as_str();
            let remedy = TroubledAccount { settings: &context.settings, name, job }.remedy(reason_of(trouble));
            lines.push(format!("    needs you: {}", escaped(trouble)));
            lines.push(format!("    {remedy}"));
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
    format!("{rate}{what}: {} left{next}", counted(left, "slot", "slots"))
}
