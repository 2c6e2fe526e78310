//! Accounts with their credentials: kept, listed, logged out. In: what a login or an import brought. Out: rows of the store.
//! What does not belong here: how the login went.

use std::collections::HashMap;

use super::document::{Document, DocumentError};
use super::grant::{App, Pair};
use super::revoke::Revoker;
use super::tokens::expiry_of;
use super::vault::Vault;
use super::vault_error::VaultError;
use crate::domain::{AccountId, AccountName, PlatformUser, Wall};
use crate::store::{Account, Credential, Expiry, NewCredential, Store, StoreError};

/// An account that has just been logged in or is to be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The name it shall have; a user who is known already keeps the old one.
    pub name: AccountName,
    /// Who, and where.
    pub user: PlatformUser,
    /// The secrets.
    pub document: Document,
    /// What was granted, separated by spaces.
    pub scopes: Option<String>,
    /// When the access token ends; none: never.
    pub expiry: Option<Expiry>,
    /// The app's public ID, and whether that app has a secret too.
    pub app: Option<(String, bool)>,
}

/// Why an account cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The vault.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The queue.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The document.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl Login {
    /// A login of what an authorization server granted to `app`; `asked_at` is when the pair was asked for.
    pub fn of_pair(name: AccountName, user: PlatformUser, pair: Pair, asked_at: Wall, app: &App) -> Login {
        let expiry = expiry_of(&pair, asked_at);
        let document = Document::of_pair(&pair, app);
        // The app of a host is in the document: it is nobody's but this login's.
        let own = matches!(document, Document::AtHost { .. });
        let app = (!own).then(|| (app.client_id.to_string(), app.is_confidential()));
        Login { name, user, expiry, scopes: pair.scopes, document, app }
    }

    fn seal(&self, vault: &Vault, now: Wall) -> Result<NewCredential, KeepError> {
        let (client_id, confidential) = self.app.clone().unzip();
        Ok(NewCredential {
            kind: self.document.kind(),
            sealed: vault.seal(&self.user, &self.document.to_bytes()?)?,
            scopes: self.scopes.clone(),
            expiry: self.expiry,
            client_id,
            confidential: confidential.unwrap_or(false),
            saved_at: now,
        })
    }
}

/// Saves logins, all of them or none; whoever is known gets new credentials. The accounts, in the same order.
///
/// # Errors
/// A name belongs to another user; the queue cannot be written.
pub async fn save_login(
    store: &mut Store,
    vault: &Vault,
    logins: &[Login],
    now: Wall,
) -> Result<Vec<crate::domain::AccountId>, KeepError> {
    let mut sealed = Vec::with_capacity(logins.len());
    for login in logins {
        sealed.push((login.name.clone(), login.user.clone(), login.seal(vault, now)?));
    }
    Ok(store.accounts().import_logins(&sealed).await?)
}

/// Every account, with what is on record of its credentials. Needs no key.
pub async fn list(store: &mut Store) -> Result<Vec<(Account, Option<Credential>)>, StoreError> {
    let credentials = store.accounts().credentials().await?;
    Ok(with_credentials(store.accounts().all().await?, credentials))
}

/// The same of these accounts alone.
pub async fn list_of(store: &mut Store, only: &[AccountId]) -> Result<Vec<(Account, Option<Credential>)>, StoreError> {
    let credentials = store.accounts().credentials_of(only).await?;
    Ok(with_credentials(store.accounts().accounts_of(only).await?, credentials))
}

/// What is on record of the credentials of these accounts. Needs no key.
pub async fn records_of(store: &mut Store, only: &[AccountId]) -> Result<HashMap<AccountId, Credential>, StoreError> {
    let credentials = store.accounts().credentials_of(only).await?;
    Ok(credentials.into_iter().map(|credential| (credential.account, credential)).collect())
}

/// Both come in the order of the accounts' numbers.
fn with_credentials(accounts: Vec<Account>, credentials: Vec<Credential>) -> Vec<(Account, Option<Credential>)> {
    let mut credentials = credentials.into_iter().peekable();
    let with_own = |account: Account| {
        // A login whose account went away meanwhile is nobody's.
        while credentials.next_if(|credential| credential.account < account.id).is_some() {}
        let own = credentials.next_if(|credential| credential.account == account.id);
        (account, own)
    };
    accounts.into_iter().map(with_own).collect()
}

/// The secrets that are on record for an account; none where there are none, or none that open.
pub async fn stored_document(
    store: &mut Store,
    vault: &Vault,
    account: &Account,
) -> Result<Option<Document>, KeepError> {
    let Some(record) = store.accounts().credential(account.id).await? else { return Ok(None) };
    Ok(open_document(vault, account, &record))
}

fn open_document(vault: &Vault, account: &Account, record: &Credential) -> Option<Document> {
    let bytes = vault.unseal(&account.user(), &record.set.sealed).ok()?;
    Document::from_bytes(&bytes).ok()
}

/// What became of the tokens at the platform when an account was logged out. The queue has forgotten them in any case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoggedOut {
    /// There was nothing to forget.
    WasNot,
    /// Revoked there too.
    Revoked,
    /// The platform could not be told; whoever has the tokens can use them until they end. What it said.
    NotRevoked(String),
}

/// Revokes an account's tokens at the platform, and forgets them here whatever it says. The account's history stays.
pub async fn logout(
    store: &mut Store,
    vault: Option<&Vault>,
    revoker: &Revoker<'_>,
    account: &Account,
) -> Result<LoggedOut, KeepError> {
    let Some(record) = store.accounts().credential(account.id).await? else { return Ok(LoggedOut::WasNot) };
    let opened = vault.and_then(|vault| open_document(vault, account, &record));
    let told = match &opened {
        Some(document) => revoker.revoke(document).await,
        None => Err("its stored credentials could not be decrypted".to_owned()),
    };
    store.accounts().forget_credential(account.id).await?;
    Ok(told.map_or_else(LoggedOut::NotRevoked, |()| LoggedOut::Revoked))
}
