//! Firings on record that have begun and not ended, or were asked for: gone on with, waited for, or given up.
//!
//! In: the store, a firing on record, the time. Out: the firing to be run now, if it is; what was given up. What does not belong here:
//! slots that come ([`super::scheduler`]).

use std::time::Duration;

use super::clock_repair::Settled;
use super::firing::{Firing, How};
use super::plan::{DueState, Schedule};
use super::recurrence::{Hours, Slot};
use super::retry::still_waits;
use crate::domain::{MicroUsd, Wall};
use crate::store::{FiringEnd, Store, StoreError, StoredFiring};

/// So many processes may die over one firing; then it is given up, and the next slot goes on.
pub const MAX_RUNS_PER_FIRING: u32 = 10;

/// A firing that was begun under a clock that was ahead is waited for, where its slot comes within this.
const WAITS_FOR: Duration = Duration::from_secs(26 * 3_600);

/// A firing that is not gone on with.
#[derive(Clone, Debug)]
pub enum Dropped {
    /// A process died over it, and its hours are over, or the next slot has come.
    GivenUp(Slot),
    /// The same after its last try met trouble: in the word of `run --json`, with its exit code.
    NeverDone(Slot, Option<String>, Option<u8>),
    /// It was asked for then, and waited for its turn until its hours were over.
    TooLate(Wall),
}

/// What a firing that has begun, or was asked for, wants now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BegunState {
    /// To be gone on with, begun or given up.
    Acts,
    /// Nothing before this.
    Waits(Wall),
}

pub(super) fn standing(schedule: &Schedule, running: &StoredFiring, settled: &Settled, now: Wall) -> BegunState {
    if running.runs == 0 {
        return BegunState::Acts;
    }
    if is_to_come(running, settled) {
        let waits = running.slot_at <= settled.believed.after(WAITS_FOR);
        return if waits { BegunState::Waits(running.slot_at) } else { BegunState::Acts };
    }
    let is_over = running.ends_by.is_some_and(|end| end <= now);
    // The next slot loads the same files and goes on with the same rows, with hours of its own.
    let next_has_come = matches!(schedule.verdict(now), DueState::Fire { .. });
    match running.retry_at {
        Some(at) if still_waits(Some(at), now) && !is_over && !next_has_come => BegunState::Waits(at),
        _ => BegunState::Acts,
    }
}

/// Begun under a clock that was ahead: it is gone on with when its slot comes, or over where that is too far away.
fn is_to_come(running: &StoredFiring, settled: &Settled) -> bool {
    !running.asked_for && running.slot_at.is_ahead_of(settled.believed)
}

/// Goes on with a firing that a process died over, or gives it up.
pub(super) async fn go_on(
    store: &mut Store,
    schedule: &Schedule,
    running: &StoredFiring,
    (settled, now): (&Settled, Wall),
    dropped: &mut Vec<Dropped>,
) -> Result<Option<Firing>, StoreError> {
    let slot = match schedule.recurrence.latest_by(running.slot_at).filter(|slot| slot.at == running.slot_at) {
        Some(slot) => slot,
        None => match schedule.recurrence.slot_now(running.slot_at) {
            Some(slot) => slot,
            None => return Ok(None),
        },
    };
    if running.runs == 0 {
        return begin_asked(store, schedule, slot, running, now, dropped).await;
    }
    let is_over = running.ends_by.is_some_and(|end| end <= now);
    let next_has_come = matches!(schedule.verdict(now), DueState::Fire { .. });
    if is_to_come(running, settled) || is_over || next_has_come || running.runs >= MAX_RUNS_PER_FIRING {
        give_up(store, slot, running, now, dropped).await?;
        return Ok(None);
    }
    let is_troubled = running.retry_at.is_some();
    let goes_on = if is_troubled {
        store.schedules().try_firing_again(running.id).await?
    } else {
        store.schedules().resume_firing(running.id).await?
    };
    let longest = match schedule.hours {
        // A length that was counted from a clock that was ahead.
        Hours::For(length) => Some(now.after(length)),
        Hours::Until(_) if running.asked_for => {
            schedule.recurrence.slot_now(now).and_then(|slot| schedule.recurrence.end_of(&slot, now, schedule.hours))
        }
        Hours::Until(_) | Hours::Open => running.ends_by,
    };
    let began = running.began_at.unwrap_or(now).min(now);
    let how = if is_troubled { How::TriedAgain } else { How::Resumed };
    Ok(goes_on.then(|| Firing {
        missed: running.missed,
        ends_by: running.ends_by.into_iter().chain(longest).min(),
        sent: running.requests.unwrap_or(0),
        spent: running.spent,
        transient_failures: running.transient_failures,
        told: running.trouble.clone(),
        is_loaded: running.is_loaded,
        ..Firing::new(running.id, schedule.clone(), slot, began, how)
    }))
}

/// Ends a firing that is not gone on with: as its last try ended, where that met trouble.
async fn give_up(
    store: &mut Store,
    slot: Slot,
    running: &StoredFiring,
    now: Wall,
    dropped: &mut Vec<Dropped>,
) -> Result<(), StoreError> {
    if running.retry_at.is_some() {
        if store.schedules().end_troubled_firing(running.id, now).await? {
            dropped.push(Dropped::NeverDone(slot, running.stopped.clone(), running.exit_code));
        }
        return Ok(());
    }
    let end = FiringEnd { exit_code: None, stopped: "interrupted".into(), requests: 0, spent: MicroUsd(0) };
    if store.schedules().end_firing(running.id, &end, now).await? {
        dropped.push(Dropped::GivenUp(slot));
    }
    Ok(())
}

/// Begins what somebody asked for. It may have waited for its turn, but never runs into a night it was not asked for in.
async fn begin_asked(
    store: &mut Store,
    schedule: &Schedule,
    slot: Slot,
    asked: &StoredFiring,
    now: Wall,
    dropped: &mut Vec<Dropped>,
) -> Result<Option<Firing>, StoreError> {
    // Asked for under a clock that was ahead: its hours are those of now.
    let was_ahead = asked.slot_at.is_ahead_of(now);
    let slot = if was_ahead { schedule.recurrence.slot_now(now).unwrap_or(slot) } else { slot };
    if asked.ends_by.is_some_and(|end| end <= now) {
        if store.schedules().call_off_firing(asked.id, "deadline", now).await? {
            dropped.push(Dropped::TooLate(asked.slot_at));
        }
        return Ok(None);
    }
    let ends_by = match schedule.hours {
        Hours::Until(_) if !was_ahead => asked.ends_by,
        Hours::For(_) | Hours::Until(_) | Hours::Open => schedule.recurrence.end_of(&slot, now, schedule.hours),
    };
    let began = store.schedules().begin_asked(asked.id, ends_by, now).await?;
    let firing = Firing { ends_by, ..Firing::new(asked.id, schedule.clone(), slot, now, How::AskedFor) };
    Ok(began.then_some(firing))
}
