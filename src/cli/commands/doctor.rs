//! `cleanup doctor`: what is wrong, and what mends it. A configuration that cannot be read is told before, with exit code 78.

use crate::app::{self, DoctorFinding, DoctorRequest, Frontend, Grave, Severity};
use crate::cli::args::DoctorArgs;
use crate::cli::context::Context;
use crate::cli::printer::Verbosity;
use crate::config::Settings;
use crate::error::CommandError;
use crate::text::escaped;
use crate::web::access::{Password, check_metrics_token};

/// Looks, and tells.
///
/// # Errors
/// Stdout cannot be written. What is wrong is in the list, and in the exit code.
pub async fn run(context: &Context, args: &DoctorArgs) -> Result<u8, CommandError> {
    let request = DoctorRequest {
        repair: args.repair.then(|| context.printer.actor()),
        settings: of_dashboard(&context.settings),
    };
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

/// Secrets of the dashboard that can be guessed. The password is asked for behind a proxy alone.
fn of_dashboard(settings: &Settings) -> Vec<DoctorFinding> {
    let token = settings.web.metrics_token.as_ref().and_then(|token| check_metrics_token(token).err());
    let token = token.map(|error| DoctorFinding::of_error("config", Severity::Bad(Grave::Config), error));
    let password = settings.web.password.as_ref().and_then(|password| Password::check(password).err());
    let password = password.map(|error| DoctorFinding::of_error("config", Severity::Warning, error));
    token.into_iter().chain(password).collect()
}
