//! What is on record of a refresh under way. In: marks, and new pairs, sealed. Out: whether they still held. What does not
//! belong here: deciding when to refresh.
//!
//! Every change names the generation it began with and says whether it still held: whoever comes late must not write over a
//! newer login.

use super::AccountStore;
use super::credential::NewCredential;
use crate::domain::{AccountId, Wall};
use crate::store::error::StoreError;

impl AccountStore<'_> {
    /// Marks that the refresh token of `generation` is about to be sent for the `tries`th time. False: somebody has saved
    /// another generation meanwhile.
    ///
    /// # Errors
    /// The database cannot be written; then the token must not be sent.
    pub async fn start_refresh(
        &mut self,
        account: AccountId,
        generation: i64,
        tries: u8,
        now: Wall,
    ) -> Result<bool, StoreError> {
        let sql = "update credential set refresh_started_at = $3, refresh_tries = $4
                    where account_id = $1 and generation = $2 and refresh_tries = $4 - 1";
        self.change_credential(sql, args![account.0, generation, now.0, tries]).await
    }

    /// Takes a mark back: that request certainly used nothing up. Earlier ones stay counted.
    pub async fn take_back_refresh(
        &mut self,
        account: AccountId,
        generation: i64,
        tries: u8,
    ) -> Result<bool, StoreError> {
        let sql = "update credential set refresh_tries = $3 - 1,
                          refresh_started_at = case when $3 = 1 then null else refresh_started_at end
                    where account_id = $1 and generation = $2 and refresh_tries = $3";
        self.change_credential(sql, args![account.0, generation, tries]).await
    }

    /// Saves the new pair. Only when this has returned true may it be used.
    pub async fn finish_refresh(
        &mut self,
        account: AccountId,
        generation: i64,
        set: &NewCredential,
    ) -> Result<bool, StoreError> {
        let sql = "update credential
                      set sealed = $3, scopes = coalesce($4, scopes), expires_at = $5, lifetime_ms = $6, saved_at = $7,
                          generation = generation + 1, refresh_started_at = null, refresh_tries = 0, login_needed = null
                    where account_id = $1 and generation = $2";
        let (expires_at, lifetime_ms) = set.expiry.map(|expiry| (expiry.at.0, expiry.lifetime_ms)).unzip();
        let args = args![account.0, generation, &set.sealed, &set.scopes, expires_at, lifetime_ms, set.saved_at.0];
        let holds = self.change_credential(sql, args).await?;
        self.wipe_log().await;
        Ok(holds)
    }

    /// Writes down that an account needs a person.
    pub async fn need_login(
        &mut self,
        account: AccountId,
        generation: i64,
        why: &'static str,
    ) -> Result<bool, StoreError> {
        let sql = "update credential set login_needed = $3 where account_id = $1 and generation = $2";
        self.change_credential(sql, args![account.0, generation, why]).await
    }
}
