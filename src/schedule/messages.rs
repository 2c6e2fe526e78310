//! What a night's log says, in sentences. Pure.
//!
//! In: what happened. Out: one sentence each, with times by the schedule's own clock. Names may hold foreign text: whoever shows a sentence
//! escapes it. What does not belong here: where it is shown.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::begun::Dropped;
use super::control::{Skipped, Unskipped};
use super::firing::{After, End, Firing, How};
use super::plan::{Passed, Schedule};
use super::recurrence::Slot;
use super::scheduler::ScheduleEvent;
use crate::domain::{Wall, counted};

/// What happened, in a sentence.
pub fn sentence(news: &ScheduleEvent, now: Wall) -> String {
    match news {
        ScheduleEvent::Begins(firing) => begins(firing, now),
        ScheduleEvent::Ended(firing, end) => ended(firing, end, now),
        ScheduleEvent::Passed(schedule, slot, missed, why) => passed(schedule, slot, *missed, *why),
        ScheduleEvent::TriesAgain(firing, end, at) => tries_again(firing, end, *at, now),
        ScheduleEvent::StillTrouble(firing, end, at) => {
            let (name, zone) = (&firing.schedule.name, firing.schedule.recurrence.zone());
            let (why, now, at) =
                (why_ended(&end.stopped, Some(end.exit_code)), time_text(now, zone), time_text(*at, zone));
            format!("{name}: still the same trouble at {now}: {why}; the next try is at {at}")
        }
        ScheduleEvent::Dropped(schedule, dropped) => not_gone_on_with(schedule, dropped),
        ScheduleEvent::ClockWasAhead(schedule, was) => {
            let at = |at| moment_text(at, schedule.recurrence.zone());
            format!(
                "{}: its starts up to {} counted as run, because the clock was ahead; it is {} now, and the starts still to come run \
                 as planned",
                schedule.name,
                at(*was),
                at(now)
            )
        }
        ScheduleEvent::Broken(name, why) => format!("{name}: this schedule cannot be used: {why}"),
    }
}

fn tries_again(firing: &Firing, end: &End, at: Wall, now: Wall) -> String {
    let (name, zone) = (&firing.schedule.name, firing.schedule.recurrence.zone());
    let requests = counted(end.requests, "request", "requests");
    format!(
        "{name}: stopped at {} after {requests}: {} (exit code {}); it is tried again from {} on, until its hours end",
        time_text(now, zone),
        why_ended(&end.stopped, Some(end.exit_code)),
        end.exit_code,
        time_text(at, zone)
    )
}

fn not_gone_on_with(schedule: &Schedule, dropped: &Dropped) -> String {
    let name = &schedule.name;
    match dropped {
        Dropped::GivenUp(slot) => format!(
            "{name}: the run of {} was interrupted and not resumed within its hours; the next run continues",
            slot_text(schedule, slot)
        ),
        Dropped::NeverDone(slot, stopped, code) => format!(
            "{name}: the run of {} did not get through within its hours: {}; the next run continues",
            slot_text(schedule, slot),
            why_ended(stopped.as_deref().unwrap_or("error"), *code)
        ),
        Dropped::TooLate(asked_at) => format!(
            "{name}: the run requested at {} had not begun when its hours ended, and is dropped",
            time_text(*asked_at, schedule.recurrence.zone())
        ),
    }
}

/// What somebody had left out, in a sentence.
pub fn skipped(schedule: &Schedule, what: Skipped) -> String {
    let (name, at) = (&schedule.name, |at| moment_text(at, schedule.recurrence.zone()));
    match what {
        Skipped::Rest(slot) => format!("{name}: {} was interrupted, and is not resumed", at(slot)),
        Skipped::Asked(asked) => format!("{name}: the run requested on {} is cancelled", at(asked)),
        Skipped::Next(slot) => format!("{name}: {} is skipped; nothing is run then", at(slot)),
        Skipped::Already(slot) => format!("{name}: {} is skipped already", at(slot)),
        Skipped::Nothing => format!("{name} has no next start"),
    }
}

/// What somebody had come after all, in a sentence.
pub fn unskipped(schedule: &Schedule, what: Unskipped) -> String {
    let name = &schedule.name;
    match what {
        Unskipped::Comes(slot) => {
            format!("{name}: {} is no longer skipped", moment_text(slot, schedule.recurrence.zone()))
        }
        Unskipped::Nothing => format!("{name}: no coming start is skipped"),
    }
}

/// A moment by a zone's clock: `Mon 23 Nov 2026 02:00 CET`.
pub fn moment_text(at: Wall, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(at.0) {
        Ok(timestamp) => timestamp.to_zoned(zone.clone()).strftime("%a %d %b %Y %H:%M %Z").to_string(),
        Err(_) => at.rfc3339(),
    }
}

