//! Whether an account can send without somebody's logging in first. In: what the queue and this process's variables hold. Out: why
//! not. What does not belong here: asking the platform.

use super::environment::EnvironmentAccount;
use crate::auth::Why;
use crate::config::Settings;
use crate::error::CommandError;
use crate::store::{Account, Credential, Store};

/// Whether somebody has logged in for this queue; nobody has where there is none yet, and none is made to look.
///
/// # Errors
/// There is no place for it, or it cannot be opened.
pub async fn has_logins(settings: &Settings) -> Result<bool, CommandError> {
    let Some(mut store) = Store::open_existing(settings.db()?, settings.kind).await? else { return Ok(false) };
    let has = store.accounts().has_credentials().await?;
    store.close().await;
    Ok(has)
}

/// Why an account needs a login; none: it has credentials, as far as is known. The variables' credentials may be the account's until
/// the platform has said whose they are.
pub fn login_needed(account: &Account, record: Option<&Credential>, environment: &[EnvironmentAccount]) -> Option<Why> {
    if account.platform.is_sandbox() || environment.iter().any(|found| found.is(account)) {
        return None;
    }
    match record {
        Some(record) => record.login_needed.as_deref().map(Why::parse),
        None if environment.iter().any(|found| found.may_be(account)) => None,
        None => Some(Why::Missing),
    }
}
