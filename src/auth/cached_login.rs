//! What is kept in memory of one account's credentials: the set in use, and how long to leave the server alone. In: what was
//! read or refreshed. Out: whether it will do. What does not belong here: reading and refreshing (`tokens`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::document::DocumentError;
use super::refresh::{Why, is_due};
use super::vault_error::VaultError;
use crate::clock::Backoff;
use crate::domain::{AccountId, AccountName, Moment, PlatformUser, Tick, Wall};
use crate::platforms::Credentials;
use crate::store::{Expiry, StoreError};

/// Credentials and which set they are.
#[derive(Clone, Debug)]
pub struct Current {
    /// For requests.
    pub credentials: Arc<Credentials>,
    /// To be named when they are rejected.
    pub generation: i64,
}

/// There are no credentials now.
#[derive(Debug, thiserror::Error)]
pub enum NoToken {
    /// This account alone waits for a person (77, reason `login_needed`).
    #[error("{name} needs a login: {}; run `cleanup account login {}`", why.sentence(), name.shell_word())]
    NeedLogin {
        /// The account.
        name: AccountName,
        /// Why.
        why: Why,
    },
    /// The world is at fault; nothing is lost.
    #[error("the login of {name} could not be refreshed yet: {detail}")]
    Later {
        /// The account.
        name: AccountName,
        /// Ask again then.
        until: Tick,
        /// How many times in a row.
        failures: u32,
        /// What happened.
        detail: String,
    },
    /// The app's configuration is at fault (78).
    #[error("the login of {name} cannot be refreshed: {detail}")]
    App {
        /// The account.
        name: AccountName,
        /// What to do.
        detail: String,
    },
    /// The vault (78).
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// The queue (74).
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NoToken {
    /// The reason an account is stopped with.
    pub const LOGIN_NEEDED: &'static str = "login_needed";
}

/// Nobody asks again sooner.
const SHORTEST_REST: Duration = Duration::from_millis(500);

/// One account.
pub(super) struct CachedLogin {
    pub(super) id: AccountId,
    pub(super) name: AccountName,
    /// Whom it was sealed for.
    pub(super) user: PlatformUser,
    pub(super) flight: tokio::sync::Mutex<()>,
    pub(super) held: Mutex<CachedToken>,
}

/// What is in memory of it.
#[derive(Default)]
pub(super) struct CachedToken {
    pub(super) current: Option<Current>,
    /// From the environment: nothing to refresh.
    pub(super) fixed: bool,
    /// The generation the platform rejected.
    pub(super) rejected: Option<i64>,
    pub(super) expiry: Option<Expiry>,
    pub(super) refreshable: bool,
    pub(super) born_of_rejection: Option<Wall>,
    pub(super) failures: u32,
    pub(super) not_before: Option<Tick>,
    pub(super) detail: String,
}

impl CachedToken {
    pub(super) fn usable(&self) -> Option<&Current> {
        self.current.as_ref().filter(|current| self.rejected != Some(current.generation))
    }

    fn is_resting(&self, now: Tick) -> bool {
        self.not_before.is_some_and(|until| now < until)
    }
}

impl CachedLogin {
    pub(super) fn of(account: crate::store::Account) -> CachedLogin {
        let user = account.user();
        CachedLogin {
            id: account.id,
            name: account.name,
            user,
            flight: tokio::sync::Mutex::new(()),
            held: Mutex::default(),
        }
    }

    pub(super) fn held(&self) -> MutexGuard<'_, CachedToken> {
        lock(&self.held)
    }

    /// The credentials in memory, if they will do now. While a refresh that is due has to wait, and where there can be none, they go on
    /// to their end.
    pub(super) fn cached(&self, now: Moment) -> Option<Current> {
        let held = self.held();
        let is_good = held.expiry.is_none_or(|expiry| {
            let refresh_can_be_had = held.refreshable && !held.is_resting(now.tick);
            !(refresh_can_be_had && is_due(expiry.at, expiry.lifetime_ms, now.wall)) && now.wall < expiry.at
        });
        if is_good { held.usable().cloned() } else { None }
    }

    /// Whether credentials of the queue's are in memory.
    pub(super) fn is_held(&self) -> bool {
        let held = self.held();
        !held.fixed && held.current.is_some()
    }

    /// Forgets the queue's credentials. False where none were in memory.
    pub(super) fn forget(&self) -> bool {
        let mut held = self.held();
        !held.fixed && held.current.take().is_some()
    }

    pub(super) fn resting(&self, now: Tick) -> Option<Tick> {
        self.held().not_before.filter(|until| now < *until)
    }

    /// It is not asked for again before.
    pub(super) fn back_off(&self, now: Tick, detail: String) -> Tick {
        let mut held = self.held();
        held.failures = held.failures.saturating_add(1);
        let until = now.after(Backoff::REQUEST.wait(held.failures).max(SHORTEST_REST));
        held.not_before = Some(until);
        held.detail = detail;
        until
    }

    /// Its server has answered again.
    pub(super) fn has_answered(&self) {
        let mut held = self.held();
        (held.failures, held.not_before) = (0, None);
    }

    pub(super) fn later(&self, until: Tick) -> NoToken {
        let held = self.held();
        NoToken::Later { name: self.name.clone(), until, failures: held.failures, detail: held.detail.clone() }
    }

    pub(super) fn need_login(&self, why: Why) -> NoToken {
        NoToken::NeedLogin { name: self.name.clone(), why }
    }

    pub(super) fn unusable(&self, why: &DocumentError) -> NoToken {
        NoToken::App { name: self.name.clone(), detail: why.to_string() }
    }
}

/// Nobody panics with a lock held; should it happen, what it guards is still whole.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
