//! What a person tells a schedule: through the queue's database, at moments that are given.

use std::collections::HashSet;

use cleanup::domain::Wall;
use cleanup::schedule::begun::Dropped;
use cleanup::schedule::control::{self, RunNowOutcome, Skipped, Unskipped};
use cleanup::schedule::firing::{End, How};
use cleanup::schedule::messages;
use cleanup::schedule::plan::Schedule;
use cleanup::schedule::scheduler::{self, ScheduleEvent};
use cleanup::store::{FiringState, NewSchedule, QueueKind, ScheduleLock, Store};
use proptest::prelude::*;

fn wall(text: &str) -> Wall {
    Wall(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
}

struct Desk {
    _folder: tempfile::TempDir,
    store: Store,
}

impl Desk {
    /// A queue with a schedule at 02:00 in Berlin, made at noon of 20 November 2026.
    async fn new(until: Option<&str>, for_ms: Option<u64>) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(&folder.path().join("queue.db"), QueueKind::Real).await.unwrap();
        let new = NewSchedule {
            name: "nightly".into(),
            cron: "0 2 * * *".into(),
            zone: "Europe/Berlin".into(),
            until_time: until.map(str::to_owned),
            for_ms,
            jitter_ms: 0,
            jitter_seed: 7,
            request: r#"{"run":{"files":["/a.csv"]}}"#.into(),
        };
        assert!(store.schedules().add_schedule(&new, wall("2026-11-20T11:00:00Z")).await.unwrap());
        Desk { _folder: folder, store }
    }

    async fn schedule(&mut self) -> Schedule {
        Schedule::of(&control::find(&mut self.store, "nightly").await.unwrap().unwrap()).unwrap()
    }

    async fn ask(&mut self, at: &str) -> RunNowOutcome {
        let schedule = self.schedule().await;
        control::ask(&mut self.store, &schedule, wall(at)).await.unwrap()
    }

    async fn skip(&mut self, at: &str) -> Skipped {
        let schedule = self.schedule().await;
        control::skip(&mut self.store, &schedule, wall(at)).await.unwrap()
    }

    async fn unskip(&mut self, at: &str, slot: Option<Wall>) -> Unskipped {
        let schedule = self.schedule().await;
        control::unskip(&mut self.store, &schedule, slot, wall(at)).await.unwrap()
    }

    async fn look(&mut self, at: &str) -> scheduler::DueLook {
        scheduler::look(&mut self.store, wall(at)).await.unwrap()
    }
}

#[tokio::test]
async fn what_is_asked_for_is_begun_once_by_whoever_looks_next() {
    let mut desk = Desk::new(None, None).await;
    assert_eq!(desk.ask("2026-11-20T12:00:00Z").await, RunNowOutcome::Noted);
    assert_eq!(desk.ask("2026-11-20T12:00:01Z").await, RunNowOutcome::Running, "one that waits is enough");
    let (due, _) = scheduler::due(&mut desk.store, wall("2026-11-20T12:00:02Z")).await.unwrap();
    assert_eq!(due, ["nightly"]);
    let look = desk.look("2026-11-20T12:00:02Z").await;
    let firing = look.firing.unwrap();
    assert_eq!((firing.how, firing.began), (How::AskedFor, wall("2026-11-20T12:00:02Z")));
    assert!(look.news.is_empty(), "{:?}", look.news);
    assert_eq!(desk.ask("2026-11-20T12:00:03Z").await, RunNowOutcome::Running);
    // A process that died over it goes on with it, as with any other.
    let again = desk.look("2026-11-20T12:05:00Z").await.firing.unwrap();
    assert_eq!((again.id, again.how), (firing.id, How::Resumed));
    let end = End { requests: 9, left: Some(0), ..End::unsent(3, "finished") };
    scheduler::ended(&mut desk.store, &again, &end, wall("2026-11-20T12:06:00Z")).await.unwrap();
    let kept = desk.store.schedules().firings(again.schedule.id, 5).await.unwrap();
    assert_eq!((kept.len(), kept[0].exit_code, kept[0].runs, kept[0].asked_for), (1, Some(3), 2, true));
    // The night comes all the same.
    let night = desk.look("2026-11-21T01:00:00Z").await.firing.unwrap();
    assert_eq!((night.how, night.slot.at), (How::Due, wall("2026-11-21T01:00:00Z")));
}

