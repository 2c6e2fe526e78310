//! `cleanup account list`: who there is, what each may do, until when. Needs no key and asks nobody.

use crate::app::account::{ListedAccount, list_accounts};
use crate::cli::args::AccountListArgs;
use crate::cli::context::Context;
use crate::domain::Action;
use crate::error::CommandError;
use crate::text::{clock_text, escaped};

/// Lists them.
pub(super) async fn run(context: &Context, args: AccountListArgs) -> Result<u8, CommandError> {
    let list = list_accounts(context.deps()).await?;
    if args.json {
        context.printer.json(&list)?;
        return Ok(0);
    }
    if list.accounts.is_empty() {
        context.printer.say(&format!("there are no accounts; {} adds one", context.command(&["account", "login"])));
        return Ok(0);
    }
    let mut rows = vec![["NAME", "PLATFORM", "USER", "KIND", "MAY", "ENDS", "STATE"].map(str::to_owned)];
    rows.extend(list.accounts.iter().map(|account| row(context, account)));
    for line in table(&rows) {
        context.printer.data(&line)?;
    }
    Ok(0)
}

fn row(context: &Context, account: &ListedAccount) -> [String; 7] {
    let dash = || "-".to_owned();
    let user = account.user_id.as_ref().map_or_else(|| "unknown until the first run".to_owned(), ToString::to_string);
    let may: Vec<&str> = account.actions.iter().copied().map(Action::name).collect();
    let ends =
        account.expires_at.map_or_else(dash, |at| clock_text(at, context.clock.now().wall, context.local.zone.get()));
    [
        account.name.as_ref().map_or_else(dash, |name| escaped(name).into_owned()),
        account.place(),
        user,
        account.kind.map_or_else(dash, str::to_owned),
        if may.is_empty() { dash() } else { may.join(",") },
        ends,
        state(account),
    ]
}

fn state(account: &ListedAccount) -> String {
    if let Some(variable) = account.variable {
        return format!("in {variable}");
    }
    let state = match account.login_needed {
        Some(why) => format!("login needed: {}", why.sentence()),
        None => account.trouble.as_ref().map_or_else(|| "good".to_owned(), |trouble| escaped(trouble).into_owned()),
    };
    if account.is_default { format!("default; {state}") } else { state }
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
