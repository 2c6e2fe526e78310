//! Clocks that are wrong: no slot is begun twice, and no schedule is silent once the clock is right again.

use std::collections::HashMap;
use std::path::Path;

use cleanup::domain::{MicroUsd, Wall};
use cleanup::schedule::control::{self, RunNowOutcome, Skipped};
use cleanup::schedule::firing::{After, End, How};
use cleanup::schedule::messages;
use cleanup::schedule::plan::Schedule;
use cleanup::schedule::scheduler::{self, ScheduleEvent};
use cleanup::store::{NewSchedule, QueueKind, Store};
use jiff::tz::TimeZone;

use super::oracle::{FROM, day, minute, shown, walk};

use crate::common::wait;

const HOUR: i64 = 3_600_000;

fn wall(text: &str) -> Wall {
    Wall(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

fn nightly(cron: &str, until: Option<&str>) -> NewSchedule {
    NewSchedule {
        name: "nightly".into(),
        cron: cron.into(),
        zone: "Europe/Berlin".into(),
        until_time: until.map(str::to_owned),
        for_ms: None,
        jitter_ms: 0,
        jitter_seed: 7,
        request: r#"{"run":{"files":["/a.csv"]}}"#.into(),
    }
}

/// A queue with a schedule at 02:00 in Berlin (01:00 UTC), made at noon of 20 November 2026.
async fn queue(path: &Path, kind: QueueKind, until: Option<&str>) -> Store {
    let mut store = Store::open(path, kind).await.unwrap();
    assert!(store.schedules().add_schedule(&nightly("0 2 * * *", until), wall("2026-11-20T11:00:00Z")).await.unwrap());
    store
}

async fn settled_to(store: &mut Store) -> Wall {
    store.schedules().all().await.unwrap()[0].settled_to
}

#[tokio::test]
async fn one_look_under_2038_silences_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = queue(&folder.path().join("queue.db"), QueueKind::Real, Some("06:00:00")).await;
    let ahead = scheduler::look(&mut store, wall("2038-01-19T12:00:00Z")).await.unwrap();
    assert!(matches!(ahead.news[..], [ScheduleEvent::Passed(..)]) && ahead.firing.is_none(), "{ahead:?}");
    assert!(settled_to(&mut store).await > wall("2038-01-01T00:00:00Z"), "that is what silenced it");

    // The clock is right again, and something looks.
    let now = wall("2026-11-20T12:00:00Z");
    let schedule = Schedule::of(&store.schedules().all().await.unwrap()[0]).unwrap();
    assert_eq!(schedule.to_come(now).next().unwrap().at, wall("2026-11-21T01:00:00Z"), "list and next say so at once");
    let (due, _) = scheduler::due(&mut store, now).await.unwrap();
    assert_eq!(due, ["nightly"], "there is something to undo");
    let look = scheduler::look(&mut store, now).await.unwrap();
    assert!(look.firing.is_none());
    assert_eq!(look.next.unwrap().starts, wall("2026-11-21T01:00:00Z"));
    let said = messages::sentence(&look.news[0], now);
    assert!(said.contains("up to Tue 19 Jan 2038 02:00 CET") && said.contains("Fri 20 Nov 2026 13:00 CET"), "{said}");
    assert!(
        store.schedules().firings(schedule.id, 9).await.unwrap().is_empty(),
        "a night that has not come was not missed"
    );

    let night = scheduler::look(&mut store, wall("2026-11-21T01:05:00Z")).await.unwrap();
    assert!(night.news.is_empty(), "told once: {:?}", night.news);
    let firing = night.firing.unwrap();
    assert_eq!((firing.slot.at, firing.missed), (wall("2026-11-21T01:00:00Z"), 0));
}

#[tokio::test]
async fn a_schedule_that_was_added_under_2038_begins_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = Store::open(&folder.path().join("queue.db"), QueueKind::Real).await.unwrap();
    assert!(store.schedules().add_schedule(&nightly("0 2 * * *", None), wall("2038-01-19T12:00:00Z")).await.unwrap());
    let look = scheduler::look(&mut store, wall("2026-11-20T12:00:00Z")).await.unwrap();
    assert!(look.firing.is_none() && matches!(look.news[..], [ScheduleEvent::ClockWasAhead(..)]), "{look:?}");
    let firing = scheduler::look(&mut store, wall("2026-11-21T01:05:00Z")).await.unwrap().firing.unwrap();
    assert_eq!((firing.slot.at, firing.missed), (wall("2026-11-21T01:00:00Z"), 0));
}