#[tokio::test]
async fn beside_a_run_in_progress_only_what_need_not_wait_for_it_begins() {
    let mut desk = Desk::new(None, None).await;
    let other = NewSchedule {
        name: "other".into(),
        cron: "0 3 * * *".into(),
        zone: "Europe/Berlin".into(),
        until_time: None,
        for_ms: None,
        jitter_ms: 0,
        jitter_seed: 7,
        request: r#"{"run":{"files":["/b.csv"]}}"#.into(),
    };
    assert!(desk.store.schedules().add_schedule(&other, wall("2026-11-20T11:00:00Z")).await.unwrap());
    let running = desk.look("2026-11-21T01:00:00Z").await.firing.unwrap();
    let in_progress = HashSet::from([running.schedule.id]);
    let beside =
        async |store: &mut Store, at: &str| scheduler::look_beside(store, &in_progress, wall(at)).await.unwrap();
    assert!(beside(&mut desk.store, "2026-11-21T01:30:00Z").await.firing.is_none(), "it is not taken for left behind");
    let second = beside(&mut desk.store, "2026-11-21T02:00:00Z").await.firing.unwrap();
    assert_eq!((&*second.schedule.name, second.how), ("other", How::Due));
    // The next night comes while the first still lasts: it is decided when that has ended.
    scheduler::ended(&mut desk.store, &second, &End::unsent(0, "finished"), wall("2026-11-21T02:05:00Z"))
        .await
        .unwrap();
    let look = beside(&mut desk.store, "2026-11-22T01:30:00Z").await;
    assert!(look.firing.is_none() && look.news.is_empty(), "{look:?}");
    scheduler::ended(&mut desk.store, &running, &End::unsent(0, "finished"), wall("2026-11-22T01:40:00Z"))
        .await
        .unwrap();
    let next = desk.look("2026-11-22T01:40:00Z").await.firing.unwrap();
    assert_eq!((&*next.schedule.name, next.slot.at), ("nightly", wall("2026-11-22T01:00:00Z")));
}

#[tokio::test]
async fn a_run_that_waits_for_its_turn_stays_inside_the_hours_it_was_asked_for_in() {
    let mut desk = Desk::new(Some("14:00:00"), None).await;
    assert_eq!(desk.ask("2026-11-20T12:59:00Z").await, RunNowOutcome::Noted);
    let look = desk.look("2026-11-20T13:00:00Z").await;
    assert!(
        look.firing.is_none() && matches!(look.news[..], [ScheduleEvent::Dropped(_, Dropped::TooLate(..))]),
        "{look:?}"
    );
    let said = messages::sentence(&look.news[0], wall("2026-11-20T13:00:00Z"));
    assert_eq!(said, "nightly: the run requested at 13:59 CET had not begun when its hours ended, and is dropped");
    // A length is counted from the beginning, however long it has waited.
    let mut desk = Desk::new(None, Some(3_600_000)).await;
    assert_eq!(desk.ask("2026-11-20T12:00:00Z").await, RunNowOutcome::Noted);
    let firing = desk.look("2026-11-20T15:00:00Z").await.firing.unwrap();
    assert_eq!(firing.ends_by, Some(wall("2026-11-20T16:00:00Z")));
}

