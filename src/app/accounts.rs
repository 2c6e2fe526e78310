//! Who acts: names to users, users to credentials.

use std::collections::HashMap;
use std::sync::Arc;

use super::bases::Bases;
use super::environment::{EnvironmentAccount, environment_accounts};
use super::login_state::StoredLogins;
use super::named_accounts::Accounts;
use super::sandbox_accounts::SandboxAccounts;
use crate::auth::TokenSource;
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{AccountId, AccountName, Platform, PlatformUser, Secret, WindowSpec};
use crate::engine::{Access, CredentialSource};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{BaseUrl, Client, Credentials, Host, LoginKind, spec};
use crate::sandbox::{KnownUser, Sandbox};
use crate::store::{Account, Store};

/// Which accounts there can be in this run.
#[derive(Debug)]
pub enum Identities {
    /// The pretend platform: every name is somebody.
    Sandbox(SandboxAccounts),
    /// Real platforms: what the environment holds, and what was logged in.
    Real(RealAccounts),
}

/// Accounts of real platforms.
#[derive(Debug)]
pub struct RealAccounts {
    pub(super) environment: Vec<EnvironmentAccount>,
    /// Whose API `--platform` asks for.
    pub(super) platform: Option<Platform>,
    bases: Bases,
}

impl Identities {
    /// The accounts that the settings speak of. `sandbox` is where the pretend platform is, if anything will be sent to it.
    ///
    /// # Errors
    /// The environment holds credentials that cannot be used, or addresses that are none.
    pub fn of(
        settings: &Settings,
        platform: Option<Platform>,
        sandbox: Option<Arc<BaseUrl>>,
    ) -> Result<Identities, CommandError> {
        if settings.is_sandbox() {
            return Ok(Identities::Sandbox(SandboxAccounts { base: sandbox, platform: platform.unwrap_or_default() }));
        }
        let environment = environment_accounts(&settings.credentials)?;
        Ok(Identities::Real(RealAccounts { environment, platform, bases: Bases::of(settings)? }))
    }

    /// Where the pretend platform is, if this is about it.
    pub fn sandbox_base(&self) -> Option<BaseUrl> {
        match self {
            Identities::Sandbox(SandboxAccounts { base: Some(base), .. }) => Some((**base).clone()),
            _ => None,
        }
    }

    /// Makes sure that the queue knows the account of `--account` (or the default one) and, in the sandbox, those that rows
    /// name; then says which accounts there are.
    ///
    /// # Errors
    /// Nobody is named and nobody is known: exit 2 with what to set.
    pub async fn register_accounts(
        &self,
        store: &mut Store,
        wanted: Option<&AccountName>,
        named_in_rows: &[AccountName],
    ) -> Result<Accounts, CommandError> {
        let default = match self {
            Identities::Sandbox(sandbox) => {
                let default = wanted.cloned().map_or_else(|| sandbox.default_name(), Ok)?;
                let known: HashMap<AccountName, PlatformUser> =
                    store.accounts().all().await?.iter().map(|known| (known.name.clone(), known.user())).collect();
                let pretend = |name: &AccountName| {
                    let user = known.get(name).cloned().map_or_else(|| sandbox.pretended(name), Ok)?;
                    Ok((name.clone(), user))
                };
                // The default one last: its number is the last as well.
                let users: Result<Vec<_>, CommandError> = named_in_rows.iter().chain([&default]).map(pretend).collect();
                store.accounts().ensure_accounts(&users?).await?.last().copied()
            }
            Identities::Real(real) => real.register_accounts(store, wanted).await?,
        };
        Ok(Accounts::of_known(&store.accounts().all().await?, default))
    }

