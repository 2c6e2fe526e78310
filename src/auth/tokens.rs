//! Credentials that are good now. In: an account. Out: its credentials and their generation, or the news that there are none.
//! What does not belong here: the rules (`refresh`), the words with the server (`grant`), stopping an account (the engine).
//!
//! One flight per account: within the process by a mutex, across processes by an OS file lock beside the queue. A lock and not
//! a lease in a row, because the kernel frees it when its holder is killed: nothing to wait out, no clock to trust. It is
//! another lock than the one for draining, since `account check` may refresh beside a run. Should the lock ever fail (a file
//! system without locks), every write still names the generation it began with, so that an old pair never covers a new one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::cached_login::{CachedLogin, CachedToken, Current, NoToken, lock};
use super::document::{Document, MakeOAuth1};
use super::grant::{App, OAuthEndpoints, Pair};
use super::oauth_http::OAuthHttp;
use super::refresh::{RefreshCause, Step, StoredToken, Why, decide};
use super::session::LoginEnd;
use super::vault::Vault;
use crate::clock::SharedClock;
use crate::domain::{AccountId, Secret, Wall};
use crate::platforms::Credentials;
use crate::store::{Credential, Expiry, QueuePlace, Store, StoreError};

/// What a token source stands on.
pub struct TokenMeans {
    /// The queue, on a connection of its own.
    pub store: Store,
    /// Opens the queue's credentials; none where nothing is sealed.
    pub vault: Option<Vault>,
    /// The way to the authorization server.
    pub wire: OAuthHttp,
    /// Where that is.
    pub places: OAuthEndpoints,
    /// The app of the configuration.
    pub app: Option<App>,
    /// Makes OAuth 1.0a credentials; none without the app's consumer keys.
    pub oauth1: Option<Box<MakeOAuth1>>,
    /// The time.
    pub clock: SharedClock,
}

/// Every account's credentials, kept fresh.
pub struct TokenSource {
    pub(super) store: tokio::sync::Mutex<Store>,
    pub(super) means: TokenDeps,
    slots: Mutex<HashMap<AccountId, Arc<CachedLogin>>>,
}

pub(super) struct TokenDeps {
    pub(super) queue: QueuePlace,
    pub(super) vault: Option<Vault>,
    pub(super) wire: OAuthHttp,
    pub(super) places: OAuthEndpoints,
    pub(super) app: Option<App>,
    pub(super) oauth1: Option<Box<MakeOAuth1>>,
    pub(super) clock: SharedClock,
}

/// A record read and opened.
pub(super) struct Read {
    pub(super) record: Credential,
    pub(super) document: Document,
    pub(super) refresh: Option<Secret>,
}

impl std::fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenSource").finish_non_exhaustive()
    }
}

impl TokenSource {
    /// A source that knows nobody yet; accounts are read when they are first asked for.
    pub fn new(means: TokenMeans) -> TokenSource {
        let TokenMeans { store, vault, wire, places, app, oauth1, clock } = means;
        let means = TokenDeps { queue: store.place().clone(), vault, wire, places, app, oauth1, clock };
        TokenSource { store: tokio::sync::Mutex::new(store), means, slots: Mutex::default() }
    }

    /// Credentials that came from outside (the environment, the sandbox): they are used as they are and never refreshed.
    ///
    /// # Errors
    /// There is no such account, or the queue cannot be read.
    pub async fn set_static(&self, account: AccountId, credentials: Arc<Credentials>) -> Result<(), NoToken> {
        let slot = self.slot(account).await?;
        let mut held = slot.held();
        *held = CachedToken {
            current: Some(Current { credentials, generation: 0 }),
            fixed: true,
            ..CachedToken::default()
        };
        Ok(())
    }

