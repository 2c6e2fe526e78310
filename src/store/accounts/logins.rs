//! Logins on record: saved, read, forgotten. In: credentials that the vault has sealed. Out: the same. What does not belong here:
//! opening them, and what is known of a refresh under way (`refresh`).

use std::collections::HashSet;

use super::AccountStore;
use super::account::{ids_json, make_account};
use super::credential::{ALL, Credential, NewCredential, ONE, Row, THESE, credential_of};
use super::credential_wipe::delete_credential;
use crate::domain::{AccountId, AccountName, PlatformUser};
use crate::store::db::Tx;
use crate::store::error::StoreError;
use crate::store::queue::bump_generation;
use crate::store::value::Value;

/// A generation never comes twice, not even after a logout: it begins at the time.
const SAVE: &str = "
    insert into credential (account_id, kind, sealed, scopes, expires_at, lifetime_ms, client_id, confidential, saved_at,
                            generation)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
    on conflict (account_id) do update
       set kind = excluded.kind, sealed = excluded.sealed, scopes = excluded.scopes, expires_at = excluded.expires_at,
           lifetime_ms = excluded.lifetime_ms, client_id = excluded.client_id, confidential = excluded.confidential,
           saved_at = excluded.saved_at,
           generation = case when excluded.generation > credential.generation then excluded.generation
                             else credential.generation + 1 end,
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
        logins: &[(AccountName, PlatformUser, NewCredential)],
    ) -> Result<Vec<AccountId>, StoreError> {
        let mut tx = self.begin_wiping().await?;
        let mut ids = Vec::with_capacity(logins.len());
        for (name, user, set) in logins {
            let id = make_account(&mut tx, name, user).await??;
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
            .fetch_one("select exists (select 1 from credential where account_id = $1)", args![account.0])
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
    tx.execute("update account set trouble = null where id = $1", args![account.0]).await.map(drop)
}
