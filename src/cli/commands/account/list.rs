//! `cleanup account list`: who there is, what each may do, until when. Needs no key and asks nobody.

use crate::app::status::{accounts_json, name_to_be, permitted_actions, unknown_to_queue};
use crate::app::{self, EnvironmentAccount, login_needed};
use crate::auth::list;
use crate::cli::args::AccountListArgs;
use crate::cli::context::Context;
use crate::domain::Action;
use crate::error::CommandError;
use crate::store::{Account, Credential};
use crate::text::{clock_text, escaped};

/// Lists them.
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
    let new = unknown_to_queue(&environment, &accounts);
    if args.json {
        context.printer.json(&accounts_json(&accounts, &environment))?;
        return Ok(0);
    }
    if accounts.is_empty() && new.is_empty() {
        context.printer.say(&format!("there are no accounts; {} adds one", context.command(&["account", "login"])));
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
    let ends = record.and_then(|record| record.set.expiry).map_or_else(
        || "-".to_owned(),
        |expiry| clock_text(expiry.at, context.clock.now().wall, context.local.zone.get()),
    );
    let state = match login_needed(account, record, environment) {
        Some(why) => format!("login needed: {}", why.sentence()),
        None => account.trouble.as_ref().map_or_else(|| "good".to_owned(), |trouble| escaped(trouble).into_owned()),
    };
    let state = if account.is_default { format!("default; {state}") } else { state };
    let may: Vec<&str> = permitted_actions(account, record).into_iter().map(Action::name).collect();
    let may = if may.is_empty() { "-".to_owned() } else { may.join(",") };
    let name = escaped(account.name.as_str()).into_owned();
    [name, account.user().place(), account.user_id.to_string(), kind.to_owned(), may, ends, state]
}

/// Credentials of the environment whose account is not in the queue. Whose they are, the platform says when a run begins.
fn new_row(found: &EnvironmentAccount) -> [String; 7] {
    let user = found.user.as_ref().map_or_else(|| "unknown until the first run".to_owned(), ToString::to_string);
    let (name, dash) = (name_to_be(found).unwrap_or_else(|| "-".to_owned()), "-".to_owned());
    let state = format!("in {}", found.variable());
    [name, found.platform.to_string(), user, "environment".to_owned(), dash.clone(), dash, state]
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
