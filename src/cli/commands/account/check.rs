//! `cleanup account check`: asks the platforms whether logins are good and whose they are. Sends nothing that writes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::{Value, json};

use crate::app::{self, Ways, Who};
use crate::auth::{NoToken, TokenSource, list};
use crate::cli::args::AccountCheckArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::escape::escaped;
use crate::domain::{AccountId, Action, Platform};
use crate::platform::{Finding, Tier, find};
use crate::store::{Account, Credential, Store, StoreError};

/// What is in line for an account, by job.
///
/// # Errors
/// The queue cannot be read.
pub(super) async fn waiting(store: &mut Store, account: AccountId) -> Result<Vec<(String, u64)>, StoreError> {
    let mut waiting = Vec::new();
    for job in store.jobs().await?.into_iter().filter(|job| job.pending > 0) {
        let lanes = store.pending_by_lane(job.round).await?;
        let rows: u64 = lanes.iter().filter(|(_, whose, _)| *whose == account).map(|(_, _, rows)| rows).sum();
        if rows > 0 {
            waiting.push((job.name, rows));
        }
    }
    Ok(waiting)
}

/// What an account has in line, each action once.
///
/// # Errors
/// The queue cannot be read.
pub(super) async fn in_line(store: &mut Store, account: &Account) -> Result<Vec<Action>, StoreError> {
    let mut all = work(store).await?;
    Ok(all.remove(&account.id).unwrap_or_default())
}

/// What every account has in line, each action once.
async fn work(store: &mut Store) -> Result<HashMap<AccountId, Vec<Action>>, StoreError> {
    let mut work: HashMap<AccountId, Vec<Action>> = HashMap::new();
    for job in store.jobs().await?.into_iter().filter(|job| job.pending > 0) {
        for (action, account, rows) in store.pending_by_lane(job.round).await? {
            let actions = work.entry(account).or_default();
            if rows > 0 && !actions.contains(&action) {
                actions.push(action);
            }
        }
    }
    Ok(work)
}

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
    account: Account,
    state: State,
    said: Vec<String>,
    actions: Vec<Action>,
}

/// Checks the accounts.
///
/// # Errors
/// A name is nobody's (2), the key is wrong (78), the queue cannot be read.
pub(super) async fn run(context: &Context, args: &AccountCheckArgs) -> Result<u8, CliError> {
    let settings = &context.settings;
    let Some(mut store) = context.existing_queue().await? else {
        if let Some(name) = args.names.first() {
            return Err(super::unknown(name, &[]));
        }
        context.printer.say("there are no accounts");
        return Ok(0);
    };
    let all = list(&mut store).await?;
    let known: Vec<Account> = all.iter().map(|(account, _)| account.clone()).collect();
    if let Some(name) = args.names.iter().find(|name| known.iter().all(|account| account.name != **name)) {
        return Err(super::unknown(name, &known));
    }
    let ways = Ways::new(settings, context.clock.clone())?;
    let who = Who::of(settings, None, None)?;
    let tokens = app::open_tokens(settings, &who, &known, context.clock.clone()).await?;
    let work = work(&mut store).await?;
    store.close().await;
    let mut checked = Vec::new();
    let mut clocks: HashMap<Platform, Option<i64>> = HashMap::new();
    for (account, record) in all {
        if !args.names.is_empty() && !args.names.contains(&account.name) {
            continue;
        }
        let in_line = work.get(&account.id).cloned().unwrap_or_default();
        let asked = if args.actions.is_empty() { in_line } else { args.actions.clone() };
        let place = if account.platform == Platform::Aisa { Platform::Aisa } else { Platform::XV2 };
        if let Entry::Vacant(clock) = clocks.entry(place) {
            clock.insert(app::clock_off(&ways.client, ways.base(place), &context.clock).await);
        }
        checked.push(check(account, record, &asked, &ways, &tokens).await?);
    }
    let warnings: Vec<String> =
        clocks.iter().filter_map(|(platform, off)| app::warn_of_clock((*off)?, ways.base(*platform))).collect();
    tell(context, args, &checked, &warnings)
}

