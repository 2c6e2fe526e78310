//! What is due, decided once and written down before it is run.
//!
//! In: the store, the time. Out: one firing at a time, whatever was let go on the way, when there is something to do next. It
//! waits for nothing: whoever has a clock calls [`look`] when it likes, or [`work_off`] to have all that is due run through a
//! [`Work`]. The caller holds the [`crate::store::ScheduleLock`], so that a firing on record as running belongs to nobody else, but for those
//! whose own lock somebody has on a server: of these and their schedules nothing is decided.
//! What does not belong here: loading and sending (the [`Work`] does), telling people (`messages` has the words).

use std::collections::HashSet;
use std::future::Future;

use jiff::tz::TimeZone;

use super::begun::{BegunState, Dropped, go_on, standing};
use super::clock_repair::Settled;
use super::firing::{After, End, Firing, How};
use super::plan::{DueState, Passed, Schedule};
use super::recurrence::Slot;
use super::retry::next_try;
use crate::clock::Clock;
use crate::domain::Wall;
use crate::store::{FiringEnd, FiringState, FiringTrouble, NewFiring, Store, StoreError, StoredSchedule};

/// Something to be told.
#[derive(Clone, Debug)]
pub enum ScheduleEvent {
    /// A firing begins.
    Begins(Firing),
    /// A run of it has ended.
    Ended(Firing, End),
    /// A run met trouble; when it is tried again. Told once: the same trouble again is [`ScheduleEvent::StillTrouble`].
    TriesAgain(Firing, End, Wall),
    /// The next try met the same.
    StillTrouble(Firing, End, Wall),
    /// Slots up to this one had been settled under a clock that was ahead. That is undone.
    ClockWasAhead(Schedule, Wall),
    /// A slot was let go, and so many before it.
    Passed(Schedule, Slot, u64, Passed),
    /// A firing is not gone on with.
    Dropped(Schedule, Dropped),
    /// A schedule on record cannot be understood.
    Broken(String, String),
}

/// When there is something to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Next {
    /// The schedule's name.
    pub name: String,
    /// When it starts.
    pub starts: Wall,
    /// By whose clock that is told.
    pub zone: TimeZone,
}

/// What a look found.
#[derive(Debug, Default)]
pub struct DueLook {
    /// What was let go, given up or not understood.
    pub news: Vec<ScheduleEvent>,
    /// What is to be run now. It has been written down: whoever takes it runs it, and says [`ended`].
    pub firing: Option<Firing>,
    /// When to look again, where nothing is to be run.
    pub next: Option<Next>,
}

/// Runs firings.
pub trait Work {
    /// Runs a firing to its end, loading its files first.
    fn fire(&mut self, firing: &Firing) -> impl Future<Output = End>;
    /// Something happened.
    fn tell(&mut self, news: &ScheduleEvent, now: Wall);
}

/// The names of the schedules that have something to do now, without deciding anything.
pub async fn due(store: &mut Store, now: Wall) -> Result<(Vec<String>, Option<Next>), StoreError> {
    let settled = Settled::of(store, now).await?;
    let schedules = store.schedules().all().await?;
    let mut names: Vec<String> = Vec::new();
    let mut next: Option<Next> = None;
    let running = store.schedules().running_firings().await?;
    let held = store.schedules().held_firings(&running).await?;
    for stored in schedules {
        if running.iter().any(|firing| firing.schedule == stored.id && held.contains(&firing.id)) {
            continue;
        }
        let Ok(schedule) = Schedule::of(&stored) else {
            names.push(stored.name);
            continue;
        };
        let schedule = settled.truly(schedule, &stored);
        let begun = running.iter().filter(|firing| firing.schedule == stored.id);
        let begun: Vec<BegunState> = begun.map(|firing| standing(&schedule, firing, &settled, now)).collect();
        let verdict = schedule.verdict(now);
        let rests = matches!(verdict, DueState::Wait { .. } | DueState::Never) && !settled.is_ahead(&stored);
        if !rests || begun.contains(&BegunState::Acts) {
            names.push(stored.name);
            continue;
        }
        let waits = begun.into_iter().filter_map(|standing| match standing {
            BegunState::Waits(at) => Some(at),
            BegunState::Acts => None,
        });
        waits.for_each(|at| note_next(&mut next, &schedule, at));
        if let DueState::Wait { starts, .. } = verdict {
            note_next(&mut next, &schedule, starts);
        }
    }
    Ok((names, next))
}

