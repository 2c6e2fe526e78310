//! The end of a login with OAuth 2.0: the code becomes a token, whose it is is asked, and it is kept or ended again.

use super::front::{LoginDeps, LoginNotice};
use super::keep_told;
use crate::app::account::keep_login::{refuse_another, standard_name};
use crate::app::{self, Ways};
use crate::auth::{App, Attempt, Code, Document, Login, Vault, stored_document};
use crate::domain::{AccountHost, AccountName, Action, Platform, PlatformUser, Secret, UserId};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::Credentials;
use crate::store::{Account, Store};

/// A login that a person has said yes to.
#[derive(Clone, Copy)]
pub(super) struct Granting<'a> {
    pub(super) login: LoginDeps<'a>,
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
        let (login_deps, (platform, host)) = (self.login, self.place);
        let asked_at = login_deps.deps.clock.now().wall;
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
            Ok((keep_told(login_deps, store, vault, login).await?, before))
        };
        let (account, before) = match kept.await {
            Ok(kept) => kept,
            Err(error) => {
                take_back(self.login, self.ways, self.place, Some(&app), &document).await;
                return Err(error);
            }
        };
        for action in self.actions {
            if !app::missing_scopes(platform, *action, granted.as_deref()).is_empty() {
                login_deps.tell(LoginNotice::NotGranted(*action, &account.name));
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
    login: LoginDeps<'_>,
    ways: &Ways,
    place: (Platform, Option<&AccountHost>),
    app: Option<&App>,
    document: &Document,
) {
    let revoked = app::revoke(login.deps.settings, ways, place, app, document).await;
    login.tell(LoginNotice::TakenBack(revoked.as_ref().copied().map_err(String::as_str)));
}

/// The tokens of an earlier login at the account's host last until somebody ends them, and nobody needs them now.
pub(super) async fn end_earlier(login: LoginDeps<'_>, ways: &Ways, account: &Account, before: &Document) {
    let place = (account.platform, account.host.as_ref());
    let revoked = app::revoke(login.deps.settings, ways, place, None, before).await;
    login.tell(LoginNotice::EarlierEnded(account, revoked.as_ref().copied().map_err(String::as_str)));
}
