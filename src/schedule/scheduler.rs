//! What is due, decided once and written down before it is run.
//!
//! In: the store, the time. Out: one firing at a time, whatever was let go on the way, when there is something to do next. It
//! waits for nothing: whoever has a clock calls [`look`] when it likes, or [`work_off`] to have all that is due run through a
//! [`Work`]. The caller holds the [`crate::store::ScheduleLock`], so that a firing on record as running belongs to nobody else.
//! What does not belong here: loading and sending (the [`Work`] does), telling people (`diary` has the words).

use std::future::Future;

use jiff::tz::TimeZone;

use super::plan::{Passed, Schedule, Verdict};
use super::recurrence::{Hours, Slot};
use crate::clock::Clock;
use crate::domain::Wall;
use crate::store::{FiringEnd, FiringState, NewFiring, Store, StoreError, StoredFiring};

/// So many processes may die over one firing; then it is given up, and the next slot goes on.
pub const MAX_RUNS_PER_FIRING: u32 = 10;

/// How a firing comes to be run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Its slot has come.
    Due,
    /// A process before this one died over it, or was stopped.
    Resumed,
    /// Somebody asked for it.
    AskedFor,
}

/// One time that a schedule is run. It is on record.
#[derive(Clone, Debug)]
pub struct Firing {
    /// Its number.
    pub id: i64,
    /// Whose.
    pub schedule: Schedule,
    /// Its slot.
    pub slot: Slot,
    /// Earlier slots that it makes up for.
    pub missed: u64,
    /// When it began, the first time.
    pub began: Wall,
    /// Nothing is to be sent after this.
    pub ends_by: Option<Wall>,
    /// How it comes to be run.
    pub how: How,
}

/// How a run of a firing ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    /// The exit code that `cleanup run` would have ended with.
    pub exit_code: u8,
    /// Why it stopped, in the word of `run --json`.
    pub stopped: String,
    /// Requests sent.
    pub requests: u64,
    /// Rows that are not settled, where that is known.
    pub left: Option<u64>,
    /// The firing is not over: this process had to stop, or another one was draining. Whoever looks next goes on with it.
    pub goes_on: bool,
    /// Nothing more is to be run by this process.
    pub is_last: bool,
}

