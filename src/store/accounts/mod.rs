//! Accounts and their logins, sealed.
//!
//! In: accounts, credentials that the vault has sealed, marks of a refresh. Out: the same. What does not belong here: keys, and opening
//! anything (`auth`).

mod account;
mod credential;
mod credential_wipe;
mod logins;
mod refresh;
mod removal;
mod vault;

pub use account::{Account, AccountHold};
pub use credential::{Credential, CredentialKind, Expiry, NewCredential};
pub use removal::Removal;
pub use vault::{KeySource, VaultStamp};

use super::db::Db;

/// Accounts and their logins. [`Store::accounts`](super::Store::accounts) lends it.
#[derive(Debug)]
pub struct AccountStore<'s> {
    pub(super) db: &'s mut Db,
}
