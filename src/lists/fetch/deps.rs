//! What a reader is given: an account's way to its platform, and everything outside of itself that it uses.

use std::sync::Arc;
use std::time::Duration;

use crate::auth::TokenSource;
use crate::clock::SharedClock;
use crate::domain::{AccountId, Platform, Tick, UserId};
use crate::engine::Shutdown;
use crate::platforms::{BaseUrl, Client};
use crate::store::Store;

/// An account's way to its platform.
#[derive(Clone, Debug)]
pub struct Way {
    /// The account.
    pub account: AccountId,
    /// Its platform.
    pub platform: Platform,
    /// Its user there.
    pub user: UserId,
    /// Where that is.
    pub base: Arc<BaseUrl>,
    /// With whom it shares windows: an app, or a host.
    pub app: Arc<str>,
}

/// What a reader uses.
pub struct FetchDeps {
    /// The queue.
    pub store: Store,
    /// The way to the platforms.
    pub client: Arc<Client>,
    /// Everybody's credentials.
    pub tokens: Arc<TokenSource>,
    /// The time.
    pub clock: SharedClock,
    /// How it is told to end.
    pub shutdown: Shutdown,
    /// How long a request may take.
    pub request_deadline: Duration,
    /// Stop after so long without any answer.
    pub give_up_after: Duration,
    /// Ask for nothing after this.
    pub until: Option<Tick>,
}
