//! Who acts: names to users, users to credentials.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::cli::error::{CliError, Kind};
use crate::clock::SharedClock;
use crate::config::{Credentials, Settings};
use crate::domain::{AccountId, AccountName, Platform, Secret, TargetId, UserId, WindowSpec};
use crate::engine::Access;
use crate::platform::{self, BaseUrl, Client, Finding};
use crate::sandbox::Sandbox;
use crate::store::{Account, Store};

/// Which accounts there can be in this run.
#[derive(Debug)]
pub enum Who {
    /// The pretend platform: every name is somebody.
    Sandbox(SandboxAccounts),
    /// X, with what the environment holds.
    Real {
        /// The credentials.
        credentials: Credentials,
        /// Where X is; none where nothing will be sent.
        base: Option<Arc<BaseUrl>>,
    },
}

/// Accounts of the pretend platform.
#[derive(Clone, Debug)]
pub struct SandboxAccounts {
    /// Where it listens; none where nothing will be sent.
    pub base: Option<Arc<BaseUrl>>,
}

impl SandboxAccounts {
    /// The account that rows without one belong to.
    pub const DEFAULT_NAME: &'static str = "sandbox";

    /// The user a name stands for: always the same one, so that a queue can go on in another process.
    pub fn user_of(name: &AccountName) -> Result<UserId, CliError> {
        let digest = Sha256::digest(name.as_str().as_bytes());
        let number = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        // 18 digits, the first never zero.
        let id = 100_000_000_000_000_000 + number % 900_000_000_000_000_000;
        id.to_string().parse().map_err(|why: String| CliError::new(Kind::Fault, why).hint("please report this"))
    }
}

/// The accounts a load may name, each known to the queue.
#[derive(Debug, Default)]
pub struct Accounts {
    /// Rows without an account belong to this one.
    pub default: Option<AccountId>,
    default_platform: Option<Platform>,
    by_name: HashMap<AccountName, (AccountId, Platform)>,
}

impl Accounts {
    /// The account of a name; none: the default.
    pub fn find(&self, name: Option<&AccountName>) -> Option<(AccountId, Platform)> {
        match name {
            Some(name) => self.by_name.get(name).copied(),
            // Asked for every row: not looked up among 100,000.
            None => self.default.zip(self.default_platform),
        }
    }

    /// The platform of the default account.
    pub fn default_platform(&self) -> Option<Platform> {
        self.default_platform
    }
}

impl Who {
    /// The accounts that the settings speak of; `base` is where their platform is, if anything will be sent.
    pub fn of(settings: &Settings, base: Option<Arc<BaseUrl>>) -> Who {
        if settings.is_sandbox() {
            Who::Sandbox(SandboxAccounts { base })
        } else {
            Who::Real { credentials: settings.credentials.clone(), base }
        }
    }

    /// Makes sure that the queue knows the account of `--account` (or the default one) and, in the sandbox, those that rows
    /// name; then says which accounts there are.
    ///
    /// # Errors
    /// Nobody is named and nobody is known: exit 2 with what to set.
    pub async fn introduce(
        &self,
        store: &mut Store,
        wanted: Option<&AccountName>,
        named_in_rows: &[AccountName],
    ) -> Result<Accounts, CliError> {
        let default = match self {
            Who::Sandbox(_) => {
                let standard = SandboxAccounts::DEFAULT_NAME.parse().map_err(fault)?;
                let default = wanted.cloned().unwrap_or(standard);
                for name in named_in_rows {
                    store.ensure_account(name, Platform::Sandbox, &SandboxAccounts::user_of(name)?).await?;
                }
                Some(store.ensure_account(&default, Platform::Sandbox, &SandboxAccounts::user_of(&default)?).await?)
            }
            Who::Real { credentials, .. } => self.introduce_real(store, credentials, wanted).await?,
        };
        let by_name = store.accounts().await?.into_iter().map(|known| (known.name, (known.id, known.platform)));
        let by_name: HashMap<_, _> = by_name.collect();
        let is_default = |(id, _): &&(AccountId, Platform)| Some(*id) == default;
        let default_platform = by_name.values().find(is_default).map(|(_, platform)| *platform);
        Ok(Accounts { default, default_platform, by_name })
    }

    async fn introduce_real(
        &self,
        store: &mut Store,
        credentials: &Credentials,
        wanted: Option<&AccountName>,
    ) -> Result<Option<AccountId>, CliError> {
        let known = store.accounts().await?;
        if let Some(user) = &credentials.x_user_id {
            let name = match known.iter().find(|account| account.user_id == *user && account.platform == Platform::XV2)
            {
                Some(account) if wanted.is_none_or(|wanted| *wanted == account.name) => account.name.clone(),
                Some(account) if wanted.is_some_and(|wanted| known.iter().all(|other| other.name != *wanted)) => {
                    let message = format!("user {user} already has the name {}", account.name);
                    return Err(CliError::new(Kind::Usage, message).hint(format!("use --account {}", account.name)));
                }
                Some(account) => wanted.cloned().unwrap_or_else(|| account.name.clone()),
                None => match wanted {
                    Some(wanted) => wanted.clone(),
                    None => format!("x-{user}").parse().map_err(fault)?,
                },
            };
            if let Some(other) = known.iter().find(|account| account.name == name && account.user_id != *user) {
                return Ok(Some(other.id));
            }
            return Ok(Some(store.ensure_account(&name, Platform::XV2, user).await?));
        }
        match wanted {
            Some(wanted) => match known.iter().find(|account| account.name == *wanted) {
                Some(account) => Ok(Some(account.id)),
                None => Err(unknown_account(wanted, &known)),
            },
            None if known.len() == 1 => Ok(known.first().map(|account| account.id)),
            None => Ok(None),
        }
    }

