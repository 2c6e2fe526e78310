//! `cleanup schedule next`: the next five times, by the zone's clock.

use serde_json::{Value, json};

use crate::cli::args::ScheduleNextArgs;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::cli::escape::escaped;
use crate::domain::Wall;
use crate::schedule::diary::{moment_text, time_text};
use crate::schedule::plan::Schedule;

/// How many times are shown.
const SHOWN: usize = 5;

/// Shows the next times of one schedule, or of all.
///
/// # Errors
/// There is no such schedule, the queue cannot be read, or nobody reads stdout.
pub(super) async fn run(context: &Context, args: &ScheduleNextArgs) -> Result<u8, CliError> {
    let mut schedules = Vec::new();
    match &args.name {
        Some(name) => {
            let (store, stored) = super::find(context, name).await?;
            store.close().await;
            schedules.push(super::understood(&stored)?);
        }
        None => {
            if let Some(mut store) = context.existing_queue().await? {
                for stored in store.schedules().await? {
                    schedules.push(super::understood(&stored)?);
                }
                store.close().await;
            }
        }
    }
    let now = context.clock.now().wall;
    if args.json {
        let list: Vec<Value> = schedules.iter().map(|schedule| to_json(schedule, now)).collect();
        context.printer.json(&json!({ "schedules": list }))?;
        return Ok(0);
    }
    if schedules.is_empty() {
        context.printer.say("this queue has no schedules");
    }
    for schedule in &schedules {
        context.printer.data(&format!("{} ({})", escaped(&schedule.name), schedule.recurrence.zone_name()))?;
        for line in lines(schedule, now) {
            context.printer.data(&line)?;
        }
    }
    Ok(0)
}

/// Times to come, those left out included: whoever had one left out wants to see it.
fn slots(schedule: &Schedule, now: Wall) -> impl Iterator<Item = Time<'_>> + '_ {
    let zone = schedule.recurrence.zone();
    schedule.recurrence.upcoming(if now > schedule.settled_to { now } else { schedule.settled_to }).take(SHOWN).map(
        move |slot| {
            let starts = schedule.starts(&slot);
            Time {
                slot: slot.at,
                starts,
                ends: schedule.recurrence.end_of(&slot, starts, schedule.hours),
                is_skipped: schedule.skipped.contains(&slot.at),
                zone,
            }
        },
    )
}

struct Time<'a> {
    slot: Wall,
    starts: Wall,
    ends: Option<Wall>,
    is_skipped: bool,
    zone: &'a jiff::tz::TimeZone,
}

fn lines(schedule: &Schedule, now: Wall) -> Vec<String> {
    let line = |time: Time<'_>| {
        let end = time.ends.map_or_else(String::new, |end| format!("  until {}", time_text(end, time.zone)));
        let skipped = if time.is_skipped { "  (skipped, as asked)" } else { "" };
        format!("  {}{end}{skipped}", moment_text(time.starts, time.zone))
    };
    slots(schedule, now).map(line).collect()
}

fn to_json(schedule: &Schedule, now: Wall) -> Value {
    let local = |at: Wall| {
        jiff::Timestamp::from_millisecond(at.0)
            .ok()
            .map(|at| at.to_zoned(schedule.recurrence.zone().clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
    };
    let one = |time: Time<'_>| {
        json!({
            "slot_at": time.slot.rfc3339(),
            "starts_at": time.starts.rfc3339(),
            "local": local(time.starts),
            "ends_by": time.ends.map(Wall::rfc3339),
            "skipped": time.is_skipped,
        })
    };
    let times: Vec<Value> = slots(schedule, now).map(one).collect();
    json!({ "name": schedule.name, "zone": schedule.recurrence.zone_name(), "next": times })
}
