//! A login: a person says yes at the platform, or gives an app password or a key, and it is kept sealed.
//!
//! In: a request, and whoever logs in. Out: an account with its login. What does not belong here: terminals and browsers (`cli`), what is
//! sent to a platform's authorization server (`auth`).

mod actions;
mod front;
mod granting;
mod host;
mod key;
mod oauth2;
mod page;
mod pin;
mod request;
mod session;

pub use self::actions::undoing_actions;
pub(super) use self::front::LoginDeps;
pub use self::front::{AskedActions, LoginFrontend, LoginNotice, LoginPage, PageReturn, PromptFuture};
use self::page::PageLogin;
pub use self::request::{LoggedInBy, LoginReport, LoginRequest};
pub use self::session::MAKE_APP_PASSWORD;
pub(super) use self::session::SessionLogin;
use super::keep_login::{keep_login, refuse_host};
use crate::app::deps::AppDeps;
use crate::app::find_account::find_account;
use crate::auth::{Login, Vault};
use crate::domain::Platform;
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{LoginKind, find, spec};
use crate::store::{Account, CredentialKind, Store};

/// Logs in.
///
/// # Errors
/// No app is configured (78), nobody said yes (77), the platform does not answer (69).
pub async fn log_in(
    deps: AppDeps<'_>,
    front: &dyn LoginFrontend,
    request: &LoginRequest,
) -> Result<LoginReport, CommandError> {
    let known = known(deps, request).await?;
    let known = known.as_ref();
    let platform = request.platform.or(known.map(|account| account.platform)).unwrap_or_default();
    if let Some(account) = known.filter(|account| account.platform != platform) {
        let message = format!("{} is an account of {}, not of {platform}", account.name, account.platform);
        return Err(CommandError::new(ErrorKind::Usage, message).hint("give this login another name"));
    }
    // Where an account of such a platform lives is found out, and it may move.
    if !matches!(spec(platform).login, LoginKind::AppPassword { .. }) {
        refuse_other_host(request, platform, known)?;
    }
    if let Some(action) = request.actions.iter().find(|action| find(platform, **action).is_none()) {
        return Err(CommandError::new(ErrorKind::Usage, format!("{platform} does not offer {action}"))
            .hint("see docs/platforms.md for what each platform offers"));
    }
    let login = LoginDeps { deps, front };
    match spec(platform).login {
        LoginKind::OAuth1 => pin::log_in_by_pin(login, request, platform, known).await,
        LoginKind::Key => key::log_in_by_key(login, request, platform, known).await,
        LoginKind::OAuth2 => oauth2::log_in_by_grant(login, request, platform, known).await,
        LoginKind::AppAtHost => host::log_in_at_host(login, request, platform, known).await,
        LoginKind::AppPassword { at: service, directory } => {
            if is_on_page(login, request, known).await? {
                return PageLogin { login, request, platform, service, directory, known }.run().await;
            }
            let (name, host) = (request.name.as_ref(), request.host.as_ref());
            SessionLogin { login, name, platform, host, service, known }.run().await
        }
    }
}

/// Whether a login goes by the server's page: where that was asked for, or where it is for some actions alone, which an app password cannot
/// be; and an account that was logged in so before, where somebody sits at a terminal.
async fn is_on_page(
    login: LoginDeps<'_>,
    request: &LoginRequest,
    known: Option<&Account>,
) -> Result<bool, CommandError> {
    if request.browser || request.headless || !request.actions.is_empty() {
        return Ok(true);
    }
    let Some(account) = known.filter(|_| login.front.is_at_terminal()) else { return Ok(false) };
    let Some(mut store) = login.deps.existing_queue().await? else { return Ok(false) };
    let record = store.accounts().credential(account.id).await?;
    store.close().await;
    Ok(record.is_some_and(|record| record.set.kind == CredentialKind::Dpop))
}

/// The host of an account that is known is on record, and stays.
fn refuse_other_host(request: &LoginRequest, platform: Platform, known: Option<&Account>) -> Result<(), CommandError> {
    match known.and_then(|account| Some((account, account.host.as_ref()?))) {
        Some((account, host)) => match &request.host {
            Some(other) if other != host => {
                let message = format!("{} is an account at {host}, not at {other}", account.name);
                Err(CommandError::new(ErrorKind::Usage, message)
                    .hint("leave --host out, or give this login another name"))
            }
            _ => Ok(()),
        },
        None => refuse_host(platform, request.host.as_ref()),
    }
}

/// The account that is named, if there is one already.
async fn known(deps: AppDeps<'_>, request: &LoginRequest) -> Result<Option<Account>, CommandError> {
    let Some(name) = &request.name else { return Ok(None) };
    match find_account(deps, name).await {
        Ok((store, account)) => {
            store.close().await;
            Ok(Some(account))
        }
        Err(error) if error.kind == ErrorKind::Usage => Ok(None),
        Err(error) => Err(error),
    }
}

/// Keeps a login, and tells where its user has another name here.
pub(super) async fn keep_told(
    to: LoginDeps<'_>,
    store: &mut Store,
    vault: &Vault,
    login: Login,
) -> Result<Account, CommandError> {
    let wanted = login.name.clone();
    let account = keep_login(to.deps, store, vault, login).await?;
    if account.name != wanted {
        to.tell(LoginNotice::NameStays(&account));
    }
    Ok(account)
}
