//! What one row of a platform's table says. In: nothing. Out: [`Endpoint`] and [`find`]. What does not belong here: sending.
//!
//! A new action or platform is a new row; the interpreter (`client`) and the classifier read rows and know no names.

use super::credentials::Credentials;
use super::dialect::Dialect;
use super::success::Success;
use crate::domain::{Action, MicroUsd, Rate, RepostId, Scope};

/// How one action is done on one platform.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// How its platform writes.
    pub dialect: &'static Dialect,
    /// What it undoes.
    pub action: Action,
    /// The HTTP method.
    pub method: Verb,
    /// The path below the base URL. `{user}` is the acting user's ID, `{target}` the target's.
    pub path: &'static str,
    /// Where else the target goes.
    pub params: Params,
    /// What it takes as a proof of who asks.
    pub auth: Auth,
    /// What a confirmed effect looks like.
    pub success: Success,
    /// The OAuth 2.0 scopes a user token needs; empty where scopes do not exist (OAuth 1.0a).
    pub scopes: &'static [&'static str],
    /// The price of one successful request; none where no public price is known. The built-in number is only a default.
    pub price: Option<MicroUsd>,
    /// Which apps may call it.
    pub tier: Tier,
    /// The limits the platform documents.
    pub documented: &'static [Documented],
    /// Whether a second request after the effect is answered as if the target did not exist. Elsewhere a repeat simply succeeds, so that
    /// there "gone" means that the target has gone.
    pub repeat_looks_gone: bool,
    /// By which ID it undoes a repost. With the other it may succeed and do nothing.
    pub repost_id: RepostId,
}

/// The HTTP methods that undo things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// `DELETE`.
    Delete,
    /// `POST`.
    Post,
}

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
        }
    }
}

/// Where the target goes, beside the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Params {
    /// Nowhere: it is in the path.
    None,
    /// Into a JSON body, as a string under this name.
    Json(&'static str),
    /// Into a form body.
    Form {
        /// The name for an ID.
        id: &'static str,
        /// The name for a handle, where the endpoint takes one.
        handle: Option<&'static str>,
    },
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

    /// A limit of an app, all its users together.
    pub(super) const fn app(limit: u32, window_seconds: u64) -> Documented {
        Documented { scope: Scope::App, rate: Rate::fixed(limit, window_seconds) }
    }
}

impl Endpoint {
    /// Why most apps are refused here, in a sentence; none where any app may call it.
    pub fn closed(&self) -> Option<String> {
        match self.tier {
            Tier::SelfServe => None,
            Tier::Enterprise(why) => Some(format!("{why} at the first requests")),
        }
    }

    /// Whether a handle will do as the target.
    pub fn takes_handles(&self) -> bool {
        matches!(self.params, Params::Form { handle: Some(_), .. })
    }
}
