//! The summary after a run: what became of the rows, what it took, what is left, and what to type next.

use std::collections::BTreeSet;

use crate::app::run::{RunEnd, RunOutcome, UntouchedJobs};
use crate::app::status::{JobCounts, TroubledAccount, only};
use crate::app::{AppDeps, start_over, unverified_text};
use crate::cli::context::for_this_queue;
use crate::cli::printer::Printer;
use crate::domain::{Action, Wall, counted};
use crate::engine::{Finish, Stopped};
use crate::store::{JobState, JobStatus};
use crate::text::{escaped, span_text};

use super::failed_rows::remedy;

/// The exit code of a run after which all is settled, with failed or rejected rows.
const SETTLED_WITH_TROUBLE: u8 = 3;

/// Sums a run up.
pub(in crate::cli) fn say_end(end: &RunEnd, printer: Printer, deps: AppDeps<'_>) {
    match end {
        RunEnd::NoQueue => printer.say(&deps.no_queue_sentence()),
        // What loading said is all there is.
        RunEnd::NothingListed => {}
        RunEnd::Declined { queued: None } => printer.say("nothing was queued, nothing was sent"),
        RunEnd::Declined { queued: Some(_) } => printer.say("nothing was sent"),
        RunEnd::StoppedLoading(signal) => printer.say(&format!(
            "stopped by {} while loading; a file that was not loaded to its end is not queued; run the command again to continue",
            signal.name()
        )),
        // It was said when the signal came.
        RunEnd::StoppedAtOnce { .. } => {}
        RunEnd::Failed { error, jobs, untouched, .. } => {
            say_saved(jobs, untouched, printer);
            printer.error(error);
        }
        RunEnd::Ended(outcome) => say_outcome(outcome, printer, deps),
    }
}

/// How the jobs stand after an error.
fn say_saved(jobs: &[JobStatus], untouched: &UntouchedJobs, printer: Printer) {
    for status in jobs.iter().filter(|status| !untouched.has(status)) {
        let JobCounts { job, counts } = JobCounts::new(&status.job.name, &status.counts);
        let rows = counted(counts.rows, "row", "rows");
        printer.say(&format!("{} is saved: {} ({rows})", escaped(&job), counts.phrase()));
    }
}

fn say_outcome(outcome: &RunOutcome, printer: Printer, deps: AppDeps<'_>) {
    let RunOutcome { finish, jobs, untouched, accounts, login_actions, took, unpriced, code, .. } = outcome;
    let (old, told): (Vec<JobStatus>, Vec<JobStatus>) = jobs.iter().cloned().partition(|status| untouched.has(status));
    for status in &told {
        let counts = JobCounts::new(&status.job.name, &status.counts);
        printer.say(&format!(
            "{}: {} ({})",
            escaped(&status.job.name),
            counts.counts.phrase(),
            counted(counts.counts.rows, "row", "rows")
        ));
    }
    let requests = counted(finish.total().0, "request", "requests");
    let spent = format!("{}{}", spent_text(finish, unpriced), lookups_text(finish));
    printer.say(&format!("{requests} in {}, {spent}", span_text(*took)));
    let job = only(jobs.iter().filter(|status| status.counts.pending > 0).map(|status| status.job.name.as_str()));
    for (account, reason, detail) in &finish.troubles {
        let name = accounts.get(account).map_or("an account", String::as_str);
        let said =
            if detail.is_empty() { String::new() } else { format!(": {}", escaped(detail.trim_end_matches('.'))) };
        let login_actions = login_actions.get(account).map_or(&[][..], Vec::as_slice);
        let remedy = TroubledAccount { settings: deps.settings, name, job, login_actions }.remedy(reason);
        let text = format!("{} needs you ({reason}){said}. {remedy}", escaped(name));
        printer.warn(&for_this_queue(deps.settings, &text));
    }
    for why in &finish.withheld {
        printer.warn(&format!(
            "{}; no row that the list may protect was sent after that; correct the file, or load the job again with another --keep",
            escaped(why)
        ));
    }
    let next = if jobs.is_empty() { vec![deps.no_jobs_text()] } else { what_next(outcome, &told, deps) };
    for line in next.into_iter().chain(troubled_before(&old, &told, *code, deps)) {
        printer.say(&line);
    }
}

