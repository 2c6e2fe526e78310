//! Whether an archive is that of the account that was asked for.

use std::path::Path;

use crate::app::deps::AppDeps;
use crate::app::{SandboxAccounts, find_account};
use crate::domain::{AccountHost, AccountName, UserId};
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
    let (user, host) = user_of(deps, name).await?;
    let path = archive.display();
    let refused = |message: String, hint: &str| Err(CommandError::new(ErrorKind::InputData, message).hint(hint));
    let if_known = "leave out --account if you know that it is theirs";
    let another = "name the account it belongs to, or leave out --account";
    match (&about.user_id, &about.address) {
        (_, Some(address)) if about.host != host => {
            let at = host.map_or_else(String::new, |host| format!(" at {host}"));
            refused(format!("{path} is the archive of {address}, and {name} is user {user}{at}"), another)
        }
        (Some(id), _) if *id == user => Ok(()),
        (Some(id), _) => refused(format!("{path} is the archive of user {id}, and {name} is user {user}"), another),
        (None, Some(address)) => {
            let message = format!(
                "{path} is the archive of {address}; it does not say its ID, so it cannot be compared with {name}, user {user}"
            );
            refused(message, if_known)
        }
        (None, None) => refused(format!("{path} does not say whose archive it is, and {name} was asked for"), if_known),
    }
}

/// The user that a name stands for, and the server it is at where there are many: as the queue knows it, else as the environment says.
async fn user_of(deps: AppDeps<'_>, name: &AccountName) -> Result<(UserId, Option<AccountHost>), CommandError> {
    match find_account(deps, name).await {
        Ok((store, account)) => {
            store.close().await;
            if spec(account.platform).login != LoginKind::Key {
                return Ok((account.user_id, account.host));
            }
            let message = format!("{name} is an account of AIsa, and which user of X it is, is not known");
            Err(CommandError::new(ErrorKind::Usage, message)
                .hint("leave out --account, and compare the archive's ID yourself"))
        }
        Err(error) if error.kind != ErrorKind::Usage => Err(error),
        Err(_) if deps.settings.is_sandbox() => Ok((SandboxAccounts::user_of(name)?, None)),
        Err(error) => deps.settings.credentials.x_user_id.clone().map(|user| (user, None)).ok_or(error),
    }
}
