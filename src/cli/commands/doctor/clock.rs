//! What was written under a clock that was wrong, and a clock that is wrong now, as far as the queue's own record says.

use super::{Finding, Grave, Level};
use crate::app::schedules::settled_ahead;
use crate::cli::context::Context;
use crate::domain::Wall;
use crate::error::CommandError;
use crate::schedule::clock_repair::believed_now;
use crate::schedule::plan::Schedule;
use crate::store::Store;

/// The most schedules that are named one by one.
const MAX_NAMED: usize = 20;

/// Looks at the clock, at schedules, and at whatever else of the queue lies in the future.
pub(super) async fn look(context: &Context, store: &mut Store) -> Vec<Finding> {
    match findings(context, store).await {
        Ok(findings) => findings,
        Err(error) => {
            vec![Finding::of("clock", Level::Bad(Grave::Queue), error.message, error.hint.unwrap_or_default())]
        }
    }
}

async fn findings(context: &Context, store: &mut Store) -> Result<Vec<Finding>, CommandError> {
    let now = context.clock.now().wall;
    let believed = believed_now(store, now).await?;
    let mut findings = Vec::new();
    if believed.is_ahead_of(now) {
        let text = format!(
            "this machine's clock says {}, and at {} the platform's agreed with it: it is behind",
            now.rfc3339(),
            believed.rfc3339()
        );
        let remedy = "set the clock (a time service does); until then schedules wait for times that have passed";
        findings.push(Finding::of("clock", Level::Warning, text, remedy));
    }
    for (what, at) in store.admin().latest_times().await?.into_iter().filter(|(_, at)| at.is_ahead_of(believed)) {
        let text = format!(
            "{what} is on record for {}, which is to come: it was written under a clock that was ahead",
            at.rfc3339()
        );
        let remedy = "if this machine's clock is right now, nothing: times to come are not believed";
        findings.push(Finding::of("clock", Level::Warning, text, remedy));
    }
    findings.extend(schedules(context, store, believed).await?);
    if findings.is_empty() {
        findings.push(Finding::good("clock", format!("{}; nothing on record is later", now.rfc3339())));
    }
    Ok(findings)
}

async fn schedules(context: &Context, store: &mut Store, believed: Wall) -> Result<Vec<Finding>, CommandError> {
    let mut findings = Vec::new();
    for stored in store.schedules().all().await? {
        if let Err(error) = Schedule::of(&stored) {
            let text = format!("{} cannot be used: {error}", stored.name);
            let remedy = context.command(&["schedule", "remove", &stored.name]);
            findings.push(Finding::of("schedules", Level::Warning, text, format!("{remedy}, and add it again")));
        } else if let Some(was) = settled_ahead(&stored, believed) {
            let text =
                format!("{} has been dealt with up to {}, under a clock that was ahead", stored.name, was.rfc3339());
            let remedy =
                format!("{} undoes it, and so does the timer's next look", context.command(&["schedule", "due"]));
            findings.push(Finding::of("schedules", Level::Warning, text, remedy));
        }
    }
    findings.truncate(MAX_NAMED);
    Ok(findings)
}
