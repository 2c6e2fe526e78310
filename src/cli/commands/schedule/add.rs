//! `cleanup schedule add`: everything that can be wrong is told now, while somebody is there to hear it.

use std::path::PathBuf;
use std::time::Duration;

use jiff::civil::Time;

use super::validate::{Validated, validate};
use super::words::to_words;
use crate::cli::args::ScheduleAddArgs;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Kind};
use crate::cli::escape::escaped;
use crate::cli::timing::span_text;
use crate::schedule::diary::{moment_text, time_text};
use crate::schedule::plan::Schedule;
use crate::schedule::recurrence::{Hours, Recurrence, Slot};
use crate::store::{NewSchedule, Store};

/// Keeps a schedule.
///
/// # Errors
/// A pattern, a zone, hours or a jitter that make no sense; a name that is taken.
pub(super) async fn run(context: &Context, args: &ScheduleAddArgs) -> Result<u8, CliError> {
    let zone = zone_name(args, context)?;
    let recurrence = Recurrence::parse(&args.cron, &zone)
        .map_err(|error| CliError::new(Kind::Usage, error.to_string()).hint(error.hint()).because(error))?;
    let now = context.clock.now().wall;
    check_hours(args, &recurrence, recurrence.next_after(now).as_ref(), recurrence.shortest_gap(now))?;
    let words = to_words(args, std::env::args_os(), &list_file(args, context)?)?;
    let mut store = context.open_queue().await?;
    let Validated { account, notes } = validate(context, &mut store, &words).await?;
    let words = words.acting_for(account.as_ref());
    let new = NewSchedule {
        name: args.name.clone(),
        cron: recurrence.text().to_owned(),
        zone: recurrence.zone_name().to_owned(),
        until_time: args.until.map(|time| time.to_string()),
        for_ms: args.for_.map(millis),
        jitter_ms: args.jitter.map_or(0, millis),
        jitter_seed: fastrand::u64(..),
        words: words.run,
        list_words: words.list,
    };
    if !store.add_schedule(&new, now).await? {
        let remove = context.command(&["schedule", "remove", &args.name]);
        return Err(CliError::new(Kind::Usage, format!("there is a schedule named {} already", escaped(&args.name)))
            .hint(format!("give another name, or {remove} first; nothing was changed")));
    }
    say_added(&mut store, context, args, &notes).await?;
    store.close().await;
    Ok(0)
}

/// Where the list of a schedule is written each time: beside the queue, under the schedule's name, which is fit for it.
fn list_file(args: &ScheduleAddArgs, context: &Context) -> Result<PathBuf, CliError> {
    let queue = context.settings.db()?;
    let mut folder = queue.file_name().unwrap_or_default().to_os_string();
    folder.push(".lists.d");
    Ok(queue.with_file_name(folder).join(format!("{}.csv", args.name)))
}

/// The zone asked for, else the one this machine is in, if it has a name.
fn zone_name(args: &ScheduleAddArgs, context: &Context) -> Result<String, CliError> {
    if let Some(zone) = &args.zone {
        return Ok(zone.clone());
    }
    context.zone.get().iana_name().map(str::to_owned).ok_or_else(|| {
        CliError::new(Kind::Usage, "the time zone here has no name that a schedule could keep")
            .hint("give one with --zone, such as --zone Europe/Berlin or --zone UTC")
    })
}

/// Hours that reach into the next slot, and starts put off past their own hours, are mistakes. They are judged by the clock, so
/// that a day of 23 hours is a day.
fn check_hours(
    args: &ScheduleAddArgs,
    recurrence: &Recurrence,
    next: Option<&Slot>,
    gap: Option<Duration>,
) -> Result<(), CliError> {
    let (Some(next), Some(gap)) = (next, gap) else { return Ok(()) };
    let length = match (args.until, args.for_) {
        (Some(until), _) => Some(clock_length(next.local.time(), until)),
        (None, length) => length,
    };
    let option = if args.until.is_some() { "--until" } else { "--for" };
    if let Some(length) = length.filter(|length| *length > gap) {
        let message = format!(
            "{option} gives each run {}, but the next one comes after {}: they would overlap",
            span_text(length),
            span_text(gap)
        );
        return Err(CliError::new(Kind::Usage, message).hint(
            "give shorter hours, or a pattern with longer gaps; a single run goes on for as long as it needs without --until and --for",
        ));
    }
    let jitter = args.jitter.unwrap_or_default();
    let room = if args.until.is_some() { length.unwrap_or(gap) } else { gap };
    if jitter >= room {
        let message =
            format!("--jitter of {} is not shorter than the {} it has to fit into", span_text(jitter), span_text(room));
        return Err(CliError::new(Kind::Usage, message).hint(format!(
            "give less than {}: {} is due by {}",
            span_text(room),
            recurrence.text(),
            recurrence.zone_name()
        )));
    }
    Ok(())
}

/// How long it is by the clock from one time of day to the next time that it is another.
fn clock_length(from: Time, to: Time) -> Duration {
    const DAY_S: i64 = 86_400;
    let seconds = from.duration_until(to).as_secs().rem_euclid(DAY_S);
    Duration::from_secs(if seconds == 0 { DAY_S } else { seconds }.unsigned_abs())
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// When it runs first, and what is not in place yet.
async fn say_added(
    store: &mut Store,
    context: &Context,
    args: &ScheduleAddArgs,
    notes: &[String],
) -> Result<(), CliError> {
    let (printer, now) = (&context.printer, context.clock.now().wall);
    let all = store.schedules().await?;
    let Some(stored) = all.iter().find(|schedule| schedule.name == args.name) else { return Ok(()) };
    let schedule = super::understood(stored)?;
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
                "the hours of {name} and {} overlap, and one schedule runs at a time; accounts work side by side where both \
                 files are in one schedule",
                escaped(&other.name)
            ));
        }
    }
    let install = context.command(&["schedule", "install"]);
    printer.say(&format!(
        "something has to look at the time: {install} writes a systemd timer, or call {} from cron",
        context.command(&["schedule", "due"])
    ));
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