/// What a run has cost, as far as prices are known.
fn spent_text(finish: &Finish, unpriced: &BTreeSet<Action>) -> String {
    let (_, spent) = finish.total();
    if unpriced.is_empty() || finish.requests == 0 {
        return spent.to_string();
    }
    if spent.0 == 0 {
        return "price not known".to_owned();
    }
    let names: Vec<&str> = unpriced.iter().map(|action| action.name()).collect();
    format!("{spent} and what {} cost, whose price is not known", names.join(" and "))
}

/// How much of that was for looking names up, where any were.
fn lookups_text(finish: &Finish) -> String {
    let (requests, spent) = finish.looked_up;
    if requests == 0 {
        return String::new();
    }
    let cost = if spent.0 > 0 { format!(" and {spent}") } else { String::new() };
    format!(" (of that {}{cost} for looking names up)", counted(requests, "request", "requests"))
}

/// Why a run of which nothing failed does not end with 0: jobs that were settled before it, with rows that failed or were rejected.
fn troubled_before(old: &[JobStatus], told: &[JobStatus], code: u8, deps: AppDeps<'_>) -> Option<String> {
    let is_troubled = |status: &&JobStatus| status.counts.failed > 0 || status.counts.rejected > 0;
    let names: Vec<&str> = old.iter().filter(is_troubled).map(|status| status.job.name.as_str()).collect();
    let first = *names.first()?;
    let (report, forget) = (deps.command(&["report", first]), deps.command(&["forget", first]));
    let jobs = names.iter().map(|name| escaped(name).into_owned()).collect::<Vec<_>>().join(", ");
    let why = if code == SETTLED_WITH_TROUBLE && !told.iter().any(|status| is_troubled(&status)) {
        format!("exit code {code} is for what was settled before")
    } else {
        "settled before".to_owned()
    };
    Some(format!(
        "{why}, with failed or rejected rows: {jobs}; row by row: {report}; when you have dealt with them, {forget} deletes the job \
         and its receipts"
    ))
}

/// Nothing of it is sent before somebody has said so.
fn waits_for_a_person(status: &JobStatus) -> bool {
    matches!(status.job.state, JobState::Paused | JobState::Unverified)
}

/// The command that continues these jobs and no others.
fn resume_of(jobs: &[JobStatus], deps: AppDeps<'_>) -> String {
    const MOST_NAMED: usize = 3;
    let is_left = |status: &&JobStatus| !waits_for_a_person(status) && status.counts.pending > 0;
    let names: Vec<&str> = jobs.iter().filter(is_left).map(|status| status.job.name.as_str()).collect();
    let words: Vec<&str> = if names.len() <= MOST_NAMED { [&["resume"], &names[..]].concat() } else { vec!["resume"] };
    deps.command(&words)
}

/// Whether what was left when the run began is done, and not by it: on a server others work on the same queue.
fn by_others(outcome: &RunOutcome, deps: AppDeps<'_>) -> bool {
    // Where nothing was left to begin with, nothing was drained.
    let has_drained = !outcome.took.is_zero();
    has_drained && deps.settings.db().is_ok_and(|place| place.file().is_none())
}

