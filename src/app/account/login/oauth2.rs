//! A login with OAuth 2.0 and PKCE, by the app of the configuration.

use super::actions::{actions_to_ask_for, scopes_of_reading};
use super::front::{AskedActions, LoginDeps, LoginNotice, LoginPage, PageReturn};
use super::granting::Granting;
use super::request::{LoggedInBy, LoginReport, LoginRequest};
use crate::app::account::keep_login::open_vault;
use crate::app::{self, Ways};
use crate::auth::{Attempt, CallbackListener, InvalidRedirect, LOGIN_WAIT_SECONDS, LoginError, Redirect, scopes_for};
use crate::domain::Platform;
use crate::error::{CommandError, ErrorKind};
use crate::store::Account;

pub(super) async fn log_in_by_grant(
    login: LoginDeps<'_>,
    request: &LoginRequest,
    platform: Platform,
    known: Option<&Account>,
) -> Result<LoginReport, CommandError> {
    let LoginDeps { deps, front } = login;
    let app = app::needed_app(deps.settings)?;
    let redirect = deps.settings.app.redirect.as_deref().unwrap_or(Redirect::DEFAULT);
    let redirect: Redirect = redirect.parse().map_err(|error: InvalidRedirect| {
        CommandError::new(ErrorKind::Config, error.to_string())
            .hint("set [x] redirect in the config file, and register it at X")
    })?;
    let ways = Ways::new(deps.settings, deps.clock.clone(), [])?;
    let base = ways.bases.at(platform, None)?;
    let places = app::places(deps.settings, platform, &base)?;
    let (mut store, vault) = open_vault(deps).await?;
    let actions = actions_to_ask_for(&mut store, request, known).await?;
    let scopes = scopes_for(platform, &actions, &scopes_of_reading(platform, &actions));
    let attempt = Attempt::begin(app, places, redirect.clone(), &scopes);
    login.tell(LoginNotice::Asking(&AskedActions::of(request, &actions, platform)));
    login.tell(LoginNotice::Scopes(None, &scopes));
    let code = if request.headless {
        front.show_page(LoginPage { url: attempt.url(), back: PageReturn::Address })?;
        let pasted = front.line("address or code").await?;
        attempt.check().code_from_paste(pasted.expose()).map_err(LoginError::from)?
    } else {
        let listener = CallbackListener::bind(&redirect).await?;
        front.show_page(LoginPage { url: attempt.url(), back: PageReturn::ByBrowser(redirect.as_str()) })?;
        listener.wait(attempt.check(), LOGIN_WAIT_SECONDS).await?
    };
    let place = (platform, None);
    let granting = Granting { login, ways: &ways, place, known, name: request.name.as_ref(), actions: &actions };
    let kept = granting.keep(&mut store, &vault, attempt, code).await?;
    store.close().await;
    Ok(LoginReport { account: kept.account, by: LoggedInBy::Grant { ends_soon: !kept.is_refreshable } })
}
