//! Logins that are not OAuth 2.0: the PIN flow of OAuth 1.0a, and AIsa's keys.

use super::browser::show;
use super::login_actions::actions_to_ask_for;
use super::{keep_one, refuse_another, standard_name, stdin};
use crate::app::{self, Ways};
use crate::auth::{Login, PinAttempt, aisa_key, aisa_link, aisa_user};
use crate::cli::args::AccountLoginArgs;
use crate::cli::context::Context;
use crate::domain::{Platform, PlatformUser};
use crate::error::{CommandError, ErrorKind};
use crate::store::Account;

/// The PIN flow: open the page, read the PIN off it, type it here.
pub(super) async fn pin(
    context: &Context,
    args: &AccountLoginArgs,
    platform: Platform,
    known: Option<&Account>,
) -> Result<u8, CommandError> {
    let Some(sign) = app::signer(&context.settings, context.clock.clone()) else {
        return Err(CommandError::new(ErrorKind::Config, "logging in with OAuth 1.0a needs your app's own pair of keys").hint(
            "set CLEANUP_X_CONSUMER_KEY and CLEANUP_X_CONSUMER_SECRET (\"API key and secret\" in X's developer console)",
        ));
    };
    let ways = Ways::new(&context.settings, context.clock.clone(), [])?;
    let (mut store, vault) = super::open(context).await?;
    let attempt = PinAttempt::begin(&ways.wire, &*ways.bases.at(platform, None)?, &sign).await?;
    if args.headless {
        context.printer.say("open this address in any browser:");
        context.printer.data(attempt.url())?;
    } else {
        show(context, attempt.url())?;
    }
    context.printer.say("authorize the app there, then type the PIN that you are shown:");
    let pin = stdin::line("PIN").await?;
    let done = attempt.finish(&ways.wire, pin.expose(), &sign).await?;
    let (user, document) = (PlatformUser::at_one_address(platform, done.user), done.document);
    refuse_another(known, &user)?;
    let name = args.name.clone().map_or_else(|| standard_name(&user), Ok)?;
    let login = Login { name, user, document, scopes: None, expiry: None, app: None };
    let account = keep_one(context, &mut store, &vault, login).await?;
    store.close().await;
    context.printer.say(&format!("logged in: {} is user {} on x-v1", account.name, account.user_id));
    Ok(0)
}

/// AIsa: the key is the account, and X is linked to it at AIsa.
pub(super) async fn key(
    context: &Context,
    args: &AccountLoginArgs,
    platform: Platform,
    known: Option<&Account>,
) -> Result<u8, CommandError> {
    let ways = Ways::new(&context.settings, context.clock.clone(), [])?;
    let (mut store, vault) = super::open(context).await?;
    let unusable =
        |error: crate::auth::InvalidKey| CommandError::new(ErrorKind::Usage, error.to_string()).hint("see aisa.one");
    let key = aisa_key(stdin::secret(context, "AIsa key").await?.expose()).map_err(unusable)?;
    let user = PlatformUser::at_one_address(platform, aisa_user(&key).map_err(unusable)?);
    refuse_another(known, &user)?;
    let actions = actions_to_ask_for(&mut store, args, known).await?;
    let mut scopes: Vec<&str> = Vec::new();
    for scope in actions.iter().filter_map(|a| crate::platforms::find(platform, *a)).flat_map(|row| row.scopes) {
        if !scopes.contains(scope) {
            scopes.push(scope);
        }
    }
    let link = aisa_link(&ways.wire, &*ways.bases.at(platform, None)?, &key, &scopes).await?;
    let name = args.name.clone().map_or_else(|| standard_name(&user), Ok)?;
    let document = crate::auth::Document::Aisa { key };
    let login = Login { name, user, document, scopes: None, expiry: None, app: None };
    let account = keep_one(context, &mut store, &vault, login).await?;
    store.close().await;
    context.printer.say(&format!("the key is kept, as {}", account.name));
    context.printer.say("now link X to it: authorize AIsa on its page, within ten minutes or so");
    if args.headless {
        context.printer.data(&link.url)?;
    } else {
        show(context, &link.url)?;
    }
    Ok(0)
}
