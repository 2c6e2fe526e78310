//! Whether an archive is that of the account that was asked for.

use std::path::Path;

use crate::app::deps::AppDeps;
use crate::app::{SandboxAccounts, find_account};
use crate::domain::{AccountName, UserId};
use crate::error::{CommandError, ErrorKind};
use crate::lists::archive::About;
use crate::platforms::{LoginKind, spec};

/// Refuses the archive unless it is the account's.
///
/// # Errors
/// It is somebody else's, or does not say whose (65); there is no such account (2).
pub(super) async fn refuse_another(
    deps: AppDeps<'_>,
    archive: &Path,
    about: &About,
    name: &AccountName,
) -> Result<(), CommandError> {
    let user = user_of(deps, name).await?;
    let path = archive.display();
    match about.user_id {
        Some(id) if id.to_string() == user.as_str() => Ok(()),
        Some(id) => {
            let message = format!("{path} is the archive of user {id}, and {name} is user {user}");
            Err(CommandError::new(ErrorKind::InputData, message)
                .hint("name the account it belongs to, or leave out --account"))
        }
        None => {
            let message = format!("{path} does not say whose archive it is, and {name} was asked for");
            Err(CommandError::new(ErrorKind::InputData, message)
                .hint("leave out --account if you know that it is theirs"))
        }
    }
}

/// The user on X that a name stands for: as the queue knows it, else as the environment says.
async fn user_of(deps: AppDeps<'_>, name: &AccountName) -> Result<UserId, CommandError> {
    match find_account(deps, name).await {
        Ok((store, account)) => {
            store.close().await;
            if spec(account.platform).login != LoginKind::Key {
                return Ok(account.user_id);
            }
            let message = format!("{name} is an account of AIsa, and which user of X it is, is not known");
            Err(CommandError::new(ErrorKind::Usage, message)
                .hint("leave out --account, and compare the archive's ID yourself"))
        }
        Err(error) if error.kind != ErrorKind::Usage => Err(error),
        Err(_) if deps.settings.is_sandbox() => SandboxAccounts::user_of(name),
        Err(error) => deps.settings.credentials.x_user_id.clone().ok_or(error),
    }
}
