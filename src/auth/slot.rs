//! What is kept in memory of one account's credentials: the set in use, and how long to leave the server alone. In: what was
//! read or refreshed. Out: whether it will do. What does not belong here: reading and refreshing (`tokens`).

use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use super::document::DocumentError;
use super::refresh::Why;
use super::tokens::{Current, NoToken, lock};
use crate::domain::{AccountId, AccountName, Platform, Tick, UserId, Wall};

const BACKOFF_FIRST_MS: u64 = 1_000;
const BACKOFF_MAX_MS: u64 = 60_000;

/// One account.
pub(super) struct Slot {
    pub(super) id: AccountId,
    pub(super) name: AccountName,
    pub(super) platform: Platform,
    pub(super) user: UserId,
    pub(super) flight: tokio::sync::Mutex<()>,
    pub(super) held: Mutex<Held>,
}

/// What is in memory of it.
#[derive(Default)]
pub(super) struct Held {
    pub(super) current: Option<Current>,
    /// From the environment: nothing to refresh.
    pub(super) fixed: bool,
    /// The generation the platform rejected.
    pub(super) rejected: Option<i64>,
    pub(super) ends: Option<Wall>,
    pub(super) due: Option<Wall>,
    pub(super) born_of_rejection: Option<Wall>,
    pub(super) failures: u32,
    pub(super) not_before: Option<Tick>,
    pub(super) detail: String,
}

impl Held {
    pub(super) fn usable(&self) -> Option<&Current> {
        self.current.as_ref().filter(|current| self.rejected != Some(current.generation))
    }
}

impl Slot {
    pub(super) fn of(account: crate::store::Account) -> Slot {
        Slot {
            id: account.id,
            name: account.name,
            platform: account.platform,
            user: account.user_id,
            flight: tokio::sync::Mutex::new(()),
            held: Mutex::default(),
        }
    }

    pub(super) fn held(&self) -> MutexGuard<'_, Held> {
        lock(&self.held)
    }

    pub(super) fn at_hand(&self, now: Wall) -> Option<Current> {
        let held = self.held();
        if held.due.is_some_and(|due| now >= due) { None } else { held.usable().cloned() }
    }

    pub(super) fn resting(&self, now: Tick) -> Option<Tick> {
        self.held().not_before.filter(|until| now < *until)
    }

    /// Backoff: full jitter, one second doubling to sixty.
    pub(super) fn rest(&self, now: Tick, detail: String) -> Tick {
        let mut held = self.held();
        let most = BACKOFF_FIRST_MS.saturating_mul(1 << held.failures.min(6)).min(BACKOFF_MAX_MS);
        let until = now.after(Duration::from_millis(fastrand::u64(BACKOFF_FIRST_MS / 2..=most)));
        held.failures = held.failures.saturating_add(1);
        held.not_before = Some(until);
        held.detail = detail;
        until
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
