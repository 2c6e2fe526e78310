//! Whether an account can send without somebody's logging in first. In: what the queue and this process's variables hold. Out: why
//! not. What does not belong here: asking the platform.

use super::environment::EnvironmentAccount;
use crate::auth::Why;
use crate::config::Settings;
use crate::domain::{AccountName, Platform};
use crate::error::CommandError;
use crate::store::{Account, Credential, Store};

/// Whether somebody has logged in for a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StoredLogins {
    /// Somebody.
    Some,
    /// Nobody: the accounts that the queue knows all the same, as after it was restored from a snapshot.
    None(Vec<(AccountName, Platform)>),
}

impl StoredLogins {
    /// In a queue that is open.
    ///
    /// # Errors
    /// It cannot be read.
    pub async fn of(store: &mut Store) -> Result<StoredLogins, CommandError> {
        if store.accounts().has_credentials().await? {
            return Ok(StoredLogins::Some);
        }
        let accounts = store.accounts().all().await?.into_iter();
        Ok(StoredLogins::None(accounts.map(|account| (account.name, account.platform)).collect()))
    }

    /// In the queue of these settings; nobody has where there is none yet, and none is made to look.
    ///
    /// # Errors
    /// There is no place for it, or it cannot be opened.
    pub async fn at(settings: &Settings) -> Result<StoredLogins, CommandError> {
        let Some(mut store) = Store::open_existing(settings.db()?, settings.kind).await? else {
            return Ok(StoredLogins::None(Vec::new()));
        };
        let stored = StoredLogins::of(&mut store).await?;
        store.close().await;
        Ok(stored)
    }
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