/// The time of day by a zone's clock: `06:00 CET`.
pub fn time_text(at: Wall, zone: &TimeZone) -> String {
    match Timestamp::from_millisecond(at.0) {
        Ok(timestamp) => timestamp.to_zoned(zone.clone()).strftime("%H:%M %Z").to_string(),
        Err(_) => at.rfc3339(),
    }
}

/// When something ends that begins then: the time of day, with its date where that is another day.
pub fn end_text(begins: Wall, end: Wall, zone: &TimeZone) -> String {
    let day = |at: Wall| Timestamp::from_millisecond(at.0).ok().map(|at| at.to_zoned(zone.clone()).date());
    if day(begins) == day(end) { time_text(end, zone) } else { moment_text(end, zone) }
}

/// A slot as its schedule's clock shows it.
pub fn slot_text(schedule: &Schedule, slot: &Slot) -> String {
    moment_text(slot.at, schedule.recurrence.zone())
}

fn begins(firing: &Firing, now: Wall) -> String {
    let Firing { schedule, slot, missed, ends_by, how, .. } = firing;
    let zone = schedule.recurrence.zone();
    let mut text = match how {
        How::Due => format!("{}: {} begins at {}", schedule.name, slot_text(schedule, slot), time_text(now, zone)),
        How::Resumed => {
            format!(
                "{}: {} was interrupted, and is resumed at {}",
                schedule.name,
                slot_text(schedule, slot),
                time_text(now, zone)
            )
        }
        How::TriedAgain => {
            format!("{}: {} is tried again at {}", schedule.name, slot_text(schedule, slot), time_text(now, zone))
        }
        How::AskedFor => format!("{}: begins now, as requested, {}", schedule.name, moment_text(now, zone)),
    };
    if let Some(end) = ends_by {
        let _ = write!(text, ", until {} at the latest", end_text(now, *end, zone));
    }
    match missed {
        0 => {}
        1 => text.push_str("; it makes up for the one before, which nothing ran in time"),
        many => {
            let _ = write!(text, "; it makes up for the {many} before, which nothing ran in time");
        }
    }
    text
}

fn ended(firing: &Firing, end: &End, now: Wall) -> String {
    let schedule = &firing.schedule;
    let at = time_text(now, schedule.recurrence.zone());
    let requests = counted(end.requests, "request", "requests");
    let left = match end.left {
        Some(0) => ", nothing left".to_owned(),
        Some(left) => format!(", {left} left"),
        None => String::new(),
    };
    let name = &schedule.name;
    if end.after == After::GoesOn {
        return format!(
            "{name}: stopped at {at} after {requests}{left}; it continues the next time schedules are checked"
        );
    }
    format!(
        "{name}: ended at {at} after {requests}{left}: {} (exit code {})",
        why_ended(&end.stopped, Some(end.exit_code)),
        end.exit_code
    )
}

/// Why a run stopped, by the word of `run --json` and the exit code.
pub fn why_ended(stopped: &str, exit_code: Option<u8>) -> &str {
    match (stopped, exit_code) {
        ("error", Some(65)) => "a file is missing or cannot be used as it is",
        ("error", Some(69)) => why("unreachable"),
        ("error", Some(74)) => "the disk or the database has failed",
        _ => why(stopped),
    }
}

/// Why a run stopped, by the word of `run --json`.
pub fn why(stopped: &str) -> &str {
    match stopped {
        "finished" => "all is settled",
        "deadline" => "its hours are over, or the rate limit allows no request before their end",
        "requests" => "--max-requests is used up",
        "spend" => "--max-spend is used up",
        "cap" => "the platform accepts no more requests of the account within this run",
        "paused" => "what is left is paused, or waits for you after a restore",
        "cancelled" => "the job was cancelled",
        "account" => "an account needs you",
        "list" => "the list could not be read to its end; what was read is kept",
        "unreachable" => "no usable answer from the platform",
        "clock" => "this machine's clock is wrong",
        "interrupted" => "it was interrupted",
        "error" => "an error",
        other => other,
    }
}

fn passed(schedule: &Schedule, slot: &Slot, missed: u64, why: Passed) -> String {
    let before = match missed {
        0 => String::new(),
        1 => " (and the one before)".to_owned(),
        many => format!(" (and the {many} before)"),
    };
    let at = slot_text(schedule, slot);
    match why {
        Passed::Skipped => format!("{}: {at}{before} is skipped, as asked", schedule.name),
        Passed::Missed => {
            format!(
                "{}: {at}{before} was missed: cleanup was not running in its hours; the next run continues",
                schedule.name
            )
        }
        Passed::NoHours => {
            format!("{}: {at}{before} does not run: the clock change skips its hours that day", schedule.name)
        }
    }
}
