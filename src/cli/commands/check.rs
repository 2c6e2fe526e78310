//! `cleanup check`, and `run --dry-run`: what a run of these files would do now. Nothing is changed and nobody is asked.
//!
//! In: files, and the queue as it is. Out: what is wrong with the files, what would be sent, what that takes and costs.

use serde_json::{Value, json};

use crate::app::request::{ReloadOptions, RowOptions};
use crate::app::run::{load_options, prepare_files};
use crate::app::status::{Cost, cost_of};
use crate::app::{self, Forecast, Identities, LoadOptions, LoadPlan, Notice, Prepared};
use crate::cli::args::CheckArgs;
use crate::cli::context::Context;
use crate::domain::{MicroUsd, counted};
use crate::error::CommandError;
use crate::jobfile::{CheckReport, JobFileError};
use crate::platforms::find;
use crate::text::{escaped, span_text};

/// Reads, judges and estimates the files.
///
/// # Errors
/// A file cannot be used as a whole.
pub async fn run(context: &Context, args: &CheckArgs) -> Result<u8, CommandError> {
    let findings = if args.json { Findings::Json } else { Findings::Text };
    let rows = args.rows.options();
    let files = match prepare_files(&args.files.files, args.files.job.as_deref(), &rows, context.deps()).await {
        Err(error) if args.json => {
            context.printer.json(&json!({ "files": [], "error": error.to_json() }))?;
            return Err(error);
        }
        read => read?,
    };
    show(&files, &rows, ReloadOptions::default(), context, findings).await
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
pub(super) async fn show(
    files: &[Prepared],
    rows: &RowOptions,
    reload: ReloadOptions,
    context: &Context,
    findings: Findings,
) -> Result<u8, CommandError> {
    let load = load_options(rows, files, reload, context.deps())?;
    let forecasts = forecasts_of(files, rows, &load, context).await?;
    let (mut is_rejected, mut refusal) = (false, None);
    let mut reports = Vec::with_capacity(files.len());
    for (file, forecast) in files.iter().zip(forecasts) {
        let mut report = CheckReport::of(&file.survey, rows.strict);
        if let Ok(forecast) = &forecast {
            report.set_rejected(&forecast.rejected);
        }
        is_rejected |= report.rejected > 0;
        context.deps().tell(Notice::Names(file));
        if let Err(error) = &forecast {
            report.refusal = Some((error.message.clone(), error.hint.clone().unwrap_or_default()));
        }
        match findings {
            Findings::Json => reports.push(file_json(file, &report, forecast.as_ref().ok(), context)),
            Findings::Text | Findings::Talk => {
                let mut lines = findings_of(file, &report);
                if let Ok(forecast) = &forecast {
                    lines.extend(intentions_of(file, forecast, context));
                }
                let text = lines.join("\n");
                match findings {
                    Findings::Talk => context.printer.say(&text),
                    Findings::Text | Findings::Json => context.printer.data(&text)?,
                }
            }
        }
        refusal = refusal.or(forecast.err());
    }
    if findings == Findings::Json {
        context.printer.json(&json!({ "files": reports, "error": refusal.as_ref().map(CommandError::to_json) }))?;
    }
    match refusal {
        Some(refusal) => Err(refusal),
        None => Ok(if is_rejected { 3 } else { 0 }),
    }
}

async fn forecasts_of(
    files: &[Prepared],
    rows: &RowOptions,
    load: &LoadOptions,
    context: &Context,
) -> Result<Vec<Result<Forecast, CommandError>>, CommandError> {
    let who = Identities::of(&context.settings, rows.platform, None)?;
    // Without a place for a queue there is none yet.
    let mut store = if context.settings.db().is_ok() { context.existing_queue().await? } else { None };
    let forecasts = app::forecast(&who, store.as_mut(), rows.account.as_ref(), files, load).await;
    if let Some(store) = store {
        store.close().await;
    }
    forecasts
}

fn findings_of(file: &Prepared, report: &CheckReport) -> Vec<String> {
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

fn intentions_of(file: &Prepared, forecast: &Forecast, context: &Context) -> Vec<String> {
    let mut lines: Vec<String> = forecast.misplaced.iter().map(|why| format!("  {}", escaped(why))).collect();
    for lane in &forecast.to_send {
        let account = lane.account.as_ref().map_or(String::new(), |name| format!(" as {}", escaped(name.as_str())));
        lines.push(format!("  would {}{account}", lane.action.phrase(lane.targets)));
        let closed = find(lane.platform, lane.action).filter(|_| !lane.platform.is_sandbox());
        lines.extend(closed.and_then(|endpoint| endpoint.closed()).map(|why| format!("  {why}")));
    }
    lines.extend(forecast.spared().map(|(rule, n)| format!("  would spare {n}: {} ({rule})", rule.sentence())));
    lines.extend(standing_of(file, forecast, context).into_iter().map(|line| format!("  {line}")));
    if forecast.is_account_unknown {
        lines.push(format!("  no account is logged in yet; {} does that", context.command(&["account", "login"])));
    }
    if forecast.targets() > 0 {
        lines.push(format!("  {}", cost_text(&cost_of(&forecast.to_send, &context.settings))));
    }
    lines
}

/// What the queue says of the rows that would not be sent.
fn standing_of(file: &Prepared, forecast: &Forecast, context: &Context) -> Vec<String> {
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

fn file_json(file: &Prepared, report: &CheckReport, forecast: Option<&Forecast>, context: &Context) -> Value {
    let Some(forecast) = forecast else {
        return json!({ "job": file.job, "check": report, "kept": 0, "kept_by_reason": {}, "queue": null, "estimate": null });
    };
    let by_reason: serde_json::Map<String, Value> =
        forecast.spared().map(|(rule, rows)| (rule.name().to_owned(), json!(rows))).collect();
    let kept: u64 = forecast.spared().map(|(_, rows)| rows).sum();
    let rows = &forecast.rows;
    let to_send = forecast.to_send.iter().filter(|_| !forecast.is_paused);
    let to_send = to_send.map(|lane| {
        json!({
            "action": lane.action.name(),
            "account": lane.account.as_ref().map(|name| name.as_str()),
            "platform": lane.platform.name(),
            "targets": lane.targets,
        })
    });
    json!({
        "job": file.job,
        "check": report,
        "kept": kept,
        "kept_by_reason": by_reason,
        "queue": {
            "standing": forecast.standing.name(),
            "paused": forecast.is_paused,
            "to_send": to_send.collect::<Vec<_>>(),
            "done": rows.done,
            "gone": rows.gone,
            "failed": rows.failed,
            "cancelled": rows.cancelled,
            "duplicate": rows.duplicates,
            "vanished": rows.vanished,
        },
        "estimate": cost_json(forecast, context),
    })
}

fn cost_json(forecast: &Forecast, context: &Context) -> Value {
    let to_send = if forecast.is_paused { &[][..] } else { &forecast.to_send[..] };
    let cost = cost_of(to_send, &context.settings);
    json!({
        "requests": cost.requests,
        "seconds": cost.length.as_secs(),
        "seconds_per_endpoint": cost.length_per_endpoint.map(|length| length.as_secs()),
        "cost_usd": cost.price.map(MicroUsd::dollars),
    })
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
