//! An account is logged out and dropped. Requests that may still count in a window stay on record.

use super::logout::{LogoutReport, end_login};
use crate::app::deps::AppDeps;
use crate::app::find_account::find_account;
use crate::app::keep_from;
use crate::app::pending_work::pending_by_job;
use crate::domain::{AccountName, counted};
use crate::error::{CommandError, ErrorKind};
use crate::store::{Account, DrainLock, Removal, Store};

/// An account that is to go.
#[derive(Clone, Debug)]
pub struct RemoveAccountRequest {
    /// Which.
    pub name: AccountName,
    /// Even if rows are queued for it.
    pub yes: bool,
    /// Even if its key is lost and the platform cannot be told.
    pub forget: bool,
}

/// Removes it. `logged_out` hears how its login has ended, before anything is dropped.
///
/// # Errors
/// There is no such account (2), rows of it are queued and nobody said so be it (2), somebody drains the queue (75).
pub async fn remove_account(
    deps: AppDeps<'_>,
    request: &RemoveAccountRequest,
    logged_out: impl FnOnce(&LogoutReport),
) -> Result<(Account, Removal), CommandError> {
    let (mut store, account) = find_account(deps, &request.name).await?;
    let _lock = DrainLock::take_alone(store.place()).await?;
    let waiting = pending_by_job(&mut store, account.id).await?;
    if !waiting.is_empty() && !request.yes {
        return Err(has_rows(deps, &account, &waiting));
    }
    drop_account(deps, store, account, request.forget, logged_out).await
}

/// The same for whoever drains the queue: nothing is sent for an account that has no rows queued.
///
/// # Errors
/// There is no such account, or rows of it are queued (2).
pub async fn remove_idle_account(
    deps: AppDeps<'_>,
    request: &RemoveAccountRequest,
) -> Result<(Account, Removal), CommandError> {
    let (mut store, account) = find_account(deps, &request.name).await?;
    let waiting = pending_by_job(&mut store, account.id).await?;
    if !waiting.is_empty() {
        return Err(has_rows(deps, &account, &waiting));
    }
    drop_account(deps, store, account, request.forget, |_| ()).await
}

async fn drop_account(
    deps: AppDeps<'_>,
    mut store: Store,
    account: Account,
    forget: bool,
    logged_out: impl FnOnce(&LogoutReport),
) -> Result<(Account, Removal), CommandError> {
    let logout = end_login(deps, &mut store, account, forget).await?;
    logged_out(&logout);
    let keep_from = keep_from(deps, &mut store).await?;
    let removal = store.accounts().remove_account(logout.account.id, keep_from).await?;
    store.close().await;
    Ok((logout.account, removal))
}

fn has_rows(deps: AppDeps<'_>, account: &Account, waiting: &[(String, u64)]) -> CommandError {
    let rows: u64 = waiting.iter().map(|(_, rows)| rows).sum();
    let jobs: Vec<&str> = waiting.iter().map(|(job, _)| job.as_str()).collect();
    let message = format!("{} has {} queued, in {}", account.name, counted(rows, "row", "rows"), jobs.join(", "));
    let cancel = deps.command(&["cancel", jobs.first().copied().unwrap_or_default()]);
    CommandError::new(ErrorKind::Usage, message).hint(format!(
        "cancel each job, as with {cancel}; or add --yes to remove the account all the same: its rows wait until you log {} in again",
        account.name
    ))
}
