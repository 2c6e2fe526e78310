//! `cleanup account login`: a person says yes at the platform, and the login is kept sealed.

use std::io::IsTerminal;

use super::browser::show;
use super::granting::Granting;
use super::login_actions::{actions_to_ask_for, say_actions, scopes_of_reading};
use super::page_login::PageLogin;
use super::session_login::SessionLogin;
use super::{host_login, other_logins, refuse_host, stdin};
use crate::app::{self, Ways};
use crate::auth::{Attempt, CallbackListener, LOGIN_WAIT_SECONDS, Redirect, scopes_for};
use crate::cli::args::AccountLoginArgs;
use crate::cli::context::Context;
use crate::domain::Platform;
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{LoginKind, find, spec};
use crate::store::{Account, CredentialKind};

/// Logs in.
///
/// # Errors
/// No app is configured (78), nobody said yes (77), the platform does not answer (69).
pub(super) async fn run(context: &Context, args: &AccountLoginArgs) -> Result<u8, CommandError> {
    let known = known(context, args).await?;
    let platform = args.platform.or(known.as_ref().map(|account| account.platform)).unwrap_or_default();
    if let Some(account) = known.as_ref().filter(|account| account.platform != platform) {
        let message = format!("{} is an account of {}, not of {platform}", account.name, account.platform);
        return Err(CommandError::new(ErrorKind::Usage, message).hint("give this login another name"));
    }
    // Where an account of such a platform lives is found out, and it may move.
    if !matches!(spec(platform).login, LoginKind::AppPassword { .. }) {
        refuse_other_host(args, platform, known.as_ref())?;
    }
    if let Some(action) = args.actions.iter().find(|action| find(platform, **action).is_none()) {
        return Err(CommandError::new(ErrorKind::Usage, format!("{platform} does not offer {action}"))
            .hint("see docs/platforms.md for what each platform offers"));
    }
    match spec(platform).login {
        LoginKind::OAuth1 => other_logins::pin(context, args, platform, known.as_ref()).await,
        LoginKind::Key => other_logins::key(context, args, platform, known.as_ref()).await,
        LoginKind::OAuth2 => oauth2(context, args, platform, known.as_ref()).await,
        LoginKind::AppAtHost => host_login::run(context, args, platform, known.as_ref()).await,
        LoginKind::AppPassword { at: service, directory } => {
            let (name, host, known) = (args.name.as_ref(), args.host.as_ref(), known.as_ref());
            if is_on_page(context, args, known).await? {
                return PageLogin { args, platform, service, directory, known }.run(context).await;
            }
            SessionLogin { name, platform, host, service, known }.run(context).await
        }
    }
}

/// Whether a login goes by the server's page: where that was asked for, or where it is for some actions alone, which an app password cannot
/// be; and an account that was logged in so before, where somebody sits at a terminal.
async fn is_on_page(context: &Context, args: &AccountLoginArgs, known: Option<&Account>) -> Result<bool, CommandError> {
    if args.browser || args.headless || !args.actions.is_empty() {
        return Ok(true);
    }
    let Some(account) = known.filter(|_| std::io::stdin().is_terminal()) else { return Ok(false) };
    let Some(mut store) = context.existing_queue().await? else { return Ok(false) };
    let record = store.accounts().credential(account.id).await?;
    store.close().await;
    Ok(record.is_some_and(|record| record.set.kind == CredentialKind::Dpop))
}

/// The host of an account that is known is on record, and stays.
fn refuse_other_host(args: &AccountLoginArgs, platform: Platform, known: Option<&Account>) -> Result<(), CommandError> {
    match known.and_then(|account| Some((account, account.host.as_ref()?))) {
        Some((account, host)) => match &args.host {
            Some(other) if other != host => {
                let message = format!("{} is an account at {host}, not at {other}", account.name);
                Err(CommandError::new(ErrorKind::Usage, message)
                    .hint("leave --host out, or give this login another name"))
            }
            _ => Ok(()),
        },
        None => refuse_host(platform, args.host.as_ref()),
    }
}

/// The account that is named, if there is one already.
async fn known(context: &Context, args: &AccountLoginArgs) -> Result<Option<Account>, CommandError> {
    match &args.name {
        Some(name) => match app::find_account(context.deps(), name).await {
            Ok((store, account)) => {
                store.close().await;
                Ok(Some(account))
            }
            Err(error) if error.kind == ErrorKind::Usage => Ok(None),
            Err(error) => Err(error),
        },
        None => Ok(None),
    }
}

/// OAuth 2.0 with PKCE.
async fn oauth2(
    context: &Context,
    args: &AccountLoginArgs,
    platform: Platform,
    known: Option<&Account>,
) -> Result<u8, CommandError> {
    let settings = &context.settings;
    let app = app::needed_app(settings)?;
    let redirect = settings.app.redirect.as_deref().unwrap_or(Redirect::DEFAULT);
    let redirect: Redirect = redirect.parse().map_err(|error: crate::auth::InvalidRedirect| {
        CommandError::new(ErrorKind::Config, error.to_string())
            .hint("set [x] redirect in the config file, and register it at X")
    })?;
    let ways = Ways::new(settings, context.clock.clone(), [])?;
    let base = ways.bases.at(platform, None)?;
    let places = app::places(settings, platform, &base)?;
    let (mut store, vault) = super::open(context).await?;
    let actions = actions_to_ask_for(&mut store, args, known).await?;
    let scopes = scopes_for(platform, &actions, &scopes_of_reading(platform, &actions));
    let attempt = Attempt::begin(app, places, redirect.clone(), &scopes);
    say_actions(context, args, &actions, platform);
    context.printer.say(&format!("the scopes for that: {}", scopes.join(" ")));
    let code = if args.headless {
        context.printer.say(
            "open this address in any browser, authorize the app, and paste here the address of the page you end at:",
        );
        context.printer.data(attempt.url())?;
        let pasted = stdin::line("address or code").await?;
        attempt.check().code_from_paste(pasted.expose()).map_err(crate::auth::LoginError::from)?
    } else {
        let listener = CallbackListener::bind(&redirect).await?;
        show(context, attempt.url())?;
        context.printer.say(&format!("waiting for the browser at {}", redirect.as_str()));
        listener.wait(attempt.check(), LOGIN_WAIT_SECONDS).await?
    };
    let place = (platform, None);
    let granting = Granting { context, ways: &ways, place, known, name: args.name.as_ref(), actions: &actions };
    let kept = granting.keep(&mut store, &vault, attempt, code).await?;
    store.close().await;
    if !kept.is_refreshable {
        context
            .printer
            .warn("the platform gave no refresh token, so this login ends in about two hours; log in again then");
    }
    let account = kept.account;
    context.printer.say(&format!("logged in: {} is user {} on {}", account.name, account.user_id, account.platform));
    Ok(0)
}