    /// Asks the platform whose token it is, where nobody said.
    ///
    /// # Errors
    /// There are no credentials, or the platform does not take them (77); nobody answers (69).
    pub async fn learn_users(
        &mut self,
        client: &Client,
        clock: &SharedClock,
        stored: &StoredLogins,
    ) -> Result<(), CommandError> {
        let Identities::Real(real) = self else { return Ok(()) };
        if let StoredLogins::None(known) = stored
            && real.environment.iter().all(|found| found.credentials.is_none())
        {
            return Err(no_credentials(real.platform, known));
        }
        for account in &mut real.environment {
            let base = real.bases.at(account.platform, None)?;
            account.learn_user(client, &base, clock).await?;
        }
        Ok(())
    }

    /// What the environment holds; a user who is learned is set here.
    pub fn environment_mut(&mut self) -> &mut [EnvironmentAccount] {
        match self {
            Identities::Sandbox(_) => &mut [],
            Identities::Real(real) => &mut real.environment,
        }
    }

    /// Whether an account's credentials come from outside: the environment, the sandbox.
    pub fn is_fixed(&self, account: &Account) -> bool {
        match self {
            Identities::Sandbox(_) => true,
            Identities::Real(real) => real.of_environment(account).is_some(),
        }
    }

    /// Whether the environment says whose account is meant.
    pub(super) fn has_environment(&self) -> bool {
        matches!(self, Identities::Real(real) if !real.environment.is_empty())
    }

    /// Whose API was asked for.
    pub(super) fn platform_asked(&self) -> Option<Platform> {
        match self {
            Identities::Sandbox(_) => None,
            Identities::Real(real) => real.platform,
        }
    }

    /// Where an account's requests go; none where nothing will be sent, or its platform has many hosts and it is not said which.
    pub fn base_of(&self, account: &Account) -> Option<Arc<BaseUrl>> {
        match self {
            Identities::Sandbox(sandbox) => sandbox.base.clone(),
            Identities::Real(real) => real.bases.of_account(account).ok(),
        }
    }

    /// What it takes to act for each of the queue's accounts.
    pub fn access(
        &self,
        accounts: &[Account],
        windows: impl Fn(Platform) -> Option<Arc<[WindowSpec]>>,
    ) -> HashMap<AccountId, Access> {
        let mut access = HashMap::new();
        for account in accounts {
            let Some(windows) = windows(account.platform) else { continue };
            let Some((base, app, source)) = self.way_to(account) else { continue };
            let (platform, user) = (account.platform, account.user_id.clone());
            access.insert(account.id, Access { platform, user, base, app, source, windows });
        }
        access
    }

    /// Where an account's requests go, which app they belong to, and where its credentials came from.
    fn way_to(&self, account: &Account) -> Option<(Arc<BaseUrl>, Arc<str>, CredentialSource)> {
        let base = self.base_of(account)?;
        match self {
            Identities::Sandbox(_) => Some((base, "sandbox".into(), CredentialSource::Sandbox)),
            Identities::Real(real) => {
                let held = real.of_environment(account).filter(|found| found.credentials.is_some());
                let (logins, source) = match held {
                    Some(found) => ("environment", CredentialSource::Environment(found.variable())),
                    None => ("logins", CredentialSource::Login),
                };
                // Which app a login belongs to is in its sealed record; accounts of one platform are taken for one app's. A platform of
                // many hosts has an app at each, and each host counts for itself.
                let app = match spec(account.platform).host {
                    Host::OfAccount => base.as_str().into(),
                    Host::Fixed(_) => logins.into(),
                };
                Some((base, app, source))
            }
        }
    }

    /// Hands the credentials that are not in the vault to the token source.
    pub async fn set_static(&self, tokens: &TokenSource, accounts: &[Account]) -> Result<(), CommandError> {
        for account in accounts {
            let credentials = match self {
                Identities::Sandbox(_) => {
                    let who = KnownUser::of_account(account.platform, account.user_id.as_str());
                    let Some(who) = who else { continue };
                    Credentials::bearer(Secret::new(Sandbox::token(who.user))).ok().map(Arc::new)
                }
                Identities::Real(real) => real.of_environment(account).and_then(|found| found.credentials.clone()),
            };
            if let Some(credentials) = credentials {
                tokens.set_static(account.id, credentials).await.map_err(CommandError::from)?;
            }
        }
        Ok(())
    }
}

