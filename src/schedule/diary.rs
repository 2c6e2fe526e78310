//! What a night's log says, in sentences. Pure.
//!
//! In: what happened. Out: one sentence each, with times by the schedule's own clock. Names may hold foreign text: whoever shows a sentence
//! escapes it. What does not belong here: where it is shown.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::plan::{Passed, Schedule};
use super::recurrence::Slot;
use super::scheduler::{End, Firing, How, News};
use super::steering::Skipped;
use crate::domain::{Wall, counted};

/// What happened, in a sentence.
pub fn sentence(news: &News, now: Wall) -> String {
    match news {
        News::Begins(firing) => begins(firing, now),
        News::Ended(firing, end) => ended(firing, end, now),
        News::Passed(schedule, slot, missed, why) => passed(schedule, slot, *missed, *why),
        News::GivenUp(schedule, slot) => format!(
            "{}: the run of {} was interrupted and not gone on with in its hours; the next one goes on",
            schedule.name,
            slot_text(schedule, slot)
        ),
        News::TooLate(schedule, asked_at) => format!(
            "{}: the run asked for at {} had not begun when its hours ended",
            schedule.name,
            time_text(*asked_at, schedule.recurrence.zone())
        ),
        News::Broken(name, why) => format!("{name}: this schedule cannot be used: {why}"),
    }
}

/// What somebody had left out, in a sentence.
pub fn skipped(schedule: &Schedule, what: Skipped) -> String {
    let (name, at) = (&schedule.name, |at| moment_text(at, schedule.recurrence.zone()));
    match what {
        Skipped::Rest(slot) => format!("{name}: {} was interrupted, and is not gone on with", at(slot)),
        Skipped::Asked(asked) => format!("{name}: the run asked for on {} is called off", at(asked)),
        Skipped::Next(slot) => format!("{name}: {} is left out; nothing is run then", at(slot)),
        Skipped::Already(slot) => format!("{name}: {} is left out already", at(slot)),
        Skipped::Nothing => format!("{name} has no next time"),
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
                "{}: {} was interrupted, and goes on at {}",
                schedule.name,
                slot_text(schedule, slot),
                time_text(now, zone)
            )
        }
        How::AskedFor => format!("{}: begins now, as asked, {}", schedule.name, moment_text(now, zone)),
    };
    if let Some(end) = ends_by {
        let _ = write!(text, ", until {} at the latest", time_text(*end, zone));
    }
    match missed {
        0 => {}
        1 => text.push_str("; it makes up for the one before, when nobody was there"),
        many => {
            let _ = write!(text, "; it makes up for the {many} before, when nobody was there");
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
    if end.goes_on {
        return format!("{name}: stopped at {at} after {requests}{left}; it goes on when schedules are next looked at");
    }
    format!("{name}: ended at {at} after {requests}{left}: {} (exit code {})", why(&end.stopped), end.exit_code)
}

/// Why a run stopped, by the word of `run --json`.
pub fn why(stopped: &str) -> &str {
    match stopped {
        "finished" => "all is settled",
        "deadline" => "its hours are over, or no slot comes before their end",
        "requests" => "--max-requests is used up",
        "spend" => "--max-spend is used up",
        "cap" => "the platform holds the account for longer than this run",
        "paused" => "what is left is paused",
        "cancelled" => "the job was cancelled",
        "account" => "an account needs you",
        "list" => "the list could not be read whole; what was read is kept",
        "unreachable" => "nobody answered, or nobody answered well",
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
            format!("{}: {at}{before} was missed: nobody was there in its hours; the next one goes on", schedule.name)
        }
        Passed::NoHours => {
            format!("{}: {at}{before} has no hours: the clock skips them that day", schedule.name)
        }
    }
}
