//! `cleanup check`, and `run --dry-run`: what a run of these files would do now. Nothing is changed and nobody is asked.
//!
//! In: files, and the queue as it is. Out: what is wrong with the files, what would be sent, what that takes and costs.

use crate::app::request::LoadRequest;
use crate::app::status::Cost;
use crate::app::{CheckedFile, FilesReport, Forecast, LoadPlan, Notice, check_files, final_deeds};
use crate::cli::args::CheckArgs;
use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::CommandError;
use crate::jobfile::JobFileError;
use crate::platforms::find;
use crate::text::{escaped, span_text};

/// Reads, judges and estimates the files.
///
/// # Errors
/// A file cannot be used as a whole.
pub async fn run(context: &Context, args: &CheckArgs) -> Result<u8, CommandError> {
    show(&args.request(), context, if args.json { Findings::Json } else { Findings::Text }).await
}

/// Where findings go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Findings {
    /// To stdout, as text.
    Text,
    /// To stdout, as one JSON object.
    Json,
    /// To stderr: stdout is for something else.
    Talk,
}

/// Shows what the files are. 0 clean, 3 with rejected rows; where a run would refuse a file, what it would end with.
pub(super) async fn show(request: &LoadRequest, context: &Context, findings: Findings) -> Result<u8, CommandError> {
    let mut report = check_files(context.deps(), request).await?;
    let code = report.exit_code();
    for checked in &report.files {
        context.deps().tell(Notice::Names(&checked.file));
        match findings {
            Findings::Json => {}
            Findings::Text => context.printer.data(&text_of(checked, context))?,
            Findings::Talk => context.printer.say(&text_of(checked, context)),
        }
    }
    if findings == Findings::Json {
        report.refusal = report.refusal.map(|error| context.completed(after_each_row(error)));
        context.printer.json(&report)?;
    }
    let FilesReport { refusal, .. } = report;
    refusal.map_or(Ok(code), Err)
}

fn text_of(checked: &CheckedFile, context: &Context) -> String {
    let mut lines = findings_of(checked);
    lines.extend(checked.forecast.iter().flat_map(|forecast| intentions_of(checked, forecast, context)));
    lines.join("\n")
}

fn findings_of(CheckedFile { file, report, .. }: &CheckedFile) -> Vec<String> {
    let mut lines = Vec::new();
    let shape = format!("{}, {}-separated", report.encoding, report.delimiter);
    lines.push(format!("{}: {} ({shape})", escaped(&report.file), counted(report.rows, "row", "rows")));
    for example in &file.survey.examples {
        lines.push(format!("  {}", escaped(&example.rejection.describe(&file.survey.path, example.line))));
    }
    let shown = file.survey.examples.len() as u64;
    if file.survey.rejected > shown {
        let more = counted(file.survey.rejected - shown, "more rejected row", "more rejected rows");
        lines.push(format!("  ... and {more}"));
    }
    lines.extend(report.damage.iter().map(|found| format!("  {}", found.message)));
    for (reason, count) in &report.rejected_by_reason {
        lines.push(format!("  rejected, {reason}: {count}"));
    }
    if report.windows_1252_rows > 0 {
        let rows = counted(report.windows_1252_rows, "row", "rows");
        lines.push(format!("  {rows} with text that is not UTF-8; it is read as Windows-1252 and comes back as UTF-8"));
    }
    lines
}

