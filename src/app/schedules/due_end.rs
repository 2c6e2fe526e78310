//! How the working off of what is due has ended.

use crate::schedule::scheduler::Next;

/// How the working off of what is due has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DueEnd {
    /// There is no queue.
    NoQueue,
    /// Another process runs this queue's schedules.
    Elsewhere,
    /// All that was due has been run.
    Ran {
        /// When there is something to do next.
        next: Option<Next>,
        /// The exit code.
        exit_code: u8,
    },
}

impl DueEnd {
    /// The exit code.
    pub fn exit_code(&self) -> u8 {
        match self {
            DueEnd::NoQueue | DueEnd::Elsewhere => 0,
            DueEnd::Ran { exit_code, .. } => *exit_code,
        }
    }
}
