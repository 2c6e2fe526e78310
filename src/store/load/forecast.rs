//! What loading a file would come to. What does not belong here: finding it out (`forecaster`).

use crate::domain::{AccountId, Action};

/// What loading rows would come to. All but `to_send` and `vanished` count what becomes of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadForecast {
    /// Tasks that are pending after the load, by what they do and for whom.
    pub to_send: Vec<(Action, AccountId, u64)>,
    /// Tasks that are done already.
    pub done: u64,
    /// Tasks whose targets no longer exist.
    pub gone: u64,
    /// Tasks that have failed and wait for a retry.
    pub failed: u64,
    /// Tasks that stay cancelled.
    pub cancelled: u64,
    /// Tasks that are spared, by the name of the rule.
    pub kept: Vec<(String, u64)>,
    /// Rows that repeat an earlier one.
    pub duplicates: u64,
    /// Pending tasks that the load cancels, for the file no longer has them.
    pub vanished: u64,
    /// Pending tasks that the load leaves in the queue or cancels: those that it does not reject.
    pub pending: u64,
}

impl LoadForecast {
    /// Counts tasks that a rule spares.
    pub(super) fn add_kept(&mut self, rule: String, tasks: u64) {
        match self.kept.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, sum)) => *sum += tasks,
            None => self.kept.push((rule, tasks)),
        }
    }
}
