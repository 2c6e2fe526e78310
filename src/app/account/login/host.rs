//! A login at a server of the account's own: an app is registered there for this login alone, a person says yes, and the token is kept
//! sealed with the app.

use super::actions::{actions_to_ask_for, scopes_of_reading};
use super::front::{AskedActions, LoginDeps, LoginNotice, LoginPage, PageReturn};
use super::granting::{Granting, KeptLogin, end_earlier};
use super::request::{LoggedInBy, LoginReport, LoginRequest};
use crate::app::account::keep_login::open_vault;
use crate::app::{self, Ways};
use crate::auth::{
    App, Attempt, CallbackListener, Code, CodeReturn, HostOffers, LOGIN_WAIT_SECONDS, LoginError, register_app,
};
use crate::domain::Platform;
use crate::error::{CommandError, ErrorKind};
use crate::platforms::BaseUrl;
use crate::store::Account;

/// Where a login at a host goes.
struct HostLogin<'a> {
    login: LoginDeps<'a>,
    platform: Platform,
    ways: Ways,
}

/// Logs in. The host is the account's, or the one that was named.
///
/// # Errors
/// The host registers no app (2), nobody said yes (77), the host does not answer (69).
pub(super) async fn log_in_at_host(
    login_deps: LoginDeps<'_>,
    request: &LoginRequest,
    platform: Platform,
    known: Option<&Account>,
) -> Result<LoginReport, CommandError> {
    let deps = login_deps.deps;
    let host = known.and_then(|account| account.host.as_ref()).or(request.host.as_ref()).ok_or_else(|| {
        CommandError::new(ErrorKind::Usage, format!("an account of {platform} lives at a server of its own"))
            .hint("name it with --host example.social")
    })?;
    let ways = Ways::new(deps.settings, deps.clock.clone(), [host])?;
    let (mut store, vault) = open_vault(deps).await?;
    let actions = actions_to_ask_for(&mut store, request, known).await?;
    let login = HostLogin { login: login_deps, platform, ways };
    let base = login.ways.bases.at(platform, Some(host))?;
    let offers = HostOffers::of(&login.ways.wire, &base).await?;
    let scopes = offers.scopes_for(platform, &actions, &scopes_of_reading(platform, &actions));
    login_deps.tell(LoginNotice::Asking(&AskedActions::of(request, &actions, platform)));
    login_deps.tell(LoginNotice::Scopes(Some(host.as_str()), &scopes));
    let (attempt, code) = login.grant(&base, offers, &scopes, request.headless).await?;
    let (place, ways) = ((platform, Some(host)), &login.ways);
    let granting = Granting { login: login_deps, ways, place, known, name: request.name.as_ref(), actions: &actions };
    let KeptLogin { account, before, .. } = granting.keep(&mut store, &vault, attempt, code).await?;
    store.close().await;
    if let Some(before) = before {
        end_earlier(login_deps, &login.ways, &account, &before).await;
    }
    Ok(LoginReport { account, by: LoggedInBy::Grant { ends_soon: false } })
}

impl HostLogin<'_> {
    /// Registers an app, and lets a person say yes to it.
    async fn grant(
        &self,
        base: &BaseUrl,
        offers: HostOffers,
        scopes: &[&str],
        headless: bool,
    ) -> Result<(Attempt, Code), CommandError> {
        let (front, wire) = (self.login.front, &self.ways.wire);
        if headless {
            let app = register_app(wire, base, &CodeReturn::Shown, scopes).await?;
            let attempt = self.begin(app, base, &CodeReturn::Shown, scopes, offers)?;
            front.show_page(LoginPage { url: attempt.url(), back: PageReturn::Code })?;
            let pasted = front.line("code").await?;
            let code = attempt.check().code_from_paste(pasted.expose()).map_err(LoginError::from)?;
            return Ok((attempt, code));
        }
        let listener = CallbackListener::bind_free_port().await?;
        let back = CodeReturn::Address(listener.redirect().clone());
        let app = register_app(wire, base, &back, scopes).await?;
        let attempt = self.begin(app, base, &back, scopes, offers)?;
        front.show_page(LoginPage { url: attempt.url(), back: PageReturn::ByBrowser(back.as_str()) })?;
        let code = listener.wait(attempt.check(), LOGIN_WAIT_SECONDS).await.map_err(|error| match error {
            LoginError::TimedOut(_) => CommandError::new(ErrorKind::Person, error.to_string()).hint("nothing was kept"),
            other => other.into(),
        })?;
        Ok((attempt, code))
    }

    fn begin(
        &self,
        app: App,
        base: &BaseUrl,
        back: &CodeReturn,
        scopes: &[&str],
        offers: HostOffers,
    ) -> Result<Attempt, CommandError> {
        let places = app::places(self.login.deps.settings, self.platform, base)?;
        Attempt::begin_at_host(app, places, back, scopes, offers.pkce)
            .map_err(|error| CommandError::new(ErrorKind::Fault, error.to_string()).hint("please report this"))
    }
}
