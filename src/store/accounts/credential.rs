//! Sealed credentials. In: blobs that the vault has sealed. Out: the same. What does not belong here: opening them, and what is
//! known of a refresh under way (`refresh`).

use super::AccountStore;
use std::collections::HashSet;

use super::account::{ids_json, make_account};
use super::credential_wipe::delete_credential;
use crate::domain::{AccountId, AccountName, Platform, UserId, Wall};
use crate::store::db::{Tx, Value};
use crate::store::error::StoreError;
use crate::store::queue::bump_generation;

/// What kind of credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// An access token, mostly with a refresh token.
    OAuth2,
    /// An access token and its secret.
    OAuth1,
    /// A key of the AIsa gateway.
    Aisa,
}

impl CredentialKind {
    /// The word in the database and in lists.
    pub const fn name(self) -> &'static str {
        match self {
            CredentialKind::OAuth2 => "oauth2",
            CredentialKind::OAuth1 => "oauth1",
            CredentialKind::Aisa => "aisa",
        }
    }
}

/// A set of credentials to be saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCredential {
    /// What kind.
    pub kind: CredentialKind,
    /// The sealed document.
    pub sealed: Vec<u8>,
    /// What was granted, separated by spaces.
    pub scopes: Option<String>,
    /// When the access token ends; none: never.
    pub expiry: Option<Expiry>,
    /// The app's public ID.
    pub client_id: Option<String>,
    /// Whether that app also has a secret.
    pub confidential: bool,
    /// Now.
    pub saved_at: Wall,
}

/// When an access token ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// By the wall clock.
    pub at: Wall,
    /// How long it lived when it was given, in milliseconds.
    pub lifetime_ms: i64,
}

/// A set of credentials on record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Whose.
    pub account: AccountId,
    /// The set.
    pub set: NewCredential,
    /// Moves with every new set.
    pub generation: i64,
    /// When the last refresh of this generation began, and how many times its refresh token may have been sent (0 to 2).
    pub refresh_started_at: Option<Wall>,
    /// See there.
    pub refresh_tries: u8,
    /// Why it needs a person.
    pub login_needed: Option<String>,
}

/// All of one account's, in the order of [`ALL`].
pub(super) type Row = (
    i64,
    String,
    Vec<u8>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    bool,
    i64,
    Option<i64>,
    i64,
    Option<String>,
    i64,
);

/// All accounts'.
pub(super) const ALL: &str = "
    select account_id, kind, sealed, scopes, expires_at, lifetime_ms, client_id, confidential, generation,
           refresh_started_at, refresh_tries, login_needed, saved_at
      from credential order by account_id";
pub(super) const THESE: &str = "
    select account_id, kind, sealed, scopes, expires_at, lifetime_ms, client_id, confidential, generation,
           refresh_started_at, refresh_tries, login_needed, saved_at
      from credential where account_id in (select value from json_each(?1)) order by account_id";
const ONE: &str = "
    select account_id, kind, sealed, scopes, expires_at, lifetime_ms, client_id, confidential, generation,
           refresh_started_at, refresh_tries, login_needed, saved_at
      from credential where account_id = ?1";

/// A generation never comes twice, not even after a logout: it begins at the time.
const SAVE: &str = "
    insert into credential (account_id, kind, sealed, scopes, expires_at, lifetime_ms, client_id, confidential, saved_at,
                            generation)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)
    on conflict (account_id) do update
       set kind = excluded.kind, sealed = excluded.sealed, scopes = excluded.scopes, expires_at = excluded.expires_at,
           lifetime_ms = excluded.lifetime_ms, client_id = excluded.client_id, confidential = excluded.confidential,
           saved_at = excluded.saved_at, generation = max(credential.generation + 1, excluded.generation),
           refresh_started_at = null, refresh_tries = 0, login_needed = null";

