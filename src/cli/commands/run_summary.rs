//! The summary after a run: what became of the rows, what it took, what is left, and what to type next.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::app::status::{JobCounts, TroubledAccount, only};
use crate::app::{self, Ended};
use crate::app::{AccountTrouble, RunReport, RunSummary};
use crate::cli::context::{Context, for_this_queue};
use crate::domain::{Action, JobId, Wall, counted};
use crate::engine::{Finish, Stopped};
use crate::error::{CommandError, ErrorKind};
use crate::store::{JobState, JobStatus, Store};
use crate::text::{escaped, span_text};

use super::failed_rows;
use super::untouched_jobs::UntouchedJobs;

/// Sums up, and says which exit code that is.
///
/// # Errors
/// The queue cannot be read, or nobody reads stdout.
pub(super) async fn finish(ended: Ended, closing: Closing, context: &Context) -> Result<RunReport, CommandError> {
    let Ended { mut finish, jobs, mut store } = ended;
    let Closing { bystanders, lookup, took, json, unpriced } = closing;
    let counts: Vec<_> = jobs.iter().map(|status| status.counts).collect();
    let mut code = app::exit_code(finish.stopped, &counts);
    if let Some(bound) = lookup.filter(|_| matches!(code, 0 | 3)) {
        code = LEFT;
        (finish.stopped, finish.next_slot_at) = (bound.stopped, bound.next_slot_at);
    }
    // Whoever waits for a person or for the platform waits on; the list has to be mended first.
    if !finish.withheld.is_empty() && !matches!(finish.stopped, Stopped::Interrupted(_)) {
        code = ErrorKind::Io.exit_code();
    }
    let (old, told): (Vec<JobStatus>, Vec<JobStatus>) = jobs.iter().cloned().partition(|status| bystanders.has(status));
    let accounts = app::account_names(&mut store).await?;
    let mut remedies = Vec::with_capacity(told.len());
    for status in &told {
        remedies.push(failed_rows::remedy(&mut store, status, context).await?);
    }
    store.close().await;
    let printer = &context.printer;
    for status in &told {
        let counts = JobCounts::new(&status.job.name, &status.counts);
        printer.say(&format!(
            "{}: {} ({})",
            escaped(&status.job.name),
            counts.counts.phrase(),
            counted(counts.counts.rows, "row", "rows")
        ));
    }
    let requests = counted(finish.requests, "request", "requests");
    printer.say(&format!("{requests} in {}, {}", span_text(took), spent_text(&finish, &unpriced)));
    let job = only(jobs.iter().filter(|status| status.counts.pending > 0).map(|status| status.job.name.as_str()));
    for (account, reason, detail) in &finish.troubles {
        let name = accounts.get(account).map_or("an account", String::as_str);
        let said =
            if detail.is_empty() { String::new() } else { format!(": {}", escaped(detail.trim_end_matches('.'))) };
        let remedy = TroubledAccount { settings: &context.settings, name, job }.remedy(reason);
        let text = format!("{} needs you ({reason}){said}. {remedy}", escaped(name));
        printer.warn(&for_this_queue(&context.settings, &text));
    }
    for why in &finish.withheld {
        printer.warn(&format!(
            "{}; no row that the list may protect was sent after that; correct the file, or load the job again with another --keep",
            escaped(why)
        ));
    }
    let next = if jobs.is_empty() {
        vec![format!("this queue has no jobs; {} makes one", context.command(&["load", "FILE.csv"]))]
    } else {
        what_next(&finish, &told, &remedies, context)
    };
    for line in next.into_iter().chain(troubled_before(&old, &told, code, context)) {
        printer.say(&line);
    }
    let jobs: Vec<JobCounts> = jobs.iter().map(|s| JobCounts::new(&s.job.name, &s.counts)).collect();
    let summary = RunSummary::new(jobs, &finish, code);
    if json {
        printer.closing_json(&summary)?;
    }
    let name_of = |account| accounts.get(account).cloned().unwrap_or_default();
    let trouble = |account, reason: &str| AccountTrouble { account: name_of(account), reason: reason.to_owned() };
    let troubles = finish.troubles.iter().map(|(account, reason, _)| trouble(account, reason)).collect();
    Ok(RunReport { troubles, ..RunReport::of(summary) })
}

/// The exit code of a run that leaves work.
const LEFT: u8 = 4;
/// That of one after which all is settled, with failed or rejected rows.
const SETTLED_WITH_TROUBLE: u8 = 3;

/// What a summary says beside what a drain did.
#[derive(Default)]
pub(super) struct Closing {
    /// Jobs that were finished before.
    pub(super) bystanders: UntouchedJobs,
    /// What kept handles from being looked up: their rows are left for another run.
    pub(super) lookup: Option<LookupBound>,
    /// How long the drain took.
    pub(super) took: Duration,
    /// Whether stdout gets the JSON.
    pub(super) json: bool,
    /// Actions of the run whose price nobody knows.
    pub(super) unpriced: BTreeSet<Action>,
}

/// What a run has cost, as far as prices are known.
fn spent_text(finish: &Finish, unpriced: &BTreeSet<Action>) -> String {
    if unpriced.is_empty() || finish.requests == 0 {
        return finish.spent.to_string();
    }
    if finish.spent.0 == 0 {
        return "price not known".to_owned();
    }
    let names: Vec<&str> = unpriced.iter().map(|action| action.name()).collect();
    format!("{} and what {} cost, whose price is not known", finish.spent, names.join(" and "))
}