#[tokio::test]
async fn a_run_that_was_begun_hours_too_early_is_that_nights_run() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = queue(&folder.path().join("queue.db"), QueueKind::Real, Some("06:00:00")).await;
    // The clock is five hours ahead in the evening: the night's run begins, and its process dies.
    let early = scheduler::look(&mut store, wall("2026-11-21T01:10:00Z")).await.unwrap().firing.unwrap();
    let evening = wall("2026-11-20T20:15:00Z");
    assert!(matches!(scheduler::look(&mut store, evening).await.unwrap().news[..], [ScheduleEvent::ClockWasAhead(..)]));
    let rest = scheduler::look(&mut store, wall("2026-11-20T21:00:00Z")).await.unwrap();
    assert!(rest.firing.is_none() && rest.news.is_empty(), "it waits for its hours: {rest:?}");
    assert_eq!(rest.next.unwrap().starts, wall("2026-11-21T01:00:00Z"));
    let night = scheduler::look(&mut store, wall("2026-11-21T01:02:00Z")).await.unwrap().firing.unwrap();
    assert_eq!((night.id, night.how), (early.id, How::Resumed));
    let end = End { requests: 9, ..End::unsent(0, "finished") };
    scheduler::ended(&mut store, &night, &end, wall("2026-11-21T01:30:00Z")).await.unwrap();
    assert!(scheduler::look(&mut store, wall("2026-11-21T01:35:00Z")).await.unwrap().firing.is_none());
}

#[tokio::test]
async fn what_sent_something_under_a_wrong_clock_is_not_sent_again_and_what_met_only_trouble_is() {
    for (requests, again) in [(0, true), (5, false)] {
        let folder = tempfile::tempdir().unwrap();
        let mut store = queue(&folder.path().join("queue.db"), QueueKind::Real, Some("06:00:00")).await;
        let early = scheduler::look(&mut store, wall("2026-11-21T01:10:00Z")).await.unwrap().firing.unwrap();
        let end = End { requests, after: After::TriesAgain, ..End::unsent(69, "unreachable") };
        scheduler::ended(&mut store, &early, &end, wall("2026-11-21T04:00:00Z")).await.unwrap();
        let over = scheduler::look(&mut store, wall("2026-11-21T05:00:00Z")).await.unwrap();
        assert!(matches!(over.news[..], [ScheduleEvent::Dropped(..)]), "{over:?}");
        scheduler::look(&mut store, wall("2026-11-20T20:15:00Z")).await.unwrap();
        let night = scheduler::look(&mut store, wall("2026-11-21T01:02:00Z")).await.unwrap().firing;
        assert_eq!(night.is_some(), again, "{requests} requests");
        // The next night comes in either case.
        assert!(scheduler::look(&mut store, wall("2026-11-22T01:02:00Z")).await.unwrap().firing.is_some());
    }
}