impl AccountStore<'_> {
    /// Whether there is any credential.
    pub async fn has_credentials(&mut self) -> Result<bool, StoreError> {
        let sql = "select exists (select 1 from credential)";
        let (found,): (bool,) = self.db.fetch_one(sql, args![]).await?;
        Ok(found)
    }

    /// The credentials of an account.
    pub async fn credential(&mut self, account: AccountId) -> Result<Option<Credential>, StoreError> {
        let row: Option<Row> = self.db.fetch_optional(ONE, args![account.0]).await?;
        row.map(credential_of).transpose()
    }

    /// Every account's credentials.
    pub async fn credentials(&mut self) -> Result<Vec<Credential>, StoreError> {
        let rows: Vec<Row> = self.db.fetch_all(ALL, args![]).await?;
        rows.into_iter().map(credential_of).collect()
    }

    /// The credentials of these accounts, in the order of the accounts' numbers.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn credentials_of(&mut self, only: &[AccountId]) -> Result<Vec<Credential>, StoreError> {
        let rows: Vec<Row> = self.db.fetch_all(THESE, args![ids_json(only)]).await?;
        rows.into_iter().map(credential_of).collect()
    }

    /// Saves a login. It replaces what was there, and ends a need for one.
    pub async fn save_login(&mut self, account: AccountId, set: &NewCredential) -> Result<(), StoreError> {
        let mut tx = self.begin_wiping().await?;
        save(&mut tx, account, set).await?;
        tx.commit().await?;
        self.wipe_log_or_warn().await;
        Ok(())
    }

    /// Saves many accounts with their credentials, all of them or none.
    ///
    /// # Errors
    /// A name that belongs to somebody else; the database cannot be written.
    pub async fn import_logins(
        &mut self,
        logins: &[(AccountName, Platform, UserId, NewCredential)],
    ) -> Result<Vec<AccountId>, StoreError> {
        let mut tx = self.begin_wiping().await?;
        let mut ids = Vec::with_capacity(logins.len());
        for (name, platform, user, set) in logins {
            let id = make_account(&mut tx, name, *platform, user).await??;
            save(&mut tx, id, set).await?;
            ids.push(id);
        }
        tx.commit().await?;
        self.wipe_log_or_warn().await;
        Ok(ids)
    }

    /// Forgets an account's credentials; the account and its history stay. False: there were none.
    pub async fn forget_credential(&mut self, account: AccountId) -> Result<bool, StoreError> {
        let mut tx = self.begin_wiping().await?;
        let is_gone = delete_credential(&mut tx, account).await?;
        // Whoever sends for the account notices, and stops.
        bump_generation(&mut tx).await?;
        tx.commit().await?;
        self.wipe_log_or_warn().await;
        Ok(is_gone)
    }

    /// The accounts that have credentials on record.
    pub async fn accounts_logged_in(&mut self) -> Result<HashSet<AccountId>, StoreError> {
        let sql = "select account_id from credential";
        let rows: Vec<(i64,)> = self.db.fetch_all(sql, args![]).await?;
        Ok(rows.into_iter().map(|(id,)| AccountId(id)).collect())
    }

    /// Whether an account has credentials on record.
    pub async fn is_logged_in(&mut self, account: AccountId) -> Result<bool, StoreError> {
        let (found,): (bool,) = self
            .db
            .fetch_one("select exists (select 1 from credential where account_id = ?1)", args![account.0])
            .await?;
        Ok(found)
    }

    /// One statement that changes one account's credentials, in a transaction of its own. Whether there was anything to change.
    pub(super) async fn change_credential(&mut self, sql: &'static str, args: Vec<Value>) -> Result<bool, StoreError> {
        let mut tx = self.begin_wiping().await?;
        let done = tx.execute(sql, args).await?;
        tx.commit().await?;
        self.end_wiping().await;
        Ok(done == 1)
    }
}

async fn save(tx: &mut Tx<'_>, account: AccountId, set: &NewCredential) -> Result<(), StoreError> {
    let args = args![
        account.0,
        set.kind.name(),
        &set.sealed,
        &set.scopes,
        set.expiry.map(|expiry| expiry.at.0),
        set.expiry.map(|expiry| expiry.lifetime_ms),
        &set.client_id,
        set.confidential,
        set.saved_at.0
    ];
    tx.execute(SAVE, args).await?;
    // What stopped it before is not known of the new login.
    tx.execute("update account set trouble = null where id = ?1", args![account.0]).await.map(drop)
}

fn credential_of(row: Row) -> Result<Credential, StoreError> {
    let (
        account,
        kind,
        sealed,
        scopes,
        expires,
        lifetime,
        client_id,
        confidential,
        generation,
        started,
        tries,
        needed,
        saved,
    ) = row;
    let kind = [CredentialKind::OAuth2, CredentialKind::OAuth1, CredentialKind::Aisa]
        .into_iter()
        .find(|known| known.name() == kind)
        .ok_or_else(|| StoreError::impossible(format!("credentials of the kind {kind:?}")))?;
    let expiry = expires.zip(lifetime).map(|(at, lifetime_ms)| Expiry { at: Wall(at), lifetime_ms });
    Ok(Credential {
        account: AccountId(account),
        set: NewCredential { kind, sealed, scopes, expiry, client_id, confidential, saved_at: Wall(saved) },
        generation,
        refresh_started_at: started.map(Wall),
        refresh_tries: u8::try_from(tries).unwrap_or(u8::MAX),
        login_needed: needed,
    })
}
