//! On which platform a row would act, as far as this machine knows. In: what the queue and the environment know of accounts.
//! Out: a platform for each name. What does not belong here: making an account known, asking anybody.

use crate::app::default_account::default_account;
use crate::app::deps::AppDeps;
use crate::app::request::RowOptions;
use crate::app::row_ids::RowOwners;
use crate::domain::{AccountName, Platform};
use crate::store::Account;

/// The accounts that are known, and the platform of rows that name none.
#[derive(Debug)]
pub(super) struct RowPlatforms {
    known: Vec<Account>,
    default: Platform,
}

impl RowPlatforms {
    /// These accounts, and what rows that name none belong to.
    pub(super) fn new(deps: AppDeps<'_>, rows: &RowOptions, known: Vec<Account>) -> RowPlatforms {
        let default = default_platform(deps, rows, &known);
        RowPlatforms { known, default }
    }

    /// The platform of an account, or of rows that name none. One that is not known yet is taken for the default platform's.
    pub(super) fn platform(&self, account: Option<&AccountName>) -> Platform {
        let named = account.and_then(|name| self.known.iter().find(|account| account.name == *name));
        named.map_or(self.default, |account| account.platform)
    }

    /// Whose a file's rows may be.
    pub(super) fn owners(self, deps: AppDeps<'_>, rows: &RowOptions) -> RowOwners {
        let (account, platform, is_sandbox) = (rows.account.clone(), rows.platform, deps.settings.is_sandbox());
        RowOwners { known: self.known, account, platform, default: self.default, is_sandbox }
    }
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
