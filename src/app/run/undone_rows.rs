//! What a round of a job has undone, row by row, as what takes it back. In: a round. Out: rows for a load, what is left out and why.
//! What does not belong here: loading them.

use std::collections::{BTreeMap, HashMap};

use crate::app::no_such_round;
use crate::app::restore_list::keeps_text;
use crate::domain::{AccountId, Action, Platform, TaskId, TaskState, counted};
use crate::error::CommandError;
use crate::platforms::find_inverse;
use crate::store::{Job, LoadRow, PickOrder, PickedTask, QueuePlace, RowPlace, Store, TaskFilter};
use crate::text::escaped;

/// Rows in memory at a time.
const ROWS_AT_ONCE: u64 = 5_000;
/// The reasons of tasks that were done though their first answer was lost.
const LATE_CONFIRMATIONS: [&str; 2] = ["confirmed_by_repeat", "confirmed_by_reading"];

/// The rows of a round that are done, what was done last first: what stood above in a list is then above again. All of one snapshot.
pub(super) struct UndoneRows {
    reader: Store,
    accounts: HashMap<String, AccountId>,
    total: u64,
    /// The next of them.
    at: u64,
    /// The next line of the job that restores.
    line: u64,
    left_out: LeftOut,
}

/// Rows that are done and not restored, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    /// Nothing takes it back, or nothing that may be asked of the platform in bulk.
    not_offered: BTreeMap<(Action, Platform), u64>,
    /// Done by a person, or so already when the request came.
    not_ours: u64,
    /// Done by another job before, whose name this is, and not restored since: an answer that says no more than that it is done does not prove
    /// that there was anything to do.
    done_before: BTreeMap<String, u64>,
}

impl UndoneRows {
    /// Picks the rows of a round. The queue is this reader's alone until [`UndoneRows::finish`].
    ///
    /// # Errors
    /// There is no such round (2); the queue cannot be read.
    pub(super) async fn pick(mut reader: Store, job: &Job, round: u32) -> Result<UndoneRows, CommandError> {
        let accounts = reader.accounts().all().await?.into_iter();
        let accounts = accounts.map(|account| (account.name.to_string(), account.id)).collect();
        let done = TaskFilter { states: vec![TaskState::Done], ghosts: false };
        let picked = reader.read().select_tasks(job, round, &done, PickOrder::NewestFirst).await?;
        let total = picked.ok_or_else(|| no_such_round(job, round))?;
        Ok(UndoneRows { reader, accounts, total, at: 0, line: 1, left_out: LeftOut::default() })
    }

    /// The queue.
    pub(super) fn queue(&self) -> &QueuePlace {
        self.reader.place()
    }

    /// Begins at the first row once more.
    pub(super) fn rewind(&mut self) {
        (self.at, self.line, self.left_out) = (0, 1, LeftOut::default());
    }

    /// What was left out of the rows that have come so far.
    pub(super) fn left_out(&self) -> &LeftOut {
        &self.left_out
    }

    /// The next rows that can be restored; none: there are no more.
    pub(super) async fn next_batch(&mut self) -> Result<Vec<LoadRow>, CommandError> {
        let mut batch = Vec::new();
        while batch.is_empty() && self.at < self.total {
            let tasks = self.reader.read().picked(self.at, ROWS_AT_ONCE).await?;
            self.at += ROWS_AT_ONCE;
            let ids: Vec<TaskId> = tasks.iter().map(|task| task.task).collect();
            let mut before = self.reader.read().done_before(&ids).await?;
            for task in tasks {
                let before = before.remove(&task.task);
                batch.extend(self.row(task, before));
            }
        }
        Ok(batch)
    }

    /// The row that takes a task back. `before`: the job that had done the same.
    fn row(&mut self, task: PickedTask, before: Option<String>) -> Option<LoadRow> {
        if task.reason.as_deref().is_some_and(|reason| !LATE_CONFIRMATIONS.contains(&reason)) {
            self.left_out.not_ours += 1;
            return None;
        }
        let inverse = find_inverse(task.platform, task.action);
        let (Some(inverse), Some(account)) = (inverse, self.accounts.get(&task.account)) else {
            *self.left_out.not_offered.entry((task.action, task.platform)).or_default() += 1;
            return None;
        };
        // What was kept proves that it was there.
        if let Some(job) = before.filter(|_| !inverse.restores_records()) {
            *self.left_out.done_before.entry(job).or_default() += 1;
            return None;
        }
        let (line, account, action) = (self.line, *account, inverse.action);
        self.line += 1;
        let place = RowPlace::Task { action, account, target: task.target, spared: None };
        Some(LoadRow { line, place, record: task.record })
    }

    /// Lets the snapshot go, and closes the queue.
    ///
    /// # Errors
    /// The queue cannot be read any more.
    pub(super) async fn finish(mut self) -> Result<(), CommandError> {
        self.reader.read().end_picking().await?;
        self.reader.close().await;
        Ok(())
    }
}

impl LeftOut {
    /// What is left out and why, a phrase each. `with_texts`: the command that writes a list with the texts of deleted posts; `apply`: the one
    /// that restores a job.
    pub(super) fn sentences(&self, with_texts: &str, apply: impl Fn(&str) -> String) -> Vec<String> {
        let mut said: Vec<String> = Vec::new();
        for ((action, platform), rows) in &self.not_offered {
            let rows = counted(*rows, "row", "rows");
            said.push(match action.inverse() {
                None if *action == Action::DeleteList => format!("{rows} of {action}, which nothing takes back"),
                None => format!("{rows} of {action}, which only the users themselves can take back"),
                Some(Action::Post) if keeps_text(*platform, *action) => {
                    format!(
                        "{rows} of {action}, not restorable as it was on {platform}: a post that is written again is a new one, \
                         at a new date; {with_texts} has their texts"
                    )
                }
                Some(Action::Post) => format!("{rows} of {action}, which nothing takes back on {platform}"),
                Some(inverse) => format!("{rows} of {action}, for {inverse} in bulk is not offered on {platform}"),
            });
        }
        if self.not_ours > 0 {
            let rows = counted(self.not_ours, "row", "rows");
            said.push(format!("{rows} that the job did not do itself (done by hand, or so already)"));
        }
        for (job, rows) in &self.done_before {
            let (rows, apply) = (counted(*rows, "row", "rows"), apply(job));
            said.push(format!("{rows} that {} had done before, which {apply} restores", escaped(job)));
        }
        said
    }
}
