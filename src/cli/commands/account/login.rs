//! `cleanup account login`: a person says yes at the platform, and the login is kept sealed.

use super::browser;
use crate::app::account::{LoggedInBy, LoginReport, LoginRequest, log_in};
use crate::auth::LoginEnd;
use crate::cli::args::AccountLoginArgs;
use crate::cli::context::Context;
use crate::domain::Wall;
use crate::error::CommandError;
use crate::text::{clock_text, escaped};

/// Logs in.
///
/// # Errors
/// No app is configured (78), nobody said yes (77), the platform does not answer (69).
pub(super) async fn run(context: &Context, args: &AccountLoginArgs) -> Result<u8, CommandError> {
    let request = LoginRequest {
        name: args.name.clone(),
        platform: args.platform,
        host: args.host.clone(),
        headless: args.headless,
        browser: args.browser,
        actions: args.actions.clone(),
    };
    let report = log_in(context.deps(), &context.printer, &request).await?;
    say_logged_in(context, &report, args.headless)?;
    Ok(0)
}

/// Who is logged in, and until when.
pub(super) fn say_logged_in(context: &Context, report: &LoginReport, headless: bool) -> Result<(), CommandError> {
    let (printer, account) = (&context.printer, &report.account);
    match &report.by {
        LoggedInBy::Grant { ends_soon } => {
            if *ends_soon {
                printer.warn(
                    "the platform gave no refresh token, so this login ends in about two hours; log in again then",
                );
            }
            let place = account.user().place();
            printer.say(&format!("logged in: {} is user {} on {place}", account.name, account.user_id));
        }
        LoggedInBy::Server { handle, ends } => {
            let handle = handle.as_deref().map_or_else(String::new, |handle| format!(" ({})", escaped(handle)));
            printer.say(&format!("logged in: {} is {}{handle}", account.name, account.user()));
            ends.iter().for_each(|ends| printer.say(&end_text(context, *ends)));
        }
        LoggedInBy::Key { link } => {
            printer.say(&format!("the key is kept, as {}", account.name));
            printer.say("now link X to it: authorize AIsa on its page, within ten minutes or so");
            if headless { printer.data(link) } else { browser::show(*printer, link) }?;
        }
    }
    Ok(())
}

fn end_text(context: &Context, ends: LoginEnd) -> String {
    let when = |ends: Wall| clock_text(ends, context.clock.now().wall, context.local.zone.get());
    match ends {
        LoginEnd::Unused(ends) => format!("the session lasts until {}, and longer with every use", when(ends)),
        LoginEnd::Fixed(ends) => format!(
            "the login lasts until {} at the most; for every night take an app password, which lasts",
            when(ends)
        ),
    }
}
