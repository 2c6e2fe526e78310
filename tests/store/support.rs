//! What stories begin with: accounts, jobs, rows, a drain that settles them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::time::Duration;

use cleanup::domain::{
    AccountId, Action, BootId, Horizons, LaneId, Moment, Outcome, Platform, RoundId, Target, TaskId, TaskState, Tick,
    Wall,
};
use cleanup::store::{
    Claim, Claimed, Drain, DrainScope, DrainStart, Job, KeepReading, LaneView, LoadRow, LoadedFrom, NewJob, ReadAsk,
    ReadEnd, ReadGrant, ReadSlot, ReadWindow, Reloaded, RowOutcome, RowPlace, Settled, ShareRequest, Shared, Store,
    StoreError, Turn,
};

use super::stores::TestQueue;

pub(super) const NOW: Moment = at(1_000_000);

/// What a request may take.
pub(super) const DEADLINE_MS: i64 = 30_000;

/// So many milliseconds of this boot.
pub(super) const fn at(tick: i64) -> Moment {
    Moment { tick: Tick(tick), wall: Wall(1_700_000_000_000 + tick) }
}

pub(super) fn here() -> BootId {
    BootId("here".into())
}

pub(super) fn target(text: &str) -> Target {
    text.parse().unwrap()
}

pub(super) async fn account(store: &mut Store, name: &str) -> AccountId {
    let user = format!("user-{name}").parse().unwrap();
    store.accounts().ensure_account(&name.parse().unwrap(), Platform::XV2, &user).await.unwrap()
}

pub(super) fn job(name: &str) -> NewJob {
    NewJob {
        name: name.into(),
        path: format!("/{name}.csv").into(),
        action: Some(Action::Unfollow),
        account: None,
        keep: None,
        target_column: None,
        host: None,
        restores: None,
    }
}

/// A keep list that was read on the host `here`, a piece for each entry. Its digest says what is on it.
pub(super) fn keep_reading(path: &str, entries: &[&str]) -> KeepReading {
    let pieces: Vec<String> = entries.iter().map(|entry| (*entry).to_owned()).collect();
    let digest = entries.join("+");
    KeepReading { path: path.into(), host: "here".into(), digest, pieces: pieces.into(), read_at: NOW.wall }
}

/// A row that asks for something.
pub(super) fn row(line: u64, action: Action, account: AccountId, text: &str) -> LoadRow {
    let place = RowPlace::Task { action, account, target: target(text), spared: None };
    LoadRow { line, place, record: None }
}

/// Rows of one column, from line 2 on.
pub(super) fn rows(action: Action, account: AccountId, texts: &[&str]) -> Vec<LoadRow> {
    (2..).zip(texts).map(|(line, text)| row(line, action, account, text)).collect()
}

pub(super) fn from(content: &str) -> LoadedFrom {
    LoadedFrom::new(content, 1)
}

/// Loads a job for the first time, or its next round.
pub(super) async fn load(store: &mut Store, new: &NewJob, rows: Vec<LoadRow>) -> Job {
    let seen = store.queue().job(&new.name).await.unwrap();
    let mut loader = store.loading().begin_round(new, seen.as_ref(), &from("first"), None, NOW.wall).await.unwrap();
    loader.push_all(rows).await.unwrap();
    loader.finish().await.unwrap();
    store.queue().job(&new.name).await.unwrap().unwrap()
}

/// Loads a job's file again, whatever vanishes.
pub(super) async fn reload(store: &mut Store, job: &Job, rows: Vec<LoadRow>) -> Job {
    let mut loader = store.loading().begin_reload(job, &from("again"), NOW.wall).await.unwrap();
    loader.push_all(rows).await.unwrap();
    assert!(matches!(loader.apply(true).await.unwrap(), Reloaded::Applied(_)));
    store.queue().job(&job.name).await.unwrap().unwrap()
}

pub(super) fn horizons() -> Horizons {
    Horizons::all(Duration::from_secs(900))
}

pub(super) async fn begin_at(queue: &TestQueue, now: Moment, boot: &str) -> (Drain, DrainStart) {
    let (scope, boot) = (DrainScope::default(), BootId(boot.into()));
    let (store, lock) = (queue.open().await, queue.drain_lock().await);
    let begun = Drain::begin(store, lock, &scope, now, boot, &horizons(), DEADLINE_MS).await;
    take_all(begun.unwrap(), now).await
}

/// On a server a drain takes its accounts, here all of them, and is told of each what it finds there.
pub(crate) async fn take_all((mut drain, start): (Drain, DrainStart), now: Moment) -> (Drain, DrainStart) {
    if !drain.is_shared() {
        return (drain, start);
    }
    let found = share(&mut drain, now).await.start;
    let DrainStart { recovered, crashed, other_boots, log_lost, .. } = start;
    (drain, DrainStart { recovered, crashed, other_boots, log_lost, ..found })
}

/// A look at who has what, by a drain that has nothing to give.
pub(super) async fn share(drain: &mut Drain, now: Moment) -> Shared {
    let (units, none, nobody) = (HashMap::new(), HashSet::new(), BTreeSet::new());
    let request = ShareRequest { units: &units, done: &[], quiet: &none, leaving: &none, shuns: &nobody };
    drain.share(request, now).await.unwrap().unwrap_or_default()
}