    /// Reads every account's credentials at once, as a run begins, and says who has any. Nobody is refreshed and nothing is
    /// sent; what cannot be opened is told by [`TokenSource::current`] to whoever asks for it.
    pub async fn warm(&self) -> Result<Vec<AccountId>, StoreError> {
        let (accounts, records) = {
            let mut store = self.store.lock().await;
            (store.accounts().all().await?, store.accounts().credentials().await?)
        };
        {
            let mut slots = lock(&self.slots);
            for account in accounts {
                slots.entry(account.id).or_insert_with(|| Arc::new(CachedLogin::of(account)));
            }
        }
        let now = self.means.clock.now().wall;
        let mut known = Vec::with_capacity(records.len());
        for record in records {
            known.push(record.account);
            let Some(slot) = lock(&self.slots).get(&record.account).cloned() else { continue };
            let Ok(Some(read)) = self.open(&slot, record) else { continue };
            let fixed = slot.held().fixed;
            if !fixed
                && decide(StoredToken::of(&read.record, read.refresh.is_some()), RefreshCause::Ahead, now) == Step::Use
            {
                let _ = self.hold(&slot, &read.record, &read.document, None);
            }
        }
        Ok(known)
    }

    /// The credentials in memory, if they need no refresh: cheap, and never waits. None: ask [`TokenSource::current`].
    pub fn cached(&self, account: AccountId) -> Option<Current> {
        let slot = lock(&self.slots).get(&account).cloned()?;
        let now = self.means.clock.now();
        slot.cached(now).filter(|current| current.credentials.are_ready(now.tick))
    }

    /// The credentials of an account, refreshed where they are due. Waits for the network where they are; so many callers as
    /// there are, one request is sent.
    ///
    /// # Errors
    /// See [`NoToken`].
    pub async fn current(&self, account: AccountId) -> Result<Current, NoToken> {
        if let Some(current) = self.cached(account) {
            return Ok(current);
        }
        let slot = self.slot(account).await?;
        let _flight = slot.flight.lock().await;
        let now = self.means.clock.now();
        let current = match slot.cached(now) {
            Some(current) if current.credentials.are_ready(now.tick) => return Ok(current),
            cached => {
                if let Some(until) = slot.resting(now.tick) {
                    return Err(slot.later(until));
                }
                match cached {
                    Some(current) => current,
                    None => self.refresh_if_needed(&slot, None).await?,
                }
            }
        };
        self.with_nonce(&slot, current).await
    }

    /// The platform answered 401 to this generation. Refreshes once; where another one is there already, gives that.
    ///
    /// # Errors
    /// See [`NoToken`]. Rejected again, or not refreshable: the account needs a login.
    pub async fn rejected(&self, account: AccountId, generation: i64) -> Result<Current, NoToken> {
        let slot = self.slot(account).await?;
        let _flight = slot.flight.lock().await;
        let now = self.means.clock.now();
        {
            let mut held = slot.held();
            // Answers to older generations may still be coming in.
            held.rejected = held.rejected.max(Some(generation));
            match &held.current {
                Some(_) if held.fixed => return Err(slot.need_login(Why::Rejected)),
                Some(current) if current.generation != generation => return Ok(current.clone()),
                _ => {}
            }
        }
        if let Some(until) = slot.resting(now.tick) {
            return Err(slot.later(until));
        }
        self.refresh_if_needed(&slot, Some(generation)).await
    }

    /// Refreshes this generation though it is not due: whether the platform still continues the login is known only then.
    ///
    /// # Errors
    /// See [`NoToken`].
    pub async fn refresh_early(&self, account: AccountId, generation: i64) -> Result<Current, NoToken> {
        self.rejected(account, generation).await
    }

    /// When the login that a person began ends; none: it does not say.
    ///
    /// # Errors
    /// See [`NoToken`].
    pub async fn login_ends(&self, account: AccountId) -> Result<Option<LoginEnd>, NoToken> {
        let slot = self.slot(account).await?;
        Ok(self.read(&slot).await?.and_then(|read| read.document.login_ends()))
    }

