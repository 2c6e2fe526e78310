//! What is known of a saved list beside its rows. In: nothing. Out: the nouns, as they are kept.

use serde::{Deserialize, Serialize};

use crate::domain::{AccountName, ListKind, Platform, Wall};

/// What is asked beside a list, so that rules about it can be judged later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ListExtras {
    /// Who follows back: the followers are read as well.
    pub follows_back: bool,
    /// Who is still there: each user is asked for.
    pub ghosts: bool,
    /// When each user last posted.
    pub last_posted: bool,
}

/// Where a list comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListSource {
    /// It is read from the platform, for this account.
    Account(AccountName),
    /// It was taken out of an export, a file that its sender calls so. Foreign text.
    Export(String),
}

/// The rows of a list that was read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedRows {
    /// How many there are.
    pub rows: u64,
    /// Since when.
    pub at: Wall,
    /// What has to be known about them, in sentences.
    pub notes: Vec<String>,
}

/// What is known of a saved list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedListInfo {
    /// Which list of an account it is.
    pub list: ListKind,
    /// Where it comes from.
    pub source: ListSource,
    /// The platform whose IDs these are; none: an export that does not say.
    pub platform: Option<Platform>,
    /// What was asked beside it.
    #[serde(default)]
    pub extras: ListExtras,
    /// When somebody asked for it.
    pub begun: Wall,
    /// Its rows; none: it has not been read to its end.
    #[serde(default)]
    pub saved: Option<SavedRows>,
    /// Why it was not read to its end, and what to do.
    #[serde(default)]
    pub stopped: Option<String>,
}

impl SavedListInfo {
    /// The account whose list it is, where that is known.
    pub fn account(&self) -> Option<&AccountName> {
        match &self.source {
            ListSource::Account(name) => Some(name),
            ListSource::Export(_) => None,
        }
    }
}
