//! What a login is asked for, and what comes of it.

use crate::auth::LoginEnd;
use crate::domain::{AccountHost, AccountName, Action, Platform};
use crate::store::Account;

/// A login that somebody wants.
#[derive(Clone, Debug, Default)]
pub struct LoginRequest {
    /// The account's name, new or known; none: made of platform and user.
    pub name: Option<AccountName>,
    /// Whose API; none: the account's.
    pub platform: Option<Platform>,
    /// The server it lives at.
    pub host: Option<AccountHost>,
    /// No browser is opened, and nothing listens.
    pub headless: bool,
    /// On the server's page, where an app password would do.
    pub browser: bool,
    /// What it is to be for; none: what it could do before and what is queued for it.
    pub actions: Vec<Action>,
}

/// An account that is logged in.
#[derive(Clone, Debug)]
pub struct LoginReport {
    /// Which.
    pub account: Account,
    /// What it was logged in by.
    pub by: LoggedInBy,
}

/// What an account was logged in by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoggedInBy {
    /// A person has said yes on a page.
    Grant {
        /// The token cannot be refreshed, and ends in some hours.
        ends_soon: bool,
    },
    /// A session or a grant at the account's server.
    Server {
        /// What people call the account.
        handle: Option<String>,
        /// When it ends.
        ends: Option<LoginEnd>,
    },
    /// A key, which has to be linked to the platform on this page.
    Key {
        /// Its address.
        link: String,
    },
}
