//! `cleanup account logout`: the tokens end at the platform, and are forgotten here.

use super::find;
use crate::app::{self, Ways};
use crate::auth::{LoggedOut, Revoker, logout};
use crate::cli::args::AccountLogoutArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::store::{Account, Store};

/// Logs out.
///
/// # Errors
/// There is no such account, the key is wrong (78), the queue cannot be written.
pub(super) async fn run(context: &Context, args: &AccountLogoutArgs) -> Result<u8, CliError> {
    let (mut store, account) = find(context, &args.name).await?;
    end(context, &mut store, &account, args.forget).await?;
    store.close().await;
    Ok(0)
}

/// Ends an account's login and says how that went.
///
/// # Errors
/// As [`run`].
pub(super) async fn end(context: &Context, store: &mut Store, account: &Account, forget: bool) -> Result<(), CliError> {
    let Some(record) = store.credential(account.id).await? else {
        context.printer.say(&format!("{} is not logged in", account.name));
        return Ok(());
    };
    let vault = match app::open_vault(&context.settings, store).await {
        Ok(vault) => Some(vault),
        Err(_) if forget => None,
        Err(error) => {
            let lost = format!(
                "or forget the login without telling the platform: add --forget; {}",
                error.hint.clone().unwrap_or_default()
            );
            return Err(error.hint(lost.trim_end_matches("; ").to_owned()));
        }
    };
    let ways = Ways::new(&context.settings, context.clock.clone())?;
    let places = app::x_places(&context.settings, &ways)?;
    let app = app::app_of(&context.settings, &record);
    let sign = app::signer(&context.settings, context.clock.clone());
    let revoker =
        Revoker { wire: &ways.wire, base: &ways.bases.x, app: app.as_ref(), places: &places, sign: sign.as_deref() };
    match logout(store, vault.as_ref(), &revoker, account).await? {
        LoggedOut::WasNot => context.printer.say(&format!("{} is not logged in", account.name)),
        LoggedOut::Revoked => {
            context.printer.say(&format!("logged out: the tokens of {} are revoked and forgotten", account.name));
        }
        LoggedOut::NotRevoked(why) => {
            context.printer.say(&format!("forgotten here: the login of {}", account.name));
            context.printer.warn(&format!(
                "it was not revoked at the platform, where it is good until it ends: {}",
                crate::cli::escape::escaped(&why)
            ));
        }
    }
    Ok(())
}
