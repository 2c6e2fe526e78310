#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::*;
use crate::domain::{BootId, Horizons, Wall};
use crate::store::{Claim, DrainLock, OutcomeCounts, QueueKind, Store, Turn};

/// A queue with so many rows in one lane.
async fn queue(folder: &Path, rows: i64) -> PathBuf {
    let path = folder.join("q.db");
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    for sql in [
        "insert into account (id, name, platform, user_id) values (1, 'ada', 'x-v2', '42')",
        "insert into job (id, name, path, action, account_id, created_at) values (1, 'unlike', '/x', 2, 1, 0)",
        "insert into round (id, job_id, number, rows) values (1, 1, 1, 0)",
        "insert into lane (id, round_id, action, account_id) values (1, 1, 2, 1)",
        "insert into load (id, round_id, first_task_id, last_task_id, content_hash, started_at, finished_at)
         values (1, 1, 1, 9, 'x', 0, 0)",
    ] {
        store.db.execute(sql, args![]).await.unwrap();
    }
    for row in 1..=rows {
        for sql in [
            "insert into task (id, lane_id, line, target) values (?1, 1, ?1 + 1, ?1 + 1000)",
            "insert into task_key (lane_id, target, task_id) values (1, ?1 + 1000, ?1)",
            "update round set visible_to = ?1, pending = ?1, rows = ?1",
        ] {
            store.db.execute(sql, args![row]).await.unwrap();
        }
    }
    store.close().await;
    path
}

async fn begin(path: &Path, boot: &str) -> (Drain, DrainStart) {
    let store = Store::open(path, QueueKind::Real).await.unwrap();
    let lock = DrainLock::take(path).await.unwrap();
    let horizons = Horizons::all(Duration::from_secs(900));
    Drain::begin(store, lock, &DrainScope::default(), moment(), BootId(boot.into()), &horizons, 30_000).await.unwrap()
}

fn moment() -> Moment {
    Moment { tick: Tick(1_000_000), wall: Wall(1_700_000_000_000) }
}

/// A drain that claims so many tasks and dies.
async fn die(path: &Path, boot: &str, answered: bool, count: u32) {
    let (mut drain, start) = begin(path, boot).await;
    let lane = drain.lanes(None).await.unwrap()[0];
    let (account, action, visible_to) = (lane.account, lane.action, lane.visible_to);
    let back = start.undecided.iter().map(|crashed| crate::store::Move {
        task: crashed.task,
        from: TaskState::Waiting,
        to: TaskState::Pending,
        reason: None,
    });
    let claim = Claim {
        lane: lane.lane,
        account,
        action,
        count,
        visible_to,
        looked_to: None,
        only: None,
        counted_until: Tick(1_000_000),
    };
    let turn = Turn { moves: back.collect(), claims: vec![claim], first_answer: answered, ..Turn::default() };
    let receipt = drain.turn(&turn, moment()).await.unwrap();
    assert_eq!(receipt.claimed.len(), count as usize);
}

async fn counts(path: &Path) -> OutcomeCounts {
    let mut store = Store::open(path, QueueKind::Real).await.unwrap();
    let found = store.read().status(None).await.unwrap().remove(0).counts;
    assert_eq!(store.admin().integrity().await.unwrap().miscounted, Vec::<String>::new());
    store.close().await;
    found
}

async fn reason(path: &Path, task: i64) -> (i64, Option<String>) {
    let mut store = Store::open(path, QueueKind::Real).await.unwrap();
    let sql = "select state, reason from task where id = ?1";
    store.db.fetch_one(sql, args![task]).await.unwrap()
}

#[tokio::test(flavor = "current_thread")]
async fn what_was_in_flight_stands_aside_undecided() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path(), 5).await;
    die(&path, "here", true, 3).await;
    let (mut drain, start) = begin(&path, "here").await;
    assert_eq!((start.recovered, start.crashed), (3, 0));
    let undecided: Vec<_> = start.undecided.iter().map(|crashed| (crashed.task.0, crashed.alone)).collect();
    assert_eq!(undecided, [(1, false), (2, false), (3, false)]);
    let lane = drain.lanes(None).await.unwrap()[0];
    assert!(lane.has_pending, "the two others are in line");
    drop(drain);
    assert_eq!(reason(&path, 1).await, (2, Some("unknown_after_crash".into())));
    assert_eq!(counts(&path).await.pending, 5);
    // It stays so at the next start, where nobody was in flight.
    let (_, start) = begin(&path, "here").await;
    assert_eq!((start.recovered, start.undecided.len()), (0, 3));
}

