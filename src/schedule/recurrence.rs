//! When a schedule is due: a cron pattern read by the clock of a zone. Pure.
//!
//! In: a pattern, a zone, a moment. Out: slots. A slot is a local time of the pattern; it falls on the first moment at which
//! the zone's clock shows that time or a later one. So a time that the clock skips falls on the first moment after the gap,
//! and one that it shows twice falls on the first of the two. Two slots that fall on one moment are one. What does not belong
//! here: the time now, what has been done about a slot.
//!
//! The pattern is matched on local times without any zone (croner), and the zone is applied here (jiff), so that there is one
//! rule for every pattern.

use std::time::Duration;

use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use jiff::civil::{DateTime, Time};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, ToSpan};

use super::field;
use crate::domain::{Wall, counted};

/// The patterns that have a name.
const NICKNAMES: [&str; 6] = ["@hourly", "@daily", "@weekly", "@monthly", "@yearly", "@annually"];
/// Names further apart than this many edits are no typing mistakes.
const MAX_SUGGESTION_EDITS: usize = 4;
/// The most slots that are looked at to find out how long it is from one to the next.
const MAX_SLOTS_COMPARED: usize = 400;
/// The most local times that may fall into one gap of the clock: a day of minutes.
const MAX_TIMES_IN_A_GAP: usize = 1_500;
/// The most changes of the clock looked through for the end of a gap.
const MAX_CHANGES_LOOKED_AT: usize = 8;

/// A pattern and the zone whose clock it is read by.
#[derive(Clone, Debug)]
pub struct Recurrence {
    cron: Cron,
    text: String,
    zone: TimeZone,
    zone_name: String,
}

/// One time that a schedule is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// When, by the wall clock.
    pub at: Wall,
    /// The local time of the pattern. The clock shows another one at that moment where it skips this one.
    pub local: DateTime,
}

/// Until when a firing may work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hours {
    /// Until the work is done.
    Open,
    /// Until the clock of the zone next shows this, counted from the slot.
    Until(Time),
    /// For so long, counted from the beginning.
    For(Duration),
}

/// Why there is no such recurrence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecurrenceError {
    /// The pattern cannot be read.
    #[error("{text:?} is not a cron pattern: {why}")]
    Pattern {
        /// What was given.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// No day matches, such as the 30th of February.
    #[error("{text:?} matches no day of any year")]
    Never {
        /// What was given.
        text: String,
    },
    /// The time zone database has no such name.
    #[error("there is no time zone {name:?}")]
    Zone {
        /// What was given.
        name: String,
        /// The nearest name there is.
        near: Option<String>,
    },
}

impl RecurrenceError {
    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            RecurrenceError::Pattern { .. } | RecurrenceError::Never { .. } => {
                "give five fields, minute hour day-of-month month day-of-week: \"0 2 * * *\" is 02:00 every day, \
                 \"30 1 * * 1-5\" is 01:30 on weekdays"
                    .into()
            }
            RecurrenceError::Zone { near: Some(near), .. } => format!("did you mean {near}?"),
            RecurrenceError::Zone { near: None, .. } => {
                "give a name of the IANA database, such as Europe/Berlin or UTC".into()
            }
        }
    }
}

impl Recurrence {
    /// Reads a pattern of five fields (or `@daily` and its kin) and a zone's name.
    ///
    /// # Errors
    /// Either makes no sense, or the pattern matches no day.
    pub fn parse(text: &str, zone: &str) -> Result<Recurrence, RecurrenceError> {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let pattern = |why: String| RecurrenceError::Pattern { text: text.clone(), why };
        let fields = text.split(' ').filter(|field| !field.is_empty()).count();
        if text.starts_with('@') {
            if !NICKNAMES.contains(&text.to_ascii_lowercase().as_str()) {
                return Err(pattern(format!("the words that begin with @ are {}", NICKNAMES.join(", "))));
            }
        } else if fields != field::FIELDS.len() {
            return Err(pattern(format!("it has {}, not five", counted(fields as u64, "field", "fields"))));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let wrong = |error: CronError| {
            let field =
                field::blame(&text, |other| parser.parse(other).is_ok()).filter(|_| fields == field::FIELDS.len());
            pattern(field.unwrap_or_else(|| error.to_string().trim_end_matches('.').to_owned()))
        };
        let cron = parser.parse(&text).map_err(wrong)?;
        let zone_found = TimeZone::get(zone).map_err(|_| unknown_zone(zone))?;
        let zone_name = zone_found.iana_name().ok_or_else(|| unknown_zone(zone))?.to_owned();
        let recurrence = Recurrence { cron, text: text.clone(), zone: zone_found, zone_name };
        let some_day = DateTime::constant(2024, 1, 1, 0, 0, 0, 0);
        match recurrence.local_after(some_day) {
            Some(_) => Ok(recurrence),
            None => Err(RecurrenceError::Never { text }),
        }
    }

    /// The pattern.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The zone.
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The zone's name in the IANA database.
    pub fn zone_name(&self) -> &str {
        &self.zone_name
    }

    /// The first slot later than a moment; none where the calendar ends.
    pub fn next_after(&self, after: Wall) -> Option<Slot> {
        // Every local time up to the one shown now has been shown already, so the search begins there.
        let mut local = self.shown_at(after)?;
        for _ in 0..MAX_TIMES_IN_A_GAP {
            local = self.local_after(local)?;
            let at = first_showing(&self.zone, local)?;
            if at > after {
                return Some(Slot { at, local });
            }
        }
        None
    }

    /// The last slot at a moment or before it.
    pub fn latest_by(&self, moment: Wall) -> Option<Slot> {
        let shown = self.shown_at(moment)?;
        let local = self.cron.find_previous_occurrence(&shown, true).ok()?;
        let mut latest = Slot { at: first_showing(&self.zone, local)?, local };
        // While the clock shows an hour for the second time, later local times have been shown before.
        for _ in 0..MAX_TIMES_IN_A_GAP {
            match self.next_after(latest.at) {
                Some(later) if later.at <= moment => latest = later,
                _ => break,
            }
        }
        Some(latest)
    }

    /// The last slot earlier than this one.
    pub fn before(&self, slot: &Slot) -> Option<Slot> {
        self.latest_by(Wall(slot.at.0.checked_sub(1)?))
    }

    /// The slots later than a moment, in order.
    pub fn upcoming(&self, after: Wall) -> impl Iterator<Item = Slot> + '_ {
        std::iter::successors(self.next_after(after), |slot| self.next_after(slot.at))
    }

