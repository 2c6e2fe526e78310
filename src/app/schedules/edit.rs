//! A schedule is changed: what is given replaces what was kept, what is to go is taken out, and the rest stays.

use std::collections::BTreeSet;
use std::time::Duration;

use super::hours::ScheduleHours;
use super::outlook::{ScheduleOutlook, outlook_of};
use super::requests::EditScheduleRequest;
use super::run_options::{edited, not_set};
use super::validate::{Validated, validate};
use super::{EDIT, find_schedule};
use crate::app::deps::AppDeps;
use crate::app::request::ScheduledRun;
use crate::domain::Wall;
use crate::error::{CommandError, ErrorKind};
use crate::schedule::recurrence::Recurrence;
use crate::store::{NewSchedule, ScheduleEdit, StoredSchedule};
use crate::text::escaped;

/// Options that say when, which are kept apart from what is run.
const WHEN: [&str; 3] = ["until", "for", "jitter"];

/// A schedule that was changed.
#[derive(Debug)]
pub struct EditedSchedule {
    /// Its name.
    pub name: String,
    /// What is before it; none: somebody has removed it at once.
    pub outlook: Option<ScheduleOutlook>,
}

/// Changes a schedule.
///
/// # Errors
/// There is no such schedule, nothing is to be changed, or what comes of it makes no sense; then it stays as it was.
pub async fn edit_schedule(deps: AppDeps<'_>, request: &EditScheduleRequest) -> Result<EditedSchedule, CommandError> {
    let (mut store, stored) = find_schedule(deps, &request.name).await?;
    let now = deps.clock.now().wall;
    let (without_when, without_words): (Vec<&String>, Vec<&String>) =
        request.without.iter().collect::<BTreeSet<_>>().into_iter().partition(|name| WHEN.contains(&name.as_str()));
    let hours = hours_of(request, &stored, &without_when)?;
    let cron = request.cron.as_deref().unwrap_or(&stored.cron);
    let zone = request.zone.as_deref().unwrap_or(&stored.zone);
    let recurrence = hours.recurrence(cron, zone, now)?;
    let run = edited(&ScheduledRun::from_json(&stored.request)?, request, &without_words)?;
    let Validated { account, notes } = validate(deps, &mut store, &run).await?;
    let new = NewSchedule {
        name: stored.name.clone(),
        cron: recurrence.text().to_owned(),
        zone: recurrence.zone_name().to_owned(),
        until_time: hours.until_text(),
        for_ms: hours.for_ms(),
        jitter_ms: hours.jitter_ms(),
        jitter_seed: stored.jitter_seed,
        request: run.acting_for(account.as_ref()).to_json(),
    };
    if is_same(&new, &stored) {
        return Err(nothing_to_change(deps, &stored.name));
    }
    let edit = ScheduleEdit { seen: &stored, new: &new, slots_begin_at: moved(&new, &stored, &recurrence, now) };
    if !store.schedules().edit_schedule(&edit).await? {
        let error =
            CommandError::new(ErrorKind::Usage, format!("{} was changed or removed meanwhile", escaped(&stored.name)));
        return Err(error
            .hint("nothing was changed; `cleanup schedule list` shows it as it is now; then run the command again"));
    }
    deps.log_audit_event(&mut store, EDIT, None, &format!("{} was changed", stored.name)).await;
    let outlook = outlook_of(&mut store, &stored.name, notes, deps.clock.now().wall).await?;
    store.close().await;
    Ok(EditedSchedule { name: stored.name, outlook })
}

/// The hours that come of it: an end takes the place of a length, and the other way round.
fn hours_of(
    request: &EditScheduleRequest,
    stored: &StoredSchedule,
    without: &[&String],
) -> Result<ScheduleHours, CommandError> {
    let until = stored.until_time.as_ref().and_then(|time| time.parse().ok());
    let for_ = stored.for_ms.map(Duration::from_millis);
    let jitter = (stored.jitter_ms > 0).then(|| Duration::from_millis(stored.jitter_ms));
    for name in without {
        let is_set = match name.as_str() {
            "until" => until.is_some(),
            "for" => for_.is_some(),
            _ => jitter.is_some(),
        };
        if !is_set {
            return Err(not_set(&stored.name, name));
        }
    }
    let kept = |name: &str| !without.iter().any(|without| *without == name);
    let (until, for_) = match (request.hours.until, request.hours.for_) {
        (Some(time), _) => (Some(time), None),
        (None, Some(length)) => (None, Some(length)),
        (None, None) => (until.filter(|_| kept("until")), for_.filter(|_| kept("for"))),
    };
    Ok(ScheduleHours { until, for_, jitter: request.hours.jitter.or(jitter.filter(|_| kept("jitter"))) })
}

/// Where the times are others, its slots begin now: those of the new pattern that have gone by were nobody's.
fn moved(new: &NewSchedule, stored: &StoredSchedule, recurrence: &Recurrence, now: Wall) -> Option<(Wall, Vec<Wall>)> {
    let is_moved = new.cron != stored.cron || new.zone != stored.zone;
    let comes_still = |at: &&Wall| recurrence.latest_by(**at).is_some_and(|slot| slot.at == **at);
    is_moved.then(|| (now, stored.skipped.iter().filter(|at| !comes_still(at)).copied().collect()))
}

fn is_same(new: &NewSchedule, stored: &StoredSchedule) -> bool {
    let when = (&new.cron, &new.zone, &new.until_time, new.for_ms, new.jitter_ms);
    when == (&stored.cron, &stored.zone, &stored.until_time, stored.for_ms, stored.jitter_ms)
        && new.request == stored.request
}

fn nothing_to_change(deps: AppDeps<'_>, name: &str) -> CommandError {
    let error = CommandError::new(ErrorKind::Usage, format!("nothing of {} would change", escaped(name)));
    error.hint(format!(
        "give a new value, such as --until 05:00, or take an option out, such as --without max-requests; {} shows its options",
        deps.command(&["schedule", "list"])
    ))
}