    /// Asks the platform whose token it is, where nobody said.
    ///
    /// # Errors
    /// There is no token, or the platform does not take it (77); nobody answers (69).
    pub async fn learn_user(&mut self, client: &Client, clock: &SharedClock) -> Result<(), CliError> {
        let Who::Real { credentials, base: Some(base) } = self else { return Ok(()) };
        let Some(token) = &credentials.x_token else {
            return Err(CliError::new(Kind::Person, "there are no credentials: CLEANUP_X_TOKEN is not set").hint("set CLEANUP_X_TOKEN to an OAuth 2.0 user token (and CLEANUP_X_USER_ID to its user), or try --sandbox first"));
        };
        if credentials.x_user_id.is_some() {
            return Ok(());
        }
        const ASK_FOR: std::time::Duration = std::time::Duration::from_secs(30);
        let bearer = bearer(token)?;
        match client.me(base, &bearer, clock.now().tick.after(ASK_FOR), &**clock).await {
            Ok(user) => {
                credentials.x_user_id = Some(user);
                Ok(())
            }
            Err(reply) if matches!(reply.finding, Finding::Unanswered { .. }) => {
                Err(CliError::new(Kind::Unreachable, format!("nobody answers at {base}: {}", reply.detail)).hint(
                    "check the network, or set CLEANUP_X_USER_ID so that the platform need not be asked who you are",
                ))
            }
            Err(reply) => Err(CliError::new(
                Kind::Person,
                format!(
                    "{base} did not say whose token CLEANUP_X_TOKEN is: {}",
                    said(reply.http_status, &reply.detail)
                ),
            )
            .hint("get a fresh user token with the scopes users.read and tweet.read, or set CLEANUP_X_USER_ID")),
        }
    }

    /// What it takes to act for each of the queue's accounts; those nobody has credentials for are left out.
    ///
    /// # Errors
    /// The token cannot stand in a header.
    pub fn access(
        &self,
        accounts: &[Account],
        windows: impl Fn(Platform) -> Option<Arc<[WindowSpec]>>,
    ) -> Result<HashMap<AccountId, Access>, CliError> {
        let mut access = HashMap::new();
        for account in accounts {
            let Some(windows) = windows(account.platform) else { continue };
            let (credentials, base, app) = match self {
                Who::Sandbox(SandboxAccounts { base: Some(base) }) if account.platform == Platform::Sandbox => {
                    let Ok(user) = account.user_id.as_str().parse::<TargetId>() else { continue };
                    (bearer(&Secret::new(Sandbox::token(user)))?, base, "sandbox")
                }
                Who::Real { credentials, base: Some(base) } if account.platform == Platform::XV2 => {
                    let Some(token) = &credentials.x_token else { continue };
                    if credentials.x_user_id.as_ref() != Some(&account.user_id) {
                        continue;
                    }
                    (bearer(token)?, base, "environment")
                }
                _ => continue,
            };
            access.insert(
                account.id,
                Access {
                    platform: account.platform,
                    user: account.user_id.clone(),
                    credentials: Arc::new(credentials),
                    base: Arc::clone(base),
                    app: app.into(),
                    windows,
                },
            );
        }
        Ok(access)
    }
}

fn bearer(token: &Secret) -> Result<platform::Credentials, CliError> {
    platform::Credentials::bearer(token.clone()).map_err(|error| {
        CliError::new(Kind::Config, format!("CLEANUP_X_TOKEN cannot be used: {error}"))
            .hint("set it again, without line breaks")
    })
}

fn said(status: Option<u16>, detail: &str) -> String {
    match (status, detail) {
        (Some(status), "") => format!("HTTP {status}"),
        (Some(status), detail) => format!("HTTP {status}, {detail}"),
        (None, detail) => detail.to_owned(),
    }
}

fn unknown_account(wanted: &AccountName, known: &[Account]) -> CliError {
    let names: Vec<&str> = known.iter().map(|account| account.name.as_str()).collect();
    let there =
        if names.is_empty() { "there is none yet".to_owned() } else { format!("there are: {}", names.join(", ")) };
    CliError::new(Kind::Usage, format!("no account is called {wanted}; {there}"))
        .hint("set CLEANUP_X_TOKEN and CLEANUP_X_USER_ID to make it known under that name")
}

fn fault(why: String) -> CliError {
    CliError::new(Kind::Fault, why).hint("please report this")
}
