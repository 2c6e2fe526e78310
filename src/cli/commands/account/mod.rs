//! `cleanup account`: who cleanup may act for. One file a command; here is what they share.
//!
//! Secrets come from the environment, the config file or stdin, and go into the vault; none is ever printed.

mod add;
mod browser;
mod check;
pub(crate) mod default;
mod import;
pub(crate) mod list;
mod login;
mod login_front;
mod logout;
mod remove;
mod stdin;

use crate::cli::args::{AccountArgs, AccountCommand};
use crate::cli::context::Context;
use crate::error::CommandError;

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
