//! `cleanup account logout`: the tokens end at the platform, and are forgotten here.

use crate::app::account::{LogoutReport, LogoutRequest, WaitingRows, log_out};
use crate::auth::LoggedOut;
use crate::cli::args::AccountLogoutArgs;
use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::CommandError;
use crate::text::escaped;

/// The most jobs that are named.
const MAX_JOBS_NAMED: usize = 5;

/// Logs out.
///
/// # Errors
/// There is no such account, the key is wrong (78), the queue cannot be written.
pub(super) async fn run(context: &Context, args: &AccountLogoutArgs) -> Result<u8, CommandError> {
    let request = LogoutRequest { name: args.name.clone(), forget: args.forget };
    let report = log_out(context.deps(), &request, |waiting| warn_of_work(context, waiting)).await?;
    say_logged_out(context, &report);
    Ok(0)
}

/// What is under way for the account stops, and what is in line waits: said before it happens.
fn warn_of_work(context: &Context, WaitingRows { account, jobs: waiting, is_drained }: &WaitingRows) {
    let rows: u64 = waiting.iter().map(|(_, rows)| rows).sum();
    let jobs: Vec<_> = waiting.iter().take(MAX_JOBS_NAMED).map(|(job, _)| escaped(job)).collect();
    let mut said = format!("{} of {account} are queued, in {}", counted(rows, "row", "rows"), jobs.join(", "));
    if waiting.len() > MAX_JOBS_NAMED {
        said += &format!(" and {} more", waiting.len() - MAX_JOBS_NAMED);
    }
    let login = context.command(&["account", "login", account.as_str()]);
    said += if *is_drained {
        "; the process that works on this queue stops sending for this account within two seconds"
    } else {
        ""
    };
    context.printer.warn(&format!("{said}; these rows wait until you log in again: {login}"));
}

/// How an account's login has ended.
pub(super) fn say_logged_out(context: &Context, LogoutReport { account, ended }: &LogoutReport) {
    let (printer, name) = (&context.printer, &account.name);
    match ended {
        LoggedOut::WasNot => printer.say(&format!("{name} is not logged in")),
        LoggedOut::Revoked => {
            printer.say(&format!("logged out: the tokens of {name} are revoked at the platform and deleted here"));
        }
        LoggedOut::NotRevoked(why) => {
            printer.say(&format!("logged out here: the login of {name} is deleted"));
            let where_and_until = match &account.host {
                Some(host) => format!("at {host}, where its token stays valid"),
                None => "at the platform, where it stays valid until it expires".to_owned(),
            };
            printer.warn(&format!("the login was not revoked {where_and_until}: {}", escaped(why)));
        }
    }
}
