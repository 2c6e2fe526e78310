//! `cleanup run`: read and judge every file, ask, load, drain, sum up. Nothing is queued before all of it can be.

use crate::app::RunSummary;
use crate::app::request::RunRequest;
use crate::app::run::{DrainSeat, RunTerms, run_files};
use crate::cli::args::RunArgs;
use crate::cli::context::Context;
use crate::error::CommandError;

use super::check::{self, Findings};

/// Loads the files and works on their jobs.
///
/// # Errors
/// A file, the queue, the network or the account is in the way; nothing of any file is queued where one of them cannot be.
pub async fn run(context: &Context, args: &RunArgs) -> Result<u8, CommandError> {
    let request = args.request();
    if args.dry_run {
        return dry_run(&request, args.drain.json, context).await;
    }
    let until = args.drain.deadline(context.clock.now(), &context.local.zone)?;
    let terms = RunTerms { until, yes: args.drain.yes, ..RunTerms::default() };
    let ended = run_files(context.deps(), &request, terms, DrainSeat::Own).await;
    let ended = ended.and_then(|end| context.close_run(&end, args.drain.json));
    context.notify(&ended).await;
    ended.map(|report| report.code)
}

/// What would happen. With `--json` stdout holds the object of every run, of which nothing has been done.
async fn dry_run(request: &RunRequest, json: bool, context: &Context) -> Result<u8, CommandError> {
    let findings = if json { Findings::Talk } else { Findings::Text };
    let code = check::show(&request.load, context, findings).await?;
    if !json {
        return Ok(code);
    }
    context.printer.closing_json(&RunSummary::unsent("finished", code))?;
    Ok(code)
}