#[tokio::test]
async fn a_clock_that_is_behind_undoes_nothing_that_the_platform_has_seen() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.db");
    let mut store = queue(&path, QueueKind::Real, Some("06:00:00")).await;
    let night = scheduler::look(&mut store, wall("2026-11-21T01:02:00Z")).await.unwrap().firing.unwrap();
    let end = End { requests: 9, ..End::unsent(4, "deadline") };
    scheduler::ended(&mut store, &night, &end, wall("2026-11-21T05:00:00Z")).await.unwrap();
    let before = settled_to(&mut store).await;
    let agreed = wall("2026-11-21T05:00:00Z").0;
    sql(&path, &format!("insert into drain (id, boot, started_tick, started_at, clock_checked, ended_at) values (1, 'b', 0, {agreed}, 1, {agreed})")).await;
    assert_eq!(store.admin().last_agreement().await.unwrap(), Some(Wall(agreed)));
    // A battery is dead: the machine wakes up months ago, and later in 1970 (which no agreement is near enough to deny).
    let look = scheduler::look(&mut store, wall("2026-06-01T12:00:00Z")).await.unwrap();
    assert!(look.news.is_empty() && look.firing.is_none(), "{look:?}");
    assert_eq!(settled_to(&mut store).await, before);
    let look = scheduler::look(&mut store, wall("1970-01-01T00:05:00Z")).await.unwrap();
    assert!(look.firing.is_none(), "{look:?}");
    // Right again: last night is not begun a second time, and tonight is.
    let look = scheduler::look(&mut store, wall("2026-11-21T05:30:00Z")).await.unwrap();
    assert!(look.firing.is_none() && look.news.is_empty(), "{look:?}");
    let firing = scheduler::look(&mut store, wall("2026-11-22T01:02:00Z")).await.unwrap().firing.unwrap();
    assert_eq!((firing.slot.at, firing.missed), (wall("2026-11-22T01:00:00Z"), 0));
}

#[tokio::test]
async fn what_is_told_a_schedule_after_a_wrong_clock_is_heard() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.db");
    let mut store = queue(&path, QueueKind::Real, Some("06:00:00")).await;
    scheduler::look(&mut store, wall("2038-01-19T12:00:00Z")).await.unwrap();
    // Before anything has looked: the next night is left out.
    let now = wall("2026-11-20T12:00:00Z");
    let schedule = Schedule::of(&store.schedules().all().await.unwrap()[0]).unwrap();
    assert_eq!(control::skip(&mut store, &schedule, now).await.unwrap(), Skipped::Next(wall("2026-11-21T01:00:00Z")));
    scheduler::look(&mut store, now).await.unwrap();
    let night = scheduler::look(&mut store, wall("2026-11-21T01:02:00Z")).await.unwrap();
    assert!(night.firing.is_none() && matches!(night.news[..], [ScheduleEvent::Passed(..)]), "{night:?}");
    // A run asked for under 2038, whose process died: it does not wait for that year.
    let ahead = wall("2038-01-19T12:30:00Z");
    assert_eq!(control::ask(&mut store, &schedule, ahead).await.unwrap(), RunNowOutcome::Noted);
    let asked = scheduler::look(&mut store, ahead).await.unwrap().firing.unwrap();
    let resumed = scheduler::look(&mut store, wall("2026-11-21T12:00:00Z")).await.unwrap().firing.unwrap();
    assert_eq!((resumed.id, resumed.ends_by), (asked.id, Some(wall("2026-11-22T05:00:00Z"))));
}

async fn sql(path: &Path, text: &str) {
    let mut connection = crate::common::sql::connect(path).await;
    sqlx::query(sqlx::AssertSqlSafe(text.to_owned())).execute(&mut connection).await.unwrap();
}

/// How wrong a clock is, in milliseconds.
fn error(dice: &mut fastrand::Rng) -> i64 {
    let size = match dice.u8(0..5) {
        0 => dice.i64(0..HOUR / 4),
        1 => dice.i64(1..15) * HOUR,
        2 => dice.i64(1..40) * 24 * HOUR,
        3 => dice.i64(1..900) * 24 * HOUR,
        // A battery that is dead: 1970; a counter that has run over: 2038.
        _ => 12 * 366 * 24 * HOUR,
    };
    if dice.bool() { size } else { -size }
}

