//! Logging in with an app password: a name and a password that the account's owner made for this one use, for a session.

use super::front::{LoginDeps, LoginNotice};
use super::granting::end_earlier;
use super::keep_told;
use super::request::{LoggedInBy, LoginReport};
use crate::app::Ways;
use crate::app::account::keep_login::{open_existing_vault, open_vault, refuse_another, standard_name};
use crate::auth::{AppSession, Document, GrantError, Login, stored_document};
use crate::domain::{AccountHost, AccountName, Platform, PlatformUser};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::spec;
use crate::store::{Account, Store};

/// How somebody gets an app password.
pub const MAKE_APP_PASSWORD: &str =
    "an app password is made in the account's settings, under Privacy and security, App passwords";

/// Whose session, and where it begins.
pub(in crate::app::account) struct SessionLogin<'a> {
    pub(in crate::app::account) login: LoginDeps<'a>,
    pub(in crate::app::account) name: Option<&'a AccountName>,
    pub(in crate::app::account) platform: Platform,
    /// Where to ask; none: where the account is known to live, else at the service that knows it.
    pub(in crate::app::account) host: Option<&'a AccountHost>,
    /// The service that knows where accounts live.
    pub(in crate::app::account) service: &'static str,
    pub(in crate::app::account) known: Option<&'a Account>,
}

impl SessionLogin<'_> {
    /// Begins a session and keeps it.
    ///
    /// # Errors
    /// The server does not take the name or the password (77), or does not answer (69); the name is somebody else's (2).
    pub(in crate::app::account) async fn run(&self) -> Result<LoginReport, CommandError> {
        let LoginDeps { deps, front } = self.login;
        let host = login_host((self.platform, self.service), self.host, self.known)?;
        open_existing_vault(deps).await?;
        self.login.tell(LoginNotice::AppPassword(&host));
        let name = front.line("handle, DID or e-mail").await?;
        let password = front.secret("app password").await?;
        let ways = Ways::new(deps.settings, deps.clock.clone(), [&host])?;
        let base = ways.bases.at(self.platform, Some(&host))?;
        let asked_at = deps.clock.now().wall;
        let name = name.expose().trim_start_matches('@');
        let session = AppSession::begin(&ways.wire, (&base, &host), name, &password).await.map_err(advised)?;
        if session.may_do_everything() {
            self.login.tell(LoginNotice::OwnPassword);
        }
        let (mut store, vault) = open_vault(deps).await?;
        let kept = async {
            let home = session.host.clone().unwrap_or_else(|| host.clone());
            let user = PlatformUser { platform: self.platform, host: Some(home), id: session.user.clone() };
            // A user is the same wherever it lives.
            refuse_another(self.known.filter(|known| known.user_id != user.id), &user)?;
            follow_move(self.login, &mut store, &user).await?;
            let accounts = store.accounts().all().await?;
            let before = match accounts.iter().find(|account| account.user() == user) {
                Some(account) => stored_document(&mut store, &vault, account).await?,
                None => None,
            };
            let login = Login {
                name: self.name.cloned().map_or_else(|| named_after(session.handle.as_deref(), &user), Ok)?,
                user,
                document: session.document(),
                scopes: session.scopes(),
                expiry: Some(session.expiry(asked_at)),
                app: None,
            };
            Ok((keep_told(self.login, &mut store, &vault, login).await?, before))
        };
        let (account, before) = match kept.await {
            Ok(kept) => kept,
            Err(error) => {
                // Nobody else has it, so nobody misses it. One that cannot be ended ends by itself.
                let _ = session.take_back(&ways.wire, &base).await;
                return Err(error);
            }
        };
        store.close().await;
        if let Some(before @ Document::Bound { .. }) = &before {
            end_earlier(self.login, &ways, &account, before).await;
        }
        let ends = session.document().login_ends();
        Ok(LoginReport { account, by: LoggedInBy::Server { handle: session.handle.clone(), ends } })
    }
}

/// Where a login begins: at the host that was named, else where the account is known to live, else at the service that knows it.
pub(super) fn login_host(
    (platform, service): (Platform, &str),
    named: Option<&AccountHost>,
    known: Option<&Account>,
) -> Result<AccountHost, CommandError> {
    match named.or(known.and_then(|account| account.host.as_ref())) {
        Some(host) => Ok(host.clone()),
        None => service.parse().map_err(|_| {
            let service = spec(platform).service;
            CommandError::new(ErrorKind::Fault, format!("{service} has no address to log in at"))
        }),
    }
}

/// The same user on record at another server has moved: the account moves with it, and keeps its name, jobs and history.
pub(super) async fn follow_move(
    login: LoginDeps<'_>,
    store: &mut Store,
    user: &PlatformUser,
) -> Result<(), CommandError> {
    let accounts = store.accounts().all().await?;
    let is_same = |account: &&Account| account.platform == user.platform && account.user_id == user.id;
    let Some(account) = accounts.iter().find(is_same) else { return Ok(()) };
    if accounts.iter().any(|account| account.user() == *user) {
        return Ok(());
    }
    store.accounts().move_to_host(account.id, user.host.as_ref()).await?;
    let place = |host: &Option<AccountHost>| host.as_ref().map_or("nowhere".to_owned(), ToString::to_string);
    let (from, to) = (place(&account.host), place(&user.host));
    login.tell(LoginNotice::Moved { account: &account.name, from: &from, to: &to });
    Ok(())
}

/// The name of an account that nobody named: a handle is shorter than a DID, and people know it.
pub(super) fn named_after(handle: Option<&str>, user: &PlatformUser) -> Result<AccountName, CommandError> {
    let Some(handle) = handle else { return standard_name(user) };
    let named = format!("{}-{handle}", spec(user.platform).account_prefix).parse();
    named.or_else(|_| standard_name(user))
}

/// What to do where a server does not take a login.
fn advised(error: GrantError) -> CommandError {
    match error {
        GrantError::Refused(said) => {
            CommandError::new(ErrorKind::Person, format!("not logged in: {said}")).hint(MAKE_APP_PASSWORD)
        }
        other => other.into(),
    }
}