/// Decides what is to be done now, and writes it down. At most one firing is given; look again when it has ended.
///
/// # Errors
/// The database cannot be read or written. What was decided on before is on record.
pub async fn look(store: &mut Store, now: Wall) -> Result<DueLook, StoreError> {
    look_beside(store, &HashSet::new(), now).await
}

/// The same beside runs that are in progress: of the schedules `held_back` nothing is decided, for they run or have to wait.
///
/// # Errors
/// As [`look`].
pub async fn look_beside(store: &mut Store, held_back: &HashSet<i64>, now: Wall) -> Result<DueLook, StoreError> {
    let mut look = DueLook::default();
    let settled = Settled::of(store, now).await?;
    let begun = store.schedules().running_firings().await?;
    let held = store.schedules().held_firings(&begun).await?;
    let elsewhere = begun.iter().filter(|firing| held.contains(&firing.id)).map(|firing| firing.schedule);
    let held_back: &HashSet<i64> = &held_back.iter().copied().chain(elsewhere).collect();
    let mut all = store.schedules().all().await?;
    all.retain(|stored| !held_back.contains(&stored.id));
    look.news = put_right(store, &all, &settled).await?;
    let mut schedules = Vec::new();
    for stored in store.schedules().all().await?.into_iter().filter(|stored| !held_back.contains(&stored.id)) {
        match Schedule::of(&stored) {
            Ok(schedule) => schedules.push(settled.truly(schedule, &stored)),
            Err(error) => look.news.push(ScheduleEvent::Broken(stored.name, error.to_string())),
        }
    }
    for running in store.schedules().running_firings().await? {
        let Some(schedule) = schedules.iter().find(|schedule| schedule.id == running.schedule) else { continue };
        if let BegunState::Waits(at) = standing(schedule, &running, &settled, now) {
            note_next(&mut look.next, schedule, at);
            continue;
        }
        let mut dropped = Vec::new();
        let firing = go_on(store, schedule, &running, (&settled, now), &mut dropped).await?;
        look.news.extend(dropped.into_iter().map(|dropped| ScheduleEvent::Dropped(schedule.clone(), dropped)));
        if let Some(firing) = firing {
            look.firing = Some(firing);
            return Ok(look);
        }
    }
    let mut verdicts: Vec<(Schedule, DueState)> = schedules
        .into_iter()
        .map(|schedule| {
            let verdict = schedule.verdict(now);
            (schedule, verdict)
        })
        .collect();
    // Whose slot came first goes first.
    verdicts.sort_by_key(|(schedule, verdict)| match verdict {
        DueState::Fire { slot, .. } => (slot.at, schedule.name.clone()),
        _ => (Wall(i64::MIN), schedule.name.clone()),
    });
    for (schedule, verdict) in verdicts {
        match verdict {
            DueState::Never => {}
            DueState::Wait { starts, .. } => note_next(&mut look.next, &schedule, starts),
            DueState::Pass { slot, missed, why } => {
                let state = if why == Passed::Skipped { FiringState::Skipped } else { FiringState::Missed };
                if store.schedules().pass_slot(schedule.id, slot.at, missed, state).await? {
                    let mut after = schedule.clone();
                    after.settled_to = slot.at;
                    if let DueState::Wait { starts, .. } = after.verdict(now) {
                        note_next(&mut look.next, &schedule, starts);
                    }
                    look.news.push(ScheduleEvent::Passed(schedule, slot, missed, why));
                }
            }
            DueState::Fire { slot, missed, ends_by } => {
                let new = NewFiring { schedule: schedule.id, slot_at: slot.at, asked_for: false, missed, ends_by };
                if let Some(id) = store.schedules().begin_firing(&new, now).await? {
                    look.firing = Some(Firing { missed, ends_by, ..Firing::new(id, schedule, slot, now, How::Due) });
                    return Ok(look);
                }
            }
        }
    }
    Ok(look)
}

