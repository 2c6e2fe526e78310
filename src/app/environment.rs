//! Accounts whose credentials stand in the environment: for cron, containers and tests.

use std::sync::Arc;
use std::time::Duration;

use crate::auth::aisa_user;
use crate::clock::SharedClock;
use crate::config::EnvironmentCredentials;
use crate::domain::{AccountName, Platform, UserId};
use crate::engine::{Blame, consequences_of};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::oauth1;
use crate::platforms::{BaseUrl, Client, Credentials, LoginKind, logging_in_by, spec};
use crate::store::{Account, Store};

/// How long the platform may take to say who somebody is.
pub(super) const ASK_FOR: Duration = Duration::from_secs(30);

/// Credentials of the environment, ready for requests.
#[derive(Clone, Debug)]
pub struct EnvironmentAccount {
    /// Where they are good.
    pub platform: Platform,
    /// Whose they are; none until the platform was asked.
    pub user: Option<UserId>,
    /// For requests; none where only the user is named, which is enough to load.
    pub credentials: Option<Arc<Credentials>>,
    /// The variable they came from, for messages.
    variable: &'static str,
}

/// What the environment holds, in the order in which a default is chosen.
///
/// # Errors
/// A token that cannot be sent, or half of a set.
pub fn environment_accounts(configured: &EnvironmentCredentials) -> Result<Vec<EnvironmentAccount>, CommandError> {
    let mut accounts = Vec::new();
    if configured.x_token.is_some() || configured.x_user_id.is_some() {
        let variable = "CLEANUP_X_TOKEN";
        let credentials = configured.x_token.clone().map(Credentials::bearer).transpose();
        let credentials = credentials.map_err(|error| unusable(variable, &error.to_string()))?.map(Arc::new);
        let user = configured.x_user_id.clone();
        accounts.push(EnvironmentAccount { platform: logging_in_by(LoginKind::OAuth2), user, credentials, variable });
    }
    if let Some(set) = &configured.x_oauth1 {
        let variable = "CLEANUP_X_ACCESS_TOKEN";
        let (key, secret) = (set.consumer_key.clone(), set.consumer_secret.clone());
        let credentials = Credentials::oauth1(key, secret, set.access_token.clone(), set.access_secret.clone())
            .map_err(|error| unusable(variable, &error.to_string()))?;
        let (user, credentials) = (oauth1::user_id(&set.access_token), Some(Arc::new(credentials)));
        // OAuth 1.0a is good for both of X's APIs: v2 unless a bearer token is there for that.
        accounts.retain(|account: &EnvironmentAccount| account.credentials.is_some());
        let first = configured.x_token.is_none().then(|| logging_in_by(LoginKind::OAuth2));
        for platform in first.into_iter().chain([logging_in_by(LoginKind::OAuth1)]) {
            let (user, credentials) = (user.clone(), credentials.clone());
            accounts.push(EnvironmentAccount { platform, user, credentials, variable });
        }
    }
    if let Some(key) = &configured.aisa_key {
        let variable = "CLEANUP_AISA_KEY";
        let user = aisa_user(key).map_err(|error| unusable(variable, &error.to_string()))?;
        let credentials = Credentials::bearer(key.clone()).map_err(|error| unusable(variable, &error.to_string()))?;
        let (platform, user, credentials) = (logging_in_by(LoginKind::Key), Some(user), Some(Arc::new(credentials)));
        accounts.push(EnvironmentAccount { platform, user, credentials, variable });
    }
    Ok(accounts)
}

