//! What has to be done by hand: which rows of a job, each with why it is on the list.

use serde::{Deserialize, Serialize};

use super::picked_rows::PickedRows;
use super::target_facts::Facts;
use crate::domain::{Target, TaskId, TaskState, Wall};
use crate::error::{CommandError, ErrorKind};
use crate::store::{Job, PickOrder, PickedTask, Store, Taken, TaskFilter, VerifyResult, WorklistTick};

/// Which rows a worklist has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorklistRows {
    /// Refused or given up.
    pub failed: bool,
    /// Reported done, and still listed when the account was read after that.
    pub ghosts: bool,
    /// Not settled yet.
    pub pending: bool,
}

/// A worklist of a job's newest round. It is on record, so that its ticks can be taken back.
pub struct HandWorklist {
    /// The rows.
    pub picked: PickedRows,
    /// What its files are known by again.
    pub token: String,
}

impl HandWorklist {
    /// Makes one.
    ///
    /// # Errors
    /// The queue cannot be read or written.
    pub async fn make(
        store: &mut Store,
        job: &Job,
        rows: WorklistRows,
        now: Wall,
    ) -> Result<HandWorklist, CommandError> {
        let token = store.queue().make_worklist(job, now).await?;
        let picked = PickedRows::pick(store, (job, job.round_number), &rows.filter(), PickOrder::File).await?;
        Ok(HandWorklist { picked, token })
    }
}

/// Some of the rows that have to be done by hand, and how many there are: to be shown, not to be saved.
///
/// # Errors
/// The queue cannot be read.
pub async fn rows_by_hand(
    mut store: Store,
    job: &Job,
    rows: WorklistRows,
    (from, count): (u64, u64),
) -> Result<(u64, Vec<(PickedTask, Facts)>), CommandError> {
    let picked = PickedRows::pick(&mut store, (job, job.round_number), &rows.filter(), PickOrder::File).await?;
    let (total, some) = (picked.total, picked.read(&mut store, from, count).await?);
    picked.finish(store).await?;
    Ok((total, some))
}

/// A person has done these by hand: each task, and its target as it was shown.
///
/// # Errors
/// The queue cannot be written.
pub async fn done_by_hand(
    store: &mut Store,
    job: &Job,
    done: Vec<(TaskId, Target)>,
    now: Wall,
) -> Result<Taken, CommandError> {
    let token = store.queue().make_worklist(job, now).await?;
    let worklist = store.queue().worklist(&token).await?;
    let lost = || CommandError::new(ErrorKind::Fault, "the worklist was not made").hint("please report this");
    let ticks: Vec<WorklistTick> =
        (1..).zip(done).map(|(line, (task, target))| WorklistTick { task, target, line }).collect();
    Ok(store.queue().take_ticks(&worklist.ok_or_else(lost)?, &ticks, now).await?)
}

impl WorklistRows {
    fn filter(self) -> TaskFilter {
        let mut wanted = TaskFilter { ghosts: self.ghosts, ..TaskFilter::default() };
        if self.failed {
            wanted.states.push(TaskState::Failed);
        }
        if self.pending {
            wanted.states.extend([TaskState::Pending, TaskState::Sending, TaskState::Waiting, TaskState::Provisional]);
        }
        wanted
    }
}

/// A row as the columns of a saved worklist have it, and then handle, name, link and why.
pub fn worklist_cells(token: &str, task: &PickedTask, facts: &Facts) -> [String; 9] {
    [
        token.to_owned(),
        task.task.to_string(),
        task.action.name().to_owned(),
        task.target.to_string(),
        String::new(),
        facts.handle.clone().unwrap_or_default(),
        facts.name.clone().unwrap_or_default(),
        facts.url.clone().unwrap_or_default(),
        worklist_note(task),
    ]
}

/// Why a row is on the list.
pub fn worklist_note(task: &PickedTask) -> String {
    let status = task.http_status.map_or_else(String::new, |status| format!(" (HTTP {status})"));
    let reason = task.reason.as_deref().unwrap_or("no reason on record");
    match task.state {
        TaskState::Failed => format!("failed: {reason}{status}"),
        TaskState::Done if task.verdict == Some(VerifyResult::Ghost) => "reported done, and still listed".to_owned(),
        TaskState::Provisional => format!("refused, not decided yet: {reason}{status}"),
        TaskState::Sending => "being sent when this was made".to_owned(),
        _ => "not sent yet".to_owned(),
    }
}
