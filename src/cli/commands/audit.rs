//! `cleanup audit`: what was sent and read, counted again by the limits it was sent under. Exit code 1 where any was over.

use std::path::Path;

use jiff::tz::TimeZone;

use crate::app::{self, AccountAudit, AuditReport, SharedAudit, WindowAudit};
use crate::cli::args::AuditArgs;
use crate::cli::context::Context;
use crate::domain::{Wall, counted};
use crate::error::{CommandError, ErrorKind};
use crate::text::{escaped, full_text};

/// Recounts the record.
pub async fn run(context: &Context, args: &AuditArgs) -> Result<u8, CommandError> {
    let mut report = AuditReport::default();
    if let Some(mut store) = context.existing_queue().await? {
        report = app::audit(&mut store, &context.settings, &context.clock).await?;
        store.close().await;
    }
    if args.json {
        context.printer.json(&report)?;
    } else if report.accounts.is_empty() {
        let is_there = context.settings.db().is_ok_and(|place| place.file().is_none_or(Path::exists));
        let why = if is_there { String::new() } else { format!(": {}", context.deps().no_queue_sentence()) };
        context.printer.data(&format!("no attempts are on record{why}"))?;
    } else {
        let zone = context.local.zone.get();
        let lines = report.accounts.iter().flat_map(|audit| account_lines(audit, zone));
        let lines: Vec<String> =
            lines.chain(report.apps.iter().chain(&report.hosts).flat_map(|audit| shared_lines(audit, zone))).collect();
        context.printer.data(&lines.join("\n"))?;
    }
    warn(context, &report);
    Ok(if report.is_over { ErrorKind::Fault.exit_code() } else { 0 })
}

/// What has to be known beside the numbers.
fn warn(context: &Context, report: &AuditReport) {
    let unrecorded: u64 = report.accounts.iter().map(|audit| audit.tally.unrecorded).sum();
    if unrecorded > 0 {
        context.printer.warn(&format!(
            "{} sent by an earlier version, which did not record its limits: judged by those of today",
            counted(unrecorded, "attempt was", "attempts were")
        ));
    }
    if report.is_over {
        context.printer.warn(if context.settings.are_windows_chosen() {
            "requests were sent beyond the limits named here; without --rate and --per each is judged by those it was sent under"
        } else if unrecorded > 0 {
            "requests were sent beyond a limit, some of them by an earlier version: the limit may have been another one then"
        } else {
            "requests were sent beyond the limit that was set then, which is not to happen: please report it with what `cleanup audit --json` prints"
        });
    }
}

fn account_lines(audit: &AccountAudit, zone: &TimeZone) -> Vec<String> {
    let (name, attempts) = (escaped(&audit.name), counted(audit.tally.attempts, "attempt", "attempts"));
    let mut lines = vec![format!("{name}  {} user {}: {attempts}", audit.platform, audit.user_id)];
    lines.extend(audit.windows.iter().map(|window| window_line(window, zone)));
    for reads in &audit.reads {
        lines.push(format!("  reading {}: {}", reads.endpoint, counted(reads.requests, "request", "requests")));
        lines.extend(reads.windows.iter().map(|window| format!("  {}", window_line(window, zone))));
    }
    lines
}

fn shared_lines(audit: &SharedAudit, zone: &TimeZone) -> Vec<String> {
    let attempts = counted(audit.tally.attempts, "attempt", "attempts");
    let title = match &audit.host {
        Some(host) => format!("{} ({}), all accounts there together: {attempts}", escaped(host), audit.platform),
        None => format!("{}, all its accounts together: {attempts}", audit.platform),
    };
    [title].into_iter().chain(audit.windows.iter().map(|window| window_line(window, zone))).collect()
}

fn window_line(found: &WindowAudit, zone: &TimeZone) -> String {
    let what = found.action.as_ref().map_or_else(String::new, |action| format!(" {action}"));
    let then = if found.is_current == Some(false) { " (the limit of that time)" } else { "" };
    let at = |at: Option<Wall>| at.map_or_else(String::new, |at| full_text(at, zone));
    let fullest = match found.fullest_at {
        Some(_) => format!("fullest {} of {} at {}", found.fullest, found.rate.limit(), at(found.fullest_at)),
        None => "never used".to_owned(),
    };
    let over = match found.over {
        0 => String::new(),
        over => format!("; OVER {}, first at {}", counted(over, "time", "times"), at(found.first_over_at)),
    };
    format!("  {}{what}{then}: {fullest}{over}", found.rate)
}
