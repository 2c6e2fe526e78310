//! One account's login: whether the platform takes it, whose it is, and what it may do.

use super::check_report::{CheckedAccount, LoginState};
use crate::app::{self, Ways};
use crate::auth::{NoToken, TokenSource};
use crate::domain::{Action, Platform, UserId};
use crate::engine::{Blame, consequences_of};
use crate::error::CommandError;
use crate::platforms::{BaseUrl, Credentials, Finding, WhoIs, find, spec};
use crate::store::{Account, Credential, CredentialKind};

/// Asks the platform whose credentials these are; `wanted` is who it should be.
pub(super) async fn whose(
    ways: &Ways,
    at: (Platform, &BaseUrl),
    credentials: &Credentials,
    wanted: Option<&UserId>,
) -> (LoginState, String, Option<UserId>) {
    let asked = ways.who_is(at, credentials).await;
    let name = match &asked {
        Ok(Some(WhoIs { name: Some(name), .. })) => format!(" ({name})"),
        _ => String::new(),
    };
    match (asked.map(|who| who.map(|who| who.user)), wanted) {
        (Ok(None), _) => {
            let service = spec(at.0).service;
            let said = format!("{service} offers no way to check a key; the first request shows whether it works");
            (LoginState::Good, said, None)
        }
        (Ok(Some(user)), Some(wanted)) if user != *wanted => {
            (LoginState::Bad, format!("the platform says it is user {user}, not {wanted}"), Some(user))
        }
        (Ok(Some(user)), _) => (LoginState::Good, format!("the platform says it is user {user}{name}"), Some(user)),
        (Err(reply), _) => {
            let (how, what) = judge(&reply.finding);
            let status = reply.http_status.map_or_else(String::new, |status| format!("HTTP {status}, "));
            (how, format!("{what}: {status}{}", reply.detail), None)
        }
    }
}

/// Checks one account's login, and whether it may do what it is asked for.
pub(super) async fn check_login(
    account: Account,
    record: Option<Credential>,
    asked: &[Action],
    ways: &Ways,
    tokens: &TokenSource,
) -> Result<CheckedAccount, CommandError> {
    let mut said = Vec::new();
    let mut state;
    let actions = record
        .as_ref()
        .map_or_else(Vec::new, |record| app::may(account.platform, record.set.kind, record.set.scopes.as_deref()));
    match tokens.current(account.id).await {
        Err(NoToken::Vault(error)) => return Err(error.into()),
        Err(NoToken::Store(error)) => return Err(error.into()),
        Err(error @ NoToken::Later { .. }) => {
            state = LoginState::Unknown;
            said.push(error.to_string());
        }
        Err(error) => {
            state = LoginState::Bad;
            said.push(error.to_string());
        }
        Ok(current) => {
            let base = ways.bases.of_account(&account)?;
            let at = (account.platform, &*base);
            let (how, what, _) = whose(ways, at, &current.credentials, Some(&account.user_id)).await;
            state = how;
            said.push(what);
            let is_session = record.as_ref().is_some_and(|record| record.set.kind == CredentialKind::Session);
            if state == LoginState::Good && is_session {
                // A token is good for two hours, whatever has become of the session that gave it out.
                match tokens.refresh_early(account.id, current.generation).await {
                    Ok(_) => said.push("its session is still open: it has just been renewed".to_owned()),
                    Err(NoToken::Vault(error)) => return Err(error.into()),
                    Err(NoToken::Store(error)) => return Err(error.into()),
                    Err(error @ NoToken::Later { .. }) => {
                        state = LoginState::Unknown;
                        said.push(format!("whether its session is still open is not known: {error}"));
                    }
                    Err(error) => {
                        state = LoginState::Bad;
                        said.push(format!("its session was ended at the server, or its app password revoked: {error}"));
                    }
                }
            }
            if state == LoginState::Bad {
                let login = format!("{} logs in again", app::login_again(&account));
                said.push(if record.is_some() {
                    login
                } else {
                    format!("set its variable to a fresh token; or {login}")
                });
            }
        }
    }
    for action in asked {
        state = state.max(fits(&account, record.as_ref(), *action, &mut said));
    }
    let Account { name, platform, host, user_id, .. } = account;
    let (name, user_id) = (name.to_string(), Some(user_id));
    Ok(CheckedAccount { name, platform, user_id, state, said, actions, host })
}

fn judge(finding: &Finding) -> (LoginState, &'static str) {
    match consequences_of(finding).blame {
        Blame::Network => (LoginState::Unknown, "no answer from the platform"),
        blame if blame.passes() => (LoginState::Unknown, "the platform could not check it"),
        _ => (LoginState::Bad, "the platform refuses these credentials"),
    }
}

/// Whether an account may do an action, as far as can be known without doing it.
fn fits(account: &Account, record: Option<&Credential>, action: Action, said: &mut Vec<String>) -> LoginState {
    let Some(endpoint) = find(account.platform, action) else {
        said.push(format!("{} does not offer {action}", account.platform));
        return LoginState::Bad;
    };
    said.extend(endpoint.closed());
    let Some(record) = record else { return LoginState::Good };
    if let Some(wanted) = app::misfit(account.platform, action, record.set.kind) {
        said.push(format!("{action} needs {wanted}; run `cleanup account login {}`", account.name.shell_word()));
        return LoginState::Bad;
    }
    let missing = app::missing_scopes(account.platform, action, record.set.scopes.as_deref());
    if missing.is_empty() {
        return LoginState::Good;
    }
    said.push(format!(
        "{action} needs {}, which this login was not granted; run `{}`",
        missing.join(" and "),
        app::login_to_allow(account, record, action)
    ));
    LoginState::Bad
}