impl EnvironmentAccount {
    /// The variable that holds the credentials, or the one of several that names the user's.
    pub fn variable(&self) -> &'static str {
        self.variable
    }

    /// Whether it is this account of the queue.
    pub fn is(&self, account: &Account) -> bool {
        account.platform == self.platform && self.user.as_ref() == Some(&account.user_id)
    }

    /// Whether it may be this account of the queue: whose the credentials are has not been asked yet.
    pub(super) fn may_be(&self, account: &Account) -> bool {
        account.platform == self.platform && self.user.is_none() && self.credentials.is_some()
    }

    /// Makes the account known, under the name wanted where it is new; a name it has, it keeps.
    ///
    /// # Errors
    /// The account has another name already.
    pub async fn register_accounts(&self, store: &mut Store, wanted: Option<&AccountName>) -> Result<(), CommandError> {
        let Some(user) = &self.user else { return Ok(()) };
        let known = store.accounts().all().await?;
        if let Some(name) = self.new_name(user, wanted, &known)? {
            store.accounts().ensure_account(&name, self.platform, user).await?;
        }
        Ok(())
    }

    /// The name under which the account of a user becomes known; none where it is known already, or is not needed.
    ///
    /// # Errors
    /// The account has another name already.
    pub(super) fn new_name(
        &self,
        user: &UserId,
        wanted: Option<&AccountName>,
        known: &[Account],
    ) -> Result<Option<AccountName>, CommandError> {
        if let Some(account) = known.iter().find(|account| self.is(account)) {
            return match wanted {
                Some(wanted) if *wanted != account.name && known.iter().all(|other| other.name != *wanted) => {
                    let message = format!("user {user} already has the name {}", account.name);
                    Err(CommandError::new(ErrorKind::Usage, message)
                        .hint(format!("use --account {}", account.name.shell_word())))
                }
                _ => Ok(None),
            };
        }
        if wanted.is_some_and(|wanted| known.iter().any(|other| other.name == *wanted)) {
            // The name means another account: that one acts, and this one is not needed.
            return Ok(None);
        }
        wanted.cloned().map_or_else(|| self.standard_name(user), Ok).map(Some)
    }

    /// The name that the first run gives it where nobody names it.
    ///
    /// # Errors
    /// None in practice: prefix and user ID make a name.
    pub fn standard_name(&self, user: &UserId) -> Result<AccountName, CommandError> {
        let prefix = spec(self.platform).account_prefix;
        format!("{prefix}-{user}").parse().map_err(|why: String| CommandError::new(ErrorKind::Fault, why))
    }

    /// Asks the platform whose credentials these are, where nobody said.
    ///
    /// # Errors
    /// It does not take them (77); nobody answers (69).
    pub async fn learn_user(
        &mut self,
        client: &Client,
        base: &BaseUrl,
        clock: &SharedClock,
    ) -> Result<(), CommandError> {
        let Some(credentials) = self.credentials.clone().filter(|_| self.user.is_none()) else { return Ok(()) };
        let Some(who) = &spec(self.platform).who_am_i else { return Ok(()) };
        let deadline = clock.now().tick.after(ASK_FOR);
        match client.me(who, base, &credentials, deadline, &**clock).await {
            Ok(who) => {
                self.user = Some(who.user);
                Ok(())
            }
            Err(reply) if consequences_of(&reply.finding).blame == Blame::Network => {
                let message = format!("no answer from {base}: {}", reply.detail);
                let mend = if reply.finding.is_bad_certificate() { "mend that" } else { "check the network" };
                Err(CommandError::new(ErrorKind::Unreachable, message).hint(format!(
                    "{mend}, or set CLEANUP_X_USER_ID so that the platform need not be asked who you are",
                )))
            }
            Err(reply) => {
                let said = match reply.http_status {
                    Some(status) => format!("HTTP {status}, {}", reply.detail),
                    None => reply.detail,
                };
                let message = format!("{base} did not say whose token {} is: {said}", self.variable);
                if consequences_of(&reply.finding).blame.passes() {
                    return Err(CommandError::new(ErrorKind::Unreachable, message).hint(
                        "try again later, or set CLEANUP_X_USER_ID so that the platform need not be asked who you are",
                    ));
                }
                Err(CommandError::new(ErrorKind::Person, message)
                    .hint("get a fresh user token with the scopes users.read and tweet.read, or set CLEANUP_X_USER_ID"))
            }
        }
    }
}

fn unusable(variable: &str, why: &str) -> CommandError {
    CommandError::new(ErrorKind::Config, format!("{variable} cannot be used: {why}"))
        .hint("set it again, without line breaks")
}
