//! Schedules and their firings.
//!
//! In: what is to run again and again, and what became of each slot. Out: what is on record. What does not belong here: when a slot is
//! due (`schedule`).

mod firing;
mod firing_sent;
mod firing_trouble;
mod schedule;

pub use firing::{FiringEnd, FiringState, NewFiring, StoredFiring};
pub use firing_sent::SentRequests;
pub use firing_trouble::FiringTrouble;
pub use schedule::{NewSchedule, ScheduleEdit, StoredSchedule};

use super::db::Db;

/// Schedules and their firings. [`Store::schedules`](super::Store::schedules) lends it.
#[derive(Debug)]
pub struct ScheduleStore<'s> {
    pub(super) db: &'s mut Db,
}
