//! Ticks against a queue in every state: counters stay right, and a request in flight is never overtaken.

use std::path::Path;
use std::time::Duration;

use cleanup::clock::SystemClock;
use cleanup::domain::{Action, Horizons, Platform, Target, TaskId, TaskState};
use cleanup::store::{
    Claim, Claimed, Drain, DrainLock, DrainScope, LoadRow, LoadedFrom, NewJob, QueueKind, RowPlace, Settled, Store,
    Turn, WorklistTick,
};

use crate::common::wait;

const ROWS: u64 = 8;

fn target(n: u64) -> Target {
    (1000 + n).to_string().parse().unwrap()
}

async fn queue(path: &Path) -> Store {
    let mut store = Store::open(path, QueueKind::Real).await.unwrap();
    let name = "ada".parse().unwrap();
    let account = store.accounts().ensure_account(&name, Platform::XV2, &"42".parse().unwrap()).await.unwrap();
    let action = Action::Unlike;
    let new = NewJob {
        name: "likes".into(),
        path: "/x.csv".into(),
        action: Some(action),
        account: Some(account),
        keep: None,
        target_column: None,
        host: None,
        restores: None,
    };
    let now = SystemClock::shared().now().wall;
    let mut loader = store.loading().begin_round(&new, None, &LoadedFrom::new("hash", 1), None, now).await.unwrap();
    for n in 1..=ROWS {
        let place = RowPlace::Task { action, account, target: target(n), spared: (n == ROWS).then_some("keep_list") };
        loader.push(LoadRow { line: n, place, record: None }).await.unwrap();
    }
    loader.finish().await.unwrap();
    store
}

async fn claim(drain: &mut Drain, count: u32) -> Vec<Claimed> {
    let lane = drain.lanes(None).await.unwrap()[0];
    let now = SystemClock::shared().now();
    let claim = Claim {
        looked_to: None,
        only: None,
        lane: lane.lane,
        account: lane.account,
        action: lane.action,
        count,
        visible_to: lane.visible_to,
        counted_until: now.tick,
    };
    drain.turn(&Turn { claims: vec![claim], ..Turn::default() }, now).await.unwrap().claimed
}

async fn settle(drain: &mut Drain, claimed: &[Claimed], state: TaskState) {
    let (lane, now) = (drain.lanes(None).await.unwrap()[0], SystemClock::shared().now());
    let settled = claimed.iter().map(|claimed| Settled {
        attempt: claimed.attempt,
        task: claimed.task,
        round: lane.round,
        state,
        counted_until: now.tick,
        ended_at: now.wall,
        http_status: Some(403),
        finding: "refused",
        reason: Some("not_authorized".into()),
        detail: String::new(),
        transient_failures: 0,
        maybe_applied: false,
    });
    drain.turn(&Turn { settled: settled.collect(), ..Turn::default() }, now).await.unwrap();
}

#[test]
fn ticks_settle_what_is_open_and_leave_alone_what_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("q.db");
    wait(async {
        let clock = SystemClock::shared();
        let mut other = queue(&path).await;
        let store = Store::open(&path, QueueKind::Real).await.unwrap();
        let lock = DrainLock::take(&path).await.unwrap();
        let (mut drain, _) = Drain::begin(
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
        // Row 1 has failed, 2 is gone, 3 is provisional, 4 and 5 are being sent, 6 and 7 stand in line, 8 is kept.
        for state in [TaskState::Failed, TaskState::Gone, TaskState::Provisional] {
            let claimed = claim(&mut drain, 1).await;
            settle(&mut drain, &claimed, state).await;
        }
        let sending = claim(&mut drain, 2).await;

        let job = other.queue().job("likes").await.unwrap().unwrap();
        let now = clock.now().wall;
        let token = other.queue().make_worklist(&job, now).await.unwrap();
        assert!(other.queue().worklist("0123").await.unwrap().is_none());
        let worklist = other.queue().worklist(&token).await.unwrap().unwrap();
        assert_eq!((worklist.job.as_str(), worklist.is_outdated), ("likes", false));
        let tick = |n: u64| WorklistTick { task: TaskId(n as i64), target: target(n), line: n + 1 };
        let mut ticks: Vec<WorklistTick> = (1..=ROWS).map(tick).collect();
        ticks.push(tick(6));
        ticks.push(WorklistTick { task: TaskId(7), target: target(1), line: 99 });
        ticks.push(WorklistTick { task: TaskId(4711), target: target(1), line: 100 });
        let taken = other.queue().take_ticks(&worklist, &ticks, now).await.unwrap();
        assert_eq!((taken.done, taken.ghosts, taken.already), (4, 0, 1), "{taken:?}");
        assert_eq!((taken.sending, taken.settled_otherwise), (2, 2), "{taken:?}");
        assert_eq!(taken.foreign_lines, [99, 100]);

        // The answers in flight come in as if nothing had been.
        settle(&mut drain, &sending[..1], TaskState::Done).await;
        settle(&mut drain, &sending[1..], TaskState::Failed).await;
        let counts = other.read().counts(job.round).await.unwrap();
        let seen = [counts.done, counts.gone, counts.failed, counts.kept, counts.pending];
        assert_eq!(seen, [5, 1, 1, 1, 0]);
        let later = other.queue().take_ticks(&worklist, &ticks, clock.now().wall).await.unwrap();
        assert_eq!((later.done, later.already, later.sending), (1, 6, 0), "{later:?}");
        let last = other.queue().take_ticks(&worklist, &ticks, clock.now().wall).await.unwrap();
        assert_eq!((last.done, last.already), (0, 7), "{last:?}");
        assert!(other.admin().integrity().await.unwrap().miscounted.is_empty());
        drain.end(clock.now(), "finished").await.unwrap().close().await;
    });
}
