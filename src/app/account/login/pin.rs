//! The PIN flow of OAuth 1.0a: a page, the PIN that it shows, a token.

use super::front::{LoginDeps, LoginPage, PageReturn};
use super::keep_told;
use super::request::{LoggedInBy, LoginReport, LoginRequest};
use crate::app::account::keep_login::{open_vault, refuse_another, standard_name};
use crate::app::{self, Ways};
use crate::auth::{Login, PinAttempt};
use crate::domain::{Platform, PlatformUser};
use crate::error::{CommandError, ErrorKind};
use crate::store::Account;

pub(super) async fn log_in_by_pin(
    login_deps: LoginDeps<'_>,
    request: &LoginRequest,
    platform: Platform,
    known: Option<&Account>,
) -> Result<LoginReport, CommandError> {
    let LoginDeps { deps, front } = login_deps;
    let Some(sign) = app::signer(deps.settings, deps.clock.clone()) else {
        return Err(CommandError::new(ErrorKind::Config, "logging in with OAuth 1.0a needs your app's own pair of keys").hint(
            "set CLEANUP_X_CONSUMER_KEY and CLEANUP_X_CONSUMER_SECRET (\"API key and secret\" in X's developer console)",
        ));
    };
    let ways = Ways::new(deps.settings, deps.clock.clone(), [])?;
    let (mut store, vault) = open_vault(deps).await?;
    let attempt = PinAttempt::begin(&ways.wire, &*ways.bases.at(platform, None)?, &sign).await?;
    let back = PageReturn::Pin { in_browser: !request.headless };
    front.show_page(LoginPage { url: attempt.url(), back })?;
    let pin = front.line("PIN").await?;
    let done = attempt.finish(&ways.wire, pin.expose(), &sign).await?;
    let (user, document) = (PlatformUser::at_one_address(platform, done.user), done.document);
    refuse_another(known, &user)?;
    let name = request.name.clone().map_or_else(|| standard_name(&user), Ok)?;
    let login = Login { name, user, document, scopes: None, expiry: None, app: None };
    let account = keep_told(login_deps, &mut store, &vault, login).await?;
    store.close().await;
    Ok(LoginReport { account, by: LoggedInBy::Grant { ends_soon: false } })
}
