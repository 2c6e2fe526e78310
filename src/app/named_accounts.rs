//! The accounts that a load may name, and as one file sees them. In: accounts of the queue. Out: whose a row is. What does not belong
//! here: who can act (`accounts`).

use std::collections::HashMap;

use crate::domain::{AccountId, AccountName, Action, Platform};
use crate::platforms::find as find_endpoint;
use crate::store::Account;

/// The accounts a load may name, each known to the queue.
#[derive(Debug, Default)]
pub struct Accounts {
    /// Rows without an account belong to this one.
    pub default: Option<AccountId>,
    default_platform: Option<Platform>,
    by_name: HashMap<AccountName, (AccountId, Platform)>,
    /// Jobs that have an account already, by their names.
    of_jobs: HashMap<String, (AccountId, Platform)>,
    /// Which user the default account is, only the platform can say, and nobody has asked it.
    pub(super) is_default_unasked: bool,
}

/// The accounts as one file sees them: rows that name none belong to its job's account, where it has one.
#[derive(Clone, Copy, Debug)]
pub struct FileAccounts<'a> {
    accounts: &'a Accounts,
    /// The account of rows that name none.
    pub default: Option<(AccountId, Platform)>,
}

impl FileAccounts<'_> {
    /// The account of a name; none: the default.
    pub fn find(&self, name: Option<&AccountName>) -> Option<(AccountId, Platform)> {
        match name {
            Some(name) => self.accounts.by_name.get(name).copied(),
            // Asked for every row: not looked up among 100,000.
            None => self.default,
        }
    }

    /// The account that a row acts for, or the reason why it is nobody's.
    pub(super) fn account_for(&self, name: Option<&AccountName>, action: Action) -> Result<AccountId, &'static str> {
        let (account, platform) = self.find(name).ok_or("unknown_account")?;
        if find_endpoint(platform, action).is_none() {
            return Err("action_not_offered");
        }
        Ok(account)
    }

    /// The platform of an account; of the default's, where none is named.
    pub fn platform_of(&self, name: Option<&AccountName>) -> Option<Platform> {
        self.find(name).map(|(_, platform)| platform)
    }
}

impl Accounts {
    /// The accounts as the file of a job sees them.
    pub fn of_job(&self, job: &str) -> FileAccounts<'_> {
        let default = self.of_jobs.get(job).copied().or(self.default.zip(self.default_platform));
        FileAccounts { accounts: self, default }
    }

    /// Has the rows of a job that name no account belong to this one: it is fixed when a job is first loaded. False where there is no such
    /// account.
    pub(super) fn fix_job(&mut self, job: &str, account: AccountId) -> bool {
        let found = self.by_name.values().find(|(id, _)| *id == account).copied();
        found.is_some_and(|found| self.of_jobs.insert(job.to_owned(), found).is_none())
    }

    /// The name of an account.
    pub fn name_of(&self, account: AccountId) -> Option<&AccountName> {
        self.by_name.iter().find(|(_, (id, _))| *id == account).map(|(name, _)| name)
    }

    /// The name and the platform of an account; no name where nobody has given it one yet.
    pub(super) fn described(&self, account: AccountId) -> (Option<&AccountName>, Option<Platform>) {
        match self.by_name.iter().find(|(_, (id, _))| *id == account) {
            Some((name, (_, platform))) => (Some(name), Some(*platform)),
            None => (None, self.default_platform.filter(|_| self.default == Some(account))),
        }
    }

    /// These accounts, one of which may be the default.
    pub(super) fn of_known(known: &[Account], default: Option<AccountId>) -> Accounts {
        let by_name = known.iter().map(|known| (known.name.clone(), (known.id, known.platform)));
        let by_name: HashMap<_, _> = by_name.collect();
        let default_platform = known.iter().find(|known| Some(known.id) == default).map(|known| known.platform);
        Accounts { default, default_platform, by_name, of_jobs: HashMap::new(), is_default_unasked: false }
    }

    /// Rows without an account belong to one that is not known yet.
    pub(super) fn set_default(&mut self, name: Option<&AccountName>, account: AccountId, platform: Platform) {
        (self.default, self.default_platform) = (Some(account), Some(platform));
        if let Some(name) = name {
            self.by_name.insert(name.clone(), (account, platform));
        }
    }

    /// Their names, in order.
    pub fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.by_name.keys().map(AccountName::as_str).collect();
        names.sort_unstable();
        names
    }
}