async fn check(
    account: Account,
    record: Option<Credential>,
    asked: &[Action],
    ways: &Ways,
    tokens: &TokenSource,
) -> Result<Checked, CliError> {
    let mut said = Vec::new();
    let mut state = State::Good;
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
        Ok(_) if account.platform == Platform::Aisa => {
            said.push("AIsa cannot be asked whose key it is; the first request will tell".into());
        }
        Ok(current) => match ways.user_of(&current.credentials).await {
            Ok(user) if user == account.user_id => said.push(format!("the platform says it is user {user}")),
            Ok(user) => {
                state = State::Bad;
                said.push(format!("the platform says it is user {user}, not {}; log it in again", account.user_id));
            }
            Err(reply) => {
                let (how, what) = judge(&reply.finding);
                state = how;
                let status = reply.http_status.map_or_else(String::new, |status| format!("HTTP {status}, "));
                said.push(format!("{what}: {status}{}", reply.detail));
            }
        },
    }
    for action in asked {
        state = state.max(fits(&account, record.as_ref(), *action, &mut said));
    }
    Ok(Checked { account, state, said, actions })
}

fn judge(finding: &Finding) -> (State, &'static str) {
    match finding {
        Finding::Unanswered { .. } => (State::Unknown, "nobody answers"),
        Finding::World { .. } | Finding::Unknown { .. } | Finding::Limited(_) => {
            (State::Unknown, "the platform could not say")
        }
        _ => (State::Bad, "the platform does not take its credentials; log it in again"),
    }
}

/// Whether an account may do an action, as far as can be known without doing it.
fn fits(account: &Account, record: Option<&Credential>, action: Action, said: &mut Vec<String>) -> State {
    let Some(endpoint) = find(account.platform, action) else {
        said.push(format!("{} does not offer {action}", account.platform));
        return State::Bad;
    };
    if endpoint.tier == Tier::Enterprise {
        said.push(format!("{action} is open to Enterprise apps only; which kind yours is, the first answer tells"));
    }
    let Some(record) = record else { return State::Good };
    if let Some(wanted) = app::misfit(account.platform, action, record.set.kind) {
        said.push(format!("{action} needs {wanted}"));
        return State::Bad;
    }
    let missing = app::missing_scopes(account.platform, action, record.set.scopes.as_deref());
    if missing.is_empty() {
        return State::Good;
    }
    said.push(format!(
        "{action} needs {}, not granted; run `cleanup account login {} --actions {action}`",
        missing.join(" and "),
        account.name
    ));
    State::Bad
}

fn tell(context: &Context, args: &AccountCheckArgs, checked: &[Checked], warnings: &[String]) -> Result<u8, CliError> {
    let word = |state: State| match state {
        State::Good => "good",
        State::Unknown => "unknown",
        State::Bad => "bad",
    };
    if args.json {
        let accounts: Vec<Value> = checked
            .iter()
            .map(|one| {
                json!({
                    "name": one.account.name.as_str(), "platform": one.account.platform.name(),
                    "user_id": one.account.user_id.as_str(), "state": word(one.state), "said": one.said,
                    "actions": one.actions.iter().map(|action| action.name()).collect::<Vec<_>>(),
                })
            })
            .collect();
        context.printer.json(&json!({ "accounts": accounts, "warnings": warnings }))?;
    } else {
        for one in checked {
            context.printer.data(&format!("{}: {}", escaped(one.account.name.as_str()), word(one.state)))?;
            for said in &one.said {
                context.printer.data(&format!("  {}", escaped(said)))?;
            }
        }
        for warning in warnings {
            context.printer.warn(warning);
        }
    }
    Ok(match checked.iter().map(|one| one.state).max() {
        Some(State::Bad) => Kind::Person.exit_code(),
        Some(State::Unknown) => Kind::Unreachable.exit_code(),
        Some(State::Good) | None => 0,
    })
}
