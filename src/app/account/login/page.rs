//! Logging in on the page of an account's server: a person says yes to a few scopes there, and the tokens are bound to a key that is made
//! for this login. An app password (`session`) lasts longer and can do everything.

use super::actions::{actions_to_ask_for, scopes_of_reading};
use super::front::{AskedActions, LoginDeps, LoginNotice, LoginPage, PageReturn};
use super::granting::{end_earlier, take_back};
use super::keep_told;
use super::request::{LoggedInBy, LoginReport, LoginRequest};
use super::session::{follow_move, login_host, named_after};
use crate::app::account::keep_login::{open_vault, refuse_another};
use crate::app::{Ways, missing_scopes};
use crate::auth::{
    AuthServer, BoundAttempt, BoundGrant, CallbackListener, Code, Document, Home, LOGIN_WAIT_SECONDS, Login,
    LoginError, Redirect, Vault, bound_scopes_for, stored_document,
};
use crate::domain::{AccountHost, Platform, PlatformUser};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{BaseUrl, FixedHost};
use crate::store::{Account, Store};

/// Who logs in, and where that begins.
pub(super) struct PageLogin<'a> {
    pub(super) login: LoginDeps<'a>,
    pub(super) request: &'a LoginRequest,
    pub(super) platform: Platform,
    /// The service that knows where accounts are logged in to.
    pub(super) service: &'static str,
    /// Who says where each account lives.
    pub(super) directory: FixedHost,
    pub(super) known: Option<&'a Account>,
}

/// A login that is kept.
struct KeptPage {
    account: Account,
    /// What was kept for the same user before.
    before: Option<Document>,
    handle: Option<String>,
}

impl PageLogin<'_> {
    /// Logs in.
    ///
    /// # Errors
    /// The server has no such page (2), nobody said yes (77), servers do not agree about whose login it is (77), the server does not
    /// answer (69).
    pub(super) async fn run(&self) -> Result<LoginReport, CommandError> {
        let (request, platform, deps) = (self.request, self.platform, self.login.deps);
        let host = login_host((platform, self.service), request.host.as_ref(), self.known)?;
        let ways = Ways::new(deps.settings, deps.clock.clone(), [&host])?;
        let base = ways.bases.at(platform, Some(&host))?;
        let (mut store, vault) = open_vault(deps).await?;
        let actions = actions_to_ask_for(&mut store, request, self.known).await?;
        let scopes = bound_scopes_for(platform, &actions, &scopes_of_reading(platform, &actions));
        let server = AuthServer::of_host(&ways.wire, &base).await?;
        self.login.tell(LoginNotice::Asking(&AskedActions::of(request, &actions, platform)));
        self.login.tell(LoginNotice::Scopes(Some(&server.issuer), &scopes));
        let (attempt, code) = self.ask(&ways, server.clone(), &scopes).await?;
        let grant = attempt.exchange((&ways.wire, &**deps.clock), &code).await.map_err(LoginError::Grant)?;
        let kept = self.keep((&mut store, &vault), &ways, (&server, &host), &grant).await;
        let kept = match kept {
            Ok(kept) => kept,
            Err(error) => {
                take_back(self.login, &ways, (platform, Some(&host)), None, &grant.document).await;
                return Err(error);
            }
        };
        store.close().await;
        let KeptPage { account, before, handle } = kept;
        if let Some(before) = &before {
            end_earlier(self.login, &ways, &account, before).await;
        }
        for action in &actions {
            let missing = missing_scopes(platform, *action, Some(&grant.scopes));
            if !missing.is_empty() {
                self.login.tell(LoginNotice::MissingScopes(*action, &missing));
            }
        }
        Ok(LoginReport { account, by: LoggedInBy::Server { handle, ends: grant.document.login_ends() } })
    }

    /// Lets a person say yes.
    async fn ask(
        &self,
        ways: &Ways,
        server: AuthServer,
        scopes: &[&str],
    ) -> Result<(BoundAttempt, Code), CommandError> {
        let (front, deps) = (self.login.front, (&ways.wire, &**self.login.deps.clock));
        let hint = self.known.map(|account| &account.user_id);
        let issuer = server.issuer.clone();
        let refused = |error| match error {
            crate::auth::GrantError::Refused(said) => {
                CommandError::new(ErrorKind::Person, format!("{issuer} does not take this login: {said}"))
                    .hint("an app password needs no page: leave --browser, --headless and --actions out")
            }
            other => other.into(),
        };
        if self.request.headless {
            let redirect = Redirect::DEFAULT.parse().map_err(fault)?;
            let attempt = BoundAttempt::begin(deps, server, &redirect, scopes, hint).await.map_err(refused)?;
            front.show_page(LoginPage { url: attempt.url(), back: PageReturn::AddressSoon })?;
            let pasted = front.line("address or code").await?;
            let code = attempt.check().code_from_paste(pasted.expose()).map_err(LoginError::from)?;
            return Ok((attempt, code));
        }
        let listener = CallbackListener::bind_free_port().await?;
        let redirect = listener.redirect().clone();
        let attempt = BoundAttempt::begin(deps, server, &redirect, scopes, hint).await.map_err(refused)?;
        front.show_page(LoginPage { url: attempt.url(), back: PageReturn::ByBrowser(redirect.as_str()) })?;
        let code = listener.wait(attempt.check(), LOGIN_WAIT_SECONDS).await.map_err(|error| match error {
            LoginError::TimedOut(_) => CommandError::new(ErrorKind::Person, error.to_string()).hint("nothing was kept"),
            other => other.into(),
        })?;
        Ok((attempt, code))
    }

    /// Finds out whose login it is, and whether the one who granted it may, and keeps it.
    async fn keep(
        &self,
        (store, vault): (&mut Store, &Vault),
        ways: &Ways,
        (server, host): (&AuthServer, &AccountHost),
        grant: &BoundGrant,
    ) -> Result<KeptPage, CommandError> {
        let directory = self.login.deps.settings.address(&self.directory).parse::<BaseUrl>().map_err(|error| {
            CommandError::new(ErrorKind::Config, error.to_string())
                .hint(format!("set {} to an https address", self.directory.variable))
        })?;
        let Home { host: home, handle } = Home::of(&ways.wire, &directory, &grant.user, host).await?;
        server.is_named_by(&ways.wire, &*ways.bases.at(self.platform, Some(&home))?).await?;
        let user = PlatformUser { platform: self.platform, host: Some(home), id: grant.user.clone() };
        // A user is the same wherever it lives.
        refuse_another(self.known.filter(|known| known.user_id != user.id), &user)?;
        follow_move(self.login, store, &user).await?;
        let accounts = store.accounts().all().await?;
        let before = match accounts.iter().find(|account| account.user() == user) {
            Some(account) => stored_document(store, vault, account).await?,
            None => None,
        };
        let login = Login {
            name: self.request.name.clone().map_or_else(|| named_after(handle.as_deref(), &user), Ok)?,
            user,
            document: grant.document.clone(),
            scopes: Some(grant.scopes.clone()),
            expiry: Some(grant.expiry),
            app: None,
        };
        Ok(KeptPage { account: keep_told(self.login, store, vault, login).await?, before, handle })
    }
}

fn fault(error: crate::auth::InvalidRedirect) -> CommandError {
    CommandError::new(ErrorKind::Fault, error.to_string()).hint("please report this")
}
