//! `cleanup schedule next`: the next five times, by the zone's clock.

use crate::app::schedules::{UpcomingReport, UpcomingStarts, upcoming_starts};
use crate::cli::args::ScheduleNextArgs;
use crate::cli::context::Context;
use crate::error::CommandError;
use crate::schedule::messages::{end_text, moment_text};
use crate::schedule::plan::Start;
use crate::text::escaped;

/// Shows the next times of one schedule, or of all.
///
/// # Errors
/// There is no such schedule, the queue cannot be read, or nobody reads stdout.
pub(super) async fn run(context: &Context, args: &ScheduleNextArgs) -> Result<u8, CommandError> {
    let report = match upcoming_starts(context.deps(), args.name.as_deref()).await? {
        Some(report) => report,
        None if args.json => UpcomingReport { schedules: Vec::new() },
        None => {
            context.printer.say(&context.deps().no_queue_sentence());
            return Ok(0);
        }
    };
    if args.json {
        context.printer.json(&report)?;
        return Ok(0);
    }
    if report.schedules.is_empty() {
        let add = context.command(&["schedule", "add", "NAME", "--cron", "0 2 * * *", "FILE.csv"]);
        context.printer.say(&context.deps().or_other_queue(format!("this queue has no schedules; {add} makes one")));
    }
    for UpcomingStarts { schedule, starts } in &report.schedules {
        context.printer.data(&format!("{} ({})", escaped(&schedule.name), schedule.recurrence.zone_name()))?;
        let zone = schedule.recurrence.zone();
        for Start { at, ends_by, is_skipped, .. } in starts {
            let end = ends_by.map_or_else(String::new, |end| format!("  until {}", end_text(*at, end, zone)));
            let skipped = if *is_skipped { "  (skipped, as asked)" } else { "" };
            context.printer.data(&format!("  {}{end}{skipped}", moment_text(*at, zone)))?;
        }
    }
    Ok(0)
}
