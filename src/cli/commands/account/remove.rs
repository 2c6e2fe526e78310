//! `cleanup account remove`: logs out and drops the account. Requests that may still count in a window stay on record.

use super::logout;
use crate::app;
use crate::app::find_account;
use crate::cli::args::AccountRemoveArgs;
use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::{CommandError, ErrorKind};
use crate::store::{DrainLock, Removal};

/// Removes it.
///
/// # Errors
/// There is no such account (2), rows of it are in line and nobody said --yes (2), somebody drains the queue (75).
pub(super) async fn run(context: &Context, args: &AccountRemoveArgs) -> Result<u8, CommandError> {
    let (mut store, account) = find_account(context.deps(), &args.name).await?;
    let _lock = DrainLock::take(store.path())?;
    let waiting = app::pending_by_job(&mut store, account.id).await?;
    if !waiting.is_empty() && !args.yes {
        let rows: u64 = waiting.iter().map(|(_, rows)| rows).sum();
        let jobs: Vec<&str> = waiting.iter().map(|(job, _)| job.as_str()).collect();
        let message = format!("{} has {} queued, in {}", account.name, counted(rows, "row", "rows"), jobs.join(", "));
        let cancel = context.command(&["cancel", jobs[0]]);
        return Err(CommandError::new(ErrorKind::Usage, message).hint(format!(
            "cancel each job, as with {cancel}; or add --yes to remove the account all the same: its rows wait until you log {} in again",
            account.name
        )));
    }
    logout::end(context, &mut store, &account, args.forget).await?;
    let keep_from = app::keep_from(context.deps(), &mut store).await?;
    let removal = store.accounts().remove_account(account.id, keep_from).await?;
    store.close().await;
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
