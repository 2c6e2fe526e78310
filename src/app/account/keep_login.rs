//! Logins, kept sealed under the name of their account.
//!
//! In: what a login brought. Out: an account of the queue, and errors where it is somebody else's. What does not belong here: how the login
//! went (`login`).

use crate::app::deps::AppDeps;
use crate::app::tokens;
use crate::auth::{Login, Vault, save_login};
use crate::domain::{AccountHost, AccountName, Platform, PlatformUser};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{Host, spec};
use crate::store::{Account, Store};

/// Opens the queue and its vault where they are there, so that a wrong key is told before anybody is asked for anything. What may be
/// refused yet makes none.
pub(super) async fn open_existing_vault(deps: AppDeps<'_>) -> Result<(), CommandError> {
    let Some(mut store) = deps.existing_queue().await? else { return Ok(()) };
    tokens::open_vault(deps.settings, &mut store).await?;
    store.close().await;
    Ok(())
}

/// The queue and its vault, made where they are not there.
pub(super) async fn open_vault(deps: AppDeps<'_>) -> Result<(Store, Vault), CommandError> {
    let mut store = deps.open_queue().await?;
    let vault = tokens::open_vault(deps.settings, &mut store).await?;
    Ok((store, vault))
}

/// The name of an account that nobody named.
pub(super) fn standard_name(user: &PlatformUser) -> Result<AccountName, CommandError> {
    let prefix = spec(user.platform).account_prefix;
    format!("{prefix}-{}", user.id).parse().map_err(|why: String| CommandError::new(ErrorKind::Fault, why))
}

/// Refuses to give a name to somebody else than it has.
pub(super) fn refuse_another(known: Option<&Account>, user: &PlatformUser) -> Result<(), CommandError> {
    match known {
        Some(account) if account.user() != *user => {
            let message =
                format!("{} is {}, but this login is {user}; nothing was changed", account.name, account.user());
            Err(CommandError::new(ErrorKind::Usage, message)
                .hint("log in as the user that the account stands for, or give this login another name"))
        }
        _ => Ok(()),
    }
}

/// A host is needed where each account has its own, and means nothing elsewhere.
pub(super) fn refuse_host(platform: Platform, host: Option<&AccountHost>) -> Result<(), CommandError> {
    match (spec(platform).host, host) {
        (Host::OfAccount, None) => {
            let message = format!("an account of {platform} lives at a server of its own, and it is not said which");
            Err(CommandError::new(ErrorKind::Usage, message)
                .hint("name the server with --host example.social: the one whose pages you log in to"))
        }
        (Host::Fixed(_), Some(_)) => Err(CommandError::new(ErrorKind::Usage, format!("{platform} has one address"))
            .hint("leave --host out, or name the platform with --platform mastodon")),
        _ => Ok(()),
    }
}

/// Keeps a login sealed. A user who is known already keeps the name there was.
pub(super) async fn keep_login(
    deps: AppDeps<'_>,
    store: &mut Store,
    vault: &Vault,
    login: Login,
) -> Result<Account, CommandError> {
    let kept = save_login(store, vault, &[login], deps.clock.now().wall).await?;
    let accounts = store.accounts().all().await?;
    let account = accounts.into_iter().find(|account| kept.contains(&account.id));
    account.ok_or_else(|| CommandError::new(ErrorKind::Fault, "the account was not stored").hint("please report this"))
}
