//! `cleanup status`: progress, what each job is doing, slots left, when it will be done.
//!
//! In: where everything stands. Out: a table, or the JSON of the contract.

use std::time::Duration;

use crate::app::status::{
    ProcessAtWork, QueueStatus, RowCounts, StatusQuery, activity_label, activity_sentence, hold_text, next_slot,
};
use crate::app::{Activity, Signals};
use crate::cli::args::StatusArgs;
use crate::cli::context::Context;
use crate::domain::{Moment, Wall, counted, is_same_name};
use crate::error::{CommandError, ErrorKind};
use crate::limits::WindowUsage;
use crate::store::{Job, Store};
use crate::text::{clock_text, escaped};

const HEADINGS: [&str; 3] = ["Jobs", "Accounts", "Processes"];

/// Shows where jobs and accounts stand.
///
/// # Errors
/// Exit code 2 for a job that is not there; the queue cannot be read.
pub async fn run(context: &Context, args: &StatusArgs) -> Result<u8, CommandError> {
    if let Some(every) = args.watch {
        return watch(context, args, every).await;
    }
    let Some(view) = view(context, args).await? else {
        context.printer.data(&context.deps().no_queue_sentence())?;
        return Ok(0);
    };
    if args.json {
        context.printer.json(&view.to_json(&context.settings)?)?;
    } else {
        context.printer.table(&table(context, &view), &HEADINGS)?;
    }
    Ok(0)
}

/// Shows it until nothing shown is left to do, or somebody has seen enough. Elsewhere than on a terminal it is printed when it has changed.
async fn watch(context: &Context, args: &StatusArgs, every: Duration) -> Result<u8, CommandError> {
    let mut signals = Signals::listen()?;
    let mut screen = context.printer.screen();
    loop {
        let Some(view) = view(context, args).await? else {
            context.printer.data(&context.deps().no_queue_sentence())?;
            return Ok(0);
        };
        screen.show(&table(context, &view), &HEADINGS)?;
        if view.jobs.iter().all(|job| ["finished", "cancelled"].contains(&job.status.state())) {
            return Ok(0);
        }
        let next = context.clock.now().tick.after(every);
        tokio::select! {
            () = context.clock.sleep_until(next) => {}
            signal = signals.first() => return Ok(signal.exit_code()),
        }
    }
}

/// Where everything stands; none where there is no queue and no job was named.
async fn view(context: &Context, args: &StatusArgs) -> Result<Option<QueueStatus>, CommandError> {
    Ok(match context.existing_queue().await? {
        Some(mut store) => {
            let view = look(context, &mut store, &args.jobs).await?;
            store.close().await;
            Some(view)
        }
        None if !args.jobs.is_empty() => return Err(context.deps().no_queue(ErrorKind::Usage)),
        None => args.json.then(QueueStatus::default),
    })
}

async fn look(context: &Context, store: &mut Store, names: &[String]) -> Result<QueueStatus, CommandError> {
    let mut standing = StatusQuery::at_all(&context.settings, &context.clock).look(store).await?;
    let known = |name: &&String| standing.jobs.iter().any(|job| is_same_name(&job.status.job.name, name));
    if let Some(name) = names.iter().find(|name| !known(name)) {
        let jobs: Vec<Job> = standing.jobs.into_iter().map(|job| job.status.job).collect();
        return Err(context.deps().unknown_job(name, &jobs));
    }
    standing.jobs.retain(|job| names.is_empty() || names.iter().any(|name| is_same_name(name, &job.status.job.name)));
    Ok(standing)
}

fn table(context: &Context, view: &QueueStatus) -> String {
    let no_jobs = context.deps().no_jobs_text();
    if view.jobs.is_empty() && view.accounts.is_empty() {
        return no_jobs;
    }
    let clock = |at: Wall| clock_text(at, view.now.wall, context.local.zone.get());
    let mut lines = vec![if view.jobs.is_empty() { no_jobs } else { HEADINGS[0].to_owned() }];
    let mut told = Told::default();
    for job in &view.jobs {
        let status = &job.status;
        let counts = RowCounts::from(&status.counts);
        let (settled, rows) = (status.counts.settled(), status.counts.rows());
        let (name, state) = (escaped(&status.job.name), status.state());
        lines.push(format!("  {name}  {state}  {settled}/{rows} settled ({})", counts.phrase()));
        let again = match &job.activity {
            Activity::NeedsYou(need) if !told.is_new(&need.remedy) => {
                Some(format!("{}: {}, as above", activity_label(&job.activity), escaped(&need.account)))
            }
            _ => None,
        };
        let said = again.or_else(|| activity_sentence(job, &context.settings, view.now.wall, clock));
        lines.extend(said.map(|said| format!("    {said}")));
    }
    // In a file's queue there is one at most, and the jobs tell of it.
    let processes = view.processes();
    let is_shared = context.settings.db().is_ok_and(|place| place.file().is_none());
    if is_shared && !processes.is_empty() {
        lines.push(HEADINGS[2].to_owned());
        let line = |one: &ProcessAtWork| {
            let ProcessAtWork { process, .. } = one;
            format!("  {} PID {}: {}", escaped(&process.host), process.pid, escaped(&one.sentence(clock)))
        };
        lines.extend(processes.iter().map(line));
    }
    if !view.accounts.is_empty() {
        lines.push(HEADINGS[1].to_owned());
    }
    let job = view.only_unfinished();
    for account in &view.accounts {
        let (name, platform) = (escaped(account.account.name.as_str()), account.account.platform);
        lines.push(format!("  {name}  {platform} user {}", account.account.user_id));
        for usage in account.windows_that_matter() {
            lines.push(format!("    {}", window_text(usage, view.now, clock)));
        }
        if let Some((until, reason)) = &account.hold {
            lines.push(format!("    waits until {}: {}", clock(*until), escaped(hold_text(reason))));
        }
        lines.extend(account.endpoints.sentences(clock).into_iter().map(|said| format!("    {}", escaped(&said))));
        if let Some(trouble) = &account.account.trouble {
            lines.push(format!("    needs you: {}", escaped(trouble)));
            let remedy = account.remedy(&context.settings, job);
            lines.extend(remedy.filter(|remedy| told.is_new(remedy)).map(|remedy| format!("    {remedy}")));
        }
    }
    lines.extend(view.snapshot.as_ref().map(|day| format!("The newest snapshot of the queue is of {day}")));
    lines.join("\n")
}

/// What jobs and accounts need of a person is told once, with what to do; where it comes again, that it stands above.
#[derive(Default)]
struct Told(Vec<String>);

impl Told {
    fn is_new(&mut self, remedy: &str) -> bool {
        let is_new = !self.0.iter().any(|told| told == remedy);
        if is_new {
            self.0.push(remedy.to_owned());
        }
        is_new
    }
}

fn window_text(usage: &WindowUsage, now: Moment, clock: impl Fn(Wall) -> String) -> String {
    let rate = usage.spec.rate;
    let what = usage.spec.applies.name().map_or_else(String::new, |word| format!(" {word}"));
    let left = rate.limit().saturating_sub(usage.used);
    let next = next_slot(usage, now).map_or_else(String::new, |at| format!(", next slot {}", clock(at)));
    format!("{rate}{what}: {} left{next}", counted(left, "slot", "slots"))
}