/// Something to be told.
#[derive(Clone, Debug)]
pub enum News {
    /// A firing begins.
    Begins(Firing),
    /// A run of it has ended.
    Ended(Firing, End),
    /// A slot was let go, and so many before it.
    Passed(Schedule, Slot, u64, Passed),
    /// A firing that a process died over is given up: its hours are over, or the next slot has come.
    GivenUp(Schedule, Slot),
    /// A run that was asked for then waited for its turn until its hours were over.
    TooLate(Schedule, Wall),
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
pub struct Look {
    /// What was let go, given up or not understood.
    pub news: Vec<News>,
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
    fn tell(&mut self, news: &News, now: Wall);
}

/// The names of the schedules that have something to do now, without deciding anything.
///
/// # Errors
/// The database cannot be read.
pub async fn due(store: &mut Store, now: Wall) -> Result<(Vec<String>, Option<Next>), StoreError> {
    let schedules = store.schedules().await?;
    let mut names: Vec<String> = Vec::new();
    let mut next: Option<Next> = None;
    let running = store.running_firings().await?;
    for stored in schedules {
        let schedule = Schedule::of(&stored);
        let verdict = schedule.as_ref().map(|schedule| (schedule, schedule.verdict(now)));
        let has_begun = running.iter().any(|firing| firing.schedule == stored.id);
        match verdict {
            Ok((schedule, Verdict::Wait { starts, .. })) if !has_begun => note_next(&mut next, schedule, starts),
            Ok((_, Verdict::Never)) if !has_begun => {}
            _ => names.push(stored.name),
        }
    }
    Ok((names, next))
}

/// Decides what is to be done now, and writes it down. At most one firing is given; look again when it has ended.
///
/// # Errors
/// The database cannot be read or written. What was decided on before is on record.
pub async fn look(store: &mut Store, now: Wall) -> Result<Look, StoreError> {
    let mut look = Look::default();
    let mut schedules = Vec::new();
    for stored in store.schedules().await? {
        match Schedule::of(&stored) {
            Ok(schedule) => schedules.push(schedule),
            Err(error) => look.news.push(News::Broken(stored.name, error.to_string())),
        }
    }
    for running in store.running_firings().await? {
        let Some(schedule) = schedules.iter().find(|schedule| schedule.id == running.schedule) else { continue };
        if let Some(firing) = go_on(store, schedule, &running, now, &mut look.news).await? {
            look.firing = Some(firing);
            return Ok(look);
        }
    }
    let mut verdicts: Vec<(Schedule, Verdict)> = schedules
        .into_iter()
        .map(|schedule| {
            let verdict = schedule.verdict(now);
            (schedule, verdict)
        })
        .collect();
    // Whose slot came first goes first.
    verdicts.sort_by_key(|(schedule, verdict)| match verdict {
        Verdict::Fire { slot, .. } => (slot.at, schedule.name.clone()),
        _ => (Wall(i64::MIN), schedule.name.clone()),
    });
    for (schedule, verdict) in verdicts {
        match verdict {
            Verdict::Never => {}
            Verdict::Wait { starts, .. } => note_next(&mut look.next, &schedule, starts),
            Verdict::Pass { slot, missed, why } => {
                let state = if why == Passed::Skipped { FiringState::Skipped } else { FiringState::Missed };
                if store.pass_slot(schedule.id, slot.at, missed, state).await? {
                    let mut after = schedule.clone();
                    after.settled_to = slot.at;
                    if let Verdict::Wait { starts, .. } = after.verdict(now) {
                        note_next(&mut look.next, &schedule, starts);
                    }
                    look.news.push(News::Passed(schedule, slot, missed, why));
                }
            }
            Verdict::Fire { slot, missed, ends_by } => {
                let new = NewFiring { schedule: schedule.id, slot_at: slot.at, asked_for: false, missed, ends_by };
                if let Some(id) = store.begin_firing(&new, now).await? {
                    look.firing = Some(Firing { id, schedule, slot, missed, began: now, ends_by, how: How::Due });
                    return Ok(look);
                }
            }
        }
    }
    Ok(look)
}

/// Writes down how a run of a firing ended.
///
/// # Errors
/// The database cannot be written.
pub async fn ended(store: &mut Store, firing: &Firing, end: &End, now: Wall) -> Result<(), StoreError> {
    if end.goes_on {
        return Ok(());
    }
    let end = FiringEnd { exit_code: Some(end.exit_code), stopped: end.stopped.clone(), requests: end.requests };
    store.end_firing(firing.id, &end, now).await?;
    Ok(())
}

/// Runs one firing and writes down how it ended.
///
/// # Errors
/// The database cannot be written.
pub async fn run<W: Work>(
    store: &mut Store,
    clock: &dyn Clock,
    work: &mut W,
    firing: &Firing,
) -> Result<End, StoreError> {
    work.tell(&News::Begins(firing.clone()), clock.now().wall);
    let end = work.fire(firing).await;
    let now = clock.now().wall;
    ended(store, firing, &end, now).await?;
    work.tell(&News::Ended(firing.clone(), end.clone()), now);
    Ok(end)
}

/// Runs all that is due, one firing after the other, until nothing is, or an end is the last.
/// What comes due meanwhile is run too. Gives the ends, and when there is something to do next.
///
/// # Errors
/// The database cannot be read or written.
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

/// Goes on with a firing that a process died over, or gives it up.
async fn go_on(
    store: &mut Store,
    schedule: &Schedule,
    running: &StoredFiring,
    now: Wall,
    news: &mut Vec<News>,
) -> Result<Option<Firing>, StoreError> {
    let slot = match schedule.recurrence.latest_by(running.slot_at).filter(|slot| slot.at == running.slot_at) {
        Some(slot) => slot,
        None => match schedule.recurrence.slot_now(running.slot_at) {
            Some(slot) => slot,
            None => return Ok(None),
        },
    };
    if running.runs == 0 {
        return begin_asked(store, schedule, slot, running, now, news).await;
    }
    let is_over = running.ends_by.is_some_and(|end| end <= now);
    // The next slot loads the same files and goes on with the same rows, with hours of its own.
    let next_has_come = matches!(schedule.verdict(now), Verdict::Fire { .. });
    if is_over || next_has_come || running.runs >= MAX_RUNS_PER_FIRING {
        let end = FiringEnd { exit_code: None, stopped: "interrupted".into(), requests: 0 };
        if store.end_firing(running.id, &end, now).await? {
            news.push(News::GivenUp(schedule.clone(), slot));
        }
        return Ok(None);
    }
    if !store.resume_firing(running.id).await? {
        return Ok(None);
    }
    Ok(Some(Firing {
        id: running.id,
        schedule: schedule.clone(),
        slot,
        missed: running.missed,
        began: running.began_at.unwrap_or(now),
        ends_by: running.ends_by,
        how: How::Resumed,
    }))
}

/// Begins what somebody asked for. It may have waited for its turn, but never runs into a night it was not asked for in.
async fn begin_asked(
    store: &mut Store,
    schedule: &Schedule,
    slot: Slot,
    asked: &StoredFiring,
    now: Wall,
    news: &mut Vec<News>,
) -> Result<Option<Firing>, StoreError> {
    if asked.ends_by.is_some_and(|end| end <= now) {
        if store.call_off_firing(asked.id, "deadline", now).await? {
            news.push(News::TooLate(schedule.clone(), asked.slot_at));
        }
        return Ok(None);
    }
    let ends_by = match schedule.hours {
        Hours::For(_) => schedule.recurrence.end_of(&slot, now, schedule.hours),
        Hours::Until(_) | Hours::Open => asked.ends_by,
    };
    let began = store.begin_asked(asked.id, ends_by, now).await?;
    let schedule = schedule.clone();
    let firing = Firing { id: asked.id, schedule, slot, missed: 0, began: now, ends_by, how: How::AskedFor };
    Ok(began.then_some(firing))
}

fn note_next(next: &mut Option<Next>, schedule: &Schedule, starts: Wall) {
    if next.as_ref().is_none_or(|known| starts < known.starts) {
        *next = Some(Next { name: schedule.name.clone(), starts, zone: schedule.recurrence.zone().clone() });
    }
}
