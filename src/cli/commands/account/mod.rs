//! `cleanup account`: who cleanup may act for. One file a command; here is what they share.
//!
//! Secrets come from the environment, the config file or stdin, and go into the vault; none is ever printed.

mod add;
mod browser;
mod check;
pub(crate) mod default;
mod granting;
mod host_login;
mod import;
pub(crate) mod list;
mod login;
mod login_actions;
mod logout;
mod other_logins;
mod page_login;
mod remove;
mod session_login;
mod stdin;

use crate::app;
use crate::auth::{Login, Vault, save_login};
use crate::cli::args::{AccountArgs, AccountCommand};
use crate::cli::context::Context;
use crate::domain::{AccountHost, AccountName, Platform, PlatformUser};
use crate::error::{CommandError, ErrorKind};
use crate::platforms::{Host, spec};
use crate::store::{Account, Store};

/// Does what the command says.
///
/// # Errors
/// Whatever ends it early; the error knows its exit code.
pub async fn run(context: &Context, args: &AccountArgs) -> Result<u8, CommandError> {
    match &args.command {
        AccountCommand::Add(args) => stdin::until_signal(add::run(context, args)).await,
        AccountCommand::Login(args) => stdin::until_signal(login::run(context, args)).await,
        AccountCommand::Logout(args) => logout::run(context, args).await,
        AccountCommand::List(args) => list::run(context, *args).await,
        AccountCommand::Default(args) => default::run(context, args).await,
        AccountCommand::Check(args) => check::run(context, args).await,
        AccountCommand::Remove(args) => remove::run(context, args).await,
        AccountCommand::Import(args) => import::run(context, args).await,
    }
}

/// Opens the queue and its vault where they are there, so that a wrong key is told before anybody is asked for anything. What may be
/// refused yet makes none.
async fn open_existing(context: &Context) -> Result<(), CommandError> {
    let Some(mut store) = context.existing_queue().await? else { return Ok(()) };
    app::open_vault(&context.settings, &mut store).await?;
    store.close().await;
    Ok(())
}

/// The queue and its vault, made where they are not there.
async fn open(context: &Context) -> Result<(Store, Vault), CommandError> {
    let mut store = context.open_queue().await?;
    let vault = app::open_vault(&context.settings, &mut store).await?;
    Ok((store, vault))
}

/// The name of an account that nobody named.
fn standard_name(user: &PlatformUser) -> Result<AccountName, CommandError> {
    let prefix = spec(user.platform).account_prefix;
    format!("{prefix}-{}", user.id).parse().map_err(|why: String| CommandError::new(ErrorKind::Fault, why))
}

/// Refuses to give a name to somebody else than it has.
fn refuse_another(known: Option<&Account>, user: &PlatformUser) -> Result<(), CommandError> {
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
fn refuse_host(platform: Platform, host: Option<&AccountHost>) -> Result<(), CommandError> {
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

/// Keeps a login sealed, and says under which name.
async fn keep_one(context: &Context, store: &mut Store, vault: &Vault, login: Login) -> Result<Account, CommandError> {
    let wanted = login.name.clone();
    let kept = save_login(store, vault, &[login], context.clock.now().wall).await?;
    let accounts = store.accounts().all().await?;
    let account = accounts.into_iter().find(|account| kept.contains(&account.id));
    let account = account
        .ok_or_else(|| CommandError::new(ErrorKind::Fault, "the account was not stored").hint("please report this"))?;
    if account.name != wanted {
        context.printer.say(&format!(
            "user {} is in this queue already, as {}, and keeps that name",
            account.user_id, account.name
        ));
    }
    Ok(account)
}
