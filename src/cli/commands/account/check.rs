//! `cleanup account check`: asks the platforms whether logins are good and whose they are. Sends nothing that writes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::app::status::{TroubledAccount, only_unfinished, reason_of};
use crate::app::{self, EnvironmentAccount, Identities, Ways};
use crate::auth::{LoginEnd, NoToken, TokenSource, list};
use crate::cli::args::AccountCheckArgs;
use crate::cli::context::{Context, for_this_queue};
use crate::domain::{AccountHost, Action, Platform, UserId};
use crate::engine::{Blame, consequences_of};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{BaseUrl, Credentials, Finding, WhoIs, find, spec};
use crate::store::{Account, Credential, CredentialKind};
use crate::text::{clock_text, escaped};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum State {
    Good,
    /// The world is at fault.
    Unknown,
    Bad,
}

/// What was found about one account.
struct Checked {
    /// The account's, or the variable that holds credentials nobody has run with yet.
    name: String,
    platform: Platform,
    host: Option<AccountHost>,
    user: Option<UserId>,
    state: State,
    said: Vec<String>,
    actions: Vec<Action>,
}

/// Checks the accounts.
///
/// # Errors
/// A name is nobody's (2), the key is wrong (78), the queue cannot be read.
pub(super) async fn run(context: &Context, args: &AccountCheckArgs) -> Result<u8, CommandError> {
    let settings = &context.settings;
    let mut queue = context.existing_queue().await?;
    let all = match &mut queue {
        Some(store) => list(store).await?,
        None => Vec::new(),
    };
    let known: Vec<Account> = all.iter().map(|(account, _)| account.clone()).collect();
    if let Some(name) = args.names.iter().find(|name| known.iter().all(|account| account.name != **name)) {
        return Err(app::unknown_account(name, &known));
    }
    let hosts = known.iter().filter_map(|account| account.host.as_ref());
    let ways = Ways::new(settings, context.clock.clone(), hosts)?;
    let mut who = Identities::of(settings, None, None)?;
    let mut checked = strangers(who.environment_mut(), args, &known, &ways).await;
    let mut clocks = Clocks::default();
    for one in &checked {
        let base = ways.bases.at(one.platform, None)?;
        clocks.ask(base, &ways, context).await;
    }
    if let Some(mut store) = queue {
        let tokens = app::open_tokens(settings, &who, &known, context.clock.clone()).await?;
        let work = app::pending_actions(&mut store).await?;
        let jobs = store.queue().jobs().await?;
        store.close().await;
        for (account, record) in all {
            if !args.names.is_empty() && !args.names.contains(&account.name) {
                continue;
            }
            let in_line = work.get(&account.id).cloned().unwrap_or_default();
            let to_name = app::login_actions(&account, record.as_ref(), in_line.iter().copied());
            let asked = if args.actions.is_empty() { in_line } else { args.actions.clone() };
            clocks.ask(ways.bases.of_account(&account)?, &ways, context).await;
            let stopped = account.trouble.as_ref().map(|trouble| {
                let (name, job) = (account.name.as_str(), only_unfinished(&jobs));
                let troubled = TroubledAccount { settings, name, job, login_actions: &to_name };
                format!(
                    "its last run stopped: {trouble}. {}",
                    troubled.remedy_shown_by(reason_of(trouble), "account check")
                )
            });
            let id = account.id;
            let mut one = check(account, record, &asked, &ways, &tokens).await?;
            if let (State::Good, Ok(Some(ends))) = (one.state, tokens.login_ends(id).await) {
                let when = |ends| clock_text(ends, context.clock.now().wall, context.local.zone.get());
                one.said.push(match ends {
                    LoginEnd::Unused(ends) => {
                        format!("its session lasts until {}, and longer with every use", when(ends))
                    }
                    LoginEnd::Fixed(ends) => {
                        format!("its login lasts until {} at the most; log in again before, or take an app password, which lasts", when(ends))
                    }
                });
            }
            one.said.extend(stopped);
            checked.push(one);
        }
    }
    if checked.is_empty() && !args.json {
        let login = context.command(&["account", "login"]);
        context.printer.say(&format!("there are no accounts; {login} adds one"));
    }
    tell(context, args, &checked, &clocks.warnings())
}

