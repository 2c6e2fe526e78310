//! An account by its name, or what to type instead.

use super::deps::AppDeps;
use crate::domain::AccountName;
use crate::error::{CommandError, ErrorKind};
use crate::store::{Account, Store};

/// The account of a name.
///
/// # Errors
/// Exit code 2 where there is no such account, with those that are there.
pub async fn find_account(deps: AppDeps<'_>, name: &AccountName) -> Result<(Store, Account), CommandError> {
    let Some(mut store) = deps.existing_queue().await? else { return Err(unknown_account(name, &[])) };
    let accounts = store.accounts().all().await?;
    match accounts.iter().find(|account| account.name == *name) {
        Some(account) => Ok((store, account.clone())),
        None => Err(unknown_account(name, &accounts)),
    }
}

/// No account has this name; those that are there.
pub fn unknown_account(name: &AccountName, known: &[Account]) -> CommandError {
    const MAX_NAMED: usize = 20;
    let mut names: Vec<&str> = known.iter().take(MAX_NAMED).map(|account| account.name.as_str()).collect();
    if known.len() > MAX_NAMED {
        names.push("...");
    }
    let there =
        if names.is_empty() { "there are no accounts".to_owned() } else { format!("accounts: {}", names.join(", ")) };
    CommandError::new(ErrorKind::Usage, format!("no account is called {name}; {there}"))
        .hint(format!("`cleanup account login {}` adds an account of that name", name.shell_word()))
}