impl RealAccounts {
    fn of_environment(&self, account: &Account) -> Option<&EnvironmentAccount> {
        self.environment.iter().find(|found| found.is(account))
    }

    /// The account that rows without one belong to: the one named; else as [`RealAccounts::unnamed`] says.
    async fn register_accounts(
        &self,
        store: &mut Store,
        wanted: Option<&AccountName>,
    ) -> Result<Option<AccountId>, CommandError> {
        for found in &self.environment {
            found.register_accounts(store, wanted.filter(|_| self.is_default(found))).await?;
        }
        self.default_of(wanted, &store.accounts().all().await?)
    }

    /// The same, once the accounts of the environment are known.
    pub(super) fn default_of(
        &self,
        wanted: Option<&AccountName>,
        known: &[Account],
    ) -> Result<Option<AccountId>, CommandError> {
        if let Some(wanted) = wanted {
            let named = known.iter().find(|account| account.name == *wanted);
            let named = named.ok_or_else(|| unknown_account(wanted, known))?;
            return match self.platform.filter(|asked| *asked != named.platform) {
                Some(asked) => Err(account_of_another_platform(named, asked, known)),
                None => Ok(Some(named.id)),
            };
        }
        Ok(self.unnamed(known))
    }
}

/// Nobody is logged in. At a platform of many hosts the variables of others are no help.
fn no_credentials(platform: Option<Platform>, known: &[(AccountName, Platform)]) -> CommandError {
    let is_meant =
        |of: Platform| platform.is_none_or(|platform| platform == of) && matches!(spec(of).host, Host::OfAccount);
    let known: Vec<&AccountName> = known.iter().filter(|(_, of)| is_meant(*of)).map(|(name, _)| name).collect();
    if let Some(name) = known.first() {
        let others = if known.len() > 1 { ", and the others as well" } else { "" };
        return CommandError::new(ErrorKind::Person, "no account is logged in")
            .hint(format!("log in again with `cleanup account login {name}`{others}"));
    }
    if let Some(platform) = platform.filter(|platform| matches!(spec(*platform).host, Host::OfAccount)) {
        // Most accounts of such a platform live behind one name.
        let host =
            if matches!(spec(platform).login, LoginKind::AppPassword { .. }) { "" } else { " --host example.social" };
        return CommandError::new(ErrorKind::Person, format!("no account of {platform} is kept here"))
            .hint(format!("log in with `cleanup account login NAME --platform {platform}{host}`"));
    }
    CommandError::new(ErrorKind::Person, "no account is logged in, and CLEANUP_X_TOKEN is not set").hint(
        "log in with `cleanup account login`, or set CLEANUP_X_TOKEN to an OAuth 2.0 user token \
         (and CLEANUP_X_USER_ID to its user), or try --sandbox first",
    )
}

fn unknown_account(wanted: &AccountName, known: &[Account]) -> CommandError {
    let names: Vec<&str> = known.iter().map(|account| account.name.as_str()).collect();
    let there = if names.is_empty() {
        "there are no accounts yet".to_owned()
    } else {
        format!("accounts: {}", names.join(", "))
    };
    CommandError::new(ErrorKind::Usage, format!("no account is called {wanted}; {there}")).hint(format!(
        "`cleanup account login {}` adds it; or set CLEANUP_X_USER_ID beside the token",
        wanted.shell_word()
    ))
}

fn account_of_another_platform(named: &Account, asked: Platform, known: &[Account]) -> CommandError {
    let message = format!("{} is an account of {}, not of {asked}", named.name, named.platform);
    let there: Vec<&str> =
        known.iter().filter(|known| known.platform == asked).map(|known| known.name.as_str()).collect();
    let hint = match there.as_slice() {
        [] => format!("leave out --platform; no account of {asked} is kept here"),
        names => format!("leave out --platform, or name an account of {asked}: {}", names.join(", ")),
    };
    CommandError::new(ErrorKind::Usage, message).hint(hint)
}
