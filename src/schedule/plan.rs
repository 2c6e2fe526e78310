//! What is to be done about a schedule at a moment. Pure: the same record and the same moment give the same answer.
//!
//! In: a [`Schedule`] as it is on record, the time. Out: a [`DueState`]. What does not belong here: writing it down, running.
//!
//! The rules, in docs/nights.md for people:
//! * of the slots that nobody was there for, only the last is made up for, and only while its hours last;
//! * a slot whose hours are over is missed: nothing is sent outside of a night's hours;
//! * a start is put off by a share of the jitter that follows from the seed and the slot.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::Time;

use super::recurrence::{Hours, Recurrence, RecurrenceError, Slot};
use crate::domain::Wall;
use crate::store::StoredSchedule;

/// The most missed slots that are counted; more are as good as these.
pub const MAX_MISSED_COUNTED: u64 = 1_000;
/// The most slots looked through for one that is due.
const MAX_SLOTS_PUT_OFF: usize = 100;

/// A schedule, understood.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Its number.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// When it is due.
    pub recurrence: Recurrence,
    /// Until when it may work.
    pub hours: Hours,
    /// A start is put off by up to so long.
    pub jitter: Duration,
    /// What decides by how much.
    pub seed: u64,
    /// What is run, as JSON.
    pub request: String,
    /// Slots up to here have been dealt with.
    pub settled_to: Wall,
    /// Slots to come that somebody wants skipped.
    pub skipped: BTreeSet<Wall>,
}

/// A start to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Its slot.
    pub slot: Slot,
    /// When it begins, jitter included.
    pub at: Wall,
    /// Nothing is sent after this, if it begins on time; none: the run ends when its work is done.
    pub ends_by: Option<Wall>,
    /// Somebody wants it left out.
    pub is_skipped: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueState {
    /// Nothing before this slot, which starts then.
    Wait {
        /// The next slot that is not skipped.
        slot: Slot,
        /// Its start, jitter included.
        starts: Wall,
    },
    /// Begin.
    Fire {
        /// The slot.
        slot: Slot,
        /// Slots before it that it makes up for.
        missed: u64,
        /// Nothing is sent after this.
        ends_by: Option<Wall>,
    },
    /// Let it go, and everything before it.
    Pass {
        /// The last slot that is let go.
        slot: Slot,
        /// Slots before it that nobody was there for.
        missed: u64,
        /// Why.
        why: Passed,
    },
    /// The calendar ends.
    Never,
}

/// Why a slot is let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// Somebody wants it so.
    Skipped,
    /// Its hours were over before anybody was there.
    Missed,
    /// The clock skips all of its hours on that day.
    NoHours,
}