    /// When the hours of a slot end, for a run that begins at `begins`; none: they do not. At or before the slot itself where
    /// the clock skips all of its hours that day.
    pub fn end_of(&self, slot: &Slot, begins: Wall, hours: Hours) -> Option<Wall> {
        match hours {
            Hours::Open => None,
            Hours::For(length) => Some(begins.after(length)),
            Hours::Until(time) => {
                let days = if time > slot.local.time() { 0 } else { 1 };
                let day = slot.local.date().checked_add(days.days()).ok()?;
                first_showing(&self.zone, day.to_datetime(time))
            }
        }
    }

    /// What a run that somebody asks for now counts as: the slot of this moment.
    pub fn slot_now(&self, now: Wall) -> Option<Slot> {
        Some(Slot { at: now, local: self.shown_at(now)? })
    }

    /// When by the clock the slots to come begin, and how long by the clock it is from each to the next. Changes of the clock are left out of
    /// it: a day is a day.
    pub fn gaps(&self, from: Wall) -> Vec<(Time, Duration)> {
        let first = self.shown_at(from).and_then(|local| self.local_after(local));
        let slots = std::iter::successors(first, |local| self.local_after(*local)).take(MAX_SLOTS_COMPARED);
        let slots: Vec<DateTime> = slots.collect();
        slots.windows(2).map(|pair| (pair[0].time(), pair[1].duration_since(pair[0]).unsigned_abs())).collect()
    }

    /// What the clock shows at a moment, to the second.
    fn shown_at(&self, moment: Wall) -> Option<DateTime> {
        let timestamp = Timestamp::from_second(moment.0.div_euclid(1000)).ok()?;
        Some(self.zone.to_datetime(timestamp))
    }

    fn local_after(&self, local: DateTime) -> Option<DateTime> {
        self.cron.find_next_occurrence(&local, false).ok()
    }
}

/// The first moment at which the zone's clock shows a local time or a later one.
pub fn first_showing(zone: &TimeZone, local: DateTime) -> Option<Wall> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let moment = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok()?,
        // The greater offset comes first.
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local).ok()?,
        AmbiguousOffset::Gap { after, .. } => {
            // With the offset of after the change it would be before the change: which is then the next one to come.
            let early = after.to_timestamp(local).ok()?;
            let mut changes = zone.following(early).take(MAX_CHANGES_LOOKED_AT).map(|change| change.timestamp());
            changes.find(|moment| zone.to_datetime(*moment) >= local)?
        }
    };
    Some(Wall(moment.as_millisecond()))
}

fn unknown_zone(name: &str) -> RecurrenceError {
    let lower = name.to_lowercase();
    let near = jiff::tz::db()
        .available()
        .map(|known| (strsim::damerau_levenshtein(&lower, &known.as_str().to_lowercase()), known.to_string()))
        .chain(city(&lower))
        .min();
    let near = near.filter(|(edits, _)| *edits <= MAX_SUGGESTION_EDITS && *edits < name.chars().count());
    RecurrenceError::Zone { name: name.to_owned(), near: near.map(|(_, near)| near) }
}

/// People write `Berlin` for `Europe/Berlin`.
fn city(lower: &str) -> Option<(usize, String)> {
    let ends_so = |zone: &String| zone.to_lowercase().rsplit('/').next() == Some(lower) && zone.contains('/');
    let mut zones: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).filter(ends_so).collect();
    zones.sort();
    zones.into_iter().next().map(|zone| (0, zone))
}
