//! What is known of one platform: the one thing that each platform's folder hands to the registry. In: nothing. Out: [`PlatformSpec`].

use serde_json::Value;

use super::dialect::Dialect;
use super::endpoint::Endpoint;
use super::entry::ListItem;
use super::list_endpoint::ListEndpoint;
use super::names::NameResolver;
use super::target_grammar::TargetGrammar;
use crate::domain::{AccountHost, ListKind, Platform, UserId, WindowSpec};

/// A platform.
#[derive(Debug)]
pub struct PlatformSpec {
    /// Its name in files, commands and the queue.
    pub platform: Platform,
    /// How it writes.
    pub dialect: &'static Dialect,
    /// What people call the service, such as `X`.
    pub service: &'static str,
    /// What the names of accounts begin with that nobody has named: `x-2244994945`.
    pub account_prefix: &'static str,
    /// Where it is.
    pub host: Host,
    /// How an account logs in.
    pub login: LoginKind,
    /// How it is asked whose a user's credentials are; none where it cannot be.
    pub who_am_i: Option<WhoAmI>,
    /// Words of a grant that stand for every scope.
    pub whole_scopes: &'static [&'static str],
    /// What it undoes, in the order of [`Action::UNDOING`](crate::domain::Action::UNDOING).
    pub endpoints: &'static [Endpoint],
    /// What takes an action back, where it may be asked of the platform in bulk: `undo --apply` alone sends these.
    pub inverse_endpoints: &'static [Endpoint],
    /// What it lists.
    pub lists: &'static [ListEndpoint],
    /// How it is asked which user or post a name means; none where it cannot be.
    pub names: Option<&'static NameResolver>,
    /// How it is asked which users are still there; none where it is not.
    pub profiles: Option<&'static ListEndpoint>,
    /// How it is asked what the account has done to a single post; none where it does not say, or all its lists are whole.
    pub marks: Option<&'static ListEndpoint>,
    /// How it is asked which posts an account has pinned, where its list of posts does not say; none where it is not.
    pub pinned: Option<&'static ListEndpoint>,
    /// How an export of the repository that it keeps for each account is read; none where it keeps none.
    pub repository: Option<&'static RepositorySpec>,
    /// How an archive of activities that it gives a user is read; none where it gives none.
    pub activities: Option<&'static ActivitiesSpec>,
    /// The windows of an account: the default for all actions together, and what the platform documents beside it.
    pub windows: &'static [WindowSpec],
    /// Whether it documents its limits for each endpoint by itself, so that a window for each action keeps them.
    pub counts_per_endpoint: bool,
    /// How many times shorter all windows are than documented: 1, and more in the sandbox.
    pub windows_shorter: u32,
}

impl PlatformSpec {
    /// Whether a grant has a scope, or a whole that it is a part of: `write` has `write:follows`.
    pub fn covers(&self, granted: &str, scope: &str) -> bool {
        let whole = scope.split_once(':').map(|(whole, _)| whole);
        let has = |word: &str| word == scope || Some(word) == whole || self.whole_scopes.contains(&word);
        granted.split(' ').any(has)
    }

    /// Whether its IDs are each host's own: neither do they tell a time, nor is there one page for each.
    pub const fn has_opaque_ids(&self) -> bool {
        matches!(self.host, Host::OfAccount)
    }

    /// Which texts name its users and posts.
    pub const fn target(&self) -> &'static TargetGrammar {
        &self.dialect.target
    }
}

/// Where a platform is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// At one address, which `[section] api` and an environment variable replace.
    Fixed(FixedHost),
    /// Wherever the account is: each account has a host of its own, and its IDs mean something there alone.
    OfAccount,
}

/// The one address of a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedHost {
    /// The address, without a slash at its end.
    pub address: &'static str,
    /// The environment variable that replaces it.
    pub variable: &'static str,
}

/// How a repository is read that a platform hands out whole.
#[derive(Debug)]
pub struct RepositorySpec {
    /// Which collection holds the records of a list; none where the list is no collection.
    pub collection: fn(ListKind) -> Option<&'static str>,
    /// The collection whose records are listed as the posts that the account has pinned.
    pub pinned: fn() -> Option<&'static str>,
    /// What a record is on its list: an object of its address (`uri`), its hash (`cid`) and what it says (`value`).
    pub read: fn(&Value) -> ListItem,
}

/// How an archive of activities is read.
#[derive(Debug)]
pub struct ActivitiesSpec {
    /// The lists that are read out of it.
    pub lists: &'static [ListKind],
    /// Whose it is, by what it says of the account; none where it does not say so.
    pub owner: fn(&Value) -> Option<ExportOwner>,
    /// What an item of the collection that holds a list is on that list; none where it is not on it.
    pub read: fn(ListKind, &Value, &ExportOwner) -> Option<ListItem>,
}

/// Whose an archive of activities is. Everything in it is foreign text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportOwner {
    /// Where the account is.
    pub address: String,
    /// At which server.
    pub host: AccountHost,
    /// Who it is there, where the address says it.
    pub user: Option<UserId>,
    /// What people call it.
    pub name: Option<String>,
}

/// How an account logs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginKind {
    /// OAuth 2.0 with PKCE in a browser.
    OAuth2,
    /// OAuth 1.0a: a page shows a PIN.
    OAuth1,
    /// A gateway's key; whoever has it acts as the account that is linked to it.
    Key,
    /// OAuth 2.0 with an app that is registered at the account's host when it is needed; or a token that a person made there.
    AppAtHost,
    /// A name and a password that a person made for this one use, for a session at the account's host; or OAuth 2.0 on that host's page, with
    /// tokens that are bound to a key. Where the host is not known, the service `at` knows it.
    AppPassword {
        /// A host, such as `example.social`.
        at: &'static str,
        /// Who says where each account lives.
        directory: FixedHost,
    },
}

/// How a platform is asked whose a user's credentials are.
#[derive(Clone, Copy, Debug)]
pub struct WhoAmI {
    /// How its platform writes.
    pub dialect: &'static Dialect,
    /// The path below the base URL.
    pub path: &'static str,
    /// Where the ID stands in the answer, an RFC 6901 pointer.
    pub id: &'static str,
    /// Where the name stands by which people know the user, where the ID is not for people.
    pub name: Option<&'static str>,
}

/// Whose credentials they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WhoIs {
    /// The user.
    pub user: UserId,
    /// The name by which people know the user. Foreign text.
    pub name: Option<String>,
}
