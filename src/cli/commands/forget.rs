//! `cleanup forget`: drops settled jobs. Slots that may still count in a window stay, whatever window a run was given.

use std::time::Duration;

use crate::app::DECLINED;
use crate::cli::args::ForgetArgs;
use crate::cli::context::Context;
use crate::cli::prompt;
use crate::domain::{Rate, Wall, counted};
use crate::error::{CommandError, ErrorKind};
use crate::store::{Forgotten, Job, Store};
use crate::text::{escaped, span_text};

/// Beyond the longest window: deadline, grace and margin of a request, and a wall clock that was set.
const SLACK: Duration = Duration::from_secs(86_400);

/// Drops the job, or every job that was settled long enough ago.
///
/// # Errors
/// There is no such job, it is not settled, nobody agreed, or the queue cannot be written.
pub async fn run(context: &Context, args: &ForgetArgs) -> Result<u8, CommandError> {
    let (mut store, jobs) = match (&args.job, args.older_than) {
        (Some(name), _) => {
            let (mut store, job) = context.job(name).await?;
            check_settled(context, &mut store, &job).await?;
            (store, vec![job])
        }
        (None, age) => {
            let Some(mut store) = context.existing_queue().await? else {
                context.printer.say(&format!("{}, so nothing to forget", context.deps().no_queue_text()));
                return Ok(0);
            };
            let jobs = old_jobs(context, &mut store, age.unwrap_or_default()).await?;
            (store, jobs)
        }
    };
    if jobs.is_empty() {
        let age = args.older_than.map(span_text).unwrap_or_default();
        context.printer.say(&format!("no job was settled more than {age} ago"));
        return Ok(0);
    }
    if args.dry_run {
        for job in &jobs {
            context.printer.data(&would_forget(&mut store, job).await?)?;
        }
        store.close().await;
        return Ok(0);
    }
    if !agreed(context, args, &jobs)? {
        context.printer.say("nothing was forgotten");
        return Ok(DECLINED);
    }
    let keep_from = keep_from(context, &mut store).await?;
    for job in &jobs {
        let forgotten = store.admin().forget(job, keep_from).await?;
        context.printer.say(&told(&job.name, &forgotten));
    }
    store.close().await;
    Ok(0)
}

async fn would_forget(store: &mut Store, job: &Job) -> Result<String, CommandError> {
    let tasks = counted(store.admin().tasks_of_all_rounds(job).await?, "task", "tasks");
    let settled =
        store.admin().settled_at(job).await?.map_or_else(String::new, |at| format!(", settled at {}", at.rfc3339()));
    let rounds = if job.round_number > 1 { format!(" in {} rounds", job.round_number) } else { String::new() };
    Ok(format!("would forget {}: {tasks}{rounds}{settled}, and its receipts", escaped(&job.name)))
}

/// Slots reserved since then may count in some window: by this machine's clock, or by what it said earlier in this boot, where somebody has
/// set it forward since.
pub(super) async fn keep_from(context: &Context, store: &mut Store) -> Result<Wall, CommandError> {
    let now = context.clock.now();
    let by_boot = store.admin().wall_of_boot(&context.clock.boot(), now.tick).await?;
    Ok(longest_before(by_boot.map_or(now.wall, |by_boot| by_boot.min(now.wall))))
}

fn longest_before(now: Wall) -> Wall {
    let longest = Rate::MAX_WINDOW + SLACK;
    Wall(now.0.saturating_sub(i64::try_from(longest.as_millis()).unwrap_or(i64::MAX)))
}

async fn check_settled(context: &Context, store: &mut Store, job: &Job) -> Result<(), CommandError> {
    if job.pending == 0
        && (store.admin().settled_at(job).await?.is_some()
            || store.read().counts(job.round).await?.settled_tasks() == 0)
    {
        return Ok(());
    }
    let error = CommandError::new(
        ErrorKind::Usage,
        format!("{} is not settled: {} pending", job.name, counted(job.pending, "task is", "tasks are")),
    );
    let (resume, cancel) = (context.command(&["resume", &job.name]), context.command(&["cancel", &job.name]));
    Err(error.hint(format!("finish it with {resume}, or end it with {cancel}")))
}

async fn old_jobs(context: &Context, store: &mut Store, age: Duration) -> Result<Vec<Job>, CommandError> {
    let now = context.clock.now().wall;
    let mut old = Vec::new();
    for job in store.queue().jobs().await? {
        let settled_at = store.admin().settled_at(&job).await?;
        if let Some(at) = settled_at.filter(|at| at.is_ahead_of(now)) {
            let forget = context.command(&["forget", &job.name]);
            context.printer.warn(&format!(
                "{} is recorded as settled at {}, which is in the future: a clock was wrong, so its age is unknown and it is kept; {forget} deletes it by name",
                escaped(&job.name),
                at.rfc3339()
            ));
        }
        if settled_at.is_some_and(|at| now.since(at) > age || (age.is_zero() && at <= now)) {
            old.push(job);
        }
    }
    Ok(old)
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
    let Forgotten { tasks, attempts, attempts_kept } = forgotten;
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
    fn slots_of_the_longest_window_stay() {
        let now = Wall(4_000_000_000_000);
        assert_eq!(now.since(longest_before(now)), Duration::from_secs(32 * 86_400));
    }

    #[test]
    fn what_stays_is_said() {
        let text = told("a", &Forgotten { tasks: 3, attempts: 1, attempts_kept: 2 });
        assert_eq!(
            text,
            "a is forgotten: 3 tasks and 1 attempt; 2 attempts are kept while they may count towards a rate limit"
        );
        assert!(!told("a", &Forgotten::default()).contains("kept"));
    }
}
