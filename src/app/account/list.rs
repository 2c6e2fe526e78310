//! Every account of a queue and of the environment, as `cleanup account list` and the dashboard show them.

use serde::{Serialize, Serializer};

use crate::app::deps::AppDeps;
use crate::app::{self, EnvironmentAccount, environment_accounts, login_needed};
use crate::auth::{Why, list};
use crate::config::Settings;
use crate::domain::{AccountHost, Action, Platform, UserId, Wall};
use crate::error::CommandError;
use crate::store::{Account, Credential, Store};

/// Every account, as `--json` prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AccountList {
    /// Those of the queue, then those of the environment that no run has made known yet.
    pub accounts: Vec<ListedAccount>,
}

/// An account as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedAccount {
    /// Its name; none where only a run finds out.
    pub name: Option<String>,
    /// Where it is.
    pub platform: Platform,
    /// Who it is; none where only a run finds out.
    pub user_id: Option<UserId>,
    /// Where its credentials come from; none: there are none.
    pub kind: Option<&'static str>,
    /// What was granted; none where that is not on record.
    pub scopes: Option<Vec<String>>,
    /// What it may do; where no scopes are on record, whatever its kind of credentials is good for.
    pub actions: Vec<Action>,
    /// When its token ends.
    #[serde(serialize_with = "time")]
    pub expires_at: Option<Wall>,
    /// The app that its login belongs to.
    pub client_id: Option<String>,
    /// Why somebody has to log in.
    #[serde(serialize_with = "why")]
    pub login_needed: Option<Why>,
    /// Why its last run stopped.
    pub trouble: Option<String>,
    /// It acts where nobody is named.
    #[serde(rename = "default")]
    pub is_default: bool,
    /// The host, on platforms of many hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<AccountHost>,
    /// The variable that holds its credentials, where the queue does not know it yet.
    #[serde(skip)]
    pub variable: Option<&'static str>,
}

/// Lists the accounts. Needs no key and asks nobody.
///
/// # Errors
/// The queue cannot be read; the environment holds credentials that cannot be used.
pub async fn list_accounts(deps: AppDeps<'_>) -> Result<AccountList, CommandError> {
    let accounts = match deps.existing_queue().await? {
        Some(mut store) => {
            let accounts = list(&mut store).await?;
            store.close().await;
            accounts
        }
        None => Vec::new(),
    };
    Ok(AccountList::of(&accounts, &environment_accounts(&deps.settings.credentials)?))
}

/// What `/api/accounts` says of an open queue.
///
/// # Errors
/// As [`list_accounts`].
pub async fn account_list(settings: &Settings, store: &mut Store) -> Result<AccountList, CommandError> {
    let environment = environment_accounts(&settings.credentials)?;
    let mut listed = AccountList::of(&list(store).await?, &environment);
    if settings.is_sandbox() {
        // The pretend platform lets everybody in: nobody has to log in there.
        for account in &mut listed.accounts {
            (account.kind, account.login_needed) = (Some("sandbox"), None);
        }
    }
    Ok(listed)
}

impl AccountList {
    fn of(accounts: &[(Account, Option<Credential>)], environment: &[EnvironmentAccount]) -> AccountList {
        let of_queue =
            accounts.iter().map(|(account, record)| ListedAccount::of(account, record.as_ref(), environment));
        let is_known = |found: &EnvironmentAccount| accounts.iter().any(|(account, _)| found.is(account));
        let new = environment.iter().filter(|found| found.credentials.is_some() && !is_known(found));
        AccountList { accounts: of_queue.chain(new.map(ListedAccount::new)).collect() }
    }
}

impl ListedAccount {
    fn of(account: &Account, record: Option<&Credential>, environment: &[EnvironmentAccount]) -> ListedAccount {
        let is_outside = environment.iter().any(|found| found.is(account));
        let set = record.map(|record| &record.set);
        let scopes = set.and_then(|set| set.scopes.as_deref());
        let may = |set: &crate::store::NewCredential| app::may(account.platform, set.kind, set.scopes.as_deref());
        ListedAccount {
            name: Some(account.name.to_string()),
            platform: account.platform,
            user_id: Some(account.user_id.clone()),
            kind: if is_outside { Some("environment") } else { set.map(|set| set.kind.name()) },
            scopes: scopes.map(|scopes| scopes.split(' ').map(str::to_owned).collect()),
            actions: set.map_or_else(Vec::new, may),
            expires_at: set.and_then(|set| set.expiry).map(|expiry| expiry.at),
            client_id: set.and_then(|set| set.client_id.clone()),
            login_needed: login_needed(account, record, environment),
            trouble: account.trouble.clone(),
            is_default: account.is_default,
            host: account.host.clone(),
            variable: None,
        }
    }

    /// Credentials of the environment whose account is not in the queue. Whose they are, the platform says when a run begins.
    fn new(found: &EnvironmentAccount) -> ListedAccount {
        let name = found.user.as_ref().and_then(|user| found.standard_name(user).ok());
        ListedAccount {
            name: name.map(|name| name.to_string()),
            platform: found.platform,
            user_id: found.user.clone(),
            kind: Some("environment"),
            scopes: None,
            actions: Vec::new(),
            expires_at: None,
            client_id: None,
            login_needed: None,
            trouble: None,
            is_default: false,
            host: None,
            variable: Some(found.variable()),
        }
    }

    /// Its platform, and the host where that has many.
    pub fn place(&self) -> String {
        match &self.host {
            Some(host) => format!("{} at {host}", self.platform),
            None => self.platform.to_string(),
        }
    }
}

fn time<S: Serializer>(at: &Option<Wall>, to: S) -> Result<S::Ok, S::Error> {
    at.map(Wall::rfc3339).serialize(to)
}

fn why<S: Serializer>(why: &Option<Why>, to: S) -> Result<S::Ok, S::Error> {
    why.map(Why::name).serialize(to)
}
