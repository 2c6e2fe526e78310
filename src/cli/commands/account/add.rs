//! `cleanup account add`: a token that somebody has already, from stdin.

use super::login::say_logged_in;
use crate::app::account::{AddAccountRequest, AddedAccount, add_account};
use crate::cli::args::AccountAddArgs;
use crate::cli::context::Context;
use crate::error::CommandError;

/// Keeps it.
///
/// # Errors
/// Stdin holds no token, the platform does not say whose it is, the name is somebody else's.
pub(super) async fn run(context: &Context, args: &AccountAddArgs) -> Result<u8, CommandError> {
    let request = AddAccountRequest {
        name: args.name.clone(),
        platform: args.platform,
        host: args.host.clone(),
        user_id: args.user_id.clone(),
    };
    match add_account(context.deps(), &context.printer, &request).await? {
        AddedAccount::Kept(account) => {
            let check = context.command(&["account", "check", account.name.as_str()]);
            context.printer.say(&format!("kept: {} is {}; try {check}", account.name, account.user()));
        }
        AddedAccount::LoggedIn(report) => say_logged_in(context, &report, false)?,
    }
    Ok(0)
}