    /// Forgets the credentials of accounts that another process has logged out, and says who they are. What came from outside stays.
    pub async fn forget_logged_out(&self) -> Result<Vec<(AccountId, NoToken)>, StoreError> {
        let logged_in = self.store.lock().await.accounts().accounts_logged_in().await?;
        let slots: Vec<Arc<CachedLogin>> = lock(&self.slots).values().cloned().collect();
        let gone = slots.into_iter().filter(|slot| !logged_in.contains(&slot.id) && slot.forget());
        Ok(gone.map(|slot| (slot.id, slot.need_login(Why::LoggedOut))).collect())
    }

    /// The same for one account, asked before something is sent for it. None: it is logged in, as far as it was.
    pub async fn was_logged_out(&self, account: AccountId) -> Result<Option<NoToken>, StoreError> {
        let slot = lock(&self.slots).get(&account).cloned();
        let Some(slot) = slot.filter(|slot| slot.is_held()) else { return Ok(None) };
        if self.store.lock().await.accounts().is_logged_in(account).await? {
            return Ok(None);
        }
        Ok(slot.forget().then(|| slot.need_login(Why::LoggedOut)))
    }

    async fn slot(&self, account: AccountId) -> Result<Arc<CachedLogin>, NoToken> {
        if let Some(slot) = lock(&self.slots).get(&account) {
            return Ok(Arc::clone(slot));
        }
        let known = self.store.lock().await.accounts().all().await?;
        let mut slots = lock(&self.slots);
        for account in known {
            slots.entry(account.id).or_insert_with(|| Arc::new(CachedLogin::of(account)));
        }
        let found = slots.get(&account).cloned();
        found.ok_or_else(|| StoreError::Impossible { what: format!("no account {}", account.0) }.into())
    }

    pub(super) async fn read(&self, slot: &CachedLogin) -> Result<Option<Read>, NoToken> {
        match self.store.lock().await.accounts().credential(slot.id).await? {
            Some(record) => self.open(slot, record),
            None => Ok(None),
        }
    }

    fn open(&self, slot: &CachedLogin, record: Credential) -> Result<Option<Read>, NoToken> {
        let Some(vault) = &self.means.vault else { return Ok(None) };
        let bytes = vault.unseal(&slot.user, &record.set.sealed)?;
        let document = Document::from_bytes(&bytes).map_err(|why| slot.unusable(&why))?;
        let refresh = document.refresh_token().cloned();
        Ok(Some(Read { record, document, refresh }))
    }

    /// Keeps the credentials in memory.
    pub(super) fn hold(
        &self,
        slot: &CachedLogin,
        record: &Credential,
        document: &Document,
        born: Option<Wall>,
    ) -> Result<Current, NoToken> {
        let mut credentials = document.credentials(self.means.oauth1.as_deref()).map_err(|why| slot.unusable(&why))?;
        let mut held = slot.held();
        if let Some(earlier) = &held.current {
            credentials.keep_nonce_of(&earlier.credentials);
        }
        let current = Current { credentials: Arc::new(credentials), generation: record.generation };
        let known = held.current.as_ref().is_some_and(|held| held.generation == record.generation);
        if !known {
            let born_of_rejection = born.or(held.born_of_rejection);
            *held = CachedToken { born_of_rejection, rejected: held.rejected, ..CachedToken::default() };
        }
        held.expiry = record.set.expiry;
        held.refreshable = document.refresh_token().is_some();
        held.current = Some(current.clone());
        Ok(current)
    }
}

/// When a pair's access token ends: counted from before it was asked for, so that it never ends earlier than we think. None: it lasts.
pub(super) fn expiry_of(pair: &Pair, asked_at: Wall) -> Option<Expiry> {
    let lifetime = pair.lifetime?;
    let lifetime_ms = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
    Some(Expiry { at: asked_at.after(lifetime), lifetime_ms })
}