/// How far this machine's clock is off each platform's, each asked once.
#[derive(Default)]
struct Clocks(HashMap<Arc<BaseUrl>, Option<i64>>);

impl Clocks {
    async fn ask(&mut self, base: Arc<BaseUrl>, ways: &Ways, context: &Context) {
        if let Entry::Vacant(clock) = self.0.entry(Arc::clone(&base)) {
            clock.insert(app::clock_off(&ways.client, &base, &context.clock).await);
        }
    }

    fn warnings(&self) -> Vec<String> {
        self.0.iter().filter_map(|(base, off)| app::warn_of_clock((*off)?, base)).collect()
    }
}

/// Asks whose the environment's credentials are, where no account of the queue is known to have them. Those that are such an
/// account's after all are left to be checked as that; the others are told by their variable.
async fn strangers(
    environment: &mut [EnvironmentAccount],
    args: &AccountCheckArgs,
    known: &[Account],
    ways: &Ways,
) -> Vec<Checked> {
    let mut checked = Vec::new();
    for found in environment {
        let Some(credentials) = found.credentials.clone() else { continue };
        if known.iter().any(|account| found.is(account)) {
            continue;
        }
        let Ok(base) = ways.bases.at(found.platform, None) else { continue };
        let (state, said, user) = whose(ways, (found.platform, &base), &credentials, found.user.as_ref()).await;
        let said = match state {
            State::Bad => format!("{said}; set {} to a fresh one", found.variable()),
            State::Good | State::Unknown => said,
        };
        found.user = user.or(found.user.take());
        if args.names.is_empty() && !known.iter().any(|account| found.is(account)) {
            let (name, platform, user) = (found.variable().to_owned(), found.platform, found.user.clone());
            checked.push(Checked { name, platform, host: None, user, state, said: vec![said], actions: Vec::new() });
        }
    }
    checked
}

/// Asks the platform whose credentials these are; `wanted` is who it should be.
async fn whose(
    ways: &Ways,
    at: (Platform, &BaseUrl),
    credentials: &Credentials,
    wanted: Option<&UserId>,
) -> (State, String, Option<UserId>) {
    let asked = ways.who_is(at, credentials).await;
    let name = match &asked {
        Ok(Some(WhoIs { name: Some(name), .. })) => format!(" ({name})"),
        _ => String::new(),
    };
    match (asked.map(|who| who.map(|who| who.user)), wanted) {
        (Ok(None), _) => {
            let service = spec(at.0).service;
            let said = format!("{service} offers no way to check a key; the first request shows whether it works");
            (State::Good, said, None)
        }
        (Ok(Some(user)), Some(wanted)) if user != *wanted => {
            (State::Bad, format!("the platform says it is user {user}, not {wanted}"), Some(user))
        }
        (Ok(Some(user)), _) => (State::Good, format!("the platform says it is user {user}{name}"), Some(user)),
        (Err(reply), _) => {
            let (how, what) = judge(&reply.finding);
            let status = reply.http_status.map_or_else(String::new, |status| format!("HTTP {status}, "));
            (how, format!("{what}: {status}{}", reply.detail), None)
        }
    }
}

