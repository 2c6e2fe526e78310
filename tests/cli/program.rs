//! Queues with something in them, for the program to look at.

use std::time::Duration;

use cleanup::clock::SystemClock;
use cleanup::domain::{Action, Horizons, Platform, TargetId, TaskState};
use cleanup::store::{
    Claim, Drain, DrainLock, DrainScope, LoadRow, LoadedFrom, NewJob, QueueKind, QueuePlace, RowPlace, Settled, Store,
    Turn, TurnReceipt,
};

use crate::common::wait;

/// Makes an empty queue.
pub(crate) fn empty_queue(place: impl Into<QueuePlace>, kind: QueueKind) {
    wait(async { Store::open(&place.into(), kind).await.unwrap().close().await });
}

/// A queue with one job of the sandbox's user 42: rows 1 to 3 are tasks, row 4 repeats row 1, row 5 cannot be used.
pub(crate) fn queue_with_job(place: impl Into<QueuePlace>, kind: QueueKind, job: &str) {
    let place = place.into();
    wait(async {
        let mut store = Store::open(&place, kind).await.unwrap();
        let platform = if kind == QueueKind::Real { Platform::XV2 } else { Platform::Sandbox };
        let name = "ada".parse().unwrap();
        let account = store.accounts().ensure_account(&name, platform, &"42".parse().unwrap()).await.unwrap();
        let new = NewJob {
            name: job.into(),
            path: "/tmp/x.csv".into(),
            action: Some(Action::Unlike),
            account: Some(account),
            keep: None,
            target_column: None,
            host: None,
            restores: None,
        };
        let columns = ["tweet_id".to_owned(), "note".to_owned()];
        let now = SystemClock::shared().now().wall;
        let seen = store.queue().job(&new.name).await.unwrap();
        let mut loader = store
            .loading()
            .begin_round(&new, seen.as_ref(), &LoadedFrom::new("hash", 1), Some(&columns), now)
            .await
            .unwrap();
        for (line, id) in [(2, 1001), (3, 1002), (4, 1003), (5, 1001)] {
            let target = cleanup::domain::Target::Id(TargetId::from_i64(id).unwrap());
            let place = RowPlace::Task { action: Action::Unlike, account, target, spared: None };
            let record = Some(format!("{id},=1+1"));
            loader.push(LoadRow { line, place, record }).await.unwrap();
        }
        let place = RowPlace::Rejected { reason: "not_an_id".into(), task: None };
        loader.push(LoadRow { line: 6, place, record: Some("x,y".into()) }).await.unwrap();
        loader.finish().await.unwrap();
        store.close().await;
    });
}

/// A queue with a job of many rows.
pub(crate) fn queue_with_rows(place: impl Into<QueuePlace>, job: &str, rows: i64) {
    let place = place.into();
    wait(async {
        let mut store = Store::open(&place, QueueKind::Real).await.unwrap();
        let user = "42".parse().unwrap();
        let account = store.accounts().ensure_account(&"ada".parse().unwrap(), Platform::XV2, &user).await.unwrap();
        let (action, path) = (Action::Unlike, "/tmp/x.csv".into());
        let new = NewJob {
            name: job.into(),
            path,
            action: Some(action),
            account: Some(account),
            keep: None,
            target_column: None,
            host: None,
            restores: None,
        };
        let now = SystemClock::shared().now().wall;
        let seen = store.queue().job(&new.name).await.unwrap();
        let mut loader =
            store.loading().begin_round(&new, seen.as_ref(), &LoadedFrom::new("hash", 1), None, now).await.unwrap();
        for n in 1..=rows {
            let target = cleanup::domain::Target::Id(TargetId::from_i64(n).unwrap());
            let place = RowPlace::Task { action, account, target, spared: None };
            loader.push(LoadRow { line: n as u64, place, record: None }).await.unwrap();
        }
        loader.finish().await.unwrap();
        store.close().await;
    });
}

/// Sends the first `count` tasks in line and settles them as `state`.
pub(crate) fn work(place: impl Into<QueuePlace>, kind: QueueKind, count: u32, state: TaskState) {
    let place = place.into();
    wait(async {
        let clock = SystemClock::shared();
        let store = Store::open(&place, kind).await.unwrap();
        let lock = DrainLock::take(&place).await.unwrap();
        let begun = Drain::begin(
            store,
            lock,
            &DrainScope::default(),
            clock.now(),
            clock.boot(),
            &Horizons::all(Duration::from_secs(86_400)),
            30_000,
        )
        .await
        .unwrap();
        // On a server it takes the accounts first.
        let (mut drain, _) = crate::store::support::take_all(begun, clock.now()).await;
        let lane = drain.lanes(None).await.unwrap()[0];
        let now = clock.now();
        let claim = Claim {
            lane: lane.lane,
            account: lane.account,
            action: lane.action,
            count,
            visible_to: lane.visible_to,
            looked_to: None,
            only: None,
            counted_until: now.tick,
        };
        let turn = Turn { claims: vec![claim], ..Turn::default() };
        let TurnReceipt { claimed, .. } = drain.turn(&turn, now).await.unwrap();
        let settle = |claimed: &cleanup::store::Claimed| Settled {
            attempt: claimed.attempt,
            task: claimed.task,
            round: lane.round,
            state,
            counted_until: now.tick,
            ended_at: now.wall,
            http_status: Some(if state == TaskState::Done { 200 } else { 403 }),
            finding: if state == TaskState::Done { "done" } else { "refused" },
            reason: (state == TaskState::Failed).then(|| "protected".into()),
            detail: "as \u{1b}[2Jsaid".into(),
            transient_failures: 0,
            maybe_applied: false,
        };
        let turn = Turn { settled: claimed.iter().map(settle).collect(), ..Turn::default() };
        drain.turn(&turn, clock.now()).await.unwrap();
        drain.end(clock.now(), "finished").await.unwrap().close().await;
    });
}
