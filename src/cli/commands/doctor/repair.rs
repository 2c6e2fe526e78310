//! Puts right what the queue itself can tell, for a person who asks for it.

use super::{Finding, Grave, Level};
use crate::app;
use crate::cli::context::Context;
use crate::domain::counted;
use crate::error::{CommandError, ErrorKind};
use crate::store::DrainLock;

/// Puts damaged rows and counters right, and says what it did.
pub(super) async fn repair(context: &Context) -> Vec<Finding> {
    match try_repair(context).await {
        Ok(done) if done.is_empty() => vec![Finding::good("repair", "there was nothing to put right")],
        Ok(done) => done.into_iter().map(|text| Finding::good("repair", text)).collect(),
        Err(error) => {
            let grave = if error.kind == ErrorKind::Config { Grave::Config } else { Grave::Queue };
            vec![Finding::of("repair", Level::Bad(grave), error.message, error.hint.unwrap_or_default())]
        }
    }
}

async fn try_repair(context: &Context) -> Result<Vec<String>, CommandError> {
    let Some(mut store) = context.existing_queue().await? else { return Ok(Vec::new()) };
    let _lock = DrainLock::take(store.path())?;
    let now = context.clock.now().wall;
    let damaged = store.admin().find_damage().await?;
    store.admin().note_damage(&damaged, now).await?;
    let mended = app::mend_by_cells(&mut store, now).await?;
    let (rounds, lost) = store.admin().recount().await?;
    let misplaced = store.admin().place_anew().await?;
    let rows = |count, rest: &str| format!("{}{rest}", counted(count, "damaged row", "damaged rows"));
    let done: Vec<String> = [
        (mended.restored, rows(mended.restored, " as two of three copies say")),
        (mended.given_up, rows(mended.given_up, " set aside, never sent: nobody can say what they were")),
        (
            lost,
            counted(
                lost,
                "row that no process was sending is queued again",
                "rows that no process was sending are queued again",
            ),
        ),
        (rounds, counted(rounds, "job counted anew", "jobs counted anew")),
        (
            misplaced,
            counted(
                misplaced,
                "job has its rows placed anew when its file is loaded",
                "jobs have their rows placed anew when their files are loaded",
            ),
        ),
    ]
    .into_iter()
    .filter_map(|(count, text)| (count > 0).then_some(text))
    .collect();
    if !done.is_empty() {
        context.log_audit_event(&mut store, "repair", None, &done.join("; ")).await;
    }
    store.close().await;
    Ok(done)
}
