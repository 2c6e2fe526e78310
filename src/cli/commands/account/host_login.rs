//! `cleanup account login` at a server of the account's own: an app is registered there for this login alone, a person says yes, and the
//! token is kept sealed with the app.

use super::browser::show;
use super::granting::{Granting, KeptLogin, end_earlier};
use super::login_actions::{actions_to_ask_for, say_actions, scopes_of_reading};
use super::stdin;
use crate::app::{self, Ways};
use crate::auth::{
    App, Attempt, CallbackListener, Code, CodeReturn, HostOffers, LOGIN_WAIT_SECONDS, LoginError, register_app,
};
use crate::cli::args::AccountLoginArgs;
use crate::cli::context::Context;
use crate::domain::Platform;
use crate::error::{CommandError, ErrorKind};
use crate::platforms::BaseUrl;
use crate::store::Account;

/// Where a login at a host goes.
struct HostLogin<'a> {
    context: &'a Context,
    platform: Platform,
    ways: Ways,
}

/// Logs in. The host is the account's, or the one that was named.
///
/// # Errors
/// The host registers no app (2), nobody said yes (77), the host does not answer (69).
pub(super) async fn run(
    context: &Context,
    args: &AccountLoginArgs,
    platform: Platform,
    known: Option<&Account>,
) -> Result<u8, CommandError> {
    let host = known.and_then(|account| account.host.as_ref()).or(args.host.as_ref()).ok_or_else(|| {
        CommandError::new(ErrorKind::Usage, format!("an account of {platform} lives at a server of its own"))
            .hint("name it with --host example.social")
    })?;
    let ways = Ways::new(&context.settings, context.clock.clone(), [host])?;
    let (mut store, vault) = super::open(context).await?;
    let actions = actions_to_ask_for(&mut store, args, known).await?;
    let login = HostLogin { context, platform, ways };
    let base = login.ways.bases.at(platform, Some(host))?;
    let offers = HostOffers::of(&login.ways.wire, &base).await?;
    let scopes = offers.scopes_for(platform, &actions, &scopes_of_reading(platform, &actions));
    say_actions(context, args, &actions, platform);
    context.printer.say(&format!("the scopes for that at {host}: {}", scopes.join(" ")));
    let (attempt, code) = login.grant(&base, offers, &scopes, args.headless).await?;
    let (place, ways) = ((platform, Some(host)), &login.ways);
    let granting = Granting { context, ways, place, known, name: args.name.as_ref(), actions: &actions };
    let KeptLogin { account, before, .. } = granting.keep(&mut store, &vault, attempt, code).await?;
    store.close().await;
    if let Some(before) = before {
        end_earlier(context, &login.ways, &account, &before).await;
    }
    context.printer.say(&format!("logged in: {} is user {} on {platform} at {host}", account.name, account.user_id));
    Ok(0)
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
        let (printer, wire) = (&self.context.printer, &self.ways.wire);
        if headless {
            let app = register_app(wire, base, &CodeReturn::Shown, scopes).await?;
            let attempt = self.begin(app, base, &CodeReturn::Shown, scopes, offers)?;
            printer.say("open this address in any browser:");
            printer.data(attempt.url())?;
            printer.say("authorize the app there, then type or paste the code that you are shown:");
            let pasted = stdin::line("code").await?;
            let code = attempt.check().code_from_paste(pasted.expose()).map_err(LoginError::from)?;
            return Ok((attempt, code));
        }
        let listener = CallbackListener::bind_free_port().await?;
        let back = CodeReturn::Address(listener.redirect().clone());
        let app = register_app(wire, base, &back, scopes).await?;
        let attempt = self.begin(app, base, &back, scopes, offers)?;
        show(self.context, attempt.url())?;
        printer.say(&format!("waiting for the browser at {}", back.as_str()));
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
        let places = app::places(&self.context.settings, self.platform, base)?;
        Attempt::begin_at_host(app, places, back, scopes, offers.pkce)
            .map_err(|error| CommandError::new(ErrorKind::Fault, error.to_string()).hint("please report this"))
    }
}