#[tokio::test]
async fn skipping_takes_what_comes_first() {
    let mut desk = Desk::new(Some("06:00:00"), None).await;
    let (noon, night) = ("2026-11-20T12:00:00Z", wall("2026-11-21T01:00:00Z"));
    desk.ask(noon).await;
    {
        // Somebody else's run is under way: what waits can be called off even so.
        let _lock = ScheduleLock::try_take(desk.store.place()).await.unwrap().unwrap();
        assert_eq!(desk.skip("2026-11-20T12:01:00Z").await, Skipped::Asked(wall(noon)));
    }
    assert!(desk.look("2026-11-20T12:02:00Z").await.firing.is_none());
    assert_eq!(desk.skip("2026-11-20T12:03:00Z").await, Skipped::Next(night));
    assert_eq!(desk.skip("2026-11-20T12:04:00Z").await, Skipped::Already(night));
    let starts: Vec<bool> = desk.schedule().await.to_come(wall(noon)).take(3).map(|start| start.is_skipped).collect();
    assert_eq!(starts, [true, false, false]);
    assert!(matches!(desk.look("2026-11-21T02:00:00Z").await.news[..], [ScheduleEvent::Passed(..)]));
    // The next night dies under way. While somebody works on it, it is the night after that is left out.
    let firing = desk.look("2026-11-22T01:00:00Z").await.firing.unwrap();
    {
        let _lock = ScheduleLock::try_take(desk.store.place()).await.unwrap().unwrap();
        assert_eq!(desk.skip("2026-11-22T01:30:00Z").await, Skipped::Next(wall("2026-11-23T01:00:00Z")));
    }
    assert_eq!(desk.skip("2026-11-22T02:00:00Z").await, Skipped::Rest(firing.slot.at));
    let kept = desk.store.schedules().firings(firing.schedule.id, 9).await.unwrap();
    let ended = kept.iter().find(|kept| kept.id == firing.id).unwrap();
    assert_eq!((ended.state, ended.stopped.as_deref()), (FiringState::Ended, Some("skipped")));
    assert!(control::remove(&mut desk.store, "nightly").await.unwrap());
    assert!(!control::remove(&mut desk.store, "nightly").await.unwrap());
    let gone = firing.schedule;
    assert_eq!(control::ask(&mut desk.store, &gone, wall("2026-11-22T03:00:00Z")).await.unwrap(), RunNowOutcome::Gone);
}

#[tokio::test]
async fn a_skip_is_taken_back_as_long_as_its_time_is_to_come() {
    let mut desk = Desk::new(Some("06:00:00"), None).await;
    let (noon, night) = ("2026-11-20T12:00:00Z", wall("2026-11-21T01:00:00Z"));
    assert_eq!(desk.unskip(noon, None).await, Unskipped::Nothing);
    assert_eq!(desk.skip(noon).await, Skipped::Next(night));
    assert_eq!(desk.unskip(noon, None).await, Unskipped::Comes(night));
    assert_eq!(desk.unskip(noon, Some(night)).await, Unskipped::Nothing, "once is enough");
    assert!(desk.look("2026-11-21T01:00:00Z").await.firing.is_some());
    // Of two the first; or the one that is named.
    let (second, third) = (wall("2026-11-22T01:00:00Z"), wall("2026-11-23T01:00:00Z"));
    let schedule = desk.schedule().await;
    for slot in [second, third] {
        assert!(desk.store.schedules().skip_slot(schedule.id, slot).await.unwrap());
    }
    assert_eq!(desk.unskip("2026-11-21T12:00:00Z", Some(third)).await, Unskipped::Comes(third));
    assert_eq!(desk.unskip("2026-11-21T12:00:00Z", None).await, Unskipped::Comes(second));
    // What has been passed over stays so.
    assert!(desk.store.schedules().skip_slot(schedule.id, second).await.unwrap());
    let end = End::unsent(0, "finished");
    let running = desk.look("2026-11-21T02:00:00Z").await.firing.unwrap();
    scheduler::ended(&mut desk.store, &running, &end, wall("2026-11-21T02:00:00Z")).await.unwrap();
    assert!(matches!(desk.look("2026-11-22T02:00:00Z").await.news[..], [ScheduleEvent::Passed(..)]));
    assert_eq!(desk.unskip("2026-11-22T03:00:00Z", Some(second)).await, Unskipped::Nothing);
    let said = messages::unskipped(&schedule, Unskipped::Comes(second));
    assert_eq!(said, "nightly: Sun 22 Nov 2026 02:00 CET is no longer skipped");
}