/// Those that went back after five refusals stand aside through every start, whoever was asked for first in front; what was in flight of
/// them when a process died is the crash's.
#[tokio::test(flavor = "current_thread")]
async fn rows_that_are_asked_for_last_stand_aside_through_every_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path(), 5).await;
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    let sql =
        "update task set state = 2, asked_last = 1, reason = 'forbidden', last_attempt_id = 10 - id where id <= 3";
    store.db.execute(sql, args![]).await.unwrap();
    store.close().await;
    for start in 0..2 {
        let (mut drain, found) = begin(&path, "here").await;
        let tasks: Vec<_> = found.asked_last.iter().map(|task| task.task.0).collect();
        assert_eq!(tasks, [3, 2, 1], "start {start}");
        assert!(found.aside.is_empty() && found.undecided.is_empty() && found.provisional.is_empty());
        assert!(drain.lanes(None).await.unwrap()[0].has_pending, "the two others are in line");
        drop(drain);
        assert_eq!(reason(&path, 1).await, (2, Some("forbidden".into())));
    }
    let (mut drain, _) = begin(&path, "here").await;
    let lane = drain.lanes(None).await.unwrap()[0];
    let back = [2, 3].map(|task| crate::store::Move {
        task: TaskId(task),
        from: TaskState::Waiting,
        to: TaskState::Pending,
        reason: None,
    });
    let (account, action, visible_to, counted_until) = (lane.account, lane.action, lane.visible_to, Tick(1_000_000));
    let claim =
        Claim { lane: lane.lane, account, action, count: 2, visible_to, looked_to: None, only: None, counted_until };
    let turn = Turn { moves: back.into(), claims: vec![claim], ..Turn::default() };
    assert_eq!(drain.turn(&turn, moment()).await.unwrap().claimed.len(), 2);
    drop(drain);
    let (_, found) = begin(&path, "here").await;
    assert_eq!(found.asked_last.iter().map(|task| task.task.0).collect::<Vec<_>>(), [1]);
    assert_eq!(found.undecided.iter().map(|task| task.task.0).collect::<Vec<_>>(), [2, 3]);
    assert_eq!(counts(&path).await.pending, 5);
    // Whoever is put back in line by a person is a row like any other.
    let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
    for sql in [
        "update task set state = 6, reason = 'x', finished_at = 1 where id = 1",
        "update round set pending = pending - 1, failed = failed + 1",
    ] {
        store.db.execute(sql, args![]).await.unwrap();
    }
    let job = store.queue().jobs().await.unwrap().remove(0);
    store.queue().retry_job(&job, moment().wall).await.unwrap();
    let sql = "select asked_last from task where id = 1";
    let (asked_last,): (i64,) = store.db.fetch_one(sql, args![]).await.unwrap();
    assert_eq!(asked_last, 0);
}

#[tokio::test(flavor = "current_thread")]
async fn a_row_alone_at_every_death_fails_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path(), 1).await;
    for death in 1..=5 {
        die(&path, "here", true, 1).await;
        let (_, start) = begin(&path, "here").await;
        assert_eq!(start.crashed, u64::from(death == 5), "death {death}");
        assert_eq!(start.undecided.first().map(|crashed| crashed.alone), (death < 5).then_some(death >= 2));
    }
    let counts = counts(&path).await;
    assert_eq!((counts.pending, counts.failed), (0, 1));
    assert_eq!(reason(&path, 1).await, (6, Some("crashed".into())));
}

#[tokio::test(flavor = "current_thread")]
async fn deaths_in_company_of_other_boots_and_before_any_answer_fail_nobody() {
    for (boots, answered, rows) in [(["here"; 2], true, 2), (["one", "two"], true, 1), (["here"; 2], false, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let path = queue(folder.path(), rows).await;
        for death in 0..12 {
            die(&path, boots[death % 2], answered, rows as u32).await;
            let (_, start) = begin(&path, boots[(death + 1) % 2]).await;
            assert_eq!((start.crashed, start.recovered), (0, rows as u64), "{boots:?} {answered} {rows}");
        }
        assert_eq!(counts(&path).await.pending, rows as u64);
    }
}

#[tokio::test(flavor = "current_thread")]
async fn an_answer_wipes_the_deaths_out_and_silence_does_not() {
    for (http_status, left) in [(Some(503), 0), (None, 1)] {
        let folder = tempfile::tempdir().unwrap();
        let path = queue(folder.path(), 1).await;
        die(&path, "here", true, 1).await;
        die(&path, "here", true, 1).await;
        let (mut drain, _) = begin(&path, "here").await;
        let lane = drain.lanes(None).await.unwrap()[0];
        let back =
            crate::store::Move { task: TaskId(1), from: TaskState::Waiting, to: TaskState::Pending, reason: None };
        let claim = Claim {
            lane: lane.lane,
            account: lane.account,
            action: lane.action,
            count: 1,
            visible_to: lane.visible_to,
            looked_to: None,
            only: Some(TaskId(1)),
            counted_until: Tick(1_000_000),
        };
        let turn = Turn { moves: vec![back], claims: vec![claim], ..Turn::default() };
        let claimed = drain.turn(&turn, moment()).await.unwrap().claimed.remove(0);
        let settled = crate::store::Settled {
            attempt: claimed.attempt,
            task: claimed.task,
            round: lane.round,
            state: TaskState::Waiting,
            counted_until: Tick(1_000_001),
            ended_at: moment().wall,
            http_status,
            finding: "world",
            reason: Some("unavailable".into()),
            detail: String::new(),
            transient_failures: 1,
            maybe_applied: true,
        };
        drain.turn(&Turn { settled: vec![settled], ..Turn::default() }, moment()).await.unwrap();
        drop(drain);
        let (_, start) = begin(&path, "here").await;
        assert_eq!(start.undecided.len(), left, "{http_status:?}");
        assert!(start.undecided.iter().all(|crashed| crashed.alone));
    }
}

#[tokio::test(flavor = "current_thread")]
async fn a_drain_that_could_not_write_any_more_did_not_die() {
    let folder = tempfile::tempdir().unwrap();
    let path = queue(folder.path(), 1).await;
    for _ in 0..8 {
        die(&path, "here", true, 1).await;
        let mut store = Store::open(&path, QueueKind::Real).await.unwrap();
        store.db.execute("update drain set ended_at = 1", args![]).await.unwrap();
        store.close().await;
        let (_, start) = begin(&path, "here").await;
        assert_eq!((start.recovered, start.crashed), (1, 0));
    }
    assert_eq!(counts(&path).await.pending, 1);
}
