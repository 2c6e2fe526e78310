//! How the reading of a list has ended.

use serde::Serialize;

use super::deliver::Delivered;
use super::stopped::UnfinishedReading;
use crate::domain::ListKind;
use crate::engine::Signal;

/// How the reading of a list has ended.
#[derive(Clone, Debug, PartialEq)]
pub enum ListEnd {
    /// It was read and written.
    Written(ListReport),
    /// It could not be read to its end; what was read is kept.
    Unfinished(UnfinishedReading),
    /// The third signal came; what was read is kept.
    StoppedAtOnce(Signal),
}

/// A list that was read and written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ListReport {
    /// Which.
    pub list: ListKind,
    /// Entries that an earlier, unfinished reading had left.
    pub resumed_from: u64,
    /// Entries that were read; for reposts, posts that were looked through.
    pub entries: u64,
    /// What was written.
    #[serde(flatten)]
    pub delivered: Delivered,
    /// Requests.
    pub requests: u64,
    /// What they cost, where they did.
    pub spent: Option<String>,
    /// A limit was filled before the list's end: what reads the rest, without that limit.
    pub rest: Option<String>,
}

impl ListEnd {
    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            ListEnd::Written(_) => 0,
            ListEnd::Unfinished(unfinished) => unfinished.exit_code,
            ListEnd::StoppedAtOnce(signal) => signal.exit_code(),
        }
    }
}
