//! Whose archive it is, in words, and whether that is who was asked for.

use std::path::Path;

use crate::app::SandboxAccounts;
use crate::cli::commands::account;
use crate::cli::context::Context;
use crate::domain::{AccountName, UserId, is_unsafe};
use crate::error::{CommandError, ErrorKind};
use crate::lists::archive::About;
use crate::platforms::{LoginKind, spec};
use crate::text::clipped;

/// X allows 50.
const MAX_NAME_CHARS: usize = 80;

/// `archive of Ada, @ada (ID 2244994945), made 2024-03-01T12:00:00Z`
pub(super) fn sentence(about: &About) -> String {
    let who = match (&about.handle, about.user_id) {
        (Some(handle), Some(id)) => format!("{handle} (ID {id})"),
        (None, Some(id)) => format!("ID {id}"),
        (Some(handle), None) => format!("{handle}, whose ID it does not say"),
        (None, None) => "somebody it does not name: it has neither manifest nor account".to_owned(),
    };
    let name = about.name.as_deref().filter(|name| name.chars().any(|c| !c.is_whitespace() && !is_unsafe(c)));
    let name = name.map_or_else(String::new, |name| format!("{}, ", clipped(name, MAX_NAME_CHARS)));
    let made = about.generated_at.map_or_else(String::new, |at| format!(", made {}", at.rfc3339()));
    let part = match about.is_partial {
        Some(true) => "; only a part of what X keeps, so other zips hold the rest",
        Some(false) | None => "",
    };
    format!("archive of {name}{who}{made}{part}")
}

/// Refuses the archive unless it is the account's.
///
/// # Errors
/// It is somebody else's, or does not say whose (65); there is no such account (2).
pub(super) async fn refuse_another(
    context: &Context,
    archive: &Path,
    about: &About,
    name: &AccountName,
) -> Result<(), CommandError> {
    let user = user_of(context, name).await?;
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
async fn user_of(context: &Context, name: &AccountName) -> Result<UserId, CommandError> {
    match account::find(context, name).await {
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
        Err(_) if context.settings.is_sandbox() => SandboxAccounts::user_of(name),
        Err(error) => context.settings.credentials.x_user_id.clone().ok_or(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_empty_name_leaves_no_comma() {
        let about = |name: &str| About { handle: "ada".parse().ok(), name: Some(name.to_owned()), ..About::default() };
        for name in ["", "  ", "\u{200b}", "\u{202e}"] {
            let told = sentence(&about(name));
            assert!(told.starts_with("archive of @ada, whose ID"), "{told}");
        }
        assert!(sentence(&about("Ada")).starts_with("archive of Ada, @ada, "));
    }
}
