//! `cleanup verify`: what the account's own lists say of what a job has done. It reads, and changes nothing but verdicts; with
//! `--requeue` it puts back in line what came back.

mod table;

use super::retry::{next_after_requeue, vanished_text};
use crate::app::refuse_places;
use crate::app::{
    self, ComparedList, DoneLane, Frontend, Notice, Released, Signals, Stoppable, VerifiedJob, VerifyDeps, VerifyReport,
};
use crate::cli::args::VerifyArgs;
use crate::cli::context::Context;
use crate::domain::counted;
use crate::engine::{Signal, Urgency, shutdown};
use crate::error::{CommandError, ErrorKind};
use crate::lists::fetch::Budget;
use crate::store::{Job, Retried, Store, VerdictCounts};
use crate::text::escaped;

/// Reads the lists and judges.
///
/// # Errors
/// There is no such job, or it is cancelled and --requeue is given; a list cannot be read, or an archive is foreign, older or somebody else's; the queue cannot be written.
pub async fn run(context: &Context, args: &VerifyArgs) -> Result<u8, CommandError> {
    if args.json && args.output.as_deref().is_some_and(|path| path.as_os_str() == "-") {
        let error = CommandError::new(ErrorKind::Usage, "--json and -o - would both write to stdout");
        return Err(error.hint("give -o the name of a file"));
    }
    let (mut store, job) = context.job(&args.job).await?;
    refuse_places([args.output.as_ref()], [Some(&job.path), args.archive.as_ref()])?;
    if job.restores.is_some() {
        let message = format!("{} restores what another job has undone, and has undone nothing itself", job.name);
        let error = CommandError::new(ErrorKind::Usage, message);
        return Err(error.hint("`cleanup list` shows what is on the account's lists"));
    }
    if args.requeue {
        // Before anything is read, for reading costs.
        next_after_requeue(context, &mut store, &job).await?;
    }
    let name = escaped(&job.name).into_owned();
    let lanes = app::done_lanes(&mut store, &job).await?;
    if args.by_id && !lanes.is_empty() && !app::can_ask_by_id(&lanes) {
        let message = format!("--by-id: nothing that {} has done can be asked about row by row", job.name);
        let error = CommandError::new(ErrorKind::Usage, message);
        return Err(
            error.hint("leave it out: its lists are compared as a whole, or its platform answers for no single row")
        );
    }
    let tell = |report: VerifyReport| {
        if args.json {
            context.printer.json(&report)?;
        }
        Ok(report.exit_code)
    };
    if lanes.is_empty() {
        context
            .printer
            .say(&format!("{name} has no rows that are done and that a list would show; there is nothing to verify"));
        return tell(VerifyReport::new(&job, &store.lists().verdicts(&job).await?, 0, true, 0));
    }
    let mut store = match &args.archive {
        Some(path) => {
            let (made, listed) = app::verify_by_archive(&mut store, &job, &lanes, path).await?;
            for ComparedList { account, list, entries, done } in listed {
                let (account, made) = (escaped(&account), made.rfc3339());
                let entries = list.phrase(entries);
                context.printer.say(&format!("{account}: {entries} in the archive of {made}, {done} done"));
            }
            store
        }
        None => match by_lists(context, store, &job, &lanes, args).await? {
            Ok(VerifiedJob { mut store, was_unverified }) => {
                if let Some(released) = was_unverified {
                    let status = store.read().status(Some(&job.name)).await?;
                    let left = status.iter().map(|status| status.counts.pending).sum();
                    context.printer.say(&released_text(context, &job, released, left));
                }
                store
            }
            Err(code) => {
                // What earlier readings said still stands.
                let (mut store, job) = context.job(&args.job).await?;
                let counts = store.lists().verdicts(&job).await?;
                store.close().await;
                return tell(VerifyReport::new(&job, &counts, 0, false, code));
            }
        },
    };
    let counts = store.lists().verdicts(&job).await?;
    context.printer.say(&format!("{name}: {}", told(&counts)));
    if let Some(output) = &args.output {
        table::write(context, &mut store, &job, output, args.raw).await?;
    }
    let can_ask = !args.by_id && app::can_ask_by_id(&lanes);
    let (open, requeued) = follow_up(context, args, &mut store, (&job, can_ask), &counts).await?;
    store.close().await;
    tell(VerifyReport::new(&job, &counts, requeued, true, if open { 3 } else { 0 }))
}