/// A bound of the run that looking handles up has met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LookupBound {
    /// Which.
    pub(super) stopped: Stopped,
    /// When the next question could leave, where that is known.
    pub(super) next_slot_at: Option<Wall>,
}

/// Why a run of which nothing failed does not end with 0: jobs that were settled before it, with rows that failed or were rejected.
fn troubled_before(old: &[JobStatus], told: &[JobStatus], code: u8, context: &Context) -> Option<String> {
    let is_troubled = |status: &&JobStatus| status.counts.failed > 0 || status.counts.rejected > 0;
    let names: Vec<&str> = old.iter().filter(is_troubled).map(|status| status.job.name.as_str()).collect();
    let first = *names.first()?;
    let (report, forget) = (context.command(&["report", first]), context.command(&["forget", first]));
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

/// Sums up where there is no queue at all: nothing is left to do in it.
///
/// # Errors
/// Nobody reads stdout.
pub(super) fn no_queue(json: bool, context: &Context) -> Result<RunReport, CommandError> {
    context.printer.say(&context.no_queue_sentence());
    let summary = RunSummary::unsent("finished", 0);
    if json {
        context.printer.closing_json(&summary)?;
    }
    Ok(RunReport::of(summary))
}

/// Sums up where a person was asked and said no: what is queued stays queued.
///
/// # Errors
/// Nobody reads stdout.
pub(super) fn declined(
    jobs: &[JobStatus],
    said: &str,
    json: bool,
    context: &Context,
) -> Result<RunReport, CommandError> {
    context.printer.say(said);
    let report = RunReport::declined();
    if json {
        let jobs: Vec<JobCounts> = jobs.iter().map(|s| JobCounts::new(&s.job.name, &s.counts)).collect();
        context
            .printer
            .closing_json(&RunSummary { jobs, ..RunSummary::unsent(Stopped::Cancelled.name(), report.code) })?;
    }
    Ok(report)
}

/// Sums up where nothing of these jobs can be sent, so that nobody need be logged in: all is settled, or what is left is paused. None of
/// them: every one. None: there is something to send.
///
/// # Errors
/// The queue cannot be read, or nobody reads stdout.
pub(super) async fn nothing_to_send(
    mut store: Store,
    only: Option<&[JobId]>,
    json: bool,
    context: &Context,
) -> Result<Option<RunReport>, CommandError> {
    let bystanders = UntouchedJobs::of(&mut store, only).await?;
    let mut jobs = store.read().status(None).await?;
    jobs.retain(|status| only.is_none_or(|only| only.contains(&status.job.id)));
    let is_paused = |status: &JobStatus| status.counts.pending > 0 && status.job.state == JobState::Paused;
    if jobs.iter().any(|status| status.counts.pending > 0 && !is_paused(status)) {
        store.close().await;
        return Ok(None);
    }
    let stopped = if jobs.iter().any(is_paused) { Stopped::Paused } else { Stopped::Finished };
    let ended = Ended { finish: Finish::unsent(stopped), jobs, store };
    finish(ended, Closing { bystanders, json, ..Closing::default() }, context).await.map(Some)
}

fn what_next(finish: &Finish, jobs: &[JobStatus], remedies: &[Option<String>], context: &Context) -> Vec<String> {
    let is_paused = |status: &&JobStatus| status.job.state == JobState::Paused && status.counts.pending > 0;
    let paused: u64 = jobs.iter().filter(is_paused).map(|status| status.counts.pending).sum();
    let left = jobs.iter().map(|status| status.counts.pending).sum::<u64>() - paused;
    let is_cancelled = |status: &&JobStatus| status.job.state == JobState::Cancelled;
    let now = context.clock.now().wall;
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
                let since = context.local_clock().text(since, now);
                format!("since {since} the platform has answered with errors only; no row fails for that")
            }
            (None, None) => "no answer from the platform: is the network up?".to_owned(),
        }),
    };
    if left > 0 {
        let at = finish.next_slot_at.filter(|at| *at > now);
        let at = at.map_or(String::new(), |at: Wall| format!(", next slot at {}", context.local_clock().text(at, now)));
        let why = why.map_or(String::new(), |why| format!(" ({why})"));
        lines.push(format!("{left} left{why}{at}; continue with {}", context.command(&["resume"])));
    } else if !jobs.is_empty() && jobs.iter().all(|status| is_cancelled(&status)) {
        // Said below, job by job.
    } else if paused == 0 && finish.requests == 0 && finish.stopped == Stopped::Finished {
        let again = context.command(&["run", "FILE.csv", "--again"]);
        lines.push(format!("nothing was left to do, nothing was sent; {again} starts a finished file over"));
    }
    // Resuming a paused job sends nothing.
    for status in jobs.iter().filter(is_paused) {
        let job = status.job.name.as_str();
        let unpause = context.command(&["unpause", job]);
        lines.push(format!("{} is paused with {} left; {unpause} lifts that", escaped(job), status.counts.pending));
    }
    for status in jobs.iter().filter(is_cancelled) {
        let again = context.command(&["run", "FILE.csv", "--again"]);
        lines.push(format!(
            "{} was cancelled, so nothing of it is sent; {again} starts it over",
            escaped(&status.job.name)
        ));
    }
    for (status, remedy) in jobs.iter().zip(remedies) {
        let report = context.command(&["report", &status.job.name]);
        match remedy {
            Some(remedy) => lines.push(format!("row by row: {report}; {remedy}")),
            None if status.counts.rejected > 0 => lines.push(format!("row by row: {report}")),
            None => {}
        }
    }
    lines
}
