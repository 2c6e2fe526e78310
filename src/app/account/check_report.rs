//! What was found of accounts, as `account check --json` prints it.

use serde::Serialize;

use crate::domain::{AccountHost, Action, Platform, UserId};
use crate::error::ErrorKind;

/// How good an account's login is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LoginState {
    /// Nothing is wrong with it.
    Good,
    /// The world is at fault.
    Unknown,
    /// It needs a person.
    Bad,
}

/// What was found about one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CheckedAccount {
    /// The account's, or the variable that holds credentials nobody has run with yet.
    pub name: String,
    /// Where it is.
    pub platform: Platform,
    /// Who it is; none where nobody knows.
    pub user_id: Option<UserId>,
    /// How good its login is.
    pub state: LoginState,
    /// Why, and what to do about it.
    pub said: Vec<String>,
    /// What its login may do.
    pub actions: Vec<Action>,
    /// The host, on platforms of many hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<AccountHost>,
}

/// What was found about accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountCheckReport {
    /// Each of them.
    pub accounts: Vec<CheckedAccount>,
    /// What is wrong with this machine's clock.
    pub warnings: Vec<String>,
}

impl LoginState {
    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            LoginState::Good => "good",
            LoginState::Unknown => "unknown",
            LoginState::Bad => "bad",
        }
    }
}

impl AccountCheckReport {
    /// The exit code: that of the gravest state.
    pub fn exit_code(&self) -> u8 {
        match self.accounts.iter().map(|one| one.state).max() {
            Some(LoginState::Bad) => ErrorKind::Person.exit_code(),
            Some(LoginState::Unknown) => ErrorKind::Unreachable.exit_code(),
            Some(LoginState::Good) | None => 0,
        }
    }
}