fn kept(cron: &str, hours: (Option<&str>, Option<u64>), jitter_s: u64, seed: u64, settled_to: Wall) -> Schedule {
    let stored = cleanup::store::StoredSchedule {
        id: 1,
        name: "n".into(),
        cron: cron.into(),
        zone: "Europe/Berlin".into(),
        until_time: hours.0.map(str::to_owned),
        for_ms: hours.1.map(|hours| hours * 3_600_000),
        jitter_ms: jitter_s * 1000,
        jitter_seed: seed,
        request: String::new(),
        created_at: settled_to,
        settled_to,
        skipped: Vec::new(),
    };
    Schedule::of(&stored).unwrap()
}

/// Hours are judged by the clock when a schedule is kept; the night of 28 March 2027 is an hour shorter in Berlin.
#[test]
fn on_a_night_that_the_clock_shortens_hours_hold() {
    let before = wall("2027-03-27T12:00:00Z");
    let next = wall("2027-03-29T00:00:00Z");
    // A day long from 02:00 on: it ends with the next start, 23 hours later, and the night after that is not late.
    let schedule = kept("0 2 * * *", (None, Some(24)), 0, 7, before);
    let start = schedule.to_come(before).next().unwrap();
    assert_eq!((start.at, start.ends_by), (wall("2027-03-28T01:00:00Z"), Some(next)));
    // A start that is put off, or late, reaches no further.
    let put_off = kept("0 2 * * *", (None, Some(23)), 5_400, 7, wall("2026-11-22T12:00:00Z"));
    let starts: Vec<_> = put_off.to_come(wall("2026-11-22T12:00:00Z")).take(200).collect();
    assert!(starts.windows(2).all(|pair| pair[0].ends_by.unwrap() <= pair[1].at));
    assert!(starts.windows(2).any(|pair| pair[0].ends_by.unwrap() == pair[1].at));
    // From 01:30 to 03:15 is three quarters of an hour that night: every start lies in them.
    for seed in 0..50 {
        let short = kept("30 1 * * *", (Some("03:15:00"), None), 3_600, seed, before);
        let start = short.to_come(before).next().unwrap();
        assert!(start.at < start.ends_by.unwrap(), "{seed}: {start:?}");
        assert_eq!(start.ends_by, Some(wall("2027-03-28T01:15:00Z")));
    }
}

proptest! {
    /// The starts to come are those of every slot that has not been dealt with, one after the other, that lie ahead.
    #[test]
    fn starts_to_come_are_those_that_a_walk_finds(
        minutes in 0_i64..200_000, behind in 0_i64..3_000, jitter in 0_u64..7_200, seed: u64, skip in 0_usize..5,
        hour in 0_u32..24,
    ) {
        let now = Wall(wall("2026-03-01T00:00:00Z").0 + minutes * 60_000 + 1);
        let settled_to = Wall(now.0 - behind * 60_000);
        let cron = format!("15 {hour},{} * * *", (hour + 5) % 24);
        let mut schedule = kept(&cron, (None, None), jitter, seed, settled_to);
        let walked: Vec<Wall> = schedule.recurrence.upcoming(settled_to).map(|slot| schedule.starts(&slot))
            .filter(|starts| *starts > now).take(5).collect();
        let told: Vec<Wall> = schedule.to_come(now).take(5).map(|start| start.at).collect();
        prop_assert_eq!(&told, &walked);
        // One that is left out is told as such, and is no time to wait for.
        let left_out = schedule.to_come(now).nth(skip).unwrap();
        schedule.skipped.insert(left_out.slot.at);
        prop_assert!(schedule.to_come(now).nth(skip).unwrap().is_skipped);
        prop_assert!(schedule.upcoming(now).take(5).all(|(slot, _)| slot != left_out.slot));
    }
}
