//! `cleanup schedule next`: the next five times, by the zone's clock.

use serde_json::{Value, json};

use crate::app::schedules::{STARTS_SHOWN, find_schedule, understood};
use crate::cli::args::ScheduleNextArgs;
use crate::cli::context::Context;
use crate::domain::Wall;
use crate::error::CommandError;
use crate::schedule::messages::{moment_text, time_text};
use crate::schedule::plan::{Schedule, Start};
use crate::text::escaped;

/// Shows the next times of one schedule, or of all.
///
/// # Errors
/// There is no such schedule, the queue cannot be read, or nobody reads stdout.
pub(super) async fn run(context: &Context, args: &ScheduleNextArgs) -> Result<u8, CommandError> {
    let mut schedules = Vec::new();
    match &args.name {
        Some(name) => {
            let (store, stored) = find_schedule(context.deps(), name).await?;
            store.close().await;
            schedules.push(understood(&stored)?);
        }
        None => {
            if let Some(mut store) = context.existing_queue().await? {
                for stored in store.schedules().all().await? {
                    schedules.push(understood(&stored)?);
                }
                store.close().await;
            } else if !args.json {
                context.printer.say(&context.deps().no_queue_sentence());
                return Ok(0);
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
        let add = context.command(&["schedule", "add", "NAME", "--cron", "0 2 * * *", "FILE.csv"]);
        context.printer.say(&context.deps().or_other_queue(format!("this queue has no schedules; {add} makes one")));
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
fn lines(schedule: &Schedule, now: Wall) -> Vec<String> {
    let zone = schedule.recurrence.zone();
    let line = |start: Start| {
        let end = start.ends_by.map_or_else(String::new, |end| format!("  until {}", time_text(end, zone)));
        let skipped = if start.is_skipped { "  (skipped, as asked)" } else { "" };
        format!("  {}{end}{skipped}", moment_text(start.at, zone))
    };
    schedule.to_come(now).take(STARTS_SHOWN).map(line).collect()
}

fn to_json(schedule: &Schedule, now: Wall) -> Value {
    let local = |at: Wall| {
        jiff::Timestamp::from_millisecond(at.0)
            .ok()
            .map(|at| at.to_zoned(schedule.recurrence.zone().clone()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string())
    };
    let one = |start: Start| {
        json!({
            "slot_at": start.slot.at.rfc3339(),
            "starts_at": start.at.rfc3339(),
            "local": local(start.at),
            "ends_by": start.ends_by.map(Wall::rfc3339),
            "skipped": start.is_skipped,
        })
    };
    let times: Vec<Value> = schedule.to_come(now).take(STARTS_SHOWN).map(one).collect();
    json!({ "name": schedule.name, "zone": schedule.recurrence.zone_name(), "next": times })
}