async fn check(
    account: Account,
    record: Option<Credential>,
    asked: &[Action],
    ways: &Ways,
    tokens: &TokenSource,
) -> Result<Checked, CommandError> {
    let mut said = Vec::new();
    let mut state;
    let actions = record
        .as_ref()
        .map_or_else(Vec::new, |record| app::may(account.platform, record.set.kind, record.set.scopes.as_deref()));
    match tokens.current(account.id).await {
        Err(NoToken::Vault(error)) => return Err(error.into()),
        Err(NoToken::Store(error)) => return Err(error.into()),
        Err(error @ NoToken::Later { .. }) => {
            state = State::Unknown;
            said.push(error.to_string());
        }
        Err(error) => {
            state = State::Bad;
            said.push(error.to_string());
        }
        Ok(current) => {
            let base = ways.bases.of_account(&account)?;
            let at = (account.platform, &*base);
            let (how, what, _) = whose(ways, at, &current.credentials, Some(&account.user_id)).await;
            state = how;
            said.push(what);
            let is_session = record.as_ref().is_some_and(|record| record.set.kind == CredentialKind::Session);
            if state == State::Good && is_session {
                // A token is good for two hours, whatever has become of the session that gave it out.
                match tokens.refresh_early(account.id, current.generation).await {
                    Ok(_) => said.push("its session is still open: it has just been renewed".to_owned()),
                    Err(NoToken::Vault(error)) => return Err(error.into()),
                    Err(NoToken::Store(error)) => return Err(error.into()),
                    Err(error @ NoToken::Later { .. }) => {
                        state = State::Unknown;
                        said.push(format!("whether its session is still open is not known: {error}"));
                    }
                    Err(error) => {
                        state = State::Bad;
                        said.push(format!("its session was ended at the server, or its app password revoked: {error}"));
                    }
                }
            }
            if state == State::Bad {
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
    let (name, user) = (name.to_string(), Some(user_id));
    Ok(Checked { name, platform, host, user, state, said, actions })
}

fn judge(finding: &Finding) -> (State, &'static str) {
    match consequences_of(finding).blame {
        Blame::Network => (State::Unknown, "no answer from the platform"),
        blame if blame.passes() => (State::Unknown, "the platform could not check it"),
        _ => (State::Bad, "the platform refuses these credentials"),
    }
}

/// Whether an account may do an action, as far as can be known without doing it.
fn fits(account: &Account, record: Option<&Credential>, action: Action, said: &mut Vec<String>) -> State {
    let Some(endpoint) = find(account.platform, action) else {
        said.push(format!("{} does not offer {action}", account.platform));
        return State::Bad;
    };
    said.extend(endpoint.closed());
    let Some(record) = record else { return State::Good };
    if let Some(wanted) = app::misfit(account.platform, action, record.set.kind) {
        said.push(format!("{action} needs {wanted}; run `cleanup account login {}`", account.name.shell_word()));
        return State::Bad;
    }
    let missing = app::missing_scopes(account.platform, action, record.set.scopes.as_deref());
    if missing.is_empty() {
        return State::Good;
    }
    said.push(format!(
        "{action} needs {}, which this login was not granted; run `{}`",
        missing.join(" and "),
        app::login_to_allow(account, record, action)
    ));
    State::Bad
}

fn tell(
    context: &Context,
    args: &AccountCheckArgs,
    checked: &[Checked],
    warnings: &[String],
) -> Result<u8, CommandError> {
    let word = |state: State| match state {
        State::Good => "good",
        State::Unknown => "unknown",
        State::Bad => "bad",
    };
    if args.json {
        let accounts: Vec<Value> = checked
            .iter()
            .map(|one| {
                let mut shown = json!({
                    "name": one.name, "platform": one.platform.name(),
                    "user_id": one.user.as_ref().map(UserId::as_str), "state": word(one.state), "said": one.said,
                    "actions": one.actions.iter().map(|action| action.name()).collect::<Vec<_>>(),
                });
                if let Some(host) = &one.host {
                    shown["host"] = host.as_str().into();
                }
                shown
            })
            .collect();
        context.printer.json(&json!({ "accounts": accounts, "warnings": warnings }))?;
    } else {
        for one in checked {
            let at = one.host.as_ref().map_or(String::new(), |host| format!(" ({} at {host})", one.platform));
            context.printer.data(&format!("{}{at}: {}", escaped(&one.name), word(one.state)))?;
            for said in &one.said {
                context.printer.data(&format!("  {}", for_this_queue(&context.settings, &escaped(said))))?;
            }
        }
        for warning in warnings {
            context.printer.warn(warning);
        }
    }
    Ok(match checked.iter().map(|one| one.state).max() {
        Some(State::Bad) => ErrorKind::Person.exit_code(),
        Some(State::Unknown) => ErrorKind::Unreachable.exit_code(),
        Some(State::Good) | None => 0,
    })
}
