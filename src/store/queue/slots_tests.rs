#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use std::time::Duration;

use super::*;
use crate::domain::{Action, Applies, WindowSpec};
use crate::store::{QueueKind, Store};

const HOUR: i64 = 3_600_000;

fn hours(hours: i64) -> Duration {
    Duration::from_secs(hours as u64 * 3600)
}

/// Attempt `n` of 1 to 100, but for every seventh, which are missing: one an hour, the first 40 in another boot, whose ticks ran
/// ahead of this one's. The drain that followed had the queue at hour 40.
async fn attempts(folder: &std::path::Path) -> Store {
    let mut store = Store::open(&folder.join("q.db"), QueueKind::Real).await.unwrap();
    for sql in [
        "insert into drain (id, boot, started_tick, started_at) values (1, 'before', 0, 0), (2, 'now', 40 * 3600000, 40 * 3600000)",
        "insert into attempt (id, account_id, task_id, drain_id, action, reserved_tick, reserved_at, upper_tick, ended_at)
         with recursive n (n) as (select 1 union all select n + 1 from n where n < 100)
         select n, 1, n, iif(n <= 40, 1, 2), 1, tick, n * 3600000, tick + 1000, tick + 1000
           from (select n, (n + iif(n <= 40, 1000, 0)) * 3600000 as tick from n where n % 7 <> 0)",
    ] {
        store.db.execute(sql, args![]).await.unwrap();
    }
    store
}

#[tokio::test(flavor = "current_thread")]
async fn nothing_that_counts_is_left_behind_and_what_is_left_behind_is_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = attempts(folder.path()).await;
    for (hour, horizon) in (0..140).chain(800..805).flat_map(|hour| [0, 1, 24, 744].map(|horizon| (hour, horizon))) {
        let now = Moment { tick: Tick(hour * HOUR), wall: Wall(hour * HOUR) };
        let found = store.queue().first_attempt_that_counts("now", now, hours(horizon)).await.unwrap().0;
        let mut ids = (1..=100).filter(|n| n % 7 != 0);
        // An attempt's end and the margin together are less than an hour.
        let first = ids.find(|n| hour - n <= horizon).unwrap_or(101);
        assert!(found <= first, "at hour {hour}, {horizon} hours: {found}, and {first} counts");
        let before = (1..found).rev().find(|n| n % 7 != 0);
        // Those of the other boot go all at once when this one has had the queue for so long, else by the wall clock.
        let elsewhere = |n: i64| hour > 40 + horizon || hour - n > horizon + 31 * 24;
        let over = before.is_none_or(|n| if n <= 40 { elsewhere(n) } else { hour - n > horizon });
        assert!(over, "at hour {hour}, {horizon} hours: {found}, and {before:?} is not over");
    }
}

#[tokio::test(flavor = "current_thread")]
async fn late_ends_and_none_are_not_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = attempts(folder.path()).await;
    let mut first = async |sql: &'static str, hour: i64| {
        store.db.execute(sql, args![]).await.unwrap();
        let now = Moment { tick: Tick(hour * HOUR), wall: Wall(hour * HOUR) };
        store.queue().first_attempt_that_counts("now", now, hours(1)).await.unwrap().0
    };
    assert_eq!(first("select 1", 70).await, 69);
    // Died at hour 50; somebody came at hour 69.
    assert_eq!(first("update attempt set upper_tick = 69 * 3600000 where id = 50", 70).await, 50);
    assert_eq!(first("select 1", 73).await, 72, "over by now");
    // In the boot before, and the drain that followed came more than a month later: its process slept for as long; and one that never
    // ended, at the latest when the next drain came.
    assert_eq!(
        first("update drain set started_tick = 800 * 3600000, started_at = 800 * 3600000 where id = 2", 800).await,
        101
    );
    assert_eq!(first("update attempt set upper_tick = reserved_tick + 770 * 3600000 where id = 30", 800).await, 30);
    assert_eq!(first("select 1", 802).await, 101, "the drain that followed began more than an hour ago");
    assert_eq!(first("update attempt set upper_tick = reserved_tick + 1000 where id = 30", 800).await, 101);
    assert_eq!(first("update attempt set ended_at = null where id = 3", 800).await, 3);
    assert_eq!(first("select 1", 802).await, 101);
}

#[tokio::test(flavor = "current_thread")]
async fn the_newest_say_which_are_of_another_boot() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = attempts(folder.path()).await;
    let now = Moment { tick: Tick(100 * HOUR), wall: Wall(100 * HOUR) };
    let newest =
        store.queue().newest_attempts(&[AccountId(1)], 3, "now", now, &Horizons::all(hours(24))).await.unwrap();
    let newest = &newest[&AccountId(1)];
    let uppers: Vec<i64> = newest.iter().map(|slot| slot.counted_until.0 - 1000).collect();
    assert_eq!(uppers, [100 * HOUR, 99 * HOUR, 97 * HOUR]);
    assert!(newest.iter().all(|slot| slot.elsewhere.is_none()));
    let then = Moment { tick: Tick(41 * HOUR), wall: Wall(41 * HOUR) };
    let two = store.queue().newest_attempts(&[AccountId(1)], 52, "now", then, &Horizons::all(hours(24))).await.unwrap();
    let elsewhere = Moment { tick: Tick(1040 * HOUR), wall: Wall(40 * HOUR) };
    let two = &two[&AccountId(1)];
    assert_eq!((two.len(), two[51].elsewhere), (52, Some(elsewhere)));
    let none =
        store.queue().newest_attempts(&[AccountId(2)], 3, "now", now, &Horizons::all(Duration::ZERO)).await.unwrap();
    assert!(none[&AccountId(2)].is_empty());
}