fn what_next(outcome: &RunOutcome, jobs: &[JobStatus], deps: AppDeps<'_>) -> Vec<String> {
    let finish = &outcome.finish;
    let is_paused = |status: &&JobStatus| waits_for_a_person(status) && status.counts.pending > 0;
    let paused: u64 = jobs.iter().filter(is_paused).map(|status| status.counts.pending).sum();
    let left = jobs.iter().map(|status| status.counts.pending).sum::<u64>() - paused;
    let is_cancelled = |status: &&JobStatus| status.job.state == JobState::Cancelled;
    let now = deps.clock.now().wall;
    let mut lines = Vec::new();
    let why = match finish.stopped {
        Stopped::Finished => None,
        Stopped::Deadline => Some("its time is over, or the rate limit allows no request before its end".to_owned()),
        Stopped::Requests => Some("--max-requests is used up".to_owned()),
        Stopped::Spend => Some("--max-spend is used up".to_owned()),
        Stopped::Cap => Some("the platform accepts no more requests of the account within this run".to_owned()),
        Stopped::Interrupted(signal) => Some(format!("stopped by {}; progress is saved", signal.name())),
        Stopped::Paused => Some("what is left is paused".to_owned()),
        Stopped::Cancelled => Some("the job was cancelled".to_owned()),
        Stopped::Account => Some("an account needs you".to_owned()),
        Stopped::KeepList => Some("a keep list cannot be read any more".to_owned()),
        Stopped::Damaged => Some("a row is not what its file said".to_owned()),
        Stopped::Unreachable => Some(match (&finish.bad_certificate, finish.given_up) {
            (Some(said), _) => escaped(said).into_owned(),
            (None, Some(since)) => {
                let since = deps.local.text(since, now);
                format!("since {since} the platform has answered with errors only; no row fails for that")
            }
            (None, None) => "no answer from the platform: is the network up?".to_owned(),
        }),
    };
    if left > 0 {
        let at = finish.next_slot_at.filter(|at| *at > now);
        let at = at.map_or(String::new(), |at: Wall| format!(", next slot at {}", deps.local.text(at, now)));
        let why = why.map_or(String::new(), |why| format!(" ({why})"));
        lines.push(format!("{left} left{why}{at}; continue with {}", resume_of(jobs, deps)));
    } else if !jobs.is_empty() && jobs.iter().all(|status| is_cancelled(&status)) {
        // Said below, job by job.
    } else if paused == 0 && finish.requests == 0 && finish.stopped == Stopped::Finished {
        let mut of_files = jobs.iter().filter(|status| status.job.restores.is_none());
        let (file, has_more) = (of_files.next(), of_files.next().is_some());
        let has_file = file.is_some();
        let again = match file.filter(|_| !has_more) {
            Some(status) => start_over(deps.settings, "run", &status.job),
            None => deps.command(&["run", "FILE.csv", "--again"]),
        };
        lines.push(if by_others(outcome, deps) {
            "this process sent nothing: others that work on the same queue have done what was left".to_owned()
        } else if has_file || jobs.is_empty() {
            format!("nothing was left to do, nothing was sent; {again} starts a finished file over")
        } else {
            let again = jobs.first().map_or(String::new(), |status| deps.command(&["forget", &status.job.name]));
            format!(
                "nothing is left to restore, nothing was sent; what was undone once more since then comes back after {again} and the same command"
            )
        });
    }
    // Resuming a paused job sends nothing.
    for status in jobs.iter().filter(is_paused) {
        let job = status.job.name.as_str();
        if status.job.state == JobState::Unverified {
            lines.push(format!("{} waits for you: {}", escaped(job), escaped(&unverified_text(deps.settings, job))));
            continue;
        }
        let unpause = deps.command(&["unpause", job]);
        lines.push(format!("{} is paused with {} left; {unpause} lifts that", escaped(job), status.counts.pending));
    }
    for status in jobs.iter().filter(is_cancelled) {
        let name = escaped(&status.job.name);
        let next = match status.job.restores {
            None => format!("{} starts it over", start_over(deps.settings, "run", &status.job)),
            Some(_) => format!(
                "{} deletes it; what it was to restore can be restored anew then",
                deps.command(&["forget", &status.job.name])
            ),
        };
        lines.push(format!("{name} was cancelled, so nothing of it is sent; {next}"));
    }
    for status in jobs {
        let report = deps.command(&["report", &status.job.name]);
        match remedy(status, outcome.failed_for.get(&status.job.id), deps) {
            Some(remedy) => lines.push(format!("row by row: {report}; {remedy}")),
            None if status.counts.rejected > 0 => lines.push(format!("row by row: {report}")),
            None => {}
        }
    }
    lines
}
