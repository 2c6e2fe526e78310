//! Fifteen years of nights in every zone on a simulated clock, through the queue's database, with processes that die.

use std::path::Path;

use cleanup::clock::{Clock, SimulatedClock};
use cleanup::domain::{BootId, MicroUsd, Moment, Tick, Wall};
use cleanup::schedule::firing::{After, End, How};
use cleanup::schedule::scheduler;
use cleanup::store::{FiringState, NewSchedule, QueueKind, ScheduleLock, Store};
use jiff::tz::TimeZone;

use super::oracle::{FROM, ZONES, day, minute, shown, walk};

use crate::common::wait;

/// A folder whose fsync costs nothing, where the machine has one: this test commits a hundred thousand times.
fn folder() -> tempfile::TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

fn years() -> i64 {
    // A year has every change of every clock; CLEANUP_YEARS=15 goes through all of them, in five minutes.
    std::env::var("CLEANUP_YEARS").ok().and_then(|text| text.parse().ok()).unwrap_or(1)
}

#[test]
fn each_local_day_fires_once_whatever_dies() {
    wait(async {
        let folder = folder();
        let path = folder.path().join("queue.db");
        let seed = fastrand::u64(..);
        println!("dice begin with {seed}");
        let mut dice = fastrand::Rng::with_seed(seed);
        let to = FROM + years() * 31_557_600;
        let clock = SimulatedClock::shared(Moment { tick: Tick(0), wall: Wall(FROM * 1000) });
        let mut process = start(&path).await;
        for name in ZONES {
            let new = NewSchedule {
                name: name.into(),
                cron: "30 2 * * *".into(),
                zone: name.into(),
                until_time: Some("06:00".into()),
                for_ms: None,
                jitter_ms: dice.u64(0..=1_800_000),
                jitter_seed: dice.u64(..),
                request: r#"{"run":{"files":["unfollow.csv"]}}"#.into(),
            };
            assert!(process.0.schedules().add_schedule(&new, clock.now().wall).await.unwrap());
        }
        let (mut deaths, mut resumed) = (0_u64, 0_u64);
        while clock.now().wall.0 < to * 1000 {
            if dice.u8(..) < 12 {
                deaths += 1;
                process = restart(process, &path, &clock, &mut dice).await;
            }
            let now = clock.now().wall;
            let look = scheduler::look(&mut process.0, now).await.unwrap();
            assert!(look.news.is_empty(), "{:?}", look.news);
            let Some(firing) = look.firing else {
                // A timer looks every five minutes or so; what is due is found a little late.
                let late = look.next.unwrap().starts.0 - now.0 + dice.i64(0..300_000);
                clock.advance(std::time::Duration::from_millis(late.unsigned_abs()));
                continue;
            };
            resumed += u64::from(firing.how == How::Resumed);
            clock.advance(std::time::Duration::from_secs(dice.u64(1..1_200)));
            if dice.u8(..) < 8 {
                deaths += 1;
                process = restart(process, &path, &clock, &mut dice).await;
                continue;
            }
            let end = End {
                exit_code: 0,
                stopped: "finished".into(),
                requests: 1,
                left: Some(0),
                spent: MicroUsd(0),
                after: After::Over,
                is_last: false,
            };
            scheduler::ended(&mut process.0, &firing, &end, clock.now().wall).await.unwrap();
        }
        let fired = judge(&mut process.0, to).await;
        println!(
            "{fired} nights in {} zones, {deaths} processes died, {resumed} firings were gone on with",
            ZONES.len()
        );
        assert!(resumed > 0 && deaths > resumed);
    });
}

/// Every zone's record is the walk's, night for night, but for the last one, which may not have come yet.
async fn judge(store: &mut Store, to: i64) -> usize {
    let mut fired = 0;
    for schedule in store.schedules().all().await.unwrap() {
        let zone = TimeZone::get(&schedule.zone).unwrap();
        let mut firings = store.schedules().firings(schedule.id, 10_000).await.unwrap();
        firings.reverse();
        let on_record: Vec<i64> = firings.iter().map(|firing| firing.slot_at.0 / 1000).collect();
        let mut expected: Vec<i64> =
            walk(&zone, (FROM, to + 86_400), 900, |local| minute(local) == 150).iter().map(|(at, _)| *at).collect();
        assert!(expected.len() - on_record.len() <= 2, "{}: {} of {}", schedule.name, on_record.len(), expected.len());
        expected.truncate(on_record.len());
        assert_eq!(on_record, expected, "{}", schedule.name);
        let mut days: Vec<i64> = on_record.iter().map(|at| day(shown(&zone, *at))).collect();
        days.dedup();
        assert_eq!(days.len(), on_record.len(), "{}: once a day", schedule.name);
        for firing in &firings {
            let began = firing.began_at.unwrap();
            assert!(firing.slot_at <= began && began < firing.ends_by.unwrap(), "{firing:?}");
            assert!(
                matches!(firing.state, FiringState::Ended | FiringState::Running) && firing.missed == 0,
                "{firing:?}"
            );
        }
        fired += firings.len();
    }
    fired
}

async fn start(path: &Path) -> (Store, ScheduleLock) {
    let store = Store::open(path, QueueKind::Sandbox).await.unwrap();
    (store, ScheduleLock::try_take(path).await.unwrap().unwrap())
}

/// The process dies, sometimes with the machine, and another one starts a little later.
async fn restart(
    old: (Store, ScheduleLock),
    path: &Path,
    clock: &SimulatedClock,
    dice: &mut fastrand::Rng,
) -> (Store, ScheduleLock) {
    assert!(ScheduleLock::try_take(path).await.unwrap().is_none(), "one process at a time");
    drop(old);
    let off = std::time::Duration::from_secs(dice.u64(0..600));
    if dice.bool() {
        clock.reboot(&format!("boot-{}", dice.u32(..)), off);
        assert_ne!(clock.boot(), BootId("simulated-1".into()));
    } else {
        clock.advance(off);
    }
    start(path).await
}
