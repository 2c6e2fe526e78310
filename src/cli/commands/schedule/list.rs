//! `cleanup schedule list`: every schedule, when it is due and how it went last.

use crate::app::request::ScheduledRun;
use crate::app::schedules::{ScheduleListing, SchedulesJson, hours_text, list_schedules, settled_ahead, shell_words};
use crate::cli::args::ScheduleListArgs;
use crate::cli::context::Context;
use crate::domain::{Wall, counted};
use crate::error::CommandError;
use crate::schedule::messages::{moment_text, time_text, why_ended};
use crate::schedule::plan::Schedule;
use crate::store::{FiringState, StoredFiring, StoredSchedule};
use crate::text::{escaped, span_text};
use jiff::tz::TimeZone;

/// Shows the schedules.
///
/// # Errors
/// The queue cannot be read, or nobody reads stdout.
pub(super) async fn run(context: &Context, args: ScheduleListArgs) -> Result<u8, CommandError> {
    let mut listings = Vec::new();
    if let Some(mut store) = context.existing_queue().await? {
        listings = list_schedules(&mut store).await?;
        store.close().await;
    } else if !args.json {
        context.printer.say(&context.deps().no_queue_sentence());
        return Ok(0);
    }
    let now = context.clock.now().wall;
    if args.json {
        context.printer.json(&SchedulesJson::of(&listings, now))?;
        return Ok(0);
    }
    if listings.is_empty() {
        let add = context.command(&["schedule", "add", "NAME", "--cron", "0 2 * * *", "FILE.csv"]);
        context.printer.say(&context.deps().or_other_queue(format!("this queue has no schedules; {add} makes one")));
    }
    for listing in &listings {
        for line in lines(listing, now) {
            context.printer.data(&line)?;
        }
    }
    Ok(0)
}

fn lines(ScheduleListing { stored, last }: &ScheduleListing, now: Wall) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", escaped(&stored.name), when(stored))];
    match ScheduledRun::from_json(&stored.request) {
        Ok(request) => {
            lines.extend(request.list_words().map(|words| format!("  list  {}", shell_words(&words))));
            lines.push(format!("  run   {}", shell_words(&request.run_words())));
        }
        Err(error) => lines.push(format!("  cannot be run: {}", escaped(&error.message))),
    }
    match Schedule::of(stored) {
        Ok(schedule) => {
            let zone = schedule.recurrence.zone();
            let next = schedule.upcoming(now).next().map(|(_, starts)| moment_text(starts, zone));
            lines.push(format!("  next  {}", next.unwrap_or_else(|| "never".into())));
            if let Some(was) = settled_ahead(stored, now) {
                let was = moment_text(was, zone);
                lines.push(format!(
                    "  clock counts as run up to {was}, because the clock was ahead; the next check corrects it"
                ));
            }
            if let Some(last) = last {
                lines.push(format!("  last  {}: {}", moment_text(last.slot_at, zone), outcome(last, zone)));
            }
        }
        Err(error) => lines.push(format!("  cannot be used: {}", escaped(&error.to_string()))),
    }
    lines
}

/// `0 2 * * * Europe/Berlin, until 06:00, up to 10 min later`
fn when(stored: &StoredSchedule) -> String {
    let mut text = format!("{} {}", stored.cron, stored.zone);
    if let Some(hours) = hours_text(stored) {
        text += &format!(", {hours}");
    }
    if stored.jitter_ms > 0 {
        text += &format!(", up to {} later", span_text(std::time::Duration::from_millis(stored.jitter_ms)));
    }
    text
}

fn outcome(firing: &StoredFiring, zone: &TimeZone) -> String {
    match (firing.state, &firing.stopped) {
        (FiringState::Ended, Some(stopped)) => {
            let code = firing.exit_code.map_or_else(String::new, |code| format!(", exit code {code}"));
            format!("{stopped}, {}{code}", counted(firing.requests.unwrap_or(0), "request", "requests"))
        }
        (FiringState::Running, _) if firing.runs == 0 => "requested, not begun yet".into(),
        (FiringState::Running, Some(stopped)) if firing.retry_at.is_some() => {
            let at = firing.retry_at.map_or_else(String::new, |at| time_text(at, zone));
            format!("{}; tried again from {at} on", why_ended(stopped, firing.exit_code))
        }
        (FiringState::Running, _) => "running, or interrupted".into(),
        (state, _) => state.name().into(),
    }
}
