//! The end of a login with OAuth 2.0: the code becomes a token, whose it is is asked, and it is kept or ended again.

use super::{keep_one, refuse_another, standard_name};
use crate::app::{self, Ways};
use crate::auth::{App, Attempt, Code, Document, Login, Vault, stored_document};
use crate::cli::context::Context;
use crate::domain::{AccountHost, AccountName, Action, Platform, PlatformUser, Secret, UserId};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::Credentials;
use crate::store::{Account, Store};
use crate::text::escaped;

/// A login that a person has said yes to.
#[derive(Clone, Copy)]
pub(super) struct Granting<'a> {
    pub(super) context: &'a Context,
    pub(super) ways: &'a Ways,
    /// Which platform, and the host where each account has its own.
    pub(super) place: (Platform, Option<&'a AccountHost>),
    /// The account that it has to be.
    pub(super) known: Option<&'a Account>,
    /// How it shall be called.
    pub(super) name: Option<&'a AccountName>,
    /// What it was asked for.
    pub(super) actions: &'a [Action],
}

/// A login that is kept.
pub(super) struct KeptLogin {
    pub(super) account: Account,
    /// Whether its token can be exchanged for a fresh one.
    pub(super) is_refreshable: bool,
    /// What was kept for the same user before.
    pub(super) before: Option<Document>,
}

impl Granting<'_> {
    /// Exchanges the code, asks whose token that brings, and keeps it. A token that is not kept is revoked.
    ///
    /// # Errors
    /// The code brings no token (77), the platform does not say whose it is, it is somebody else's (2).
    pub(super) async fn keep(
        self,
        store: &mut Store,
        vault: &Vault,
        attempt: Attempt,
        code: Code,
    ) -> Result<KeptLogin, CommandError> {
        let (context, (platform, host)) = (self.context, self.place);
        let asked_at = context.clock.now().wall;
        let app = attempt.app().clone();
        let pair = attempt.exchange(&self.ways.wire, code).await?;
        let granted = pair.scopes.clone();
        let document = Document::of_pair(&pair, &app);
        let is_refreshable = matches!(document, Document::OAuth2 { refresh: Some(_), .. });
        let kept = async {
            let id = self.user_of(&pair.access).await?;
            let user = PlatformUser { platform, host: host.cloned(), id };
            refuse_another(self.known, &user)?;
            let name = self.name.cloned().map_or_else(|| standard_name(&user), Ok)?;
            let accounts = store.accounts().all().await?;
            let before = match accounts.iter().find(|account| account.user() == user) {
                Some(account) => stored_document(store, vault, account).await?,
                None => None,
            };
            let login = Login::of_pair(name, user, pair, asked_at, &app);
            Ok((keep_one(context, store, vault, login).await?, before))
        };
        let (account, before) = match kept.await {
            Ok(kept) => kept,
            Err(error) => {
                take_back(self.context, self.ways, self.place, Some(&app), &document).await;
                return Err(error);
            }
        };
        for action in self.actions {
            if !app::missing_scopes(platform, *action, granted.as_deref()).is_empty() {
                let login = context.command(&["account", "login", account.name.as_str()]);
                context.printer.warn(&format!("{action} was not granted, so it will be refused; {login} asks again"));
            }
        }
        Ok(KeptLogin { account, is_refreshable, before })
    }

    /// Whose access token it is.
    async fn user_of(self, access: &Secret) -> Result<UserId, CommandError> {
        let credentials = Credentials::bearer(access.clone()).map_err(|error| {
            CommandError::new(ErrorKind::Unreachable, format!("the platform sent a token that cannot be used: {error}"))
                .hint("run the same command again")
        })?;
        let (platform, host) = self.place;
        let base = self.ways.bases.at(platform, host)?;
        let at = (platform, &*base);
        let asked = self.ways.user_of(at, &credentials).await;
        let user = asked.map_err(|reply| app::nobody(at, &reply))?;
        user.ok_or_else(|| CommandError::new(ErrorKind::Fault, format!("{platform} cannot be asked whose a token is")))
    }
}

/// Revokes what was granted and is not kept after all: nobody else has it, so nobody misses it.
pub(super) async fn take_back(
    context: &Context,
    ways: &Ways,
    place: (Platform, Option<&AccountHost>),
    app: Option<&App>,
    document: &Document,
) {
    let printer = &context.printer;
    match app::revoke(&context.settings, ways, place, app, document).await {
        Ok(()) => printer.say("the tokens of this login are revoked at the platform, as the login is not kept"),
        Err(why) => printer.warn(&format!(
            "the tokens of this login are not kept, but could not be revoked at the platform: {}",
            escaped(&why)
        )),
    }
}

/// The tokens of an earlier login at the account's host last until somebody ends them, and nobody needs them now.
pub(super) async fn end_earlier(context: &Context, ways: &Ways, account: &Account, before: &Document) {
    let (printer, name) = (&context.printer, &account.name);
    let host = account.host.as_ref().map_or("the platform", |host| host.as_str());
    match app::revoke(&context.settings, ways, (account.platform, account.host.as_ref()), None, before).await {
        Ok(()) => printer.say(&format!("the earlier login of {name} is revoked at {host}")),
        Err(why) => {
            printer.warn(&format!("the earlier token of {name} stays valid at {host}: {}", escaped(&why)));
        }
    }
}