/// Why a schedule on record cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// Its pattern or its zone.
    #[error(transparent)]
    Recurrence(#[from] RecurrenceError),
    /// Something that this program never writes.
    #[error("{0} cannot be read")]
    Unreadable(&'static str),
}

impl Schedule {
    /// Understands a schedule on record.
    ///
    /// # Errors
    /// A time zone that this machine does not know, or a record that no version writes.
    pub fn of(stored: &StoredSchedule) -> Result<Schedule, ScheduleError> {
        let recurrence = Recurrence::parse(&stored.cron, &stored.zone)?;
        let hours = match (&stored.until_time, stored.for_ms) {
            (None, None) => Hours::Open,
            (None, Some(length)) => Hours::For(Duration::from_millis(length)),
            (Some(time), _) => {
                Hours::Until(time.parse::<Time>().map_err(|_| ScheduleError::Unreadable("the end of its hours"))?)
            }
        };
        Ok(Schedule {
            id: stored.id,
            name: stored.name.clone(),
            recurrence,
            hours,
            jitter: Duration::from_millis(stored.jitter_ms),
            seed: stored.jitter_seed,
            request: stored.request.clone(),
            settled_to: stored.settled_to,
            skipped: stored.skipped.iter().copied().collect(),
        })
    }

    /// When a slot starts: put off by a share of the jitter that is always the same for this slot. Where the clock skips so much of its hours
    /// that the jitter does not fit into them, they are halved between the two.
    pub fn starts(&self, slot: &Slot) -> Wall {
        let hours = match self.hours {
            Hours::Until(_) => self.recurrence.end_of(slot, slot.at, self.hours).map(|end| end.since(slot.at)),
            Hours::For(_) | Hours::Open => None,
        };
        let most = hours.filter(|hours| *hours <= self.jitter).map_or(self.jitter, |hours| hours / 2);
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
        if most == 0 {
            return slot.at;
        }
        let dice = fastrand::Rng::with_seed(self.seed ^ slot.at.0.unsigned_abs().rotate_left(17)).u64(0..=most);
        slot.at.after(Duration::from_millis(dice))
    }

    /// When the hours of a slot end, for a run that begins then; none: they do not. A length reaches to the next start and not beyond it, also on
    /// a day that the clock makes shorter, and where the beginning was put off or late.
    pub fn end_of(&self, slot: &Slot, begins: Wall) -> Option<Wall> {
        let end = self.recurrence.end_of(slot, begins, self.hours)?;
        let next = match self.hours {
            Hours::For(_) => self.recurrence.next_after(slot.at).map(|next| self.starts(&next)),
            Hours::Until(_) | Hours::Open => None,
        };
        Some(next.map_or(end, |next| end.min(next)))
    }

    /// What is to be done now.
    pub fn verdict(&self, now: Wall) -> DueState {
        let Some(first) = self.recurrence.next_after(self.settled_to) else { return DueState::Never };
        let Some(due) = self.last_started(&first, now) else { return self.wait(first) };
        let missed = self.missed_between(&first, &due);
        if self.skipped.contains(&due.at) {
            return DueState::Pass { slot: due, missed, why: Passed::Skipped };
        }
        let ends_by = self.end_of(&due, now);
        match ends_by {
            Some(end) if end <= due.at => DueState::Pass { slot: due, missed, why: Passed::NoHours },
            Some(end) if end <= now => DueState::Pass { slot: due, missed, why: Passed::Missed },
            _ => DueState::Fire { slot: due, missed, ends_by },
        }
    }

    /// The starts to come, those left out included: of a slot that has come and is put off by jitter as well.
    pub fn to_come(&self, now: Wall) -> impl Iterator<Item = Start> + '_ {
        let jitter = i64::try_from(self.jitter.as_millis()).unwrap_or(i64::MAX);
        // A slot further back than the jitter has started.
        let from = Wall(now.0.saturating_sub(jitter).saturating_sub(1)).max(self.settled_by(now));
        let starts = self.recurrence.upcoming(from).map(|slot| (slot, self.starts(&slot)));
        starts.filter(move |(_, at)| *at > now).map(|(slot, at)| Start {
            slot,
            at,
            ends_by: self.end_of(&slot, at),
            is_skipped: self.skipped.contains(&slot.at),
        })
    }

    /// Up to where slots have been dealt with. What a clock that was ahead has settled is undone by the next look
    /// ([`super::clock_repair`]).
    fn settled_by(&self, now: Wall) -> Wall {
        if self.settled_to.is_ahead_of(now) { now } else { self.settled_to }
    }

    /// The slots to come that are not skipped, each with its start.
    pub fn upcoming(&self, now: Wall) -> impl Iterator<Item = (Slot, Wall)> + '_ {
        self.to_come(now).filter(|start| !start.is_skipped).map(|start| (start.slot, start.at))
    }

    /// The last slot, from `first` on, whose start has come.
    fn last_started(&self, first: &Slot, now: Wall) -> Option<Slot> {
        let mut slot = self.recurrence.latest_by(now)?;
        for _ in 0..MAX_SLOTS_PUT_OFF {
            if slot < *first {
                return None;
            }
            if self.starts(&slot) <= now {
                return Some(slot);
            }
            slot = self.recurrence.before(&slot)?;
        }
        None
    }

    fn missed_between(&self, first: &Slot, due: &Slot) -> u64 {
        let slots = std::iter::once(*first).chain(self.recurrence.upcoming(first.at));
        let earlier = slots.take_while(|slot| slot < due).filter(|slot| !self.skipped.contains(&slot.at));
        earlier.take(MAX_MISSED_COUNTED as usize).count() as u64
    }

    fn wait(&self, first: Slot) -> DueState {
        let mut slots = std::iter::once(first).chain(self.recurrence.upcoming(first.at));
        match slots.find(|slot| !self.skipped.contains(&slot.at)) {
            Some(slot) => DueState::Wait { slot, starts: self.starts(&slot) },
            None => DueState::Never,
        }
    }
}
