//! Logging in on the page of an account's server: a person says yes to a few scopes there, and the tokens are bound to a key that is made
//! for this login. An app password (`session_login`) lasts longer and can do everything.

use super::browser::show;
use super::granting::{end_earlier, take_back};
use super::login_actions::{actions_to_ask_for, say_actions, scopes_of_reading};
use super::session_login::{follow_move, login_host, named_after};
use super::{keep_one, refuse_another, stdin};
use crate::app::{Ways, missing_scopes};
use crate::auth::{
    AuthServer, BoundAttempt, BoundGrant, CallbackListener, Code, Document, Home, LOGIN_WAIT_SECONDS, Login, LoginEnd,
    LoginError, Redirect, Vault, bound_scopes_for, stored_document,
};
use crate::cli::args::AccountLoginArgs;
use crate::cli::context::Context;
use crate::domain::{AccountHost, Action, Platform, PlatformUser};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{BaseUrl, FixedHost};
use crate::store::{Account, Store};
use crate::text::{clock_text, escaped};

/// Who logs in, and where that begins.
pub(super) struct PageLogin<'a> {
    pub(super) args: &'a AccountLoginArgs,
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
    pub(super) async fn run(&self, context: &Context) -> Result<u8, CommandError> {
        let (args, platform) = (self.args, self.platform);
        let host = login_host((platform, self.service), args.host.as_ref(), self.known)?;
        let ways = Ways::new(&context.settings, context.clock.clone(), [&host])?;
        let base = ways.bases.at(platform, Some(&host))?;
        let (mut store, vault) = super::open(context).await?;
        let actions = actions_to_ask_for(&mut store, args, self.known).await?;
        let scopes = bound_scopes_for(platform, &actions, &scopes_of_reading(platform, &actions));
        let server = AuthServer::of_host(&ways.wire, &base).await?;
        say_actions(context, args, &actions, platform);
        context.printer.say(&format!("the scopes for that at {}: {}", escaped(&server.issuer), scopes.join(" ")));
        let (attempt, code) = self.ask(context, &ways, server.clone(), &scopes).await?;
        let grant = attempt.exchange((&ways.wire, &*context.clock), &code).await.map_err(LoginError::Grant)?;
        let kept = self.keep(context, (&mut store, &vault), &ways, (&server, &host), &grant).await;
        let kept = match kept {
            Ok(kept) => kept,
            Err(error) => {
                take_back(context, &ways, (platform, Some(&host)), None, &grant.document).await;
                return Err(error);
            }
        };
        store.close().await;
        if let Some(before) = &kept.before {
            end_earlier(context, &ways, &kept.account, before).await;
        }
        self.tell(context, &actions, &grant, &kept);
        Ok(0)
    }

    /// Lets a person say yes.
    async fn ask(
        &self,
        context: &Context,
        ways: &Ways,
        server: AuthServer,
        scopes: &[&str],
    ) -> Result<(BoundAttempt, Code), CommandError> {
        let (printer, deps) = (&context.printer, (&ways.wire, &*context.clock));
        let hint = self.known.map(|account| &account.user_id);
        let issuer = server.issuer.clone();
        let refused = |error| match error {
            crate::auth::GrantError::Refused(said) => {
                CommandError::new(ErrorKind::Person, format!("{issuer} does not take this login: {said}"))
                    .hint("an app password needs no page: leave --browser, --headless and --actions out")
            }
            other => other.into(),
        };
        if self.args.headless {
            let redirect = Redirect::DEFAULT.parse().map_err(fault)?;
            let attempt = BoundAttempt::begin(deps, server, &redirect, scopes, hint).await.map_err(refused)?;
            printer.say("open this address in any browser, within five minutes:");
            printer.data(attempt.url())?;
            printer.say("allow it there, and paste here the address of the page you end at, which need not load:");
            let pasted = stdin::line("address or code").await?;
            let code = attempt.check().code_from_paste(pasted.expose()).map_err(LoginError::from)?;
            return Ok((attempt, code));
        }
        let listener = CallbackListener::bind_free_port().await?;
        let redirect = listener.redirect().clone();
        let attempt = BoundAttempt::begin(deps, server, &redirect, scopes, hint).await.map_err(refused)?;
        show(context, attempt.url())?;
        printer.say(&format!("waiting for the browser at {}", redirect.as_str()));
        let code = listener.wait(attempt.check(), LOGIN_WAIT_SECONDS).await.map_err(|error| match error {
            LoginError::TimedOut(_) => CommandError::new(ErrorKind::Person, error.to_string()).hint("nothing was kept"),
            other => other.into(),
        })?;
        Ok((attempt, code))
    }

    /// Finds out whose login it is, and whether the one who granted it may, and keeps it.
    async fn keep(
        &self,
        context: &Context,
        (store, vault): (&mut Store, &Vault),
        ways: &Ways,
        (server, host): (&AuthServer, &AccountHost),
        grant: &BoundGrant,
    ) -> Result<KeptPage, CommandError> {
        let directory = context.settings.address(&self.directory).parse::<BaseUrl>().map_err(|error| {
            CommandError::new(ErrorKind::Config, error.to_string())
                .hint(format!("set {} to an https address", self.directory.variable))
        })?;
        let Home { host: home, handle } = Home::of(&ways.wire, &directory, &grant.user, host).await?;
        server.is_named_by(&ways.wire, &*ways.bases.at(self.platform, Some(&home))?).await?;
        let user = PlatformUser { platform: self.platform, host: Some(home), id: grant.user.clone() };
        // A user is the same wherever it lives.
        refuse_another(self.known.filter(|known| known.user_id != user.id), &user)?;
        follow_move(context, store, &user).await?;
        let accounts = store.accounts().all().await?;
        let before = match accounts.iter().find(|account| account.user() == user) {
            Some(account) => stored_document(store, vault, account).await?,
            None => None,
        };
        let login = Login {
            name: self.args.name.clone().map_or_else(|| named_after(handle.as_deref(), &user), Ok)?,
            user,
            document: grant.document.clone(),
            scopes: Some(grant.scopes.clone()),
            expiry: Some(grant.expiry),
            app: None,
        };
        Ok(KeptPage { account: keep_one(context, store, vault, login).await?, before, handle })
    }

    fn tell(&self, context: &Context, actions: &[Action], grant: &BoundGrant, kept: &KeptPage) {
        let (printer, account) = (&context.printer, &kept.account);
        for action in actions {
            let missing = missing_scopes(self.platform, *action, Some(&grant.scopes));
            if !missing.is_empty() {
                printer.warn(&format!("{} was not granted, so {action} will be refused", missing.join(" and ")));
            }
        }
        let handle = kept.handle.as_deref().map_or_else(String::new, |handle| format!(" ({})", escaped(handle)));
        printer.say(&format!("logged in: {} is {}{handle}", account.name, account.user()));
        if let Some(LoginEnd::Fixed(ends)) = grant.document.login_ends() {
            let ends = clock_text(ends, context.clock.now().wall, context.local.zone.get());
            printer.say(&format!(
                "the login lasts until {ends} at the most; for every night take an app password, which lasts"
            ));
        }
    }
}

fn fault(error: crate::auth::InvalidRedirect) -> CommandError {
    CommandError::new(ErrorKind::Fault, error.to_string()).hint("please report this")
}
