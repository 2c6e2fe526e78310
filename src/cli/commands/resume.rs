//! `cleanup resume`: go on with what is in the queue.

use crate::app::run::{ResumeForecast, ResumeRequest, RunTerms, forecast_resume, resume};
use crate::app::{BoundsOfRun, RunSummary, start_over, unverified_text};
use crate::cli::args::ResumeArgs;
use crate::cli::context::Context;
use crate::cli::frontend::bounds_text;
use crate::domain::counted;
use crate::error::CommandError;
use crate::jobfile::READER_VERSION;
use crate::store::{JobState, JobStatus};
use crate::text::escaped;

/// Works on every unfinished job, or on those named.
///
/// # Errors
/// A job is not known, the queue or the account is in the way.
pub async fn run(context: &Context, args: &ResumeArgs) -> Result<u8, CommandError> {
    let request = ResumeRequest {
        jobs: args.jobs.clone(),
        keep: args.keep.clone(),
        accept_not_found: args.accept_not_found,
        accept_repeats: args.accept_repeats,
        bounds: args.drain.bounds.bounds(),
    };
    if args.dry_run {
        return dry_run(context, args, &request).await;
    }
    let terms = || {
        let until = args.drain.deadline(context.clock.now(), &context.local.zone)?;
        Ok(RunTerms { until, yes: args.drain.yes, ..RunTerms::default() })
    };
    let ended = resume(context.deps(), &request, terms).await;
    let ended = ended.and_then(|end| context.close_run(&end, args.drain.json));
    context.notify(&ended).await;
    ended.map(|report| report.code)
}

/// What would be sent. Nothing is changed and nobody is asked; with `--json` stdout holds the object of every run.
async fn dry_run(context: &Context, args: &ResumeArgs, request: &ResumeRequest) -> Result<u8, CommandError> {
    let ResumeForecast { jobs, confirmation, has_rejected } = forecast_resume(context.deps(), request).await?;
    let mut lines = match &jobs {
        None => vec![format!("{}, so nothing would be sent", context.deps().no_queue_text())],
        Some(jobs) => jobs.iter().map(|status| would_send(status, args, context)).collect(),
    };
    lines.extend(confirmation.into_iter().flat_map(|about| about.sentences));
    if jobs.is_some_and(|jobs| jobs.is_empty()) {
        lines.push("nothing is left to do, so nothing would be sent".to_owned());
    }
    if let Some(path) = &args.keep {
        lines.push(format!("what {} names is not sent", escaped(&path.display().to_string())));
    }
    let until = args.drain.deadline(context.clock.now(), &context.local.zone)?;
    let bounds = &args.drain.bounds;
    let bounds = BoundsOfRun { max_requests: bounds.max_requests, max_spend: bounds.max_spend, until };
    lines.extend(bounds_text(&bounds, context.deps()));
    let code = if has_rejected { 3 } else { 0 };
    if args.drain.json {
        context.printer.say(&lines.join("\n"));
        context.printer.closing_json(&RunSummary::unsent("finished", code))?;
    } else {
        context.printer.data(&lines.join("\n"))?;
    }
    Ok(code)
}

fn would_send(status: &JobStatus, args: &ResumeArgs, context: &Context) -> String {
    let (job, pending) = (escaped(&status.job.name), status.counts.pending);
    let rows = counted(status.counts.rows(), "row", "rows");
    match status.job.state {
        _ if pending == 0 => format!("{job}: nothing is left to send"),
        JobState::Active if status.job.restores.is_none() && status.job.checked_by < READER_VERSION => {
            format!(
                "{job}: would send at most {pending} of {rows}; an older version queued them, and the run judges them once more first"
            )
        }
        JobState::Active => format!("{job}: would send {pending} of {rows}"),
        JobState::Paused => {
            let unpause = context.command(&["unpause", &status.job.name]);
            format!("{job}: would send nothing: it is paused with {pending} left; {unpause} lifts that")
        }
        JobState::Unverified if args.accept_repeats => {
            format!(
                "{job}: would send {pending} of {rows}, those among them that were sent since the snapshot once more"
            )
        }
        JobState::Unverified => {
            format!("{job}: would send nothing: {}", escaped(&unverified_text(&context.settings, &status.job.name)))
        }
        JobState::Cancelled if status.job.restores.is_some() => {
            format!("{job}: would send nothing: it is cancelled")
        }
        JobState::Cancelled => {
            let again = start_over(&context.settings, "load", &status.job);
            format!("{job}: would send nothing: it is cancelled; {again} starts it over with all of its rows")
        }
    }
}