/// Judges by the platform's lists. The inner error: it ended before, with this exit code.
async fn by_lists(
    context: &Context,
    store: Store,
    job: &Job,
    lanes: &[DoneLane],
    args: &VerifyArgs,
) -> Result<Result<VerifiedJob, u8>, CommandError> {
    let mut signals = Signals::listen()?;
    let (sender, receiver) = shutdown();
    let mut aborted = receiver.clone();
    let deps = VerifyDeps {
        settings: &context.settings,
        clock: &context.clock,
        local: context.local.clone(),
        by_id: args.by_id,
        shutdown: receiver,
        listener: &|| context.printer.fetch_listener(context.deps()),
        begins: &|access| context.deps().tell(Notice::Reading(access)),
        listed: &|ComparedList { account, list, entries, done }| {
            context.printer.say(&format!("{account}: {} listed, {done} done", list.phrase(entries)));
        },
    };
    let budget = Budget { max_requests: args.max_requests, max_spend: args.max_spend, ..Budget::default() };
    let ended = tokio::select! {
        ended = app::verify_by_lists(&deps, store, job, lanes, budget) => ended?,
        signal = signals.relay(&sender, context.deps()) => match signal {},
        () = aborted.at_least(Urgency::Abort) => {
            context.deps().tell(Notice::StoppedAtOnce(Stoppable::Reading));
            return Ok(Err(aborted.now().1.map_or(130, Signal::exit_code)));
        }
    };
    Ok(ended.map_err(|unfinished| {
        context.deps().tell(Notice::ListUnfinished(&unfinished));
        unfinished.exit_code
    }))
}

/// What became of a job that waited because its queue was taken back to a snapshot.
fn released_text(context: &Context, job: &Job, released: Released, left: u64) -> String {
    let done = counted(released.settled, "row that was left is", "rows that were left are");
    let next = if left == 0 {
        "none is left".to_owned()
    } else if released.goes_on {
        let resume = context.command(&["resume", &job.name]);
        format!("{left} may be sent: {resume}")
    } else {
        let accept = context.command(&["resume", &job.name, "--accept-repeats"]);
        format!("the lists do not show everything, so {left} still wait for you: {accept} sends them")
    };
    format!("{}: {done} off the lists, and done; {next}", escaped(&job.name))
}

fn told(counts: &VerdictCounts) -> String {
    let VerdictCounts { confirmed, came_back, ghosts, undecided, restored } = counts;
    let ghosts = counted(*ghosts, "ghost", "ghosts");
    let restored = if *restored > 0 { format!(", {restored} restored since") } else { String::new() };
    format!(
        "{confirmed} confirmed, {came_back} came back, {ghosts} (reported done, still listed), {undecided} undecided{restored}"
    )
}

/// What to do about it; whether anything is still to be done, and how many rows were put back in line.
async fn follow_up(
    context: &Context,
    args: &VerifyArgs,
    store: &mut Store,
    (job, can_ask): (&Job, bool),
    counts: &VerdictCounts,
) -> Result<(bool, u64), CommandError> {
    let printer = &context.printer;
    if counts.undecided > 0 {
        printer.say("undecided: done after the list was read, or beyond what the platform lists (likes and posts past some 3,200, bookmarks past 800)");
        if can_ask {
            let by_id = context.command(&["verify", &job.name, "--by-id"]);
            printer.say(&format!("{by_id} asks about each of them, with a request each"));
        }
    }
    if counts.ghosts > 0 {
        let worklist = context.command(&["report", &job.name, "--worklist=ghosts", "-o", "by-hand.html"]);
        printer.say(&format!(
            "lists lag behind: verify again after some minutes; rows that stay ghosts have to be done by hand: {worklist}"
        ));
    }
    if counts.came_back == 0 {
        return Ok((counts.ghosts > 0, 0));
    }
    if !args.requeue {
        let again = context.command(&["verify", &job.name, "--requeue"]);
        printer.say(&format!("{again} queues what came back once more"));
        return Ok((true, 0));
    }
    let Retried { tasks: reopened, vanished } = store.queue().reopen_job(job, context.clock.now().wall).await?;
    let next = next_after_requeue(context, store, job).await?;
    printer.say(&format!("{} queued again; {next}", counted(reopened, "that came back is", "that came back are")));
    vanished_text(vanished).inspect(|left| printer.say(left));
    Ok((counts.ghosts > 0, reopened))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_are_said_in_one_line() {
        let counts = VerdictCounts { confirmed: 3, came_back: 2, ghosts: 1, undecided: 0, restored: 0 };
        assert_eq!(told(&counts), "3 confirmed, 2 came back, 1 ghost (reported done, still listed), 0 undecided");
    }
}
