//! What was written under a clock that was wrong, and a clock that is wrong now, as far as the queue's own record says.

use super::finding::{DoctorFinding, fault, good, warning};
use crate::app::command;
use crate::app::schedules::settled_ahead;
use crate::config::Settings;
use crate::domain::Wall;
use crate::error::CommandError;
use crate::schedule::clock_repair::believed_now;
use crate::schedule::plan::Schedule;
use crate::store::Store;

/// The most schedules that are named one by one.
const MAX_NAMED: usize = 20;

/// Looks at the clock, at schedules, and at whatever else of the queue lies in the future.
pub(super) async fn look(settings: &Settings, store: &mut Store, now: Wall) -> Vec<DoctorFinding> {
    let found = findings(settings, store, now).await;
    found.unwrap_or_else(|error| vec![fault("clock", error)])
}

async fn findings(settings: &Settings, store: &mut Store, now: Wall) -> Result<Vec<DoctorFinding>, CommandError> {
    let believed = believed_now(store, now).await?;
    let mut findings = Vec::new();
    if believed.is_ahead_of(now) {
        let text = format!(
            "this machine's clock says {}, but it is at least {}, the last time the platform's clock confirmed: the clock is behind",
            now.rfc3339(),
            believed.rfc3339()
        );
        let remedy = "set the clock (for example: `timedatectl set-ntp true`); until then schedules may start too late";
        findings.push(warning("clock", text, remedy));
    }
    for (what, at) in store.admin().latest_times().await?.into_iter().filter(|(_, at)| at.is_ahead_of(believed)) {
        let text = format!(
            "{what} is recorded for {}, which is in the future: it was written while the clock was ahead",
            at.rfc3339()
        );
        let remedy = "nothing to do if this machine's clock is right now: recorded times in the future are ignored";
        findings.push(warning("clock", text, remedy));
    }
    findings.extend(schedules(settings, store, believed).await?);
    if findings.is_empty() {
        findings.push(good("clock", format!("{}; no recorded time is later", now.rfc3339())));
    }
    Ok(findings)
}

async fn schedules(settings: &Settings, store: &mut Store, believed: Wall) -> Result<Vec<DoctorFinding>, CommandError> {
    let mut findings = Vec::new();
    for stored in store.schedules().all().await? {
        if let Err(error) = Schedule::of(&stored) {
            let text = format!("{} cannot be used: {error}", stored.name);
            let remedy = command(settings, &["schedule", "remove", &stored.name]);
            findings.push(warning("schedules", text, format!("{remedy}, and add it again")));
        } else if let Some(was) = settled_ahead(&stored, believed) {
            let text = format!("{} counts as run up to {}, because the clock was ahead", stored.name, was.rfc3339());
            let remedy =
                format!("{} corrects it; so does the next run of the timer", command(settings, &["schedule", "due"]));
            findings.push(warning("schedules", text, remedy));
        }
    }
    findings.truncate(MAX_NAMED);
    Ok(findings)
}
