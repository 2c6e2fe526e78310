//! Which account acts where nobody names one. In: what the environment holds and what the queue knows. Out: the account, and why
//! it is this one. What does not belong here: making an account known (`accounts`).

use super::accounts::RealAccounts;
use super::environment::{EnvironmentAccount, environment_accounts};
use super::sandbox_accounts::SandboxAccounts;
use crate::config::Settings;
use crate::domain::{AccountId, AccountName, Platform};
use crate::error::CommandError;
use crate::store::Account;

/// Why an account acts where nobody names one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultReason {
    /// The sandbox has a standard account.
    Sandbox,
    /// This variable of the environment holds its credentials.
    Environment(&'static str),
    /// `cleanup account default` says so.
    Chosen,
    /// There is no other.
    Only,
}

/// The account that acts where nobody names one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DefaultAccount {
    /// Its name; none where only the platform can say whose the environment's credentials are.
    pub name: Option<AccountName>,
    /// Its platform.
    pub platform: Platform,
    /// Why it is this one.
    pub reason: DefaultReason,
}

impl DefaultAccount {
    /// Who acts where nobody is named, and why.
    pub fn sentence(&self) -> String {
        let name = match &self.name {
            Some(name) => name.to_string(),
            None => "an account whose name is known after the first run".to_owned(),
        };
        let why = match self.reason {
            DefaultReason::Sandbox => "the sandbox's standard account".to_owned(),
            DefaultReason::Environment(variable) => format!("{variable} is set, and goes before any other choice"),
            DefaultReason::Chosen => "it is the default account".to_owned(),
            DefaultReason::Only => "it is the only account".to_owned(),
        };
        format!("{name} acts where neither the command nor the file names an account: {why}")
    }
}

/// The account that acts where neither the command nor a row nor a job names one; none where it has to be named.
///
/// # Errors
/// The environment holds credentials that cannot be used.
pub fn default_account(settings: &Settings, known: &[Account]) -> Result<Option<DefaultAccount>, CommandError> {
    if settings.is_sandbox() {
        let platform = Platform::default().in_sandbox();
        let name = SandboxAccounts { base: None, platform }.default_name().ok();
        return Ok(Some(DefaultAccount { name, platform, reason: DefaultReason::Sandbox }));
    }
    let environment = environment_accounts(&settings.credentials)?;
    if let Some(found) = default_of_environment(&environment, None) {
        let name = known.iter().find(|account| found.is(account)).map(|account| account.name.clone());
        let name = name.or_else(|| found.user.as_ref().and_then(|user| found.standard_name(user).ok()));
        let reason = DefaultReason::Environment(found.variable());
        return Ok(Some(DefaultAccount { name, platform: found.platform, reason }));
    }
    let of_queue = default_of_queue(known, None);
    Ok(of_queue.map(|(account, reason)| DefaultAccount {
        name: Some(account.name.clone()),
        platform: account.platform,
        reason,
    }))
}

/// Of several credentials in the environment, the platform's that was asked for; else the first, which is X API v2's.
fn default_of_environment(
    environment: &[EnvironmentAccount],
    platform: Option<Platform>,
) -> Option<&EnvironmentAccount> {
    environment.iter().find(|found| platform.is_none_or(|platform| platform == found.platform))
}

/// Of the accounts of a queue, or of those of one platform, the one that was made the default; else the only one.
fn default_of_queue(known: &[Account], platform: Option<Platform>) -> Option<(&Account, DefaultReason)> {
    let mut candidates = known.iter().filter(|account| platform.is_none_or(|asked| asked == account.platform));
    if let Some(chosen) = candidates.clone().find(|account| account.is_default) {
        return Some((chosen, DefaultReason::Chosen));
    }
    match (candidates.next(), candidates.next()) {
        (Some(only), None) => Some((only, DefaultReason::Only)),
        _ => None,
    }
}

impl RealAccounts {
    /// Whether these credentials of the environment act where nobody is named.
    pub(super) fn is_default(&self, found: &EnvironmentAccount) -> bool {
        default_of_environment(&self.environment, self.platform)
            .is_some_and(|default| default.platform == found.platform)
    }

    /// The account that rows without one belong to: the environment's; else the one that was made the default; else the only one. While it
    /// is not known whose the environment's credentials are, they go before a default all the same: then nobody is meant but the only one.
    pub(super) fn unnamed(&self, known: &[Account]) -> Option<AccountId> {
        let environment = default_of_environment(&self.environment, self.platform);
        if let Some(account) = environment.and_then(|found| known.iter().find(|account| found.is(account))) {
            return Some(account.id);
        }
        let is_unasked = environment.is_some_and(|found| found.user.is_none() && found.credentials.is_some());
        let (account, reason) = default_of_queue(known, self.platform)?;
        let is_only = reason == DefaultReason::Only || known.len() == 1;
        (is_only || !is_unasked).then_some(account.id)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn account(id: i64, platform: Platform, is_default: bool) -> Account {
        let name = format!("a{id}").parse().unwrap();
        let user_id = id.to_string().parse().unwrap();
        Account {
            id: AccountId(id),
            name,
            platform,
            host: None,
            user_id,
            hold: None,
            hold_backoff_level: 0,
            trouble: None,
            is_default,
        }
    }

    #[test]
    fn the_default_comes_before_the_only_one_and_is_of_the_platform_that_is_asked_for() {
        let found = |known: &[Account], platform| default_of_queue(known, platform).map(|(a, why)| (a.id.0, why));
        let (one, two) = (account(1, Platform::XV2, false), account(2, Platform::XV1, false));
        assert_eq!(found(&[], None), None);
        assert_eq!(found(std::slice::from_ref(&one), None), Some((1, DefaultReason::Only)));
        assert_eq!(found(&[one.clone(), two.clone()], None), None);
        assert_eq!(found(&[one.clone(), two], Some(Platform::XV1)), Some((2, DefaultReason::Only)));
        let chosen = account(3, Platform::XV1, true);
        let known = [one, account(4, Platform::XV1, false), chosen];
        assert_eq!(found(&known, None), Some((3, DefaultReason::Chosen)));
        assert_eq!(found(&known, Some(Platform::XV1)), Some((3, DefaultReason::Chosen)));
        assert_eq!(found(&known, Some(Platform::XV2)), Some((1, DefaultReason::Only)), "the default is of another one");
        assert_eq!(found(&known, Some(Platform::Aisa)), None);
    }
}
