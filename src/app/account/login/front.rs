//! Whoever logs an account in, as the use case sees it: told what happens, sent to a page, asked for what only they have.

use std::pin::Pin;

use crate::app::deps::AppDeps;
use crate::domain::{AccountHost, AccountName, Action, Platform, Secret};
use crate::error::CommandError;
use crate::store::Account;

/// An answer that is waited for.
pub type PromptFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, CommandError>> + 'a>>;

/// Whoever logs an account in.
pub trait LoginFrontend {
    /// Something has happened, or is going to be asked.
    fn tell(&self, deps: AppDeps<'_>, notice: LoginNotice<'_>);

    /// Sends a person to a page, and says what is to be brought back from it.
    ///
    /// # Errors
    /// Its address cannot be shown.
    fn show_page(&self, page: LoginPage<'_>) -> Result<(), CommandError>;

    /// One line that is good once, or no secret.
    fn line(&self, what: &'static str) -> PromptFuture<'_, Secret>;

    /// One line that is a secret.
    fn secret(&self, what: &'static str) -> PromptFuture<'_, Secret>;

    /// One more secret line, if there is one. Somebody at a terminal is asked for it only where it is `needed`.
    fn another_secret(&self, what: &'static str, needed: bool) -> PromptFuture<'_, Option<Secret>>;

    /// Whether somebody types the answers.
    fn is_at_terminal(&self) -> bool;
}

/// What a login stands on.
#[derive(Clone, Copy)]
pub(in crate::app::account) struct LoginDeps<'a> {
    pub(in crate::app::account) deps: AppDeps<'a>,
    pub(in crate::app::account) front: &'a dyn LoginFrontend,
}

impl LoginDeps<'_> {
    pub(in crate::app::account) fn tell(self, notice: LoginNotice<'_>) {
        self.front.tell(self.deps, notice);
    }
}

/// A page on which a person says yes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginPage<'a> {
    /// Where it is.
    pub url: &'a str,
    /// What comes back from it, and how.
    pub back: PageReturn<'a>,
}

/// What comes back from a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageReturn<'a> {
    /// The browser of this machine is opened, and brings it to this address.
    ByBrowser(&'a str),
    /// The address at which any browser ends is asked for.
    Address,
    /// The same of a page that is there for some minutes.
    AddressSoon,
    /// The code that the page shows is asked for.
    Code,
    /// The PIN that the page shows is asked for.
    Pin {
        /// The browser of this machine is opened.
        in_browser: bool,
    },
}

/// What happens while an account is logged in.
#[derive(Clone, Copy, Debug)]
pub enum LoginNotice<'a> {
    /// What the login asks for.
    Asking(&'a AskedActions),
    /// The scopes for that; at an issuer or host where the platform has many.
    Scopes(Option<&'a str>, &'a [&'a str]),
    /// A name and an app password are asked for.
    AppPassword(&'a AccountHost),
    /// That was the account's own password, with which everything can be done.
    OwnPassword,
    /// The user is an account of this queue already, which keeps its name.
    NameStays(&'a Account),
    /// The account lives elsewhere now.
    Moved {
        /// Which.
        account: &'a AccountName,
        /// Where it was.
        from: &'a str,
        /// Where it is.
        to: &'a str,
    },
    /// An action was not granted to the account.
    NotGranted(Action, &'a AccountName),
    /// Scopes that an action needs were not granted.
    MissingScopes(Action, &'a [&'a str]),
    /// The tokens of a login that is not kept were revoked, or why not.
    TakenBack(Result<(), &'a str>),
    /// The earlier login of the account was revoked, or why not.
    EarlierEnded(&'a Account, Result<(), &'a str>),
}

/// What a login asks for.
#[derive(Clone, Debug)]
pub struct AskedActions {
    /// The actions.
    pub actions: Vec<Action>,
    /// Others that the platform offers, where nobody has said which are wanted.
    pub others: Vec<Action>,
    /// Where.
    pub platform: Platform,
    /// The account's name, where it was given.
    pub name: Option<AccountName>,
    /// The host that was given.
    pub host: Option<AccountHost>,
}
