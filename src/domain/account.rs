//! Users and the short names people give to accounts.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

use super::did::is_did;
use super::foreign::is_plain_in_shell;
use super::name::{is_same_name, name_key};

/// An account's number in its queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct AccountId(pub i64);

/// The user an account is at its platform: a numeric ID at X, a fingerprint of the key at AIsa, a DID at Bluesky.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserId(Box<str>);

impl UserId {
    /// The ID as the platform writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for UserId {
    type Err = String;

    /// 1 to 64 letters, digits, `-` and `_`, or a DID: it becomes part of a URL.
    fn from_str(text: &str) -> Result<UserId, String> {
        let legal =
            (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if legal || is_did(text) {
            Ok(UserId(text.into()))
        } else {
            Err("a user ID has 1 to 64 letters and digits, or is a whole DID".into())
        }
    }
}

/// The short name of an account, 1 to 64 printable characters without spaces, quotes or control characters. Two that differ only in how an
/// accent is encoded are the same.
#[derive(Clone, Debug)]
pub struct AccountName(Box<str>);

impl PartialEq for AccountName {
    fn eq(&self, other: &AccountName) -> bool {
        is_same_name(&self.0, &other.0)
    }
}

impl Eq for AccountName {}

impl Hash for AccountName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        name_key(&self.0).hash(state);
    }
}

impl PartialOrd for AccountName {
    fn partial_cmp(&self, other: &AccountName) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for AccountName {
    fn cmp(&self, other: &AccountName) -> Ordering {
        name_key(&self.0).cmp(&name_key(&other.0))
    }
}

impl AccountName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name in a command to type: a shell obeys some of the signs that it may have, such as `$(...)`.
    pub fn shell_word(&self) -> Cow<'_, str> {
        // No name has a quote in it.
        if self.0.chars().all(is_plain_in_shell) { Cow::Borrowed(&self.0) } else { Cow::Owned(format!("'{}'", self.0)) }
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for AccountName {
    type Err = String;

    fn from_str(text: &str) -> Result<AccountName, String> {
        let length = text.chars().count();
        let legal = (1..=64).contains(&length)
            && !text.chars().any(|c| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | ',' | ';'));
        if legal {
            Ok(AccountName(text.into()))
        } else {
            Err("an account name has 1 to 64 characters, without spaces, quotes, commas and semicolons".into())
        }
    }
}

super::serde_as_text!(display: AccountName, UserId);
