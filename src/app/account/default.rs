//! Which account acts where neither the command nor the file names one: chosen, or told.

use crate::app::default_account::{DefaultAccount, default_account};
use crate::app::deps::AppDeps;
use crate::app::find_account::find_account;
use crate::domain::AccountName;
use crate::error::CommandError;
use crate::store::Account;

/// An account that was made the default.
#[derive(Clone, Debug)]
pub struct ChosenDefault {
    /// Another one that acts at the moment all the same.
    pub other: Option<DefaultAccount>,
    /// It has credentials.
    pub is_logged_in: bool,
}

/// Who acts where nobody is named.
#[derive(Clone, Debug)]
pub struct DefaultReport {
    /// The account; none where it has to be named.
    pub default: Option<DefaultAccount>,
    /// There is any account.
    pub is_anybody_known: bool,
}

/// Makes an account the default.
///
/// # Errors
/// There is no such account (2), the queue cannot be read or written.
pub async fn choose_default(deps: AppDeps<'_>, name: &AccountName) -> Result<ChosenDefault, CommandError> {
    let (mut store, account) = find_account(deps, name).await?;
    store.accounts().set_default_account(Some(account.id)).await?;
    let is_logged_in = store.accounts().is_logged_in(account.id).await?;
    let known = store.accounts().all().await?;
    store.close().await;
    let now = default_account(deps.settings, &known)?;
    Ok(ChosenDefault { other: now.filter(|now| now.name.as_ref() != Some(name)), is_logged_in })
}

/// No account is the default any more.
///
/// # Errors
/// The queue cannot be read or written.
pub async fn choose_no_default(deps: AppDeps<'_>) -> Result<(), CommandError> {
    if let Some(mut store) = deps.existing_queue().await? {
        store.accounts().set_default_account(None).await?;
        store.close().await;
    }
    Ok(())
}

/// Says who acts where nobody is named.
///
/// # Errors
/// The queue cannot be read; the environment holds credentials that cannot be used.
pub async fn tell_default(deps: AppDeps<'_>) -> Result<DefaultReport, CommandError> {
    let known: Vec<Account> = match deps.existing_queue().await? {
        Some(mut store) => {
            let known = store.accounts().all().await?;
            store.close().await;
            known
        }
        None => Vec::new(),
    };
    let default = default_account(deps.settings, &known)?;
    Ok(DefaultReport { default, is_anybody_known: !known.is_empty() })
}
