//! `cleanup schedule add`: everything that can be wrong is told now, while somebody is there to hear it.

use std::path::PathBuf;

use super::request::added;
use super::validate::{Validated, refuse_for_new_queue, validate};
use super::when::{When, millis, zone_name};
use crate::app::schedules::understood;
use crate::cli::args::ScheduleAddArgs;
use crate::cli::context::Context;
use crate::domain::is_same_name;
use crate::error::{CommandError, ErrorKind};
use crate::schedule::messages::{moment_text, time_text};
use crate::schedule::plan::Schedule;
use crate::schedule::recurrence::Hours;
use crate::store::{NewSchedule, Store};
use crate::text::escaped;

/// Keeps a schedule.
///
/// # Errors
/// A pattern, a zone, hours or a jitter that make no sense; a name that is taken.
pub(super) async fn run(context: &Context, args: &ScheduleAddArgs) -> Result<u8, CommandError> {
    let zone = zone_name(args.zone.as_deref(), context)?;
    let now = context.clock.now().wall;
    let hours = When { until: args.until, for_: args.for_, jitter: args.jitter.unwrap_or_default() };
    let recurrence = hours.recurrence(&args.cron, &zone, now)?;
    let request = added(args, &list_file(&args.name, context)?)?;
    refuse_for_new_queue(context, &request).await?;
    let mut store = context.open_queue().await?;
    let Validated { account, notes } = validate(context, &mut store, &request).await?;
    let new = NewSchedule {
        name: args.name.clone(),
        cron: recurrence.text().to_owned(),
        zone: recurrence.zone_name().to_owned(),
        until_time: hours.until_text(),
        for_ms: hours.for_.map(millis),
        jitter_ms: millis(hours.jitter),
        jitter_seed: fastrand::u64(..),
        request: request.acting_for(account.as_ref()).to_json(),
    };
    if !store.schedules().add_schedule(&new, now).await? {
        let remove = context.command(&["schedule", "remove", &args.name]);
        let edit = context.command(&["schedule", "edit", &args.name]);
        return Err(CommandError::new(
            ErrorKind::Usage,
            format!("there is a schedule named {} already", escaped(&args.name)),
        )
        .hint(format!("{edit} changes it; or give another name, or {remove} first; nothing was changed")));
    }
    say_next(&mut store, context, &args.name, &notes).await?;
    let install = context.command(&["schedule", "install"]);
    context.printer.say(&format!(
        "something has to start it: keep {} running, or let {install} write a systemd timer, or call {} from cron",
        context.command(&["serve"]),
        context.command(&["schedule", "due"])
    ));
    store.close().await;
    Ok(0)
}

/// Where the list of a schedule is written each time: beside the queue, under the schedule's name, which is fit for it.
pub(super) fn list_file(name: &str, context: &Context) -> Result<PathBuf, CommandError> {
    let queue = context.settings.db()?;
    let mut folder = queue.file_name().unwrap_or_default().to_os_string();
    folder.push(".lists.d");
    Ok(queue.with_file_name(folder).join(format!("{name}.csv")))
}

/// When it runs first, and what is not in place yet.
pub(super) async fn say_next(
    store: &mut Store,
    context: &Context,
    name: &str,
    notes: &[String],
) -> Result<(), CommandError> {
    let (printer, now) = (&context.printer, context.clock.now().wall);
    let all = store.schedules().all().await?;
    let Some(stored) = all.iter().find(|schedule| is_same_name(&schedule.name, name)) else { return Ok(()) };
    let schedule = understood(stored)?;
    let name = escaped(&schedule.name);
    if let Some((slot, starts)) = schedule.upcoming(now).next() {
        let zone = schedule.recurrence.zone();
        let end = schedule.recurrence.end_of(&slot, starts, schedule.hours);
        let end = end.map_or_else(String::new, |end| format!(", until {} at the latest", time_text(end, zone)));
        printer.say(&format!("{name} runs first on {}{end}", moment_text(starts, zone)));
    }
    for note in notes {
        printer.warn(note);
    }
    for other in all.iter().filter(|other| other.name != schedule.name) {
        if let Ok(other) = Schedule::of(other)
            && meet(&schedule, &other, now)
        {
            printer.warn(&format!(
                "the hours of {name} and {} overlap, and `schedule due` runs one schedule at a time: the other one waits (beside `serve` \
                 it does not); to work on both files at once, put them into one schedule",
                escaped(&other.name)
            ));
        }
    }
    Ok(())
}

/// Whether the next hours of two schedules that both have an end meet.
fn meet(one: &Schedule, other: &Schedule, now: crate::domain::Wall) -> bool {
    let span = |schedule: &Schedule| {
        let (slot, starts) = schedule.upcoming(now).next()?;
        let end =
            schedule.recurrence.end_of(&slot, starts, schedule.hours).filter(|_| schedule.hours != Hours::Open)?;
        Some((starts, end))
    };
    matches!((span(one), span(other)), (Some((a, b)), Some((c, d))) if a < d && c < b)
}
