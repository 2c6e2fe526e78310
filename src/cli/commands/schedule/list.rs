//! `cleanup schedule list`: every schedule, when it is due and how it went last.

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use crate::cli::args::ScheduleListArgs;
use crate::cli::context::Context;
use crate::domain::{Wall, counted};
use crate::error::CommandError;
use crate::schedule::diary::{moment_text, time_text, why_ended};
use crate::schedule::plan::Schedule;
use crate::store::{FiringState, Store, StoredFiring, StoredSchedule};
use crate::text::{escaped, shell_word, span_text};

/// The newest firings that are looked through for the last one that has come.
const MAX_FIRINGS_LOOKED_AT: u32 = 20;

/// A schedule and how it went last.
type View = (StoredSchedule, Option<StoredFiring>);

/// Shows the schedules.
///
/// # Errors
/// The queue cannot be read, or nobody reads stdout.
pub(super) async fn run(context: &Context, args: ScheduleListArgs) -> Result<u8, CommandError> {
    let mut views = Vec::new();
    if let Some(mut store) = context.existing_queue().await? {
        views = look(&mut store).await?;
        store.close().await;
    } else if !args.json {
        context.printer.say(&context.no_queue_sentence());
        return Ok(0);
    }
    let now = context.clock.now().wall;
    if args.json {
        context.printer.json(&all_json(&views, now))?;
        return Ok(0);
    }
    if views.is_empty() {
        let add = context.command(&["schedule", "add", "NAME", "--cron", "0 2 * * *", "FILE.csv"]);
        context.printer.say(&format!("this queue has no schedules; {add} makes one"));
    }
    for (stored, last) in &views {
        for line in lines(stored, last.as_ref(), now) {
            context.printer.data(&line)?;
        }
    }
    Ok(0)
}

/// What `--json` says of a queue.
///
/// # Errors
/// The queue cannot be read.
pub(super) async fn listed_json(store: &mut Store, now: Wall) -> Result<Value, CommandError> {
    Ok(all_json(&look(store).await?, now))
}

/// Every schedule, and how it went last.
async fn look(store: &mut Store) -> Result<Vec<View>, CommandError> {
    let mut views = Vec::new();
    for stored in store.schedules().await? {
        // The newest may be one to come that is to be skipped.
        let firings = store.firings(stored.id, MAX_FIRINGS_LOOKED_AT).await?;
        let last = firings.into_iter().find(|firing| firing.asked_for || firing.slot_at <= stored.settled_to);
        views.push((stored, last));
    }
    Ok(views)
}

fn all_json(views: &[View], now: Wall) -> Value {
    let list: Vec<Value> = views.iter().map(|(stored, last)| to_json(stored, last.as_ref(), now)).collect();
    json!({ "schedules": list })
}

fn lines(stored: &StoredSchedule, last: Option<&StoredFiring>, now: Wall) -> Vec<String> {
    let mut lines = vec![format!("{}: {}", escaped(&stored.name), when(stored))];
    if let Some(words) = &stored.list_words {
        lines.push(format!("  list  {}", shown(words)));
    }
    lines.push(format!("  run   {}", shown(&stored.words)));
    match Schedule::of(stored) {
        Ok(schedule) => {
            let zone = schedule.recurrence.zone();
            let next = schedule.upcoming(now).next().map(|(_, starts)| moment_text(starts, zone));
            lines.push(format!("  next  {}", next.unwrap_or_else(|| "never".into())));
            if let Some(was) = settled_ahead(stored, now) {
                let was = moment_text(was, zone);
                lines.push(format!(
                    "  clock dealt with up to {was}, under a clock that was ahead; the next look undoes it"
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

/// Up to where slots were settled under a clock that was ahead; none where it was right.
pub(crate) fn settled_ahead(stored: &StoredSchedule, now: Wall) -> Option<Wall> {
    Some(stored.settled_to).filter(|at| at.is_ahead_of(now))
}

/// The words as a shell would take them.
pub(crate) fn shown(words: &[String]) -> String {
    let words: Vec<String> = words.iter().filter(|word| *word != "--").map(|word| shell_word(word)).collect();
    words.join(" ")
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

/// `until 06:00`, `for 4 h`; none: until the work is done.
pub(crate) fn hours_text(stored: &StoredSchedule) -> Option<String> {
    match (&stored.until_time, stored.for_ms) {
        (Some(until), _) => Some(format!("until {}", until.strip_suffix(":00").unwrap_or(until))),
        (None, Some(length)) => Some(format!("for {}", span_text(std::time::Duration::from_millis(length)))),
        (None, None) => None,
    }
}

fn outcome(firing: &StoredFiring, zone: &TimeZone) -> String {
    match (firing.state, &firing.stopped) {
        (FiringState::Ended, Some(stopped)) => {
            let code = firing.exit_code.map_or_else(String::new, |code| format!(", exit code {code}"));
            format!("{stopped}, {}{code}", counted(firing.requests.unwrap_or(0), "request", "requests"))
        }
        (FiringState::Running, _) if firing.runs == 0 => "asked for, not begun yet".into(),
        (FiringState::Running, Some(stopped)) if firing.retry_at.is_some() => {
            let at = firing.retry_at.map_or_else(String::new, |at| time_text(at, zone));
            format!("{}; tried again from {at} on", why_ended(stopped, firing.exit_code))
        }
        (FiringState::Running, _) => "running, or interrupted".into(),
        (state, _) => state.name().into(),
    }
}

fn to_json(stored: &StoredSchedule, last: Option<&StoredFiring>, now: Wall) -> Value {
    let schedule = Schedule::of(stored);
    let next = schedule.as_ref().ok().and_then(|schedule| schedule.upcoming(now).next().map(|(_, starts)| starts));
    json!({
        "name": stored.name,
        "cron": stored.cron,
        "zone": stored.zone,
        "until": stored.until_time,
        "for_s": stored.for_ms.map(|length| length / 1000),
        "jitter_s": stored.jitter_ms / 1000,
        "words": stored.words,
        "list_words": stored.list_words,
        "created_at": stored.created_at.rfc3339(),
        "next_at": next.map(Wall::rfc3339),
        "settled_ahead_to": settled_ahead(stored, now).map(Wall::rfc3339),
        "error": schedule.err().map(|error| error.to_string()),
        "last": last.map(firing_json),
    })
}

fn firing_json(firing: &StoredFiring) -> Value {
    json!({
        "slot_at": firing.slot_at.rfc3339(),
        "state": firing.state.name(),
        "asked_for": firing.asked_for,
        "missed": firing.missed,
        // One that was asked for and has not begun is kept with the time of asking.
        "began_at": firing.began_at.filter(|_| firing.runs > 0).map(Wall::rfc3339),
        "ended_at": firing.ended_at.map(Wall::rfc3339),
        "exit_code": firing.exit_code,
        "stopped": firing.stopped,
        "requests": firing.requests,
        "retry_at": firing.retry_at.map(Wall::rfc3339),
    })
}
