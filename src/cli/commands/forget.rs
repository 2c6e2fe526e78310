//! `cleanup forget`: drops settled jobs.

use serde::Serialize;

use crate::app::{DECLINED, ForgetForecast, ForgetRequest, forgettable};
use crate::cli::args::ForgetArgs;
use crate::cli::context::Context;
use crate::cli::prompt;
use crate::domain::{Wall, counted};
use crate::error::{CommandError, ErrorKind};
use crate::store::{Forgotten, Job};
use crate::text::{escaped, span_text};

/// Drops the job, or every job that was settled long enough ago.
///
/// # Errors
/// There is no such job, it is not settled, nobody agreed, or the queue cannot be written.
pub async fn run(context: &Context, args: &ForgetArgs) -> Result<u8, CommandError> {
    let request = match &args.job {
        Some(name) => ForgetRequest::Job(name.clone()),
        None => ForgetRequest::OlderThan(args.older_than.unwrap_or_default()),
    };
    let Some(found) = forgettable(context.deps(), &request).await? else {
        context.printer.say(&format!("{}, so nothing to forget", context.deps().no_queue_text()));
        return ForgetJson::default().print(context, args, 0);
    };
    for (name, at) in &found.from_the_future {
        let forget = context.command(&["forget", name]);
        context.printer.warn(&format!(
            "{} is recorded as settled at {}, which is in the future: a clock was wrong, so its age is unknown and it is kept; {forget} deletes it by name",
            escaped(name),
            at.rfc3339()
        ));
    }
    if found.jobs.is_empty() {
        let age = args.older_than.map(span_text).unwrap_or_default();
        context.printer.say(&format!("no job was settled more than {age} ago"));
        return ForgetJson::default().print(context, args, 0);
    }
    if args.dry_run {
        let forecasts = found.forecast().await?;
        for forecast in forecasts.iter().filter(|_| !args.json) {
            context.printer.data(&would_forget(forecast))?;
        }
        let would_forget = forecasts.into_iter().map(|ForgetForecast { job, tasks, rounds, settled_at }| {
            ForecastJson { job, tasks, rounds, settled_at: settled_at.map(Wall::rfc3339) }
        });
        let would_forget = would_forget.collect();
        return ForgetJson { would_forget, forgotten: Vec::new() }.print(context, args, 0);
    }
    if !agreed(context, args, &found.jobs)? {
        context.printer.say("nothing was forgotten");
        return ForgetJson::default().print(context, args, DECLINED);
    }
    let mut stays_in_log = false;
    let mut json = ForgetJson::default();
    let tell = |name: &str, forgotten: &Forgotten| {
        // The log is cut behind each, for all before it.
        stays_in_log = forgotten.stays_in_log;
        context.printer.say(&told(name, forgotten));
        json.forgotten.push(ForgottenJson {
            job: name.to_owned(),
            tasks: forgotten.tasks,
            attempts: forgotten.attempts,
            attempts_kept: forgotten.attempts_kept,
        });
    };
    found.forget(context.deps(), tell).await?;
    if stays_in_log {
        context.printer.warn(
            "another process reads this queue, so its write-ahead log (the file that ends in -wal) still tells of what was forgotten; that goes \
             when the process ends",
        );
    }
    json.print(context, args, 0)
}

/// The object of `forget --json`.
#[derive(Debug, Default, Serialize)]
struct ForgetJson {
    /// With `--dry-run`: what would be dropped.
    would_forget: Vec<ForecastJson>,
    /// What was.
    forgotten: Vec<ForgottenJson>,
}

#[derive(Debug, Serialize)]
struct ForecastJson {
    job: String,
    tasks: u64,
    rounds: u32,
    settled_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct ForgottenJson {
    job: String,
    tasks: u64,
    attempts: u64,
    /// Attempts that stay while they may count in a window.
    attempts_kept: u64,
}

impl ForgetJson {
    /// Prints it where it was asked for, and gives the code back that the command ends with.
    fn print(&self, context: &Context, args: &ForgetArgs, code: u8) -> Result<u8, CommandError> {
        if args.json {
            context.printer.json(self)?;
        }
        Ok(code)
    }
}

fn would_forget(forecast: &ForgetForecast) -> String {
    let ForgetForecast { job, tasks, rounds, settled_at } = forecast;
    let tasks = counted(*tasks, "task", "tasks");
    let settled = settled_at.map_or_else(String::new, |at| format!(", settled at {}", at.rfc3339()));
    let rounds = if *rounds > 1 { format!(" in {rounds} rounds") } else { String::new() };
    format!("would forget {}: {tasks}{rounds}{settled}, and its receipts", escaped(job))
}

/// Receipts cannot be had again, so a person is asked; the sandbox's are worth nothing.
fn agreed(context: &Context, args: &ForgetArgs, jobs: &[Job]) -> Result<bool, CommandError> {
    if args.yes || context.settings.is_sandbox() {
        return Ok(true);
    }
    if !prompt::can_ask() {
        let message = "forgetting deletes receipts for good, and there is no terminal to ask on; nothing was forgotten";
        return Err(CommandError::new(ErrorKind::Usage, message)
            .hint("add --yes if you mean it; the same command with --dry-run shows what would be forgotten"));
    }
    let names: Vec<_> = jobs.iter().map(|job| escaped(&job.name)).collect();
    let question = format!("Delete {} and the receipts for good?", names.join(", "));
    prompt::confirm(&question).map_err(|error| CommandError::io("the terminal", error))
}

fn told(name: &str, forgotten: &Forgotten) -> String {
    let Forgotten { tasks, attempts, attempts_kept, stays_in_log: _ } = forgotten;
    let kept = match attempts_kept {
        0 => String::new(),
        kept => format!(
            "; {} towards a rate limit",
            counted(*kept, "attempt is kept while it may count", "attempts are kept while they may count")
        ),
    };
    let (tasks, attempts) = (counted(*tasks, "task", "tasks"), counted(*attempts, "attempt", "attempts"));
    format!("{} is forgotten: {tasks} and {attempts}{kept}", escaped(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stays_is_said() {
        let text = told("a", &Forgotten { tasks: 3, attempts: 1, attempts_kept: 2, stays_in_log: false });
        assert_eq!(
            text,
            "a is forgotten: 3 tasks and 1 attempt; 2 attempts are kept while they may count towards a rate limit"
        );
        assert!(!told("a", &Forgotten::default()).contains("kept"));
    }
}
