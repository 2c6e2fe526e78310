//! `cleanup account list`: who there is, what each may do, until when. Needs no key and asks nobody.

use serde_json::{Value, json};

use crate::app::{self, EnvironmentAccount, login_needed};
use crate::auth::{Why, list};
use crate::cli::args::AccountListArgs;
use crate::cli::context::Context;
use crate::config::Settings;
use crate::domain::{Action, UserId};
use crate::error::CommandError;
use crate::store::{Account, Credential, Store};
use crate::text::{clock_text, escaped};

/// Lists them.
///
/// # Errors
/// The queue cannot be read.
pub(super) async fn run(context: &Context, args: AccountListArgs) -> Result<u8, CommandError> {
    let accounts = match context.existing_queue().await? {
        Some(mut store) => {
            let accounts = list(&mut store).await?;
            store.close().await;
            accounts
        }
        None => Vec::new(),
    };
    let environment = app::environment_accounts(&context.settings.credentials)?;
    let new = unknown(&environment, &accounts);
    if args.json {
        context.printer.json(&all_to_json(&accounts, &environment))?;
        return Ok(0);
    }
    if accounts.is_empty() && new.is_empty() {
        context.printer.say(&format!("there are no accounts; {} makes one", context.command(&["account", "login"])));
        return Ok(0);
    }
    let mut rows = vec![["NAME", "PLATFORM", "USER", "KIND", "MAY", "ENDS", "STATE"].map(str::to_owned)];
    rows.extend(accounts.iter().map(|(account, record)| row(context, account, record.as_ref(), &environment)));
    rows.extend(new.iter().map(|found| new_row(found)));
    for line in table(&rows) {
        context.printer.data(&line)?;
    }
    Ok(0)
}

/// What `--json` prints.
///
/// # Errors
/// The queue cannot be read; the environment holds credentials that cannot be used.
pub(crate) async fn listed(settings: &Settings, store: &mut Store) -> Result<Value, CommandError> {
    let environment = app::environment_accounts(&settings.credentials)?;
    let mut listed = all_to_json(&list(store).await?, &environment);
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
fn unknown<'a>(
    environment: &'a [EnvironmentAccount],
    accounts: &[(Account, Option<Credential>)],
) -> Vec<&'a EnvironmentAccount> {
    let known = |found: &EnvironmentAccount| accounts.iter().any(|(account, _)| found.is(account));
    environment.iter().filter(|found| found.credentials.is_some() && !known(found)).collect()
}

fn all_to_json(accounts: &[(Account, Option<Credential>)], environment: &[EnvironmentAccount]) -> Value {
    let mut shown: Vec<Value> = accounts.iter().map(|(a, c)| to_json(a, c.as_ref(), environment)).collect();
    shown.extend(unknown(environment, accounts).iter().map(|found| new_to_json(found)));
    json!({ "accounts": shown })
}

fn row(
    context: &Context,
    account: &Account,
    record: Option<&Credential>,
    environment: &[EnvironmentAccount],
) -> [String; 7] {
    let outside = environment.iter().any(|found| found.is(account));
    let kind = match record {
        _ if outside => "environment",
        Some(record) => record.set.kind.name(),
        None => "-",
    };
    let ends = record
        .and_then(|record| record.set.expiry)
        .map_or_else(|| "-".to_owned(), |expiry| clock_text(expiry.at, context.clock.now().wall, context.zone.get()));
    let state = match login_needed(account, record, environment) {
        Some(why) => format!("login needed: {}", why.sentence()),
        None => account.trouble.as_ref().map_or_else(|| "good".to_owned(), |trouble| escaped(trouble).into_owned()),
    };
    let state = if account.is_default { format!("default; {state}") } else { state };
    let may: Vec<&str> = actions(account, record).into_iter().map(Action::name).collect();
    let may = if may.is_empty() { "-".to_owned() } else { may.join(",") };
    let name = escaped(account.name.as_str()).into_owned();
    [name, account.platform.to_string(), account.user_id.to_string(), kind.to_owned(), may, ends, state]
}

/// Credentials of the environment whose account is not in the queue. Whose they are, the platform says when a run begins.
fn new_row(found: &EnvironmentAccount) -> [String; 7] {
    let user = found.user.as_ref().map_or_else(|| "unknown until the first run".to_owned(), ToString::to_string);
    let (name, dash) = (name_to_be(found).unwrap_or_else(|| "-".to_owned()), "-".to_owned());
    let state = format!("in {}", found.variable());
    [name, found.platform.to_string(), user, "environment".to_owned(), dash.clone(), dash, state]
}

fn name_to_be(found: &EnvironmentAccount) -> Option<String> {
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
fn actions(account: &Account, record: Option<&Credential>) -> Vec<Action> {
    record.map_or_else(Vec::new, |record| app::may(account.platform, record.set.kind, record.set.scopes.as_deref()))
}

fn to_json(account: &Account, record: Option<&Credential>, environment: &[EnvironmentAccount]) -> Value {
    let outside = environment.iter().any(|found| found.is(account));
    let set = record.map(|record| &record.set);
    let scopes = set.and_then(|set| set.scopes.as_deref()).map(|scopes| scopes.split(' ').collect::<Vec<_>>());
    json!({
        "name": account.name.as_str(),
        "platform": account.platform.name(),
        "user_id": account.user_id.as_str(),
        "kind": if outside { Some("environment") } else { set.map(|set| set.kind.name()) },
        "scopes": scopes,
        "actions": actions(account, record).into_iter().map(Action::name).collect::<Vec<_>>(),
        "expires_at": set.and_then(|set| set.expiry).map(|expiry| expiry.at.rfc3339()),
        "client_id": set.and_then(|set| set.client_id.as_deref()),
        "login_needed": login_needed(account, record, environment).map(Why::name),
        "trouble": account.trouble,
        "default": account.is_default,
    })
}

/// Columns as wide as their widest cell; the last one ends where it ends.
fn table(rows: &[[String; 7]]) -> Vec<String> {
    let mut widths = [0; 7];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; 7]| {
        let cells = row.iter().zip(widths).map(|(cell, width)| {
            let missing = width.saturating_sub(cell.chars().count());
            format!("{cell}{}", " ".repeat(missing))
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}