fn intentions_of(checked: &CheckedFile, forecast: &Forecast, context: &Context) -> Vec<String> {
    let mut lines: Vec<String> = forecast.misplaced.iter().map(|why| format!("  {}", escaped(why))).collect();
    for lane in &forecast.to_send {
        let account = lane.account.as_ref().map_or(String::new(), |name| format!(" as {}", escaped(name.as_str())));
        lines.push(format!("  would {}{account}", lane.action.phrase(lane.targets)));
        let closed = find(lane.platform, lane.action).filter(|_| !lane.platform.is_sandbox());
        lines.extend(closed.and_then(|endpoint| endpoint.closed()).map(|why| format!("  {why}")));
    }
    let lanes = forecast.to_send.iter().map(|lane| (lane.platform, lane.action));
    lines.extend(final_deeds(lanes).into_iter().map(|said| format!("  {said}")));
    lines.extend(forecast.spared().map(|(rule, n)| format!("  would spare {n}: {} ({rule})", rule.sentence())));
    lines.extend(standing_of(checked, forecast, context).into_iter().map(|line| format!("  {line}")));
    if forecast.is_account_unknown {
        lines.push(format!("  no account is logged in yet; {} does that", context.command(&["account", "login"])));
    }
    if forecast.targets() > 0 {
        lines.push(format!("  {}", cost_text(&checked.cost)));
    }
    lines
}

/// What the queue says of the rows that would not be sent.
fn standing_of(CheckedFile { file, .. }: &CheckedFile, forecast: &Forecast, context: &Context) -> Vec<String> {
    let job = file.job.as_str();
    let mut lines = Vec::new();
    let rows = &forecast.rows;
    let settled = [(rows.done, "done"), (rows.gone, "gone")].into_iter().filter(|(n, _)| *n > 0);
    let settled: Vec<String> = settled.map(|(n, word)| format!("{n} {word}")).collect();
    if !settled.is_empty() {
        lines.push(format!("already settled, and not sent again: {}", settled.join(", ")));
    }
    if rows.failed > 0 {
        let retry = context.command(&["retry", job]);
        let them = if rows.failed == 1 { "it" } else { "them" };
        let failed = counted(rows.failed, "row failed", "rows failed");
        lines.push(format!("{failed} before, and would not be sent; {retry} queues {them} again"));
    }
    if rows.cancelled > 0 {
        lines.push(format!("{} cancelled", counted(rows.cancelled, "row stays", "rows stay")));
    }
    if rows.duplicates > 0 {
        lines.push(format!(
            "{}, not sent again",
            counted(rows.duplicates, "row repeats an earlier one", "rows repeat earlier ones")
        ));
    }
    if rows.vanished > 0 {
        let rows = counted(rows.vanished, "queued row that is", "queued rows that are");
        lines.push(format!("would cancel {rows} no longer in the file"));
    }
    let again = context.command(&["run", &file.survey.path, "--again"]);
    match &forecast.standing {
        LoadPlan::Cancelled => {
            lines.push(format!("the job {} was cancelled: nothing would be sent; {again} starts it over", escaped(job)))
        }
        _ if forecast.is_paused => lines.push(format!(
            "the job {} is paused: nothing is sent before {}",
            escaped(job),
            context.command(&["unpause", job])
        )),
        LoadPlan::Unchanged { pending: 0 } => {
            lines.push(format!(
                "the job {} is finished and the file unchanged: nothing would be sent; {again} starts it over",
                escaped(job)
            ));
        }
        _ if forecast.targets() == 0 => lines.push("nothing would be sent".to_owned()),
        _ => {}
    }
    lines
}

fn cost_text(cost: &Cost) -> String {
    let price =
        cost.price.map_or_else(|| "its price is not known".to_owned(), |cost| format!("costs {cost} at listed prices"));
    let per_endpoint = cost.length_per_endpoint.map_or_else(String::new, |length| {
        format!("; X counts each action by itself, so with --per endpoint it takes about {}", span_text(length))
    });
    format!("takes about {} within the limits, {price}{per_endpoint}", span_text(cost.length))
}

/// The error where `check` has said above what is wrong with each row: a hint that names `check` again leads nowhere.
pub(super) fn after_each_row(error: CommandError) -> CommandError {
    let fault = error.source.as_ref().and_then(|source| source.downcast_ref::<JobFileError>());
    match fault {
        Some(JobFileError::NoUsableRow { .. }) => {
            error.hint("each row above says what is wrong with it and what to do")
        }
        Some(JobFileError::Strict { .. }) => {
            error.hint("correct the rows above; without --strict they are left out and the others are used")
        }
        _ => error,
    }
}
