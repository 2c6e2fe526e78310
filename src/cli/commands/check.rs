//! `cleanup check`, and `run --dry-run`: read, judge and estimate. Nothing is changed and nobody is asked.

use std::collections::{BTreeMap, HashMap};

use serde_json::json;

use crate::app::Prepared;
use crate::cli::args::{CheckArgs, ReloadArgs, RowArgs};
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape::escaped;
use crate::cli::estimate;
use crate::cli::timing::span_text;
use crate::config::Settings;
use crate::domain::{AccountName, Action, MicroUsd, Platform, counted};
use crate::jobfile::{CheckReport, LaneCount};
use crate::lists::filter::Rule;
use crate::platform::{Tier, find};

use super::load::say_handles;
use super::run::{load_options, prepare};
use super::whose::Whose;

/// Reads, judges and estimates the files.
///
/// # Errors
/// A file cannot be used as a whole.
pub async fn run(context: &Context, args: &CheckArgs) -> Result<u8, CliError> {
    let files = prepare(&args.files.files, args.files.job.as_deref(), &args.rows, context).await?;
    show(&files, &args.rows, context, if args.json { Findings::Json } else { Findings::Text }).await
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

/// Shows what the files are. 0 clean, 3 with rejected rows, 65 where nothing would be queued.
pub(super) async fn show(
    files: &[Prepared],
    rows: &RowArgs,
    context: &Context,
    findings: Findings,
) -> Result<u8, CliError> {
    let whose = Whose::of(context, rows).await;
    let load = load_options(rows, files, ReloadArgs::default(), context)?;
    let mut rejected = false;
    let mut refusal = None;
    let mut reports = Vec::with_capacity(files.len());
    for file in files {
        let report = CheckReport::of(&file.survey, rows.strict);
        let (lanes, spared) = file.to_do(&load)?;
        let estimate = estimate_of(&lanes, &whose, &context.settings);
        rejected |= report.rejected > 0;
        say_handles(file, context);
        refusal = refusal.or(file.survey.refusal(rows.strict));
        if findings == Findings::Json {
            let estimate = estimate_json(&estimate);
            let kept: u64 = spared.values().sum();
            let by_reason: serde_json::Map<String, serde_json::Value> =
                spared.iter().map(|(rule, rows)| (rule.name().to_owned(), json!(rows))).collect();
            let report = json!({ "job": file.job, "check": report, "kept": kept, "kept_by_reason": by_reason, "estimate": estimate });
            reports.push(report);
        } else {
            let mut lines = findings_of(file, &report);
            lines.extend(intentions_of(&lanes, &spared, &estimate, &whose));
            let text = lines.join("\n");
            match findings {
                Findings::Talk => context.printer.say(&text),
                Findings::Text | Findings::Json => context.printer.data(&text)?,
            }
        }
    }
    if findings == Findings::Json {
        context.printer.json(&json!({ "files": reports }))?;
    }
    match refusal {
        Some(refusal) => Err(refusal.into()),
        None => Ok(if rejected { 3 } else { 0 }),
    }
}

fn findings_of(file: &Prepared, report: &CheckReport) -> Vec<String> {
    let mut lines = Vec::new();
    let shape = format!("{}, {}-separated", report.encoding, report.delimiter);
    lines.push(format!("{}: {} ({shape})", escaped(&report.file), counted(report.rows, "row", "rows")));
    for example in &file.survey.examples {
        lines.push(format!("  {}", escaped(&example.rejection.describe(&file.survey.path, example.line))));
    }
    let shown = file.survey.examples.len() as u64;
    if report.rejected > shown {
        let more = counted(report.rejected - shown, "more rejected row", "more rejected rows");
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

fn intentions_of(lanes: &[LaneCount], spared: &BTreeMap<Rule, u64>, estimate: &Estimate, whose: &Whose) -> Vec<String> {
    let mut lines = Vec::new();
    for lane in lanes {
        let platform = whose.platform(lane.account.as_ref());
        let account = lane.account.as_ref().map_or(String::new(), |name| format!(" as {name}"));
        lines.push(format!("  would {}{account}", lane.action.phrase(lane.rows)));
        if find(platform, lane.action).is_some_and(|endpoint| endpoint.tier == Tier::Enterprise)
            && platform != Platform::Sandbox
        {
            lines.push(format!(
                "  {} is open to Enterprise apps only since 20 April 2026; expect a self-serve app to be refused",
                lane.action
            ));
        }
    }
    lines.extend(spared.iter().map(|(rule, rows)| format!("  would spare {rows}: {} ({rule})", rule.sentence())));
    let Estimate { length, cost, .. } = estimate;
    let cost =
        cost.map_or_else(|| "its price is not known".to_owned(), |cost| format!("costs {cost} at listed prices"));
    lines.push(format!(
        "  takes about {} within the limits, {cost}; repeats of a row are sent once",
        span_text(*length)
    ));
    lines
}

/// What a file would take.
pub(crate) struct Estimate {
    pub(crate) requests: u64,
    pub(crate) length: std::time::Duration,
    pub(crate) cost: Option<MicroUsd>,
}

/// Accounts work side by side, each within its own windows. Duplicates are not known before a file is loaded.
pub(crate) fn estimate_of(lanes: &[LaneCount], whose: &Whose, settings: &Settings) -> Estimate {
    let mut by_account: HashMap<Option<&AccountName>, Vec<(Action, u64)>> = HashMap::new();
    for lane in lanes {
        by_account.entry(lane.account.as_ref()).or_default().push((lane.action, lane.rows));
    }
    let takes = |(account, work): (&Option<&AccountName>, &Vec<(Action, u64)>)| {
        estimate::from_empty(work, &settings.windows(whose.platform(*account)), settings.run.pace)
    };
    let length = by_account.iter().map(takes).max();
    let price = |lane: &LaneCount| settings.price(whose.platform(lane.account.as_ref()), lane.action);
    let requests = lanes.iter().map(|lane| lane.rows).sum();
    let cost = lanes.iter().try_fold(MicroUsd(0), |sum, lane| Some(sum.plus(price(lane)?.times(lane.rows))));
    Estimate { requests, length: length.unwrap_or_default(), cost }
}

fn estimate_json(estimate: &Estimate) -> serde_json::Value {
    json!({
        "requests": estimate.requests,
        "seconds": estimate.length.as_secs(),
        "cost_usd": estimate.cost.map(MicroUsd::dollars),
    })
}
