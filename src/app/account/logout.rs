//! An account's login ends: its tokens are revoked at the platform, and forgotten here.

use crate::app::deps::AppDeps;
use crate::app::find_account::find_account;
use crate::app::pending_work::pending_by_job;
use crate::app::{self, Ways};
use crate::auth::{LoggedOut, Revoker, logout};
use crate::domain::AccountName;
use crate::error::CommandError;
use crate::store::{Account, DrainLock, Store};

/// A login that is to end.
#[derive(Clone, Debug)]
pub struct LogoutRequest {
    /// Whose.
    pub name: AccountName,
    /// It is forgotten here even if its key is lost and the platform cannot be told.
    pub forget: bool,
}

/// Rows that wait until the account is logged in again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitingRows {
    /// Whose.
    pub account: AccountName,
    /// Rows, by job.
    pub jobs: Vec<(String, u64)>,
    /// A process works on this queue, and stops sending for the account.
    pub is_drained: bool,
}

/// How a login has ended.
#[derive(Clone, Debug)]
pub struct LogoutReport {
    /// Whose.
    pub account: Account,
    /// What became of it.
    pub ended: LoggedOut,
}

/// Logs out. `waiting` hears, before it happens, what then waits.
///
/// # Errors
/// There is no such account, the key is wrong (78), the queue cannot be written.
pub async fn log_out(
    deps: AppDeps<'_>,
    request: &LogoutRequest,
    waiting: impl FnOnce(&WaitingRows),
) -> Result<LogoutReport, CommandError> {
    let (mut store, account) = find_account(deps, &request.name).await?;
    if let Some(rows) = waiting_rows(&mut store, &account).await? {
        waiting(&rows);
    }
    let report = end_login(deps, &mut store, account, request.forget).await?;
    store.close().await;
    Ok(report)
}

/// What is under way for the account stops, and what is queued waits; none: nothing changes for any row.
async fn waiting_rows(store: &mut Store, account: &Account) -> Result<Option<WaitingRows>, CommandError> {
    let jobs = pending_by_job(store, account.id).await?;
    if jobs.is_empty() || store.accounts().credential(account.id).await?.is_none() {
        return Ok(None);
    }
    let is_drained = DrainLock::is_held(store.place()).await?;
    Ok(Some(WaitingRows { account: account.name.clone(), jobs, is_drained }))
}

/// Ends an account's login.
///
/// # Errors
/// As [`log_out`].
pub(super) async fn end_login(
    deps: AppDeps<'_>,
    store: &mut Store,
    account: Account,
    forget: bool,
) -> Result<LogoutReport, CommandError> {
    let Some(record) = store.accounts().credential(account.id).await? else {
        return Ok(LogoutReport { account, ended: LoggedOut::WasNot });
    };
    let vault = match app::open_vault(deps.settings, store).await {
        Ok(vault) => Some(vault),
        Err(_) if forget => None,
        Err(error) => {
            let lost = format!(
                "{}; or add --forget, which deletes the login here without revoking it at the platform",
                error.hint.clone().unwrap_or_default()
            );
            return Err(error.hint(lost.trim_start_matches("; ").to_owned()));
        }
    };
    let ways = Ways::new(deps.settings, deps.clock.clone(), &account.host)?;
    let base = ways.bases.of_account(&account)?;
    let places = app::places(deps.settings, account.platform, &base)?;
    let app = app::app_of(deps.settings, &record);
    let sign = app::signer(deps.settings, deps.clock.clone());
    let revoker = Revoker {
        wire: &ways.wire,
        base: &base,
        app: app.as_ref(),
        host: account.host.as_ref(),
        places: &places,
        clock: &**deps.clock,
        sign: sign.as_deref(),
    };
    let ended = logout(store, vault.as_ref(), &revoker, &account).await?;
    Ok(LogoutReport { account, ended })
}
