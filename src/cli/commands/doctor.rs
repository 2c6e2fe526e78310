//! `cleanup doctor`: what is wrong, and what mends it. A configuration that cannot be read is told before, with exit code 78.

use crate::app::{self, DoctorFinding, DoctorRequest, Frontend, Grave, Severity, unverified_text};
use crate::cli::args::DoctorArgs;
use crate::cli::context::Context;
use crate::cli::printer::Verbosity;
use crate::config::Settings;
use crate::domain::counted;
use crate::error::CommandError;
use crate::store::RestoredQueue;
use crate::text::escaped;
use crate::web::access::{Password, check_metrics_token};

/// Looks, and tells.
///
/// # Errors
/// Stdout cannot be written; the queue could not be taken back to a snapshot. What is wrong is in the list, and in the exit code.
pub async fn run(context: &Context, args: &DoctorArgs) -> Result<u8, CommandError> {
    let mut found = Vec::new();
    if let Some(from) = &args.restore {
        found.extend(restored(context, &app::restore_queue(context.deps(), from).await?));
    }
    found.extend(of_dashboard(&context.settings));
    let request = DoctorRequest { repair: args.repair.then(|| context.printer.actor()), settings: found };
    let report = app::doctor(&context.settings, &context.clock, request).await;
    if args.json {
        context.printer.json(&report)?;
        return Ok(report.exit_code);
    }
    let is_quiet = context.printer.verbosity() == Verbosity::Quiet;
    for finding in report.findings.iter().filter(|finding| !is_quiet || finding.severity != Severity::Good) {
        context.printer.data(&format!(
            "{:<4}  {}: {}",
            finding.severity.name(),
            finding.what,
            escaped(&finding.text)
        ))?;
        if let Some(remedy) = finding.remedy.as_ref().filter(|_| finding.severity != Severity::Good) {
            context.printer.data(&format!("      {}", escaped(remedy)))?;
        }
    }
    Ok(report.exit_code)
}

/// What was done, and what is to be done now.
fn restored(context: &Context, done: &RestoredQueue) -> Vec<DoctorFinding> {
    let aside = done
        .set_aside
        .as_ref()
        .map_or_else(String::new, |path| format!("; what was there is kept as {}", path.display()));
    let good = |text: String| DoctorFinding { what: "restore", severity: Severity::Good, text, remedy: None };
    let full = "what was sent since is not on record, so every window counts as full from now on";
    let mut findings = vec![good(format!("the queue is that of the snapshot{aside}")), good(full.to_owned())];
    match done.waiting.as_slice() {
        [] => {}
        [job] => findings.push(good(format!("{job} waits for you: {}", unverified_text(&context.settings, job)))),
        jobs => findings.push(good(format!(
            "{} wait for you: {} says what each waits for",
            counted(jobs.len() as u64, "job", "jobs"),
            context.command(&["status"])
        ))),
    }
    findings
}

/// Secrets of the dashboard that can be guessed. The password is asked for behind a proxy alone.
fn of_dashboard(settings: &Settings) -> Vec<DoctorFinding> {
    let token = settings.web.metrics_token.as_ref().and_then(|token| check_metrics_token(token).err());
    let token = token.map(|error| DoctorFinding::of_error("config", Severity::Bad(Grave::Config), error));
    let password = settings.web.password.as_ref().and_then(|password| Password::check(password).err());
    let password = password.map(|error| DoctorFinding::of_error("config", Severity::Warning, error));
    token.into_iter().chain(password).collect()
}
