//! The accounts as a load would find them, without making one known: `check` changes nothing and asks nobody.
//!
//! In: what the queue knows, and what the environment holds. Out: [`Accounts`]; those that are not in the queue yet have numbers below
//! zero. What does not belong here: making an account known (`accounts`).

use super::accounts::{Identities, RealAccounts};
use super::environment::EnvironmentAccount;
use super::named_accounts::Accounts;
use crate::domain::{AccountId, AccountName, PlatformUser};
use crate::error::CommandError;
use crate::store::{Account, Store};

/// Forgets the accounts that were not there `before`, as far as nothing speaks of them: they were made known for what is refused.
pub async fn forget_new_accounts(store: &mut Store, before: &[AccountId]) -> Result<(), CommandError> {
    let now = store.accounts().all().await?.into_iter().map(|account| account.id);
    let new: Vec<_> = now.filter(|id| !before.contains(id)).collect();
    Ok(store.accounts().forget_unused_accounts(&new).await?)
}

impl Identities {
    /// The accounts that [`Identities::register_accounts`] would end with.
    ///
    /// # Errors
    /// Nobody is known by the name `wanted`, or its user is known by another one.
    pub fn expect(
        &self,
        mut known: Vec<Account>,
        wanted: Option<&AccountName>,
        named_in_rows: &[AccountName],
    ) -> Result<Accounts, CommandError> {
        match self {
            Identities::Sandbox(sandbox) => {
                let standard = sandbox.default_name()?;
                let default = wanted.unwrap_or(&standard);
                for name in named_in_rows.iter().chain([default]) {
                    if known.iter().all(|account| account.name != *name) {
                        add(&mut known, name.clone(), sandbox.pretended(name)?);
                    }
                }
                let default = known.iter().find(|account| account.name == *default).map(|account| account.id);
                Ok(Accounts::of_known(&known, default))
            }
            Identities::Real(real) => real.expect(known, wanted),
        }
    }

    /// The accounts that a new queue would have: as [`Identities::register_accounts`] makes them known, and nothing is written.
    ///
    /// # Errors
    /// As [`Identities::register_accounts`].
    pub fn first_accounts(
        &self,
        wanted: Option<&AccountName>,
        named_in_rows: &[AccountName],
    ) -> Result<Accounts, CommandError> {
        let Identities::Real(real) = self else { return self.expect(Vec::new(), wanted, named_in_rows) };
        let known = real.with_environment(Vec::new(), wanted)?;
        let default = real.default_of(wanted, &known)?;
        Ok(Accounts::of_known(&known, default))
    }
}

impl RealAccounts {
    fn expect(&self, mut known: Vec<Account>, wanted: Option<&AccountName>) -> Result<Accounts, CommandError> {
        known = self.with_environment(known, wanted)?;
        let is_unasked = |found: &&EnvironmentAccount| found.user.is_none() && self.is_default(found);
        let unasked = self.environment.iter().rfind(is_unasked).map(|found| found.platform);
        let is_known = wanted.is_some_and(|wanted| known.iter().any(|account| account.name == *wanted));
        let unasked = unasked.filter(|_| !is_known);
        // Where nobody is logged in yet, the file can be looked at all the same.
        let nobody = (known.is_empty() && wanted.is_none()).then(|| self.platform.unwrap_or_default());
        if let Some(platform) = unasked.or(nobody) {
            let mut accounts = Accounts::of_known(&known, None);
            accounts.set_default(wanted, next_number(&known), platform);
            accounts.is_default_unasked = true;
            return Ok(accounts);
        }
        let default = self.default_of(wanted, &known)?;
        Ok(Accounts::of_known(&known, default))
    }
}

impl RealAccounts {
    /// These accounts and those of the environment whose users are known.
    fn with_environment(
        &self,
        mut known: Vec<Account>,
        wanted: Option<&AccountName>,
    ) -> Result<Vec<Account>, CommandError> {
        for found in &self.environment {
            let wanted = wanted.filter(|_| self.is_default(found));
            if let Some(user) = &found.user
                && let Some(name) = found.new_name(user, wanted, &known)?
            {
                add(&mut known, name, PlatformUser::at_one_address(found.platform, user.clone()));
            }
        }
        Ok(known)
    }
}

fn next_number(known: &[Account]) -> AccountId {
    AccountId(known.iter().map(|account| account.id.0).min().unwrap_or(0).min(0) - 1)
}

fn add(known: &mut Vec<Account>, name: AccountName, user: PlatformUser) {
    let (id, PlatformUser { platform, host, id: user_id }) = (next_number(known), user);
    known.push(Account {
        id,
        name,
        platform,
        host,
        user_id,
        hold: None,
        hold_backoff_level: 0,
        trouble: None,
        is_default: false,
    });
}
