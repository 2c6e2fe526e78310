//! On which platform a row would act, as far as this machine knows. In: what the queue and the environment know of accounts.
//! Out: a platform for each name. What does not belong here: making an account known, asking anybody.

use std::collections::HashMap;

use crate::app::default_account::default_account;
use crate::app::deps::AppDeps;
use crate::app::notice::Notice;
use crate::app::request::RowOptions;
use crate::app::row_ids::RowOwners;
use crate::domain::{AccountName, Platform};
use crate::error::CommandError;
use crate::store::Account;

/// The platforms of accounts.
#[derive(Debug)]
pub(super) struct RowPlatforms {
    default: Platform,
    by_name: HashMap<AccountName, Platform>,
}

impl RowPlatforms {
    /// These accounts, and the platform of rows that name none.
    fn new(default: Platform, known: Vec<Account>) -> RowPlatforms {
        RowPlatforms { default, by_name: known.into_iter().map(|account| (account.name, account.platform)).collect() }
    }

    /// What is known now. A queue that cannot be read is said and not needed: an estimate is all that hangs on it.
    pub(super) async fn of(deps: AppDeps<'_>, rows: &RowOptions) -> RowPlatforms {
        let known = known(deps).await.unwrap_or_else(|error| {
            deps.tell(Notice::AccountsUnknown(&error));
            Vec::new()
        });
        let default = default_platform(deps, rows, &known);
        RowPlatforms::new(default, known)
    }

    /// The platform of an account, or of rows that name none. One that is not known yet is taken for the default platform's.
    pub(super) fn platform(&self, account: Option<&AccountName>) -> Platform {
        account.and_then(|name| self.by_name.get(name)).copied().unwrap_or(self.default)
    }
}

/// Whose a file's rows may be. A queue that cannot be read is told by whoever needs it.
pub(super) async fn owners(deps: AppDeps<'_>, rows: &RowOptions) -> RowOwners {
    let known = known(deps).await.unwrap_or_default();
    let default = default_platform(deps, rows, &known);
    let (account, platform, is_sandbox) = (rows.account.clone(), rows.platform, deps.settings.is_sandbox());
    RowOwners { known, account, platform, default, is_sandbox }
}

async fn known(deps: AppDeps<'_>) -> Result<Vec<Account>, CommandError> {
    if deps.settings.db().is_err() {
        return Ok(Vec::new());
    }
    let Some(mut store) = deps.existing_queue().await? else { return Ok(Vec::new()) };
    let accounts = store.accounts().all().await?;
    store.close().await;
    Ok(accounts)
}

/// As a load would choose it: the account that is named; else the one that acts where nobody is named.
fn default_platform(deps: AppDeps<'_>, rows: &RowOptions, known: &[Account]) -> Platform {
    let named = rows.account.as_ref().and_then(|name| known.iter().find(|account| account.name == *name));
    if let Some(account) = named {
        return account.platform;
    }
    if deps.settings.is_sandbox() || rows.platform.is_some() {
        return deps.platform(rows.platform);
    }
    let found = default_account(deps.settings, known).ok().flatten();
    found.map_or_else(|| deps.platform(None), |default| default.platform)
}
