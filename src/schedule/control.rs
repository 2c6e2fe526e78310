//! What a person tells a schedule, the same from every face: run now, leave the next time out, go.
//!
//! In: the store, a schedule, the time. Out: what became of it, written down. What does not belong here: running (whoever looks at what is
//! due does), words for people (`messages` has them).

use super::firing::{Firing, How};
use super::plan::Schedule;
use super::recurrence::Hours;
use crate::domain::{MicroUsd, Wall, is_same_name};
use crate::store::{FiringEnd, NewFiring, ScheduleLock, Store, StoreError, StoredSchedule};

/// What was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skipped {
    /// What is left of the run of this slot, which a process died over.
    Rest(Wall),
    /// A run that was asked for then and has not begun.
    Asked(Wall),
    /// The next slot.
    Next(Wall),
    /// The next slot, which was left out before.
    Already(Wall),
    /// Nothing: there is no next time.
    Nothing,
}

/// What became of taking a skip back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unskipped {
    /// This slot comes after all.
    Comes(Wall),
    /// Nothing that is to come was left out.
    Nothing,
}

/// What became of asking for a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunNowOutcome {
    /// Whoever works on schedules begins it.
    Noted,
    /// A run of it has begun and not ended, or waits to begin already.
    Running,
    /// Nothing: the schedule was removed meanwhile.
    Gone,
}

/// A schedule by its name; none where there is none.
pub async fn find(store: &mut Store, name: &str) -> Result<Option<StoredSchedule>, StoreError> {
    Ok(store.schedules().all().await?.into_iter().find(|schedule| is_same_name(&schedule.name, name)))
}

/// Writes down that a schedule begins now, whatever its slots are, for a caller that holds the [`ScheduleLock`] and runs it itself, holding
/// the lock of the firing.
pub async fn begin_now(store: &mut Store, schedule: Schedule, now: Wall) -> Result<Option<Firing>, StoreError> {
    let Some(slot) = schedule.recurrence.slot_now(now) else { return Ok(None) };
    let ends_by = schedule.recurrence.end_of(&slot, now, schedule.hours);
    let new = NewFiring { schedule: schedule.id, slot_at: now, asked_for: true, missed: 0, ends_by };
    let id = store.schedules().begin_firing(&new, now).await?;
    Ok(id.map(|id| Firing { ends_by, ..Firing::new(id, schedule, slot, now, How::AskedFor) }))
}

/// Writes down that somebody wants a schedule run now, for the process that works on schedules to begin: with its next look.
/// Hours that end at a time of day are those of this moment; a length is counted from the beginning.
pub async fn ask(store: &mut Store, schedule: &Schedule, now: Wall) -> Result<RunNowOutcome, StoreError> {
    let ends_by = match schedule.hours {
        Hours::Until(_) => {
            schedule.recurrence.slot_now(now).and_then(|slot| schedule.recurrence.end_of(&slot, now, schedule.hours))
        }
        Hours::For(_) | Hours::Open => None,
    };
    // One that met trouble is not waited for: it is tried again at once.
    if store.schedules().ask_firing(schedule.id, ends_by, now).await?.is_some()
        || store.schedules().hurry_firing(schedule.id, now).await?
    {
        return Ok(RunNowOutcome::Noted);
    }
    let is_there = store.schedules().all().await?.iter().any(|known| known.id == schedule.id);
    Ok(if is_there { RunNowOutcome::Running } else { RunNowOutcome::Gone })
}

/// Has the next time left out. What is left of an interrupted run comes before it, and so does one that was asked for and has not
/// begun; a run that a process works on now is left alone.
///
/// # Errors
/// The database or its lock cannot be had.
pub async fn skip(store: &mut Store, schedule: &Schedule, now: Wall) -> Result<Skipped, StoreError> {
    let running = store.schedules().running_firings().await?.into_iter().find(|firing| firing.schedule == schedule.id);
    if let Some(firing) = running {
        if firing.runs == 0 && store.schedules().call_off_firing(firing.id, "skipped", now).await? {
            return Ok(Skipped::Asked(firing.slot_at));
        }
        // Whoever works on it has one of the locks.
        if let Some(_lock) = ScheduleLock::try_take(store.place()).await?
            && store.schedules().held_firings(std::slice::from_ref(&firing)).await?.is_empty()
        {
            let end = FiringEnd { exit_code: None, stopped: "skipped".into(), requests: 0, spent: MicroUsd(0) };
            store.schedules().end_firing(firing.id, &end, now).await?;
            return Ok(Skipped::Rest(firing.slot_at));
        }
    }
    let Some(next) = schedule.to_come(now).next() else { return Ok(Skipped::Nothing) };
    let at = next.slot.at;
    Ok(if store.schedules().skip_slot(schedule.id, at).await? { Skipped::Next(at) } else { Skipped::Already(at) })
}

/// Has a time that was left out come after all: the slot of that moment, or (none) the next one that was left out.
pub async fn unskip(
    store: &mut Store,
    schedule: &Schedule,
    slot: Option<Wall>,
    now: Wall,
) -> Result<Unskipped, StoreError> {
    let at = slot.or_else(|| schedule.skipped.iter().copied().find(|at| *at > now));
    let Some(at) = at else { return Ok(Unskipped::Nothing) };
    let comes = store.schedules().unskip_slot(schedule.id, at, now).await?;
    Ok(if comes { Unskipped::Comes(at) } else { Unskipped::Nothing })
}

/// Drops a schedule; a run of it that has begun goes on to its end. False where there is none of that name.
pub async fn remove(store: &mut Store, name: &str) -> Result<bool, StoreError> {
    store.schedules().remove_schedule(name).await
}
