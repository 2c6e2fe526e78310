//! Who acts: names to users, users to credentials.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::environment::{EnvironmentAccount, environment_accounts};
use super::named_accounts::Accounts;
use crate::auth::TokenSource;
use crate::clock::SharedClock;
use crate::config::Settings;
use crate::domain::{AccountId, AccountName, Platform, Secret, TargetId, UserId, WindowSpec, name_key};
use crate::engine::{Access, CredentialSource};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{BaseUrl, Client, Credentials, Host, InvalidBaseUrl, spec};
use crate::sandbox::Sandbox;
use crate::store::{Account, Store};

/// Which accounts there can be in this run.
#[derive(Debug)]
pub enum Identities {
    /// The pretend platform: every name is somebody.
    Sandbox(SandboxAccounts),
    /// Real platforms: what the environment holds, and what was logged in.
    Real(RealAccounts),
}

/// Accounts of the pretend platform.
#[derive(Clone, Debug)]
pub struct SandboxAccounts {
    /// Where it listens; none where nothing will be sent.
    pub base: Option<Arc<BaseUrl>>,
}

/// Accounts of real platforms.
#[derive(Debug)]
pub struct RealAccounts {
    pub(super) environment: Vec<EnvironmentAccount>,
    /// Whose API `--platform` asks for.
    pub(super) platform: Option<Platform>,
    bases: Bases,
}

/// Where the platforms are.
#[derive(Clone, Debug)]
pub struct Bases([Arc<BaseUrl>; Platform::ALL.len()]);

impl Bases {
    /// The addresses of the settings.
    ///
    /// # Errors
    /// One is no https address (http is accepted to loopback).
    pub fn of(settings: &Settings) -> Result<Bases, CommandError> {
        let mut bases = Vec::with_capacity(Platform::ALL.len());
        for platform in Platform::ALL {
            let Host::Fixed(host) = spec(platform).host else {
                // No account has its host yet: nothing is sent to an address that nobody can have (RFC 2606).
                bases.push(Arc::new(
                    "https://host-of-account.invalid"
                        .parse()
                        .map_err(|error: InvalidBaseUrl| CommandError::new(ErrorKind::Fault, error.to_string()))?,
                ));
                continue;
            };
            let base: Result<BaseUrl, _> = settings.address(&host).parse();
            bases.push(Arc::new(base.map_err(|error| {
                CommandError::new(ErrorKind::Config, error.to_string())
                    .hint(format!("set {} to an https address (http only on loopback)", host.variable))
            })?));
        }
        Ok(Bases(bases.try_into().map_err(|_| CommandError::new(ErrorKind::Fault, "a platform has no address"))?))
    }

    /// Every platform at one address, as in the sandbox.
    pub fn all_at(base: &Arc<BaseUrl>) -> Bases {
        Bases(std::array::from_fn(|_| Arc::clone(base)))
    }

    /// Where a platform is.
    pub fn of_platform(&self, platform: Platform) -> &Arc<BaseUrl> {
        &self.0[platform as usize]
    }

    /// Every address.
    pub fn addresses(&self) -> Vec<&BaseUrl> {
        self.0.iter().map(|base| &**base).collect()
    }

    /// Every address, each once, with the first platform that is there; the sandbox's is none of its own.
    pub fn each(&self) -> Vec<(Platform, &Arc<BaseUrl>)> {
        let mut each: Vec<(Platform, &Arc<BaseUrl>)> = Vec::new();
        for platform in Platform::real() {
            let base = self.of_platform(platform);
            if each.iter().all(|(_, known)| *known != base) {
                each.push((platform, base));
            }
        }
        each
    }
}

impl SandboxAccounts {
    /// The account that rows without one belong to.
    pub const DEFAULT_NAME: &'static str = "sandbox";

    /// The user a name stands for: always the same one, so that a queue can go on in another process.
    ///
    /// # Errors
    /// None in practice: 18 digits are a user ID.
    pub fn user_of(name: &AccountName) -> Result<UserId, CommandError> {
        let digest = Sha256::digest(name_key(name.as_str()).as_bytes());
        let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        // 18 digits, the first never zero.
        let id = 100_000_000_000_000_000 + number % 900_000_000_000_000_000;
        id.to_string().parse().map_err(fault)
    }
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
            return Ok(Identities::Sandbox(SandboxAccounts { base: sandbox }));
        }
        let environment = environment_accounts(&settings.credentials)?;
        Ok(Identities::Real(RealAccounts { environment, platform, bases: Bases::of(settings)? }))
    }

    /// Where the pretend platform is, if this is about it.
    pub fn sandbox_base(&self) -> Option<BaseUrl> {
        match self {
            Identities::Sandbox(SandboxAccounts { base: Some(base) }) => Some((**base).clone()),
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
            Identities::Sandbox(_) => {
                let standard = SandboxAccounts::DEFAULT_NAME.parse().map_err(fault)?;
                let default = wanted.cloned().unwrap_or(standard);
                let known: HashMap<AccountName, UserId> =
                    store.accounts().all().await?.into_iter().map(|known| (known.name, known.user_id)).collect();
                let pretend = |name: &AccountName| {
                    let user = known.get(name).cloned().map_or_else(|| SandboxAccounts::user_of(name), Ok)?;
                    Ok((name.clone(), Platform::default().in_sandbox(), user))
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
        stored: bool,
    ) -> Result<(), CommandError> {
        let Identities::Real(real) = self else { return Ok(()) };
        if real.environment.iter().all(|found| found.credentials.is_none()) && !stored {
            return Err(no_credentials());
        }
        for account in &mut real.environment {
            account.learn_user(client, real.bases.of_platform(account.platform), clock).await?;
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

    /// Where an account's platform is; none where nothing will be sent.
    pub fn base_of(&self, platform: Platform) -> Option<&BaseUrl> {
        match self {
            Identities::Sandbox(sandbox) => sandbox.base.as_deref(),
            Identities::Real(real) => Some(real.bases.of_platform(platform)),
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
        match self {
            Identities::Sandbox(SandboxAccounts { base: Some(base) }) => {
                Some((Arc::clone(base), "sandbox".into(), CredentialSource::Sandbox))
            }
            Identities::Sandbox(_) => None,
            Identities::Real(real) => {
                let base = Arc::clone(real.bases.of_platform(account.platform));
                // Which app a login belongs to is in its sealed record; accounts of one platform are taken for one app's.
                let held = real.of_environment(account).filter(|found| found.credentials.is_some());
                Some(match held {
                    Some(found) => (base, "environment".into(), CredentialSource::Environment(found.variable())),
                    None => (base, "logins".into(), CredentialSource::Login),
                })
            }
        }
    }

    /// Hands the credentials that are not in the vault to the token source.
    pub async fn set_static(&self, tokens: &TokenSource, accounts: &[Account]) -> Result<(), CommandError> {
        for account in accounts {
            let credentials = match self {
                Identities::Sandbox(_) => {
                    let Ok(user) = account.user_id.as_str().parse::<TargetId>() else { continue };
                    Credentials::bearer(Secret::new(Sandbox::token(user))).ok().map(Arc::new)
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
            return named.map(|account| Some(account.id)).ok_or_else(|| unknown_account(wanted, known));
        }
        Ok(self.unnamed(known))
    }
}

fn no_credentials() -> CommandError {
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

pub(super) fn fault(why: String) -> CommandError {
    CommandError::new(ErrorKind::Fault, why).hint("please report this")
}
