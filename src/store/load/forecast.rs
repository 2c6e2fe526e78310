//! What loading a file would come to. What does not belong here: finding it out (`forecaster`).

use crate::domain::{AccountId, Action};
use crate::store::codes::action_of;
use crate::store::error::StoreError;

/// What a database counts: action, account, outcome, rule that spares, tasks, rows that repeat them, and how many of them are pending in the
/// queue.
pub(super) type CountedTasks = (i64, i64, String, Option<String>, i64, i64, i64);

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
    /// The sum of what was counted, where so many tasks were pending before.
    pub(super) fn of_counts(counted: Vec<CountedTasks>, pending_before: u64) -> Result<LoadForecast, StoreError> {
        let (mut met, mut rejected, mut forecast) = (0, 0, LoadForecast::default());
        for (action, account, outcome, spared, tasks, repeats, unsettled) in counted {
            let (tasks, unsettled) = (tasks as u64, unsettled as u64);
            met += unsettled;
            if outcome == "rejected" {
                rejected += unsettled;
                continue;
            }
            forecast.duplicates += repeats as u64;
            match outcome.as_str() {
                "done" => forecast.done += tasks,
                "gone" => forecast.gone += tasks,
                "failed" => forecast.failed += tasks,
                "cancelled" => forecast.cancelled += tasks,
                "kept" => forecast.add_kept(spared.unwrap_or_default(), tasks),
                _ => forecast.to_send.push((action_of(action)?, AccountId(account), tasks)),
            }
        }
        forecast.vanished = pending_before.saturating_sub(met);
        forecast.pending = pending_before.saturating_sub(rejected);
        Ok(forecast)
    }

    /// Counts tasks that a rule spares.
    pub(super) fn add_kept(&mut self, rule: String, tasks: u64) {
        match self.kept.iter_mut().find(|(known, _)| *known == rule) {
            Some((_, sum)) => *sum += tasks,
            None => self.kept.push((rule, tasks)),
        }
    }
}
