//! `cleanup account remove`: logs out and drops the account. Requests that may still count in a window stay on record.

use super::logout::say_logged_out;
use crate::app::account::{RemoveAccountRequest, remove_account};
use crate::cli::args::AccountRemoveArgs;
use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::CommandError;
use crate::store::Removal;

/// Removes it.
///
/// # Errors
/// There is no such account (2), rows of it are in line and nobody said --yes (2), somebody drains the queue (75).
pub(super) async fn run(context: &Context, args: &AccountRemoveArgs) -> Result<u8, CommandError> {
    let request = RemoveAccountRequest { name: args.name.clone(), yes: args.yes, forget: args.forget };
    let said = |logout: &_| say_logged_out(context, logout);
    let (account, removal) = remove_account(context.deps(), &request, said).await?;
    if account.is_default {
        let choose = context.command(&["account", "default", "NAME"]);
        context.printer.say(&format!("it was the default account, and there is none now; {choose} chooses another"));
    }
    let name = &account.name;
    context.printer.say(&match removal {
        Removal::Gone => format!("removed: {name}"),
        Removal::HistoryStays { jobs: 0, slots } => {
            let slots = counted(slots, "request", "requests");
            format!("{name} is logged out; its name stays for now, because {slots} sent for it may still count towards its rate limit")
        }
        Removal::HistoryStays { jobs, .. } => {
            let forget = context.command(&["forget", "JOB"]);
            let jobs = counted(jobs, "job in this queue is for it", "jobs in this queue are for it");
            format!("{name} is logged out; its name stays, because {jobs} ({forget} deletes a settled job)")
        }
    });
    Ok(0)
}
