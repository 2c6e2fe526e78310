//! What happened to a target: every task of it, with every attempt.

use super::deps::AppDeps;
use crate::domain::Target;
use crate::error::{CommandError, ErrorKind};
use crate::store::TaskHistory;

/// The history of a target, task by task.
///
/// # Errors
/// Exit code 2 where no job has the target; the queue cannot be read.
pub async fn explain(deps: AppDeps<'_>, target: &Target) -> Result<Vec<TaskHistory>, CommandError> {
    let Some(mut store) = deps.existing_queue().await? else { return Err(deps.no_queue(ErrorKind::Usage)) };
    let histories = store.read().explain(target).await?;
    store.close().await;
    if histories.is_empty() {
        let list = deps.command(&["status"]);
        let error = CommandError::new(ErrorKind::Usage, format!("no job of this queue has the target {target}"));
        let hint = format!("{list} lists the jobs; rows that were rejected are only in their reports");
        return Err(error.hint(deps.or_other_queue(hint)));
    }
    Ok(histories)
}