/// What happened, by a clock that is right: a drain, in which boot and how wrong its wall clock was; and its requests.
#[derive(Clone, Debug)]
struct Past {
    reboots: bool,
    /// Milliseconds after the drain before.
    pause: i64,
    wall_error: i64,
    /// Milliseconds after the one before; how long until it was over; what for.
    requests: Vec<(i64, i64, Action)>,
}

fn past() -> impl Strategy<Value = Past> {
    // Half of what there is lies in the last minutes, and the rest in weeks.
    let span = || prop_oneof![0..900_000_i64, 0..20 * HOUR, 0..10 * 24 * HOUR];
    let wrong = prop_oneof![Just(0), -10 * 24 * HOUR..10 * 24 * HOUR];
    let end = prop_oneof![4 => 0..30_000_i64, 1 => 0..9 * 24 * HOUR];
    let action = prop_oneof![Just(Action::Unfollow), Just(Action::Unlike), Just(Action::Unbookmark)];
    let requests = proptest::collection::vec((prop_oneof![0..20_000_i64, span()], end, action), 0..6);
    (any::<bool>(), span(), wrong, requests).prop_map(|(reboots, pause, wall_error, requests)| Past {
        reboots,
        pause,
        wall_error,
        requests,
    })
}

/// Writes it down as it would have been, and says of each request when it was over, what for and its last tick; then when all was, and when this boot began.
async fn write(store: &mut Store, pasts: &[Past]) -> (Vec<(i64, Action, Tick)>, i64, i64) {
    let (mut now, mut boot, mut booted) = (100 * 24 * HOUR, 0, 0);
    let (mut over, mut busy_until) = (Vec::new(), 0);
    for (drain, past) in pasts.iter().enumerate() {
        // A drain begins when the one before is dead, and with it what it had sent.
        now = now.max(busy_until) + past.pause;
        if past.reboots {
            (boot, booted) = (boot + 1, now - 1000);
        }
        let sql = "insert into drain (id, boot, started_tick, started_at) values (?1, ?2, ?3, ?4)";
        let args = args![drain as i64 + 1, boot.to_string(), now - booted, now + past.wall_error];
        store.db.execute(sql, args).await.unwrap();
        for (after, length, action) in &past.requests {
            now += after;
            let sql = "insert into attempt (account_id, task_id, drain_id, action, reserved_tick, reserved_at, upper_tick, ended_at)
                       values (1, 1, ?1, ?2, ?3, ?4, ?5, ?4)";
            let args =
                args![drain as i64 + 1, action.code(), now - booted, now + past.wall_error, now + length - booted];
            store.db.execute(sql, args).await.unwrap();
            over.push((now + length, *action, Tick(now + length - booted)));
            busy_until = busy_until.max(now + length);
        }
    }
    (over, now.max(busy_until), booted)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Over any past, and with wall clocks that were wrong by ten days then and are now: no request that truly can count is left behind.
    #[test]
    fn whatever_truly_counts_is_read(
        pasts in proptest::collection::vec(past(), 1..8), later in prop_oneof![0..900_000_i64, 0..30 * HOUR],
        wall_error in -10 * 24 * HOUR..10 * 24 * HOUR,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let left = runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let mut store = Store::open(&folder.path().join("q.db"), QueueKind::Real).await.unwrap();
            let (over, ended, booted) = write(&mut store, &pasts).await;
            let boot = pasts.iter().filter(|past| past.reboots).count().to_string();
            let now = ended + later;
            let moment = Moment { tick: Tick(now - booted), wall: Wall(now + wall_error) };
            let horizons = Horizons::of(&[WindowSpec::of_account(50, 900, Applies::All), WindowSpec::of_account(1_000, 86_400, Applies::Only(Action::Unlike))]);
            let read = store.queue().newest_attempts(&[AccountId(1)], 1000, &boot, moment, &horizons).await.unwrap();
            let of_action = |action| if action == Action::Unlike { 24 * HOUR } else { 900_000 };
            let count = over.into_iter().filter(|(at, action, _)| now - at < of_action(*action));
            let is_read = |action, counted_until| read[&AccountId(1)].iter().any(|slot| (slot.action, slot.counted_until) == (action, counted_until));
            count.filter(|(_, action, counted_until)| !is_read(*action, *counted_until)).count()
        });
        prop_assert_eq!(left, 0);
    }
}

/// A day of unfollows is not read where only unlikes have a window of a day.
#[tokio::test(flavor = "current_thread")]
async fn behind_the_short_window_only_actions_with_a_long_one_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = attempts(folder.path()).await;
    let sql = "update attempt set action = 2 where id % 5 = 0";
    store.db.execute(sql, args![]).await.unwrap();
    let now = Moment { tick: Tick(100 * HOUR), wall: Wall(100 * HOUR) };
    let horizons = Horizons::of(&[
        WindowSpec::of_account(50, 900, Applies::All),
        WindowSpec::of_account(1_000, 86_400, Applies::Only(Action::Unlike)),
    ]);
    let newest = store.queue().newest_attempts(&[AccountId(1)], 1000, "now", now, &horizons).await.unwrap();
    let read: Vec<_> = newest[&AccountId(1)].iter().map(|slot| (slot.action, slot.counted_until.0 / HOUR)).collect();
    assert_eq!(read, [100, 95, 90, 85, 80].map(|hour| (Action::Unlike, hour)));
    let plan: Vec<(i64, i64, i64, String)> =
        store.db.fetch_all(sqlx::AssertSqlSafe(format!("explain query plan {SLOTS}")), args![]).await.unwrap();
    assert!(
        plan.iter().any(|(.., step)| step.contains("attempt_account (account_id=? AND id>? AND id<?)")),
        "{plan:?}"
    );
}
