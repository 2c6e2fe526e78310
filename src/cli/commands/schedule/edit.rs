//! `cleanup schedule edit`: what is given replaces what was kept, `--without` takes an option out, and the rest stays.

use std::time::Duration;

use super::add::say_next;
use super::request::{edited, not_set};
use super::validate::{Validated, validate};
use super::when::{When, millis};
use crate::app::request::ScheduledRun;
use crate::app::schedules;
use crate::app::schedules::find_schedule;
use crate::cli::args::ScheduleEditArgs;
use crate::cli::context::Context;
use crate::domain::Wall;
use crate::error::{CommandError, ErrorKind};
use crate::schedule::recurrence::Recurrence;
use crate::store::{NewSchedule, ScheduleEdit, StoredSchedule};
use crate::text::escaped;

/// Options that say when, which are kept apart from what is run.
const WHEN: [&str; 3] = ["until", "for", "jitter"];

/// Changes a schedule.
///
/// # Errors
/// There is no such schedule, nothing is to be changed, or what comes of it makes no sense; then it stays as it was.
pub(super) async fn run(context: &Context, args: &ScheduleEditArgs) -> Result<u8, CommandError> {
    let (mut store, stored) = find_schedule(context.deps(), &args.name).await?;
    let now = context.clock.now().wall;
    let (without_when, without_words): (Vec<&String>, Vec<&String>) =
        args.without.iter().partition(|name| WHEN.contains(&name.as_str()));
    let hours = hours_of(args, &stored, &without_when)?;
    let cron = args.cron.as_deref().unwrap_or(&stored.cron);
    let zone = args.zone.as_deref().unwrap_or(&stored.zone);
    let recurrence = hours.recurrence(cron, zone, now)?;
    let request = edited(&ScheduledRun::from_json(&stored.request)?, args, &without_words)?;
    let Validated { account, notes } = validate(context, &mut store, &request).await?;
    let new = NewSchedule {
        name: stored.name.clone(),
        cron: recurrence.text().to_owned(),
        zone: recurrence.zone_name().to_owned(),
        until_time: hours.until_text(),
        for_ms: hours.for_.map(millis),
        jitter_ms: millis(hours.jitter),
        jitter_seed: stored.jitter_seed,
        request: request.acting_for(account.as_ref()).to_json(),
    };
    if is_same(&new, &stored) {
        return Err(nothing_to_change(context, &stored.name));
    }
    let edit = ScheduleEdit { seen: &stored, new: &new, slots_begin_at: moved(&new, &stored, &recurrence, now) };
    if !store.schedules().edit_schedule(&edit).await? {
        let error =
            CommandError::new(ErrorKind::Usage, format!("{} was changed or removed meanwhile", escaped(&stored.name)));
        return Err(error
            .hint("nothing was changed; `cleanup schedule list` shows it as it is now; then run the command again"));
    }
    context.log_audit_event(&mut store, schedules::EDIT, None, &format!("{} was changed", stored.name)).await;
    context.printer.say(&format!("{} is changed; a run in progress continues as it began", escaped(&stored.name)));
    say_next(&mut store, context, &stored.name, &notes).await?;
    store.close().await;
    Ok(0)
}

/// The hours that come of it: `--until` takes the place of `--for`, and the other way round.
fn hours_of(args: &ScheduleEditArgs, stored: &StoredSchedule, without: &[&String]) -> Result<When, CommandError> {
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
    let (until, for_) = match (args.until, args.for_) {
        (Some(time), _) => (Some(time), None),
        (None, Some(length)) => (None, Some(length)),
        (None, None) => (until.filter(|_| kept("until")), for_.filter(|_| kept("for"))),
    };
    Ok(When { until, for_, jitter: args.jitter.or(jitter.filter(|_| kept("jitter"))).unwrap_or_default() })
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

fn nothing_to_change(context: &Context, name: &str) -> CommandError {
    let error = CommandError::new(ErrorKind::Usage, format!("nothing of {} would change", escaped(name)));
    error.hint(format!(
        "give a new value, such as --until 05:00, or take an option out, such as --without max-requests; {} shows its options",
        context.command(&["schedule", "list"])
    ))
}
