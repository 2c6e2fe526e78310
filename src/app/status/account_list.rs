//! Every account of a queue and of the environment, as `cleanup account list --json` shows them.

use serde_json::{Value, json};

use crate::app::{self, EnvironmentAccount, login_needed};
use crate::auth::{Why, list};
use crate::config::Settings;
use crate::domain::{Action, UserId};
use crate::error::CommandError;
use crate::store::{Account, Credential, Store};

/// What `--json` prints.
///
/// # Errors
/// The queue cannot be read; the environment holds credentials that cannot be used.
pub async fn account_list_json(settings: &Settings, store: &mut Store) -> Result<Value, CommandError> {
    let environment = app::environment_accounts(&settings.credentials)?;
    let mut listed = accounts_json(&list(store).await?, &environment);
    if settings.is_sandbox() {
        // The pretend platform lets everybody in: nobody has to log in there.
        for account in listed["accounts"].as_array_mut().into_iter().flatten() {
            account["kind"] = "sandbox".into();
            account["login_needed"] = Value::Null;
        }
    }
    Ok(listed)
}

/// Those of the environment that no run has made known yet.
pub fn unknown_to_queue<'a>(
    environment: &'a [EnvironmentAccount],
    accounts: &[(Account, Option<Credential>)],
) -> Vec<&'a EnvironmentAccount> {
    let known = |found: &EnvironmentAccount| accounts.iter().any(|(account, _)| found.is(account));
    environment.iter().filter(|found| found.credentials.is_some() && !known(found)).collect()
}

/// The object of `cleanup account list --json`.
pub fn accounts_json(accounts: &[(Account, Option<Credential>)], environment: &[EnvironmentAccount]) -> Value {
    let mut shown: Vec<Value> = accounts.iter().map(|(a, c)| to_json(a, c.as_ref(), environment)).collect();
    shown.extend(unknown_to_queue(environment, accounts).iter().map(|found| new_to_json(found)));
    json!({ "accounts": shown })
}

/// The name that a run will give it, where its user is known.
pub fn name_to_be(found: &EnvironmentAccount) -> Option<String> {
    found.user.as_ref().and_then(|user| found.standard_name(user).ok()).map(|name| name.to_string())
}

fn new_to_json(found: &EnvironmentAccount) -> Value {
    json!({
        "name": name_to_be(found),
        "platform": found.platform.name(),
        "user_id": found.user.as_ref().map(UserId::as_str),
        "kind": "environment",
        "scopes": null,
        "actions": [],
        "expires_at": null,
        "client_id": null,
        "login_needed": null,
        "trouble": null,
        "default": false,
    })
}

/// What it may do; where no scopes are on record, whatever its kind of credentials is good for.
pub fn permitted_actions(account: &Account, record: Option<&Credential>) -> Vec<Action> {
    record.map_or_else(Vec::new, |record| app::may(account.platform, record.set.kind, record.set.scopes.as_deref()))
}

fn to_json(account: &Account, record: Option<&Credential>, environment: &[EnvironmentAccount]) -> Value {
    let outside = environment.iter().any(|found| found.is(account));
    let set = record.map(|record| &record.set);
    let scopes = set.and_then(|set| set.scopes.as_deref()).map(|scopes| scopes.split(' ').collect::<Vec<_>>());
    let mut shown = json!({
        "name": account.name.as_str(),
        "platform": account.platform.name(),
        "user_id": account.user_id.as_str(),
        "kind": if outside { Some("environment") } else { set.map(|set| set.kind.name()) },
        "scopes": scopes,
        "actions": permitted_actions(account, record).into_iter().map(Action::name).collect::<Vec<_>>(),
        "expires_at": set.and_then(|set| set.expiry).map(|expiry| expiry.at.rfc3339()),
        "client_id": set.and_then(|set| set.client_id.as_deref()),
        "login_needed": login_needed(account, record, environment).map(Why::name),
        "trouble": account.trouble,
        "default": account.is_default,
    });
    if let Some(host) = &account.host {
        shown["host"] = host.as_str().into();
    }
    shown
}
