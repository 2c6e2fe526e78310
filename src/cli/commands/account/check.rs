//! `cleanup account check`: whether logins are good and whose they are, as the platforms say.

use crate::app::account::{AccountCheckReport, AccountCheckRequest, check_accounts};
use crate::cli::args::AccountCheckArgs;
use crate::cli::context::{Context, for_this_queue};
use crate::error::CommandError;
use crate::text::escaped;

/// Checks the accounts.
///
/// # Errors
/// A name is nobody's (2), the key is wrong (78), the queue cannot be read.
pub(super) async fn run(context: &Context, args: &AccountCheckArgs) -> Result<u8, CommandError> {
    let request = AccountCheckRequest { names: args.names.clone(), actions: args.actions.clone() };
    let report = check_accounts(context.deps(), &request).await?;
    if args.json {
        context.printer.json(&report)?;
    } else {
        tell(context, &report)?;
    }
    Ok(report.exit_code())
}

fn tell(context: &Context, report: &AccountCheckReport) -> Result<(), CommandError> {
    if report.accounts.is_empty() {
        let login = context.command(&["account", "login"]);
        context.printer.say(&format!("there are no accounts; {login} adds one"));
    }
    for one in &report.accounts {
        let at = one.host.as_ref().map_or(String::new(), |host| format!(" ({} at {host})", one.platform));
        context.printer.data(&format!("{}{at}: {}", escaped(&one.name), one.state.name()))?;
        for said in &one.said {
            context.printer.data(&format!("  {}", for_this_queue(&context.settings, &escaped(said))))?;
        }
    }
    for warning in &report.warnings {
        context.printer.warn(warning);
    }
    Ok(())
}