/// Undoes what was settled under a clock that was ahead.
async fn put_right(
    store: &mut Store,
    schedules: &[StoredSchedule],
    settled: &Settled,
) -> Result<Vec<ScheduleEvent>, StoreError> {
    let mut news = Vec::new();
    for stored in schedules.iter().filter(|stored| settled.is_ahead(stored)) {
        let Ok(schedule) = Schedule::of(stored) else { continue };
        if settled.put_right(store, stored).await? {
            news.push(ScheduleEvent::ClockWasAhead(schedule, stored.settled_to));
        }
    }
    Ok(news)
}

/// Writes down how a run of a firing ended; what is to be told of it.
pub async fn ended(store: &mut Store, firing: &Firing, end: &End, now: Wall) -> Result<ScheduleEvent, StoreError> {
    let kept = FiringEnd {
        exit_code: Some(end.exit_code),
        stopped: end.stopped.clone(),
        requests: end.requests,
        spent: end.spent,
    };
    match (end.after, next_try(firing, end, now)) {
        (After::GoesOn, _) => store.schedules().count_in_firing(firing.id, end.requests, end.spent).await?,
        (After::TriesAgain, Some((retry_at, transient_failures))) => {
            let trouble = end.trouble();
            let met = FiringTrouble { end: kept, trouble: trouble.clone(), transient_failures, retry_at };
            store.schedules().note_trouble(firing.id, &met).await?;
            let is_told = firing.told.as_ref() == Some(&trouble);
            let (firing, end) = (firing.clone(), end.clone());
            return Ok(if is_told {
                ScheduleEvent::StillTrouble(firing, end, retry_at)
            } else {
                ScheduleEvent::TriesAgain(firing, end, retry_at)
            });
        }
        (After::Over, _) | (After::TriesAgain, None) => {
            store.schedules().end_firing(firing.id, &kept, now).await?;
        }
    }
    Ok(ScheduleEvent::Ended(firing.clone(), end.clone()))
}

/// Runs one firing and writes down how it ended.
pub async fn run<W: Work>(
    store: &mut Store,
    clock: &dyn Clock,
    work: &mut W,
    firing: &Firing,
) -> Result<End, StoreError> {
    work.tell(&ScheduleEvent::Begins(firing.clone()), clock.now().wall);
    let end = work.fire(firing).await;
    let now = clock.now().wall;
    let news = ended(store, firing, &end, now).await?;
    work.tell(&news, now);
    Ok(end)
}

/// Runs all that is due, one firing after the other, until nothing is, or an end is the last.
/// What comes due meanwhile is run too. Gives the ends, and when there is something to do next.
pub async fn work_off<W: Work>(
    store: &mut Store,
    clock: &dyn Clock,
    work: &mut W,
) -> Result<(Vec<End>, Option<Next>), StoreError> {
    let mut ends = Vec::new();
    loop {
        let now = clock.now().wall;
        let look = look(store, now).await?;
        for news in &look.news {
            work.tell(news, now);
        }
        let Some(firing) = look.firing else { return Ok((ends, look.next)) };
        let end = run(store, clock, work, &firing).await?;
        let stops_here = end.is_last;
        ends.push(end);
        if stops_here {
            return Ok((ends, None));
        }
    }
}

fn note_next(next: &mut Option<Next>, schedule: &Schedule, starts: Wall) {
    if next.as_ref().is_none_or(|known| starts < known.starts) {
        *next = Some(Next { name: schedule.name.clone(), starts, zone: schedule.recurrence.zone().clone() });
    }
}