/// Random errors of the clock in both directions, a process that dies now and then, nights that meet trouble: by the clock of the zone
/// no day has two runs that send, and each night around which the clock was right has one.
#[test]
fn each_local_day_at_most_once_and_never_silent_once_the_clock_is_right() {
    wait(async {
        let seed =
            std::env::var("CLEANUP_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or_else(|| fastrand::u64(..));
        let rounds = std::env::var("CLEANUP_CLOCKS").ok().and_then(|text| text.parse().ok()).unwrap_or(4);
        for round in 0..rounds {
            let seed = seed.wrapping_add(round);
            println!("dice begin with {seed}");
            one_life(seed).await;
        }
        crate::common::tries::tried("a month whose clock is wrong now and then", rounds as usize);
    });
}

/// A month with a clock that is wrong now and then.
async fn one_life(seed: u64) {
    const DAYS: i64 = 25;
    let memory = Path::new("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() };
    let mut dice = fastrand::Rng::with_seed(seed);
    let zone = TimeZone::get("Europe/Berlin").unwrap();
    // The month in which the clocks go back is one of them.
    let from = (FROM + dice.i64(0..365) * 86_400) * 1000;
    let to = from + DAYS * 24 * HOUR;
    let mut store = Store::open(&folder.path().join("queue.db"), QueueKind::Real).await.unwrap();
    assert!(store.schedules().add_schedule(&nightly("30 2 * * *", Some("06:00:00")), Wall(from)).await.unwrap());
    let (mut now, mut off) = (from, 0_i64);
    let mut wrong: Vec<(i64, i64)> = Vec::new();
    let mut wrong_until = 0;
    // What each firing of a slot has sent.
    let mut begun: HashMap<i64, HashMap<i64, u64>> = HashMap::new();
    while now < to {
        now += dice.i64(60_000..600_000);
        if off != 0 && now >= wrong_until {
            off = 0;
        } else if off == 0 && dice.u16(0..400) == 0 {
            off = error(&mut dice);
            wrong_until = now + dice.i64(0..10 * HOUR);
            wrong.push((now, wrong_until));
        }
        let look = scheduler::look(&mut store, Wall(now + off)).await.unwrap();
        let Some(firing) = look.firing else { continue };
        let ids = begun.entry(firing.slot.at.0).or_default();
        ids.insert(firing.id, ids.get(&firing.id).copied().unwrap_or(0));
        now += dice.i64(60_000..1_200_000);
        if dice.u8(0..8) == 0 {
            // Its process dies.
            continue;
        }
        let met = dice.u8(0..4) == 0;
        let after = if met { After::TriesAgain } else { After::Over };
        let requests = if met { 0 } else { dice.u64(0..50) };
        let end = End { after, requests, spent: MicroUsd(0), ..End::unsent(if met { 69 } else { 0 }, "finished") };
        scheduler::ended(&mut store, &firing, &end, Wall(now + off)).await.unwrap();
        *begun.entry(firing.slot.at.0).or_default().entry(firing.id).or_default() += requests;
    }
    let mut days: HashMap<i64, u64> = HashMap::new();
    for (slot, ids) in &begun {
        *days.entry(day(shown(&zone, slot / 1000))).or_default() +=
            ids.values().filter(|sent| **sent > 0).count() as u64;
    }
    let twice: Vec<_> = days.iter().filter(|(_, runs)| **runs > 1).collect();
    assert!(twice.is_empty(), "seed {seed}: two runs sent something on one day: {twice:?}");
    let slots = walk(&zone, (from / 1000, to / 1000 - 4 * 3_600), 900, |local| minute(local) == 150);
    let mut judged = 0;
    for (slot, _) in slots {
        let slot = slot * 1000;
        let is_right = |(begin, end): &(i64, i64)| *end + HOUR < slot || *begin > slot + 3 * HOUR;
        if wrong.iter().all(is_right) {
            judged += 1;
            assert!(begun.contains_key(&slot), "seed {seed}: nothing was run on the night of {}", Wall(slot).rfc3339());
        }
    }
    assert!(judged > 5, "seed {seed}: {judged} nights under a clock that was right");
}
