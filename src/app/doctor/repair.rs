//! Puts right what the queue itself can tell, for a person who asks for it.

use super::finding::{DoctorFinding, fault, good, warning};
use crate::app;
use crate::config::Settings;
use crate::domain::{Wall, counted};
use crate::error::CommandError;
use crate::store::{AuditEvent, DrainLock, Store};

/// Puts damaged rows and counters right, and says what it did.
pub(super) async fn repair(settings: &Settings, actor: &str, now: Wall) -> Vec<DoctorFinding> {
    match try_repair(settings, actor, now).await {
        Ok(done) if done.is_empty() => vec![good("repair", "there was nothing to repair")],
        Ok(done) => done,
        Err(error) => vec![fault("repair", error)],
    }
}

async fn try_repair(settings: &Settings, actor: &str, now: Wall) -> Result<Vec<DoctorFinding>, CommandError> {
    let Some(mut store) = Store::open_existing(settings.db()?, settings.kind).await? else { return Ok(Vec::new()) };
    let _lock = DrainLock::take_alone(store.place()).await?;
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
        (rounds, counted(rounds, "job counted again", "jobs counted again")),
        (
            misplaced,
            counted(
                misplaced,
                "job has its rows placed again when its file is loaded",
                "jobs have their rows placed again when their files are loaded",
            ),
        ),
    ]
    .into_iter()
    .filter_map(|(count, text)| (count > 0).then_some(text))
    .collect();
    let detail = done.join("; ");
    let mut findings: Vec<DoctorFinding> = done.into_iter().map(|text| good("repair", text)).collect();
    let event = AuditEvent { actor, deed: "repair", job: None, detail: &detail };
    if !findings.is_empty()
        && let Err(error) = store.admin().log_audit_event(now, &event).await
    {
        let text = format!("repair is done, but could not be written to the audit log: {error}");
        findings.push(warning("repair", text, "look at the disk"));
    }
    store.close().await;
    Ok(findings)
}
