//! `cleanup account logout`: the tokens end at the platform, and are forgotten here.

use crate::app::find_account;
use crate::app::{self, Ways};
use crate::auth::{LoggedOut, Revoker, logout};
use crate::cli::args::AccountLogoutArgs;
use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::CommandError;
use crate::store::{Account, DrainLock, Store};
use crate::text::escaped;

/// The most jobs that are named.
const MAX_JOBS_NAMED: usize = 5;

/// Logs out.
///
/// # Errors
/// There is no such account, the key is wrong (78), the queue cannot be written.
pub(super) async fn run(context: &Context, args: &AccountLogoutArgs) -> Result<u8, CommandError> {
    let (mut store, account) = find_account(context.deps(), &args.name).await?;
    warn_of_work(context, &mut store, &account).await?;
    end(context, &mut store, &account, args.forget).await?;
    store.close().await;
    Ok(0)
}

/// What is under way for the account stops, and what is in line waits: said before it happens.
async fn warn_of_work(context: &Context, store: &mut Store, account: &Account) -> Result<(), CommandError> {
    let waiting = app::pending_by_job(store, account.id).await?;
    if waiting.is_empty() || store.accounts().credential(account.id).await?.is_none() {
        return Ok(());
    }
    let rows: u64 = waiting.iter().map(|(_, rows)| rows).sum();
    let jobs: Vec<_> = waiting.iter().take(MAX_JOBS_NAMED).map(|(job, _)| escaped(job)).collect();
    let mut said = format!("{} of {} are queued, in {}", counted(rows, "row", "rows"), account.name, jobs.join(", "));
    if waiting.len() > MAX_JOBS_NAMED {
        said += &format!(" and {} more", waiting.len() - MAX_JOBS_NAMED);
    }
    let login = context.command(&["account", "login", account.name.as_str()]);
    said += if DrainLock::is_held(store.path())? {
        "; the process that works on this queue stops sending for this account within two seconds"
    } else {
        ""
    };
    context.printer.warn(&format!("{said}; these rows wait until you log in again: {login}"));
    Ok(())
}

/// Ends an account's login and says how that went.
///
/// # Errors
/// As [`run`].
pub(super) async fn end(
    context: &Context,
    store: &mut Store,
    account: &Account,
    forget: bool,
) -> Result<(), CommandError> {
    let Some(record) = store.accounts().credential(account.id).await? else {
        context.printer.say(&format!("{} is not logged in", account.name));
        return Ok(());
    };
    let vault = match app::open_vault(&context.settings, store).await {
        Ok(vault) => Some(vault),
        Err(_) if forget => None,
        Err(error) => {
            let lost = format!(
                "{}; or add --forget, which deletes the login here without revoking it at the platform",
                error.hint.clone().unwrap_or_default()
            );
            return Err(error.hint(lost.trim_start_matches("; ").to_owned()));
        }
    };
    let ways = Ways::new(&context.settings, context.clock.clone(), &account.host)?;
    let base = ways.bases.of_account(account)?;
    let places = app::places(&context.settings, account.platform, &base)?;
    let app = app::app_of(&context.settings, &record);
    let sign = app::signer(&context.settings, context.clock.clone());
    let revoker = Revoker {
        wire: &ways.wire,
        base: &base,
        app: app.as_ref(),
        host: account.host.as_ref(),
        places: &places,
        clock: &*context.clock,
        sign: sign.as_deref(),
    };
    match logout(store, vault.as_ref(), &revoker, account).await? {
        LoggedOut::WasNot => context.printer.say(&format!("{} is not logged in", account.name)),
        LoggedOut::Revoked => {
            context.printer.say(&format!(
                "logged out: the tokens of {} are revoked at the platform and deleted here",
                account.name
            ));
        }
        LoggedOut::NotRevoked(why) => {
            context.printer.say(&format!("logged out here: the login of {} is deleted", account.name));
            let where_and_until = match &account.host {
                Some(host) => format!("at {host}, where its token stays valid"),
                None => "at the platform, where it stays valid until it expires".to_owned(),
            };
            context.printer.warn(&format!("the login was not revoked {where_and_until}: {}", escaped(&why)));
        }
    }
    Ok(())
}
