//! The reading of a list, as it is asked for.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{FilterOptions, text};
use crate::domain::{AccountName, ListKind, MicroUsd, Platform, Wall};

/// The reading of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ListRequest {
    /// Which list.
    pub list: ListKind,
    /// Whose; none: the default or only account's.
    #[serde(default)]
    pub account: Option<AccountName>,
    /// Whose API to speak; none: the account's.
    #[serde(default)]
    pub platform: Option<Platform>,
    /// The file that is written; none: standard output.
    #[serde(default)]
    pub output: Option<PathBuf>,
    /// Which entries are written.
    #[serde(flatten)]
    pub which: FilterOptions,
    /// Requests, at most.
    #[serde(default)]
    pub max_requests: Option<u64>,
    /// Dollars, at most, counted as if the developer app were not the account's own.
    #[serde(default, with = "text::dollars")]
    pub max_spend: Option<MicroUsd>,
    /// Reading ends when there has been no answer for so long.
    #[serde(default, with = "text::duration")]
    pub give_up_after: Option<Duration>,
    /// What is said about one reading alone; a schedule does not keep it.
    #[serde(skip)]
    pub once: ListOnce,
}

/// What is said about one reading of a list alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListOnce {
    /// Files that are there are replaced.
    pub force: bool,
    /// Cells that a spreadsheet would run as formulas are left alone.
    pub raw: bool,
    /// An unfinished earlier reading is not gone on with.
    pub fresh: bool,
    /// Where the spared entries are written.
    pub spared: Option<PathBuf>,
    /// Nothing is sent after this.
    pub until: Option<Wall>,
}