pub(super) async fn begin(queue: &TestQueue) -> Drain {
    begin_at(queue, NOW, "here").await.0
}

/// So many from the head of a lane.
pub(super) fn claim(lane: &LaneView, count: u32, now: Moment) -> Claim {
    Claim {
        lane: lane.lane,
        account: lane.account,
        action: lane.action,
        count,
        visible_to: lane.visible_to,
        looked_to: None,
        only: None,
        counted_until: Tick(now.tick.0 + DEADLINE_MS + 5_000),
    }
}

/// An answer that settles a task so.
pub(super) fn settled(claimed: &Claimed, round: RoundId, state: TaskState, now: Moment) -> Settled {
    Settled {
        attempt: claimed.attempt,
        task: claimed.task,
        round,
        state,
        counted_until: now.tick,
        ended_at: now.wall,
        http_status: Some(200),
        finding: "answered",
        reason: (state != TaskState::Done).then_some("said_so".into()),
        detail: "what the platform said".into(),
        transient_failures: 0,
        maybe_applied: false,
    }
}

/// Claims so many of a lane.
pub(super) async fn claim_some(drain: &mut Drain, lane: &LaneView, count: u32, now: Moment) -> Vec<Claimed> {
    let turn = Turn { claims: vec![claim(lane, count, now)], ..Turn::default() };
    drain.turn(&turn, now).await.unwrap().claimed
}

/// Has a drain send everything that stands in line, and settle each row as `become` says of its target.
pub(super) async fn send_all(queue: &TestQueue, now: Moment, becomes: impl Fn(&Target) -> TaskState) {
    let (mut drain, _) = begin_at(queue, now, "here").await;
    for lane in drain.lanes(None).await.unwrap() {
        let claimed = claim_some(&mut drain, &lane, 1_000, now).await;
        let settled = claimed.iter().map(|claimed| settled(claimed, lane.round, becomes(&claimed.target), now));
        drain.turn(&Turn { settled: settled.collect(), ..Turn::default() }, now).await.unwrap();
    }
    drain.end(now, "finished").await.unwrap().close().await;
}

/// The receipts of a round.
pub(super) async fn receipts(store: &mut Store, job: &Job, round: u32) -> Vec<RowOutcome> {
    let mut rows = Vec::new();
    let each = |row| -> Result<(), StoreError> {
        rows.push(row);
        Ok(())
    };
    assert!(store.read().report(job, round, each).await.unwrap());
    rows
}

/// The receipts of a job's newest round: each row's line and outcome.
pub(super) async fn outcomes(store: &mut Store, job: &Job) -> Vec<(Option<u64>, Outcome)> {
    receipts(store, job, job.round_number).await.into_iter().map(|row| (row.line, row.outcome)).collect()
}

/// The task on a target.
pub(super) async fn task_on(store: &mut Store, job: &Job, text: &str) -> TaskId {
    store.read().rows_of_target(job, &target(text)).await.unwrap().rows[0].task.unwrap()
}

/// Whoever asks for a slot of an endpoint.
pub(super) fn ask<'a>(account: AccountId, windows: &'a [ReadWindow], boot: &'a BootId) -> ReadAsk<'a> {
    let (deadline, grace) = (Duration::from_secs(30), Duration::from_secs(5));
    ReadAsk { account, app: "app", endpoint: "following", windows, boot, deadline, grace }
}

pub(super) async fn grant(store: &mut Store, ask: &ReadAsk<'_>, now: Moment) -> ReadGrant {
    match store.lists().reserve_read(ask, now).await.unwrap() {
        ReadSlot::Granted(grant) => grant,
        other => panic!("{other:?}"),
    }
}

/// A request that read ended so.
pub(super) fn read_end(now: Moment, resources: u64) -> ReadEnd {
    ReadEnd {
        counted_until: now.tick,
        ended_at: now.wall,
        http_status: Some(200),
        finding: "page",
        detail: String::new(),
        resources,
        left: Vec::new(),
    }
}

/// Nothing is wrong with the queue.
pub(super) async fn assert_whole(store: &mut Store) {
    let found = store.admin().integrity().await.unwrap();
    let wrong = (&found.faults, &found.miscounted, &found.orphans, &found.misplaced);
    assert!(wrong.0.is_empty() && wrong.1.is_empty() && wrong.2.is_empty() && wrong.3.is_empty(), "{wrong:?}");
    assert_eq!(store.admin().find_damage().await.unwrap(), []);
}

/// The lane of a drain that has but one.
pub(super) async fn only_lane(drain: &mut Drain) -> LaneView {
    let lanes = drain.lanes(None).await.unwrap();
    assert_eq!(lanes.len(), 1, "{lanes:?}");
    lanes[0]
}

/// A lane's number and what is visible of it, as names are asked for.
pub(super) fn heads(lanes: &[LaneView]) -> Vec<(LaneId, TaskId)> {
    lanes.iter().map(|lane| (lane.lane, lane.visible_to)).collect()
}
