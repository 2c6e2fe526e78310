//! What is asked of whoever calls an endpoint: a proof, an app that may, and how often at most. In: nothing. Out: words of the rows. What
//! does not belong here: the rows (`endpoint`, `list_endpoint`).

use super::credentials::Credentials;
use crate::domain::{Rate, Scope};

/// What an endpoint takes as a proof of who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Auth {
    /// A user's OAuth 2.0 token, or OAuth 1.0a.
    Either,
    /// A user's OAuth 2.0 token only.
    OAuth2,
    /// OAuth 1.0a only.
    OAuth1,
    /// A key of the gateway, as a bearer token.
    Key,
}

impl Auth {
    /// Whether these credentials are of a kind it takes.
    pub fn takes(self, credentials: &Credentials) -> bool {
        match credentials {
            Credentials::Bearer(_) => self != Auth::OAuth1,
            Credentials::OAuth1(_) => matches!(self, Auth::Either | Auth::OAuth1),
            Credentials::Dpop(_) => matches!(self, Auth::Either | Auth::OAuth2),
        }
    }
}

/// Which apps may call an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// Any app that has what the platform asks of all (credits, a registration).
    SelfServe,
    /// Apps with a contract of their own. Since when, and how others are refused, in a sentence.
    Enterprise(&'static str),
}

/// A limit a platform documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Documented {
    /// Whose requests count.
    pub scope: Scope,
    /// How many in how long.
    pub rate: Rate,
}

impl Documented {
    /// A limit of each user.
    pub(super) const fn account(limit: u32, window_seconds: u64) -> Documented {
        Documented { scope: Scope::Account, rate: Rate::fixed(limit, window_seconds) }
    }

    /// A limit of all users at a host together.
    pub(super) const fn host(limit: u32, window_seconds: u64) -> Documented {
        Documented { scope: Scope::Host, rate: Rate::fixed(limit, window_seconds) }
    }

    /// A limit of an app, all its users together.
    pub(super) const fn app(limit: u32, window_seconds: u64) -> Documented {
        Documented { scope: Scope::App, rate: Rate::fixed(limit, window_seconds) }
    }
}
